"""What the data say: the caution, the verdict, the gate and the main estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.card_text import card_rows, estimator_text
from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.months import monthly
from evalkit.report.chapters.tables import Field, effect_fields, lag_text, table_of
from evalkit.report.document import Chapter, Column, Facts, Table, Text
from evalkit.report.gate_text import gate_rows
from evalkit.report.plots.forest import monthly_differences
from evalkit.report.verdict_text import verdict_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from evalkit.evaluation.gate import Gate
    from evalkit.report.document import Block, Figure
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def answer(publication: Publication, words: Language) -> Chapter:
    """Return the first chapter, which many will read alone."""
    return Chapter(
        name="answer",
        title=words.text("chapter.answer"),
        blocks=tuple(_blocks(publication, words)),
    )


def short_answer(publication: Publication, words: Language) -> Chapter:
    """Return the answer on one page: the verdict, the differences, the estimates."""
    return Chapter(
        name="answer",
        title=words.text("chapter.answer"),
        blocks=(
            *_said(publication, words),
            differences(publication, words),
            *_estimates(publication, words),
        ),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    yield from _said(publication, words)
    yield from _estimates(publication, words)
    yield Facts(tuple(card_rows(publication.card, language=words.code)))
    if publication.gate is not None:
        yield _gate(publication.gate, words)


def _said(publication: Publication, words: Language) -> Iterator[Block]:
    yield Text(words.text("answer.caution"), "caution")
    if publication.verdict is not None:
        said = verdict_sentences(publication.verdict, language=words.code)
        yield Text(" ".join(said), "lead")


def _gate(gate: Gate, words: Language) -> Table:
    heads = ("door", "check", "measured", "allowed", "state", "remedy")
    return Table(
        name="gate",
        caption=words.text("answer.gate"),
        columns=tuple(Column(words.text(f"answer.{head}")) for head in heads),
        rows=tuple(tuple(row) for row in gate_rows(gate, language=words.code)),
    )


def differences(publication: Publication, words: Language) -> Figure:
    """Return the figure of the monthly differences."""
    return figure_of(
        monthly_differences(
            publication["months"],
            breaks=publication.breaks,
            language=words.code,
            synthetic=publication.synthetic,
        ),
        name="monthly_differences",
        alternative=words.text("months.differences"),
        table=monthly(publication, words, name="monthly_differences"),
    )


def _estimates(publication: Publication, words: Language) -> Iterator[Block]:
    if "headline" in publication:
        yield main_estimates(publication, words)


def main_estimates(publication: Publication, words: Language) -> Table:
    """Return the declared estimate first, then its other readings and the raw one."""
    import pandas as pd

    pooled = publication["months"].to_frame()
    rows = {
        "headline": publication["headline"].to_frame(),
        "strict": publication["headline_strict"].to_frame()
        if "headline_strict" in publication
        else None,
        "unadjusted": pooled[pooled["month"] == "pooled"],
        **{
            name.removeprefix("further."): publication[name].to_frame()
            for name in publication.tables
            if name.startswith("further.")
        },
    }
    frames = [
        frame.assign(reading=_reading(name, publication, words))
        for name, frame in rows.items()
        if frame is not None
    ]
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    fields = [
        Field(words.text("answer.estimate"), "reading"),
        *effect_fields(frame, words),
    ]
    return table_of(
        frame, fields, name="estimates", caption=words.text("answer.headline")
    )


def _reading(name: str, publication: Publication, words: Language) -> str:
    method = estimator_text(publication.card, words)
    if f"reading.{name}" in words.texts:
        return words.text(f"reading.{name}", method=method)
    return words.text("reading.later", lag=lag_text(name, words))
