"""Figure 2 as it should have been: with intervals and the size of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.months import monthly_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    ax = monthly_shares(study.released("2020"), breaks=study.plan.breaks, **study.look)
    return study.ruled(ax, time_zero="report", outcome="outcome_report")


if __name__ == "__main__":
    main({"figure_2_with_intervals": draw})
