"""Released tables as files: one tidy CSV for each, names and codes as in evalkit."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Style = Literal["finnish", "international"]

_SEPARATORS = {"finnish": (";", ","), "international": (",", ".")}
_SIGNIFICANT = 12  # the last digits of a float may differ between machines
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_file(table: pd.DataFrame, *, style: Style = "finnish") -> bytes:
    """Return a released table as a CSV file.

    Parameters
    ----------
    table
        What may leave the building.
    style
        ``"finnish"``: semicolons, decimal comma and a byte order mark, so that a
        Finnish Excel opens it. ``"international"``: commas and decimal point, UTF-8.

    Returns
    -------
    bytes
        Shares, not per cent, with twelve significant digits; a masked or missing number
        is empty, yes and no stand for true and false. A text that a spreadsheet would
        take for a formula begins with an apostrophe.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"month": ["=1"], "pilot": [0.5], "masked": [False]})
    >>> csv_file(table, style="international").decode().splitlines()
    ['month,pilot,masked', "'=1,0.5,no"]
    """
    separator, decimal = _SEPARATORS[style]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([_cell(value, decimal) for value in row])
    return file.getvalue().encode("utf-8-sig" if style == "finnish" else "utf-8")


def rounded(value: float) -> float:
    """Return a number with twelve significant digits."""
    return float(f"{value:.{_SIGNIFICANT}g}")


def _cell(value: object, decimal: str) -> str:
    """Write a number with its decimal sign, a text so that it is no formula."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.number):
        text = "" if value is None else str(value)
        return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    number = rounded(float(value))
    if np.isnan(number):
        return ""
    return np.format_float_positional(number, trim="-").replace(".", decimal)
