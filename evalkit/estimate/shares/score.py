"""The score test and interval of Miettinen and Nurminen, for one stratum or many.

Arrays hold strata on their last axis; a single table is a table with one stratum.
Axes before it are tables that have nothing to do with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.shares.roots import falling_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Events and sizes of both groups; strata on the last axis, no empty group."""

    x1: Array
    n1: Array
    x0: Array
    n0: Array

    @property
    def weights(self) -> Array:
        """Mantel-Haenszel weights, which sum to one."""
        raw = self.n1 * self.n0 / (self.n1 + self.n0)
        shares: Array = raw / raw.sum(axis=-1, keepdims=True)
        return shares

    @property
    def estimate(self) -> Array:
        """Weighted difference in shares."""
        difference = self.x1 / self.n1 - self.x0 / self.n0
        return _over_strata(self.weights * difference)


def score_statistic(tables: Tables, delta: Array) -> Array:
    """Return z for the hypothesis that the difference is delta.

    The variance of each stratum is that of the shares most likely under the
    hypothesis, times N / (N - 1).
    """
    r1, r0 = restricted_shares(tables, delta)
    total = tables.n1 + tables.n0
    variances = r1 * (1 - r1) / tables.n1 + r0 * (1 - r0) / tables.n0
    variance = _over_strata(tables.weights**2 * variances * total / (total - 1))
    distance = tables.estimate - delta
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(variance)
    return np.where(distance == 0, 0.0, z)


def score_limits(tables: Tables, z: float) -> tuple[Array, Array]:
    """Return the smallest and largest difference that the test does not refuse."""
    estimate = tables.estimate
    low = falling_root(lambda delta: score_statistic(tables, delta) - z, -1, estimate)
    high = falling_root(lambda delta: score_statistic(tables, delta) + z, estimate, 1)
    return low, high


def restricted_shares(tables: Tables, delta: Array) -> tuple[Array, Array]:
    """Return the most likely shares of both groups whose difference is delta.

    The control group's is the root of a cubic that lies between 0 and 1, in the
    trigonometric form of the paper's appendix.
    """
    x1, n1, x0, n0 = tables.x1, tables.n1, tables.x0, tables.n0
    d = delta[..., np.newaxis]
    total, events = n1 + n0, x1 + x0
    square = ((n1 + 2 * n0) * d - total - events) / (3 * total)
    linear = ((n0 * d - total - 2 * x0) * d + events) / (3 * total)
    constant = x0 * d * (1 - d) / (2 * total)
    q = square**3 - 1.5 * square * linear + constant
    p = np.copysign(np.sqrt(np.maximum(square**2 - linear, 0)), q)
    cosine = np.divide(q, p**3, out=np.ones_like(q), where=p != 0)
    angle = (np.pi + np.arccos(np.clip(cosine, -1, 1))) / 3
    r0 = np.clip(
        2 * p * np.cos(angle) - square, np.maximum(0, -d), np.minimum(1, 1 - d)
    )
    return np.clip(r0 + d, 0, 1), r0


def _over_strata(values: Array) -> Array:
    """Sum over strata."""
    return np.asarray(values.sum(axis=-1), dtype=float)
