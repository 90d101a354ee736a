"""Spark and DuckDB: one text of SQL, the same people, counts and certificates."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from evalkit.cohort.follow_up import measurable_months
from evalkit.examples.pennsylvania import write_pennsylvania
from evalkit.study.months import date_of
from tests.cohort.conftest import day, plan, referral, spell, table_of
from tests.study_files import MONTHS, contents, write_small_study

REGISTERS = int(os.environ.get("EVALKIT_SPARK_REGISTERS", "3"))
PENNSYLVANIA = Path(__file__).parents[3] / "shared/data/pennsylvania/penn_jae.dat"
AWKWARD = "it's \\n ${x} :y -- ä"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="PySpark is not installed"
    ),
    pytest.mark.skipif(
        shutil.which("java") is None and "JAVA_HOME" not in os.environ,
        reason="there is no Java",
    ),
]


@pytest.fixture(scope="module")
def session():
    """One session for all tests: to start it costs more than any of them."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


def random_register(seed):
    """Return a plan, snapshots and referrals, with what is awkward in each."""
    chance = random.Random(seed)  # noqa: S311
    spells, referrals = [], []
    for number in range(60):
        person = f"{chance.choice(['', '0', 'ä', 'Å '])}{number}"
        began = day("2020-06-01") + chance.randrange(330)
        ended = chance.choice([None, began + chance.randrange(20, 400)])
        spells.append(
            spell(
                person,
                f"{date_of(began)}",
                ended and f"{date_of(ended)}",
                codes={
                    chance.choice(["2021-02", "2021-05"]): chance.choice(["03", "07"])
                },
                reason=chance.choice([None, "1"]),
                office=chance.choice([AWKWARD, "Pori", None]),
            )
        )
        if chance.random() < 0.4:
            referred = max(began, day("2021-01-01")) + chance.randrange(60)
            started = chance.choice([None, f"{date_of(referred + 9)}"])
            referrals.append(referral(person, f"{date_of(referred)}", started))
    offices = [{"names": [AWKWARD, "Pori"]}] if seed % 2 else []
    study = plan(
        draw={"seed": AWKWARD, "size": 10 + seed},
        frame={"exclude": ["in_service"], "offices": offices},
        register={"unlinked_pilots": "unknown"},
    )
    listed = pd.DataFrame(
        referrals, columns=["person_id", "referral_date", "start_date"]
    )
    return study, table_of(spells)[list(study.data.columns)], listed


@pytest.mark.filterwarnings("ignore:.*fewer than the sample size:UserWarning")
def answers(engine, protocol, *tables):
    """Return all that a study reads from an engine."""
    register = ek.open_register(*tables, protocol=protocol, engine=engine)
    try:
        months = measurable_months(register)[1:3]
        draws = [ek.draw_controls(register, month) for month in months]
        cohort = ek.follow_up(register, draws)
        whole = ek.whole_frame(register, months[:1])
        weeks = ek.whole_frame_weeks(register, months)
        return draws, cohort, whole, weeks
    finally:
        register.engine.close()


def assert_same(protocol, *tables):
    draws, cohort, whole, weeks = answers("duckdb", protocol, *tables)
    others, other_cohort, other_whole, other_weeks = answers("spark", protocol, *tables)
    assert set(cohort.to_frame()["group"]) == {"pilot", "control"}
    for draw, other in zip(draws, others, strict=True):
        assert draw.certificate.text == other.certificate.text
        assert draw.person_ids == other.person_ids
        pd.testing.assert_frame_equal(draw.attrition, other.attrition)
    pd.testing.assert_frame_equal(cohort.to_frame(), other_cohort.to_frame())
    pd.testing.assert_frame_equal(cohort.attrition, other_cohort.attrition)
    assert cohort.notes == other_cohort.notes
    pd.testing.assert_frame_equal(whole.to_frame(), other_whole.to_frame())
    pd.testing.assert_frame_equal(weeks.to_frame(), other_weeks.to_frame())


@pytest.mark.usefixtures("session")
@pytest.mark.filterwarnings("ignore::evalkit.EvalkitWarning")
@pytest.mark.parametrize("seed", range(REGISTERS))
def test_the_same_on_random_registers(seed):
    assert_same(*random_register(seed))


@pytest.mark.usefixtures("session")
@pytest.mark.skipif(
    not PENNSYLVANIA.exists(), reason=f"{PENNSYLVANIA.name} is not at hand"
)
def test_the_same_on_pennsylvania(tmp_path):
    assert_same(ek.read_protocol(write_pennsylvania(tmp_path, source=PENNSYLVANIA)))


def test_a_session_that_was_there_lives_on(session):
    before = session.conf.get("spark.sql.session.timeZone")
    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    register = ek.open_register(
        *random_register(0)[1:], protocol=plan(), engine="spark"
    )
    folder = register.engine.folder
    assert register.engine.session.conf.get("spark.sql.session.timeZone") == "UTC"
    assert list(folder.glob("*.parquet"))
    register.engine.close()
    assert not folder.exists()
    assert session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    assert session.sql("SELECT 40 + 2").head()[0] == 42
    assert not session.catalog.listTables()
    with pytest.raises(ek.EvalkitError, match="was closed"):
        register.engine.value("SELECT 1")
    session.conf.set("spark.sql.session.timeZone", before)


@pytest.mark.usefixtures("session")
def test_a_faulty_register_leaves_nothing_in_spark(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _, snapshots, listed = random_register(0)
    with pytest.raises(ek.EvalkitError, match="no column is headed"):
        ek.open_register(
            snapshots.drop(columns="month"), listed, protocol=plan(), engine="spark"
        )
    assert not list(tmp_path.iterdir())


def test_that_java_is_missing_is_said_before_anything_is_read(tmp_path):
    study = write_small_study(tmp_path)
    for file in study.parent.rglob("*.csv"):
        file.unlink()
    command = [sys.executable, "-m", "evalkit", "monthly", str(study), "--engine"]
    without = os.environ | {"JAVA_HOME": str(tmp_path / "nowhere")}
    done = subprocess.run(  # noqa: S603
        [*command, "spark"], capture_output=True, text=True, check=False, env=without
    )
    assert done.returncode
    assert "Spark does not start" in done.stderr


def test_the_batch_writes_the_same_files(tmp_path):
    """In a process of its own, which makes its session and stops it."""
    written = []
    for engine in ("duckdb", "spark"):
        study = write_small_study(tmp_path / engine)
        command = [sys.executable, "-m", "evalkit", "monthly", str(study), MONTHS[0]]
        done = subprocess.run(  # noqa: S603
            [*command, "--engine", engine], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        written.append(contents(study.parent / "results"))
    duckdb, spark = written
    assert duckdb.keys() == spark.keys()
    assert [name for name in duckdb if duckdb[name] != spark[name]] == []
