"""Rows cut into intervals: in which each is at risk, and for how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from evalkit.estimate.survival.like_rows import every_row, like_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations
    from evalkit.estimate.survival.looks import Looks

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

_EXITS_A_PIECE = 10  # a level of its own for fewer would pull on the ratio


class Spells(NamedTuple):
    """Intervals in which rows are at risk, counted from zero.

    `first_part` and `last_part` are the parts of the first and of the last interval, in
    intervals, in which they are: 1 for all of it.
    """

    first: Codes
    last: Codes
    first_part: Array
    last_part: Array

    def of(self, rows: Codes) -> Spells:
        """Return the intervals of some of the rows."""
        return Spells(
            self.first[rows],
            self.last[rows],
            self.first_part[rows],
            self.last_part[rows],
        )


def spells_by_weeks(
    durations: Durations, left: NDArray[np.bool_], width: int
) -> Spells:
    """Cut time into intervals of some weeks; an exit is known to its interval only."""
    entry, end = durations.entry, durations.end
    first, last = entry // width, (end - 1) // width
    until = np.where(left, (last + 1) * width, end)
    alone = first == last
    begun = np.where(alone, until, (first + 1) * width) - entry
    ended = np.where(alone, width, until - last * width)
    return Spells(first, last, begun / width, ended / width)


def spells_by_looks(
    durations: Durations, left: NDArray[np.bool_], looks: Looks
) -> Spells:
    """Cut time at the looks at a register; the first interval may be a part of a month.

    Who was not looked at again after time zero has no interval: `last` is -1.
    """
    weeks = durations.end.astype(float)
    number = np.where(left, looks.noticed(weeks), looks.seen_by(weeks))
    one = np.ones(len(weeks))
    return Spells(np.zeros_like(number), number - 1, looks.first_months(), one)


def whole_intervals(spells: Spells) -> Spells:
    """Leave out the intervals in which a row is at risk for a part only."""
    whole_first, whole_last = spells.first_part >= 1, spells.last_part >= 1
    alone = spells.first == spells.last
    first = spells.first + ~whole_first
    last = spells.last - (~whole_last & ~alone)
    one = np.ones(len(first))
    return Spells(first, last, one, one)


class AtRisk(NamedTuple):
    """Rows at risk in one interval."""

    rows: Codes
    offset: Array
    left: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonPeriods:
    """Rows and the intervals in which they are at risk; like rows are one.

    Attributes
    ----------
    row
        The row here of each row given; -1 for a row that is in no interval.
    x
        Covariates: k x n.
    weight, people
        Sum of the weights, and number of rows.
    spells
        Their intervals.
    left
        Whether the last of them ends in an exit.
    piece
        Piece of each interval: neighbours share a level where exits are few.
    """

    row: Codes
    x: Array
    weight: Array
    people: Array
    spells: Spells
    left: NDArray[np.bool_]
    piece: Codes

    @classmethod
    def of(
        cls,
        spells: Spells,
        left: NDArray[np.bool_],
        x: Array,
        *,
        weights: Array | None = None,
        counts: Array | None = None,
    ) -> Self:
        """Prepare rows with covariates n x k."""
        used = np.flatnonzero(spells.last >= spells.first)
        own = spells.of(used)
        left, x = left[used], x[used]
        codes = [own.first, own.last, left.astype(np.intp), *_parts(own)]
        alike = like_rows(x, codes) or every_row(len(x))
        first = alike.first
        row = np.full(len(spells.first), -1, dtype=np.intp)
        row[used] = alike.cell
        cells = own.of(first)
        people = alike.total(None if counts is None else counts[used])
        return cls(
            row=row,
            x=np.ascontiguousarray(x[first].T),
            weight=people if weights is None else alike.total(weights[used]),
            people=people,
            spells=cells,
            left=left[first],
            piece=_pieces(cells, left[first], people),
        )

    @property
    def n_pieces(self) -> int:
        """Number of pieces; 0 where nobody leaves."""
        return int(self.piece.max(initial=-1)) + 1

    def each(self) -> Iterator[AtRisk]:
        """Give the rows at risk, interval by interval."""
        first, last, first_part, last_part = self.spells
        log_first, log_last = np.log(first_part), np.log(last_part)
        for period in range(len(self.piece)):
            rows = np.flatnonzero((first <= period) & (last >= period))
            is_last = last[rows] == period
            offset = np.where(first[rows] == period, log_first[rows], 0.0)
            offset += np.where(is_last, log_last[rows], 0.0)
            yield AtRisk(rows, offset, is_last & self.left[rows])


def _parts(spells: Spells) -> list[Codes]:
    """Return the different parts as codes."""
    return [
        np.unique(part, return_inverse=True)[1].astype(np.intp)
        for part in (spells.first_part, spells.last_part)
    ]


def _pieces(spells: Spells, left: NDArray[np.bool_], people: Array) -> Codes:
    """Join intervals until each piece has exits, and people who stayed."""
    if not left.any():
        return np.full(0, 0, dtype=np.intp)
    n = int(spells.last.max()) + 1
    exits = np.bincount(spells.last[left], people[left], n)
    entered = np.bincount(spells.first, people, n)
    ended = np.bincount(spells.last, people, n)
    at_risk = np.cumsum(entered) - np.cumsum(ended) + ended
    piece = np.zeros(n, dtype=np.intp)
    number, of_piece, stayed = 0, 0.0, 0.0
    for period in range(n):
        piece[period] = number
        of_piece += exits[period]
        stayed += at_risk[period] - exits[period]
        if of_piece >= _EXITS_A_PIECE and stayed > 0:
            number, of_piece, stayed = number + 1, 0.0, 0.0
    return np.minimum(piece, max(number - 1, 0))
