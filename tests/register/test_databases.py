"""Databases through SQLAlchemy: SQLite, and a PostgreSQL server of the test's own."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalkit import open_register
from evalkit.study.protocol import Table
from tests.register.small_register import (
    SNAPSHOT_HEADERS,
    make_plan,
    message,
    pilot_frame,
    rows_of,
    stock_frame,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

sa = pytest.importorskip("sqlalchemy", reason="needs the extra `database`")

PASSWORD = "p@ss/wörd:1"  # noqa: S105  (of a server that lives as long as the test)


def fill(address: str | sa.URL) -> None:
    """Make the tables `kanta` and `asiakkaat` in a database."""
    database = sa.create_engine(address)
    types = {
        int: sa.Integer,
        float: sa.Float,
        bool: sa.Boolean,
        dt.date: sa.Date,
        str: sa.String,
    }
    metadata = sa.MetaData()
    with database.begin() as connection:
        for name, frame in (("kanta", stock_frame()), ("asiakkaat", pilot_frame())):
            values = frame.astype(object).where(frame.notna(), None)
            first = {header: values[header].dropna().iloc[0] for header in values}
            columns = [
                sa.Column(header, next(types[t] for t in types if type(value) is t))
                for header, value in first.items()
            ]
            table = sa.Table(name, metadata, *columns)
            table.create(connection)
            connection.execute(table.insert(), values.to_dict("records"))
    database.dispose()


def expected(table: str):
    register = open_register(stock_frame(), pilot_frame(), protocol=make_plan())
    return rows_of(register, table)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path / 'office.db'}"
    fill(address)
    return address


def test_sqlite(sqlite, plan):
    tables = [Table(database=sqlite, table=name) for name in ("kanta", "asiakkaat")]
    register = open_register(*tables, protocol=plan)
    assert rows_of(register, "snapshots") == expected("snapshots")
    assert rows_of(register, "pilot") == expected("pilot")
    assert register.reading["kind"].tolist() == ["SQL", "SQL"]


def test_a_table_comes_in_chunks(sqlite, plan, monkeypatch):
    monkeypatch.setattr("evalkit.register.databases._ROWS_AT_ONCE", 5)
    stock = Table(database=sqlite, query="SELECT * FROM kanta")
    register = open_register(stock, pilot_frame(), protocol=plan)
    assert rows_of(register, "snapshots") == expected("snapshots")


def test_rows_are_counted_across_chunks(sqlite, monkeypatch):
    monkeypatch.setattr("evalkit.register.databases._ROWS_AT_ONCE", 5)
    named = "SELECT *, CASE WHEN Kesto > 0 THEN 'Pori' END AS Nimi FROM kanta"
    stock = Table(database=sqlite, query=named)
    plan = make_plan(data={"columns": {**SNAPSHOT_HEADERS, "municipality": "Nimi"}})
    text = message(stock, pilot_frame(), plan)
    assert "'Nimi' (rows 1, 2, 3, 4, 5 and 22 more): 'Pori' is no municipality" in text


def test_an_address_from_the_environment(sqlite, plan, monkeypatch):
    monkeypatch.setenv("OFFICE_REGISTER", sqlite)
    for address in ("$OFFICE_REGISTER", "${OFFICE_REGISTER}"):
        stock = Table(database=address, table="kanta")
        register = open_register(stock, pilot_frame(), protocol=plan)
        assert rows_of(register, "snapshots") == expected("snapshots")


@pytest.mark.parametrize(
    ("database", "table", "said"),
    [
        ("$NOBODY_SET_THIS", "kanta", "environment variable NOBODY_SET_THIS"),
        ("sqlite:///{folder}/office.db", "tyhjä", "refuses to read it (Operational"),
        ("sqlite:///{folder}/no/office.db", "kanta", "refuses to read it (Operational"),
        ("oracle9://host/name", "kanta", "the driver of oracle9 is not installed"),
        ("://", "kanta", "is no address that SQLAlchemy knows"),
    ],
)
def test_databases_that_cannot_be_read(database, table, said, sqlite, plan, tmp_path):
    assert sqlite
    stock = Table(database=database.format(folder=tmp_path), table=table)
    assert said in message(stock, pilot_frame(), plan)


def test_a_password_is_never_shown(plan):
    address = "postgresql+psycopg://office:Secret1@127.0.0.1:1/register"
    pytest.importorskip("psycopg", reason="needs the driver psycopg")
    text = message(Table(database=address, table="kanta"), pilot_frame(), plan)
    assert "refuses to read it (OperationalError)" in text
    assert "Secret1" not in text


def test_without_sqlalchemy(plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    stock = Table(database="sqlite:///office.db", table="kanta")
    assert "pip install 'evalkit[database]'" in message(stock, pilot_frame(), plan)


def binaries() -> Path | None:
    """Where Debian keeps the PostgreSQL server, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    return found[0].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def postgresql() -> Iterator[sa.URL]:
    """A server on a free port of this machine, gone with the test."""
    pytest.importorskip("psycopg", reason="needs the driver psycopg")
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    secret = folder / "secret"
    secret.write_text(PASSWORD, "utf-8")
    user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
        shutil.chown(secret, "postgres")
    port, data = free_port(), str(folder / "data")
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
    run([*user, programs / "initdb", "-D", data, "-U", "office", "--no-sync",
         "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"])  # fmt: skip
    control = [*user, programs / "pg_ctl", "-D", data, "-w"]
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    run([*control, "-l", folder / "log", "-o", options, "start"])
    try:
        yield sa.URL.create(
            "postgresql+psycopg",
            username="office",
            password=PASSWORD,
            host="127.0.0.1",
            port=port,
            database="postgres",
        )
    finally:
        run([*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder)


def test_postgresql(postgresql, plan, monkeypatch):
    fill(postgresql)
    monkeypatch.setenv("OFFICE_PASSWORD", PASSWORD)
    address = (
        f"postgresql+psycopg://office:$OFFICE_PASSWORD@127.0.0.1:{postgresql.port}"
        "/postgres"
    )
    stock = Table(database=address, table="public.kanta")
    query = "SELECT * FROM asiakkaat WHERE \"Ohjattu\" > '2020-01-01'"
    clients = Table(database=address, query=query)
    register = open_register(stock, clients, protocol=plan)
    assert rows_of(register, "snapshots") == expected("snapshots")
    assert rows_of(register, "pilot") == expected("pilot")
    assert PASSWORD not in str(register)
    lost = Table(database=address, table="no_such_table")
    text = message(lost, pilot_frame(), plan)
    assert "refuses to read it (UndefinedTable)" in text
    assert PASSWORD not in text
