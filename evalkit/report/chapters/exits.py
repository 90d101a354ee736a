"""Where people go when they leave unemployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.chapters.figures import figure_of
from evalkit.report.chapters.tables import Field, end_fields, named, table_of
from evalkit.report.document import Chapter, Text
from evalkit.report.plots.routes import exit_areas

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def exits(publication: Publication, words: Language) -> Chapter | None:
    """Return the chapter of exit routes; None where they are not known."""
    if publication.shape("routes") is None:
        return None
    frame = publication["routes"].to_frame()
    caption = words.text("exits.figure")
    week = int(frame["weeks"].max())
    table = table_of(
        _at(frame, week),
        _fields(frame, words),
        name="routes",
        caption=words.text("exits.table", week=week),
    )
    ax = exit_areas(
        publication.shape("routes"),
        language=words.code,
        synthetic=publication.synthetic,
    )
    return Chapter(
        name="exits",
        title=words.text("chapter.routes"),
        blocks=(
            figure_of(ax, name="routes", alternative=caption, table=table),
            Text(words.text("exits.note")),
        ),
    )


def _at(frame: pd.DataFrame, week: int) -> pd.DataFrame:
    """Return the last row of each group and route up to a week."""
    until = frame[frame["weeks"] <= week]
    return until.groupby(["group", "exit_to"], sort=False).tail(1)


def _fields(frame: pd.DataFrame, words: Language) -> list[Field]:
    return [
        Field(words.text("head.group"), "group", write=named("group", words)),
        Field(words.text("head.route"), "exit_to", write=named("routes", words)),
        Field(words.text("head.weeks"), "weeks", "count"),
        Field(words.text("head.share_gone"), "incidence", "share"),
        *end_fields(frame, words, "share"),
    ]
