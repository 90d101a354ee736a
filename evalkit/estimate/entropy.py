"""Entropy balancing: the most even weights that give one group another's means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.gram import gram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS = 200
_HALVINGS = 40
_BALANCED = 1e-10  # standard deviations
_NEARLY = 1e-7  # what rounding leaves where a target lies on the hull's face
_EDGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class EntropyBalance:
    """Weights with given means.

    Attributes
    ----------
    weights
        Weight of each row; they sum to one. Where not `feasible`, the nearest found.
    parameters
        Weight i is proportional to its base weight times
        ``exp(values[i] @ parameters)``, among the carriers.
    carriers
        Positions of the rows that may carry weight at all: where a target is the
        least or the greatest value of a column, only the rows with this value.
    gap
        Weighted mean less target of each column, in its standard deviations.
    feasible
        Whether the means have been reached. False: no weights at all give them.
    """

    weights: Array
    parameters: Array
    carriers: NDArray[np.intp]
    gap: Array
    feasible: bool


def entropy_balance(
    values: Array, target: Array, base: Array | None = None
) -> EntropyBalance:
    r"""Find the weights nearest to even ones under which the means are the target.

    The convex dual of Hainmueller [1]_ by Newton's method with a line search. It also
    proves infeasibility: weights with the wanted means exist only if the dual stays
    above :math:`\log \min_i q_i`.

    Parameters
    ----------
    values
        One row per person to be weighted, one column per moment.
    target
        Wanted mean of each column.
    base
        Weights to stay near to. None: even ones.

    Returns
    -------
    EntropyBalance
        Weights that sum to one.

    Notes
    -----
    The dual is :math:`\min_\lambda \log \sum_i q_i \exp(\lambda^\top (x_i - t))` for
    base weights :math:`q_i` that sum to one; the weights are
    :math:`w_i \propto q_i \exp(\lambda^\top x_i)`.

    References
    ----------
    .. [1] Hainmueller J (2012). Entropy balancing for causal effects: a multivariate
       reweighting method to produce balanced samples in observational studies.
       Political Analysis 20, 25-46.

    Examples
    --------
    >>> found = entropy_balance(np.array([[1.0], [2.0], [3.0]]), np.array([2.5]))
    >>> found.weights.round(4), round(float(found.weights @ [1, 2, 3]), 4)
    (array([0.1162, 0.2676, 0.6162]), 2.5)
    """
    base = np.ones(len(values)) if base is None else base
    scale = values.std(axis=0)
    scale[scale == 0] = 1.0
    carriers = _carriers(values, target, _EDGE * scale)
    z = (values[carriers] - target) / scale
    own, parameters, feasible = _minimised_dual(z, base[carriers] / base.sum())
    weights = np.zeros(len(values))
    weights[carriers] = own
    return EntropyBalance(
        weights=weights,
        parameters=parameters / scale,
        carriers=carriers,
        gap=own @ z,
        feasible=feasible,
    )


def _carriers(values: Array, target: Array, tolerance: Array) -> NDArray[np.intp]:
    """Return the rows that are left after every target at an edge has been met."""
    rows = np.arange(len(values))
    while True:
        low, high = values.min(axis=0), values.max(axis=0)
        edge = np.minimum(np.abs(low - target), np.abs(high - target)) <= tolerance
        open_edges = edge & (high - low > 2 * tolerance)
        if not open_edges.any():
            return rows
        place = int(open_edges.argmax())
        keep = np.abs(values[:, place] - target[place]) <= tolerance[place]
        values, rows = values[keep], rows[keep]


def _minimised_dual(z: Array, base: Array) -> tuple[Array, Array, bool]:
    """Return weights, parameters and whether the weighted means of z are zero."""
    log_base = np.log(base)
    parameters, exponent = np.zeros(z.shape[1]), log_base
    dual, weights = _dual(exponent)
    for _ in range(_STEPS):
        gradient = weights @ z
        if np.abs(gradient).max(initial=0) < _BALANCED:
            return weights, parameters, True
        if dual < log_base.min() - 1e-6:  # no weights could be that far from base ones
            break
        curvature = gram(z, weights) - np.outer(gradient, gradient)
        step = -np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        size, exponent, dual, weights = _searched(
            exponent, z @ step, dual, float(gradient @ step)
        )
        parameters = parameters + size * step
    return weights, parameters, bool(np.abs(gradient).max() < _NEARLY)


def _searched(
    exponent: Array, move: Array, dual: float, slope: float
) -> tuple[float, Array, float, Array]:
    """Return the largest of 1, 1/2, 1/4 ... of a step that lowers the dual enough."""
    size = 1.0
    for _ in range(_HALVINGS):
        following = exponent + size * move
        lower, weights = _dual(following)
        if lower <= dual + 1e-4 * size * slope + 1e-14 * abs(dual):
            break
        size /= 2
    return size, following, lower, weights


def _dual(exponent: Array) -> tuple[float, Array]:
    """Return the log of the sum of the exponentials, and their shares of it."""
    top = exponent.max()
    weights = np.exp(exponent - top)
    total = weights.sum()
    weights /= total
    return float(top + np.log(total)), weights
