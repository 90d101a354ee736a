"""Where both groups go: exit routes as areas, week by week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

import evalkit as ek
from evalkit.report.plots.routes import exit_areas

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    ax = exit_areas(ek.exit_routes(study.cohort), weeks=26, **study.look)
    return study.ruled(ax, outcome=None)


if __name__ == "__main__":
    main({"exit_routes": draw})
