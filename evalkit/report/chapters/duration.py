"""How long until unemployment ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.tables import Field, end_fields, named, table_of
from evalkit.report.document import Chapter, Column, Table, Text, written
from evalkit.report.plots.survival import survival_plot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.report.document import Block, Cell, Figure
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def duration(publication: Publication, words: Language) -> Chapter | None:
    """Return the chapter of survival curves; None where weeks are not known."""
    if "curves" not in publication:
        return None
    return Chapter(
        name="duration",
        title=words.text("chapter.duration"),
        blocks=tuple(_blocks(publication, words)),
    )


def _blocks(publication: Publication, words: Language) -> Iterator[Block]:
    if publication.shape("curves") is not None:
        yield _curves(publication, words)
    if rows := tuple(_numbers(publication, words)):
        yield Table(
            name="durations_summary",
            caption=words.text("duration.summary"),
            columns=(
                Column(words.text("head.item")),
                Column(words.text("head.number"), "number"),
                Column(_low(words), "number"),
                Column(_high(words), "number"),
            ),
            rows=rows,
        )
    yield Text(words.text("duration.note"))


def _curves(publication: Publication, words: Language) -> Figure:
    frame = publication["curves"].to_frame()
    fields = [
        Field(words.text("head.group"), "group", write=named("group", words)),
        Field(words.text("head.weeks"), "weeks", "count"),
        Field(words.text("head.at_risk"), "at_risk", "count"),
        Field(words.text("head.share_left"), "survival", "share"),
        *end_fields(frame, words, "share"),
    ]
    caption = words.text("duration.figure")
    return figure_of(
        survival_plot(
            publication.shape("curves"),
            rmst=publication.shape("rmst"),
            smallest_cell=1,  # they have been released
            language=words.code,
            synthetic=publication.synthetic,
        ),
        name="curves",
        alternative=caption,
        table=table_of(frame, fields, name="curves", caption=caption),
    )


def _low(words: Language) -> str:
    return words.text("page.lower", column=words.text("word.interval"))


def _high(words: Language) -> str:
    return words.text("page.upper", column=words.text("word.interval"))


def _numbers(publication: Publication, words: Language) -> Iterator[tuple[Cell, ...]]:
    """Return the weeks, the ratio and the test, as far as they are there."""
    nothing = float("nan")
    if (rmst := publication.shape("rmst")) is not None:
        label = words.text("duration.weeks", horizon=words.number(rmst.horizon))
        yield label, rmst.estimate, rmst.ci_low, rmst.ci_high
    if (ratio := publication.shape("hazard_ratio")) is not None:
        label = words.text("duration.ratio")
        yield label, ratio.estimate, ratio.ci_low, ratio.ci_high
    if "log_rank" in publication:
        p_value = float(publication["log_rank"].to_frame()["p_value"].iloc[0])
        said = written(p_value, "chance", words)
        yield words.text("duration.test"), said, nothing, nothing
