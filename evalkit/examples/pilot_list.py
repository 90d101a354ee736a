"""The pilot's list of clients, as its provider would report it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.movements import dates
from evalkit.examples.snapshots import reasons
from evalkit.study.codes import EXIT_ROUTES
from evalkit.study.months import last_day, parse_month

if TYPE_CHECKING:
    from evalkit.examples.careers import Careers, Chances
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
    """Return the pilot's list as the provider would hand it over at the register's end.

    Starts, ends and results that come later are not known yet.
    """
    rules, today = preset.referral, last_day(preset.months[-1])
    row, started = referrals.rows, referrals.start <= today
    number = careers.of(row).spell_on(referrals.day)
    left = careers.left[row, number]
    closing = last_day(parse_month(rules.service_last))
    ends = np.minimum(np.minimum(referrals.start + rules.service_days, closing), left)
    reason = reasons(chances, row, number, np.zeros(len(row), dtype=bool), preset)
    routes = np.array([EXIT_ROUTES[code] for code in reason])
    own_firm = rng.random(len(row)) < rules.entrepreneur
    routes = np.where(own_firm & (routes == "work"), "entrepreneur", routes)
    good = started & (left <= np.minimum(ends, today)) & np.isin(routes, _RESULTS)
    return pd.DataFrame(
        {
            "person_id": people["person_id"].to_numpy()[row],
            "referral_date": dates(referrals.day),
            "start_date": dates(referrals.start, started),
            "end_date": dates(ends, started & (ends <= today)),
            "result": pd.Series(routes).where(good),
            "way": referrals.way,
        }
    )
