"""The estimators of the effect on the served: which weights, and which prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.control_weights import (
    entropy_weights,
    equal_weights,
    odds_weights,
    weights_of_scores,
)
from evalkit.estimate.adjustment.outcome_models import (
    default_model,
    predicted,
    unpredicted,
)
from evalkit.estimate.adjustment.served_effect import ServedEffect, served_effect
from evalkit.estimate.effect import checked_method

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from evalkit.estimate.adjustment.influence import FittedModel
    from evalkit.estimate.adjustment.outcome_models import OutcomeModel
    from evalkit.estimate.adjustment.sample import Sample

Estimator = Literal["aipw", "ipw", "entropy", "regression"]


class _Recipe(NamedTuple):
    """What an estimator is made of."""

    weights: Callable[[Sample], FittedModel]
    predicts: bool = False
    scored: bool = False


_RECIPES = {
    "aipw": _Recipe(odds_weights, predicts=True, scored=True),
    "ipw": _Recipe(odds_weights, scored=True),
    "entropy": _Recipe(entropy_weights),
    "regression": _Recipe(equal_weights, predicts=True),
}
ESTIMATORS = tuple(_RECIPES)


def effect_by(
    method: Estimator,
    sample: Sample,
    *,
    outcome_model: OutcomeModel | None = None,
    score: NDArray[np.float64] | None = None,
) -> ServedEffect:
    """Return the effect on the served by one of the estimators.

    `score`, for each row of the sample, is taken as known. Without columns to adjust
    for, each estimator is the difference in means.
    """
    weighting, prediction = models_of(
        method, sample, outcome_model=outcome_model, score=score
    )
    return served_effect(sample, weighting, prediction)


def models_of(
    method: Estimator,
    sample: Sample,
    *,
    outcome_model: OutcomeModel | None = None,
    score: NDArray[np.float64] | None = None,
) -> tuple[FittedModel, FittedModel]:
    """Return the weights and the prediction of an estimator."""
    recipe = _RECIPES[checked_method(method, ESTIMATORS)]
    if score is not None and not recipe.scored:
        raise EstimationError(
            f"Method {method!r} has no use for a score.",
            hint='Scores go with "aipw", "ipw" and "matching".',
        )
    if score is not None:
        weighting = weights_of_scores(sample, score)
    else:
        weighting = recipe.weights(sample)
    model = model_of(method, sample, outcome_model)
    return weighting, predicted(sample, model) if model else unpredicted(sample)


def model_of(
    method: str, sample: Sample, outcome_model: OutcomeModel | None
) -> OutcomeModel | None:
    """Return the outcome model that a method uses; None for one that predicts not."""
    if method in _RECIPES and _RECIPES[method].predicts:
        return outcome_model or default_model(sample)
    if outcome_model is not None:
        raise EstimationError(
            f"Method {method!r} has no outcome model.",
            hint='Outcome models go with "aipw" and "regression".',
        )
    return None
