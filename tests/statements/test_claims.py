"""Files of statements: what is read, and what is refused."""

from __future__ import annotations

import pytest

from evalkit.errors import ProtocolError
from evalkit.statements.claims import read_statements

GOOD = """
title = "A report"

[[statements]]
name = "autumn"
section = "4.3"
en = "Higher in autumn."

[[statements.readings]]
kind = "higher in"
months = ["2020-09"]
first = "2020-01"
last = "2020-12"

[[statements.readings]]
reading = "counted"
kind = "months counted"
higher = 1
first = "2020-01"
last = "2020-12"

[[activities]]
en = "calls"
fi = "soitot"
count = 9000
more = true
"""
AGAIN = """[[statements]]
name = "autumn"
section = "5"
en = "x"
readings = [{ kind = "count", measure = "referred", count = 1 }]
[[activities]]"""


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        file = tmp_path / "statements.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_statements_are_read(written) -> None:
    report = read_statements(written(GOOD))
    (statement,) = report.statements
    assert [claim.kind for claim in statement.readings] == [
        "higher in",
        "months counted",
    ]
    assert statement.readings[1].reading == "counted"
    assert statement.readings[0].months_of_period[::11] == ["2020-01", "2020-12"]


def test_an_activity_without_a_text_in_a_language_is_in_english(written) -> None:
    (calls,) = read_statements(written(GOOD)).activities
    assert [calls.text(code) for code in ("fi", "sv", "en")] == [
        "soitot",
        "calls",
        "calls",
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('kind = "higher in"', 'kind = "higher"', "higher"),
        ('months = ["2020-09"]\n', "", "missing"),
        ('months = ["2020-09"]', 'months = ["2020-19"]', "2020-19"),
        ('first = "2020-01"', 'first = "2021-01"', "`first` is after `last`"),
        ("higher = 1", "higher = -1", "readings.1"),
        ('section = "4.3"', "", "section"),
        ("more = true", "many = true", "many"),
        ("[[activities]]", AGAIN, "two statements are called autumn"),
    ],
)
def test_a_file_that_breaks_a_rule(written, old, new, complaint) -> None:
    assert old in GOOD
    with pytest.raises(ProtocolError, match=complaint):
        read_statements(written(GOOD.replace(old, new, 1)))


def test_no_such_file(tmp_path) -> None:
    with pytest.raises(ProtocolError, match="no such file"):
        read_statements(tmp_path / "nothing.toml")
