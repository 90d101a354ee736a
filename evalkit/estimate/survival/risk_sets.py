"""Risk sets: how many people are at risk, and how many leave, week by week.

Durations are whole weeks, so these counts hold all that a curve or a rank test needs:
a million people, or counts of them from a database, are a table of some hundred rows.
"""

from __future__ import annotations

import math
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
    rows = _Rows.of(entry, end, event, cell if n_cells > 1 else None, n_weeks=n_weeks)
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
    """Where each row is counted as one who enters, and as one who ends."""

    entering: NDArray[np.intp] | None
    ending: NDArray[np.intp]
    n_weeks: int
    n_routes: int

    @classmethod
    def of(
        cls,
        entry: ArrayLike,
        end: ArrayLike,
        event: ArrayLike,
        cell: NDArray[np.intp] | None,
        *,
        n_weeks: int,
    ) -> Self:
        """Return the places in cell x week, and in cell x (0 or route) x week."""
        entering, ending = np.asarray(entry, np.intp), np.asarray(end, np.intp)
        route = np.asarray(event)
        last = int(ending.max(initial=n_weeks))
        n_routes = max(int(route.max(initial=0)), 1)
        # In place: a million rows are copied once, not five times.
        if cell is None:
            place = route.astype(np.intp)
        else:
            place = cell * np.intp(n_routes + 1)
            place += route
        place *= last + 1
        place += ending
        late = entering.any()  # who enters in week 0 is at risk from the first on
        if late and cell is not None:
            entering = cell * (last + 1) + entering
        return cls(
            entering=entering if late else None,
            ending=place,
            n_weeks=last,
            n_routes=n_routes,
        )

    def counted(self, n_cells: int, size: Array | None) -> tuple[Array, Array]:
        """Return at risk (cell x week) and events (cell x route x week)."""
        shape = (n_cells, self.n_routes + 1, self.n_weeks + 1)
        ends = _counts(self.ending, size, shape)
        change = ends.sum(axis=1)
        if self.entering is not None:
            change -= _counts(self.entering, size, (n_cells, self.n_weeks + 1))
        # Counted from the last week: who has not ended yet, less who has not entered.
        present = np.cumsum(change[:, ::-1], axis=1)[:, ::-1]
        return present[:, 1:], ends[:, 1:, 1:]


def _counts(
    place: NDArray[np.intp], size: Array | None, shape: tuple[int, ...]
) -> Array:
    """Return how many rows, or what sum of sizes, is in each place of a table."""
    return np.bincount(place, size, math.prod(shape)).astype(float).reshape(shape)
