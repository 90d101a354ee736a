"""Whether the groups overlap: the propensity scores of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from evalkit.errors import EstimationError
from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.classes import Classes, density, draw_classes, merged_edges
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import CONTROL, FAINT_INK, PILOT, evalkit_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.weights import Weights
    from evalkit.report.language.catalogue import Language

    Array = NDArray[np.float64]

_CLASSES = 24
_WIDTH, _HEIGHT = 680.0, 260.0
_LEFT = 60.0
_WEIGHTED = (0, (1, 1.2))


def score_overlap(
    weights: Weights,
    cohort: Cohort,
    *,
    language: str = "fi",
    synthetic: bool = False,
    smallest_cell: int = 5,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the propensity scores of both groups, and of the controls as weighted.

    Where there are pilots but no controls, nobody could stand for them. Classes with
    too few people of a group are merged with the next.

    Parameters
    ----------
    weights
        Weights by a method with a score: IPW or matching.
    cohort
        The people whom they weigh.
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
        Its figure is ``ax.figure``.

    Raises
    ------
    EstimationError
        If the weights have no score.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.groups.weights import weigh
    >>> people = pd.DataFrame({"treat": [1, 0, 0] * 9, "y": 0, "age": range(27)})
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> ax = score_overlap(weigh(cohort, method="ipw"), cohort, language="en")
    >>> ax.get_xlabel()
    'estimated probability of being in the pilot'
    """
    if weights.score is None:
        raise EstimationError(
            f"Weights by {weights.method!r} have no score to draw.",
            hint="Weigh with method='ipw' or method='matching'.",
        )
    words = read_language(language)
    classes, weighted = _classes(weights, cohort, smallest_cell)
    with evalkit_style():
        sheet = Sheet(
            title=title or words.text("scores.title"),
            caption=words.text("scores.caption", smallest=smallest_cell),
            tag=words.text("data.synthetic") if synthetic else "",
            below=44,
            left=_LEFT,
        )
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        draw_classes(ax, classes)
        ax.stairs(
            weighted, classes.edges, baseline=0, color=FAINT_INK, linewidth=1.6,
            linestyle=_WEIGHTED, zorder=4, gid="weighted",
        )  # fmt: skip
        top = np.nanmax([classes.pilot, classes.control, weighted])
        ax.set_ylim(0, 1.08 * float(top))
        ax.set_yticks([])
        ax.xaxis.set_major_formatter(lambda score, _: words.percent(score))
        ax.set_xlabel(words.text("scores.axis"))
        ax.set_ylabel(words.text("scores.density"))
        sheet.draw(ax, _key(words))
    return ax


def _classes(weights: Weights, cohort: Cohort, smallest: int) -> tuple[Classes, Array]:
    """Return both groups' classes, and those of the controls as weighted."""
    rows, pilot = weights.rows, cohort.is_pilot.to_numpy()
    score = np.asarray(weights.score, dtype=float)
    own, others = score[rows & pilot], score[rows & ~pilot]
    edges = np.linspace(*_ends(score[rows]), _CLASSES + 1)
    edges = merged_edges(edges, [own, others], smallest)
    given = np.asarray(weights.values, dtype=float)[rows & ~pilot]
    classes = Classes(edges, density(own, edges), density(others, edges))
    return classes, density(others, edges, given)


def _ends(score: Array) -> tuple[float, float]:
    """Return round numbers around all scores: nobody's own score shows."""
    step = 10.0 ** np.floor(np.log10(max(float(np.ptp(score)), 1e-6))) / 5
    return (
        float(np.floor(score.min() / step) * step),
        float(np.floor(score.max() / step) * step + step),
    )


def _key(words: Language) -> list[Artist]:
    styles = {
        words.text("group.pilot"): (PILOT.color, PILOT.line),
        words.text("group.control"): (CONTROL.color, CONTROL.line),
        words.text("scores.weighted"): (FAINT_INK, _WEIGHTED),
    }
    return [
        Line2D([], [], color=color, linestyle=line, linewidth=1.6, label=label)
        for label, (color, line) in styles.items()
    ]
