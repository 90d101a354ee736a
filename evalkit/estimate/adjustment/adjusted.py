"""The difference between the groups, adjusted for who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Unpack

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.adjustment.estimation import (
    Options,
    by_matching,
    by_model,
    checked_options,
)
from evalkit.estimate.adjustment.estimators import ESTIMATORS, model_of
from evalkit.estimate.adjustment.influence import few_clusters_note
from evalkit.estimate.adjustment.sample import outcome_numbers, sample_of
from evalkit.estimate.effect import (
    Effect,
    checked_level,
    checked_method,
    interval_and_p_value,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.estimation import Estimation
    from evalkit.estimate.adjustment.outcome_models import OutcomeModel
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]

Method = Literal["aipw", "ipw", "entropy", "matching", "regression"]
METHODS = (*ESTIMATORS, "matching")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedDifference(Effect):
    """An adjusted difference: what the pilot did for those whom it served.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value
        As in `Effect`.
    pilot, control
        Mean of the pilot's people, and what they would have had without the pilot by
        this adjustment.
    n_pilot, n_control, level, method, note
        As in `Effect`.
    n_people, n_clusters
        Distinct people, and clusters, behind the estimate.
    ess
        Effective number of controls: so many equally weighted ones would tell as much.
    estimand
        Whose effect it is: ``ATT`` (average over the served), or that of matched
        pilots only.
    outcome_model
        Model that predicts the outcome, for methods that do; else empty.
    errors
        Where the standard error comes from.
    """

    n_people: int
    n_clusters: int
    ess: float
    estimand: str = "ATT"
    outcome_model: str = ""
    errors: str = "estimating equations"


def adjusted_difference(  # noqa: PLR0913  (one argument for each choice of the analyst)
    cohort: Cohort,
    *,
    method: Method = "aipw",
    covariates: Sequence[str] | None = None,
    score: str | ArrayLike | None = None,
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
    outcome_model: OutcomeModel | None = None,
    errors: Literal["formula", "bootstrap"] | Bootstrap = "formula",
    **options: Unpack[Options],
) -> AdjustedDifference:
    r"""Compare the pilot's people with controls like them.

    The average effect on those whom the pilot served, if all that decided both who was
    served and the outcome is among the covariates. Nothing in the data can tell
    whether that holds: see
    `evalkit.estimate.doubt.hidden_selection.hidden_selection`. Not where the groups
    hardly overlap: no method can find controls who are not there.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes. Unknown outcomes are left out and
        counted, and so are months in which a group is empty.
    method
        ``"aipw"``: weights and a prediction together, right if either is [1]_ [2]_.
        ``"ipw"``: controls weighted by their odds of having been served. ``"entropy"``:
        weighted as evenly as makes all means alike [3]_. ``"regression"``: the
        controls' outcome model predicts what the pilot's people would have had.
        ``"matching"``: each pilot with the nearest control of the same month by the
        score; standard errors of [6]_ where controls are used once, of [7]_ [8]_ where
        they are used again (estimated and known scores).
    covariates
        Characteristics at time zero to adjust for; the month is always among them.
        None: the cohort's.
    score
        Known chances of being served, as a column's name or as values aligned with
        the cohort's rows, for ``"aipw"``, ``"ipw"`` and ``"matching"``. None: they
        are estimated by logistic regression.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the confidence interval. None: the cohort's.
    outcome
        Column of the outcome: any number.
    outcome_model
        ``"linear"`` or ``"logistic"``, for ``"aipw"`` and ``"regression"``. None:
        logistic for an outcome of 0 and 1, else linear.
    errors
        ``"formula"``: stacked estimating equations [4]_, in which estimated scores,
        weights and predictions all count. ``"bootstrap"``, or a
        `evalkit.estimate.adjustment.bootstrap.Bootstrap` with its number of replicates
        and seed: clusters resampled. Never for matching, for which it is wrong [5]_.
    **options
        Entropy: `moments` (1): 2 for the variances of numbers too. Matching: `ratio`
        (1), `replace` (False), `caliper` (None), `exact`, as in `evalkit.weigh`.

    Returns
    -------
    AdjustedDifference
        In the unit of the outcome; in shares 0.05 is five percentage points.

    Raises
    ------
    EstimationError
        If columns are missing or unlawful, choices do not go together, or no month
        has both groups.

    Notes
    -----
    With T for the pilot (:math:`n_1` rows), :math:`\hat m(x)` the prediction from the
    controls, :math:`r = y - \hat m(x)` and the controls' weights
    :math:`w = \hat e(x) / (1 - \hat e(x))`,

    .. math::
        \hat\theta = \frac{1}{n_1} \sum_i T_i (r_i - \bar r_{m(i)}), \quad
        \bar r_m = \frac{\sum_{\text{controls in } m} w_i r_i}
        {\sum_{\text{controls in } m} w_i}.

    Weights are thus normalised within month, and months count as the pilot's people
    do. Weighting has :math:`\hat m = 0`, regression has w = 1. With both models right
    the AIPW estimate reaches the efficiency bound of [1]_, whose influence function is

    .. math::
        \frac{1}{P(T = 1)} \Big[ T (y - m(x) - \theta)
        - (1 - T) \frac{e(x)}{1 - e(x)} (y - m(x)) \Big].

    The variance is :math:`\frac{G}{G - 1} \sum_g \big(\sum_{i \in g} \phi_i\big)^2`
    over the G clusters, :math:`\phi_i` being what row i contributes, directly and
    through each estimated model. The interval is normal.

    References
    ----------
    .. [1] Hahn J (1998). On the role of the propensity score in efficient
       semiparametric estimation of average treatment effects. Econometrica 66,
       315-331.
    .. [2] Mercatanti A, Li F (2014). Do debit cards increase household spending?
       Evidence from a semiparametric causal analysis of a survey. Annals of Applied
       Statistics 8, 2485-2508.
    .. [3] Hainmueller J (2012). Entropy balancing for causal effects: a multivariate
       reweighting method to produce balanced samples in observational studies.
       Political Analysis 20, 25-46.
    .. [4] Stefanski LA, Boos DD (2002). The calculus of M-estimation. The American
       Statistician 56, 29-38.
    .. [5] Abadie A, Imbens GW (2008). On the failure of the bootstrap for matching
       estimators. Econometrica 76, 1537-1557.
    .. [6] Abadie A, Spiess J (2022). Robust post-matching inference. Journal of the
       American Statistical Association 117, 983-995.
    .. [7] Abadie A, Imbens GW (2016). Matching on the estimated propensity score.
       Econometrica 84, 781-807.
    .. [8] Abadie A, Imbens GW (2006). Large sample properties of matching estimators
       for average treatment effects. Econometrica 74, 235-267.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> weeks = random.integers(1, 105, 4000)
    >>> served = random.random(4000) < 0.4 - 0.003 * weeks
    >>> left = random.random(4000) < 0.6 - 0.005 * weeks + 0.05 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "weeks_before": weeks})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["weeks_before"]
    ... )
    >>> adjusted = adjusted_difference(cohort)
    >>> raw = left[served].mean() - left[~served].mean()
    >>> f"raw {raw:.3f}, adjusted {adjusted.estimate:.3f} (se {adjusted.se:.3f})"
    'raw 0.117, adjusted 0.050 (se 0.018)'
    """
    checked_method(method, METHODS)
    level = checked_level(cohort.level if level is None else level)
    bootstrap = _checked_errors(errors, method)
    sample = sample_of(
        cohort,
        covariates=covariates,
        outcome=outcome,
        cluster=cluster,
        squares=checked_options(options, method).get("moments", 1) > 1,
    )
    model = model_of(method, sample, outcome_model)
    scores = None if score is None else given_scores(cohort, score)
    if method == "matching":
        found = by_matching(sample, cohort, covariates, score=scores, options=options)
    else:
        found = by_model(
            sample, method, outcome_model=model, score=scores, bootstrap=bootstrap
        )
    return _with_interval(found, sample, method=method, model=model, level=level)


def _with_interval(
    found: Estimation,
    sample: Sample,
    *,
    method: str,
    model: OutcomeModel | None,
    level: float,
) -> AdjustedDifference:
    """Return the estimate with its interval and what stands behind it."""
    ci_low, ci_high, p_value = interval_and_p_value(
        found.estimate, found.se, level=level
    )
    return AdjustedDifference(
        estimate=found.estimate,
        se=found.se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        pilot=found.pilot,
        control=found.pilot - found.estimate,
        n_pilot=found.n_pilot,
        n_control=found.n_control,
        level=level,
        method=method,
        n_people=np.unique(sample.person).size,
        n_clusters=np.unique(sample.cluster).size,
        ess=found.ess,
        estimand=found.estimand,
        outcome_model=model or "",
        errors=found.errors,
        note=joined(sample.note, found.note, few_clusters_note(sample.cluster)),
    )


def given_scores(cohort: Cohort, score: str | ArrayLike) -> Array:
    """Return known scores of all rows, from a column or as they are."""
    if isinstance(score, str):
        return outcome_numbers(cohort, score).to_numpy()
    values = np.asarray(score, dtype=float)
    if values.shape != (len(cohort.people),):
        raise EstimationError(
            "`score` must have one number for each row of the cohort.",
            hint=f"The cohort has {len(cohort.people)} rows, `score` has the shape "
            f"{values.shape}.",
        )
    return values


def _checked_errors(errors: object, method: str) -> Bootstrap | None:
    """Return how to resample; None for the formula."""
    if errors == "formula":
        return None
    bootstrap = Bootstrap() if errors == "bootstrap" else errors
    if not isinstance(bootstrap, Bootstrap):
        raise EstimationError(
            f"`errors` is unknown: {errors!r}.",
            hint='Choose "formula", "bootstrap" or a Bootstrap.',
        )
    if method == "matching":
        raise EstimationError(
            "The bootstrap is wrong for matching: it does not repeat how often a "
            "control is used (Abadie and Imbens 2008).",
            hint='Keep errors="formula".',
        )
    return bootstrap
