"""Products of a tall matrix with itself, a block of rows at a time.

A design matrix may have a million rows. Blocks stay in the processor's cache, need no
second matrix of the same size, and leave no threads waiting for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ROWS = 1 << 11  # too few for linear algebra to spread them over threads


def gram(values: Array, weights: Array) -> Array:
    """Return the sum over rows of weight times row times row transposed."""
    total = np.zeros((values.shape[1], values.shape[1]))
    for rows in blocks(len(values)):
        block = values[rows]
        total += (block * weights[rows, None]).T @ block
    return total


def triangle(values: Array, centre: Array) -> Array:
    """Return the R of the QR decomposition of the rows less their centre."""
    k = values.shape[1]
    upper: Array = np.zeros((0, k))
    for rows in blocks(len(values)):
        stacked = np.vstack([upper, values[rows] - centre])
        upper = np.asarray(np.linalg.qr(stacked, mode="r"))
    return upper


def blocks(n_rows: int, size: int = _ROWS) -> Iterator[slice]:
    """Return the slices of the rows."""
    return (slice(start, start + size) for start in range(0, n_rows, size))
