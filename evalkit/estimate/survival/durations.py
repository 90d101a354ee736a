"""The durations of a cohort on one of its two clocks, checked and as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.week_counts import WeekCounts, people_of
from evalkit.errors import EstimationError
from evalkit.estimate.effect import joined
from evalkit.estimate.survival.risk_sets import RiskSets, risk_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.weights import Weights

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

Clock = Literal["entry", "registration"]
"""``entry``: weeks since time zero; ``registration``: since unemployment began."""

GROUPS = ("pilot", "control")
"""The groups in the order of `Durations.group`."""

UNKNOWN_ROUTE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Durations:
    """Rows that are at risk for a week or more, on one clock.

    Attributes
    ----------
    clock
        ``entry`` or ``registration``.
    rows
        Their positions in the cohort.
    entry, end
        Whole weeks: at risk after `entry` and until the end of week `end`.
    exited
        Whether the row left unemployment in week `end`; else it is censored there.
    route
        Number of the exit's route in `routes`, counted from 1; 0 for a censored row.
    routes
        Names of the routes, in alphabetical order, the unknown one last.
    group
        0 for the pilot group, 1 for the control group, as in `GROUPS`.
    stratum
        Number of the stratum in `strata`.
    strata
        Names of the strata.
    stratified_by
        The column that they are from; None for one stratum.
    person
        Who recurs; None where every row is a person.
    weights
        Weight of each row; None where there are none.
    n_left_out
        Rows of the cohort that are not among these.
    note
        Why they are not, and what was rounded; empty when there is nothing.
    start
        Week that everybody here has lasted: what happened before it is not looked at.
    counts
        People whom each row stands for; None where every row is one.
    """

    clock: Clock
    rows: Codes
    entry: Codes
    end: Codes
    exited: NDArray[np.bool_]
    route: Codes
    routes: tuple[str, ...]
    group: Codes
    stratum: Codes
    strata: tuple[str, ...]
    stratified_by: str | None
    person: pd.Series | None
    weights: Array | None
    n_left_out: int
    note: str
    start: int = 0
    counts: Array | None = None

    @classmethod
    def of(
        cls,
        cohort: Cohort | WeekCounts,
        clock: Clock = "entry",
        *,
        weights: Weights | None = None,
        strata: str | None = None,
        with_routes: bool = True,
    ) -> Self:
        """Return the durations of a cohort, or say what it lacks.

        Parameters
        ----------
        cohort
            People, or counts of them, with ``weeks`` and ``exited``; on the clock of
            registration with ``weeks_before`` too.
        clock
            ``"entry"`` counts from time zero, when everybody enters.
            ``"registration"`` counts from the beginning of unemployment; people enter
            late, with the weeks that they already had at time zero.
        weights
            Weights of the cohort's rows; rows of weight zero are left out.
        strata
            Column of strata, such as ``"month"``. None: one stratum.
        with_routes
            Whether exits by different routes are told apart.

        Returns
        -------
        Durations
            Without the rows of unknown weeks, and those never at risk (0 weeks).

        Raises
        ------
        EstimationError
            If the clock is unknown, or the cohort has no such columns.

        Examples
        --------
        >>> from evalkit.cohort.cohort import Cohort
        >>> people = pd.DataFrame(
        ...     {"treat": [1, 0, 0], "weeks": [3, 5, None], "left": [1, 0, 0]}
        ... )
        >>> cohort = Cohort.from_frame(
        ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
        ... )
        >>> durations = Durations.of(cohort)
        >>> durations.end.tolist(), durations.exited.tolist(), durations.note
        ([3, 5], [True, False], '1 row(s) of unknown weeks left out')
        """
        _require(cohort, clock, strata)
        people = cohort.people
        exited = people["exited"].to_numpy(dtype=bool)
        spans, rounded = _whole_weeks(people, exited, clock)
        counts = cohort.counts if isinstance(cohort, WeekCounts) else None
        weight = _weight(weights, cohort)
        used, left_out = _usable(*spans, weight, counts)
        rows = np.flatnonzero(used)
        kept = slice(None) if used.all() else rows  # no copies of what stays whole
        known = with_routes and "exit_to" in people.columns
        route, routes = (
            _routes(people["exit_to"].iloc[kept], exited[kept])
            if known
            else (exited[kept].astype(np.intp), (UNKNOWN_ROUTE,))
        )
        stratum, names = _strata(people, rows, strata)
        entry, end = (span[kept].astype(np.intp) for span in spans)
        return cls(
            clock=clock,
            rows=rows,
            entry=entry,
            end=end,
            exited=exited[kept],
            route=route,
            routes=routes,
            group=np.where(people["group"].to_numpy()[kept] == GROUPS[0], 0, 1),
            stratum=stratum,
            strata=names,
            stratified_by=strata,
            person=people["person"].iloc[rows] if cohort.has_persons else None,
            weights=None if weight is None else weight[rows],
            n_left_out=round(_total(~used, counts)),
            note=joined(left_out, rounded),
            counts=None if counts is None else counts[rows],
        )

    @property
    def pilot(self) -> NDArray[np.bool_]:
        """True for the pilot group."""
        return np.asarray(self.group == 0)

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows of the pilot and of the control group."""
        if self.counts is None:
            n_control = int(np.count_nonzero(self.group))
            return len(self.group) - n_control, n_control
        n_pilot, n_control = np.bincount(self.group, self.counts, len(GROUPS))
        return round(n_pilot), round(n_control)

    @property
    def cell(self) -> Codes:
        """Number of each row's stratum and group: ``2 * stratum + group``."""
        if len(self.strata) == 1:
            return self.group
        return len(GROUPS) * self.stratum + self.group

    def after(self, week: int) -> Self:
        """Return who lasts beyond a week, as seen from it on; the clock runs on."""
        if not week:
            return self
        lasting = self.end > week
        columns = ("rows", "end", "exited", "route", "group", "stratum")
        kept = {name: getattr(self, name)[lasting] for name in columns}
        optional = ("person", "weights", "counts")
        for name in optional:
            column = getattr(self, name)
            kept[name] = None if column is None else column[lasting]
        entry = np.maximum(self.entry[lasting], week)
        return replace(self, entry=entry, start=week, **kept)

    def exits_until(self, week: int) -> int:
        """Return how many people leave in one of the weeks until this one."""
        return round(_total(self.exited & (self.end <= week), self.counts))

    def cluster(self) -> Codes:
        """Return the number of each row's person (looked up anew at every call)."""
        if self.person is None:
            return np.arange(len(self.rows))
        return np.asarray(pd.factorize(self.person)[0], dtype=np.intp)

    def has_recurring(self, *, within_groups: bool = False) -> bool:
        """Tell whether anybody has more than one row (in the same group)."""
        if self.person is None:
            return False
        if not within_groups:
            return bool(self.person.duplicated().any())
        return any(
            self.person[self.group == g].duplicated().any() for g in range(len(GROUPS))
        )

    @property
    def missing_group_note(self) -> str:
        """Name the groups without anybody; empty when there are none."""
        empty = [name for name, n in zip(GROUPS, self.sizes, strict=True) if not n]
        return f"nobody at risk in the {' and the '.join(empty)} group" if empty else ""

    def risk_sets(
        self, *, by_stratum: bool = False, routes: bool = False, n_weeks: int = 0
    ) -> RiskSets:
        """Count at risk and events per week and group, `n_weeks` weeks at the least.

        Cells are the pilot and the control group; by stratum, cell ``2 s + g`` is
        group g in stratum s. Events are all exits (one route), or kept apart by route.
        """
        n_groups = len(GROUPS)
        return risk_sets(
            self.entry,
            self.end,
            self.route if routes else self.exited,
            weights=self.weights,
            counts=self.counts,
            cell=self.cell if by_stratum else self.group,
            n_cells=n_groups * (len(self.strata) if by_stratum else 1),
            n_weeks=n_weeks,
        )


def _require(cohort: Cohort | WeekCounts, clock: str, strata: str | None) -> None:
    if clock not in get_args(Clock):
        raise EstimationError(
            f"`clock` is unknown: {clock!r}.",
            hint=f"Choose {', '.join(get_args(Clock))}.",
        )
    needed = ["weeks", "exited"]
    if clock == "registration":
        needed.append("weeks_before")
    missing = [name for name in needed if name not in cohort.people.columns]
    if missing:
        raise EstimationError(
            f"The cohort has no column {', '.join(missing)}.",
            hint="Name them: Cohort.from_frame(..., "
            f"{', '.join(f'{name}=...' for name in missing)}).",
        )
    if strata is not None and strata not in cohort.people.columns:
        raise EstimationError(
            f"The cohort has no column {strata!r}.",
            hint=f"It has: {', '.join(map(str, cohort.people.columns))}.",
        )


def _whole_weeks(
    people: pd.DataFrame, exited: NDArray[np.bool_], clock: Clock
) -> tuple[tuple[Array, Array], str]:
    """Return entry and end; exits within a week are counted up, all else down."""
    whole, parts = _floor(people["weeks"])
    if parts.any():
        whole = whole + (parts & exited)
    n_parts, elapsed, end = np.count_nonzero(parts), np.zeros(len(whole)), whole
    if clock == "registration":
        elapsed, parts = _floor(people["weeks_before"])
        n_parts, end = n_parts + np.count_nonzero(parts), elapsed + whole
    note = f"{n_parts} duration(s) rounded to whole weeks: exits up, all else down"
    return (elapsed, end), note if n_parts else ""


def _floor(values: pd.Series) -> tuple[Array, NDArray[np.bool_]]:
    """Return whole weeks, and where there was a part of one besides."""
    weeks = values.to_numpy(dtype=float)
    whole = np.floor(weeks)
    return whole, whole < weeks


def _weight(weights: Weights | None, cohort: Cohort | WeekCounts) -> Array | None:
    if weights is None:
        return None
    n_rows = len(people_of(cohort, "Weights").people)
    values = np.asarray(weights.values, dtype=np.float64)
    if len(values) != n_rows:
        raise EstimationError(
            f"`weights` has {len(values)} values, and the cohort {n_rows} rows.",
            hint="Weigh this very cohort: weigh(cohort).",
        )
    return values


def _usable(
    entry: Array, end: Array, weight: Array | None, counts: Array | None
) -> tuple[NDArray[np.bool_], str]:
    """Tell which rows are at risk at all, and why the others are not."""
    known = (end >= 0) & (entry >= 0)  # neither is NaN
    at_risk = known & (end > entry)
    used = at_risk if weight is None else at_risk & (weight > 0)
    reasons = (
        (_total(~known, counts), "of unknown weeks"),
        (_total(known & ~at_risk, counts), "observed for less than a week"),
        (_total(at_risk & ~used, counts), "of weight zero"),
    )
    notes = [f"{n:.0f} row(s) {reason} left out" for n, reason in reasons if n]
    return used, joined(*notes)


def _total(rows: NDArray[np.bool_], counts: Array | None) -> float:
    """Return how many people some rows are."""
    return float(rows.sum() if counts is None else counts[rows].sum())


def _routes(
    exit_to: pd.Series, exited: NDArray[np.bool_]
) -> tuple[Codes, tuple[str, ...]]:
    """Return the number of each row's route, and the routes' names."""
    code, found = pd.factorize(exit_to)
    names = [*map(str, found), UNKNOWN_ROUTE]  # a missing route has the code -1
    counted = np.bincount(code + 1, weights=exited)  # the missing first
    taken = {names[place - 1] for place in np.flatnonzero(counted)}
    routes = sorted(taken, key=lambda name: (name == UNKNOWN_ROUTE, name))
    number = {name: place for place, name in enumerate(routes, start=1)}
    numbers = np.array([number.get(name, 0) for name in names], dtype=np.intp)
    return np.where(exited, numbers[code], 0), tuple(routes) or (UNKNOWN_ROUTE,)


def _strata(
    people: pd.DataFrame, rows: Codes, strata: str | None
) -> tuple[Codes, tuple[str, ...]]:
    """Return the number of each row's stratum, and the strata's names, in order."""
    if strata is None:
        return np.zeros(len(rows), dtype=np.intp), ("all",)
    code, found = pd.factorize(
        people[strata].iloc[rows], sort=True, use_na_sentinel=False
    )
    return np.asarray(code, dtype=np.intp), tuple(map(str, found))
