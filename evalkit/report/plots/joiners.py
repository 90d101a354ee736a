"""Controls who joined the pilot later: the curves with them, and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.end_labels import write_end_labels
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import CONTROL, GRID, INK, PILOT, evalkit_style

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd
    from matplotlib.axes import Axes

    from evalkit.estimate.survival.contamination import LaterReferrals
    from evalkit.report.language.catalogue import Language

_LINES: dict[str, tuple[str, str, str, Any]] = {
    "pilot": ("pilot", "kept", PILOT.color, PILOT.line),
    "kept": ("control", "kept", CONTROL.color, CONTROL.line),
    "censored": ("control", "censored", INK, (0, (1, 1.5))),
}
_WIDTH, _HEIGHT = 720.0, 300.0
_LEFT, _RIGHT, _BELOW = 62.0, 210.0, 44.0


def later_referral_curves(
    result: LaterReferrals,
    *,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw who is still unemployed, the controls with later joiners and without.

    Parameters
    ----------
    result
        The comparison in both readings.
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
        Its figure is ``ax.figure``.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.contamination import later_referrals
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 3, 1, 2, 3, 3],
    ...         "left": [1, 1, 0, 1, 1, 1, 0],
    ...         "weeks_to_referral": [None, None, None, None, None, 1, None],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     covariates=["weeks_to_referral"],
    ... )
    >>> ax = later_referral_curves(later_referrals(cohort, horizon=2), language="en")
    >>> ax.get_title(loc="left")
    'Controls who joined the pilot later'
    """
    words = read_language(language)
    with evalkit_style():
        sheet = Sheet(
            title=title or words.text("joiners.title"),
            caption=words.text(
                "joiners.caption",
                level=words.percent(result.level),
                joined=words.number(result.n_referred),
                week=words.number(result.horizon),
            ),
            tag=words.text("data.synthetic") if synthetic else "",
            above=4,
            below=_BELOW,
            left=_LEFT,
            right=_RIGHT,
        )
        ax = sheet.axes(width=_WIDTH, height=_HEIGHT) if ax is None else ax
        sheet.draw(ax, [])
        _scale(ax, result, words)
        labels = [_draw(ax, result.curves, name, words) for name in _LINES]
        write_end_labels(ax, sorted(filter(_known, labels)), _RIGHT - 14)
    return ax


def _scale(ax: Axes, result: LaterReferrals, words: Language) -> None:
    ax.set_xlim(0, result.horizon)
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: words.percent(y)))
    ax.set_xlabel(words.text("joiners.axis"))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.8)


def _draw(
    ax: Axes, curves: pd.DataFrame, name: str, words: Language
) -> tuple[float, str, str]:
    """Draw a curve with its interval, and return its label."""
    group, reading, color, line = _LINES[name]
    own = curves[(curves["group"] == group) & (curves["reading"] == reading)]
    weeks, survival, low, high = (
        np.append(start, own[column].to_numpy(dtype=float))
        for column, start in (
            ("weeks", 0), ("survival", 1), ("ci_low", 1), ("ci_high", 1),
        )
    )  # fmt: skip
    ax.fill_between(
        weeks, low, high, step="post", color=color, alpha=0.12, linewidth=0,
        gid=f"band {name}",
    )  # fmt: skip
    ax.step(
        weeks, survival, where="post", color=color, linestyle=line, linewidth=1.8,
        gid=f"line {name}",
    )  # fmt: skip
    last = float(survival[-1])
    return last, f"{words.text(f'joiners.{name}')} {words.percent(last)}", color


def _known(label: tuple[float, str, str]) -> bool:
    return not np.isnan(label[0])
