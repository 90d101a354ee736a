"""Moments of two groups, and their standardised difference, on plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Denominator = Literal["pilot", "pooled"]

_VARIANCE_SHARES = {"pilot": (1.0, 0.0), "pooled": (0.5, 0.5)}


class Moments(NamedTuple):
    """What a group's numbers are like.

    The third and fourth moments are central ones; the size is the effective one,
    that is, the number of people where all weights are alike.
    """

    mean: float
    variance: float
    third: float
    fourth: float
    size: float


_NOBODY = Moments(np.nan, np.nan, np.nan, np.nan, 0.0)


def moments_of(x: Array, weights: Array | None = None) -> Moments:
    r"""Return the moments of numbers.

    Notes
    -----
    With weights the mean is :math:`\sum w x / \sum w`, the effective size [1]_ is
    :math:`m = (\sum w)^2 / \sum w^2` and the variance
    :math:`\frac{m}{m - 1} \sum w (x - \bar x)^2 / \sum w`.

    References
    ----------
    .. [1] Kish L (1965). Survey sampling. Wiley.
    """
    size = effective_size(len(x), weights)
    if not size:
        return _NOBODY
    shares = None if weights is None else weights / weights.sum()
    mean = _average(x, shares)
    deviation = x - mean
    square = deviation * deviation
    variance = _average(square, shares)
    return Moments(
        mean=mean,
        variance=variance * size / (size - 1) if size > 1 else np.nan,
        third=_average(square * deviation, shares),
        fourth=_average(square * square, shares),
        size=size,
    )


def share_moments(share: float, size: float) -> Moments:
    """Return the moments of zeros and ones from the share of ones."""
    if not size:
        return _NOBODY
    variance = share * (1 - share)
    return Moments(
        mean=share,
        variance=variance,
        third=variance * (1 - 2 * share),
        fourth=variance * (1 - 3 * variance),
        size=size,
    )


def effective_size(n: int, weights: Array | None) -> float:
    """Return how many people of one weight the weighted ones are worth."""
    if weights is None:
        return float(n)
    total = float(weights.sum())
    return total**2 / float(weights @ weights) if total else 0.0


def standardised_difference(
    pilot: Array, control: Array, scale: Array, shares: Array
) -> tuple[Array, Array]:
    r"""Return the standardised mean difference and its standard error.

    Parameters
    ----------
    pilot, control
        Moments, a row for each covariate.
    scale
        Standard deviation to divide by.
    shares
        Share of the pilots' and of the controls' variance in its square.

    Notes
    -----
    For :math:`D = (\bar x_1 - \bar x_0) / s` with :math:`s^2 = c_1 v_1 + c_0 v_0`, the
    delta method without any assumption on the distributions gives

    .. math::
        \sum_{g} \frac{1}{n_g} \Big[ \frac{v_g}{s^2}
        \mp \frac{c_g D \mu_{3g}}{s^3}
        + \frac{c_g^2 D^2 (\mu_{4g} - v_g^2)}{4 s^4} \Big],

    minus for the pilots, plus for the controls. With normal numbers and one variance
    this is the usual :math:`1 / n_1 + 1 / n_0 + D^2 / (2 n_1)`, or
    :math:`D^2 / (2 (n_1 + n_0))` where the variance is pooled and the groups are of
    one size [1]_.

    References
    ----------
    .. [1] Hedges LV, Olkin I (1985). Statistical methods for meta-analysis. Academic
       Press.
    """
    difference = (pilot[:, 0] - control[:, 0]) / scale
    variance = np.zeros(len(scale))
    for sign, group, share in ((-1, pilot, shares[:, 0]), (1, control, shares[:, 1])):
        _, v, third, fourth, size = group.T
        slope = share * difference / scale**2
        spread = v / scale**2 + sign * slope * third / scale
        spread += slope**2 * (fourth - v**2) / 4
        variance += np.divide(
            spread, size, out=np.full(len(scale), np.nan), where=size > 0
        )
    return difference, np.sqrt(np.maximum(variance, 0))


def scale_of(
    pilot: Array, control: Array, denominator: Denominator
) -> tuple[Array, Array]:
    """Return the standard deviation to divide by, and the groups' shares in its square.

    Where the pilots do not vary, the pooled one stands in; NaN where nobody varies.
    """
    shares = np.tile(_VARIANCE_SHARES[denominator], (len(pilot), 1))
    shares[pilot[:, 1] == 0] = _VARIANCE_SHARES["pooled"]
    variances = np.column_stack([pilot[:, 1], control[:, 1]])
    square = np.where(shares > 0, shares * variances, 0).sum(axis=1)
    return np.sqrt(np.where(square > 0, square, np.nan)), shares


def _average(x: Array, shares: Array | None) -> float:
    return float(x.mean() if shares is None else shares @ x)
