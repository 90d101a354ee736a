"""Single values, as offices write them, and what they become."""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.register import canonical
from evalkit.register.cells import cell_text
from evalkit.register.engine import DuckDB, literal
from evalkit.study.codes import MISSING, NO, YES
from evalkit.study.months import date_of, day_number

ENGINE = DuckDB()


def convert(kind: str, value: str, type_: str = "VARCHAR"):
    """Take one value of a type through both stages of its kind."""
    written = canonical.written(f"CAST({literal(value)} AS {type_})", type_, kind)
    present = canonical.present("w", type_, kind)
    sql = canonical.RECIPES[kind].sql("p", type_)
    return ENGINE.value(
        f"SELECT {sql} FROM (SELECT {present} AS p FROM (SELECT {written} AS w))"
    )


DAY = day_number(dt.date(2021, 2, 1))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("date", "1.2.2021", DAY),
        ("date", " 01.02.2021 ", DAY),
        ("date", "2021-02-01", DAY),
        ("date", "2021-02-01 13:45:00", DAY),
        ("date", "2021-02-01T13:45:00.123+02:00", DAY),
        ("date", "1.2.2021 0:00", DAY),
        ("date", "30.2.2021", None),
        ("date", "2/1/2021", None),
        ("date", "44228", None),
        ("date", "20210201", None),
        ("weeks", "58,0", 58),
        ("weeks", "58.9", 58),
        ("weeks", "-1", -1),
        ("weeks", "1 000", None),
        ("number", "1e99", None),
        ("number", "inf", None),
        ("code", "2", "02"),
        ("code", "2.0", "02"),
        ("code", "'02'", "02"),
        ("code", "work", "work"),
        ("municipality", "50", "050"),
        ("municipality", "50,0", "050"),
        ("municipality", "99", "214"),
        ("municipality", "'609'", "609"),
        ("municipality", "1234", None),
        ("education", "351101", "3"),
        ("education", "x3", None),
        ("sex", "Nainen", "woman"),
        ("sex", "2", "woman"),
        ("sex", "1.0", "man"),
        ("text", "1,50", "1.5"),
        ("text", "2.0", "2"),
        ("text", "007", "007"),
        ("text", "1.2.2021", "2021-02-01"),
        ("text", "31.2.2021", "31.2.2021"),
        ("text", "O'Hara", "O'Hara"),
        ("id", "00123", "00123"),
        ("id", "1.50", "1.50"),
        ("id", "a|b", None),
        ("id", "a\tb", None),
    ],
)
def test_text(kind, value, expected):
    assert convert(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value", "type_", "expected"),
    [
        ("date", "2021-02-01", "DATE", DAY),
        ("date", "2021-02-01 23:59:59", "TIMESTAMP", DAY),
        ("date", "2021-01-31 22:00:00+00", "TIMESTAMP WITH TIME ZONE", DAY),
        ("date", "infinity", "DATE", None),
        ("month", "2021-02-26", "DATE", 12 * 2021 + 1),
        ("month", "0021-02-26", "DATE", None),
        ("weeks", "12", "BIGINT", 12),
        ("weeks", "12.7", "DOUBLE", 12),
        ("weeks", "99999999999", "BIGINT", None),
        ("flag", "1", "INTEGER", True),
        ("flag", "0", "DOUBLE", False),
        ("flag", "true", "BOOLEAN", True),
        ("code", "2", "INTEGER", "02"),
        ("code", "2", "DOUBLE", "02"),
        ("id", "12", "DOUBLE", "12"),
        ("id", "12", "DECIMAL(9,2)", "12"),
        ("text", "1.5", "DOUBLE", "1.5"),
        ("text", "nan", "DOUBLE", None),
        ("text", "2021-02-01", "TIMESTAMP", "2021-02-01"),
    ],
)
def test_columns_with_types(kind, value, type_, expected):
    assert convert(kind, value, type_) == expected


@pytest.mark.parametrize("word", sorted(YES | NO))
def test_yes_and_no(word):
    assert convert("flag", word) is (word in YES)
    assert convert("flag", f" {word.upper()} ") is (word in YES)


@pytest.mark.parametrize("kind", sorted(canonical.RECIPES.keys() - {"month"}))
def test_missing_values_are_missing_in_every_kind(kind):
    for marker in MISSING:
        assert convert(kind, marker.upper()) is None


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)))
def test_every_date_in_every_form(date):
    finnish = f"{date.day}.{date.month}.{date.year}"
    for text in (finnish, f"{date:%d.%m.%Y}", date.isoformat()):
        assert date_of(convert("date", text)) == date


@pytest.mark.parametrize(
    "text",
    [
        "131052-308T",
        "131052-308t",
        "131052+308T",
        "010190A123B",
        "010190y123b",
        "asiakas 131052-308T, Pori",
        "(131052-308T)",
    ],
)
def test_identity_codes_are_found(text):
    assert convert("id", text) is None
    assert convert("text", text) is None
    assert ENGINE.value(f"SELECT {canonical.identity(literal(text))}")


@pytest.mark.parametrize(
    "text",
    [
        "321052-308T",  # no 32nd day
        "131352-308T",  # no 13th month
        "131052-308G",  # G is no control character
        "a131052-308T7",  # within a longer word
        "3f131052-308a-4c1d-9b2e-0123456789ab",
        "P000000131052",
    ],
)
def test_pseudonyms_are_no_identity_codes(text):
    assert convert("id", text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (np.nan, None),
        (pd.NaT, None),
        (pd.NA, None),
        (2.0, "2"),
        (2.5, "2.5"),
        (Decimal("2.00"), "2"),
        (Decimal("NaN"), None),
        (float("inf"), "inf"),
        (np.int64(7), "7"),
        (np.float64(7), "7"),
        (np.bool_(1), "true"),
        (True, "true"),
        ("007", "007"),
        (dt.date(2021, 2, 1), "2021-02-01"),
        (dt.datetime(2021, 2, 1), "2021-02-01"),
        (dt.datetime(2021, 2, 1, 13, 5), "2021-02-01 13:05:00"),
        (pd.Timestamp("2021-02-01"), "2021-02-01"),
        (pd.Period("2021-02"), "2021-02"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_cells(value, text):
    assert cell_text(value) == text


def test_padding_that_cannot_be_seen():
    assert convert("weeks", "\u00a012\u202f") == 12
    assert convert("text", "\tPori\r\n") == "Pori"
    assert unicodedata.name("\u202f") == "NARROW NO-BREAK SPACE"
