"""Figure 1 of the report: positive results by month, with each year's average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.results import monthly_results

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    return monthly_results(
        study.service,
        breaks=study.plan.breaks,
        smallest_cell=study.smallest_cell,
        **study.look,
    )


if __name__ == "__main__":
    main({"figure_1": draw})
