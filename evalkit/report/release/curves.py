"""Survival curves in steps that hold enough people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.report.release.people import GROUPS, People
from evalkit.report.release.released import Released
from evalkit.report.release.rounding import nearest, quiet, share_in_steps, widened
from evalkit.report.release.steps import steps_of, week_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.estimate.survival.curves import SurvivalCurves

_HALF = 0.5


def release_curves(
    curves: SurvivalCurves, people: People, *, weeks: Sequence[int] | None = None
) -> Released:
    """Show survival at the ends of steps that hold enough exits of each group.

    Parameters
    ----------
    curves
        Curves of both groups.
    people
        How many people may be told.
    weeks
        Ends of the steps, where other curves of the same people set them; weighted
        curves need them. None: found from these.
    """
    shown = steps_of_curves(curves, people.min_cell) if weeks is None else weeks
    parts = [_group(curves, group, list(shown), people) for group in GROUPS]
    table = pd.concat(parts, ignore_index=True)
    medians = _medians(curves, table, people)
    result = replace(curves, table=table, medians=medians, note=quiet(curves.note))
    return Released(
        table=table.assign(masked=False),
        min_cell=people.min_cell,
        kind="curves",
        result=result,
        further={"medians": medians.assign(masked=False)},
        note=result.note,
    )


def steps_of_curves(curves: SurvivalCurves, min_cell: float) -> list[int]:
    """Return the weeks at whose end these curves may be shown."""
    groups = [curves.table[curves.table["group"] == group] for group in GROUPS]
    last = min((int(rows["weeks"].max()) if len(rows) else 0) for rows in groups)
    weeks = list(range(curves.start + 1, last + 1))
    if not weeks:
        return []
    exits = [week_table(rows, "events", weeks) for rows in groups]
    staying = [
        week_table(rows, "at_risk", weeks)[0] - out[0]
        for rows, out in zip(groups, exits, strict=True)
    ]
    return steps_of(weeks, exits, staying, min_cell)


def _group(
    curves: SurvivalCurves, group: str, weeks: list[int], people: People
) -> pd.DataFrame:
    """Return a group's rows at the ends of the steps, in steps of people.

    The curve is told as that of as many people as the months' table has, so that
    numbers at risk do not tell how many more or fewer there were.
    """
    min_cell = people.min_cell
    rows = curves.table[curves.table["group"] == group]
    shown = rows[rows["weeks"].isin(weeks)].reset_index(drop=True)
    left = rows["events"].cumsum()[rows["weeks"].isin(weeks)].to_numpy(float)
    n = float(rows["at_risk"].iloc[0]) if len(rows) else np.nan
    told = people.counted(n, group).item()
    scale = told / n
    survival = share_in_steps(shown["survival"], told, min_cell)
    first = shown["weeks"] == curves.start + 1
    low, high = widened(survival, shown["ci_low"], shown["ci_high"])
    return shown.assign(
        at_risk=np.where(first, told, nearest(scale * shown["at_risk"], min_cell)),
        events=np.diff(nearest(scale * left, min_cell), prepend=0.0),
        survival=survival,
        se=np.nan,
        ci_low=low,
        ci_high=high,
    )


def _medians(
    curves: SurvivalCurves, table: pd.DataFrame, people: People
) -> pd.DataFrame:
    """Return the first shown week in which half have left, and those of the limits."""
    rows = []
    for group, n in zip(GROUPS, curves.medians["rows"], strict=True):
        shown = table[table["group"] == group]
        ends = [_first(shown, column) for column in ("survival", "ci_low", "ci_high")]
        rows.append((group, people.counted(n, group).item(), *ends))
    names = ["group", "rows", "median", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


def _first(shown: pd.DataFrame, column: str) -> float:
    below = shown["weeks"][shown[column] <= _HALF]
    return float(below.iloc[0]) if len(below) else np.nan
