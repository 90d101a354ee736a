"""The evaluation of a study: its estimates together, as the plan declared them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.estimate.doubt.redraws import redraw_distribution
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.power import power_of
from evalkit.evaluation.card import estimand_card
from evalkit.evaluation.estimates import (
    adjusted_parts,
    doubt_parts,
    duration_parts,
    further_parts,
    group_parts,
    subgroup_parts,
    weights_of_headline,
)
from evalkit.evaluation.gate import gate_of
from evalkit.evaluation.parts import (
    Parts,
    declared_estimator,
    estimator_of,
    undefined,
)
from evalkit.evaluation.quality import follow_up_quality
from evalkit.evaluation.verdict import verdict_of
from evalkit.results import Result

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.whole_frame import WholeFrame
    from evalkit.estimate.adjustment.specifications import Specifications
    from evalkit.estimate.decomposition.decomposition import Decomposition
    from evalkit.estimate.doubt.bounds import Bounds
    from evalkit.estimate.doubt.e_value import EValues
    from evalkit.estimate.doubt.hidden_selection import HiddenSelection
    from evalkit.estimate.doubt.redraws import Redraws
    from evalkit.estimate.doubt.sensitivity import Sensitivity
    from evalkit.estimate.effect import Effect
    from evalkit.estimate.groups.balance import Balance
    from evalkit.estimate.groups.support import Support
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.months.comparison import Comparison
    from evalkit.estimate.months.power import Power
    from evalkit.estimate.months.subgroups import SubgroupComparison
    from evalkit.estimate.survival.contamination import LaterReferrals
    from evalkit.estimate.survival.cox import HazardRatio
    from evalkit.estimate.survival.curves import SurvivalCurves
    from evalkit.estimate.survival.exit_routes import ExitRoutes
    from evalkit.estimate.survival.horizon_difference import HorizonDifference
    from evalkit.estimate.survival.log_rank import LogRank
    from evalkit.evaluation.card import EstimandCard
    from evalkit.evaluation.gate import Gate
    from evalkit.evaluation.quality import FollowUpQuality
    from evalkit.evaluation.verdict import Verdict

_EFFECT = [
    "estimate", "se", "ci_low", "ci_high", "p_value", "pilot", "control", "n_pilot",
    "n_control", "level", "note",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation(Result):
    """Everything that one study tells; a part that cannot be computed is None.

    Attributes
    ----------
    cohort
        The people behind it.
    card
        What exactly is estimated.
    attrition
        Who was left out of both groups, as the cohort has it.
    quality
        Known and unknown outcomes and days observed, by group.
    comparison
        Months and pooled, unadjusted.
    headline
        The pre-declared estimate. NaN where these people do not allow it.
    headline_strict
        The same with services and training counted as not having left.
    balance, products
        Both groups' covariates, and their squares and interactions, before and after
        the headline's weights (without weights where it has none).
    weights, support
        The headline's weights; whether the controls hold people like the pilot's.
    estimators, decomposition
        Every estimator side by side; the raw gap taken apart.
    curves, log_rank, hazard_ratio, rmst, routes
        How long and where to: curves, the test by month, the ratio of rates given the
        covariates, weeks unemployed until the lag, exit routes.
    sensitivity, bounds, hidden, e_values, later, redraws
        The headline under other readings; bounds for unknown outcomes; hidden
        selection; E-values; controls who joined later; other draws.
    power
        Smallest detectable differences by month, unadjusted.
    further
        The headline at the plan's later lags, by name (``6_months``).
    subgroups
        The plan's subgroups, by column.
    skipped
        Why a part is None (or missing from `further` and `subgroups`), by its name:
        ``no_shares``, ``no_covariates``, ``no_weeks``, ``no_exit_routes``,
        ``no_strict_outcome``, ``no_later_referrals``, ``no_whole_frame``,
        ``no_further_lags``, ``no_subgroups``, ``no_weights`` or ``not_estimable``.
    """

    cohort: Cohort
    card: EstimandCard
    attrition: pd.DataFrame
    quality: FollowUpQuality
    comparison: Comparison
    headline: Effect
    headline_strict: Effect | None
    balance: Balance | None
    products: Balance | None
    weights: Weights | None
    support: Support | None
    estimators: Specifications | None
    decomposition: Decomposition | None
    curves: SurvivalCurves | None
    log_rank: LogRank | None
    hazard_ratio: HazardRatio | None
    rmst: HorizonDifference | None
    routes: ExitRoutes | None
    sensitivity: Sensitivity | None
    bounds: Bounds | None
    hidden: HiddenSelection | None
    e_values: EValues | None
    later: LaterReferrals | None
    redraws: Redraws | None
    power: Power | None
    further: dict[str, Effect]
    subgroups: dict[str, SubgroupComparison]
    skipped: dict[str, str]

    @property
    def gate(self) -> Gate:
        """What has to hold before the headline is read as the pilot's doing."""
        return gate_of(self)

    @property
    def verdict(self) -> Verdict:
        """What the study says, in one code."""
        return verdict_of(self)

    @property
    def synthetic(self) -> bool:
        """Whether the people are simulated."""
        return self.card.synthetic

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: the headline, its strict reading, the raw, the later.

        One row each: reading (``headline``, ``strict``, ``unadjusted``, or the lag),
        method, and the columns of an `evalkit.estimate.effect.Effect`.
        """
        readings = {
            "headline": self.headline,
            "strict": self.headline_strict,
            "unadjusted": self.comparison.pooled,
            **self.further,
        }
        rows = [
            {"reading": name, "method": effect.method}
            | {column: getattr(effect, column) for column in _EFFECT}
            for name, effect in readings.items()
            if effect is not None
        ]
        return pd.DataFrame(rows)


def evaluate(cohort: Cohort, *, whole: WholeFrame | None = None) -> Evaluation:
    """Evaluate a study: every estimate together, the declared one first.

    Nothing is chosen here: the estimator, covariates, lag and subgroups are the plan's.
    Without a plan the headline is ``"aipw"`` where there are covariates, else
    ``"mantel-haenszel"``, and thresholds are the defaults of a plan.

    Parameters
    ----------
    cohort
        People of both groups: what `evalkit.follow_up` returned, or a table.
    whole
        What `evalkit.whole_frame` returned for the same months, to show where the draw
        stands among others. None: left out.

    Returns
    -------
    Evaluation
        What cannot be computed is None, and `skipped` says why.

    Raises
    ------
    EstimationError
        If the outcome is not a number.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 200 + [0] * 800, "y": [1, 0] * 100 + [1, 0, 0, 0] * 200}
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
    >>> found = evaluate(cohort)
    >>> f"{found.headline.estimate:.2f}", found.skipped["balance"]
    ('0.25', 'no_covariates')
    >>> found.verdict.code, [check.code for check in found.verdict.reasons]
    ('comparability_unknown', ['means'])
    """
    parts = Parts.of(cohort, whole)
    name = declared_estimator(cohort)
    estimator = estimator_of(name)
    headline = parts.part("headline", lambda: estimator(cohort, "outcome"))
    headline = headline or undefined(cohort, name)
    comparison = compare(cohort)
    weights = weights_of_headline(parts, cohort, name)
    return Evaluation(
        cohort=cohort,
        card=estimand_card(cohort, name, headline),
        attrition=cohort.attrition.copy(),
        quality=follow_up_quality(cohort),
        comparison=comparison,
        headline=headline,
        headline_strict=parts.part(
            "headline_strict",
            lambda: estimator(cohort, "outcome_strict"),
            "no_strict_outcome",
        ),
        weights=weights,
        **group_parts(parts, cohort, weights),
        **adjusted_parts(parts, cohort, name),
        **duration_parts(parts, cohort),
        **doubt_parts(parts, cohort, name),
        redraws=parts.part(
            "redraws",
            lambda: redraw_distribution(comparison, whole),  # type: ignore[arg-type]
            "no_whole_frame",
        ),
        power=parts.part("power", lambda: power_of(comparison), "no_shares"),
        further=further_parts(parts, cohort, name),
        subgroups=subgroup_parts(parts, cohort),
        skipped=parts.skipped,
    )
