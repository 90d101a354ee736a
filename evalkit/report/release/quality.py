"""How well both groups were followed, and whether they can be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.report.release.people import People, few
from evalkit.report.release.released import Released
from evalkit.report.release.rounding import nearest, quiet

if TYPE_CHECKING:
    from evalkit.estimate.groups.support import Support
    from evalkit.evaluation.quality import FollowUpQuality


def release_quality(
    quality: FollowUpQuality, people: People, *, hide_unknown: bool = False
) -> Released:
    """Show follow-up in multiples of the smallest cell; shortest and longest never.

    Few unknown outcomes are masked, with their share; all of them (`hide_unknown`)
    where the months' table withholds those of a month, which would follow.
    """
    table = quality.table.copy()
    n = table["n"].to_numpy(float)
    unknown = table["unknown"].to_numpy(float)
    masked = n < people.min_cell
    hidden = few(unknown, people.min_cell) | masked | hide_unknown
    told = nearest(unknown, people.min_cell)
    known = np.array(
        [
            people.counted(count, group).item()
            for count, group in zip(n - unknown, table["group"], strict=True)
        ]
    )
    rows = known + np.where(hidden, 0.0, told)
    share = np.where(hidden, np.nan, told / (known + told))
    table = table.assign(
        n=np.where(masked, np.nan, rows),
        n_people=_distinct(table, rows, people).mask(masked),
        known=np.where(masked, np.nan, known),
        unknown=np.where(hidden, np.nan, told),
        unknown_share=np.round(share, 3),
        days_mean=table["days_mean"].astype(float).round(0).mask(masked),
        days_low=np.nan,
        days_high=np.nan,
    )
    return Released(
        table=table.assign(masked=hidden),
        min_cell=people.min_cell,
        kind="quality",
        result=replace(quality, table=table),
    )


def _distinct(table: pd.DataFrame, told: np.ndarray, people: People) -> pd.Series:
    """Return distinct people; the rows that are told, where few are there twice."""
    distinct = table["n_people"].to_numpy(float)
    again = table["n"].to_numpy(float) - distinct
    few_again = again < 2 * people.min_cell
    return pd.Series(np.where(few_again, told, nearest(distinct, people.min_cell)))


def release_support(support: Support, people: People) -> Released:
    """Show how many have nobody like them, unless they are few."""
    hidden = bool(few(support.n_outside, people.min_cell))
    told = nearest(support.n_outside, people.min_cell).item()
    result = replace(
        support,
        reason=quiet(support.reason),
        n_outside=0 if hidden else int(told),
        share_outside=np.nan if hidden else round(support.share_outside, 2),
        largest_share=round(support.largest_share, 2),
        ess=nearest(support.ess, people.min_cell).item(),
        ess_ratio=round(support.ess_ratio, 2),
    )
    table = result.to_frame().assign(masked=hidden)
    if hidden:
        table = table.astype({"n_outside": float})
        table["n_outside"] = np.nan
    return Released(
        table=pd.DataFrame(table),
        min_cell=people.min_cell,
        kind="support",
        result=result,
    )
