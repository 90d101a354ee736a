"""The effect on those who started, from the effect on all who were referred."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.estimators import effect_by
from evalkit.estimate.adjustment.influence import (
    clustered_covariance,
    few_clusters_note,
)
from evalkit.estimate.adjustment.sample import outcome_numbers, sample_of
from evalkit.estimate.effect import (
    Effect,
    checked_level,
    interval_and_p_value,
    joined,
    normal_quantile,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.estimators import Estimator
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]

_NO_SHOWS = (-0.10, -0.05, 0.0, 0.05, 0.10, 0.20)
_ASSUMES = "assumes that a referral does nothing for those who do not start"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartersEffect(Effect):
    """The effect on those of the referred who started.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value
        As in `Effect`, by the delta method.
    pilot, control
        Mean of the starters, and what they would have had without the pilot by this
        estimate.
    n_pilot, n_control, level, method, note
        As in `Effect`; `n_pilot` counts all who were referred.
    started
        Share of the referred who started.
    referred
        The effect on all who were referred.
    fieller_low, fieller_high
        Fieller's interval, which stays right where few start; infinite ends where the
        share who started is not told from zero.
    tipping
        Effect of the mere referral on those who do not start at which nothing is left
        for the starters.
    """

    started: float
    referred: float
    fieller_low: float
    fieller_high: float
    tipping: float

    def sensitivity(self, effects: Sequence[float] = _NO_SHOWS) -> pd.DataFrame:
        """Return the effect on starters if a referral acts on those who do not start.

        Parameters
        ----------
        effects
            Effects of the mere referral, in the unit of the outcome.

        Returns
        -------
        pandas.DataFrame
            Columns on_others (the effect assumed), estimate, ci_low, ci_high; all
            lie on straight lines.
        """
        moved = np.asarray(effects) * (1 - self.started) / self.started
        return pd.DataFrame(
            {
                "on_others": effects,
                "estimate": self.estimate - moved,
                "ci_low": self.ci_low - moved,
                "ci_high": self.ci_high - moved,
            }
        )


def effect_on_starters(
    cohort: Cohort,
    *,
    started: str = "started",
    method: Estimator = "aipw",
    covariates: Sequence[str] | None = None,
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
) -> StartersEffect:
    r"""Divide the effect on the referred by the share of them who started.

    A secondary result. Comparing starters with controls directly is wrong: they were
    still there, and willing, when they started. This comparison keeps all who were
    referred, and rests on one assumption instead: that a mere referral changes nothing
    for those who do not start. With a mandatory service that is doubtful: some may
    take a job, or leave the register, because they were called up, and some of those
    who do not start have found a job already. `sensitivity` shows what is left.

    Parameters
    ----------
    cohort
        People of both groups; the pilot group holds all who were referred.
    started
        Column that tells whether a person started: 1 or True, 0 or False. Only the
        pilot's rows are read.
    method, covariates, cluster, level, outcome
        As in `adjusted_difference`.

    Returns
    -------
    StartersEffect
        In the unit of the outcome.

    Raises
    ------
    EstimationError
        If a column is missing or unlawful, nobody started, or no month has both
        groups.

    Notes
    -----
    With :math:`\hat\theta` the effect on the referred and :math:`\hat\pi` the share
    who started, the effect is :math:`\hat\theta / \hat\pi` [1]_, and with an effect
    :math:`\delta` of the referral on the others
    :math:`(\hat\theta - (1 - \hat\pi) \delta) / \hat\pi`. Row i has the influence
    :math:`(\phi_i^\theta - \phi_i^\pi \hat\theta / \hat\pi) / \hat\pi`. Fieller's
    limits [2]_ are the c with :math:`(\hat\theta - c \hat\pi)^2 = z^2
    \mathrm{Var}(\hat\theta - c \hat\pi)`.

    References
    ----------
    .. [1] Bloom HS (1984). Accounting for no-shows in experimental evaluation designs.
       Evaluation Review 8, 225-246.
    .. [2] Fieller EC (1954). Some problems in interval estimation. Journal of the Royal
       Statistical Society B 16, 175-185.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> weeks = random.integers(1, 105, 4000)
    >>> referred = random.random(4000) < 0.4 - 0.003 * weeks
    >>> starts = referred & (random.random(4000) < 0.8)
    >>> left = random.random(4000) < 0.6 - 0.005 * weeks + 0.1 * starts
    >>> people = pd.DataFrame({"pilot": referred, "left": left, "weeks_before": weeks})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["weeks_before"]
    ... )
    >>> cohort.people["started"] = starts
    >>> effect = effect_on_starters(cohort)
    >>> f"{effect.referred:.3f} / {effect.started:.3f} = {effect.estimate:.3f}"
    '0.103 / 0.809 = 0.127'
    """
    level = checked_level(cohort.level if level is None else level)
    sample = sample_of(cohort, covariates=covariates, outcome=outcome, cluster=cluster)
    starts = _starts(cohort, started, sample)
    effect = effect_by(method, sample)
    of_pilot = sample.pilot / sample.n_pilot
    share = float(of_pilot @ starts)
    both = np.column_stack([effect.influence, of_pilot * (starts - share)])
    covariance = clustered_covariance(both, sample.cluster)
    estimate = effect.estimate / share
    direction = np.array([1.0, -estimate]) / share
    se = math.sqrt(direction @ covariance @ direction)
    ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=level)
    fieller_low, fieller_high = fieller_limits(
        effect.estimate, share, covariance, normal_quantile(level)
    )
    pilot = float((of_pilot * starts) @ sample.outcome / share)
    return StartersEffect(
        estimate=estimate,
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        pilot=pilot,
        control=pilot - estimate,
        n_pilot=sample.n_pilot,
        n_control=sample.n_control,
        level=level,
        method=method,
        started=share,
        referred=effect.estimate,
        fieller_low=fieller_low,
        fieller_high=fieller_high,
        tipping=effect.estimate / (1 - share) if share < 1 else math.inf,
        note=joined(
            sample.note, effect.note, few_clusters_note(sample.cluster), _ASSUMES
        ),
    )


def fieller_limits(
    numerator: float, denominator: float, covariance: Array, quantile: float
) -> tuple[float, float]:
    """Return Fieller's limits of a ratio; infinite if the denominator may be zero."""
    square = quantile**2
    a = denominator**2 - square * covariance[1, 1]
    b = numerator * denominator - square * covariance[0, 1]
    c = numerator**2 - square * covariance[0, 0]
    if not a > 0:
        return -math.inf, math.inf
    root = math.sqrt(max(b**2 - a * c, 0.0))
    return float((b - root) / a), float((b + root) / a)


def _starts(cohort: Cohort, started: str, sample: Sample) -> Array:
    """Return 1 for the pilot's people who started, else 0."""
    values = outcome_numbers(cohort, started).to_numpy()[sample.rows]
    values = np.where(sample.pilot, values, 0.0)
    if wrong := int((~np.isin(values, (0, 1))).sum()):
        raise EstimationError(
            f"Column {started!r}: {wrong} value(s) of the pilot group are not "
            "True or False (1 or 0).",
            hint="Whether a person started has to be known of everybody referred.",
        )
    if not values.any():
        raise EstimationError("Nobody started: there is no effect on starters.")
    return values
