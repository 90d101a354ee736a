"""What the pilot truly did in a simulation: both lives of everybody referred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.results import Result
from evalkit.study.months import add_months, month_of, month_text

if TYPE_CHECKING:
    from evalkit.examples.careers import Chances
    from evalkit.examples.referrals import Referrals
    from evalkit.examples.world import World

LAGS = (3, 6, 12)
"""Months after the referral at which the truth is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Result):
    """The true average effect on the referred.

    Attributes
    ----------
    people
        One row per referral: ``person_id``, ``month``, ``started``, and for each of
        3, 6 and 12 months after the referral ``treated_3`` and ``untreated_3``: not
        unemployed (1) or unemployed (0) on that day in the life with the pilot and
        in the same life without it.
    hazard_ratio
        What the pilot does to the hazard of leaving while it lasts.
    """

    people: pd.DataFrame
    hazard_ratio: float

    def effect(self, lag: int = 3) -> float:
        """Return the average effect on the referred, `lag` months after referral."""
        gain = self.people[f"treated_{lag}"] - self.people[f"untreated_{lag}"]
        return float(gain.mean())

    def to_frame(self) -> pd.DataFrame:
        """Return shares and effect: a row per lag and month, and one of all months."""
        rows = [
            {
                "lag": lag,
                "month": month,
                "n": len(some),
                "treated": some[f"treated_{lag}"].mean(),
                "untreated": some[f"untreated_{lag}"].mean(),
            }
            for lag in LAGS
            for month, some in [*self.people.groupby("month"), ("all", self.people)]
        ]
        frame = pd.DataFrame(rows)
        return frame.assign(effect=frame["treated"] - frame["untreated"])


def find_truth(
    world: World, chances: Chances, referrals: Referrals, person_id: pd.Series
) -> Truth:
    """Live the lives of the referred twice, with and without the pilot.

    Both lives use the same chances, and nothing but the hazard ratio in the pilot's
    window differs.

    Parameters
    ----------
    world
        The world as it was.
    chances
        Everybody's chances.
    referrals
        Who was referred, and when the pilot's effect held.
    person_id
        Everybody's id.

    Returns
    -------
    Truth
        Both outcomes of every referred person.
    """
    some = chances.of(referrals.rows)
    reached = referrals.reached(world.preset.effect)
    lives = {
        "treated": world.live(some, reached),
        "untreated": world.without_effect().live(some, reached),
    }
    people = pd.DataFrame(
        {
            "person_id": person_id.to_numpy()[referrals.rows],
            "month": [month_text(month_of(day)) for day in referrals.day.tolist()],
            "started": referrals.start < world.end,
        }
    )
    for lag in LAGS:
        day = np.array([add_months(day, lag) for day in referrals.day.tolist()])
        for name, life in lives.items():
            people[f"{name}_{lag}"] = (~life.unemployed_on(day)).astype(int)
    return Truth(people=people, hazard_ratio=world.preset.effect.hazard_ratio)
