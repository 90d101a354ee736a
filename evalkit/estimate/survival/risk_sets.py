"""Risk sets: how many people are at risk, and how many leave, week by week.

Durations are whole weeks, so these counts hold all that a curve or a rank test needs:
a million people, or counts of them from a database, are a table of some hundred rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSets:
    """People at risk and events of each week from 1 to the last, for each cell.

    A cell is a group, or a group in a stratum. At risk in week t means
    ``entry < t <= end``: those who enter in week t are not yet, those who leave or are
    censored in it still are.

    Attributes
    ----------
    weeks
        1, 2 ... T.
    n_at_risk
        People at risk: cell x week.
    n_routes
        People who leave: cell x route x week.
    at_risk, routes
        The same, each row counted by its weight; without weights the same numbers.
    """

    weeks: Counts
    n_at_risk: Counts
    n_routes: Counts
    at_risk: Array
    routes: Array

    @property
    def n_events(self) -> Counts:
        """People who leave by any route: cell x week."""
        return np.asarray(self.n_routes.sum(axis=1))

    @property
    def events(self) -> Array:
        """Weight of those who leave by any route: cell x week."""
        return np.asarray(self.routes.sum(axis=1))

    def cell(self, number: int) -> Self:
        """Return the risk sets of one cell."""
        one = slice(number, number + 1)
        return type(self)(
            weeks=self.weeks,
            n_at_risk=self.n_at_risk[one],
            n_routes=self.n_routes[one],
            at_risk=self.at_risk[one],
            routes=self.routes[one],
        )


def risk_sets(
    entry: ArrayLike,
    end: ArrayLike,
    event: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    cell: NDArray[np.intp] | None = None,
    n_cells: int = 1,
    n_weeks: int = 0,
) -> RiskSets:
    """Count people at risk and events per week.

    Parameters
    ----------
    entry, end
        Whole weeks, ``0 <= entry < end``: a row is at risk after `entry` and until the
        end of week `end`.
    event
        0 or False for a row that is censored at `end`; else the number of its route:
        1 (or True), 2 ...
    weights
        Weight of each row; None: 1.
    counts
        How many people each row stands for, in a table of counts; None: 1.
    cell
        Number of each row's cell, from zero; None: one cell.
    n_cells
        How many cells there are.
    n_weeks
        Weeks to count at the least, though nobody may be at risk in the last of them.

    Returns
    -------
    RiskSets
        From week 1 to the largest `end`.

    Examples
    --------
    >>> sets = risk_sets([0, 0, 2], [1, 3, 3], [1, 0, 1])
    >>> sets.n_at_risk.tolist(), sets.n_events.tolist()
    ([[2, 1, 2]], [[1, 0, 1]])
    """
    rows = _Rows(
        n_weeks=n_weeks,
        entry=np.asarray(entry, dtype=np.intp),
        end=np.asarray(end, dtype=np.intp),
        event=np.asarray(event, dtype=np.intp),
        cell=None if n_cells == 1 else cell,
    )
    size = None if counts is None else np.asarray(counts, dtype=float)
    n_at_risk, n_routes = rows.counted(n_cells, size)
    at_risk, routes = n_at_risk, n_routes
    if weights is not None:
        weight = np.asarray(weights, dtype=float)
        at_risk, routes = rows.counted(
            n_cells, weight if size is None else weight * size
        )
        at_risk = np.where(n_at_risk > 0, at_risk, 0.0)  # no dust of rounding
    return RiskSets(
        weeks=np.arange(1, n_at_risk.shape[1] + 1),
        n_at_risk=np.rint(n_at_risk).astype(np.int64),
        n_routes=np.rint(n_routes).astype(np.int64),
        at_risk=at_risk,
        routes=routes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Columns of the rows to count; `cell` is None where there is one cell."""

    entry: NDArray[np.intp]
    end: NDArray[np.intp]
    event: NDArray[np.intp]
    cell: NDArray[np.intp] | None
    n_weeks: int

    def counted(self, n_cells: int, size: Array | None) -> tuple[Array, Array]:
        """Return at risk (cell x week) and events (cell x route x week)."""
        n_weeks = int(self.end.max(initial=self.n_weeks))
        n_routes = max(int(self.event.max(initial=0)), 1)
        shape = (n_cells, n_weeks + 1)
        entries = _per_week(self.entry, self.cell, shape, size)
        ends = _per_week(self.end, self.cell, shape, size)
        # Counted from the last week: who has not ended yet, less who has not entered.
        present = np.cumsum((ends - entries)[:, ::-1], axis=1)[:, ::-1]
        left = np.flatnonzero(self.event)
        route = self.event[left] - 1
        if self.cell is not None:
            route = self.cell[left] * n_routes + route
        events = _per_week(
            self.end[left],
            route,
            (n_cells * n_routes, n_weeks + 1),
            None if size is None else size[left],
        ).reshape(n_cells, n_routes, n_weeks + 1)
        return present[:, 1:], events[:, :, 1:]


def _per_week(
    week: NDArray[np.intp],
    row: NDArray[np.intp] | None,
    shape: tuple[int, int],
    size: Array | None,
) -> Array:
    """Return counts, or sums of sizes, in a table of row x week, week 0 first."""
    place = week if row is None else row * shape[1] + week
    counted = np.bincount(place, size, shape[0] * shape[1])
    return counted.astype(float).reshape(shape)
