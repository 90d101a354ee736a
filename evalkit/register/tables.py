"""Tables whose columns have types of their own: Parquet files and data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.register.cells import cell_text
from evalkit.register.engine import identifier, literal
from evalkit.register.pieces import (
    FETCHED,
    Layout,
    Piece,
    match_headers,
    unreadable,
)

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.register.engine import DuckDB


def read_parquet(
    path: Path,
    name: str,
    layout: Layout,
    engine: DuckDB,
    *,
    month: int | None,
    folders: dict[str, str],
) -> Piece:
    """Return a Parquet file as it is; `folders` are columns that its path carries."""
    scan = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    types = parquet_columns(scan, name, engine)
    folders = {key: text for key, text in folders.items() if key not in types}
    expressions = [*map(identifier, types), *map(literal, folders.values())]
    positions = match_headers(name, [*types, *folders], layout)
    all_types = [*types.values(), *["VARCHAR"] * len(folders)]
    return Piece(
        name=name,
        kind="Parquet",
        relation=scan,
        columns={column: expressions[place] for column, place in positions.items()},
        types={column: all_types[place] for column, place in positions.items()},
        month=month,
    )


def parquet_columns(scan: str, name: str, engine: DuckDB) -> dict[str, str]:
    """Return the headers of a Parquet file with their types."""
    import duckdb

    try:
        return columns_of(scan, engine)
    except duckdb.Error:
        raise unreadable(name, "the file is no Parquet file that can be read") from None


def columns_of(relation: str, engine: DuckDB) -> dict[str, str]:
    """Return the columns of a relation with their SQL types."""
    described = engine.rows(f"DESCRIBE SELECT * FROM {relation}")
    return {str(row[0]): str(row[1]) for row in described}


def read_frame(table: pd.DataFrame, name: str, layout: Layout, engine: DuckDB) -> Piece:
    """Fetch the mapped columns of a data frame; its rows are counted from 1."""
    import duckdb

    positions = match_headers(name, [str(header) for header in table.columns], layout)
    columns = {column: table.iloc[:, place] for column, place in positions.items()}
    plain = pd.DataFrame({column: _plain(values) for column, values in columns.items()})
    try:
        engine.upload(FETCHED, plain)
    except (UnicodeError, duckdb.Error):
        raise unreadable(
            name, "a column holds what is neither text nor number"
        ) from None
    return fetched(name, "DataFrame", engine)


def fetched(name: str, kind: str, engine: DuckDB) -> Piece:
    """Return the piece of rows that were fetched under evalkit's names."""
    types = columns_of(FETCHED, engine)
    columns = {column: identifier(column) for column in types}
    return Piece(name=name, kind=kind, relation=FETCHED, columns=columns, types=types)


def _plain(values: pd.Series[Any]) -> Any:  # noqa: ANN401
    """Return a column in a type that DuckDB takes as it is meant."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_localize(None).array
    if isinstance(values.dtype, pd.CategoricalDtype | pd.PeriodDtype):
        values = values.astype(object)
    if values.dtype == object:
        return pd.array([cell_text(value) for value in values], dtype="string")
    return values.array
