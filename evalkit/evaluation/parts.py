"""The parts of an evaluation: each is computed, or skipped for a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.doubt.sensitivity import pooled_raw
from evalkit.estimate.effect import Effect
from evalkit.estimate.months.comparison import are_shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.whole_frame import WholeFrame

    Estimator = Callable[[Cohort, str], Effect]

Part = TypeVar("Part")

UNADJUSTED = "mantel-haenszel"
NOT_ESTIMABLE = "not_estimable"
"""Why a part is skipped that has what it needs, but too few people or none alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Which parts a cohort allows, and why the others are left out.

    `lacking` holds the reasons that are true of the cohort: a part that needs one of
    these things is skipped without an attempt.
    """

    lacking: frozenset[str]
    skipped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cohort: Cohort, whole: WholeFrame | None) -> Parts:
        """Tell what the cohort lacks."""
        columns = set(cohort.people.columns)
        plan = cohort.protocol
        has = {
            "no_shares": are_shares(cohort.people["outcome"]),
            "no_covariates": bool(cohort.covariates),
            "no_weeks": {"weeks", "exited"} <= columns,
            "no_exit_routes": {"weeks", "exited", "exit_to"} <= columns,
            "no_strict_outcome": "outcome_strict" in columns,
            "no_later_referrals": {"weeks", "exited", "weeks_to_referral"} <= columns,
            "no_whole_frame": whole is not None,
            "no_further_lags": bool(plan and plan.follow_up.further_lags),
            "no_subgroups": bool(plan and plan.estimate.subgroups),
        }
        return cls(
            lacking=frozenset(reason for reason, holds in has.items() if not holds)
        )

    def part(self, name: str, compute: Callable[[], Part], *needs: str) -> Part | None:
        """Return a part, or None with a reason among the skipped."""
        for reason in needs:
            if reason in self.lacking:
                self.skipped[name] = reason
                return None
        try:
            return compute()
        except EstimationError:
            self.skipped[name] = NOT_ESTIMABLE
            return None


def declared_estimator(cohort: Cohort) -> str:
    """Return the plan's headline; without a plan, by whether there are covariates."""
    if cohort.protocol is not None:
        return cohort.protocol.estimate.headline
    return "aipw" if cohort.covariates else UNADJUSTED


def estimator_of(name: str) -> Estimator:
    """Return the estimator of a name, of a cohort and one of its outcomes."""
    if name == UNADJUSTED:
        return pooled_raw
    return lambda cohort, outcome: adjusted_difference(
        cohort,
        method=name,  # type: ignore[arg-type]
        outcome=outcome,
    )


def undefined(cohort: Cohort, method: str) -> Effect:
    """Return what stands for a headline that these people do not allow."""
    return Effect(
        **dict.fromkeys(
            ("estimate", "se", "ci_low", "ci_high", "p_value", "pilot", "control"),
            math.nan,
        ),
        n_pilot=0,
        n_control=0,
        level=cohort.level,
        method=method,
        note="these people do not allow the estimate",
    )
