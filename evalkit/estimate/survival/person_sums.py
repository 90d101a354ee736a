"""Sums over the rows of a person: what robust standard errors are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]


def summed_squares(values: Array, row: Codes, durations: Durations) -> Array:
    """Return the sum over people of the squares of the weighted sums of their rows.

    Parameters
    ----------
    values
        What each row of a model contributes, per unit of its weight: k x n.
    row
        Place in `values` of each of the durations; -1 for one that is not there.
    durations
        Whose rows they are, their weights and counts.

    Returns
    -------
    numpy.ndarray
        k x k.
    """
    there = np.flatnonzero(row >= 0)
    row = row[there]
    weight = durations.weights
    weight = None if weight is None else weight[there]
    if durations.person is None:
        size = _squares(weight, durations.counts, there)
        by_row = np.bincount(row, size, values.shape[1])
        return np.asarray((values * by_row) @ values.T)
    cluster = durations.cluster()[there]
    own = (column[row] if weight is None else column[row] * weight for column in values)
    sums = np.array([np.bincount(cluster, column) for column in own])
    return np.asarray(sums @ sums.T)


def _squares(weight: Array | None, counts: Array | None, there: Codes) -> Array | None:
    """Return the squares of the weights, counted; None where all are 1."""
    if weight is None:
        return None if counts is None else counts[there]
    return weight**2 if counts is None else counts[there] * weight**2
