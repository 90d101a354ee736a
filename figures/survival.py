"""How long both groups stay unemployed from the referral on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study import Study, main

import evalkit as ek
from evalkit.report.plots.survival import survival_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(study: Study) -> Axes:
    """Return the figure."""
    cohort = study.cohort
    ax = survival_plot(
        ek.survival_curves(cohort),
        rmst=ek.rmst_difference(cohort, horizon=26),
        smallest_cell=study.smallest_cell,
        **study.look,
    )
    return study.ruled(ax, outcome=None)


if __name__ == "__main__":
    main({"survival": draw})
