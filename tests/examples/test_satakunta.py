"""The synthetic Satakunta as files: what a Finnish office would write."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from evalkit.examples.satakunta import example_plan, plan_text, write_satakunta
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS, recognise
from evalkit.study.plan_file import read_protocol

ROOT = Path(__file__).parents[2]
FINNISH_DAY = re.compile(r"[1-9]\d?\.[1-9]\d?\.(19|20)\d\d")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_preset):
    home = tmp_path_factory.mktemp("satakunta")
    write_satakunta(home, preset=small_preset)
    return home


def rows_of(path):
    with path.open(encoding="cp1252", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def february(folder):
    return rows_of(folder / "register" / "2021-02.csv")


@pytest.fixture(scope="module")
def pilot(folder):
    return rows_of(folder / "pilot.csv")


def test_files(folder) -> None:
    names = sorted(path.name for path in (folder / "register").iterdir())
    assert len(names) == 31
    assert (names[0], names[-1]) == ("2019-09.csv", "2022-03.csv")
    others = {path.name for path in folder.iterdir()}
    plans = {"satakunta.toml", "fees.toml", "service.toml"}
    assert others == {"register", "pilot.csv", "events", *plans}


def test_the_plan_beside_them_is_the_example_s(folder) -> None:
    plan = read_protocol(folder / "satakunta.toml")
    assert plan.model_dump() == example_plan().model_dump()
    assert plan.study.synthetic


def test_the_committed_plan_is_the_example_s() -> None:
    committed = ROOT / "sampling" / "satakunta.toml"
    assert committed.read_text(encoding="utf-8") == plan_text()


def test_headers_are_finnish_and_known(february, pilot) -> None:
    plan = example_plan()
    assert {"työttömyys alkoi", "ikä", "henkilö"} <= set(february[0])
    for header in february[0]:
        name = recognise(header, SNAPSHOT_COLUMNS)
        assert name is not None
        assert plan.data.columns[name] == header
    own = {"aloitustapa"}
    for header in set(pilot[0]) - own:
        assert plan.data.pilot_columns[recognise(header, PILOT_COLUMNS)] == header


def test_cells_of_the_register(february) -> None:
    assert {row["laskentapäivä"] for row in february} == {"26.2.2021"}
    assert {row["voimassa kuukauden lopussa"] for row in february} == {"K", "E"}
    assert {row["palvelussa"] for row in february} == {"K", "E"}
    assert {row["sukupuoli"] for row in february} == {"nainen", "mies"}
    assert {row["työllisyyskoodi"] for row in february} <= {"02", "03", "07", "08"}
    assert all(re.fullmatch(r"\d{3}", row["kunta"]) for row in february)
    assert all(re.fullmatch(r"S\d{6}", row["henkilö"]) for row in february)
    for row in february:
        assert FINNISH_DAY.fullmatch(row["työttömyys alkoi"])
        end = row["työttömyys päättyi"]
        assert end == "" or FINNISH_DAY.fullmatch(end)
        assert (end == "") == (row["päättymissyy"] == "")


def test_cells_of_the_pilot_s_list(pilot, small_preset) -> None:
    assert {row["aloitustapa"] for row in pilot} == {"ryhmä", "yksilö"}
    assert {row["tulos"] for row in pilot} <= {"", "työ", "koulutus", "yrittäjä"}
    expected = 26 * small_preset.referral.people_a_month
    assert len(pilot) == pytest.approx(expected, rel=0.3)
    for row in pilot:
        assert FINNISH_DAY.fullmatch(row["ohjauspäivä"])
        assert (row["aloituspäivä"] == "") == (row["lopetuspäivä"] == "")
        assert row["aloituspäivä"] or not row["tulos"]


def test_cells_of_the_events(folder) -> None:
    files = sorted((folder / "events").iterdir())
    assert files[0].name == "2019-09.csv"
    events = [row for file in files for row in rows_of(file)]
    assert {"kartoitus", "työ"} <= {row["laji"] for row in events}
    assert {row["todennettu"] for row in events} == {"K", "E", ""}
    assert all(FINNISH_DAY.fullmatch(row["päivä"]) for row in events)
    assert {"37,5", ""} <= {row["tuntia viikossa"] for row in events}


def test_lines_end_as_on_windows(folder) -> None:
    content = (folder / "pilot.csv").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") > 1


def test_written_again_the_files_are_the_same(folder, small_preset) -> None:
    def contents():
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in paths}

    before = contents()
    write_satakunta(folder, preset=small_preset)
    assert contents() == before


def test_another_seed_writes_other_people(folder, small_preset, tmp_path) -> None:
    write_satakunta(tmp_path, preset=small_preset, seed=1)
    one, other = (home / "pilot.csv" for home in (folder, tmp_path))
    assert one.read_bytes() != other.read_bytes()
