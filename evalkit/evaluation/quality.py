"""How well both groups were followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.results import Result

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowUpQuality(Result):
    """What is known of each group's outcome, and when it was looked up.

    Attributes
    ----------
    table
        A row for each group: group, n (rows), n_people (distinct), known, unknown
        (outcomes), unknown_share, days_mean, days_low, days_high (days from time zero
        to the outcome; NaN where they are not in the table).
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def most_unknown(self) -> float:
        """Share of unknown outcomes in the group where it is larger."""
        return float(self.table["unknown_share"].max())

    @property
    def unknown_apart(self) -> float:
        """By how much the groups' shares of unknown outcomes differ."""
        return float(np.ptp(self.table["unknown_share"]))

    @property
    def days_apart(self) -> float:
        """By how much the groups' mean days to the outcome differ; NaN if unknown."""
        return float(np.ptp(self.table["days_mean"]))


def follow_up_quality(cohort: Cohort) -> FollowUpQuality:
    """Count known outcomes and days observed in both groups."""
    pilot = cohort.is_pilot
    groups = (("pilot", cohort.people[pilot]), ("control", cohort.people[~pilot]))
    return FollowUpQuality(table=pd.DataFrame([_row(*group) for group in groups]))


def _row(group: str, people: pd.DataFrame) -> dict[str, object]:
    known = int(people["outcome"].notna().sum())
    days = people.get("days_observed", pd.Series(dtype=float)).astype(float)
    return {
        "group": group,
        "n": len(people),
        "n_people": int(people["person"].nunique()),
        "known": known,
        "unknown": len(people) - known,
        "unknown_share": (len(people) - known) / max(len(people), 1),
        "days_mean": days.mean(),
        "days_low": days.min(),
        "days_high": days.max(),
    }
