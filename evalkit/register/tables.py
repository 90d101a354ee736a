"""Tables whose columns have types of their own: Parquet files and data frames."""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.register.cells import cell_text
from evalkit.register.engine import identifier, literal
from evalkit.register.pieces import (
    Layout,
    Piece,
    match_headers,
    own_names,
    renamed,
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
    import duckdb

    scan = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    try:
        found = engine.rows(f"DESCRIBE SELECT * FROM {scan}")
    except duckdb.Error:
        raise unreadable(name, "the file is no Parquet file that can be read") from None
    headers = [str(row[0]) for row in found]
    folders = {key: text for key, text in folders.items() if key not in headers}
    expressions = [identifier(header) for header in headers]
    expressions += [literal(text) for text in folders.values()]
    positions = match_headers(name, [*headers, *folders], layout)
    return Piece(
        name=name,
        kind="Parquet",
        relation=f"(SELECT {renamed(positions, expressions)} FROM {scan})",
        columns=own_names(layout),
        month=month,
    )


def read_frame(table: pd.DataFrame, name: str, layout: Layout, engine: DuckDB) -> Piece:
    """Stage the mapped columns of a data frame; its rows are counted from 1."""
    import duckdb

    positions = match_headers(name, [str(header) for header in table.columns], layout)
    columns = {column: table.iloc[:, place] for column, place in positions.items()}
    staged = pd.DataFrame(
        {column: _plain(values) for column, values in columns.items()}
    )
    try:
        engine.upload("staged_frame", staged)
    except (UnicodeError, duckdb.Error):
        raise unreadable(
            name, "a column holds what is neither text nor number"
        ) from None
    return Piece(
        name=name, kind="DataFrame", relation="staged_frame", columns=own_names(layout)
    )


def _plain(values: pd.Series[Any]) -> Any:  # noqa: ANN401
    """Return a column in a type that DuckDB takes as it is meant."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_localize(None).array
    if isinstance(values.dtype, pd.CategoricalDtype | pd.PeriodDtype):
        values = values.astype(object)
    if values.dtype == object:
        return pd.array([cell_text(value) for value in values], dtype="string")
    return values.array
