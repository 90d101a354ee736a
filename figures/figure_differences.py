"""The differences of all months, with intervals, and what they come to together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.forest import monthly_differences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    ax = monthly_differences(study.released(), breaks=study.plan.breaks, **study.look)
    return study.ruled(ax, time_zero="report", outcome="outcome_report")


if __name__ == "__main__":
    main({"figure_differences": draw})
