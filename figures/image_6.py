"""Image 6 of the report: referrals and results by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

from evalkit.report.plots.ages import results_by_age

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    return results_by_age(
        study.service, smallest_cell=study.smallest_cell, **study.look
    )


if __name__ == "__main__":
    main({"image_6": draw})
