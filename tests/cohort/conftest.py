"""Hand-made registers, small enough to be followed by eye."""

import datetime as dt

import pandas as pd
import pytest

from evalkit.register.register import open_register
from evalkit.study.months import last_day, month_of, month_text, parse_month
from evalkit.study.protocol import Protocol

FIRST, LAST = "2020-11", "2021-12"


def day(text):
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def spell(person, began, ended=None, *, codes=None, reason=None, **columns):
    """Return the rows of a spell: one for every month of which it covers a day.

    `codes` changes the employment code (02) from a month on: {"2021-03": "07"}.
    """
    end = day(ended) if ended else None
    months = range(parse_month(FIRST), parse_month(LAST) + 1)
    rows, code = [], "02"
    for month in months:
        code = (codes or {}).get(month_text(month), code)
        over = end is not None and month_of(end) < month
        if month_of(day(began)) > month or over:
            continue
        here = end is not None and month_of(end) == month
        rows.append(
            {
                "month": month_text(month),
                "person_id": person,
                "registration_date": began,
                "deregistration_date": ended if here else None,
                "registered_at_month_end": not here or end > last_day(month),
                "employment_code": code,
                "exit_reason": reason if here else None,
                "in_service": code in {"07", "08"},
                "office": "TE",
                "age": 40,
                **columns,
            }
        )
    return rows


def referral(person, referred, started=None):
    return {"person_id": person, "referral_date": referred, "start_date": started}


COLUMNS = (
    "month", "person_id", "registration_date", "deregistration_date",
    "registered_at_month_end", "employment_code", "exit_reason", "in_service",
    "office", "age",
)  # fmt: skip


def plan(**sections):
    """Return a plan on the hand-made columns; sections replace the defaults' keys."""
    pilot = ("person_id", "referral_date", "start_date")
    values = {
        "study": {"title": "By hand"},
        "data": {
            "snapshots": "-",
            "pilot": "-",
            "columns": {name: name for name in COLUMNS},
            "pilot_columns": {name: name for name in pilot},
        },
        "register": {"counting_day": "last_day"},
        "frame": {"exclude": ["in_service"]},
        "draw": {"seed": "seed", "size": "all"},
        "estimate": {"covariates": ["weeks_before", "age"]},
    }
    for name, keys in sections.items():
        values[name] = {**values.get(name, {}), **keys}
    return Protocol.model_validate(values)


def table_of(spells):
    """Return all rows, with somebody in work who is in the register all the time."""
    at_work = spell("at work", "2020-10-01", codes={FIRST: "01"})
    return pd.DataFrame([row for rows in [*spells, at_work] for row in rows])


@pytest.fixture
def register_of():
    """Open a register of spells and referrals; closed after the test."""
    opened = []

    def make(spells, referrals=(), protocol=None, without=()):
        rows = table_of(spells)
        rows = rows[~rows["month"].isin(without)]
        pilot = pd.DataFrame(
            list(referrals), columns=["person_id", "referral_date", "start_date"]
        )
        protocol = protocol or plan()
        register = open_register(
            rows[list(protocol.data.columns)], pilot, protocol=protocol
        )
        opened.append(register)
        return register

    yield make
    for register in opened:
        register.engine.close()
