"""The specification curve: the same question answered in every way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from evalkit.estimate.adjustment.specifications import RAW
from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.estimates import WIDTH, EstimateRows
from evalkit.report.plots.style import CONTROL, PILOT, SHADE, evalkit_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.estimate.adjustment.specifications import Specifications
    from evalkit.report.language.catalogue import Language


def specification_curve(
    specifications: Specifications,
    *,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw every estimate with its interval, from the smallest to the largest.

    The raw difference stands above them. The band is the interval of the estimate that
    was declared beforehand, whose name is bold. Estimates that do not exist are named
    below.

    Parameters
    ----------
    specifications
        What `evalkit.estimate.adjustment.specifications.all_estimators` returns.
    language
        ``fi``, ``sv`` or ``en``.
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

    References
    ----------
    .. [1] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis.
       Nature Human Behaviour 4, 1208-1214.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.adjustment.specifications import all_estimators
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
    >>> ax = specification_curve(all_estimators(cohort), language="en")
    >>> ax.get_yticklabels()[0].get_text()
    'raw difference'
    """
    words = read_language(language)
    table = _sorted(specifications.table)
    rows = EstimateRows(
        table=table,
        names=_names(table, words),
        shares=specifications.shares,
        level=specifications.level,
        bold=(table["specification"] == specifications.headline).tolist(),
        words=words,
    )
    with evalkit_style():
        sheet = rows.sheet(
            title=title or words.text("specifications.title"),
            caption=words.text("specifications.caption", level=rows.level_text),
            synthetic=synthetic,
        )
        if ax is None:
            ax = sheet.axes(width=WIDTH, height=rows.height)
        _draw(ax, rows)
        sheet.draw(ax, _key(words))
    return ax


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the raw difference first, then the others by size; the missing last."""
    is_raw = table["specification"] == RAW
    order = table.assign(adjusted=~is_raw).sort_values(
        ["adjusted", "estimate"], kind="stable", na_position="last"
    )
    return order.reset_index(drop=True)


def _names(table: pd.DataFrame, words: Language) -> list[str]:
    """Return what each row is called, with its set of covariates if it has a name."""
    names = []
    for key, own in zip(table["specification"], table["covariates"], strict=True):
        name = words.text(f"specification.{key}")
        names.append(f"{name}: {own}" if own else name)
    return names


def _draw(ax: Axes, rows: EstimateRows) -> None:
    estimate, low, high = (rows.of(name) for name in ("estimate", "ci_low", "ci_high"))
    is_raw = (rows.table["specification"] == RAW).to_numpy()
    rows.frame(ax, np.concatenate([estimate, low, high]))
    band = np.flatnonzero(np.array(rows.bold) & ~is_raw & np.isfinite(low))
    if band.size:
        ax.axvspan(low[band[0]], high[band[0]], color=SHADE, linewidth=0, zorder=0)
    for of, style, gid in ((is_raw, CONTROL, "raw"), (~is_raw, PILOT, "adjusted")):
        places = rows.places[of]
        ax.hlines(places, low[of], high[of], color=style.color, linewidth=1.6, zorder=2)
        ax.plot(
            estimate[of],
            places,
            linestyle="none",
            markersize=5.5,
            zorder=3,
            gid=gid,
            **style.marks,
        )
    rows.write_numbers(ax)


def _key(words: Language) -> list[Artist]:
    marks = {
        words.text("specifications.raw"): CONTROL.marks,
        words.text("specifications.adjusted"): PILOT.marks,
    }
    return [
        Line2D([], [], linestyle="none", label=label, **own)
        for label, own in marks.items()
    ]
