"""Image 7 of the report: what the results were, and what was done for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.activities import results_and_activities

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    return results_and_activities(
        study.service,
        study.published.activities,
        smallest_cell=study.smallest_cell,
        **study.look,
    )


if __name__ == "__main__":
    main({"image_7": draw})
