"""The pilot's list of clients, as its provider would report it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.careers import NEVER, Careers, Chances
from evalkit.examples.movements import dates
from evalkit.examples.snapshots import reasons
from evalkit.study.codes import EXIT_ROUTES
from evalkit.study.months import last_day

if TYPE_CHECKING:
    from evalkit.examples.preset import Preset
    from evalkit.examples.referrals import Referrals

_RESULTS = ("work", "training", "entrepreneur")


def pilot_list(
    people: pd.DataFrame,
    chances: Chances,
    careers: Careers,
    referrals: Referrals,
    preset: Preset,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the pilot's list, with the results that its provider would report."""
    row, started = referrals.rows, referrals.start < NEVER
    number = careers.of(row).spell_on(referrals.day)
    left = careers.left[row, number]
    service_ends = np.minimum(
        referrals.start + preset.referral.service_days, last_day(preset.months[-1])
    )
    reason = reasons(chances, row, number, np.zeros(len(row), dtype=bool), preset)
    routes = np.array([EXIT_ROUTES[code] for code in reason])
    own_firm = rng.random(len(row)) < preset.referral.entrepreneur
    routes[own_firm & (routes == "work")] = "entrepreneur"
    good = started & (left <= service_ends) & np.isin(routes, _RESULTS)
    return pd.DataFrame(
        {
            "person_id": people["person_id"].to_numpy()[row],
            "referral_date": dates(referrals.day),
            "start_date": dates(referrals.start, started),
            "end_date": dates(np.minimum(service_ends, left), started),
            "result": pd.Series(routes).where(good),
            "way": referrals.way,
        }
    )
