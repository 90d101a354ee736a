"""Nine clients whose every count is known by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evalkit import Protocol, open_register
from evalkit.service.plan import ServicePlan

CLIENTS = """
id ohjattu   aloitti   päättyi   tulos    tapa   kesti ikä
a  10.1.2020 20.1.2020 15.3.2020 Työ      ryhmä  K     25
b  10.1.2020 20.1.2020 20.4.2020 koulutus ryhmä  .     35
c  10.1.2020 .         .         .        ryhmä  .     25
d  3.2.2020  10.2.2020 10.5.2020 .        ryhmä  .     59
e  1.6.2020  5.6.2020  30.8.2020 työ      yksilö E     60
f  1.12.2020 5.12.2020 1.1.2021  koulutus yksilö .     29
g  1.12.2020 5.12.2020 31.12.2020 koulutus yksilö .    30
i  1.12.2020 5.12.2020 1.2.2021  yrittäjä yksilö .     25
h  4.1.2021  8.1.2021  .         .        yksilö .     .
"""


def clients() -> pd.DataFrame:
    header, *rows = [line.split() for line in CLIENTS.strip().splitlines()]
    return pd.DataFrame(rows, columns=header).replace(".", None)


def stock(people: pd.DataFrame, month: str = "2020-06") -> pd.DataFrame:
    ages = {"kk": month, "id": people["id"], "kesto": 5, "ikä": people["ikä"]}
    return pd.DataFrame(ages)


PILOT_COLUMNS = {
    "person_id": "id", "referral_date": "ohjattu", "start_date": "aloitti",
    "end_date": "päättyi", "result": "tulos", "way": "tapa", "lasting": "kesti",
}  # fmt: skip


def opened(people: pd.DataFrame, snapshots: pd.DataFrame, **columns: Any):
    """Open a register of a few people; columns set to None are not mapped."""
    named = {**PILOT_COLUMNS, **columns}
    protocol = Protocol.model_validate(
        {
            "study": {"title": "A pilot", "synthetic": True},
            "data": {
                "snapshots": "stock.csv",
                "pilot": "pilot.csv",
                "columns": {
                    "month": "kk", "person_id": "id", "weeks": "kesto", "age": "ikä",
                },
                "pilot_columns": {k: v for k, v in named.items() if v},
            },
            "register": {"unemployed": "registered"},
            "draw": {"seed": "any"},
        }
    )  # fmt: skip
    return open_register(snapshots, people, protocol=protocol)


def make_plan(**sections: Any) -> ServicePlan:
    """Return the plan with keys of the service, or whole lists, changed."""
    service = {
        "first": "2020-01", "last": "2021-01", "closes": "2021-03",
        "pauses": ["2020-04", "2020-05"], "way": "way", "lasting": "lasting",
    }  # fmt: skip
    lists: dict[str, Any] = {
        "counting": [
            {"first": dt.date(2020, 1, 1), "routes": ["work", "entrepreneur"]},
            {
                "first": dt.date(2021, 1, 1),
                "routes": ["work", "training", "entrepreneur"],
            },
        ],
        "yearly": [
            {"name": "referrals", "measure": "referred", "least": 12, "most": 24},
            {"name": "trainings", "measure": "trainings", "least": 3},
            {"name": "trainees", "measure": "trainees", "least": 20},
        ],
        "shares": [
            {"name": "lasting work", "routes": ["work"], "lasting": True, "share": 0.5},
            {
                "name": "any",
                "routes": ["work", "training", "entrepreneur"],
                "share": 0.5,
            },
        ],
    }
    words = {
        "results": {"työ": "work", "koulutus": "training", "yrittäjä": "entrepreneur"},
        "ways": {"ryhmä": "group", "yksilö": "individual"},
    }
    service |= sections.pop("service", {})
    return ServicePlan.model_validate(
        {"service": service, "words": words, **lists, **sections}
    )


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def register():
    people = clients()
    return opened(people, stock(people))
