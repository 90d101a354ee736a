"""Balance of covariates: rare levels put together, few people never described."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.report.release.released import Released, names_of, numbers_of
from evalkit.report.release.rounding import quiet, share_in_steps

if TYPE_CHECKING:
    from evalkit.estimate.groups.balance import Balance
    from evalkit.report.release.people import People

OTHER_SMALL = "other small"
"""Level that stands for all levels with few people."""

_DIGITS = 2
_FEWEST_FOR_QUANTILES = 20
_TWO_SIDES = ["pilot", "control"]
_DIFFERENCES = ["smd", "smd_low", "smd_high"]
_RATIOS = ["variance_ratio", "ks", "overlap"]


def release_balance(balance: Balance, people: People) -> Released:
    """Show means, shares and standardised differences of large enough groups.

    The levels of a category that few people have, or few have not, in either group
    are one level ``other small``; where that is still small, or all that is left is,
    the covariate is masked. A number is masked where few people have one, and where
    its mean would be a small count if it were zeros and ones. Shares are in steps of
    `min_cell` people.

    Weighted shares of controls are no counts; they are judged by what they would be
    as such, by twice the smallest cell.

    Parameters
    ----------
    balance
        Covariates of both groups.
    people
        How many people may be told.
    """
    n = np.array([balance.n_pilot, balance.n_control], dtype=float)
    weighted = "smd_before" in balance.table
    least = people.min_cell * np.array([1, 2 if weighted else 1])
    rows = [
        part
        for _, own in balance.table.groupby("covariate", sort=False)
        for part in _covariate(own, n, least)
    ]
    table = pd.concat(rows, ignore_index=True) if rows else balance.table.assign()
    table = _coarse(table, n, people.min_cell)
    weeks = _durations(balance.weeks, people)
    result = replace(
        balance,
        table=table[~table["masked"]].drop(columns="masked").reset_index(drop=True),
        note=quiet(balance.note),
        weeks=weeks,
        n_pilot=int(np.nan_to_num(people.counted(n[0], "pilot"))),
        n_control=int(np.nan_to_num(people.counted(n[1], "control"))),
    )
    further = {} if weeks is None else {"durations": weeks}
    return Released(
        table=table,
        min_cell=people.min_cell,
        kind="balance",
        result=result,
        further=further,
        note=result.note,
    )


def release_products(products: Balance, people: People) -> Released:
    """Show the standardised differences of squares and interactions, nothing else."""
    n = np.array([products.n_pilot, products.n_control], dtype=float)
    masked = bool((n < people.min_cell).any())
    said = {"covariate", "value"}
    blank = [name for name in names_of(products.table) if name not in said]
    shown = [name for name in blank if name.startswith("smd") or name == "verdict"]
    table = products.table.assign(
        **dict.fromkeys([name for name in blank if name not in shown], np.nan)
    )
    numbers = [name for name in shown if name != "verdict"]
    table[numbers] = np.nan if masked else table[numbers].round(_DIGITS)
    result = replace(products, table=table, weeks=None, note=quiet(products.note))
    return Released(
        table=table.assign(masked=masked),
        min_cell=people.min_cell,
        kind="products",
        result=result,
        note=result.note,
    )


def _covariate(
    own: pd.DataFrame, n: np.ndarray, least: np.ndarray
) -> list[pd.DataFrame]:
    """Return the rows of a covariate: a number and its missing ones, or levels."""
    is_number = own["value"] == ""
    if not is_number.any():
        return [_levels(own, n, least)]
    missing = own[~is_number]
    lacking = missing[_TWO_SIDES].to_numpy(float).sum(axis=0) * n
    having = n - lacking
    means = own[is_number][_TWO_SIDES].to_numpy(float)[0]
    as_counts = np.concatenate([means * n, (1 - means) * n])
    like_a_share = bool(((means >= 0) & (means <= 1)).all())
    small = (having < least).any()
    if like_a_share:
        small |= (as_counts < np.tile(least, 2)).any()
    rows = [own[is_number].assign(masked=bool(small))]
    if len(missing):
        few = (lacking < least).any() or (having < least).any()
        rows.append(missing.assign(masked=bool(few or small)))
    return rows


def _levels(own: pd.DataFrame, n: np.ndarray, least: np.ndarray) -> pd.DataFrame:
    """Return a category's levels, those with few people as one."""
    counts = own[_TWO_SIDES].to_numpy(float) * n
    small = (np.minimum(counts, n - counts) < least - 1e-6).any(axis=1)
    order = np.argsort(counts.min(axis=1), kind="stable")
    while small.any() and not small.all():
        together = counts[small].sum(axis=0)
        if (together >= least).all() and (n - together >= least).all():
            break
        small[next(place for place in order if not small[place])] = True
    if not small.any():
        return own.assign(masked=False)
    if small.all():
        return own.iloc[:1].assign(value=OTHER_SMALL, masked=True)
    return pd.concat([own[~small].assign(masked=False), _together(own[small])])


def _together(own: pd.DataFrame) -> pd.DataFrame:
    """Return one row for several levels: shares add up, other measures do not."""
    sides = own[_TWO_SIDES].to_numpy(float).sum(axis=0)
    numbers = numbers_of(own)
    row = own.iloc[:1].assign(**dict.fromkeys(numbers, np.nan))
    return row.assign(
        value=OTHER_SMALL,
        pilot=sides[0],
        control=sides[1],
        difference=sides[0] - sides[1],
        smd=_smd(own, sides),
        verdict="undetermined",
        masked=False,
    )


def _smd(own: pd.DataFrame, sides: np.ndarray) -> float:
    """Return the standardised difference of levels put together, by the pilot's sd."""
    spread = float(np.sqrt(sides[0] * (1 - sides[0])))
    known = own["smd"].notna().any()
    return float((sides[0] - sides[1]) / spread) if known and spread > 0 else np.nan


def _coarse(table: pd.DataFrame, n: np.ndarray, min_cell: int) -> pd.DataFrame:
    """Round what is shown, and blank what is masked."""
    is_level = table["value"] != ""
    for name, size in zip(_TWO_SIDES, n, strict=True):
        shares = share_in_steps(table[name].clip(0, 1), size, min_cell)
        within = is_level | table[name].between(0, 1)
        table[name] = np.where(within, shares, table[name].round(1))
    table["difference"] = table["pilot"] - table["control"]
    rounded = [
        name for name in names_of(table) if name.startswith((*_DIFFERENCES, *_RATIOS))
    ]
    table[rounded] = table[rounded].round(_DIGITS)
    blank = [*_TWO_SIDES, "difference", *rounded]
    table.loc[table["masked"], blank] = np.nan
    table["verdict"] = table["verdict"].mask(table["masked"], "")
    return table


def _durations(weeks: pd.DataFrame | None, people: People) -> pd.DataFrame | None:
    """Return elapsed weeks of both groups over all months; months have few people."""
    if weeks is None:
        return None
    table = weeks[weeks["month"] == "all"].reset_index(drop=True)
    n = table["n"].to_numpy(float)
    masked = n < people.min_cell
    told = [
        people.counted(size, group).item()
        for size, group in zip(n, table["group"], strict=True)
    ]
    table = table.assign(n=told, n_missing=np.nan)
    means = ["mean", "ci_low", "ci_high"]
    table[means] = table[means].round(1)
    table["median"] = table["median"].where(n >= _FEWEST_FOR_QUANTILES).round(0)
    table.loc[masked, [*means, "median", "n"]] = np.nan
    return table.assign(masked=masked)
