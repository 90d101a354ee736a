"""Nearest neighbours on a line: each pilot's nearest controls, exactly greedy."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]
    Ticks = NDArray[np.int64]

_DIGITS = 12  # of the largest number: those that agree in them are equal
_CLOSE = 100  # ticks between neighbours that differ by rounding only


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
    order, ticks = _in_order(line, step)
    limit = min(widest / step, sys.float_info.max)  # nobody is infinitely far
    choose = _reused if replace else _used_once
    found = [np.zeros((0, 2), dtype=np.intp)]
    for pilots, controls in _by_cell(order, ticks, pilot, cells):
        stops, own = _Stops.of(controls, ticks[controls]), ticks[pilots]
        ahead = np.searchsorted(stops.numbers, own)
        chosen = choose(stops, own.tolist(), ahead.tolist(), ratio, limit)
        pairs = np.array([*chosen], dtype=np.intp).reshape(-1, 2)
        pairs[:, 0] = pilots[pairs[:, 0]]
        found.append(pairs)
    return np.concatenate(found)


def _in_order(line: Array, step: float) -> tuple[Places, Ticks]:
    """Return the rows in ascending order, equal ones as they are, and their ticks.

    Numbers that differ by rounding only are equal: to the least of them.
    """
    order = np.argsort(line)
    along = line[order]
    starts = np.concatenate([[True], np.diff(along) > _CLOSE * step])
    along = along[starts][np.cumsum(starts) - 1]
    ticks = np.empty(len(line), dtype=np.int64)
    ticks[order] = along = np.rint(along / step).astype(np.int64)
    equal = len(line) * np.cumsum(np.diff(along, prepend=along[:1]) > 0)
    return np.sort(equal + order, kind="stable") - equal, ticks


def _by_cell(
    order: Places, ticks: Ticks, pilot: NDArray[np.bool_], cells: Places
) -> Iterator[tuple[Places, Places]]:
    """Return each cell's pilots, the greatest first, and its controls in order."""
    order = order[np.argsort(cells[order], kind="stable")]
    pilots, controls = order[pilot[order]], order[~pilot[order]]
    for cell in np.unique(cells[pilots]):
        own, others = (
            rows[slice(*np.searchsorted(cells[rows], [cell, cell + 1]))]
            for rows in (pilots, controls)
        )
        yield own[np.argsort(-ticks[own], kind="stable")], others


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stops:
    """Where the controls are along the line: a stop for each different number.

    Attributes
    ----------
    numbers
        The number of each stop, ascending.
    rows
        The controls, stop by stop.
    next
        The place in `rows` of each stop's control that is taken next.
    end
        The place after each stop's last one.
    above, below
        Pointers past the stops where nobody is left. From stop i the next one upwards
        is at `above[i]`, the next one below it at `below[i] - 1`.
    """

    numbers: memoryview[int]
    rows: memoryview[int]
    next: memoryview[int]
    end: memoryview[int]
    above: memoryview[int]
    below: memoryview[int]

    @classmethod
    def of(cls, controls: Places, ticks: Ticks) -> _Stops:
        """Return the stops of controls that are in order."""
        starts = np.flatnonzero(np.diff(ticks, prepend=ticks[:1] - 1))
        # Of many controls few are looked at: a view gives them without making a list.
        return cls(
            numbers=ticks[starts].data,
            rows=controls.data,
            next=starts.data,
            end=np.append(starts[1:], len(ticks)).data,
            above=np.arange(len(starts) + 1).data,
            below=np.arange(len(starts) + 1).data,
        )

    def nearest(self, own: int, ahead: int) -> tuple[int, float]:
        """Return the nearest stop, and how far it is: infinitely where nobody is left.

        `ahead` is the first stop that is not below the pilot's own number.
        """
        right, left = _end(self.above, ahead), _end(self.below, ahead) - 1
        right_far = self.numbers[right] - own if right < len(self.numbers) else math.inf
        left_far = own - self.numbers[left] if left >= 0 else math.inf
        if left_far == right_far < math.inf:
            earlier = self.rows[self.next[left]] < self.rows[self.next[right]]
            return (left if earlier else right), right_far
        return (left, left_far) if left_far < right_far else (right, right_far)

    def take(self, stop: int) -> int:
        """Return the row of a stop's next control, who is gone then."""
        place = self.next[stop]
        self.next[stop] = place + 1
        if place + 1 == self.end[stop]:
            self.above[stop], self.below[stop + 1] = stop + 1, stop
        return self.rows[place]

    def give_back(self, stop: int) -> None:
        """Let the control who was taken last from a stop be there again."""
        self.next[stop] -= 1
        self.above[stop], self.below[stop + 1] = stop, stop + 1


def _used_once(
    stops: _Stops, pilots: list[int], ahead: list[int], ratio: int, limit: float
) -> Iterator[tuple[int, int]]:
    """Let the pilots choose in rounds; a control that is taken is gone."""
    for _ in range(ratio):
        for i, (own, first) in enumerate(zip(pilots, ahead, strict=True)):
            stop, far = stops.nearest(own, first)
            if far <= limit:
                yield i, stops.take(stop)


def _reused(
    stops: _Stops, pilots: list[int], ahead: list[int], ratio: int, limit: float
) -> Iterator[tuple[int, int]]:
    """Let each pilot choose among all controls."""
    for i, (own, first) in enumerate(zip(pilots, ahead, strict=True)):
        taken = []
        for _ in range(ratio):
            stop, far = stops.nearest(own, first)
            if far > limit:
                break
            taken.append(stop)
            yield i, stops.take(stop)
        for stop in reversed(taken):
            stops.give_back(stop)


def _end(pointers: memoryview[int], place: int) -> int:
    """Follow the pointers from a place to their end, and shorten the way."""
    end = place
    while pointers[end] != end:
        end = pointers[end]
    while pointers[place] != end:
        pointers[place], place = end, pointers[place]
    return end
