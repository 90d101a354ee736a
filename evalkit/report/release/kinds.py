"""How each kind of answer is released."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from evalkit.report.release.covariates import release_balance
from evalkit.report.release.curves import release_curves
from evalkit.report.release.estimates import (
    release_decomposition,
    release_hidden,
    release_later,
    release_log_rank,
    release_pooled_only,
    release_ratio,
    release_redraws,
    release_scalars,
    release_sensitivity,
    release_subgroups,
    release_table,
)
from evalkit.report.release.quality import release_quality, release_support
from evalkit.report.release.routes import release_routes
from evalkit.report.release.service import release_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.report.release.people import People
    from evalkit.report.release.released import Released

RELEASES: dict[str, Callable[[Any, People], Released]] = {
    "AdjustedDifference": release_scalars,
    "Balance": release_balance,
    "Bounds": release_pooled_only,
    "Decomposition": release_decomposition,
    "Difference": release_scalars,
    "EValues": release_table,
    "ExitRoutes": release_routes,
    "FollowUpQuality": release_quality,
    "HazardRatio": release_ratio,
    "HiddenSelection": release_hidden,
    "HorizonDifference": partial(release_scalars, decimals=1),
    "LaterReferrals": release_later,
    "LogRank": release_log_rank,
    "PooledDifference": release_scalars,
    "Power": release_pooled_only,
    "Redraws": release_redraws,
    "Sensitivity": release_sensitivity,
    "ServiceResults": release_service,
    "Specifications": release_table,
    "StartersEffect": release_scalars,
    "SubgroupComparison": release_subgroups,
    "Support": release_support,
    "SurvivalCurves": release_curves,
}
"""How each kind of answer is released. What is not here does not leave."""
