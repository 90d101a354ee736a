"""Intervals for the difference between two shares, and the z at which each holds zero.

Events and sizes are arrays of any one shape, a table in each place, no empty group.
A limit function takes a normal quantile besides; a z function gives the quantile at
which the interval begins to leave zero out, which is what its p-value comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.shares.roots import falling_root
from evalkit.estimate.shares.score import Tables, score_limits, score_statistic

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_BEYOND_DOUBT = 40.0  # a z whose p-value is zero as a float


def _newcombe_limits(
    x1: Array, n1: Array, x0: Array, n0: Array, z: float | Array
) -> tuple[Array, Array]:
    p1, p0 = x1 / n1, x0 / n0
    low1, high1 = wilson_limits(x1, n1, z)
    low0, high0 = wilson_limits(x0, n0, z)
    difference = p1 - p0
    return (
        difference - np.hypot(p1 - low1, high0 - p0),
        difference + np.hypot(high1 - p1, p0 - low0),
    )


def wilson_limits(x: Array, n: Array, z: float | Array) -> tuple[Array, Array]:
    """Return the score limits of one share."""
    square = np.square(z)
    centre = (x + square / 2) / (n + square)
    reach = z * np.sqrt(x * (n - x) / n + square / 4) / (n + square)
    return np.maximum(centre - reach, 0), np.minimum(centre + reach, 1)


def _newcombe_z(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    """Return the z at which the interval begins to leave zero out."""
    positive = x1 / n1 >= x0 / n0

    def nearest_to_zero(z: Array) -> Array:
        low, high = _newcombe_limits(x1, n1, x0, n0, z)
        return np.where(positive, low, -high)

    return falling_root(nearest_to_zero, np.zeros_like(x1), _BEYOND_DOUBT)


def _score_limits(
    x1: Array, n1: Array, x0: Array, n0: Array, z: float
) -> tuple[Array, Array]:
    return score_limits(_one_stratum(x1, n1, x0, n0), z)


def _score_z(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    return score_statistic(_one_stratum(x1, n1, x0, n0), np.zeros_like(x1))


def _one_stratum(x1: Array, n1: Array, x0: Array, n0: Array) -> Tables:
    return Tables(
        x1=x1[..., None], n1=n1[..., None], x0=x0[..., None], n0=n0[..., None]
    )


def _agresti_caffo_limits(
    x1: Array, n1: Array, x0: Array, n0: Array, z: float
) -> tuple[Array, Array]:
    return _wald_limits(x1 + 1, n1 + 2, x0 + 1, n0 + 2, z)


def _agresti_caffo_z(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    return _wald_z(x1 + 1, n1 + 2, x0 + 1, n0 + 2)


def _agresti_caffo_se(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    return plug_in_se(x1 + 1, n1 + 2, x0 + 1, n0 + 2)


def _wald_limits(
    x1: Array, n1: Array, x0: Array, n0: Array, z: float
) -> tuple[Array, Array]:
    """Return the plain limits; NaN without variation, where they would not differ."""
    difference, se = x1 / n1 - x0 / n0, plug_in_se(x1, n1, x0, n0)
    reach = np.where(se > 0, z * se, np.nan)
    return np.maximum(difference - reach, -1), np.minimum(difference + reach, 1)


def _wald_z(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    difference, se = x1 / n1 - x0 / n0, plug_in_se(x1, n1, x0, n0)
    return difference / np.where(se > 0, se, np.nan)


def plug_in_se(x1: Array, n1: Array, x0: Array, n0: Array) -> Array:
    """Return the unpooled standard error of the difference."""
    p1, p0 = x1 / n1, x0 / n0
    return np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)


LIMITS: dict[str, Callable[..., tuple[Array, Array]]] = {
    "newcombe": _newcombe_limits,
    "score": _score_limits,
    "agresti-caffo": _agresti_caffo_limits,
    "wald": _wald_limits,
}

Z: dict[str, Callable[..., Array]] = {
    "newcombe": _newcombe_z,
    "score": _score_z,
    "agresti-caffo": _agresti_caffo_z,
    "wald": _wald_z,
}

SE: dict[str, Callable[..., Array]] = {"agresti-caffo": _agresti_caffo_se}
