"""Tables and queries of databases: DuckDB files, and whatever SQLAlchemy can reach."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from evalkit.register.cells import text_frame
from evalkit.register.engine import identifier, literal
from evalkit.register.pieces import (
    FETCHED,
    Layout,
    Piece,
    match_headers,
    under_names,
    unreadable,
)
from evalkit.register.tables import columns_of, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Executable
    from sqlalchemy.engine import URL, Connection, CursorResult

    from evalkit.register.engine import DuckDB
    from evalkit.study.protocol import Table

_ROWS_AT_ONCE = 50_000
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def read_table(table: Table, folder: Path, layout: Layout, engine: DuckDB) -> Piece:
    """Fetch the mapped columns of a table or of a query's answer."""
    wanted = table.table or "a query"
    address = table.database
    if _VARIABLE.fullmatch(address):
        address = _expanded(address, wanted)
    if "://" in address:
        kind, name = "SQL", _read_sql(table, address, wanted, layout, engine)
    else:
        file = folder / _expanded(address, wanted)
        kind, name = "DuckDB", _read_duckdb(table, file, wanted, layout, engine)
    return fetched(name, kind, engine)


def _expanded(text: str, where: str) -> str:
    """Put the environment's values in the place of ``$NAME``."""

    def value(found: re.Match[str]) -> str:
        variable = found[1] or found[2]
        if variable not in os.environ:
            raise unreadable(
                where,
                f"the plan's database needs the environment variable {variable}",
                "Set it, then run the same command again.",
            )
        return os.environ[variable]

    return _VARIABLE.sub(value, text)


def _read_duckdb(
    table: Table, file: Path, wanted: str, layout: Layout, engine: DuckDB
) -> str:
    """Fetch from a DuckDB file, opened for reading only; return the source's name."""
    import duckdb

    name = f"{wanted} of {file.name}"
    if not file.is_file():
        raise unreadable(
            name, f"there is no file {file}", "Mend the plan's `database`."
        )
    query = _query(table)
    try:
        engine.run(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
    except duckdb.Error:
        raise unreadable(
            name, "the file is no DuckDB database, or another program writes it"
        ) from None
    try:
        engine.run("USE source")
        headers = list(columns_of(f"({query})", engine))
        positions = match_headers(name, headers, layout)
        mapped = under_names({n: identifier(headers[i]) for n, i in positions.items()})
        engine.run(
            f"CREATE OR REPLACE TABLE memory.{FETCHED} AS "
            f"SELECT {mapped} FROM ({query})"
        )
    except duckdb.Error as error:  # its message could show what stands in the table
        raise unreadable(
            name, f"the database refuses to read it ({type(error).__name__})"
        ) from None
    finally:
        engine.run("USE memory")
        engine.run("DETACH source")
    return name


def _query(table: Table) -> str:
    if table.query is not None:
        return table.query.strip().rstrip(";")
    return f"SELECT * FROM {'.'.join(map(identifier, str(table.table).split('.')))}"


def _read_sql(
    table: Table, address: str, wanted: str, layout: Layout, engine: DuckDB
) -> str:
    """Fetch from a database that SQLAlchemy reaches, a chunk of rows at a time."""
    sa = _sqlalchemy(wanted)
    url = _url(address, wanted)
    name = f"{wanted} of {url.database or url.drivername}"
    try:
        database = sa.create_engine(url)
    except (sa.exc.SQLAlchemyError, ImportError):
        raise unreadable(
            name,
            f"the driver of {url.drivername} is not installed",
            "Install it beside evalkit (PostgreSQL: pip install 'psycopg[binary]').",
        ) from None
    try:
        with database.connect() as connection:
            _fetch(connection, table, name, layout, engine)
    except sa.exc.SQLAlchemyError as error:
        reason = type(getattr(error, "orig", None) or error).__name__
        raise unreadable(
            name,
            f"the database refuses to read it ({reason})",
            "Check the address, the name of the table, and your right to read it.",
        ) from None
    finally:
        database.dispose()
    return name


def _sqlalchemy(wanted: str) -> Any:  # noqa: ANN401
    try:
        import sqlalchemy
        import sqlalchemy.exc
    except ImportError:
        raise unreadable(
            wanted,
            "databases other than DuckDB need SQLAlchemy",
            "Install it: pip install 'evalkit[database]'.",
        ) from None
    return sqlalchemy


def _url(address: str, wanted: str) -> URL:
    """Read an address; ``$NAME`` is replaced part by part, so any password fits."""
    sa = _sqlalchemy(wanted)
    try:
        url: URL = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise unreadable(
            wanted,
            "the plan's database is no address that SQLAlchemy knows",
            "Write it as postgresql+psycopg://$USER:$PASSWORD@host/name.",
        ) from None

    def part(text: str | None) -> str | None:
        return _expanded(text, wanted) if text else text

    replaced: URL = url.set(
        username=part(url.username),
        password=part(url.password),
        host=part(url.host),
        database=part(url.database),
    )
    return replaced


def _fetch(
    connection: Connection, table: Table, name: str, layout: Layout, engine: DuckDB
) -> None:
    import sqlalchemy as sa

    statement: Executable
    if table.query is not None:
        statement = sa.text(table.query)
    else:
        schema, _, short = str(table.table).rpartition(".")
        source = sa.table(short, schema=schema or None)
        statement = sa.select(sa.text("*")).select_from(source)
    stream = connection.execution_options(
        stream_results=True, yield_per=_ROWS_AT_ONCE
    ).execute(statement)
    positions = match_headers(name, list(stream.keys()), layout)
    columns = ", ".join(f"{identifier(column)} VARCHAR" for column in positions)
    engine.run(f"CREATE OR REPLACE TABLE {FETCHED} ({columns})")
    for rows in _chunks(stream, list(positions.values())):
        engine.upload("chunk", text_frame(rows, len(positions)))
        engine.run(f"INSERT INTO {FETCHED} FROM chunk")
    engine.run("DROP TABLE IF EXISTS chunk")


def _chunks(
    stream: CursorResult[Any], positions: Sequence[int]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the mapped columns of a stream, some thousand rows at a time."""
    for rows in stream.partitions():
        yield [tuple(row[place] for place in positions) for row in rows]
