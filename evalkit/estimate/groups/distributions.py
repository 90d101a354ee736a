"""How far two distributions are apart: Kolmogorov-Smirnov and the overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

_FINENESS = 8  # points of the grid in the narrower bandwidth
_FEWEST, _MOST = 1 << 9, 1 << 16
_DISCRETE = 20  # different numbers up to which they are not smoothed
_REACH = 4.0  # bandwidths beyond the numbers


class Ordered(NamedTuple):
    """Numbers in order, and the share of weight up to each; None: even weights.

    The shares are one longer than the numbers, from zero to one.
    """

    values: Array
    cumulative: Array | None

    def up_to(self, places: Places) -> Array:
        """Return the share of weight of the first so many numbers."""
        if self.cumulative is None:
            return np.asarray(places / len(self.values))
        return np.asarray(self.cumulative[places])

    @property
    def masses(self) -> Array:
        """The share of weight of each number."""
        if self.cumulative is None:
            return np.full(len(self.values), 1 / len(self.values))
        return np.diff(self.cumulative)


def ordered(x: Array, weights: Array | None = None) -> Ordered:
    """Return numbers in order; the one sort that all the rest reads.

    The array is taken over: without weights it is sorted where it lies.
    """
    if weights is None or not len(x):
        x.sort()
        return Ordered(x, None)
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
    ends = _ends(pilot.values)
    places = np.concatenate([[0], ends])
    own = pilot.up_to(places)
    below, up_to = _places(control.values, pilot.values[ends - 1])
    before, at = own[:-1] - control.up_to(below), own[1:] - control.up_to(up_to)
    return float(max(np.abs(before).max(), np.abs(at).max()))


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
    distinct = [group.values[_ends(group.values) - 1] for group in (pilot, control)]
    if max(map(len, distinct)) <= _DISCRETE:
        points = np.union1d(*distinct)
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


def _ends(values: Array) -> Places:
    """Return how many numbers in order there are up to each different one."""
    return np.append(np.flatnonzero(values[1:] > values[:-1]) + 1, len(values))


def _share_at(group: Ordered, points: Array) -> Array:
    below, up_to = _places(group.values, points)
    return group.up_to(up_to) - group.up_to(below)


def _places(values: Array, points: Array) -> tuple[Places, Places]:
    """Return how many numbers in order lie below each point, and up to it."""
    below = np.searchsorted(values, points)
    met = values[np.minimum(below, len(values) - 1)] == points
    up_to = below.copy()
    up_to[met] = np.searchsorted(values, points[met], side="right")
    return below, up_to


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
    mass, right_part = group.masses, place - left
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
