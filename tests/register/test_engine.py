"""The database: private, portable where it must be, and gone afterwards."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from evalkit import open_register
from evalkit.errors import RegisterError
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
    with pytest.raises(RegisterError, match="The register was closed"):
        engine.value("SELECT 1")


def test_the_folder_goes_when_nobody_uses_the_engine():
    engine = DuckDB()
    folder = engine.folder
    del engine
    gc.collect()
    assert not folder.exists()


def test_an_engine_that_cannot_start_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(duckdb.Error):
        DuckDB(memory_limit="plenty")
    gc.collect()
    assert not list(tmp_path.iterdir())


ROOT = Path(__file__).parents[2]
HOLDERS = {
    "a global": "",
    "a closure": "def hold(kept): return lambda: kept\nlook = hold(register)",
    "a cycle": "class Hold: pass\nx = Hold(); x.x = x; x.r = register; del register, x",
    "a cache": "import functools\nopen_ = functools.cache(lambda: register)\nopen_()",
    "a module": "import sys\nsys.kept = register",
    "a thread": "import threading, time\n"
    "wait = lambda kept: time.sleep(60)\n"
    "threading.Thread(target=wait, args=[register], daemon=True).start()",
    "what never goes": "import ctypes\n"
    "ctypes.pythonapi.Py_IncRef(ctypes.py_object(register))",
    "an error that was caught": "try:\n    register.engine.run('no SQL')\n"
    "except Exception as error:\n    kept = error",
    "an error that ends it": "import sys\nsys.excepthook = print\n1 / 0",
}


@pytest.mark.parametrize("held", HOLDERS.values(), ids=HOLDERS.keys())
def test_a_script_that_just_ends_says_nothing(held, tmp_path):
    script = f"""
import pandas as pd
from evalkit import open_register
from tests.register.small_register import make_plan, pilot_frame, stock_frame
register = open_register(stock_frame(), pilot_frame(), protocol=make_plan())
{held}
"""
    done = subprocess.run(  # noqa: S603  (the scripts are those above)
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


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


@pytest.mark.parametrize("missing", ["pyspark", "pyarrow"])
def test_that_spark_is_missing_is_said_before_anything_is_read(monkeypatch, missing):
    for module in {missing, f"{missing}.sql.functions"}:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RegisterError, match="needs PySpark 4 or newer, and pyarrow"):
        open_register("not there.csv", protocol=make_plan(), engine="spark")
