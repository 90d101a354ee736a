"""Month by month: the groups as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.tables import Field, effect_fields, table_of
from evalkit.report.document import Chapter, Text
from evalkit.report.plots.forest import monthly_differences
from evalkit.report.plots.months import monthly_shares
from evalkit.report.table import tally_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.report.document import Block, Table
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication

_FIGURES = {"shares": monthly_shares, "differences": monthly_differences}


def months(publication: Publication, words: Language) -> Chapter:
    """Return the chapter of the monthly shares and differences."""
    return Chapter(
        name="months",
        title=words.text("chapter.months"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    released = publication["months"]
    yield Text(words.text("months.lead"))
    for name, draw in _FIGURES.items():
        ax = draw(
            released,
            breaks=publication.breaks,
            language=words.code,
            synthetic=publication.synthetic,
        )
        yield figure_of(
            ax,
            name=f"monthly_{name}",
            alternative=words.text(f"months.{name}"),
            table=monthly(publication, words, name=f"monthly_{name}"),
        )
    yield Text(tally_text(released, words.code))
    if released.to_frame()["month"].str.contains("/").any():
        yield Text(words.text("months.joined"))


def monthly(publication: Publication, words: Language, *, name: str) -> Table:
    """Return the months and the pooled row as a table."""
    frame = publication["months"].to_frame()
    fields = [
        Field(words.text("table.month"), "month", write=words.month),
        *effect_fields(frame, words),
    ]
    caption = words.text(f"months.{name.removeprefix('monthly_')}")
    note = words.text("table.key")
    if frame["masked"].any():
        masked = words.text("table.masked", min_cell=publication.min_cell)
        note = f"{note} {masked}"
    return table_of(frame, fields, name=name, caption=caption, note=note)
