"""What controls would be expected to have, given who they are: linear and logistic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.influence import FittedModel
from evalkit.estimate.groups.propensity import expit, logistic

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]

OutcomeModel = Literal["linear", "logistic"]


def predicted(sample: Sample, model: OutcomeModel) -> FittedModel:
    """Fit a model of the outcome to the controls and predict everybody's."""
    if model == "logistic" and not sample.is_binary:
        raise EstimationError(
            "A logistic outcome model needs an outcome of 0 and 1.",
            hint='Choose outcome_model="linear".',
        )
    return _MODELS[model](sample, ~sample.pilot)


def unpredicted(sample: Sample) -> FittedModel:
    """Predict nothing: every residual is the outcome itself."""
    nothing = np.zeros_like(sample.outcome)
    return FittedModel(
        x=sample.x[:, :0],
        fitted=nothing,
        slope=nothing,
        residual=nothing,
        curvature=nothing,
    )


def default_model(sample: Sample) -> OutcomeModel:
    """Return logistic for an outcome that people have or have not, else linear."""
    return "logistic" if sample.is_binary else "linear"


def linear_model(sample: Sample, of: NDArray[np.bool_]) -> FittedModel:
    """Fit by least squares to some rows."""
    coefficients = np.linalg.lstsq(sample.x[of], sample.outcome[of], rcond=None)[0]
    fitted = sample.x @ coefficients
    return FittedModel(
        x=sample.x,
        fitted=fitted,
        slope=np.ones_like(fitted),
        residual=np.where(of, sample.outcome - fitted, 0.0),
        curvature=of.astype(float),
    )


def logistic_model(sample: Sample, of: NDArray[np.bool_]) -> FittedModel:
    """Fit by maximum likelihood to some rows; a straight line if all are alike."""
    if np.ptp(sample.outcome[of]) == 0:
        return linear_model(sample, of)
    varies = np.ptp(sample.x[of], axis=0) > 0
    x = sample.x[:, varies | (np.arange(len(varies)) == 0)]
    fit = logistic(x[of, 1:], sample.outcome[of])
    fitted = expit(x @ fit.coefficients)
    slope = fitted * (1 - fitted)
    return FittedModel(
        x=x,
        fitted=fitted,
        slope=slope,
        residual=np.where(of, sample.outcome - fitted, 0.0),
        curvature=np.where(of, slope, 0.0),
        note=f"outcome model: {fit.note}" if fit.note else "",
    )


_MODELS: dict[str, Callable[[Sample, NDArray[np.bool_]], FittedModel]] = {
    "linear": linear_model,
    "logistic": logistic_model,
}
