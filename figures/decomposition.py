"""The raw difference: who the people are, and what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

import evalkit as ek
from evalkit.report.plots.waterfall import waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    ax = waterfall(ek.decompose(study.cohort), **study.look)
    return study.ruled(ax, outcome="outcome")


if __name__ == "__main__":
    main({"decomposition": draw})
