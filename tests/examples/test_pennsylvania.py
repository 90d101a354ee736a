"""The Pennsylvania experiment as a register: on made-up people, then on the real."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from evalkit.errors import RegisterError
from evalkit.examples.extract import COVARIATES
from evalkit.examples.pennsylvania import (
    example_plan,
    plan_text,
    read_pennsylvania,
    write_pennsylvania,
)
from evalkit.study.months import date_of
from evalkit.study.plan_file import read_protocol

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "pennsylvania" / "penn_jae.dat"
real_people = pytest.mark.skipif(
    not REAL.is_file(), reason="the experiment's file is not beside the project"
)

HEADER = ["abdt", "tg", "inuidur1", "inuidur2", *COVARIATES]
# Claims on Sundays: 1988-07-24, 1988-07-24, 1988-07-31, 1988-08-07.
PEOPLE = [
    [10432, 4, 1, 1, *([0] * 19)],
    [10432, 0, 27, 20, *([1] * 19)],
    [10439, 2, 52, 52, *([0] * 19)],
    [10446, 0, 3, 3, *([0] * 4), 2, *([0] * 14)],
]


def text_of(people, header=HEADER):
    return "\n".join(" ".join(map(str, row)) for row in [header, *people]) + "\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "penn_jae.dat"
    path.write_text(text_of(PEOPLE), encoding="ascii")
    return path


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_people(file) -> None:
    people = read_pennsylvania(file, sizes=[4])
    assert people["person_id"].tolist() == [f"PA00000{n}" for n in range(1, 5)]
    assert people["arm"].tolist() == [4, 0, 2, 0]
    assert date_of(int(people["registered"][0])) == dt.date(1988, 7, 24)
    assert date_of(int(people["left"][0])) == dt.date(1988, 7, 31)
    assert people["weeks"].tolist() == [1, 27, 52, 3]
    assert people["dep"].tolist() == [0, 1, 0, 2]


def test_from_an_address_as_from_a_path(file) -> None:
    by_path, by_address = (
        read_pennsylvania(source, sizes=[4]) for source in (file, file.as_uri())
    )
    pd.testing.assert_frame_equal(by_path, by_address)


@pytest.mark.parametrize(
    "source", ["nowhere/penn_jae.dat", "file:///nowhere/penn_jae.dat"]
)
def test_a_source_that_is_not_there(source) -> None:
    with pytest.raises(RegisterError, match="cannot be read"):
        read_pennsylvania(source)


def changed(row, column, value):
    people = [list(person) for person in PEOPLE]
    people[row][HEADER.index(column)] = value
    return text_of(people)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (text_of([row[:-1] for row in PEOPLE], HEADER[:-1]), "no column muld"),
        (text_of(PEOPLE, [*HEADER[:-1], "mul"]), "no column muld"),
        (text_of(PEOPLE[:3]), "3 people, not 4"),
        (changed(1, "inuidur1", 53), "inuidur1 outside 1..52 in row 3"),
        (changed(2, "tg", 7), "tg outside 0..6 in row 4"),
        (changed(0, "female", 2), "female outside 0..1 in row 2"),
        (changed(0, "abdt", 104), "abdt outside"),
        (changed(0, "dep", "x"), "dep holds what is no whole number"),
        (changed(0, "dep", "1.5"), "dep holds what is no whole number"),
        (changed(0, "dep", "NA"), "dep holds what is no whole number"),
        ("", "no table"),
        ("<html>\nnot found 404 at all\n", "no "),
    ],
)
def test_another_file(file, text, complaint) -> None:
    file.write_text(text, encoding="ascii")
    with pytest.raises(RegisterError, match=complaint) as caught:
        read_pennsylvania(file, sizes=[4])
    assert "penn_jae.dat" in str(caught.value)


def test_a_file_that_is_no_text(file) -> None:
    file.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe\x00")
    with pytest.raises(RegisterError, match="is not the file"):
        read_pennsylvania(file, sizes=[4])


def test_a_shortened_file_is_refused_unless_expected(file) -> None:
    with pytest.raises(RegisterError, match="4 people, not 10200 or 13913"):
        read_pennsylvania(file)


def test_written_study(file, tmp_path) -> None:
    home = tmp_path / "study"
    plan = write_pennsylvania(home, source=file, sizes=[4])
    assert plan == home / "pennsylvania.toml"
    assert read_protocol(plan).model_dump() == example_plan().model_dump()
    july = rows_of(home / "register" / "1988-07.csv")
    assert [row["person_id"][-1] for row in july] == ["1", "2", "3"]
    assert [row["registered_at_month_end"] for row in july] == ["yes"] * 3
    # The last day on the register is the counting day itself.
    assert [row["deregistration_date"] for row in july] == ["1988-07-31", "", ""]
    assert [row["other_programme"] for row in july] == ["no", "no", "yes"]
    august = rows_of(home / "register" / "1988-08.csv")
    assert [row["person_id"][-1] for row in august] == ["2", "3", "4"]
    assert august[2]["deregistration_date"] == "1988-08-28"
    assert august[2]["registered_at_month_end"] == "no"
    assert rows_of(home / "pilot.csv") == [
        {
            "person_id": "PA000001",
            "referral_date": "1988-07-24",
            "start_date": "1988-07-24",
        }
    ]


def test_a_wrong_source_writes_nothing(file, tmp_path) -> None:
    home = tmp_path / "study"
    with pytest.raises(RegisterError):
        write_pennsylvania(home, source=file)
    assert not home.exists()


def test_the_committed_plan_is_the_example_s() -> None:
    committed = ROOT / "sampling" / "pennsylvania.toml"
    assert committed.read_text(encoding="utf-8") == plan_text()


@pytest.mark.parametrize("size", [100, "pilot", "all"])
def test_size_of_the_sample(size) -> None:
    assert example_plan(size).draw.size == size


@pytest.fixture(scope="module")
def real():
    return read_pennsylvania(REAL)


@real_people
def test_real_people_by_arm(real) -> None:
    arms = real["arm"].value_counts()
    assert len(real) == 10_200
    assert (arms[4], arms[0]) == (1_745, 3_354)


@real_people
def test_real_exits_before_27_weeks(real) -> None:
    shares = (real["weeks"] < 27).groupby(real["arm"]).mean()
    assert shares[4] == pytest.approx(0.7805, abs=5e-5)
    assert shares[0] == pytest.approx(0.7662, abs=5e-5)
    weeks = real.groupby("arm")["weeks"].mean()
    assert weeks[4] - weeks[0] == pytest.approx(-0.832, abs=5e-4)


@real_people
def test_real_short_spells_never_stand_in_a_stock(real, tmp_path) -> None:
    """Nearly one in five: 18 % if the last day counts, 19 % if it does not."""
    write_pennsylvania(tmp_path, source=REAL)
    files = sorted((tmp_path / "register").iterdir())
    rows = pd.concat([pd.read_csv(path) for path in files], ignore_index=True)
    assert rows["person_id"].nunique() == len(real)
    counted = rows["registered_at_month_end"] == "yes"
    last_day = pd.to_datetime(rows["month"]) + pd.offsets.MonthEnd()
    leaves = rows["deregistration_date"] == last_day.dt.strftime("%Y-%m-%d")
    never, strictly = (
        1 - rows.loc[there, "person_id"].nunique() / len(real)
        for there in (counted, counted & ~leaves)
    )
    assert never == pytest.approx(0.1815, abs=5e-4)
    assert strictly == pytest.approx(0.1883, abs=5e-4)
    assert rows["deregistration_date"].notna().sum() == len(real)
