"""Who was referred: how alike the groups are, before and after weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

import evalkit as ek
from evalkit.report.plots.balance import love_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    weights = ek.weigh(study.cohort, method="entropy")
    table = ek.balance(study.cohort, weights=weights, denominator="pooled")
    ax = love_plot(table, **study.look)
    return study.ruled(ax, outcome="outcome")


if __name__ == "__main__":
    main({"love_plot": draw})
