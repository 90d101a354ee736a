"""Rows of a Cox model in the order in which they end, and the weeks with exits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.survival.like_rows import like_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.estimate.survival.like_rows import LikeRows

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskRows:
    """Rows of a Cox model in the order of their ends, those who leave first.

    A place is a week of a stratum: ``stratum * (T + 1) + week``. A run is what ends at
    one place in one way, by leaving or by censoring: rows that follow each other. Rows
    that are alike are one, with the sum of their weights.

    Attributes
    ----------
    order
        The row given, or cell of like rows, that each row here is.
    cell
        The cell of each row given; None where rows are not taken together.
    x
        Covariates less their mean: k x n.
    weight
        Sum of the weights.
    entry
        Place after which each row is at risk.
    late
        Rows that enter after week 0.
    run, start, length
        Of each run its place, its first row and its number of rows; the runs of those
        who leave come first.
    shape
        Strata and T + 1.
    exits
        People who leave in each of the first runs: these are the weeks with exits.
    mean_weight
        Their mean weight.
    variance
        Variance of each covariate.
    seen
        Their covariates, weighted and summed: k x place.
    fraction
        :math:`j / d` of each exit, place by place.
    """

    order: Codes
    cell: Codes | None
    x: Array
    weight: Array
    entry: Codes
    late: Codes | slice
    run: Codes
    start: Codes
    length: Codes
    shape: tuple[int, int]
    exits: Array
    mean_weight: Array
    variance: Array
    seen: Array
    fraction: Array

    @property
    def row(self) -> Codes:
        """The row here of each row given."""
        row = np.empty_like(self.order)
        row[self.order] = np.arange(len(row))
        return row if self.cell is None else row[self.cell]

    @property
    def place(self) -> Codes:
        """Places in which people leave."""
        return self.run[: len(self.exits)]

    @property
    def week(self) -> Codes:
        """Weeks of those places."""
        return self.place % self.shape[1]

    @property
    def n_left(self) -> int:
        """The first so many rows are those who leave."""
        return int(self.length[: len(self.exits)].sum())

    def of_columns(self, columns: Sequence[int]) -> RiskRows:
        """Return the rows with some of the covariates only."""
        return replace(
            self,
            x=self.x[columns],
            variance=self.variance[columns],
            seen=self.seen[columns],
        )

    def sums(self, values: Array) -> tuple[Array, Array]:
        """Sum a value over those at risk, and over those who leave, by place."""
        per_run = np.add.reduceat(values, self.start)
        left = per_run[: len(self.exits)]
        size = self.shape[0] * self.shape[1]
        ended = np.bincount(self.run, per_run, size)
        entered = np.bincount(self.entry[self.late], values[self.late], size)
        per_week = (ended - entered).reshape(self.shape)
        at_risk = np.cumsum(per_week[:, ::-1], axis=1)[:, ::-1].ravel()
        return at_risk[self.place], left

    def while_at_risk(self, values: Array, not_at_exit: Array) -> Array:
        """Sum values of places over the time in which each row is at risk.

        From the rows that leave, what is not theirs in the week of their exit is taken
        off again.
        """
        every = np.zeros(self.shape[0] * self.shape[1])
        every[self.place] = values
        until = np.cumsum(every.reshape(self.shape), axis=1).ravel()
        per_run = until[self.run]
        per_run[: len(self.exits)] -= not_at_exit
        rows = np.repeat(per_run, self.length)
        rows[self.late] -= until[self.entry[self.late]]
        return rows

    def of_exits(self, values: Array) -> Array:
        """Return values of places for each row that leaves."""
        return np.repeat(values, self.length[: len(self.exits)])


def risk_rows(
    entry: Codes,
    end: Codes,
    left: NDArray[np.bool_],
    x: Array,
    *,
    stratum: Codes | None = None,
    weights: Array | None = None,
    counts: Array | None = None,
) -> RiskRows:
    """Prepare rows for a Cox model.

    Parameters
    ----------
    entry, end
        Whole weeks, ``0 <= entry < end``.
    left
        Whether the row's event happens in week `end`; else it is censored there.
    x
        Covariates: n x k.
    stratum
        Number of each row's stratum; None: one.
    weights
        Weight of each row; None: 1.
    counts
        How many people each row stands for, in a table of counts; None: 1.

    Returns
    -------
    RiskRows
        Rows that are alike taken together where that pays.
    """
    strata = np.zeros(len(end), dtype=np.intp) if stratum is None else stratum
    alike = like_rows(x, [strata, entry, end, left.astype(np.intp)])
    people, weight = _sizes(alike, weights, counts, len(end))
    if alike is not None:
        first = alike.first
        strata, entry, end = strata[first], entry[first], end[first]
        left, x = left[first], x[first]
    shape = (int(strata.max(initial=0)) + 1, int(end.max(initial=0)) + 1)
    size = shape[0] * shape[1]
    ends = strata * shape[1] + end + size * ~left
    order = _sorted(ends, 2 * size)
    length = np.bincount(ends, minlength=2 * size)
    run = np.flatnonzero(length)
    start = np.cumsum(length[run]) - length[run]
    n_runs = int((run < size).sum())
    entered = (strata * shape[1] + entry)[order]
    late = np.flatnonzero(entered % shape[1])
    weight = weight[order]
    exits, of_exits = (
        np.add.reduceat(values, start)[:n_runs] for values in (people[order], weight)
    )
    columns, variance, seen = _centred(x, order, weight, start)
    return RiskRows(
        order=order,
        cell=None if alike is None else alike.cell,
        x=columns,
        weight=weight,
        entry=entered,
        late=slice(None) if len(late) == len(entered) else late,
        run=run % size,
        start=start,
        length=length[run],
        shape=shape,
        exits=exits,
        mean_weight=of_exits / exits,
        variance=variance,
        seen=seen[:, :n_runs],
        fraction=_fractions(exits),
    )


def _sizes(
    alike: LikeRows | None, weights: Array | None, counts: Array | None, n_rows: int
) -> tuple[Array, Array]:
    """Return how many people each cell stands for, and their weight."""
    if alike is not None:
        people = alike.total(counts)
        return people, people if weights is None else alike.total(
            _times(weights, counts)
        )
    people = np.ones(n_rows) if counts is None else counts
    return people, people if weights is None else _times(weights, counts)


def _times(weights: Array, counts: Array | None) -> Array:
    return weights if counts is None else weights * counts


def _centred(
    x: Array, order: Codes, weight: Array, start: Codes
) -> tuple[Array, Array, Array]:
    """Return columns less their means (k x n), their variances, and sums per run."""
    total = max(weight.sum(), np.finfo(float).tiny)
    columns = np.empty(x.shape[::-1])
    variance, sums = np.zeros(len(columns)), np.zeros((len(columns), len(start)))
    weighted = np.empty(len(order))
    for k, column in enumerate(columns):
        np.take(x[:, k], order, out=column)
        np.subtract(column, np.einsum("n,n", weight, column) / total, out=column)
        np.multiply(weight, column, out=weighted)
        variance[k] = np.einsum("n,n", weighted, column) / total
        sums[k] = np.add.reduceat(weighted, start)
    return columns, variance, sums


def _sorted(codes: Codes, size: int) -> Codes:
    """Return the stable order of codes; small numbers are sorted in linear time."""
    small = np.iinfo(np.uint16).max
    narrow = codes.astype(np.uint16) if size <= small else codes
    return np.argsort(narrow, kind="stable")


def _fractions(exits: Array) -> Array:
    """Return 0, 1/d ... (d - 1)/d for each place with d exits."""
    counts = exits.astype(np.intp)
    starts = np.cumsum(counts) - counts
    return (np.arange(counts.sum()) - np.repeat(starts, counts)) / np.repeat(
        exits, counts
    )
