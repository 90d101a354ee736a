"""Values of spreadsheets, databases and data frames, written as a CSV would."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence


def cell_text(value: Any) -> str | None:  # noqa: ANN401
    """Return the text of one value: whole numbers without ``.0``, ISO dates.

    Examples
    --------
    >>> [cell_text(value) for value in (2.0, True, dt.date(2021, 2, 1), None)]
    ['2', 'true', '2021-02-01', None]
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float | Decimal) and value == value // 1:
        return str(int(value))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return str(value.date()) if midnight else value.isoformat(sep=" ")
    return str(value)


def text_frame(rows: Sequence[Sequence[object]], width: int) -> pd.DataFrame:
    """Return rows of any values as a frame of text with columns ``c0``, ``c1``, ..."""
    columns = {
        f"c{i}": pd.array(
            [cell_text(row[i]) if i < len(row) else None for row in rows],
            dtype="string",
        )
        for i in range(width)
    }
    return pd.DataFrame(columns)
