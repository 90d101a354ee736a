"""What could be wrong: other readings, hidden selection, the draw, the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.tables import (
    Field,
    effect_fields,
    lag_text,
    named,
    table_of,
)
from evalkit.report.document import Chapter, Column, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.report.document import Block, Cell
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication

_AFTER = "after_"


def doubt(publication: Publication, words: Language) -> Chapter:
    """Return the chapter of sensitivity."""
    return Chapter(
        name="doubt",
        title=words.text("chapter.doubt"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    yield Text(words.text("doubt.lead"))
    if "sensitivity" in publication:
        yield _readings(publication, words)
    if rows := tuple(_numbers(publication, words)):
        columns = (
            Column(words.text("head.item")),
            Column(words.text("head.number"), "number"),
        )
        caption = words.text("doubt.numbers")
        yield Table(name="limits", caption=caption, columns=columns, rows=rows)
    if "hidden" in publication:
        yield from _benchmarks(publication, words)


def _readings(publication: Publication, words: Language) -> Table:
    frame = publication["sensitivity"].to_frame()

    def write(reading: str) -> str:
        if reading.startswith(_AFTER):
            lag = lag_text(reading.removeprefix(_AFTER), words)
            return words.text("reading.after", lag=lag)
        return words.texts.get(f"reading.{reading}", reading)

    fields = [
        Field(words.text("head.reading"), "reading", write=write),
        *effect_fields(frame, words),
    ]
    caption = words.text("doubt.readings")
    return table_of(frame, fields, name="readings", caption=caption)


def _numbers(publication: Publication, words: Language) -> Iterator[tuple[Cell, ...]]:
    """Return single numbers, as far as they are there."""
    if publication.verdict is not None:
        yield words.text("doubt.power"), 100 * publication.verdict.detectable
    if (hidden := publication.shape("hidden")) is not None:
        for name in ("robustness", "robustness_ci"):
            yield words.text(f"doubt.{name}"), getattr(hidden, name)
    if "e_values" in publication:
        values = publication["e_values"].to_frame()
        yield words.text("doubt.e_value"), float(values["e_value"].iloc[0])
    if "redraws" in publication:
        redraws = publication["redraws"].to_frame()
        yield words.text("doubt.redraws"), float(redraws["position"].iloc[-1])


def _benchmarks(publication: Publication, words: Language) -> Iterator[Table]:
    frame = publication["hidden"].further.get("benchmarks")
    if frame is None or frame.empty:
        return
    fields = [
        Field(
            words.text("head.covariate"), "covariate", write=named("covariate", words)
        ),
        Field(words.text("head.left_out"), "left_out", "points"),
        Field(words.text("head.times"), "times", "number"),
    ]
    fields = [field for field in fields if field.name in frame]
    caption = words.text("doubt.benchmarks")
    yield table_of(frame, fields, name="benchmarks", caption=caption)
