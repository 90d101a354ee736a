"""Strata that cannot be joined: small ones are masked, and others with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.report.release.periods import EVENTS, SIZES, is_small_row

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.report.release.periods import Flags


def masked_strata(strata: pd.DataFrame, min_cell: int) -> Flags:
    """Mask the small strata, and others until nothing follows from the totals."""
    masked = is_small_row(strata, min_cell)
    sizes = strata[SIZES].min(axis=1).to_numpy()
    for row in np.argsort(sizes, kind="stable"):
        if sizes[row] > 0 and _follows_from_totals(strata, masked, min_cell):
            masked[row] = True
    return masked


def _follows_from_totals(strata: pd.DataFrame, masked: Flags, min_cell: int) -> bool:
    """Tell whether pooled minus the published strata reveals a small count.

    The pooled row counts the strata that have both groups.
    """
    hidden = strata[masked & (strata[SIZES] > 0).all(axis=1).to_numpy()]
    if hidden.empty:
        return False
    total = hidden[SIZES + EVENTS].sum(min_count=1).to_frame().T
    return len(hidden) == 1 or bool(is_small_row(total, min_cell).any())
