"""The estimates of an evaluation, subject by subject."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from evalkit.estimate.adjustment.estimators import ESTIMATORS
from evalkit.estimate.adjustment.specifications import all_estimators
from evalkit.estimate.decomposition.blocks import broad_blocks
from evalkit.estimate.decomposition.decomposition import decompose
from evalkit.estimate.doubt.bounds import worst_case_bounds
from evalkit.estimate.doubt.e_value import e_values
from evalkit.estimate.doubt.hidden_selection import hidden_selection
from evalkit.estimate.doubt.sensitivity import sensitivity
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.products import balance_of_products
from evalkit.estimate.groups.support import support
from evalkit.estimate.groups.weights import Method, weigh
from evalkit.estimate.months.subgroups import compare_subgroups
from evalkit.estimate.survival.contamination import later_referrals
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.estimate.survival.horizon_difference import rmst_difference
from evalkit.estimate.survival.log_rank import log_rank
from evalkit.evaluation.parts import UNADJUSTED, estimator_of

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.estimators import Estimator
    from evalkit.estimate.effect import Effect
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.months.subgroups import SubgroupComparison
    from evalkit.evaluation.parts import Parts

_LONGEST_HORIZON = 13  # weeks, where no plan says how far to look
_WEIGHTINGS: dict[str, Method] = {
    "aipw": "ipw",
    "ipw": "ipw",
    "entropy": "entropy",
    "matching": "matching",
}


def weights_of_headline(parts: Parts, cohort: Cohort, name: str) -> Weights | None:
    """Return the weights that the headline gives the controls."""
    method: Method | None = _WEIGHTINGS.get(name)
    if method is None:
        parts.skipped["weights"] = "no_weights"
        return None
    return parts.part("weights", lambda: weigh(cohort, method=method), "no_covariates")


def group_parts(
    parts: Parts, cohort: Cohort, weights: Weights | None
) -> dict[str, Any]:
    """Return how alike the groups are."""
    computed: dict[str, Any] = {
        "balance": lambda: balance(cohort, weights=weights),
        "products": lambda: balance_of_products(cohort, weights=weights),
        "support": lambda: support(cohort, weights=weights),
    }
    return _all(parts, computed, "no_covariates")


def adjusted_parts(parts: Parts, cohort: Cohort, name: str) -> dict[str, Any]:
    """Return the adjusted differences beside the headline."""
    declared = "raw" if name == UNADJUSTED else name
    computed: dict[str, Any] = {
        "estimators": lambda: all_estimators(cohort, headline=declared),
        "decomposition": lambda: decompose(
            cohort, method=_model(name), blocks=broad_blocks(cohort.covariates)
        ),
    }
    return _all(parts, computed, "no_covariates")


def duration_parts(parts: Parts, cohort: Cohort) -> dict[str, Any]:
    """Return how long people stay, and where to they leave."""
    covariates = cohort.covariates
    strata = "month" if len(cohort.months) > 1 else None
    computed: dict[str, Any] = {
        "curves": lambda: survival_curves(cohort),
        "log_rank": lambda: log_rank(cohort, strata=strata),
        "hazard_ratio": lambda: hazard_ratio(
            cohort, covariates=covariates, strata=strata
        ),
        "rmst": lambda: rmst_difference(cohort, horizon=_horizon(cohort)),
    }
    return {
        **_all(parts, computed, "no_weeks"),
        "routes": parts.part("routes", lambda: exit_routes(cohort), "no_exit_routes"),
        "later": parts.part(
            "later",
            lambda: later_referrals(cohort, horizon=_horizon(cohort)),
            "no_later_referrals",
        ),
    }


def _horizon(cohort: Cohort) -> int:
    """Return the lag in whole weeks; without a plan, what both groups reach."""
    if cohort.protocol is not None:
        return cohort.protocol.follow_up.lag.most_weeks
    longest = cohort.people.groupby("group")["weeks"].max().min()
    return int(min(longest, _LONGEST_HORIZON))


def doubt_parts(parts: Parts, cohort: Cohort, name: str) -> dict[str, Any]:
    """Return what could be otherwise."""
    return {
        "sensitivity": parts.part(
            "sensitivity",
            lambda: sensitivity(cohort, estimator=estimator_of(name)),
            "no_shares",
        ),
        "bounds": parts.part("bounds", lambda: worst_case_bounds(cohort), "no_shares"),
        "hidden": parts.part(
            "hidden", lambda: hidden_selection(cohort), "no_covariates"
        ),
        "e_values": parts.part(
            "e_values",
            lambda: e_values(cohort, method=_model(name)),
            "no_covariates",
            "no_shares",
        ),
    }


def _model(name: str) -> Estimator:
    """Return the headline's estimator where it is a model, else the default one."""
    return cast("Estimator", name) if name in ESTIMATORS else "aipw"


def _all(parts: Parts, computed: dict[str, Any], need: str) -> dict[str, Any]:
    return {name: parts.part(name, compute, need) for name, compute in computed.items()}


def further_parts(parts: Parts, cohort: Cohort, name: str) -> dict[str, Effect]:
    """Return the headline at the plan's later lags, as far as anybody reached them."""
    if "no_further_lags" in parts.lacking or cohort.protocol is None:
        parts.skipped["further"] = "no_further_lags"
        return {}
    estimator, found = estimator_of(name), {}
    for lag in cohort.protocol.follow_up.further_lags:
        outcome = f"outcome_{lag.name}"
        effect = parts.part(
            outcome.removeprefix("outcome_"), partial(estimator, cohort, outcome)
        )
        if effect is not None:
            found[lag.name] = effect
    return found


def subgroup_parts(parts: Parts, cohort: Cohort) -> dict[str, SubgroupComparison]:
    """Return the comparisons within the plan's subgroups."""
    if "no_subgroups" in parts.lacking or cohort.protocol is None:
        parts.skipped["subgroups"] = "no_subgroups"
        return {}
    found = {}
    for column, breaks in cohort.protocol.estimate.subgroups.items():
        by = parts.part(
            column,
            partial(compare_subgroups, cohort, by=column, breaks=breaks or None),
        )
        if by is not None:
            found[column] = by
    return found
