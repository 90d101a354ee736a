"""Counts, shares and estimates made coarse enough that no small count is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

POINT = 3
"""Decimals of a share that end with a tenth of a percentage point."""

_WIDENING = 0.01
_NUMBER = re.compile(r"(?<![\d-])\d+(?:\.\d+)?(?!\d|-\d)")
_HIDDEN = "\N{HORIZONTAL ELLIPSIS}"


def nearest(count: ArrayLike, step: float) -> Array:
    """Return counts as multiples of a step, halves up.

    Examples
    --------
    >>> nearest([0, 2, 3, 2738], 5).tolist()
    [0.0, 0.0, 5.0, 2740.0]
    """
    return np.asarray(np.floor(np.asarray(count, dtype=float) / step + 0.5) * step)


def share_in_steps(share: ArrayLike, people: ArrayLike, step: float) -> Array:
    """Return shares as whole multiples of ``step`` people: the count is not exact.

    Examples
    --------
    >>> share_in_steps([0.33, 0.338], 100, 5).tolist()
    [0.35, 0.35]
    """
    n = np.maximum(nearest(people, step), step)
    counted = np.minimum(nearest(np.asarray(share, dtype=float) * n, step), n)
    return np.asarray(counted / n)


def widened(centre: Array, low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Return limits around a coarse share, as far as they were, to a whole point more.

    The limits' own digits would tell the share that was made coarse.

    Examples
    --------
    >>> low, high = widened(np.array([0.35]), [0.2412], [0.4319])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.25], [0.45])
    """
    half = (np.asarray(high, dtype=float) - np.asarray(low, dtype=float)) / 2
    reach = np.ceil(half / _WIDENING - 1e-9) * _WIDENING
    return np.clip(centre - reach, 0, 1), np.clip(centre + reach, 0, 1)


def quiet(note: object) -> str:
    """Return a note without its numbers, months apart: they may be few people.

    Examples
    --------
    >>> quiet("3 rows of unknown weeks left out; not used: 2020-04")
    '… rows of unknown weeks left out; not used: 2020-04'
    """
    return _NUMBER.sub(_HIDDEN, "" if note is None else str(note))
