"""Time zero: from which day on, and in which cohort month, a person is followed.

Two readings of one draw. ``report``: a pilot's is the start of the service, a
control's the draw. ``aligned``: a pilot's is the first referral, whether or not the
service began (intention to treat); a control gets one of the same month's referral
dates by hash. With an inflow frame everybody's is the day the unemployment began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalkit.cohort.frame import frame_day, snapshot_month
from evalkit.study.months import first_day, last_day, month_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from evalkit.register.register import Register

TimeZero = Literal["aligned", "report"]
_HASH_SPACE = 16**8
_BEYOND_HEXADECIMAL = "g"


def pilot_entries(register: Register, time_zero: TimeZero) -> str:
    """Return SQL for the pilot's people: person_id, time_zero, start_day (or NULL)."""
    if register.protocol.frame.kind == "inflow":
        return """
            SELECT p.person_id, max(s.registration_day) AS time_zero,
                   min(p.start_day) AS start_day
            FROM (SELECT person_id, min(coalesce(referral_day, start_day)) AS first,
                         min(start_day) AS start_day
                  FROM pilot GROUP BY person_id) p
            JOIN snapshots s
              ON s.person_id = p.person_id AND s.registration_day <= p.first
            GROUP BY p.person_id
        """
    day = "start_day" if time_zero == "report" else "referral_day"
    return f"""
        SELECT f.person_id, f.time_zero, min(p.start_day) AS start_day
        FROM (SELECT person_id, min({day}) AS time_zero
              FROM pilot WHERE {day} IS NOT NULL GROUP BY person_id) f
        LEFT JOIN pilot p
          ON p.person_id = f.person_id AND p.start_day >= f.time_zero
        GROUP BY f.person_id, f.time_zero
    """


def pilots_of_month(register: Register, month: int) -> int:
    """Count the pilot's people whose time zero falls in a month."""
    entries = pilot_entries(register, register.protocol.follow_up.time_zero)
    within = f"time_zero BETWEEN {first_day(month)} AND {last_day(month)}"
    return int(
        register.engine.value(f"SELECT count(*) FROM ({entries}) p WHERE {within}")
    )


def referral_slots(register: Register, months: Sequence[int]) -> pd.DataFrame:
    """Divide the space of hashes among the referral dates of each month.

    Returns
    -------
    pandas.DataFrame
        ``month, low, high, day``: a hash that is ``>= low`` and ``< high`` (eight
        hexadecimal digits, compared as text) gets ``day``. Every referral has an equal
        share, so a date with two referrals is twice as likely. A month without
        referrals gives its first day.
    """
    import pandas as pd

    entries = pilot_entries(register, "aligned")
    days = register.engine.frame(f"SELECT time_zero FROM ({entries}) p")["time_zero"]
    rows = []
    for month in months:
        inside = days.between(first_day(month), last_day(month))
        dates = sorted(int(day) for day in days[inside]) or [first_day(month)]
        edges = [_hexadecimal(k * _HASH_SPACE // len(dates)) for k in range(len(dates))]
        edges.append(_BEYOND_HEXADECIMAL)
        rows += [
            (month, low, high, day)
            for low, high, day in zip(edges[:-1], edges[1:], dates, strict=True)
        ]
    return pd.DataFrame(rows, columns=["month", "low", "high", "day"])


def _hexadecimal(number: int) -> str:
    return f"{number:08x}"


def control_entries(
    register: Register, months: Sequence[int], time_zero: TimeZero
) -> str:
    """Return SQL for the people in ``drawn``: person_id, month, time_zero.

    Uploads the months' referral dates where they are needed.
    """
    if register.protocol.frame.kind == "inflow":
        return """
            SELECT d.person_id, d.month, min(s.registration_day) AS time_zero
            FROM drawn d JOIN snapshots s
              ON s.person_id = d.person_id AND s.month = d.month
            JOIN month_days m ON m.month = d.month
             AND s.registration_day BETWEEN m.first_day AND m.last_day
            GROUP BY d.person_id, d.month
        """
    if time_zero == "aligned":
        register.engine.upload("referral_slots", referral_slots(register, months))
        key = "concat(seed_and_month, person_id, '|time zero')"
        return f"""
            SELECT h.person_id, h.month, t.day AS time_zero
            FROM (SELECT d.person_id, d.month,
                         substr({register.engine.sha256(key)}, 1, 8) AS hash
                  FROM drawn d JOIN month_days m ON m.month = d.month) h
            JOIN referral_slots t
              ON t.month = h.month AND h.hash >= t.low AND h.hash < t.high
        """
    return """
        SELECT d.person_id, d.month, m.frame_day AS time_zero
        FROM drawn d JOIN month_days m ON m.month = d.month
    """


def month_days(register: Register, seeds: Mapping[int, str]) -> pd.DataFrame:
    """Return what the SQL of the follow-up has to know about each cohort month."""
    import pandas as pd

    protocol = register.protocol
    months = list(seeds)
    return pd.DataFrame(
        {
            "month": months,
            "first_day": [first_day(m) for m in months],
            "last_day": [last_day(m) for m in months],
            "frame_day": [frame_day(protocol, m) for m in months],
            "control_snapshot": [snapshot_month(protocol, m) for m in months],
            "seed_and_month": [f"{seeds[m]}|{month_text(m)}|" for m in months],
        }
    )
