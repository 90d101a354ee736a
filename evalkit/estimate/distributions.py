"""How far two distributions are apart: Kolmogorov-Smirnov and the overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_FINENESS = 8  # points of the grid in the narrower bandwidth
_FEWEST, _MOST = 1 << 9, 1 << 16
_DISCRETE = 20  # different numbers up to which they are not smoothed
_REACH = 4.0  # bandwidths beyond the numbers


class Ordered(NamedTuple):
    """Numbers in order, and the weight up to each: one longer, from zero to one."""

    values: Array
    cumulative: Array


def ordered(x: Array, weights: Array | None = None) -> Ordered:
    """Return numbers in order; the one sort that all the rest reads."""
    if weights is None:
        return Ordered(np.sort(x), np.arange(len(x) + 1) / max(len(x), 1))
    order = np.argsort(x)
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])])
    return Ordered(x[order], cumulative / cumulative[-1])


def kolmogorov_smirnov(pilot: Ordered, control: Ordered) -> float:
    """Return the greatest distance between the distribution functions.

    The pilots' function is level between their numbers, so that the distance is
    greatest at one of these or just before it.

    Examples
    --------
    >>> one, other = ordered(np.array([1.0, 2.0])), ordered(np.array([2.0, 3.0, 4.0]))
    >>> round(kolmogorov_smirnov(one, other), 4)
    0.6667
    """
    if not len(pilot.values) or not len(control.values):
        return math.nan
    distances = [
        _up_to(pilot, pilot.values, side) - _up_to(control, pilot.values, side)
        for side in ("left", "right")
    ]
    return float(np.abs(distances).max())


def overlap(pilot: Ordered, control: Ordered) -> float:
    r"""Return what two distributions share: 1 if they are one, 0 if they never meet.

    Of at most twenty different numbers, such as counts of spells, the smaller share at
    each is summed up. Else the area under both densities: Gaussian kernels of
    Silverman's bandwidth [2]_, as R's ``density`` has them, on a grid of at least eight
    points a bandwidth.

    Notes
    -----
    The overlap coefficient [1]_ is :math:`\int \min(f_1(x), f_0(x)) \, dx`.

    References
    ----------
    .. [1] Weitzman MS (1970). Measures of overlap of income distributions of white and
       Negro families in the United States. Technical paper 22, U.S. Bureau of the
       Census.
    .. [2] Silverman BW (1986). Density estimation for statistics and data analysis.
       Chapman and Hall.

    Examples
    --------
    >>> one, other = ordered(np.array([1.0, 2.0])), ordered(np.array([2.0, 3.0]))
    >>> overlap(one, other)
    0.5
    """
    if not len(pilot.values) or not len(control.values):
        return math.nan
    points = np.union1d(*(_distinct(group.values) for group in (pilot, control)))
    if len(points) <= _DISCRETE:
        shares = [_share_at(group, points) for group in (pilot, control)]
        return float(np.minimum(*shares).sum())
    widths = _bandwidth(pilot.values), _bandwidth(control.values)
    low = min(pilot.values[0], control.values[0]) - _REACH * max(widths)
    high = max(pilot.values[-1], control.values[-1]) + _REACH * max(widths)
    wanted = (high - low) / min(widths) * _FINENESS
    n = int(np.clip(2 ** math.ceil(math.log2(wanted)), _FEWEST, _MOST))
    step = (high - low) / (n - 1)
    masses = [
        _smoothed(_binned(group, low, step, n), width / step)
        for group, width in zip((pilot, control), widths, strict=True)
    ]
    return float(np.minimum(*masses).sum())


def _distinct(values: Array) -> Array:
    """Return the different ones of numbers in order."""
    return values[np.diff(values, prepend=-np.inf) > 0]


def _share_at(group: Ordered, points: Array) -> Array:
    return _up_to(group, points, "right") - _up_to(group, points, "left")


def _up_to(group: Ordered, x: Array, side: str) -> Array:
    """Return the weight of numbers below x (left), or of those equal to it too."""
    places = np.searchsorted(group.values, x, side=side)  # type: ignore[call-overload]
    return np.asarray(group.cumulative[places])


def _bandwidth(values: Array) -> float:
    """Return Silverman's bandwidth of numbers in order; R's where they do not vary."""
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    low, high = np.quantile(values, [0.25, 0.75])
    narrow = min(sd, float(high - low) / 1.34) or sd or abs(float(values[0])) or 1.0
    return float(0.9 * narrow * len(values) ** -0.2)


def _binned(group: Ordered, low: float, step: float, n: int) -> Array:
    """Return the weight at each point of a grid, shared by the two nearest points."""
    place = (group.values - low) / step
    left = np.minimum(place.astype(np.intp), n - 2)
    mass, right_part = np.diff(group.cumulative), place - left
    return np.asarray(
        np.bincount(left, mass * (1 - right_part), n)
        + np.bincount(left + 1, mass * right_part, n)
    )


def _smoothed(mass: Array, width: float) -> Array:
    """Spread weights on a grid by a Gaussian of a width in steps of the grid."""
    n = 2 * len(mass)
    frequency = 2 * np.pi * np.fft.rfftfreq(n)
    kernel = np.exp(-0.5 * (frequency * width) ** 2)
    smooth = np.fft.irfft(np.fft.rfft(mass, n) * kernel, n)[: len(mass)]
    return np.maximum(smooth, 0)
