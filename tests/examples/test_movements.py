"""Monthly files hold everybody who was there on any day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from evalkit.examples.movements import dates, movements
from evalkit.study.months import day_number, month_text, parse_month


def rows(registered, left, rule="last_day", months=("2021-01", "2021-03")):
    days = [day_number(dt.date.fromisoformat(day)) for day in (registered, left)]
    spells = pd.DataFrame({"registered": days[:1], "left": days[1:], "who": "a"})
    span = range(parse_month(months[0]), parse_month(months[1]) + 1)
    table = movements(spells, span, rule)
    keys = [month_text(month) for month in table["month"]]
    flags = zip(table["registered_at_month_end"], table["ended"], strict=True)
    return dict(zip(keys, flags, strict=True))


@pytest.mark.parametrize(
    ("registered", "left", "expected"),
    [
        (
            "2021-01-31",
            "2021-02-01",
            {"2021-01": (True, False), "2021-02": (False, True)},
        ),
        ("2021-01-05", "2021-01-31", {"2021-01": (True, True)}),
        ("2021-01-05", "2021-01-30", {"2021-01": (False, True)}),
        ("2021-02-10", "2021-02-10", {"2021-02": (False, True)}),
        ("2020-12-01", "2020-12-31", {}),
        ("2021-04-01", "2021-04-02", {}),
    ],
)
def test_months_of_a_spell(registered, left, expected) -> None:
    assert rows(registered, left) == expected


def test_the_last_working_day_counts_who_leaves_on_the_weekend_after_it() -> None:
    # 2021-01-29 was a Friday.
    assert rows("2021-01-05", "2021-01-30", "last_working_day") == {
        "2021-01": (True, True)
    }
    assert rows("2021-01-05", "2021-01-28", "last_working_day") == {
        "2021-01": (False, True)
    }


def test_what_is_known_of_a_spell_is_carried_along() -> None:
    spells = pd.DataFrame({"registered": [0], "left": [0], "who": ["a"]})
    assert movements(spells, range(23640, 23641), "last_day")["who"].tolist() == ["a"]


def test_dates_that_are_not_known_are_missing() -> None:
    found = dates(np.array([0, 18262]), np.array([False, True]))
    assert found.isna().tolist() == [True, False]
    assert found[1] == pd.Timestamp("2020-01-01")
