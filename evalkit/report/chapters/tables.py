"""From a released table to a table of the document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.report.document import Column, Mark, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from evalkit.report.document import Cell, Kind
    from evalkit.report.language.catalogue import Language

_INTERVAL = ("ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table and what it is made of.

    Attributes
    ----------
    label
        Its head.
    name
        Column of the released table; of an interval, what its two ends begin with.
    kind
        What its numbers are.
    write
        How a text is written in the language; None: as it is.
    """

    label: str
    name: str
    kind: Kind = "text"
    write: Callable[[Any], str] | None = None

    def cell(self, row: pd.Series) -> Cell:
        """Return the cell of a row; a number that was taken out is marked."""
        if self.kind == "text":
            value = row[self.name]
            return self.write(value) if self.write else str(value)
        if self.kind == "interval":
            low, high = (float(row[f"{self.name}{end}"]) for end in _INTERVAL)
            return _marked((low, high), row, missing=np.isnan(low) or np.isnan(high))
        number = float(row[self.name])
        return _marked(number, row, missing=np.isnan(number))


def _marked(value: Cell, row: pd.Series, *, missing: bool) -> Cell:
    return Mark.MASKED if missing and bool(row.get("masked", False)) else value


def table_of(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    *,
    name: str,
    caption: str,
    note: str = "",
) -> Table:
    """Return a released table as a table of the document."""
    return Table(
        name=name,
        caption=caption,
        columns=tuple(Column(field.label, field.kind) for field in fields),
        rows=tuple(
            tuple(field.cell(row) for field in fields) for _, row in frame.iterrows()
        ),
        note=note,
    )


def end_fields(frame: pd.DataFrame, words: Language, kind: Kind) -> list[Field]:
    """Return the fields of both ends of the intervals of a table."""
    level = words.text("head.interval", level=level_of(frame, words))
    return [
        Field(words.text("page.lower", column=level), "ci_low", kind),
        Field(words.text("page.upper", column=level), "ci_high", kind),
    ]


def effect_fields(frame: pd.DataFrame, words: Language) -> list[Field]:
    """Return the fields of estimates of a difference, as far as they are there."""
    groups = {group: words.text(f"group.{group}_short") for group in GROUPS}
    fields = [
        *(Field(label, group, "share") for group, label in groups.items()),
        Field(words.text("head.difference"), "estimate", "points"),
        Field(
            words.text("head.interval", level=level_of(frame, words)), "", "interval"
        ),
        Field(words.text("head.p_value"), "p_value", "chance"),
        *(
            Field(words.text("group.size", group=label), f"n_{group}", "count")
            for group, label in groups.items()
        ),
    ]
    return [field for field in fields if field.name in frame or not field.name]


GROUPS = ("pilot", "control")
USUAL_LEVEL = 0.95


def level_of(frame: pd.DataFrame, words: Language) -> str:
    """Return the level of the intervals of a table in per cent."""
    levels = frame["level"].dropna() if "level" in frame else frame.index[:0]
    return words.percent(float(levels.to_numpy()[-1]) if len(levels) else USUAL_LEVEL)


def lag_text(lag: str, words: Language) -> str:
    """Return a lag, such as ``6_months``, in words."""
    number, unit = lag.split("_")
    return words.text(f"lag.{unit}", number=number)


def named(prefix: str, words: Language) -> Callable[[Any], str]:
    """Return what writes a code by its text in the catalogue, or as it is."""
    return lambda code: words.texts.get(f"{prefix}.{code}", str(code))


def level_text(name: str, words: Language, *, prefix: str = "") -> str:
    """Return a level of a characteristic in words; one's own text stays as it is.

    Parameters
    ----------
    name
        A level, or a class of numbers as `compare_subgroups` names it.
    words
        The language.
    prefix
        Section of the catalogue that may hold the level, such as ``sex``.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> level_text("50 or more", read_language("fi"))
    'vähintään 50'
    """
    if f"{prefix}.{name}" in words.texts:
        return words.text(f"{prefix}.{name}")
    if name in _LEVELS:
        return words.text(f"subgroup.{_LEVELS[name]}")
    for kind, pattern in _CLASSES.items():
        if found := pattern.fullmatch(name):
            return words.text(f"subgroup.{kind}", **found.groupdict())
    return name


_LEVELS = {"unknown": "unknown", "missing": "unknown", "other small": "other"}
_NUMBER = r"-?[\d.]+"
_CLASSES = {
    "below": re.compile(rf"below (?P<high>{_NUMBER})"),
    "between": re.compile(rf"(?P<low>{_NUMBER}) to below (?P<high>{_NUMBER})"),
    "above": re.compile(rf"(?P<low>{_NUMBER}) or more"),
}
