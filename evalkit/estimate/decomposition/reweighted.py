"""The gap in four parts: a linear model, checked by weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.adjustment.influence import solved
from evalkit.estimate.adjustment.outcome_models import linear_model
from evalkit.estimate.adjustment.served_effect import control_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.adjustment.influence import FittedModel
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]
    Estimate = tuple[float, Array]  # and what each row did to it


def raw_gap(sample: Sample) -> Estimate:
    """Return the plain difference in means of the outcome."""
    pilot, control = _mean(sample, sample.pilot), _mean(sample, ~sample.pilot)
    return pilot[0] - control[0], pilot[1] - control[1]


def linear_parts(sample: Sample) -> dict[str, float]:
    r"""Return what each covariate's means explain, :math:`(\bar x_1 - \bar x_0)' b_0`.

    With the coefficients of the controls' linear model; the months are a covariate.
    """
    of = ~sample.pilot
    slopes = np.linalg.lstsq(sample.x[of], sample.outcome[of], rcond=None)[0]
    apart = sample.x[sample.pilot].mean(axis=0) - sample.x[of].mean(axis=0)
    parts = dict.fromkeys(sample.terms[1:], 0.0)
    for term, part in zip(sample.terms[1:], (apart * slopes)[1:], strict=True):
        parts[term] += float(part)
    return parts


def reweighted_parts(sample: Sample, weighting: FittedModel) -> dict[str, Estimate]:
    r"""Split the gap by the controls' linear model before and after weighting.

    With :math:`b_0` of the controls, :math:`b_w` of the weighted controls and
    :math:`\bar x_w` their means: composition :math:`(\bar x_w - \bar x_0)' b_0`,
    specification :math:`\bar x_w' (b_w - b_0)`, structure
    :math:`\bar y_1 - \bar x_1' b_w`, reweighting :math:`(\bar x_1 - \bar x_w)' b_w`.
    """
    plain = linear_model(sample, ~sample.pilot)
    fitted = control_mean(sample, weighting, plain.fitted)
    before = _mean(replace(sample, outcome=plain.fitted), ~sample.pilot)
    even = ~sample.pilot / sample.n_control
    composition = (
        fitted.mean - before[0],
        fitted.influence - before[1] + plain.influence(fitted.shares - even),
    )
    left = control_mean(sample, weighting, sample.outcome - plain.fitted)
    specification = left.mean, left.influence + plain.influence(-left.shares)
    structure = _structure(sample, weighting, left.shares)
    gap, of_gap = raw_gap(sample)
    known = (composition, specification, structure)
    return {
        "composition": composition,
        "specification": specification,
        "structure": structure,
        "reweighting": (
            gap - sum(part[0] for part in known),
            of_gap - np.sum([part[1] for part in known], axis=0),
        ),
    }


def _structure(sample: Sample, weighting: FittedModel, shares: Array) -> Estimate:
    """Return the pilot's mean less what the weighted controls' model expects."""
    root = np.sqrt(shares)
    slopes = np.linalg.lstsq(
        sample.x * root[:, None], sample.outcome * root, rcond=None
    )[0]
    residual = sample.outcome - sample.x @ slopes
    target = sample.x[sample.pilot].mean(axis=0)
    bread = sample.x.T @ (sample.x * shares[:, None])
    leverage = residual * (sample.x @ solved(bread, target))
    estimate, influence = _mean(replace(sample, outcome=residual), sample.pilot)
    return estimate, influence - control_mean(sample, weighting, leverage).influence


def _mean(sample: Sample, of: NDArray[np.bool_]) -> Estimate:
    """Return the mean outcome of some rows."""
    share = of / of.sum()
    mean = float(share @ sample.outcome)
    return mean, share * (sample.outcome - mean)
