"""Rows that are alike in all that a model looks at, taken together.

Weeks are whole numbers and most covariates are codes, so that a million rows are often
some thousand different ones. A likelihood needs each of them once, and how often it
stands in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

_GLANCE = 1000  # rows that show whether a column has many different values
_FEW_VALUES = 100
_WORTH_IT = 4  # rows per different row that repay looking for them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikeRows:
    """Which rows are alike.

    Attributes
    ----------
    first
        Position of one row of each cell; cells hold rows that are alike.
    cell
        Cell of each row.
    """

    first: Codes
    cell: Codes

    def total(self, values: Array | None = None) -> Array:
        """Return the sum of each cell's values, or the number of its rows."""
        return np.bincount(self.cell, values, len(self.first)).astype(float)


def like_rows(x: Array, codes: Iterable[Codes]) -> LikeRows | None:
    """Find the rows that are alike; None if there are few of them.

    Parameters
    ----------
    x
        Covariates: one row of numbers for each row.
    codes
        What else has to be equal: small whole numbers from zero.

    Returns
    -------
    LikeRows or None
        In the order of the codes and of the covariates' values.

    Examples
    --------
    >>> x = np.zeros((9, 1))
    >>> alike = like_rows(x, [np.array([2, 1, 2, 2, 1, 2, 2, 1, 2])])
    >>> alike.first.tolist(), alike.total().tolist()
    ([1, 0], [3.0, 6.0])
    """
    n_rows = len(x)
    if any(np.unique(column[:_GLANCE]).size > _FEW_VALUES for column in x.T):
        return None
    number, n_cells = np.zeros(n_rows, dtype=np.intp), 1
    for code, n_codes in _all_codes(x, codes):
        if n_codes * n_cells > 2 * n_rows:
            return None
        number, n_cells = _renumbered(number * n_codes + code, n_codes * n_cells)
    if n_cells * _WORTH_IT > n_rows:
        return None
    first = np.empty(n_cells, dtype=np.intp)
    first[number[::-1]] = np.arange(n_rows)[::-1]  # the last one written stays
    return LikeRows(first=first, cell=number)


def _all_codes(x: Array, codes: Iterable[Codes]) -> Iterator[tuple[Codes, int]]:
    for code in codes:
        yield code, int(code.max(initial=0)) + 1
    for column in x.T:
        code, values = pd.factorize(column, sort=True)
        yield code.astype(np.intp), len(values)


def _renumbered(number: Codes, size: int) -> tuple[Codes, int]:
    """Return numbers without gaps, in the same order."""
    used = np.bincount(number, minlength=size) > 0
    return (np.cumsum(used) - 1)[number], int(used.sum())


def every_row(n_rows: int) -> LikeRows:
    """Return cells of one row each."""
    every = np.arange(n_rows)
    return LikeRows(first=every, cell=every)
