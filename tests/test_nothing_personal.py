"""What is ready to leave the office holds nobody: no id, no date of a life, no row."""

import csv
import re

import pandas as pd
import pytest

from evalkit.cli import main
from tests.study_files import write_small_study

TEXT = {".csv", ".json", ".jsonl", ".svg", ".log", ".html", ".toml", ".txt"}
DATED = ("työttömyys alkoi", "työttömyys päättyi", "ohjauspäivä", "aloituspäivä")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study after its run: lists deleted, certificates gathered."""
    plan = write_small_study(tmp_path_factory.mktemp("small") / "study")
    for command in (
        ["monthly", "--all"],
        ["certificates", "--to", str(plan.parent / "public")],
        ["forget", "--yes"],
    ):
        assert main([command[0], str(plan), *command[1:]]) == 0
    return plan.parent


@pytest.fixture(scope="module")
def personal(study):
    """Ids, the dates of people's lives as written there, and whole rows."""
    found, rows = set(), set()
    for file in [*(study / "register").glob("*.csv"), study / "pilot.csv"]:
        text = file.read_text(encoding="cp1252")
        rows |= set(text.splitlines()[1:])
        for row in csv.DictReader(text.splitlines(), delimiter=";"):
            found.add(row["henkilö"])
            found |= {row[name] for name in DATED if row.get(name)}
    assert len(found) > 500
    return found, rows


def published(study):
    """Yield each file that may leave, as text."""
    for folder in ("results", "public"):
        for file in sorted((study / folder).rglob("*")):
            if file.suffix in TEXT:
                yield file, file.read_text(encoding="utf-8")
            elif file.suffix == ".parquet":
                yield file, pd.read_parquet(file).to_csv()
            elif file.suffix == ".xlsx":
                sheets = pd.read_excel(file, sheet_name=None, engine="calamine")
                yield file, "\n".join(sheet.to_csv() for sheet in sheets.values())
            else:
                assert file.is_dir() or file.suffix == ".png" or file.name == ".lock"


def test_no_person_is_left(study, personal):
    words, rows = personal
    files = list(published(study))
    assert len(files) > 10
    for file, text in files:
        parts = set(re.findall(r"[\w.-]+", text))
        assert not words & parts, file
        assert not rows & set(text.splitlines()), file


def test_somebody_would_be_found(study, personal):
    words, _ = personal
    pilot = (study / "pilot.csv").read_text(encoding="cp1252")
    assert words & set(re.findall(r"[\w.-]+", pilot))


def test_no_list_is_left(study):
    assert not list((study / "results").rglob("*persons*"))
    assert (study / "public" / "0001-2021-01.json").exists()
