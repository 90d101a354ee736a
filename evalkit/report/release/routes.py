"""Exit routes: rare ones put together, in steps that hold enough people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.report.release.people import GROUPS, People
from evalkit.report.release.released import Released
from evalkit.report.release.rounding import POINT, quiet, share_in_steps, widened
from evalkit.report.release.steps import steps_of, week_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.estimate.survival.exit_routes import ExitRoutes

OTHER = "other"
_STEPS = 4  # a route of its own has at least so many steps
_KEYS = ["group", "exit_to", "weeks"]


def release_routes(
    routes: ExitRoutes, people: People, *, among: Sequence[int] | None = None
) -> Released:
    """Show the routes' shares at the ends of steps that hold enough exits by each.

    Parameters
    ----------
    routes
        Shares of both groups by route.
    people
        How many people may be told.
    among
        Weeks that may end a step: those of the survival curve of the same people, so
        that neither tells what leaves the other between two weeks. None: every week.
    """
    named = _names(routes, people.min_cell)
    counts = _summed(routes.counts, named, "exits", at_risk="first")
    weeks = _steps(counts, routes, people.min_cell, among)
    table = _summed(routes.table, named, "incidence", ci_low="first", ci_high="first")
    table = _coarse(table[table["weeks"].isin(weeks)], routes, named, people.min_cell)
    differences = _differences(table, routes, named)
    own = [name for name, to in named.items() if list(named.values()).count(to) == 1]
    gray = routes.gray[routes.gray["exit_to"].isin(own)].round(POINT)
    result = replace(
        routes,
        table=table,
        differences=differences,
        gray=gray.reset_index(drop=True),
        naive=routes.naive.iloc[:0],
        counts=routes.counts.iloc[:0],
        note=quiet(routes.note),
    )
    return Released(
        table=table.assign(masked=False),
        min_cell=people.min_cell,
        kind="routes",
        result=result,
        further={
            "differences": differences.assign(masked=False),
            "gray": result.gray.assign(masked=False),
        },
        note=result.note,
    )


def _names(routes: ExitRoutes, min_cell: int) -> dict[str, str]:
    """Return the name under which each route is shown; the rare ones share one."""
    exits = routes.counts.groupby(["exit_to", "group"])["exits"].sum()
    fewest = exits.reset_index().pivot_table(
        index="exit_to", columns="group", values="exits", fill_value=0.0
    )
    fewest = fewest.reindex(columns=list(GROUPS), fill_value=0.0)
    order = fewest.min(axis=1).sort_values(kind="stable")
    rare = order.index[order < _STEPS * min_cell].tolist()
    while rare and len(rare) < len(order):
        together = fewest.loc[rare].sum().min()
        if together >= _STEPS * min_cell:
            break
        rare = order.index[: len(rare) + 1].tolist()
    return {name: OTHER if name in rare else name for name in routes.routes}


def _summed(
    table: pd.DataFrame, named: dict[str, str], column: str, **kept: str
) -> pd.DataFrame:
    """Return a table with a row for each shown route, its numbers summed."""
    shown = table.assign(exit_to=table["exit_to"].map(named))
    how = {column: "sum", **kept}
    return shown.groupby(_KEYS, sort=False, as_index=False).agg(how)


def _steps(
    counts: pd.DataFrame,
    routes: ExitRoutes,
    min_cell: int,
    among: Sequence[int] | None,
) -> list[int]:
    """Return the weeks at whose end the shares may be shown."""
    groups = [counts[counts["group"] == group] for group in GROUPS]
    weeks = list(range(routes.start + 1, routes.horizon + 1))
    if not weeks or any(rows.empty for rows in groups):
        return []
    exits = [week_table(rows, "exits", weeks) for rows in groups]
    staying = [
        week_table(rows, "at_risk", weeks).max(axis=0) - out.sum(axis=0)
        for rows, out in zip(groups, exits, strict=True)
    ]
    if among is not None:
        ends = [week for week in among if week in weeks]
        places = [weeks.index(week) for week in ends]
        exits = [_between(out, places) for out in exits]
        staying, weeks = [left[places] for left in staying], ends
    return steps_of(weeks, exits, staying, min_cell)


def _between(exits: np.ndarray, places: list[int]) -> np.ndarray:
    """Return the exits of each step that ends at one of the places."""
    until = np.cumsum(exits, axis=1)[:, places]
    return np.diff(until, axis=1, prepend=0.0)


def _coarse(
    table: pd.DataFrame, routes: ExitRoutes, named: dict[str, str], min_cell: int
) -> pd.DataFrame:
    """Return shares in steps of people; of routes put together without an interval."""
    first = routes.counts.groupby("group")["at_risk"].first()
    people = table["group"].map(first).to_numpy(float)
    shares = share_in_steps(table["incidence"], people, min_cell)
    low, high = widened(shares, table["ci_low"], table["ci_high"])
    joint = _is_joint(table, named)
    order = ["group", "exit_to", "weeks", "incidence", "se", "ci_low", "ci_high"]
    return table.assign(
        incidence=shares,
        se=np.nan,
        ci_low=np.where(joint, np.nan, low),
        ci_high=np.where(joint, np.nan, high),
    )[order].reset_index(drop=True)


def _is_joint(table: pd.DataFrame, named: dict[str, str]) -> np.ndarray:
    behind = [list(named.values()).count(name) > 1 for name in table["exit_to"]]
    return np.array(behind, dtype=bool)


def _differences(
    table: pd.DataFrame, routes: ExitRoutes, named: dict[str, str]
) -> pd.DataFrame:
    """Return pilot minus control of the released shares, with the known precision."""
    keys = ["exit_to", "weeks"]
    groups = {
        group: table[table["group"] == group].set_index(keys)["incidence"]
        for group in GROUPS
    }
    shown = pd.DataFrame(groups).reset_index()
    exact = routes.differences.set_index(keys)[["se", "ci_low", "ci_high", "p_value"]]
    known = exact.reindex(pd.MultiIndex.from_frame(shown[keys]))
    joint = _is_joint(shown, named)
    known[joint] = np.nan
    half = np.ceil((known["ci_high"] - known["ci_low"]).to_numpy() * 50 - 1e-9) / 100
    estimate = (shown["pilot"] - shown["control"]).to_numpy()
    return shown.assign(
        estimate=estimate,
        se=known["se"].round(POINT).to_numpy(),
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=known["p_value"].round(2).to_numpy(),
    )
