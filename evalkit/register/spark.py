"""Spark in the place of DuckDB, where one machine is not enough."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from evalkit.errors import RegisterError, StudyError
from evalkit.register.engine import identifier, literal, was_closed
from evalkit.register.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

    from evalkit.register.engine import DuckDB

_SAME_SQL = {
    # The study's SQL is DuckDB's too: "name" is a column, and ${x} is text.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.session.timeZone": "UTC",
}
_ON_ONE_MACHINE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",  # its pages show the study's SQL to the network
    "spark.ui.showConsoleProgress": "false",
}
_CHOSEN_ELSEWHERE = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS")
"""What spark-submit, or a person, sets to say where Spark runs."""

_QUIET = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = Spark: %m%n
"""


class Spark:
    """A Spark session, with tables that are kept while the study needs them.

    If a session is active, its cluster is used, with settings and tables apart from
    it, and it goes on living. Else one is made, and stopped when the engine is closed
    or no longer used: as spark-submit or PYSPARK_SUBMIT_ARGS say, or on this machine.

    Attributes
    ----------
    folder
        Private temporary folder; a cluster has to see it where files are handed over.

    Examples
    --------
    >>> engine = Spark()  # doctest: +SKIP
    >>> engine.value("SELECT 40 + 2")  # doctest: +SKIP
    42
    >>> engine.close()  # doctest: +SKIP
    """

    def __init__(self) -> None:
        _require_pyspark()
        workplace = Workplace()
        self.folder = workplace.folder
        self._open: list[SparkSession] = []
        self._kept: dict[str, DataFrame] = {}
        ours: list[SparkSession] = []
        self._remove = weakref.finalize(
            self, _remove, self._open, self._kept, ours, workplace
        )
        self._open.append(_session(self.folder, ours))

    @property
    def session(self) -> SparkSession:
        """The session, until the engine is closed."""
        if not self._open:
            raise was_closed()
        return self._open[0]

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query."""
        rows: pd.DataFrame = _carried_out(
            lambda: self._query(sql).toArrow().to_pandas()
        )
        return rows

    def value(self, sql: str) -> Any:  # noqa: ANN401
        """Return the first value of a query's first row."""
        row = _carried_out(lambda: self._query(sql).head())
        return row[0] if row else None

    def upload(self, name: str, table: pd.DataFrame) -> None:
        """Make a data frame a table of the session, in place of one of that name."""
        import pyarrow as pa

        arrow = pa.Table.from_pandas(table, preserve_index=False)
        fields = [
            pa.field(one.name, pa.string()) if pa.types.is_null(one.type) else one
            for one in arrow.schema
        ]
        rows = self.session.createDataFrame(arrow.cast(pa.schema(fields)))
        self.take(name, rows)

    def table(self, name: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""
        rows = self._query(query).persist()
        before = self._kept.pop(name, None)
        self.take(name, rows)
        self._kept[name] = rows
        if before is not None:
            before.unpersist()

    def take(self, name: str, rows: DataFrame) -> None:
        """Let a table of Spark's be known by a name."""
        rows.createOrReplaceTempView(name)

    def read(self, name: str, file: Path) -> None:
        """Let a Parquet file be known by a name."""
        self.take(name, self.session.read.parquet(file.as_uri()))

    def take_over(self, database: DuckDB, tables: Iterable[str]) -> None:
        """Take tables of DuckDB, as Parquet files, and close it."""
        try:
            for name in tables:
                file = self.folder / f"{name}.parquet"
                database.run(
                    f"COPY (FROM {identifier(name)}) TO {literal(str(file))} "
                    "(FORMAT parquet)"
                )
                self.read(name, file)
        finally:
            database.close()

    def joined(self, expression: str) -> str:
        """Return SQL that joins all texts of a column, in ascending order."""
        return f"listagg({expression}, '') WITHIN GROUP (ORDER BY {expression})"

    def sha256(self, expression: str) -> str:
        """Return SQL for the SHA-256 of a text, as 64 lower-case hexadecimals."""
        return f"sha2({expression}, 256)"

    def close(self) -> None:
        """Let go of the tables, and stop the session if it was made for them."""
        self._remove()

    def _query(self, sql: str) -> DataFrame:
        # Standard SQL has no escapes in texts: a backslash is one.
        return self.session.sql(sql.replace("\\", "\\\\"))


def _require_pyspark() -> None:
    try:
        import pyarrow as pa  # noqa: F401
        from pyspark.sql.functions import listagg  # noqa: F401  # came with PySpark 4
    except ImportError:
        raise RegisterError(
            'engine="spark" needs PySpark 4 or newer, and pyarrow.',
            hint="Install them: pip install 'evalkit[spark]'.",
        ) from None


def _session(folder: Path, ours: list[SparkSession]) -> SparkSession:
    """Return a session of our own settings, in the Spark that there is or a new one."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    if found is None:
        try:
            found = _started(folder)
        except (PySparkException, OSError):
            raise StudyError(
                "Spark does not start.",
                hint="It needs Java 17 or newer: `java -version` must answer, or "
                "JAVA_HOME name its folder.",
            ) from None
        ours.append(found)
    session = found.newSession()
    for name, value in _SAME_SQL.items():
        session.conf.set(name, value)
    return session


def _started(folder: Path) -> SparkSession:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("evalkit")
    if not any(name in os.environ for name in _CHOSEN_ELSEWHERE):
        log = folder / "log4j2.properties"
        log.write_text(_QUIET, encoding="utf-8")
        settings = _ON_ONE_MACHINE | {
            "spark.master": "local[*]",
            # What does not fit into memory is personal data too.
            "spark.local.dir": str(folder),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.driver.extraJavaOptions": (
                f"-Dlog4j2.configurationFile={log.as_uri()}"
            ),
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
    return builder.getOrCreate()


def _carried_out(query: Any) -> Any:  # noqa: ANN401
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        return query()
    except (Py4JJavaError, PySparkException) as error:
        if "No space left" not in str(error):
            raise
        raise StudyError(
            "A disk that Spark spills to is full.",
            hint="Free some space, or let TMPDIR (on a cluster: spark.local.dir) name "
            "a folder on a larger disk; then run the same command again.",
        ) from None


def _remove(
    opened: list[SparkSession],
    kept: dict[str, DataFrame],
    ours: list[SparkSession],
    workplace: Workplace,
) -> None:
    """Let go of everything, even where Spark is gone already."""
    from py4j.protocol import Py4JError

    gone = (Py4JError, OSError)
    while kept:
        with suppress(*gone):
            kept.popitem()[1].unpersist()
    while opened:
        with suppress(*gone):
            _forget_tables(opened.pop())
    while ours:
        with suppress(*gone):
            ours.pop().stop()
    workplace.remove()


def _forget_tables(session: SparkSession) -> None:
    for table in session.catalog.listTables():
        if table.isTemporary:
            session.catalog.dropTempView(table.name)
