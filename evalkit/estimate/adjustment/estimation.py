"""One adjusted estimate: by models, with any of their estimators, or by matching."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.estimators import effect_by
from evalkit.estimate.adjustment.matched import MatchedSets, correction_for_score
from evalkit.estimate.effect import joined
from evalkit.estimate.groups.weights import weigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.bootstrap import Bootstrap
    from evalkit.estimate.adjustment.estimators import Estimator
    from evalkit.estimate.adjustment.outcome_models import OutcomeModel
    from evalkit.estimate.adjustment.sample import Sample
    from evalkit.estimate.adjustment.served_effect import ServedEffect
    from evalkit.estimate.groups.weights import Weights

    Array = NDArray[np.float64]


class Options(TypedDict, total=False):
    """What single methods may be told, see `evalkit.estimate.groups.weights.weigh`."""

    moments: Literal[1, 2]
    ratio: int
    replace: bool
    caliper: float | None
    exact: Sequence[str]


_OPTIONS = {
    "entropy": {"moments"},
    "matching": {"ratio", "replace", "caliper", "exact"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """What an adjusted difference consists of, before its interval."""

    estimate: float
    se: float
    pilot: float
    n_pilot: int
    n_control: int
    ess: float
    note: str
    errors: str
    estimand: str = "ATT"


def checked_options(options: Options, method: str) -> Options:
    """Return the options, or say which the method does not have."""
    known = _OPTIONS.get(method, set())
    if unknown := sorted(set(options) - known):
        raise EstimationError(
            f"Method {method!r} has no option {', '.join(unknown)}.",
            hint=f"It has: {', '.join(sorted(known)) or 'none'}.",
        )
    return options


def by_model(
    sample: Sample,
    method: Estimator,
    *,
    outcome_model: OutcomeModel | None,
    score: Array | None,
    bootstrap: Bootstrap | None,
) -> Estimation:
    """Estimate by weights, by a prediction, or by both.

    The score has a value for each row of the cohort that the sample was taken from.
    """

    def effect(of: Sample) -> ServedEffect:
        own = None if score is None else score[of.rows]
        return effect_by(method, of, outcome_model=outcome_model, score=own)

    whole = effect(sample)
    se = sample.se(whole.influence)
    note = "" if se else "no variation: there is no standard error"
    if bootstrap:
        se, note = bootstrap.se(sample, lambda of: effect(of).estimate)
    return Estimation(
        estimate=whole.estimate,
        se=se,
        pilot=whole.pilot,
        n_pilot=sample.n_pilot,
        n_control=sample.n_control,
        ess=whole.ess,
        note=joined(whole.note, note),
        errors="bootstrap" if bootstrap else "estimating equations",
    )


def by_matching(
    sample: Sample,
    cohort: Cohort,
    covariates: Sequence[str] | None,
    *,
    score: Array | None,
    options: Options,
) -> Estimation:
    """Estimate by matching the rows of the sample, taken from the cohort."""
    kept = replace(cohort, people=cohort.people.iloc[sample.rows])
    own = None if score is None else score[sample.rows]
    weights = weigh(
        kept, method="matching", covariates=covariates, score=own, **options
    )
    sets = MatchedSets(
        pairs=np.asarray(weights.pairs), outcome=sample.outcome, pilot=sample.pilot
    )
    se, errors, note = _matching_se(sets, sample, kept, weights, options)
    return Estimation(
        estimate=sets.estimate,
        se=se,
        pilot=sets.pilot_mean,
        n_pilot=len(sets.matched),
        n_control=int((sets.weights > 0).sum()),
        ess=sets.ess,
        note=joined(weights.note, note),
        errors=errors,
        estimand=weights.estimand,
    )


def _matching_se(
    sets: MatchedSets, sample: Sample, kept: Cohort, weights: Weights, options: Options
) -> tuple[float, str, str]:
    """Return the standard error, its name, and what should be known about it."""
    if not len(sets.pairs):
        return math.nan, "", "no pilot has a control near enough"
    if not options.get("replace", False):
        return sets.se_used_once(sample.cluster), "matched sets and clusters", ""
    cells = kept.people.groupby(
        ["month", *options.get("exact", ())], dropna=False, observed=True
    ).ngroup()
    note = ""
    if np.unique(sample.cluster).size < len(sample.cluster):
        note = "the standard error takes the rows as independent: clusters are ignored"
    score, codes = np.asarray(weights.score), np.asarray(cells, dtype=np.intp)
    if weights.matrix is None:
        variance = sets.variance_reused(score, codes)
        return math.sqrt(variance), "Abadie-Imbens (2006)", note
    line = sample.x @ weights.parameters
    variance = sets.variance_reused(line, codes)
    corrected = variance + correction_for_score(sets, sample.x, score, line, codes)
    return math.sqrt(max(corrected, 0.0)), "Abadie-Imbens (2016)", note
