"""Entropy balancing: the most even weights that give one group another's means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.groups.gram import blocks, gram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS, _FEW_STEPS = 200, 10
_ENOUGH = 100_000  # rows that come near to the whole
_SOME = 4096  # rows that mostly show that a target is no edge
_CONSTANT = 1e-12
_HALVINGS = 40
_BALANCED = 1e-9  # standard deviations
_NEARLY = 1e-6  # what rounding leaves where a target lies on the hull's face
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
    z, scale = _standardised(values, target)
    carriers = _carriers(z)
    if len(carriers) < len(z):
        z = z[carriers]
    own, parameters, feasible = _minimised_dual(z, base[carriers] / base.sum())
    weights = np.zeros(len(values))
    weights[carriers] = own
    return EntropyBalance(
        weights=weights,
        parameters=parameters / scale,
        carriers=carriers,
        gap=np.einsum("i,ij->j", own, z),
        feasible=feasible,
    )


def _standardised(values: Array, target: Array) -> tuple[Array, Array]:
    """Return distances to the target in standard deviations, and these; 1 if none."""
    z = np.empty(values.shape)
    total, square = np.zeros((2, values.shape[1]))
    for rows in blocks(len(values)):
        block = np.subtract(values[rows], target, out=z[rows])
        total += np.einsum("ij->j", block)
        square += np.einsum("ij,ij->j", block, block)
    variance = square / len(z) - (total / len(z)) ** 2
    varies = variance > _CONSTANT * square / len(z)
    scale = np.sqrt(np.where(varies, variance, 1.0))
    z /= scale
    return z, scale


def _carriers(z: Array) -> NDArray[np.intp]:
    """Return the rows that are left after every target at an edge has been met."""
    rows = np.arange(len(z))
    while True:
        # Numbers well on both sides of a target, even a few, show that it is no edge.
        some = z[:_SOME]
        inside = (some.min(axis=0) < -_EDGE) & (some.max(axis=0) > _EDGE)
        if inside.all():
            return rows
        doubtful = z[:, ~inside]
        low, high = doubtful.min(axis=0), doubtful.max(axis=0)
        at_edge = (np.minimum(-low, high) <= _EDGE) & (high - low > 2 * _EDGE)
        at_edge &= (low <= _EDGE) & (high >= -_EDGE)
        if not at_edge.any():
            return rows
        keep = np.abs(doubtful[:, at_edge.argmax()]) <= _EDGE
        z, rows = z[keep], rows[keep]


def _minimised_dual(
    z: Array, base: Array, steps: int = _STEPS
) -> tuple[Array, Array, bool]:
    """Return weights, parameters and whether the weighted means of z are zero."""
    log_base, parameters = np.log(base), _start(z, base)
    exponent = log_base + _along(z, parameters)
    dual, weights = _dual(exponent)
    for _ in range(steps):
        gradient = np.einsum("i,ij->j", weights, z)
        if np.abs(gradient).max(initial=0) < _BALANCED:
            return weights, parameters, True
        if dual < log_base.min() - 1e-6:  # no weights could be that far from base ones
            break
        curvature = gram(z, weights) - np.outer(gradient, gradient)
        step = -np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        size, exponent, dual, weights = _searched(
            exponent, _along(z, step), dual, float(gradient @ step)
        )
        parameters = parameters + size * step
    return weights, parameters, bool(np.abs(weights @ z).max() < _NEARLY)


def _start(z: Array, base: Array) -> Array:
    """Return what balances some of very many rows, so that all need few steps."""
    stride = len(z) // _ENOUGH
    if stride > 1:
        some = base[::stride]
        _, parameters, feasible = _minimised_dual(
            np.ascontiguousarray(z[::stride]), some / some.sum(), _FEW_STEPS
        )
        if feasible:
            return parameters
    return np.zeros(z.shape[1])


def _along(z: Array, direction: Array) -> Array:
    """Return the rows' products with a direction."""
    return np.asarray(np.einsum("ij,j->i", z, direction))


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
