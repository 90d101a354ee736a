"""The propensity score: the chance of being a pilot, given the covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.groups.gram import gram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS = 100
_SETTLED = 1e-6  # of the linear predictor: the next step would change it by its square
_RUNNING = 0.1
_IMPROVES = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Logit:
    """A logistic regression.

    Attributes
    ----------
    coefficients
        Intercept first, then one for each column, in the columns' own units.
    fitted
        Fitted probability of each row.
    linear
        Linear predictor of each row: the logit of the fitted probability.
    converged
        Whether the likelihood has its maximum there.
    separated
        Whether the columns tell some of the groups apart without error, so that
        the likelihood has no maximum and coefficients run off.
    """

    coefficients: Array
    fitted: Array
    linear: Array
    converged: bool
    separated: bool

    @property
    def note(self) -> str:
        """What should be known about this fit; empty when there is nothing."""
        if self.separated:
            return "the covariates tell some people's group without error (separation)"
        return "" if self.converged else "the logistic regression did not converge"


def logistic(x: Array, y: Array, weights: Array | None = None) -> Logit:
    r"""Fit a logistic regression by maximum likelihood.

    Newton's method with halved steps [1]_, on standardised columns, so that units do
    not matter. A million rows and sixty columns take a few seconds.

    Parameters
    ----------
    x
        Columns, linearly independent, without an intercept.
    y
        1 or 0 (or True or False) for each row.
    weights
        Prior weight of each row. None: one each.

    Returns
    -------
    Logit
        Coefficients and fitted probabilities.

    Raises
    ------
    EstimationError
        If all of `y` is alike.

    Notes
    -----
    The maximum solves :math:`\sum_i w_i (y_i - p_i) (1, x_i) = 0` with
    :math:`\operatorname{logit} p_i = \alpha + \beta^\top x_i`.

    References
    ----------
    .. [1] McCullagh P, Nelder JA (1989). Generalized linear models. Second edition.
       Chapman and Hall.

    Examples
    --------
    >>> age = np.array([[20.0], [30.0], [40.0], [50.0], [60.0]])
    >>> fit = logistic(age, np.array([0, 1, 0, 1, 1]))
    >>> fit.coefficients.round(3)
    array([-3.739,  0.109])
    """
    y = np.asarray(y, dtype=float)
    weights = np.ones_like(y) if weights is None else weights
    share = float(np.average(y, weights=weights))
    if not 0 < share < 1:
        raise EstimationError("A score needs people of both groups.")
    centre, scale = x.mean(axis=0), x.std(axis=0)
    z = np.empty((len(x), x.shape[1] + 1))
    z[:, 0] = 1
    np.divide(x - centre, scale, out=z[:, 1:])
    start = np.zeros(z.shape[1])
    start[0] = np.log(share / (1 - share))
    beta, linear, state = _maximised(z, y, weights, start)
    slopes = beta[1:] / scale
    return Logit(
        coefficients=np.concatenate([[beta[0] - slopes @ centre], slopes]),
        fitted=expit(linear),
        linear=linear,
        converged=state == "converged",
        separated=state == "separated",
    )


def expit(linear: Array) -> Array:
    """Return the probability whose logit this is."""
    return np.asarray(0.5 + 0.5 * np.tanh(linear / 2))


def _maximised(
    z: Array, y: Array, weights: Array, beta: Array
) -> tuple[Array, Array, str]:
    """Return the coefficients, the linear predictor, and how the search ended."""
    linear = z @ beta
    fit = _log_likelihood(linear, y, weights)
    for _ in range(_STEPS):
        step = _newton_step(z, y, weights, linear)
        move = z @ step
        size, following = _halved(linear, move, y, weights, fit)
        beta, linear = beta + size * step, linear + size * move
        largest = size * np.abs(move).max()
        gained, fit = following - fit, following
        if largest < _SETTLED:
            return beta, linear, "converged"
        if gained <= _IMPROVES * (1 + abs(fit)) and largest > _RUNNING:
            return beta, linear, "separated"
    return beta, linear, "unsettled"


def _newton_step(z: Array, y: Array, weights: Array, linear: Array) -> Array:
    p = expit(linear)
    information = gram(z, weights * p * (1 - p))
    score = z.T @ (weights * (y - p))
    return np.asarray(np.linalg.lstsq(information, score, rcond=None)[0])


def _halved(
    linear: Array, move: Array, y: Array, weights: Array, fit: float
) -> tuple[float, float]:
    """Return the largest of 1, 1/2, 1/4 ... of a step that does not lose likelihood."""
    size = 1.0
    for _ in range(30):
        following = _log_likelihood(linear + size * move, y, weights)
        if following >= fit - 1e-12 * abs(fit):
            break
        size /= 2
    return size, following


def _log_likelihood(linear: Array, y: Array, weights: Array) -> float:
    return float(weights @ (y * linear - np.logaddexp(0, linear)))
