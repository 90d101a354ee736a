"""The rules on single rows of the register and of the pilot's list."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.register.our_time import MONTHS
from evalkit.study.months import first_day, last_day

EARLIEST = first_day(MONTHS[0])
LATEST = last_day(MONTHS[-1])
LONGEST = 60 * 366 // 7
"""Weeks of sixty years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule on single rows, applied where the plan maps the columns it `needs`.

    `broken` is SQL that tells which rows break it; the first column needed is named.
    """

    needs: tuple[str, ...]
    broken: str
    text: str
    remedy: str = ""


SNAPSHOT_RULES = (
    Rule(
        needs=("registration_date",),
        broken=f"registration_day < {EARLIEST}",
        text="the date is before 1950",
    ),
    Rule(
        needs=("registration_date",),
        broken="registration_day > last_day + 1",
        text="the date is after the month of the snapshot",
        remedy="Nobody can be in a snapshot before registering.",
    ),
    Rule(
        needs=("deregistration_date", "registration_date"),
        broken="deregistration_day < registration_day",
        text="the date is before the registration",
    ),
    Rule(
        needs=("deregistration_date",),
        broken="deregistration_day NOT BETWEEN first_day AND last_day",
        text="the date is outside the month of the snapshot",
        remedy="Leave it empty where the search went on after the month.",
    ),
    Rule(
        needs=("registered_at_month_end", "deregistration_date"),
        broken="registered AND deregistration_day < counting_day",
        text="registered at the month's end, but deregistered before it",
    ),
    Rule(needs=("weeks",), broken="weeks < 0", text="the duration is negative"),
    Rule(
        needs=("weeks",),
        broken=f"weeks > {LONGEST}",
        text="the duration is longer than sixty years",
        remedy="Durations are in weeks, not in days.",
    ),
    Rule(
        needs=("weeks", "age"),
        broken="age >= 14 AND weeks > (age - 13) * 53",
        text="the duration is longer than the age allows",
        remedy="Durations are in weeks, not in days.",
    ),
    Rule(
        needs=("weeks", "registration_date"),
        broken="registered AND "
        "abs(weeks - floor((counting_day - registration_day) / 7.0)) > 1",
        text="the duration is more than a week away from the registration date",
        remedy="Map only the one that is right.",
    ),
    Rule(
        needs=("age",),
        broken="age NOT BETWEEN 14 AND 100",
        text="the age is not 14-100",
    ),
    Rule(
        needs=("birth_year",),
        broken="age NOT BETWEEN 14 AND 100",
        text="the year makes an age that is not 14-100",
    ),
)

PILOT_RULES = (
    *(
        Rule(
            needs=(name,),
            broken=f"{day} NOT BETWEEN {EARLIEST} AND {LATEST}",
            text="the date is before 1950 or after 2100",
        )
        for name, day in (
            ("referral_date", "referral_day"),
            ("start_date", "start_day"),
            ("end_date", "end_day"),
        )
    ),
    Rule(
        needs=("start_date", "referral_date"),
        broken="start_day < referral_day",
        text="the service began before the referral",
    ),
    Rule(
        needs=("end_date", "start_date"),
        broken="end_day < start_day",
        text="the service ended before it began",
    ),
)
