"""How alike the groups are, before and after weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.tables import (
    Field,
    end_fields,
    level_text,
    named,
    table_of,
)
from evalkit.report.document import Chapter, Text
from evalkit.report.plots.balance import love_plot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from evalkit.report.document import Block, Table
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def alike(publication: Publication, words: Language) -> Chapter | None:
    """Return the chapter of balance; None where there are no covariates."""
    if "balance" not in publication:
        return None
    return Chapter(
        name="alike",
        title=words.text("chapter.alike"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    released = publication["balance"]
    threshold = words.number(released.result.threshold, decimals=1)
    yield Text(words.text("alike.lead", threshold=threshold))
    yield figure_of(
        love_plot(
            released.result, language=words.code, synthetic=publication.synthetic
        ),
        name="balance",
        alternative=words.text("alike.figure"),
        table=_balance(released.to_frame(), words),
    )
    durations = released.further.get("durations")
    if durations is not None and len(durations):
        yield _durations(durations, words)


def _balance(frame: pd.DataFrame, words: Language) -> Table:
    before, after = ("smd_before", "smd") if "smd_before" in frame else ("smd", "")
    fields = [
        Field(
            words.text("head.covariate"), "covariate", write=named("covariate", words)
        ),
        Field(words.text("head.value"), "value", write=lambda v: level_text(v, words)),
        Field(words.text("group.pilot_short"), "pilot", "number"),
        Field(words.text("group.control_short"), "control", "number"),
        Field(words.text("head.smd_before"), before, "ratio"),
        Field(words.text("head.smd_after"), after, "ratio"),
    ]
    fields = [field for field in fields if field.name]
    caption = words.text("alike.figure")
    return table_of(frame, fields, name="balance", caption=caption)


def _durations(frame: pd.DataFrame, words: Language) -> Table:
    fields = [
        Field(words.text("table.month"), "month", write=words.month),
        Field(words.text("head.group"), "group", write=named("group", words)),
        Field("n", "n", "count"),
        Field(words.text("head.mean"), "mean", "weeks"),
        *end_fields(frame, words, "weeks"),
        Field(words.text("head.median"), "median", "weeks"),
    ]
    fields = [field for field in fields if field.name in frame]
    caption = words.text("alike.durations")
    return table_of(frame, fields, name="durations", caption=caption)
