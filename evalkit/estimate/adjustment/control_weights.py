"""Weights that make controls resemble the pilot's people, as models with a residual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.influence import FittedModel
from evalkit.estimate.groups.entropy import entropy_balance
from evalkit.estimate.groups.propensity import logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]


def equal_weights(sample: Sample) -> FittedModel:
    """Weigh every control alike (within a month)."""
    return _known(np.where(sample.pilot, 0.0, 1.0))


def odds_weights(sample: Sample) -> FittedModel:
    r"""Weigh controls by their odds of having been served, from a logistic model.

    The weight is :math:`e(x) / (1 - e(x)) = \exp(x'\beta)`.
    """
    fit = logistic(sample.x[:, 1:], sample.pilot.astype(float))
    odds = np.where(sample.pilot, 0.0, np.exp(np.where(sample.pilot, 0.0, fit.linear)))
    return FittedModel(
        x=sample.x,
        fitted=odds,
        slope=odds,
        residual=sample.pilot - fit.fitted,
        curvature=fit.fitted * (1 - fit.fitted),
        note=f"weights: {fit.note}" if fit.note else "",
    )


def weights_of_scores(sample: Sample, score: Array) -> FittedModel:
    """Weigh controls by the odds of given scores, taken as known."""
    if not ((score > 0) & (score < 1)).all():
        raise EstimationError("`score` must be probabilities between 0 and 1.")
    return _known(np.where(sample.pilot, 0.0, score / (1 - score)))


def entropy_weights(sample: Sample) -> FittedModel:
    r"""Weigh controls as evenly as balance allows.

    The weight is :math:`\exp(x'\lambda)` with :math:`\lambda` such that the controls'
    weighted sums of x are the pilot's sums.
    """
    control = ~sample.pilot
    target = sample.x[sample.pilot, 1:].mean(axis=0)
    balance = entropy_balance(sample.x[control, 1:], target)
    if not balance.feasible:
        raise EstimationError(
            "No weights of the controls give them the pilots' means.",
            hint="Use fewer covariates or coarser classes, or another method; "
            "`weigh` names the covariates farthest apart.",
        )
    weights = np.zeros(len(sample.pilot))
    weights[control] = sample.n_pilot * balance.weights
    return FittedModel(
        x=sample.x,
        fitted=weights,
        slope=weights,
        residual=sample.pilot - weights,
        curvature=weights,
    )


def _known(weights: Array) -> FittedModel:
    """Return weights that depend on no estimated model."""
    nothing = np.zeros_like(weights)
    return FittedModel(
        x=np.empty((len(weights), 0)),
        fitted=weights,
        slope=nothing,
        residual=nothing,
        curvature=nothing,
    )
