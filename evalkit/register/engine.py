"""Where the people are kept and joined: a database of this process alone."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.errors import RegisterError, StudyError
from evalkit.register.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb
    import pandas as pd


class Engine(Protocol):
    """What the study needs from a database; its SQL is otherwise standard.

    The helpers are for the few things that databases spell differently.
    """

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query."""

    def value(self, sql: str) -> Any:  # noqa: ANN401
        """Return the first value of a query's first row."""

    def upload(self, name: str, table: pd.DataFrame) -> None:
        """Make a data frame a table of the database, in place of one of that name."""

    def table(self, name: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""

    def sha256(self, expression: str) -> str:
        """Return SQL for the SHA-256 of a text, as 64 lower-case hexadecimals."""

    def joined(self, expression: str) -> str:
        """Return SQL that joins all texts of a column, in ascending order."""

    def close(self) -> None:
        """Remove the database."""


class DuckDB:
    """DuckDB in memory; what does not fit goes to a private temporary folder.

    To write a register to a database file takes five times as long as to keep it. What
    spills is personal data: the folder goes when the engine is closed or no longer
    used, at the latest when Python ends. The connection goes with it, even if something
    still holds the engine then: a traceback, a thread.

    Parameters
    ----------
    memory_limit
        Most memory that the database may take (``"2GB"``); what does not fit goes to
        the temporary folder. None: DuckDB's own rule, 80 % of the machine.

    Examples
    --------
    >>> engine = DuckDB()
    >>> engine.value("SELECT 40 + 2")
    42
    >>> engine.close()
    """

    def __init__(self, *, memory_limit: str | None = None) -> None:
        workplace = Workplace()
        self.folder = workplace.folder
        self._open: list[duckdb.DuckDBPyConnection] = []
        self._remove = weakref.finalize(self, _remove, self._open, workplace)
        self._open.append(_connect(self.folder, memory_limit))

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, until the engine is closed."""
        if not self._open:
            raise was_closed()
        return self._open[0]

    def run(self, sql: str) -> None:
        """Carry out a statement."""
        self._carried_out(sql)

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query."""
        return self._carried_out(sql).df()

    def value(self, sql: str) -> Any:  # noqa: ANN401
        """Return the first value of a query's first row."""
        rows = self.rows(sql)
        return rows[0][0] if rows else None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query as tuples."""
        return self._carried_out(sql).fetchall()

    def _carried_out(self, sql: str) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self.connection.execute(sql)
        except duckdb.Error as error:
            if not _is_full(error):
                raise
            raise StudyError(
                f"The disk of {self.folder.parent}, or the memory, is full.",
                hint="Free some space, or let TMPDIR (Windows: TEMP) name a folder on "
                "a larger disk; then run the same command again.",
            ) from None

    def upload(self, name: str, table: pd.DataFrame) -> None:
        """Make a data frame a table of the database, in place of one of that name."""
        self.connection.register("uploaded", table)
        self.run(f"CREATE OR REPLACE TABLE {identifier(name)} AS FROM uploaded")
        self.connection.unregister("uploaded")

    def table(self, name: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""
        self.run(f"CREATE OR REPLACE TABLE {identifier(name)} AS {query}")

    def joined(self, expression: str) -> str:
        """Return SQL that joins all texts of a column, in ascending order."""
        # Twice as fast as string_agg in that order.
        return f"array_to_string(list({expression} ORDER BY {expression}), '')"

    def sha256(self, expression: str) -> str:
        """Return SQL for the SHA-256 of a text, as 64 lower-case hexadecimals."""
        return f"sha256({expression})"

    def close(self) -> None:
        """Remove the database."""
        self._remove()


def was_closed() -> RegisterError:
    """Return the error for whoever still asks a closed engine."""
    return RegisterError(
        "The register was closed.", hint="Open it again with open_register."
    )


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Write texts as a list for SQL's ``IN``, sorted: ``('a', 'b')``."""
    return f"({', '.join(map(literal, sorted(values)))})"


def _connect(folder: Path, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        # Offices' machines have no internet: use what the wheel carries.
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
        "temp_directory": str(folder / "spilled"),
        # A row's number in its file follows from its place in the table.
        "preserve_insertion_order": "true",
        **({"memory_limit": memory_limit} if memory_limit else {}),
    }
    connection = duckdb.connect(config=config)
    # Instants are days of the Finnish calendar: midnight there is 22 o'clock in UTC.
    connection.execute("SET TimeZone = 'Europe/Helsinki'")
    # Only a notebook has a bar, which asks for widgets that may not be there.
    shown = connection.execute("SELECT current_setting('enable_progress_bar')")
    if shown.fetchall() == [(True,)]:
        connection.execute("SET enable_progress_bar = false")
    return connection


def _is_full(error: duckdb.Error) -> bool:
    """Tell whether there was no room: on the disk, or in memory and on the disk."""
    import duckdb

    text = str(error)
    full = "No space left" in text or "not enough space" in text
    return full or isinstance(error, duckdb.OutOfMemoryException)


def _remove(opened: list[duckdb.DuckDBPyConnection], workplace: Workplace) -> None:
    """Close what is open, and let go: DuckDB complains of what outlives Python."""
    while opened:
        opened.pop().close()
    workplace.remove()
