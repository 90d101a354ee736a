"""The report of a study: one page, one workbook and its tables as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalkit.report.card_text import card_rows
from evalkit.report.chapters.adjusted import adjusted
from evalkit.report.chapters.alike import alike
from evalkit.report.chapters.answer import answer, short_answer
from evalkit.report.chapters.certificate import certificate
from evalkit.report.chapters.doubt import doubt
from evalkit.report.chapters.duration import duration
from evalkit.report.chapters.exits import exits
from evalkit.report.chapters.method import glossary, method
from evalkit.report.chapters.months import months
from evalkit.report.chapters.people import people
from evalkit.report.document import Document
from evalkit.report.files import csv_file
from evalkit.report.language.catalogue import read_language
from evalkit.report.page.page import html_page
from evalkit.report.release.publication import publish
from evalkit.report.workbook import workbook
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from evalkit.cohort.certificate import Certificate
    from evalkit.evaluation.card import EstimandCard
    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.report.document import Chapter
    from evalkit.report.files import Style
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication

    Make = Callable[[Publication, Language], Chapter | None]

Length = Literal["full", "short"]

CHAPTERS: dict[Length, tuple[Make, ...]] = {
    "full": (
        answer,
        people,
        months,
        alike,
        adjusted,
        duration,
        exits,
        doubt,
        method,
        glossary,
        certificate,
    ),
    "short": (short_answer,),
}
"""The chapters in reading order: what matters most first."""


def write_report(
    evaluation: Evaluation,
    folder: Path,
    *,
    language: str | None = None,
    min_cell: int | None = None,
    certificates: Sequence[Certificate] = (),
) -> list[Path]:
    """Write the report of a study into a folder: everything that may leave, no more.

    Parameters
    ----------
    evaluation
        What `evalkit.evaluate` returned.
    folder
        Where to; made where it is not there.
    language
        ``fi``, ``sv`` or ``en``. None: the plan's.
    min_cell
        Smallest count that is published. None: the plan's, or 5.
    certificates
        Certificates of the draws, whose hashes the report names.

    Returns
    -------
    list of pathlib.Path
        ``report.html``, ``summary.html`` (one page for a steering group),
        ``report.xlsx``, and a CSV for each table in ``tables``. The same evaluation
        gives the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 200 + [0] * 800, "y": [1, 0] * 100 + [1, 0, 0, 0] * 200}
    ... )
    >>> found = evaluate(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_report(found, Path(folder), language="en")
    >>> [file.name for file in files[:3]]
    ['report.html', 'summary.html', 'report.xlsx']
    """
    plan = evaluation.cohort.protocol
    published = publish(evaluation, min_cell=min_cell, certificates=certificates)
    return write_publication(
        published,
        folder,
        language=language,
        style=plan.output.csv if plan else "finnish",
    )


def write_publication(
    publication: Publication,
    folder: Path,
    *,
    language: str | None = None,
    style: Style = "finnish",
) -> list[Path]:
    """Write what has been released; see `write_report`."""
    code = language or publication.language
    whole = compose(publication, language=code)
    contents = {
        "report.html": html_page(whole),
        "summary.html": html_page(compose(publication, language=code, length="short")),
        "report.xlsx": workbook(whole),
    }
    data = {"data": "synthetic"} if publication.synthetic else {}
    for name, table in publication.frames().items():
        file = f"tables/{name}.csv"
        contents[file] = csv_file(table.assign(**data), style=style)
    paths = []
    for name, content in contents.items():
        path = folder / name
        write_whole(path, content)
        paths.append(path)
    return paths


def compose(
    publication: Publication, *, language: str, length: Length = "full"
) -> Document:
    """Return what has been released as a document in a language.

    Parameters
    ----------
    publication
        What may leave the building.
    language
        ``fi``, ``sv`` or ``en``.
    length
        ``"full"``, or ``"short"`` for one page.
    """
    words = read_language(language)
    chapters = [make(publication, words) for make in CHAPTERS[length]]
    return Document(
        title=publication.card.title or words.text("document.untitled"),
        subtitle=_span(publication.card.months, words),
        language=words,
        chapters=tuple(chapter for chapter in chapters if chapter is not None),
        warning=words.text("data.synthetic") if publication.synthetic else "",
        foot=_foot(publication.card, words),
    )


def _span(months: Sequence[str], words: Language) -> str:
    """Return the first and the last month in words."""
    if not months:
        return ""
    ends = dict.fromkeys([months[0], months[-1]])
    return " \N{EN DASH} ".join(words.month(month) for month in ends)


def _foot(card: EstimandCard, words: Language) -> str:
    """Return what was estimated, from when on, how long and by which method."""
    said = dict(card_rows(card, language=words.code))
    labels = [words.text(f"card.{item}") for item in _CARD_IN_SHORT]
    parts = [f"{label}: {said[label]}" for label in labels if label in said]
    return ". ".join(part.rstrip(".") for part in parts)


_CARD_IN_SHORT = ("estimand", "time_zero", "lag", "outcome", "estimator")
