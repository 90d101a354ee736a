"""Who was left out on the way: steps with few people put together."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from evalkit.report.release.people import GROUPS, People
from evalkit.report.release.released import Released

_KEPT = re.compile(r" \(kept: \d+ not\)")
LAST_STEP = "outcome known, in a published month"
"""The step from the cohort to the people of the months' table."""


def release_attrition(attrition: pd.DataFrame, people: People) -> Released:
    """Show how many were left at each step, none of which removes few people.

    A step that removes fewer than `min_cell`, none included, is put together with the
    one after it, the last such steps with the one before. The last number of each group
    is the one in the months' table; all before it are multiples of `min_cell`, since
    exact ones would tell the last step.

    Parameters
    ----------
    attrition
        Group, criterion, before, removed, left.
    people
        How many people may be told.
    """
    rows = (
        [
            row
            for group in GROUPS
            for row in _group(attrition[attrition["group"] == group], group, people)
        ]
        if len(attrition)
        else []
    )
    names = ["group", "criterion", "before", "removed", "left", "masked"]
    return Released(
        table=pd.DataFrame(rows, columns=names).astype({"masked": bool}),
        min_cell=people.min_cell,
        kind="attrition",
    )


def _group(own: pd.DataFrame, group: str, people: People) -> list[dict[str, Any]]:
    """Return a group's steps, each with as many people as may be told."""
    criteria = [_KEPT.sub("", str(criterion)) for criterion in own["criterion"]]
    left = own["left"].to_numpy(float).tolist()
    if not left:
        return []
    criteria, left = [*criteria, LAST_STEP], [*left, getattr(people, group)]
    told = people.counted(left, group)
    rows = [_row(group, criteria[0], np.nan, told[0])]
    place, held = 0, []
    for at in range(1, len(left)):
        held.append(criteria[at])
        if left[place] - left[at] >= people.min_cell and told[place] > told[at]:
            rows.append(_row(group, "; ".join(held), told[place], told[at]))
            place, held = at, []
    if held:  # few were left out at the end, or nobody
        rows[-1]["criterion"] = "; ".join([rows[-1]["criterion"], *held])
        rows[-1]["left"] = told[-1]
        rows[-1]["removed"] = rows[-1]["before"] - told[-1]
    return rows


def _row(group: str, criterion: str, before: float, left: float) -> dict[str, Any]:
    return {
        "group": group,
        "criterion": criterion,
        "before": before,
        "removed": before - left,
        "left": left,
        "masked": False,
    }
