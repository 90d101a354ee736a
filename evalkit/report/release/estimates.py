"""Tables of estimates, rounded so far that no count can be worked out from them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.report.release.people import GROUPS, People, few
from evalkit.report.release.released import Released, names_of, numbers_of
from evalkit.report.release.rounding import POINT, nearest, quiet, share_in_steps
from evalkit.report.release.strata import masked_strata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.estimate.decomposition.decomposition import Decomposition
    from evalkit.estimate.doubt.bounds import Bounds
    from evalkit.estimate.doubt.hidden_selection import HiddenSelection
    from evalkit.estimate.doubt.redraws import Redraws
    from evalkit.estimate.doubt.sensitivity import Sensitivity
    from evalkit.estimate.months.power import Power
    from evalkit.estimate.months.subgroups import SubgroupComparison
    from evalkit.estimate.survival.contamination import LaterReferrals
    from evalkit.estimate.survival.cox import HazardRatio
    from evalkit.estimate.survival.log_rank import LogRank

COUNTED = ("ess", "exits_pilot", "exits_control", "frame", "n_strata", "n_referred")
"""Numbers of people that are told in multiples of the smallest cell."""

_SIDES = ["pilot", "control"]
_IN_THE_MONTHS = {"n_people", "n_clusters"}  # distinct people are told there only
_ROUNDING = 1e-6
_NAMES = {"masked", "df", "level", "horizon", "start"}

_OF_CHANCE = 2
"""Decimals that a p-value has at least: one alone would call much of it nothing."""


def coarse_table(
    table: pd.DataFrame, people: People, *, decimals: int = POINT
) -> pd.DataFrame:
    """Round a table of estimates; a row with a small group keeps its names only.

    Estimates, limits and standard errors end with `decimals`, p-values with two at
    least; notes lose their numbers. The groups' own shares are in steps of the smallest
    cell where they are of other people than those of the months' table.
    """
    table = table.reset_index(drop=True)
    masked = _small_groups(table, people.min_cell) | _of_column(table, "masked")
    sized = people.in_table(table)
    for group in GROUPS:
        size = f"n_{group}"
        if group in table and size in table:
            other = (table[size] != getattr(people, group)).to_numpy()
            sized[group] = _own_share(table, group, people, other=other)
    for name in numbers_of(sized):
        if name in _IN_THE_MONTHS:
            sized[name] = np.nan
        elif name in COUNTED:
            sized[name] = nearest(sized[name], people.min_cell)
        elif name not in _NAMES and not name.startswith("n_"):
            digits = max(decimals, _OF_CHANCE) if name == "p_value" else decimals
            sized[name] = sized[name].astype(float).round(digits)
    if "note" in sized:
        sized["note"] = sized["note"].map(quiet)
    return blanked(sized.assign(masked=masked))


def blanked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose masked rows have no number and say so."""
    masked = table["masked"].to_numpy(bool)
    numbers = [name for name in numbers_of(table) if name != "level"]
    table = table.astype(dict.fromkeys(numbers, float))
    table.loc[masked, numbers] = np.nan
    if "note" in table:
        table.loc[masked, "note"] = "masked"
    return table


def _small_groups(table: pd.DataFrame, min_cell: int) -> np.ndarray:
    sizes = [name for name in ("n_pilot", "n_control") if name in table]
    if not sizes:
        return np.zeros(len(table), dtype=bool)
    return np.asarray((table[sizes].astype(float) < min_cell).any(axis=1))


def _of_column(table: pd.DataFrame, name: str) -> np.ndarray:
    if name not in table:
        return np.zeros(len(table), dtype=bool)
    return table[name].to_numpy(bool)


def _own_share(
    table: pd.DataFrame, group: str, people: People, *, other: np.ndarray
) -> np.ndarray:
    share = table[group].to_numpy(float)
    is_share = (share >= 0) & (share <= 1)
    steps = share_in_steps(share, table[f"n_{group}"], people.min_cell)
    return np.where(other & is_share, steps, share)


def release_scalars(
    result: Any,  # noqa: ANN401  (any dataclass)
    people: People,
    *,
    decimals: int = POINT,
) -> Released:
    """Release a result whose attributes are its numbers, such as an effect."""
    own = fields(result)
    values = {field.name: getattr(result, field.name) for field in own}
    plain = {
        name: value
        for name, value in values.items()
        if not isinstance(value, pd.DataFrame | pd.Series | np.ndarray | tuple)
    }
    table = coarse_table(pd.DataFrame([plain]), people, decimals=decimals)
    return Released(
        table=table,
        min_cell=people.min_cell,
        kind=type(result).__name__,
        result=_with_row(result, table),
        note=quiet(plain.get("note", "")),
    )


def _with_row(result: Any, table: pd.DataFrame) -> Any:  # noqa: ANN401  (as above)
    """Return the result with the numbers of its released row, where it can be had."""
    row = table.iloc[0].to_dict()
    changed = {
        field.name: row[field.name] for field in fields(result) if field.name in row
    }
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, pd.DataFrame):
            changed[field.name] = value.iloc[:0]
        elif isinstance(value, pd.Series | np.ndarray | tuple):
            changed[field.name] = value[:0]
    return replace(result, **changed)


def release_ratio(ratio: HazardRatio, people: People) -> Released:
    """Release a hazard ratio; of its terms the pilot's: others may be few people."""
    quietened = replace(ratio, log_likelihood=np.nan, log_likelihood_null=np.nan)
    released = release_scalars(quietened, people, decimals=2)
    terms = ratio.coefficients
    terms = coarse_table(terms[terms["term"] == "pilot"], people, decimals=2)
    terms["masked"] |= released.table["masked"].iloc[0]
    result = replace(
        released.result, coefficients=blanked(terms).drop(columns="masked")
    )
    return replace(released, result=result, further={"coefficients": blanked(terms)})


def release_log_rank(test: LogRank, people: People) -> Released:
    """Release a test: its statistic, and exits in multiples of the smallest cell."""
    released = release_scalars(test, people, decimals=2)
    counts = ["pilot", "control", "pilot_expected", "control_expected"]
    table = released.table
    raw = pd.DataFrame([{name: getattr(test, name) for name in counts}])
    told = nearest(raw.to_numpy(float), people.min_cell)
    hidden = (raw.to_numpy(float) < people.min_cell) | table[["masked"]].to_numpy(bool)
    table[counts] = np.where(hidden, np.nan, told)
    return replace(released, table=table, result=_with_row(test, table))


def release_table(
    result: Any,  # noqa: ANN401  (as above)
    people: People,
    *,
    further: tuple[str, ...] = (),
    decimals: int = POINT,
) -> Released:
    """Release a result whose numbers are in its table, and in further ones."""
    table = coarse_table(result.to_frame(), people, decimals=decimals)
    others = {
        name: coarse_table(getattr(result, name), people, decimals=decimals)
        for name in further
    }
    kept: dict[str, Any] = {
        name: own.drop(columns="masked") for name, own in others.items()
    }
    return Released(
        table=table,
        min_cell=people.min_cell,
        kind=type(result).__name__,
        result=replace(result, table=table.drop(columns="masked"), **kept),
        further=others,
        note=quiet(getattr(result, "note", "")),
    )


def release_decomposition(parts: Decomposition, people: People) -> Released:
    """Release a raw gap taken apart."""
    released = release_table(parts, people, further=("linear",))
    small = min(parts.n_pilot, parts.n_control) < people.min_cell
    sizes = {
        f"n_{group}": people.counted(getattr(parts, f"n_{group}"), group).item()
        for group in GROUPS
    }
    table = blanked(released.table.assign(masked=small))
    result = replace(
        released.result,
        table=table.drop(columns="masked"),
        note=quiet(parts.note),
        **sizes,
    )
    further = {
        name: blanked(own.assign(masked=small))
        for name, own in released.further.items()
    }
    return replace(released, table=table, result=result, further=further)


def release_pooled_only(result: Bounds | Power, people: People) -> Released:
    """Release the pooled row of a table by month: the cube has the months.

    Where it tells of unknown outcomes and they are few, it is masked.
    """
    table = result.table[result.table["month"] == "pooled"].reset_index(drop=True)
    unknown = [name for name in names_of(table) if name.startswith("unknown_")]
    if unknown:
        hidden = np.asarray(few(table[unknown], people.min_cell).any(axis=1))
        table = table.assign(masked=hidden)
        table[unknown] = nearest(table[unknown], people.min_cell)
    return release_table(replace(result, table=table), people)


def release_redraws(redraws: Redraws, people: People) -> Released:
    """Release where the pooled estimate stands among those of other draws."""
    pooled = redraws.table[redraws.table["month"] == "pooled"]
    simulated = redraws.simulated[["pooled"]].round(POINT)
    short = replace(redraws, table=pooled.reset_index(drop=True), simulated=simulated)
    return release_table(short, people)


def release_sensitivity(
    sensitivity: Sensitivity,
    people: People,
    *,
    hidden: Mapping[str, bool] | None = None,
) -> Released:
    """Release an estimate under many readings, those that change enough people.

    Parameters
    ----------
    sensitivity
        The readings, the primary one first.
    people
        How many people may be told.
    hidden
        Readings known to change too few people.
    """
    table = sensitivity.table
    changed = _few_apart(table, people.min_cell)
    known = table["reading"].map(lambda reading: (hidden or {}).get(reading, False))
    table = table.assign(masked=changed | known.to_numpy(bool))
    released = coarse_table(table, people)
    released["change"] = released["estimate"] - released["estimate"].iloc[0]
    shown = released[~released["masked"]].drop(columns="masked")
    return Released(
        table=released,
        min_cell=people.min_cell,
        kind="sensitivity",
        result=replace(sensitivity, table=shown.reset_index(drop=True)),
    )


def _few_apart(table: pd.DataFrame, min_cell: int) -> np.ndarray:
    """Tell which rows differ from the first in few people, or few events.

    The groups' shares are averages over months, so that events are known to within a
    few people: twice the smallest cell is asked for.
    """
    n = table[["n_pilot", "n_control"]].to_numpy(float)
    events = table[_SIDES].to_numpy(float) * n
    apart = np.abs(np.hstack([n - n[0], events - events[0]]))
    return np.asarray(((apart > _ROUNDING) & (apart < 2 * min_cell)).any(axis=1))


def release_later(later: LaterReferrals, people: People) -> Released:
    """Release two readings of the controls who joined later; no weekly curves."""
    released = release_table(replace(later, curves=later.curves.iloc[:0]), people)
    hidden = bool(few(later.n_referred, 2 * people.min_cell))
    told = int(nearest(later.n_referred, people.min_cell))
    table = blanked(released.table.assign(masked=released.table["masked"] | hidden))
    result = replace(
        released.result,
        table=table[~table["masked"]].drop(columns="masked"),
        n_referred=0 if hidden else told,
        largest_weight=round(later.largest_weight, 1),
        note=quiet(later.note),
    )
    return replace(released, table=table, result=result)


def release_subgroups(groups: SubgroupComparison, people: People) -> Released:
    """Release subgroups; with a small one the next smallest is masked too.

    Events are the groups' shares times their people; since those shares are averages
    over months, twice the smallest cell is asked for.
    """
    table = groups.table
    counts = table.assign(
        **{
            f"{group}_events": (table[group] * table[f"n_{group}"]).round()
            for group in GROUPS
        }
    )
    masked = masked_strata(counts, 2 * people.min_cell)
    released = coarse_table(table.assign(masked=masked), people, decimals=2)
    released["n_people"] = np.nan
    result = replace(
        groups,
        table=released[~released["masked"]].drop(columns="masked"),
        q=round(groups.q, 2),
        p_value=round(groups.p_value, 2),
        note=quiet(groups.note),
    )
    return Released(
        table=released,
        min_cell=people.min_cell,
        kind="subgroups",
        result=result,
        note=result.note,
    )


def release_hidden(hidden: HiddenSelection, people: People) -> Released:
    """Release what hidden selection of a given strength could do."""
    released = release_scalars(hidden, people)
    table = coarse_table(hidden.benchmarks, people)
    table["masked"] |= bool(released.table["masked"].iloc[0])
    table = blanked(table)
    result = replace(
        released.result,
        benchmarks=table[~table["masked"]].drop(columns="masked"),
    )
    return replace(
        released, table=table, result=result, further={"all": released.table}
    )
