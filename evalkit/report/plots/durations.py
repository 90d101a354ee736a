"""How long both groups had been unemployed before time zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, MultipleLocator

from evalkit.errors import EstimationError
from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.classes import Classes, density, draw_classes, merged_edges
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import CONTROL, PILOT, evalkit_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.report.language.catalogue import Language

    Array = NDArray[np.float64]

_QUARTER = 13.0  # weeks
_WIDTH, _HEIGHT = 680.0, 260.0
_LEFT = 84.0
_STYLES = {"pilot": PILOT, "control": CONTROL}


def duration_histogram(
    cohort: Cohort,
    *,
    language: str = "fi",
    synthetic: bool = False,
    smallest_cell: int = 5,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the elapsed weeks of unemployment of both groups.

    Who has been unemployed for long leaves unemployment more seldom, so that a
    difference here alone makes the outcomes differ. Classes of a quarter of a year;
    those with too few people of a group are merged with the next.

    Parameters
    ----------
    cohort
        People with ``weeks_before``.
    language
        ``fi``, ``sv`` or ``en``.
    synthetic
        Whether the people are simulated; the figure then says so.
    smallest_cell
        Fewest people of each group in a class.
    title
        Title; None for the usual one.
    ax
        Axes to draw into, with room around them; None for a figure of the right size.

    Returns
    -------
    matplotlib.axes.Axes
        Shares of each group per week; its figure is ``ax.figure``.

    Raises
    ------
    EstimationError
        If the cohort has no ``weeks_before``, or a group without any.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": 0, "weeks": range(40)})
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", weeks_before="weeks"
    ... )
    >>> ax = duration_histogram(cohort, language="en")
    >>> ax.get_xlabel()
    'weeks of unemployment'
    """
    words, groups = read_language(language), _weeks(cohort)
    top = max(_QUARTER, *(float(weeks.max()) for weeks in groups.values()))
    edges = np.arange(np.ceil(top / _QUARTER) + 1) * _QUARTER
    edges = merged_edges(edges, list(groups.values()), smallest_cell)
    shares = [density(weeks, edges) for weeks in groups.values()]
    with evalkit_style():
        sheet = Sheet(
            title=title or words.text("durations.title"),
            caption=words.text("durations.caption", smallest=smallest_cell),
            tag=words.text("data.synthetic") if synthetic else "",
            below=44,
            left=_LEFT,
        )
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        draw_classes(ax, Classes(edges, *shares))
        ax.xaxis.set_major_locator(MultipleLocator(2 * _QUARTER))
        ax.xaxis.set_major_formatter(lambda weeks, _: words.number(weeks))
        ax.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        decimals = max(0, math.ceil(-math.log10(100 * ax.get_yticks()[1]) - 1e-9))
        ax.yaxis.set_major_formatter(
            lambda share, _: words.percent(share, decimals=decimals)
        )
        ax.set_xlabel(words.text("durations.axis"))
        ax.set_ylabel(words.text("durations.share"))
        sheet.draw(ax, _key(groups, words))
    return ax


def _weeks(cohort: Cohort) -> dict[str, Array]:
    """Return the known weeks of each group, or say that there are none.

    Whole weeks stand in the middle of theirs, so that a class ends with its last one.
    """
    people = cohort.people
    known = people.dropna(subset="weeks_before") if "weeks_before" in people else None
    if known is None or set(known["group"]) != set(_STYLES):
        raise EstimationError(
            "The elapsed weeks of unemployment are not known in both groups.",
            hint="Name their column: Cohort.from_frame(..., weeks_before=...).",
        )
    weeks = np.maximum(known["weeks_before"].to_numpy(float) - 0.5, 0)
    return {group: weeks[(known["group"] == group).to_numpy()] for group in _STYLES}


def _key(groups: dict[str, Array], words: Language) -> list[Artist]:
    """Return the groups with their sizes."""
    names = {
        "pilot": words.text("group.pilot"),
        "control": words.text("group.control"),
    }
    return [
        Line2D(
            [],
            [],
            color=style.color,
            linestyle=style.line,
            linewidth=1.6,
            label=f"{names[group]} (n = {words.number(len(groups[group]))})",
        )
        for group, style in _STYLES.items()
    ]
