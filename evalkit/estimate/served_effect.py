"""The average effect on the people whom the pilot served: one formula for all methods.

Whatever predicts the controls' outcome, and whatever weights make them resemble the
pilot's people, the estimate is the same mean of residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.effect import joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.influence import FittedModel
    from evalkit.estimate.sample import Sample

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEffect:
    """An estimate and what each row did to it.

    Attributes
    ----------
    estimate
        Pilot minus control.
    pilot
        Mean of the pilot's people.
    influence
        Contribution of each row to the error of `estimate`.
    pilot_influence
        Contribution of each row to the error of `pilot`.
    shares
        The controls' weights as used: they sum to one.
    residual
        Outcome minus prediction.
    note
        What should be known about the models behind it.
    """

    estimate: float
    pilot: float
    influence: Array
    pilot_influence: Array
    shares: Array
    residual: Array
    note: str = ""

    @property
    def control(self) -> float:
        """What the pilot's people would have had without it, by this estimate."""
        return self.pilot - self.estimate

    @property
    def ess(self) -> float:
        """Kish's effective number of controls."""
        return float(1 / np.square(self.shares).sum())


def served_effect(
    sample: Sample, weighting: FittedModel, prediction: FittedModel
) -> ServedEffect:
    r"""Return the effect on the served.

    With T for the pilot, residuals :math:`r = y - \hat m(x)`, the controls' weights w
    and their month's weighted mean residual :math:`\bar r_m`,

    .. math::
        \hat\theta = \frac{1}{n_1} \sum_i T_i (r_i - \bar r_{m(i)}).

    Weights of one with a prediction are regression; weights without a prediction are
    weighting; both together are augmented weighting, right if either model is.
    """
    residual = sample.outcome - prediction.fitted
    shares, total = _shares(sample, weighting.fitted)
    weighted = np.bincount(sample.month, weights=shares * residual)
    by_month = np.bincount(sample.month, weights=sample.pilot / sample.n_pilot)
    gap = residual - (weighted / by_month)[sample.month]
    estimate = float(gap[sample.pilot].mean())
    of_pilot = sample.pilot / sample.n_pilot
    per_weight = np.where(sample.pilot, 0.0, -gap / total)
    influence = (
        of_pilot * (gap - estimate)
        - shares * gap
        + weighting.influence(per_weight)
        + prediction.influence(shares - of_pilot)
    )
    pilot = float(sample.outcome[sample.pilot].mean())
    return ServedEffect(
        estimate=estimate,
        pilot=pilot,
        influence=influence,
        pilot_influence=of_pilot * (sample.outcome - pilot),
        shares=shares,
        residual=residual,
        note=joined(weighting.note, prediction.note),
    )


def _shares(sample: Sample, weights: Array) -> tuple[Array, Array]:
    """Normalise the controls' weights within month to the pilot's share of it.

    Also returns, for each row, what its weight was divided by.
    """
    of_controls = np.where(sample.pilot, 0.0, weights)
    pilots = np.bincount(sample.month, weights=sample.pilot)
    sums = np.bincount(sample.month, weights=of_controls)
    total = (sums * sample.n_pilot / pilots)[sample.month]
    return of_controls / total, total
