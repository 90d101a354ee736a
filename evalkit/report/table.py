"""A released comparison as a file for Excel, for programs, and for the terminal."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.report.language.catalogue import MASKED, read_language
from evalkit.report.monthly import level_text, monthly_table

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.released import Released

Style = Literal["finnish", "international"]

_SEPARATORS = {"finnish": (";", ","), "international": (",", ".")}
_COUNTS = [
    "n_pilot", "n_control", "n_people", "n_unknown", "pilot_events", "control_events",
]  # fmt: skip
_NUMBERS = [
    "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value", "level",
    "strict", "strict_ci_low", "strict_ci_high",
]  # fmt: skip
_COLUMNS = [
    "month", "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value",
    "n_pilot", "n_control", "n_people", "n_unknown", "pilot_events", "control_events",
    "strict", "strict_ci_low", "strict_ci_high", "level", "method", "masked", "note",
]  # fmt: skip
_SIGNIFICANT = 12
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def comparison_csv(
    released: Released, *, style: Style = "finnish", synthetic: bool = False
) -> bytes:
    """Return a released comparison as a CSV file.

    Parameters
    ----------
    released
        What `release` lets through.
    style
        ``"finnish"``: semicolons, decimal comma and a byte order mark, so that a
        Finnish Excel opens it. ``"international"``: commas and decimal point, UTF-8.
    synthetic
        Whether the people are simulated; every row then says so in a column ``data``.

    Returns
    -------
    bytes
        Shares, not per cent; a masked or missing number is empty, and ``masked`` says
        ``yes`` or ``no``. A text that a spreadsheet would take for a formula begins
        with an apostrophe.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> from evalkit.report.release.release import release
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": [1, 0, 0, 1] * 10})
    >>> comparison = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> text = comparison_csv(release(comparison)).decode("utf-8-sig")
    >>> text.splitlines()[1][:11]
    'all;0,5;0,5'
    """
    separator, decimal = _SEPARATORS[style]
    table = _ordered(released, synthetic=synthetic)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([_cell(value, decimal) for value in row])
    return file.getvalue().encode("utf-8-sig" if style == "finnish" else "utf-8")


def comparison_parquet(released: Released, *, synthetic: bool = False) -> bytes:
    """Return a released comparison as a Parquet file, with the columns of the CSV.

    Parameters
    ----------
    released
        What `release` lets through.
    synthetic
        Whether the people are simulated; every row then says so in a column ``data``.

    Returns
    -------
    bytes
        The same whenever it is written: one thread, rows in order.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> from evalkit.report.release.release import release
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": [1, 0, 0, 1] * 10})
    >>> comparison = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> comparison_parquet(release(comparison))[:4]
    b'PAR1'
    """
    import duckdb

    table = _ordered(released, synthetic=synthetic)
    table = table.astype(dict.fromkeys(_COUNTS, "Int64"))
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config={"threads": 1}) as connection,
    ):
        path = Path(folder) / "comparison.parquet"
        connection.register("comparison", table)
        connection.sql("FROM comparison").write_parquet(str(path), compression="zstd")
        return path.read_bytes()


def comparison_text(
    released: Released, language: str = "fi", *, synthetic: bool = False
) -> str:
    """Return a released comparison as a plain table for a terminal.

    Parameters
    ----------
    released
        What `release` lets through.
    language
        ``fi``, ``sv`` or ``en``.
    synthetic
        Whether the people are simulated; a line above the table then says so.

    Returns
    -------
    str
        A line for each month and the pooled one, then what the signs mean.

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> from evalkit.report.release.release import release
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": [1, 0, 0, 1] * 10})
    >>> comparison = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> print(comparison_text(release(comparison), "en").splitlines()[0])
    month       n, pilot  n, control  pilot  control  difference         95% CI
    """
    words, table = read_language(language), monthly_table(released)
    rows = [_heads(table, words), *(_line(row, words) for _, row in table.iterrows())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        ).rstrip()
        for row in rows
    ]
    rule = "-" * max(map(len, lines))
    above = [words.text("data.synthetic").upper(), ""] if synthetic else []
    notes = [words.text("table.key")]
    if table["masked"].any():
        notes.append(words.text("table.masked", min_cell=released.min_cell))
    months = int((table["month"] != "pooled").sum())
    body = [lines[0], rule, *lines[1 : months + 1], rule, *lines[months + 1 :]]
    return "\n".join([*above, *body, "", *notes])


def tally_text(released: Released, language: str = "fi") -> str:
    """Return the count of published months, with the caution that it deserves.

    Parameters
    ----------
    released
        What `release` lets through.
    language
        ``fi``, ``sv`` or ``en``.

    Returns
    -------
    str
        In how many months the pilot's share was higher, equal or lower, and why that
        is not evidence.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> from evalkit.report.release.release import release
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": [1, 0, 1, 0, 0, 1, 0, 0] * 5})
    >>> comparison = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> print(tally_text(release(comparison), "en").split(".")[0])
    Months in which the pilot's share was higher: 1, equal: 0, lower: 0 (whole percent)
    """
    words, tally = read_language(language), released.tally()
    counts = words.text(
        "tally.counts", wins=tally.wins, ties=tally.ties, losses=tally.losses
    )
    return " ".join([counts, words.text("tally.caution")])


def _ordered(released: Released, *, synthetic: bool) -> pd.DataFrame:
    """Return the columns in their fixed order.

    Numbers have twelve significant digits: the last ones of a float may differ between
    machines.
    """
    table = released.to_frame()[_COLUMNS]
    for name in _NUMBERS:
        table[name] = [_rounded(value) for value in table[name].astype(float)]
    return table.assign(data="synthetic") if synthetic else table


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT}g}")


def _cell(value: object, decimal: str) -> str:
    """Write a number with its decimal sign, a text so that it is no formula."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    number = float(value)  # type: ignore[arg-type]
    if np.isnan(number):
        return ""
    return np.format_float_positional(number, trim="-").replace(".", decimal)


def _heads(table: pd.DataFrame, words: Language) -> list[str]:
    groups = [words.text(f"group.{group}_short") for group in ("pilot", "control")]
    return [
        words.text("table.month"),
        *(words.text("group.size", group=group) for group in groups),
        *groups,
        words.text("table.difference"),
        words.text("table.interval", level=level_text(table, words)),
    ]


def _line(row: pd.Series, words: Language) -> list[str]:
    """Return a row's month and numbers as they are read, or signs for none."""
    month = words.month(row["month"])
    if row["masked"]:
        return [month, *[MASKED] * 6]
    return [
        month,
        words.number(row["n_pilot"]),
        words.number(row["n_control"]),
        words.percent(row["pilot"]),
        words.percent(row["control"]),
        words.points(row["estimate"], unit=False),
        words.points_interval(row["ci_low"], row["ci_high"]),
    ]
