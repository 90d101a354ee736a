"""Nearest neighbours on a line: each pilot's nearest controls, exactly greedy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

_DIGITS = 12  # of the largest number: closer ones are equal


def nearest_pairs(
    line: Array,
    pilot: NDArray[np.bool_],
    *,
    cells: Places,
    ratio: int = 1,
    replace: bool = False,
    widest: float = math.inf,
) -> Places:
    """Match each pilot with the nearest controls of its cell.

    Greedy [1]_: the pilots choose one after the other, the greatest number first,
    those of equal numbers in the order of rows; with a `ratio` above one everybody
    chooses once before anybody chooses again. Of controls equally near the earlier row
    is taken.

    Parameters
    ----------
    line
        The number to be near in.
    pilot
        True for the pilots.
    cells
        Pilots and controls are matched only where these are equal.
    ratio
        Controls for each pilot.
    replace
        Whether a control may be taken again by another pilot.
    widest
        Greatest distance.

    Returns
    -------
    numpy.ndarray
        Position of the pilot and of the control, a row for each pair, in the order in
        which they were made within each cell.

    Notes
    -----
    Distances are whole numbers of the last of twelve digits, so that a tie is a tie on
    every machine. Without replacement the nearest control that is still free is found
    by two forests of pointers past those taken [2]_, one to either side: the time is
    that of sorting, not of comparing all pairs.

    References
    ----------
    .. [1] Rubin DB (1973). Matching to remove bias in observational studies.
       Biometrics 29, 159-183.
    .. [2] Tarjan RE (1975). Efficiency of a good but not linear set union algorithm.
       Journal of the ACM 22, 215-225.

    Examples
    --------
    >>> line = np.array([3.0, 2.0, 2.2, 2.6, 0.0])
    >>> pilot = np.array([True, True, False, False, False])
    >>> nearest_pairs(line, pilot, cells=np.zeros(5, dtype=int)).tolist()
    [[0, 3], [1, 2]]
    """
    step = 10.0 ** (math.ceil(math.log10(max(1.0, np.abs(line).max()))) - _DIGITS)
    ticks = np.rint(_snapped(line, 100 * step) / step).astype(np.int64)
    limit = widest / step if widest < math.inf else math.inf
    found: list[tuple[int, int]] = []
    for pilots, controls in _by_cell(ticks, pilot, cells):
        street = _Street.of(ticks[pilots], ticks[controls])
        pairs = (_reused if replace else _used_once)(street, ratio, limit)
        found += [(int(pilots[i]), int(controls[j])) for i, j in pairs]
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def _snapped(line: Array, tolerance: float) -> Array:
    """Give numbers that differ by rounding only the same value, the least of theirs."""
    order = np.argsort(line)
    along = line[order]
    starts = np.concatenate([[True], np.diff(along) > tolerance])
    snapped = np.empty_like(line)
    snapped[order] = along[starts][np.cumsum(starts) - 1]
    return snapped


def _by_cell(
    ticks: NDArray[np.int64], pilot: NDArray[np.bool_], cells: Places
) -> Iterator[tuple[Places, Places]]:
    """Return each cell's pilots, the greatest first, and its controls, in row order."""
    pilots, controls = np.flatnonzero(pilot), np.flatnonzero(~pilot)
    pilots = pilots[np.lexsort((-ticks[pilots], cells[pilots]))]
    controls = controls[np.argsort(cells[controls], kind="stable")]
    for cell in np.unique(cells[pilots]):
        yield tuple(  # type: ignore[misc]
            rows[slice(*np.searchsorted(cells[rows], [cell, cell + 1]))]
            for rows in (pilots, controls)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Street:
    """Controls along the line, seen by each pilot to the right and to the left.

    `right` holds the controls by ascending numbers, `left` by descending ones, equal
    ones in row order both times; `place_right` and `place_left` say where each control
    is in these, `first_right` and `first_left` where each pilot begins to look: at
    equal numbers to the right, at smaller ones to the left.
    """

    pilots: list[int]
    numbers: list[int]
    right: list[int]
    left: list[int]
    place_right: list[int]
    place_left: list[int]
    first_right: list[int]
    first_left: list[int]

    @classmethod
    def of(cls, pilots: NDArray[np.int64], controls: NDArray[np.int64]) -> _Street:
        right = np.argsort(controls, kind="stable")
        left = np.argsort(-controls, kind="stable")
        smaller = np.searchsorted(controls[right], pilots)
        return cls(
            pilots=pilots.tolist(),
            numbers=controls.tolist(),
            right=right.tolist(),
            left=left.tolist(),
            place_right=_inverse(right).tolist(),
            place_left=_inverse(left).tolist(),
            first_right=smaller.tolist(),
            first_left=(len(controls) - smaller).tolist(),
        )

    def nearer(self, own: int, right: int, left: int) -> tuple[int | None, float]:
        """Return the nearer of two controls, and how far it is; None past both ends."""
        end = len(self.numbers)
        to_right = self.right[right] if right < end else None
        to_left = self.left[left] if left < end else None
        right_far = math.inf if to_right is None else self.numbers[to_right] - own
        left_far = math.inf if to_left is None else own - self.numbers[to_left]
        if to_right is None or left_far < right_far:
            return to_left, left_far
        if to_left is None or right_far < left_far:
            return to_right, right_far
        return min(to_right, to_left), right_far


def _used_once(street: _Street, ratio: int, limit: float) -> Iterator[tuple[int, int]]:
    """Let the pilots choose in rounds; a control that is taken is gone."""
    n = len(street.numbers)
    free_right, free_left = list(range(n + 1)), list(range(n + 1))
    for _ in range(ratio):
        for i, own in enumerate(street.pilots):
            right = _next_free(free_right, street.first_right[i])
            left = _next_free(free_left, street.first_left[i])
            control, far = street.nearer(own, right, left)
            if control is not None and far <= limit:
                free_right[street.place_right[control]] += 1
                free_left[street.place_left[control]] += 1
                yield i, control


def _reused(street: _Street, ratio: int, limit: float) -> Iterator[tuple[int, int]]:
    """Let each pilot choose among all controls."""
    for i, own in enumerate(street.pilots):
        right, left = street.first_right[i], street.first_left[i]
        for _ in range(ratio):
            control, far = street.nearer(own, right, left)
            if control is None or far > limit:
                break
            yield i, control
            if street.numbers[control] >= own:
                right += 1
            else:
                left += 1


def _next_free(free: list[int], place: int) -> int:
    """Follow the pointers from a place to the next free one, and shorten the way."""
    end = place
    while free[end] != end:
        end = free[end]
    while free[place] != end:
        free[place], place = end, free[place]
    return end


def _inverse(order: Places) -> Places:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places
