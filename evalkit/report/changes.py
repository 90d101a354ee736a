"""What is new since the report before, and why."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit import __version__
from evalkit.errors import StudyError
from evalkit.report.language.catalogue import MISSING, read_language
from evalkit.results import Result
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication

STATE = "state.json"
"""Name of the file in which a report keeps what the next one is compared with."""

Reason = Literal["first", "new_months", "plan", "version", "register"]

_NUMBERS = ("pilot", "control", "estimate", "n_pilot", "n_control")
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes(Result):
    """What differs between two reports of a study.

    Attributes
    ----------
    table
        One row per month, and for the headline and the verdict, that is new or differs:
        item, before, after (shown differences, or codes; empty where there was none).
    reasons
        Why: ``first`` (there is no report before this one), ``new_months``, ``plan``
        (it was changed), ``version`` (of evalkit), ``register`` (earlier months differ
        though neither plan nor version does: the register was revised).
    """

    table: pd.DataFrame
    reasons: tuple[Reason, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def changes_since(file: Path, publication: Publication) -> Changes:
    """Compare what is published now with what a report before kept in a file.

    Parameters
    ----------
    file
        What `write_state` wrote; it need not be there.
    publication
        What is published now.

    Returns
    -------
    Changes
        Empty where nothing differs.

    Raises
    ------
    StudyError
        If the file is not what `write_state` wrote.
    """
    after = _state(publication)
    if not file.is_file():
        return Changes(table=_table({}, after["items"]), reasons=("first",))
    before = _read(file)
    table = _table(before["items"], after["items"])
    return Changes(table=table, reasons=tuple(_reasons(before, after)))


def write_state(file: Path, publication: Publication) -> None:
    """Keep what is published now, for the next report to be compared with."""
    text = json.dumps(_state(publication), indent=1, ensure_ascii=False)
    write_whole(file, f"{text}\n".encode())


def changes_text(changes: Changes, *, language: str = "fi") -> str:
    """Say in lines what is new, and why.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"item": ["2021-02"], "before": ["2.0"], "after": ["3.0"]})
    >>> print(
    ...     changes_text(Changes(table=table, reasons=("new_months",)), language="en")
    ... )
    New since the report before: months were added.
      February 2021: 2.0 → 3.0
    """
    words = read_language(language)
    if changes.table.empty:
        return words.text("changes.none")
    reasons = "; ".join(words.text(f"changes.{reason}") for reason in changes.reasons)
    if changes.reasons == ("first",):
        return words.text("changes.first")
    lines = [words.text("changes.since", reasons=reasons)]
    for row in changes.table.itertuples():
        before, after = (_shown(str(text), words) for text in (row.before, row.after))
        lines.append(f"  {_item(str(row.item), words)}: {before} → {after}")
    return "\n".join(lines)


def _item(item: str, words: Language) -> str:
    names = {"headline": "changes.headline", "verdict": "changes.verdict"}
    return words.text(names[item]) if item in names else words.month(item)


def _shown(text: str, words: Language) -> str:
    if f"changes.code_{text}" in words.texts:
        return words.text(f"changes.code_{text}")
    return text.replace(".", words.rules["decimal"]) or MISSING


def _state(publication: Publication) -> dict[str, Any]:
    """Return what a later report can be compared with; all of it is published."""
    months = publication["months"].to_frame()
    items = {
        str(row["month"]): [_plain(row[name]) for name in _NUMBERS]
        for _, row in months.iterrows()
    }
    if "headline" in publication:
        headline = publication["headline"].to_frame().iloc[0]
        items["headline"] = [_plain(headline[name]) for name in _NUMBERS]
    verdict = publication.verdict
    return {
        "plan": publication.plan,
        "version": __version__,
        "items": items | ({"verdict": [verdict.code]} if verdict else {}),
    }


def _plain(value: float) -> float | None:
    """Return a number that is the same on every machine; none where it is masked."""
    return None if math.isnan(value) else round(float(value), _DIGITS)


def _read(file: Path) -> dict[str, Any]:
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(state, dict) and isinstance(state.get("items"), dict):
            return state
    except ValueError:
        pass
    raise StudyError(
        f"{file}: not what a report keeps of itself.",
        hint="Delete it: the next report is then the first to be compared with.",
    )


def _table(
    before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]
) -> pd.DataFrame:
    rows = [
        (item, _text(before.get(item)), _text(after.get(item)))
        for item in dict.fromkeys([*after, *before])
        if before.get(item) != after.get(item)
    ]
    return pd.DataFrame(rows, columns=["item", "before", "after"])


def _text(values: list[Any] | None) -> str:
    """Return a code, or a difference in percentage points with both sizes."""
    if values is None:
        return ""
    if len(values) == 1:
        return str(values[0])
    estimate, sizes = values[2], values[3:]
    shown = "…" if estimate is None else f"{100 * estimate:+.1f}"
    people = "/".join("…" if n is None else f"{n:.0f}" for n in sizes)
    return f"{shown} ({people})"


def _reasons(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Reason]:
    """Tell why two reports differ; earlier months change only for a reason."""
    items, earlier = after["items"], before["items"]
    if set(items) - set(earlier):
        yield "new_months"
    names: tuple[Reason, ...] = ("plan", "version")
    for name in names:
        if before.get(name) != after[name]:
            yield name
            return
    single = set(earlier) - {"pooled", "headline", "verdict"}
    if any(items.get(month) != earlier[month] for month in single):
        yield "register"
