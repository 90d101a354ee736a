"""A small register, made in memory and written in every format."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from evalkit import EvalkitError, open_register
from evalkit.study.protocol import Protocol

SNAPSHOT_HEADERS = {
    "month": "Laskentapäivä",
    "person_id": "Tunniste",
    "weeks": "Kesto",
    "registration_date": "Alkupvm",
    "employment_code": "Työllisyyskoodi",
    "in_service": "Palvelussa",
    "office": "Toimisto",
    "municipality": "Kunta",
    "sex": "Sukupuoli",
    "age": "Ikä",
    "education": "Koulutus",
    "other_programme": "Muu hanke",
    "score": "Pisteet",
}
PILOT_HEADERS = {
    "person_id": "Tunniste",
    "referral_date": "Ohjattu",
    "start_date": "Aloitti",
    "end_date": "Lopetti",
    "result": "Tulos",
}


def make_plan(**sections: Any) -> Protocol:
    """A plan over the headers above; a section given is merged into it."""
    plan: dict[str, Any] = {
        "study": {"title": "Test"},
        "data": {
            "snapshots": "stock.csv",
            "pilot": "pilot.csv",
            "columns": SNAPSHOT_HEADERS,
            "pilot_columns": PILOT_HEADERS,
        },
        "frame": {"exclude": ["in_service", "other_programme"]},
        "draw": {"seed": "seed"},
    }
    for name, section in sections.items():
        plan[name] = plan.get(name, {}) | section
    return Protocol.model_validate(plan)


def stock_frame() -> pd.DataFrame:
    """Three months of nine people, as a data frame with types of its own."""
    people = [f"{n:04d}" for n in range(1, 10)]
    rows = []
    for number, day in enumerate(["2021-01-29", "2021-02-26", "2021-03-31"]):
        for n, person in enumerate(people):
            began = dt.date(2020, 6, 1) + dt.timedelta(days=11 * n)
            rows.append(
                {
                    "month": dt.date.fromisoformat(day),
                    "person_id": person,
                    "weeks": (dt.date.fromisoformat(day) - began).days // 7,
                    "registration_date": began,
                    "employment_code": ["02", "03", "07", "01"][(n + number) % 4],
                    "in_service": [True, False, None][n % 3],
                    "office": ["Pori", "Säkylä-Köyliö", "Rauma €"][n % 3],
                    "municipality": ["609", "050", "099"][n % 3],
                    "sex": ["nainen", "mies", None][n % 3],
                    "age": 20 + 5 * n,
                    "education": [351101.0, 671101.0, None][n % 3],
                    "other_programme": n == 8,
                    "score": [1.5, 2.0, None][n % 3],
                }
            )
    frame = pd.DataFrame(rows)
    return frame.rename(columns=SNAPSHOT_HEADERS)


def pilot_frame() -> pd.DataFrame:
    """Two clients: one who started, one who did not."""
    rows = [
        {
            "person_id": "0002",
            "referral_date": dt.date(2021, 2, 3),
            "start_date": dt.date(2021, 2, 15),
            "end_date": dt.date(2021, 5, 15),
            "result": "työ",
        },
        {"person_id": "0007", "referral_date": dt.date(2021, 3, 1)},
    ]
    return pd.DataFrame(rows).rename(columns=PILOT_HEADERS)


def finnish(frame: pd.DataFrame) -> pd.DataFrame:
    """Write every value as a Finnish office does."""
    return frame.map(_finnish)


def _finnish(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "Kyllä" if value else "Ei"
    if isinstance(value, dt.date):
        return f"{value.day}.{value.month}.{value.year}"
    if isinstance(value, float):
        whole = value.is_integer() and value > 100
        return str(int(value)) if whole else str(value).replace(".", ",")
    return str(value)


def write_csv(frame: pd.DataFrame, path: Any, encoding: str = "utf-8") -> Any:
    finnish(frame).to_csv(path, sep=";", index=False, encoding=encoding)
    return path


def rows_of(register: Any, table: str) -> list[tuple[Any, ...]]:
    """Every row of a table of the register, in an order that files cannot change."""
    return register.engine.rows(f"SELECT * FROM {table} ORDER BY ALL")


def message(snapshots: Any, pilot: Any, plan: Protocol) -> str:
    """The error that a register gives."""
    with pytest.raises(EvalkitError) as raised:
        open_register(snapshots, pilot, protocol=plan)
    return str(raised.value)
