"""How much hidden selection it would take to overturn the effect on the served."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.adjustment.estimators import models_of
from evalkit.estimate.adjustment.influence import (
    clustered_covariance,
    few_clusters_note,
)
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.adjustment.served_effect import control_mean, served_effect
from evalkit.estimate.doubt.omitted_variables import robustness_of
from evalkit.estimate.effect import checked_level, joined, normal_quantile
from evalkit.estimate.shares.roots import falling_root
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.influence import FittedModel
    from evalkit.estimate.adjustment.outcome_models import OutcomeModel
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]

_ROUNDING = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenSelection(Result):
    """What hidden characteristics of a given strength could do to the effect.

    Attributes
    ----------
    estimate, ci_low, ci_high
        The AIPW estimate and its interval if nothing is hidden.
    scale
        The bias that a hidden characteristic brings at most, for each unit of the
        product of its two strengths.
    tipping, tipping_ci
        Product of strengths at which the bias equals the estimate; and at which the
        interval just includes zero.
    robustness, robustness_ci
        The same as one number: a hidden characteristic that explains this share both
        of what the covariates leave of the outcome among controls, and of the
        variation of their true weights, brings the estimate (the end of the interval)
        to zero.
    benchmarks
        For each covariate: ``covariate``; ``outcome_strength`` and
        ``selection_strength``, squared, of the covariate itself, as if it were the
        hidden one; ``bias``, the most that one more so strong could do; ``low`` and
        ``high``, the bounds of the effect then, ``ci_low`` and ``ci_high`` with their
        sampling error; ``left_out``, what leaving the covariate out really does to
        the estimate; ``times`` and ``times_ci``, how many times as strong a hidden
        characteristic has to be to tip the estimate and the interval (inf: never).
    level
        Level of the intervals.
    n_pilot, n_control
        Rows behind it.
    note
        What should be known; empty when there is nothing.
    """

    estimate: float
    ci_low: float
    ci_high: float
    scale: float
    tipping: float
    tipping_ci: float
    robustness: float
    robustness_ci: float
    benchmarks: pd.DataFrame
    level: float
    n_pilot: int
    n_control: int
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the benchmarks (a copy)."""
        return self.benchmarks.copy()

    def __str__(self) -> str:
        return (
            f"estimate {self.estimate:.4f} ({self.ci_low:.4f} to {self.ci_high:.4f}), "
            f"robustness {self.robustness:.4f}, of the interval "
            f"{self.robustness_ci:.4f}\n{Result.__str__(self)}"
        )


def hidden_selection(
    cohort: Cohort,
    *,
    covariates: Sequence[str] | None = None,
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
    outcome_model: OutcomeModel | None = None,
) -> HiddenSelection:
    r"""Bound what selection on hidden characteristics could do to the AIPW estimate.

    Caseworkers refer those who, they think, could benefit, and they see what no
    register shows. How much better than the covariates at hand would their hidden
    knowledge have to be to explain the whole effect? Bounds of [1]_. Not a statement
    that such knowledge exists, nor that it does not.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes. Unknown ones are left out.
    covariates
        Characteristics adjusted for, which are the benchmarks too. None: the
        cohort's.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the intervals. None: the cohort's.
    outcome
        Column of the outcome: any number.
    outcome_model
        As in `adjusted_difference`.

    Returns
    -------
    HiddenSelection
        In the unit of the outcome.

    Raises
    ------
    EstimationError
        If columns are missing or unlawful, or no month has both groups.

    Notes
    -----
    Let g and :math:`g_s` be the mean outcome of controls with and without the hidden
    characteristic among the predictors, w and :math:`w_s` their weights (odds of
    having been served) with and without it. Its bias is the mean of
    :math:`(g - g_s)(w - w_s)` over controls, and so at most

    .. math::
        S \, C_Y \, C_D, \quad S^2 = E[(y - g_s)^2] \, E[w_s^2], \quad
        C_Y^2 = \frac{E[(g - g_s)^2]}{E[(y - g_s)^2]}, \quad
        C_D^2 = \frac{E[w^2] - E[w_s^2]}{E[w_s^2]},

    all means over controls and w scaled to the mean one. The paper's general bound
    takes them over both groups; for the effect on the served the pilot's rows carry no
    weight that could be wrong, so that they drop out and the bound is closer.
    :math:`C_Y^2` is a share of the unexplained variation, :math:`C_D^2 / (1 + C_D^2)`
    the share of the true weights' variation that is missed. Both equal to R, the bias
    reaches the estimate at
    :math:`R = \frac12 (\sqrt{f^4 + 4 f^2} - f^2), f = |\hat\theta| / S`.

    A benchmark leaves a covariate out of both models and takes what that changes:
    :math:`C_Y^2` is the growth of the controls' squared residuals relative to those
    left, :math:`C_D^2` that of the squared weights with it relative to those without.
    `times` scales both :math:`C^2`, hence the bias. Intervals of bounds are normal,
    clustered, with S estimated.

    References
    ----------
    .. [1] Chernozhukov V, Cinelli C, Newey W, Sharma A, Syrgkanis V (2022). Long story
       short: omitted variable bias in causal machine learning. NBER working paper
       30302.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> weeks = random.integers(1, 105, 4000)
    >>> served = random.random(4000) < 0.4 - 0.003 * weeks
    >>> left = random.random(4000) < 0.6 - 0.005 * weeks + 0.05 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "weeks_before": weeks})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["weeks_before"]
    ... )
    >>> hidden = hidden_selection(cohort)
    >>> round(hidden.robustness, 3), hidden.benchmarks["times"].round(2).tolist()
    (0.098, [0.66])
    """
    level = checked_level(cohort.level if level is None else level)
    sample = sample_of(cohort, covariates=covariates, outcome=outcome, cluster=cluster)
    reach = _Reach.of(sample, outcome_model, level)
    rows = [
        {"covariate": name} | _benchmark(sample, reach, name, outcome_model)
        for name in sample.covariates
    ]
    ci_low, ci_high = reach.interval(0.0)
    tipping, tipping_ci = reach.tipping, reach.tipping_ci
    return HiddenSelection(
        estimate=reach.estimate,
        ci_low=ci_low,
        ci_high=ci_high,
        scale=reach.scale,
        tipping=tipping,
        tipping_ci=tipping_ci,
        robustness=robustness_of(tipping),
        robustness_ci=robustness_of(tipping_ci),
        benchmarks=pd.DataFrame(rows),
        level=level,
        n_pilot=sample.n_pilot,
        n_control=sample.n_control,
        note=joined(
            sample.note,
            few_clusters_note(sample.cluster),
            "" if reach.scale else "the covariates leave nothing of the outcome",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """An estimate, and how far a hidden characteristic can move it."""

    estimate: float
    scale: float
    covariance: Array
    quantile: float
    spread: float
    unevenness: float

    @classmethod
    def of(
        cls, sample: Sample, outcome_model: OutcomeModel | None, level: float
    ) -> _Reach:
        """Estimate both, with their joint covariance matrix."""
        weighting, prediction = models_of("aipw", sample, outcome_model=outcome_model)
        effect = served_effect(sample, weighting, prediction)
        spread, of_spread = _spread(sample, prediction, effect.residual)
        unevenness, of_unevenness = _unevenness(sample, weighting)
        scale = math.sqrt(spread * unevenness)
        of_scale = np.zeros_like(of_spread)
        if scale > 0:
            of_scale = scale / 2 * (of_spread / spread + of_unevenness / unevenness)
        both = np.column_stack([effect.influence, of_scale])
        return cls(
            estimate=effect.estimate,
            scale=scale,
            covariance=clustered_covariance(both, sample.cluster),
            quantile=normal_quantile(level),
            spread=spread,
            unevenness=unevenness,
        )

    def interval(self, strength: float) -> tuple[float, float]:
        """Return the interval around both bounds at a product of strengths."""
        bias = strength * self.scale
        return (
            self.estimate - bias - self.quantile * self._se(-strength),
            self.estimate + bias + self.quantile * self._se(strength),
        )

    @property
    def tipping(self) -> float:
        """Product of strengths at which the bias equals the estimate."""
        return abs(self.estimate) / self.scale if self.scale else math.nan

    @property
    def tipping_ci(self) -> float:
        """Product of strengths at which the interval just includes zero."""
        if not self.scale:
            return math.nan
        sign = math.copysign(1.0, self.estimate)

        def beyond_zero(strength: Array) -> Array:
            margins = [self._se(-sign * s) for s in np.atleast_1d(strength)]
            left = abs(self.estimate) - strength * self.scale
            return np.asarray(left - self.quantile * np.array(margins))

        return float(falling_root(beyond_zero, [0.0], [self.tipping])[0])

    def _se(self, strength: float) -> float:
        moved = np.array([1.0, strength])
        return math.sqrt(moved @ self.covariance @ moved)


def _spread(
    sample: Sample, prediction: FittedModel, residual: Array
) -> tuple[float, Array]:
    """Return the controls' mean squared residual, and its influence."""
    share = ~sample.pilot / sample.n_control
    spread = float(share @ np.square(residual))
    through = prediction.influence(-2 * share * residual)
    if spread <= _ROUNDING * float(np.square(sample.outcome).max()):
        return 0.0, np.zeros_like(residual)
    return spread, share * (np.square(residual) - spread) + through


def _unevenness(sample: Sample, weighting: FittedModel) -> tuple[float, Array]:
    """Return the mean square of the controls' weights of mean one, and its influence.

    The influence is the derivative by the number of times that a row counts.
    """
    n = sample.n_control
    shares = control_mean(sample, weighting, np.zeros(len(sample.pilot))).shares
    of_month = np.bincount(sample.month, weights=sample.pilot) / sample.n_pilot
    squares = np.bincount(sample.month, weights=shares**2)
    per_share = (squares / of_month)[sample.month]
    unevenness = float(n * squares.sum())
    of_control = unevenness / n + n * (shares**2 - 2 * per_share * shares)
    of_pilot = 2 * n / sample.n_pilot * (per_share - squares.sum())
    weights = np.where(sample.pilot, 0.0, weighting.fitted)
    per_unit = np.divide(shares, weights, out=np.zeros_like(shares), where=weights > 0)
    through = weighting.influence(2 * n * (shares - per_share) * per_unit)
    return unevenness, np.where(sample.pilot, of_pilot, of_control) + through


def _benchmark(
    sample: Sample, reach: _Reach, name: str, outcome_model: OutcomeModel | None
) -> dict[str, float]:
    """Return what a covariate would do if it were the hidden one."""
    others = sample.of_terms([term for term in sample.terms if term != name])
    without = _Reach.of(others, outcome_model, 0.95)
    outcome_strength = 0.0
    if reach.scale:
        outcome_strength = max(0.0, without.spread / reach.spread - 1)
    selection_strength = max(0.0, reach.unevenness / without.unevenness - 1)
    strength = math.sqrt(min(1.0, outcome_strength) * selection_strength)
    bias = strength * reach.scale
    ci_low, ci_high = reach.interval(strength)
    return {
        "outcome_strength": outcome_strength,
        "selection_strength": selection_strength,
        "bias": bias,
        "low": reach.estimate - bias,
        "high": reach.estimate + bias,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "left_out": without.estimate - reach.estimate,
        "times": reach.tipping / strength if strength else math.inf,
        "times_ci": reach.tipping_ci / strength if strength else math.inf,
    }
