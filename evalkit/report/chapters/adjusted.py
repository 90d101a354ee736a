"""The difference among people who are alike: every method, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.tables import (
    Field,
    effect_fields,
    level_text,
    named,
    table_of,
)
from evalkit.report.document import Chapter, Text
from evalkit.report.plots.specifications import specification_curve
from evalkit.report.plots.waterfall import waterfall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.report.document import Block, Figure, Table
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def adjusted(publication: Publication, words: Language) -> Chapter | None:
    """Return the chapter of adjusted estimates; None where nothing is adjusted for."""
    if "estimators" not in publication:
        return None
    return Chapter(
        name="adjusted",
        title=words.text("chapter.adjusted"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    yield Text(words.text("adjusted.lead"))
    yield _estimators(publication, words)
    if publication.shape("decomposition") is not None:
        yield _decomposition(publication, words)
    subgroups = [name for name in publication.tables if name.startswith("subgroups.")]
    for name in subgroups:
        yield _subgroups(publication, name, words)
    if subgroups:
        yield Text(words.text("adjusted.subgroups_note"))


def _estimators(publication: Publication, words: Language) -> Figure:
    frame = publication["estimators"].to_frame()
    fields = [
        Field(
            words.text("head.method"),
            "specification",
            write=named("specification", words),
        ),
        *effect_fields(frame, words),
    ]
    caption = words.text("adjusted.figure")
    return figure_of(
        specification_curve(
            publication.shape("estimators"),
            language=words.code,
            synthetic=publication.synthetic,
        ),
        name="estimators",
        alternative=caption,
        table=table_of(frame, fields, name="estimators", caption=caption),
    )


def _decomposition(publication: Publication, words: Language) -> Figure:
    frame = publication["decomposition"].to_frame()
    frame = frame.assign(
        item=[
            block if part == "block" else f"waterfall.{part}"
            for part, block in zip(frame["part"], frame["block"], strict=True)
        ]
    )

    def write(item: str) -> str:
        key = item if item.startswith("waterfall.") else f"block.{item}"
        return words.texts.get(key, item)

    caption = words.text("adjusted.waterfall")
    fields = [Field(words.text("head.part"), "item", write=write)]
    fields += [f for f in effect_fields(frame, words) if f.kind in _GAP]
    return figure_of(
        waterfall(
            publication.shape("decomposition"),
            language=words.code,
            synthetic=publication.synthetic,
        ),
        name="decomposition",
        alternative=caption,
        table=table_of(frame, fields, name="decomposition", caption=caption),
    )


_GAP = {"points", "interval", "chance"}


def _subgroups(publication: Publication, name: str, words: Language) -> Table:
    released = publication[name]
    column = name.removeprefix("subgroups.")
    test = getattr(released.result, "p_value", float("nan"))
    frame = released.to_frame()
    fields = [
        Field(
            words.text("head.subgroup"),
            "subgroup",
            write=lambda name: level_text(name, words, prefix=column),
        ),
        *effect_fields(frame, words),
    ]
    caption = words.text(
        "adjusted.subgroups",
        column=publication.labels.get(column)
        or words.texts.get(f"covariate.{column}", column),
        p_value=words.number(test, decimals=3),
    )
    return table_of(frame, fields, name=f"subgroups_{column}", caption=caption)
