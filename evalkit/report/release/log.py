"""What was released so far: a line for each report, added and never changed."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from evalkit.errors import StudyError
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.report.release.months import Report
    from evalkit.report.release.released import Released

LOG_NAME = "released.jsonl"
"""Name of the log in the folder of the results."""

_COMPACT = (",", ":")


def read_log(file: Path) -> list[Report]:
    """Return the reports released so far, in their order.

    Raises
    ------
    StudyError
        If a line was changed or lost.
    """
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    reports, before = [], ""
    for number, line in enumerate(lines, start=1):
        before = _checked(line, number, before, file)
        reports.append(_report(json.loads(line)["cells"]))
    return reports


def add_to_log(file: Path, released: Released) -> bool:
    """Add a report to the log, unless it is the same as the last one.

    The whole log is written aside and renamed: it is there with the line or without.

    Returns
    -------
    bool
        Whether a line was added.
    """
    known = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = known.splitlines()
    last = json.loads(lines[-1]) if lines else {"hash": "", "cells": None}
    cells = _cells(released)
    if cells == last["cells"]:
        return False
    entry = {"sequence": len(lines) + 1, "before": last["hash"], "cells": cells}
    line = json.dumps(entry | {"hash": _hash(entry)}, separators=_COMPACT)
    write_whole(file, f"{known}{line}\n".encode())
    return True


def report_of(released: Released) -> Report:
    """Return a released table as the log would give it back."""
    return _report(_cells(released))


def _cells(released: Released) -> list[dict[str, Any]]:
    """Return the published rows as they can be written; NaN is null."""
    rows = released.table[~released.table["masked"]].to_dict("records")
    kept = []
    for row in rows:
        months = released.periods.get(row["month"], [row["month"]])
        values = {str(name): _plain(value) for name, value in row.items()}
        kept.append({"months": list(months), "row": values})
    return kept


def _plain(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value.item() if hasattr(value, "item") else value


def _report(cells: list[dict[str, Any]]) -> Report:
    return {
        tuple(cell["months"]): {
            name: math.nan if value is None else value
            for name, value in cell["row"].items()
        }
        for cell in cells
    }


def _hash(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, sort_keys=True, separators=_COMPACT)
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(line: str, number: int, before: str, file: Path) -> str:
    """Return the hash of a line, or say that it is not the one that was written."""
    try:
        entry = json.loads(line)
        told = entry.pop("hash")
        whole = (
            told == _hash(entry)
            and entry["before"] == before
            and entry["sequence"] == number
        )
    except (ValueError, KeyError, AttributeError):
        whole = False
    if not whole:
        raise StudyError(
            f"{file}: line {number} is not what was written.",
            hint="Restore the file from a backup. It says what was published: without "
            "it the next report could tell, by what it changes, of single people.",
        )
    return str(told)
