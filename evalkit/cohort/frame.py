"""Who could be drawn: the frame's criteria, in order, as conditions on a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from evalkit.errors import DrawError
from evalkit.study.months import (
    counting_day,
    first_day,
    last_day,
    month_text,
    parse_month,
)
from evalkit.study.protocol import SEED_TO_REPLACE

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.register.register import Register
    from evalkit.study.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A condition that people have to meet: its name, and SQL on a snapshot's row."""

    name: str
    condition: str


def snapshot_month(protocol: Protocol, month: int) -> int:
    """Return the month whose snapshot the frame of a month is read from."""
    return month - 1 if protocol.frame.kind == "opening" else month


def frame_day(protocol: Protocol, month: int) -> int:
    """Return the day number on which the stock of a month is taken."""
    if protocol.frame.kind == "opening":
        return first_day(month)
    return counting_day(month, protocol.register_.counting_day)


def eligibility(protocol: Protocol, month: int) -> list[Criterion]:
    """Return the criteria that controls and pilots alike are held to."""
    least, most = protocol.frame.weeks
    if protocol.frame.kind == "inflow":
        began = (
            f"registration_day BETWEEN {first_day(month)} AND {last_day(month)} "
            "AND spell_of_month = 1"
        )
        criteria = [
            Criterion(name="unemployment began in the month", condition=began),
            Criterion(name="unemployed", condition="unemployed"),
        ]
    else:
        criteria = [
            Criterion(name="unemployed", condition="registered AND unemployed"),
            Criterion(name="duration known", condition="weeks IS NOT NULL"),
            Criterion(
                name=f"unemployed for {least}-{most} weeks",
                condition=f"weeks BETWEEN {least} AND {most}",
            ),
        ]
    if protocol.frame.offices:
        criteria.append(
            Criterion(name="office counts", condition=office_counts(protocol, month))
        )
    return criteria + [
        Criterion(name=f"not {column}", condition=f'NOT coalesce("{column}", false)')
        for column in protocol.frame.exclude
    ]


def office_counts(protocol: Protocol, month: int) -> str:
    """Return SQL that tells whether a row's office counts in a month."""
    text = month_text(month)
    names = [
        " ".join(name.split())  # as the register's texts are read
        for office in protocol.frame.offices
        if (office.first or text) <= text <= (office.last or text)
        for name in office.names
    ]
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"coalesce(office IN ({quoted}), false)" if names else "false"


def not_referred(protocol: Protocol, month: int) -> Criterion:
    """Return the criterion that keeps the pilot's clients out of the frame.

    It looks at referrals on or before the frame's day, never at later ones: the
    final list of clients knows the future.
    """
    inflow = protocol.frame.kind == "inflow"
    day = "registration_day" if inflow else str(frame_day(protocol, month))
    return Criterion(
        name="not referred to the pilot by then",
        condition=f"NOT coalesce(first_referral <= {day}, false)",
    )


def candidates(protocol: Protocol, month: int, snapshot: int) -> str:
    """Return SQL for the rows of a snapshot, with each person's first referral.

    With an inflow frame, ``spell_of_month`` numbers a person's spells that began in
    `month`.
    """
    spells = (
        f""", row_number() OVER (
            PARTITION BY s.person_id, s.registration_day < {first_day(month)}
            ORDER BY s.registration_day NULLS LAST
        ) AS spell_of_month"""
        if protocol.frame.kind == "inflow"
        else ""
    )
    return f"""
        SELECT s.*, r.first_referral{spells}
        FROM snapshots s
        LEFT JOIN (
            SELECT person_id, min(coalesce(referral_day, start_day)) AS first_referral
            FROM pilot GROUP BY person_id
        ) r ON r.person_id = s.person_id
        WHERE s.month = {snapshot}
    """


def snapshot_rows(protocol: Protocol, month: int) -> str:
    """Return SQL for the rows that a month's frame is chosen from."""
    return candidates(protocol, month, snapshot_month(protocol, month))


def attrition(register: Register, month: int) -> pd.DataFrame:
    """Count who meets the criteria one after the other.

    Returns
    -------
    pandas.DataFrame
        ``criterion, before, removed, left``, one row per criterion.
    """
    import pandas as pd

    criteria = frame_criteria(register.protocol, month)
    met = "true"
    counts = ["count(*) AS c0"]
    for position, criterion in enumerate(criteria, start=1):
        met += f" AND ({criterion.condition})"
        counts.append(f"count(*) FILTER (WHERE {met}) AS c{position}")
    rows = snapshot_rows(register.protocol, month)
    sql = f"SELECT {', '.join(counts)} FROM ({rows}) c"
    left = [int(n) for n in register.engine.frame(sql).iloc[0]]
    return pd.DataFrame(
        {
            "criterion": [criterion.name for criterion in criteria],
            "before": left[:-1],
            "removed": [was - now for was, now in pairwise(left)],
            "left": left[1:],
        }
    )


def frame_criteria(protocol: Protocol, month: int) -> list[Criterion]:
    """Return every criterion of the frame, in the order in which they are counted."""
    return [*eligibility(protocol, month), not_referred(protocol, month)]


def frame(protocol: Protocol, month: int) -> str:
    """Return SQL for the rows of everybody who could be drawn for a month."""
    met = " AND ".join(f"({c.condition})" for c in frame_criteria(protocol, month))
    rows = snapshot_rows(protocol, month)
    return f"SELECT * FROM ({rows}) c WHERE {met}"


def drawable_months(register: Register) -> list[str]:
    """Return the months whose frame the register holds and the plan wants drawn."""
    last = register.months[-1] + (register.protocol.frame.kind == "opening")
    months = range(register.months[0], last + 1)
    texts = (month_text(m) for m in months if _has_frame(register, m))
    return [text for text in texts if register.protocol.draw.includes(text)]


def _has_frame(register: Register, month: int) -> bool:
    return snapshot_month(register.protocol, month) in register.months


def require_drawable(register: Register, month: str) -> int:
    """Return the number of a month that can be drawn, or say why it cannot be."""
    number = parse_month(month)
    draw = register.protocol.draw
    _require_seed(draw.seed)
    if not draw.includes(month_text(number)):
        raise DrawError(
            f"{month_text(number)} is not a month that the plan draws a sample for.",
            hint="draw.first, draw.last and draw.skip of the plan say which are.",
        )
    if not _has_frame(register, number):
        needed = month_text(snapshot_month(register.protocol, number))
        first, last = (month_text(register.months[i]) for i in (0, -1))
        raise DrawError(
            f"{month_text(number)} cannot be drawn: its frame is the snapshot of "
            f"{needed}, and the register holds {first} to {last}.",
            hint=f"Put the snapshot of {needed} beside the others, or name another "
            "month.",
        )
    return number


def _require_seed(seed: str) -> None:
    if seed.startswith(SEED_TO_REPLACE):
        raise DrawError(
            "The plan's seed is still the one that a new plan is given.",
            hint="Write a text of your own in [draw] seed, fixed before the first "
            "snapshot exists or taken from a public value.",
        )
