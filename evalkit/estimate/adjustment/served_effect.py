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

    from evalkit.estimate.adjustment.influence import FittedModel
    from evalkit.estimate.adjustment.sample import Sample

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMean:
    """The mean of something among weighted controls.

    Attributes
    ----------
    mean
        The mean over months, which count as the pilot's people do.
    influence
        Contribution of each row to its error, through the weights too.
    shares
        Weights as used: zero for pilots, and their sum is one. They are the
        derivative of the mean by each row's value.
    """

    mean: float
    influence: Array
    shares: Array


def control_mean(sample: Sample, weighting: FittedModel, value: Array) -> ControlMean:
    r"""Return the mean of a value among controls, weighted within month.

    :math:`\sum_m \frac{n_{1m}}{n_1} \sum_{i \in m} w_i v_i / \sum_{i \in m} w_i` over
    controls.
    """
    weights = np.where(sample.pilot, 0.0, weighting.fitted)
    of_month = np.bincount(sample.month, weights=sample.pilot) / sample.n_pilot
    total = (np.bincount(sample.month, weights=weights) / of_month)[sample.month]
    shares = weights / total
    means = np.bincount(sample.month, weights=shares * value) / of_month
    own = means[sample.month]
    mean = float(of_month @ means)
    per_weight = np.where(sample.pilot, 0.0, (value - own) / total)
    influence = (
        shares * (value - own)
        + sample.pilot / sample.n_pilot * (own - mean)
        + weighting.influence(per_weight)
    )
    return ControlMean(mean=mean, influence=influence, shares=shares)


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
    of_pilot = sample.pilot / sample.n_pilot
    of_control = control_mean(sample, weighting, residual)
    mean = float(of_pilot @ residual)
    pilot = float(of_pilot @ sample.outcome)
    influence = (
        of_pilot * (residual - mean)
        - of_control.influence
        + prediction.influence(of_control.shares - of_pilot)
    )
    return ServedEffect(
        estimate=mean - of_control.mean,
        pilot=pilot,
        influence=influence,
        pilot_influence=of_pilot * (sample.outcome - pilot),
        shares=of_control.shares,
        residual=residual,
        note=joined(weighting.note, prediction.note),
    )
