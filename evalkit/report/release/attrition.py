"""Who was left out on the way: steps with few people put together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.report.release.people import GROUPS, People
from evalkit.report.release.released import Released

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = re.compile(r" \(kept: \d+ not\)")
LAST_STEP = "outcome known, in a published month"
"""The step from the cohort to the people of the months' table."""


def release_attrition(attrition: pd.DataFrame, people: People) -> Released:
    """Show how many were left at each step, none of which removes few people.

    A step that removes fewer than `min_cell`, none included, is put together with the
    one after it. The last number of each group is the one in the months' table; all
    before it are multiples of `min_cell`, since exact ones would tell the last step.

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
        table=pd.DataFrame(rows, columns=names),
        min_cell=people.min_cell,
        kind="attrition",
    )


def _group(own: pd.DataFrame, group: str, people: People) -> Iterator[dict[str, Any]]:
    """Yield a group's steps, each with as many people as may be told."""
    least, last = people.min_cell, getattr(people, group)
    criteria = [_KEPT.sub("", str(criterion)) for criterion in own["criterion"]]
    steps = list(zip(criteria, own["left"].to_numpy(float).tolist(), strict=True))
    if not steps:
        return
    steps.append((LAST_STEP, last))
    told = people.counted([left for _, left in steps], group)
    yield _row(group, steps[0][0], np.nan, told[0], least)
    place, held = 0, []
    for at, (criterion, left) in enumerate(steps[1:], start=1):
        held.append(criterion)
        if steps[place][1] - left < least and at < len(steps) - 1:
            continue
        yield _row(group, "; ".join(held), told[place], told[at], least)
        place, held = at, []


def _row(
    group: str, criterion: str, before: float, left: float, least: int
) -> dict[str, Any]:
    """Return a step; where it removes few, how many is not told."""
    removed = before - left
    masked = np.isnan(left) or removed < least
    return {
        "group": group,
        "criterion": criterion,
        "before": before,
        "removed": np.nan if masked else removed,
        "left": left,
        "masked": bool(masked and not np.isnan(before)),
    }
