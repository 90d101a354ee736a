"""The database: private, portable where it must be, and gone afterwards."""

# ruff: noqa: S608  (the SQL is the tests' own)

from __future__ import annotations

import gc
import hashlib
import stat

import pandas as pd
import pytest

from evalkit import open_register
from evalkit.register.engine import DuckDB, identifier, literal, texts
from tests.register.small_register import make_plan


@pytest.fixture
def engine():
    database = DuckDB()
    yield database
    database.close()


def test_the_folder_is_private_and_goes_with_the_engine():
    engine = DuckDB()
    folder = engine.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    engine.close()
    assert not folder.exists()
    engine.close()  # a second time does no harm


def test_the_folder_goes_when_nobody_uses_the_engine():
    engine = DuckDB()
    folder = engine.folder
    del engine
    gc.collect()
    assert not folder.exists()


def test_hashes_are_those_of_sha256sum(engine):
    text = "2019-12-19 closing index|2021-02|ä0001"
    found = engine.value(f"SELECT {engine.sha256(literal(text))}")
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_texts_are_joined_in_ascending_order(engine):
    engine.upload("letters", pd.DataFrame({"x": ["b", "ä", "a", "B"]}))
    assert engine.value(f"SELECT {engine.joined('x')} FROM letters") == "Babä"


def test_tables_replace_those_of_their_name(engine):
    for number in (1, 2):
        engine.upload("up", pd.DataFrame({"x": [number] * number}))
        engine.table("kept", f"SELECT {number} AS x")
    assert engine.frame("SELECT * FROM up")["x"].tolist() == [2, 2]
    assert engine.value("SELECT x FROM kept") == 2
    assert engine.value("SELECT x FROM kept WHERE x > 2") is None


def test_quoting():
    assert identifier('a "b"') == '"a ""b"""'
    assert literal("o'clock") == "'o''clock'"
    assert texts({"b", "a'"}) == "('a''', 'b')"


def test_no_extension_may_be_downloaded(engine):
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert engine.value(f"SELECT current_setting('{setting}')") is False


@pytest.mark.slow
def test_a_register_larger_than_the_memory(tmp_path, monkeypatch):
    """Two million rows in six months under a limit of 150 MB."""
    writer = DuckDB()
    for month in range(1, 7):
        writer.run(
            "COPY (SELECT 'P' || lpad(CAST(i AS VARCHAR), 30, '0') AS id, "
            "1 + i % 90 AS weeks, 'Office ' || hash(i) AS office "
            f"FROM range(350000) AS t (i)) "
            f"TO '{tmp_path / f'stock_2021-0{month}.parquet'}'"
        )
    writer.close()
    monkeypatch.setattr(
        "evalkit.register.register.DuckDB", lambda: DuckDB(memory_limit="150MB")
    )
    plan = make_plan(
        data={"columns": {"person_id": "id", "weeks": "weeks", "office": "office"}},
        frame={"exclude": []},
        register={"unemployed": "registered"},
    )
    pilot = pd.DataFrame(columns=list(plan.data.pilot_columns.values()))
    register = open_register(tmp_path, pilot, protocol=plan)
    assert register.reading["rows"].tolist() == [350_000] * 6 + [0]
    assert register.reading["people"].tolist() == [350_000] * 6 + [0]
