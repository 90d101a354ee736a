"""The raw gap as a waterfall: what each block takes away, and what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch

from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.estimates import WIDTH, EstimateRows
from evalkit.report.plots.style import CONTROL, FAINT_INK, INK, PILOT, evalkit_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.estimate.decomposition.decomposition import Decomposition
    from evalkit.report.language.catalogue import Language

_THICK = 0.62
_COLORS = {"raw": FAINT_INK, "block": CONTROL.color, "remains": PILOT.color}


def waterfall(
    decomposition: Decomposition,
    *,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the raw gap comes about: who the people are, and what remains.

    Parameters
    ----------
    decomposition
        What `evalkit.decompose` returns.
    language
        ``fi``, ``sv`` or ``en``. Blocks that are not evalkit's keep their names.
    synthetic
        Whether the people are simulated; the figure then says so.
    title
        Title; None for the usual one.
    ax
        Axes to draw into, with room around them; None for a figure of the right size.

    Returns
    -------
    matplotlib.axes.Axes
        In percentage points, or in the unit of the outcome; its figure is
        ``ax.figure``.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.decomposition.decomposition import decompose
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 0, 0] * 20,
    ...         "y": [1, 0, 1, 0, 0, 1] * 10,
    ...         "age": [30, 40, 20, 40, 50, 60, 20] * 8 + [30, 35, 40, 50],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> ax = waterfall(decompose(cohort), language="en")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['raw gap', 'age', 'what remains']
    """
    words = read_language(language)
    table = decomposition.table
    table = table[table["part"] != "explained"].reset_index(drop=True)
    rows = EstimateRows(
        table=table,
        names=_names(table, words),
        shares=decomposition.shares,
        level=decomposition.level,
        bold=(table["part"] != "block").tolist(),
        words=words,
    )
    with evalkit_style():
        sheet = rows.sheet(
            title=title or words.text("waterfall.title"),
            caption=words.text("waterfall.caption", level=rows.level_text),
            synthetic=synthetic,
        )
        if ax is None:
            ax = sheet.axes(width=WIDTH, height=rows.height)
        _draw(ax, rows)
        sheet.draw(ax, _key(words))
    return ax


def _names(table: pd.DataFrame, words: Language) -> list[str]:
    """Return what each row is called; a block of one's own keeps its name."""
    names = []
    for part, block in zip(table["part"], table["block"], strict=True):
        key = f"block.{block}" if part == "block" else f"waterfall.{part}"
        names.append(words.text(key) if key in words.texts else block)
    return names


def _draw(ax: Axes, rows: EstimateRows) -> None:
    """Draw a bar a row: the first and the last stand on zero, the others hang."""
    estimate, low, high = (rows.of(name) for name in ("estimate", "ci_low", "ci_high"))
    parts, places = rows.table["part"].to_numpy(), rows.places
    is_block = parts == "block"
    left_over = estimate[0] - np.cumsum(np.where(is_block, estimate, 0.0))
    start = np.where(is_block, left_over + estimate, 0.0)
    end = np.where(is_block, left_over, estimate)
    rows.frame(ax, np.concatenate([start, end, low[~is_block], high[~is_block]]))
    for part, color in _COLORS.items():
        of = parts == part
        ax.barh(
            places[of],
            (end - start)[of],
            left=start[of],
            height=_THICK,
            color=color,
            zorder=2,
            gid=part,
        )
    for color, width in (("white", 4.0), (INK, 1.4)):  # seen on every bar
        ax.hlines(
            places[~is_block],
            low[~is_block],
            high[~is_block],
            color=color,
            linewidth=width,
            zorder=4,
        )
    for place, level in enumerate(left_over[:-1]):
        ends = [place + _THICK / 2, place + 1 - _THICK / 2]
        ax.plot([level, level], ends, color=FAINT_INK, linewidth=0.8, zorder=3)
    rows.write_numbers(ax)


def _key(words: Language) -> list[Artist]:
    return [
        Patch(color=_COLORS["block"], label=words.text("waterfall.explained")),
        Patch(color=_COLORS["remains"], label=words.text("waterfall.remains")),
    ]
