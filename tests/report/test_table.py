"""The released table as CSV, Parquet and text."""

from __future__ import annotations

import csv
import io

import duckdb
import numpy as np
import pytest

from evalkit.report.release.release import release
from evalkit.report.table import (
    comparison_csv,
    comparison_parquet,
    comparison_text,
    tally_text,
)
from tests.report.tables import hand_made, with_a_masked_month

MONTHS = (
    ("2021-01", 2, 4, 250, 500),
    ("2021-02", 40, 80, 250, 500),
    ("2021-03", 50, 90, 260, 1500),
    ("2021-04", 0, 0, 250, 500),
)


@pytest.fixture
def released():
    return with_a_masked_month(*MONTHS)


def rows_of(content: bytes, delimiter: str) -> list[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def test_finnish_csv_opens_in_a_finnish_excel(released):
    content = comparison_csv(released)
    assert content.startswith(b"\xef\xbb\xbfmonth;pilot;control;estimate;")
    march = rows_of(content, ";")[2]
    assert march["pilot"] == "0,555555555556"
    assert march["n_control"] == "1500"


def test_international_csv_has_points_and_no_mark(released):
    content = comparison_csv(released, style="international")
    assert content.startswith(b"month,pilot,")
    assert rows_of(content, ",")[2]["pilot"] == "0.555555555556"


def test_masked_and_missing_numbers_are_empty_and_told_apart(released):
    rows = rows_of(comparison_csv(released), ";")
    assert [row["masked"] for row in rows] == ["yes", "no", "no", "no", "no"]
    assert rows[0]["n_pilot"] == rows[0]["estimate"] == rows[3]["estimate"] == ""
    assert rows[3]["n_pilot"] == "0"


def test_numbers_are_never_in_powers_of_ten():
    tiny = hand_made(*MONTHS[1:], p_value=[1e-9, 0.2, np.nan, 1.0])
    rows = rows_of(comparison_csv(release(tiny)), ";")
    assert [row["p_value"] for row in rows] == ["0,000000001", "0,2", "", "1"]


def test_synthetic_people_are_marked_in_every_row(released):
    rows = rows_of(comparison_csv(released, synthetic=True), ";")
    assert {row["data"] for row in rows} == {"synthetic"}
    assert "data" not in rows_of(comparison_csv(released), ";")[0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_is_never_a_formula(start):
    evil = f'{start}HYPERLINK("x";"y")'
    comparison = hand_made((evil, 40, 80, 250, 500), MONTHS[2])
    first = rows_of(comparison_csv(release(comparison)), ";")[0]
    assert first["month"] == f"'{evil}"


def test_negative_numbers_stay_numbers():
    comparison = hand_made(("2021-01", 40, 80, 300, 500), MONTHS[2])
    first = rows_of(comparison_csv(release(comparison)), ";")[0]
    assert first["estimate"] == "-0,1"


def test_parquet_has_the_csv_s_columns_and_numbers(released, tmp_path):
    path = tmp_path / "comparison.parquet"
    path.write_bytes(comparison_parquet(released, synthetic=True))
    with duckdb.connect() as connection:
        table = connection.read_parquet(str(path)).df()
    header = rows_of(comparison_csv(released, synthetic=True), ";")[0].keys()
    assert list(table) == list(header)
    assert table["masked"].tolist() == [True, False, False, False, False]
    assert table["n_control"].isna().tolist() == [True, False, False, False, False]
    assert table["pilot"][2] == 0.555555555556


def test_files_have_the_same_bytes_each_time(released):
    again = with_a_masked_month(*MONTHS)
    assert comparison_parquet(released) == comparison_parquet(again)
    assert comparison_csv(released) == comparison_csv(again)


@pytest.mark.parametrize(
    ("language", "march"),
    [
        ("fi", "maaliskuu 2021 90 1 500 56 % 17 % +38,2"),
        ("sv", "mars 2021 90 1 500 56 % 17 % +38,2"),
        ("en", "March 2021 90 1,500 56% 17% +38.2"),
    ],
)
def test_text_is_a_table_with_a_line_a_month(released, language, march):
    lines = comparison_text(released, language).splitlines()
    assert " ".join(lines[4].split()).startswith(march)
    assert lines[1] == lines[6] == "-" * len(lines[1])
    assert len(lines[1]) == max(map(len, lines[:8]))


def test_text_says_that_people_are_synthetic(released):
    assert comparison_text(released, "fi", synthetic=True).startswith(
        "SYNTEETTINEN AINEISTO\n\nkuukausi"
    )


def test_text_says_what_is_masked(released):
    lines = comparison_text(released, "en").splitlines()
    assert lines[2].split()[2:] == ["…"] * 6
    assert "below 5" in lines[-1]
    unmasked = comparison_text(release(hand_made(*MONTHS[1:])), "en")
    assert "…" not in unmasked


@pytest.mark.parametrize(
    ("language", "word"), [("fi", "näyttöä"), ("sv", "bevis"), ("en", "evidence")]
)
def test_the_tally_comes_with_its_caution(language, word):
    released = release(
        hand_made(*((f"2021-0{i}", 41, 80, 250, 500) for i in range(1, 4)))
    )
    text = tally_text(released, language)
    assert ": 3," in text
    assert word in text
