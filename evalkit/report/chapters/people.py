"""Who was evaluated, and who was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.tables import GROUPS, Field, named, table_of
from evalkit.report.criterion_text import criterion_text
from evalkit.report.document import Chapter, Flow, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from evalkit.report.document import Block, Cell, Table
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


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
            (words.text(f"group.{group}"), _steps(attrition, table, group, words))
            for group in GROUPS
        ),
        table=table,
    )


def _steps(
    attrition: pd.DataFrame, table: Table, group: str, words: Language
) -> tuple[tuple[str, Cell, Cell], ...]:
    """Return a group's first number and each step that left people out."""
    of_group = attrition[attrition["group"] == group]
    rows = [table.rows[place] for place in of_group.index]
    steps = [(str(step), removed, left) for _, step, removed, left in rows]
    # Nobody has been left out yet, whatever criteria the first number stands for.
    return tuple(
        (words.text("criterion.followed") if place == 0 else step, removed, left)
        for place, (step, removed, left) in enumerate(steps)
    )


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
