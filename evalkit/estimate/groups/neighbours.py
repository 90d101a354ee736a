"""The nearest rows on a line, within cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

_ANOTHER_CELL = 4.0  # times the whole line: near cells come before far ones


def nearest_neighbours(
    line: Array, cells: Places, *, among: Places, number: int, oneself: bool = True
) -> Places:
    """Return the nearest of some rows for every row: n x number positions.

    Those of the same cell come first; a cell that has too few is helped out by the
    next one, because a variance is better borrowed than missing. Of two equally near
    the one with the smaller number on the line, then the earlier row, is taken.

    Parameters
    ----------
    line
        The number to be near in.
    cells
        Cell of each row.
    among
        Positions of those who may be neighbours; at least `number` and one.
    number
        Neighbours for each row.
    oneself
        Whether a row may be its own neighbour.

    Returns
    -------
    numpy.ndarray
        Positions, the nearest first.

    Examples
    --------
    >>> line = np.array([1.0, 2.0, 4.0, 8.0])
    >>> rows = np.arange(4)
    >>> one_cell = np.zeros(4, dtype=int)
    >>> nearest_neighbours(line, one_cell, among=rows, number=2, oneself=False).tolist()
    [[1, 2], [0, 2], [1, 0], [2, 1]]
    """
    along = line - line.min() + _ANOTHER_CELL * (np.ptp(line) + 1) * cells
    order = among[np.argsort(along[among], kind="stable")]
    reach = number + (not oneself)
    places = np.searchsorted(along[order], along)[:, None] + np.arange(
        -reach, reach + 1
    )
    inside = (places >= 0) & (places < len(order))
    candidates = order[np.clip(places, 0, len(order) - 1)]
    far = np.where(inside, np.abs(along[candidates] - along[:, None]), np.inf)
    if not oneself:
        far[candidates == np.arange(len(line))[:, None]] = np.inf
    nearest = np.argsort(far, axis=1, kind="stable")[:, :number]
    return np.take_along_axis(candidates, nearest, axis=1)
