"""The months of a comparison: the one cube that all that is printed derives from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.estimate.effect import joined
from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.estimate.shares.share_intervals import LIMITS
from evalkit.report.language.catalogue import calendar_month
from evalkit.report.release.periods import (
    EVENTS,
    SIZES,
    Period,
    is_small_row,
    periods_of,
    small_cells,
    walls_of,
)
from evalkit.report.release.pooled import (
    POOLED,
    design_effect,
    few_more_recur,
    pooled_again,
    sums_of,
)
from evalkit.report.release.released import Released, checked_cell, names_of
from evalkit.report.release.rounding import POINT
from evalkit.report.release.strata import masked_strata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evalkit.estimate.shares.differences import Method
    from evalkit.report.release.periods import Flags
    from evalkit.results import Result
    from evalkit.study.protocol import Break

    Row = Mapping[str, Any]
    Report = Mapping[tuple[str, ...], Row]

_STRICT_EVENTS = ["strict_pilot_events", "strict_control_events"]
_STRICT = ["strict", "strict_ci_low", "strict_ci_high"]
_SHARES = ["pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value"]
_SAID = {"month", "level", "method", "masked", "note"}
_KEPT = "as published before: it has changed by fewer people than may be told"


def release_months(
    comparison: Result,
    *,
    min_cell: int = 5,
    breaks: Iterable[Break] = (),
    earlier: Sequence[Report] = (),
) -> Released:
    """Join small months, and mask what is still small.

    Parameters
    ----------
    comparison
        A `Comparison`: one row per month and a last row ``pooled``.
    min_cell
        Smallest count that is published: 5; many offices use 3 or 10.
    breaks
        Declared breaks: months before and after one are joined only where a whole
        stretch is small.
    earlier
        Earlier reports of the same study in their order, as the log has them: the row
        of each period by its months.

    Returns
    -------
    Released
        A row per month, or per period of months (``2020-03/2020-04``), and ``pooled``.

    Raises
    ------
    EstimationError
        If `min_cell` is below 1.

    Notes
    -----
    1. *Small months.* A month is small where a group's size, its people not
       unemployed or its unemployed are fewer than `min_cell`. None at all counts as
       few: 0 % and 100 % tell the status of everybody in the group. A group without
       people (no draw, pilot paused) is no secret: its numbers are missing.
    2. *Periods.* Small months are joined with their neighbours before anything is
       masked, by a fixed rule: see `periods_of`. The row of a period is computed from
       its summed counts, so that no weight of a month is in it.
    3. *The whole row.* What is still small is masked in whole. A share with its size
       gives the count; so does an estimate with its standard error.
    4. *The pooled row* is of the published periods: counts are their sums, shares and
       difference a function of their counts. Subtracting tells nothing. Where months
       are joined or held back the standard error is that of the periods' counts times
       a design effect (how much people who recur widen it), rounded up to a twentieth.
    5. *Strata that are no months* (offices, cohorts by name) have no neighbours, and
       sums are no means: there, and where the outcome is no share, small rows are
       masked, and others with them until their sum is no small count.
    6. *The strict reading* beside the outcome tells how many people are in services or
       training, often a few. It is given where that count and its own counts are
       large enough and known; its pooled value is rounded where a month's is withheld.
    7. *People.* `n_unknown` below `min_cell` (but not 0) is withheld, also in the
       note, and then the pooled one is. `n_people` is withheld where it differs from
       the sum of the groups by so few: they would be people counted twice.
    8. *Earlier reports.* A period that was published keeps its cut. Where one of its
       counts would differ by few people from any earlier report, the row stays as it
       was and says so. New months that are still small are held back: masked and in no
       total until the months that follow make them large enough.
    """
    checked_cell(min_cell)
    table = comparison.to_frame().reset_index(drop=True)
    is_month = (table["month"] != "pooled").to_numpy()
    months, pooled = table[is_month], table[~is_month]
    behind: dict[str, tuple[str, ...]] = {}
    if _can_be_joined(months):
        periods = _periods(months, min_cell, walls_of(breaks), earlier)
        table = _joined_months(months, pooled, periods, min_cell, earlier)
        names = (_names(months, period) for period in periods)
        behind = dict(zip(table["month"], names, strict=False))
    else:
        masked = [masked_strata(months, min_cell), is_small_row(pooled, min_cell)]
        table = table.assign(
            masked=np.concatenate(masked),
            rounded=bool(masked[0].any()),
            strict_rounded=False,
        )
    return Released(table=_blank(table, min_cell), min_cell=min_cell, periods=behind)


def _can_be_joined(months: pd.DataFrame) -> bool:
    """Tell whether strata are months whose events can be summed."""
    are_months = [calendar_month(str(name)) is not None for name in months["month"]]
    return all(are_months) and bool(months[EVENTS].notna().all(axis=None))


def _periods(
    months: pd.DataFrame, min_cell: int, walls: set[str], earlier: Sequence[Report]
) -> list[Period]:
    """Return the periods; those of earlier reports keep their cut."""
    seen = dict.fromkeys(period for report in earlier for period in report)
    known = set(months["month"])
    return periods_of(
        months,
        min_cell=min_cell,
        walls=walls,
        published=[period for period in seen if known.issuperset(period)],
    )


def _names(months: pd.DataFrame, period: Period) -> tuple[str, ...]:
    names = months["month"].tolist()
    return tuple(names[row] for row in period.rows)


def _joined_months(
    months: pd.DataFrame,
    pooled: pd.DataFrame,
    periods: Sequence[Period],
    min_cell: int,
    earlier: Sequence[Report],
) -> pd.DataFrame:
    """Return the rows of all periods, and the pooled row that follows from them."""
    rows = []
    for period in periods:
        names = _names(months, period)
        versions = [report[names] for report in earlier if names in report]
        rows.append(_row(months, period, versions, min_cell))
    shown = pd.DataFrame(rows)
    kept = shown[~shown["masked"]]
    whole = len(kept) == len(months) and not kept["changed"].any()
    nothing = not (kept[SIZES] > 0).all(axis=1).any() and bool(shown["masked"].any())
    last = _first(pooled) | {"masked": nothing}
    if not whole:
        last |= pooled_again(kept, last, design_effect(months, last["se"]))
    if few_more_recur(last, earlier, min_cell):
        last["n_people"] = np.nan
    before = earlier[-1].get(POOLED) if earlier else None
    unchanged = before is not None and _cells(before).tolist() == _cells(last).tolist()
    if before is not None and unchanged:
        last |= before
    table = pd.concat([shown, pd.DataFrame([last])], ignore_index=True)
    table = table.assign(
        rounded=not whole, strict_rounded=bool(earlier) and not unchanged
    )
    return table.drop(columns="changed")


def _row(
    months: pd.DataFrame,
    period: Period,
    versions: list[Row],
    min_cell: int,
) -> dict[str, Any]:
    """Return the row of a period: its own, a joint one, or the one that stays."""
    own = months.iloc[list(period.rows)]
    row = _first(own) if len(own) == 1 else _joint_row(own)
    row |= {"masked": period.held, "changed": len(own) > 1}
    if not versions:
        return row
    if _may_follow(row, versions, min_cell):
        unknown = dict.fromkeys([*_STRICT, "n_people", "n_unknown"], np.nan)
        return row | unknown | {"changed": True}
    stays = row | dict(versions[-1]) | {"changed": True, "masked": False}
    same = all(stays[name] == row[name] for name in SIZES + EVENTS)
    if same:
        return stays | {"changed": len(own) > 1}
    note = joined(str(stays["note"]), _KEPT)
    return stays | {"note": note, "masked": _is_small(stays, min_cell)}


def _first(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].items()}


def _may_follow(row: Row, versions: list[Row], min_cell: int) -> bool:
    """Tell whether changed counts differ from all earlier ones by many people.

    A row without a change stays as it was, to the last digit.
    """
    if _is_small(row, min_cell):
        return False
    changes = np.abs([_cells(row) - _cells(version) for version in versions])
    few = (changes > 0) & (changes < min_cell)
    return bool(changes[-1].any() and not few.any())


def _is_small(row: Row, min_cell: int) -> bool:
    sizes, events = (np.array([row[name] for name in own]) for own in (SIZES, EVENTS))
    return bool(small_cells(sizes.astype(float), events.astype(float), min_cell))


def _cells(row: Row) -> np.ndarray:
    sizes, events = (np.array([row[name] for name in own]) for own in (SIZES, EVENTS))
    return np.concatenate([sizes, events, sizes - events]).astype(float)


def _joint_row(own: pd.DataFrame) -> dict[str, Any]:
    """Return the row of several months, from their summed counts."""
    first = _first(own)
    level = first["level"]
    method: Method = first["method"] if first["method"] in LIMITS else "newcombe"
    counts = sums_of(own, [*SIZES, *EVENTS, *_STRICT_EVENTS])
    name = f"{own['month'].iloc[0]}/{own['month'].iloc[-1]}"
    row = (
        first
        | counts
        | {
            "month": name,
            "n_people": np.nan,
            "n_unknown": own["n_unknown"].sum(),
            "note": joined(f"joined: {', '.join(own['month'])}", *own["note"].unique()),
        }
    )
    row |= _difference(row, EVENTS, level, method)
    strict = _difference(row, _STRICT_EVENTS, level, method)
    names = ["estimate", "ci_low", "ci_high"]
    return row | {to: strict[name] for to, name in zip(_STRICT, names, strict=True)}


def _difference(
    row: Row, events: list[str], level: float, method: Method
) -> dict[str, Any]:
    """Return the numbers of a difference; NaN where the counts are not known."""
    if any(np.isnan(row[name]) for name in events):
        return dict.fromkeys(_SHARES, np.nan)
    groups = [
        (int(row[event]), int(row[size]))
        for event, size in zip(events, SIZES, strict=True)
    ]
    found = difference_in_shares(*groups, level=level, method=method)
    return {name: getattr(found, name) for name in _SHARES}


def _blank(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Take out, or round, every number that may not leave."""
    is_month = (table["month"] != "pooled").to_numpy()
    rounded = bool(table["rounded"].any())
    strict_rounded = rounded or bool(table["strict_rounded"].any())
    table = table.drop(columns=["rounded", "strict_rounded"])
    table = table.astype(dict.fromkeys([*SIZES, *EVENTS], float))
    table = table.astype({"masked": bool})
    table = _without_few_people(table, is_month, min_cell)
    few = _few_in_services(table, min_cell)
    table.loc[few, _STRICT] = np.nan
    table = table.drop(columns=_STRICT_EVENTS)
    if rounded:
        table.loc[~is_month, _SHARES] = table.loc[~is_month, _SHARES].round(POINT)
    if strict_rounded or few[is_month].any():
        table.loc[~is_month, _STRICT] = table.loc[~is_month, _STRICT].round(POINT)
    masked = table["masked"].to_numpy()
    table.loc[masked, [name for name in names_of(table) if name not in _SAID]] = np.nan
    table.loc[masked, "note"] = f"masked: a count below {min_cell} could be worked out"
    return table


def _without_few_people(
    table: pd.DataFrame, is_month: Flags, min_cell: int
) -> pd.DataFrame:
    """Withhold small counts of unknown outcomes and of people counted twice."""
    unknown = table["n_unknown"].to_numpy(float)
    people = table["n_people"].to_numpy(float)
    few_unknown = (unknown > 0) & (unknown < min_cell)
    few_unknown |= ~is_month & few_unknown.any()
    known = table[SIZES].sum(axis=1).to_numpy(float)
    twice = np.abs(known - people)
    few_twice = (twice > 0) & (twice < min_cell)
    return table.assign(
        n_people=np.where(few_twice, np.nan, people),
        n_unknown=np.where(few_unknown, np.nan, unknown),
    )


def _few_in_services(table: pd.DataFrame, min_cell: int) -> Flags:
    """Tell where the strict reading would reveal a small count, or might."""
    strict = table[_STRICT_EVENTS].to_numpy(float)
    in_services = table[EVENTS].to_numpy(float) - strict
    if not (in_services > 0).any():  # a register without services tells nothing new
        return np.zeros(len(table), dtype=bool)
    there = table[SIZES].to_numpy() > 0
    small = (np.minimum(strict, in_services) < min_cell) & there
    return np.asarray(small.any(axis=1))
