"""Figure 3 of the report: both groups in 2021, by month of start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.columns import monthly_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    ax = monthly_columns(study.released("2021"), breaks=study.plan.breaks, **study.look)
    return study.ruled(ax, time_zero="report", outcome="outcome_report")


if __name__ == "__main__":
    main({"figure_3": draw})
