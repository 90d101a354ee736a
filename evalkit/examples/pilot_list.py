"""The pilot's list of clients, as its provider would report it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.examples.movements import dates

if TYPE_CHECKING:
    from evalkit.examples.achievements import Achievements
    from evalkit.examples.referrals import Referrals


def pilot_list(
    person_id: pd.Series, referrals: Referrals, achievements: Achievements, today: int
) -> pd.DataFrame:
    """Return the pilot's list as the provider would hand it over on a day.

    Starts that come later are not known yet, nor are ends and results. A service that
    was broken off has no end.
    """
    started, result = referrals.start <= today, pd.Series(achievements.result)
    return pd.DataFrame(
        {
            "person_id": person_id.to_numpy()[referrals.rows],
            "referral_date": dates(referrals.day),
            "start_date": dates(referrals.start, started),
            "end_date": dates(achievements.end, achievements.completed),
            "result": result.where(result != ""),
            "way": referrals.way,
        }
    )
