"""Who was evaluated, and who was left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalkit.report.chapters.tables import GROUPS, Field, named, table_of
from evalkit.report.document import Chapter, Flow, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from evalkit.report.document import Block, Cell, Table
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


_CRITERIA = {
    "followed from time zero": "followed",
    "outcome known, in a published month": "published",
    "in the register on the frame's day": "in_register",
    "unemployed": "unemployed",
    "duration known": "duration",
    "unemployment began in the month": "began",
    "office counts": "office",
    "unemployed at time zero": "time_zero",
    "not referred to the pilot by time zero": "referred",
    "not referred to the pilot by then": "referred",
}
_WEEKS = re.compile(r"unemployed for (?P<low>\d+)-(?P<high>\d+) weeks")
_FLAG = re.compile(r"not (?P<column>.+)")


def criterion_text(name: str, words: Language) -> str:
    """Return in words why a criterion left somebody out.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> criterion_text("unemployed for 1-104 weeks", read_language("fi"))
    'työttömänä alle 1 tai yli 104 viikkoa'
    """
    if "; " in name:  # steps that few people were left out by
        return "; ".join(criterion_text(part, words) for part in name.split("; "))
    if name in _CRITERIA:
        return words.text(f"criterion.{_CRITERIA[name]}")
    if weeks := _WEEKS.fullmatch(name):
        return words.text("criterion.weeks", **weeks.groupdict())
    if flag := _FLAG.fullmatch(name):
        return words.text("criterion.flag", **flag.groupdict())
    return name


def people(publication: Publication, words: Language) -> Chapter:
    """Return the chapter with the flow of both groups and their follow-up."""
    return Chapter(
        name="people",
        title=words.text("chapter.people"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    yield Text(words.text("people.lead"))
    if "attrition" in publication:
        attrition = publication["attrition"].to_frame()
        if len(attrition):
            yield _flow(attrition, words)
    if "quality" in publication:
        yield _quality(publication["quality"].to_frame(), words)
    yield Text(words.text("people.rounded", min_cell=publication.min_cell))


def _flow(attrition: pd.DataFrame, words: Language) -> Flow:
    fields = [
        Field(words.text("head.group"), "group", write=named("group", words)),
        Field(
            words.text("head.criterion"),
            "criterion",
            write=lambda name: criterion_text(name, words),
        ),
        Field(words.text("head.removed"), "removed", "count"),
        Field(words.text("head.left"), "left", "count"),
    ]
    caption = words.text("people.flow")
    table = table_of(attrition, fields, name="flow", caption=caption)
    return Flow(
        paths=tuple(
            (words.text(f"group.{group}"), _steps(attrition, table, group))
            for group in GROUPS
        ),
        table=table,
    )


def _steps(
    attrition: pd.DataFrame, table: Table, group: str
) -> tuple[tuple[str, Cell, Cell], ...]:
    """Return a group's first number and each step that left people out."""
    of_group = attrition[attrition["group"] == group]
    rows = [table.rows[place] for place in of_group.index]
    return tuple((str(step), removed, left) for _, step, removed, left in rows)


def _quality(quality: pd.DataFrame, words: Language) -> Table:
    fields = [
        Field(words.text("head.group"), "group", write=named("group", words)),
        Field(words.text("head.known"), "known", "count"),
        Field(words.text("head.unknown_share"), "unknown_share", "share"),
        Field(words.text("head.days"), "days_mean", "weeks"),
    ]
    fields = [field for field in fields if field.name in quality]
    caption = words.text("people.quality")
    return table_of(quality, fields, name="quality", caption=caption)
