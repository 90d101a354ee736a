"""The report of a study: everything in its place, in three languages, and safe."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.evaluation.evaluation import evaluate
from evalkit.report.chapters import figures
from evalkit.report.document import Table
from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.plots.style import whole_figure
from evalkit.report.release.publication import publish
from evalkit.report.report import compose, write_publication
from tests.report.documents import HOSTILE
from tests.report.page.chromium import audited, console, needs_chromium
from tests.report.plots.layout import covering, overflowing

CHAPTERS = [
    "answer", "people", "months", "alike", "adjusted", "duration", "exits", "doubt",
    "method", "words",
]  # fmt: skip
ROUTES = ("work", "training", "service", "other")


def people(places: tuple[str, ...] = ("north", "south"), n: int = 1200) -> pd.DataFrame:
    random = np.random.default_rng(20210201)
    treat = random.random(n) < 0.25
    weeks_before = random.integers(1, 104, n)
    weeks = np.minimum(random.geometric(0.05 + 0.03 * treat, n), 30)
    exited = weeks < 30
    routes = random.choice(ROUTES, n)
    return pd.DataFrame(
        {
            "treat": treat,
            "y": (weeks <= 13).astype(float),
            "month": random.choice(["2021-01", "2021-02", "2021-03"], n),
            "person": [f"person-{k}" for k in range(n)],
            "weeks": weeks,
            "exited": exited,
            "exit_to": [
                route if out else None
                for route, out in zip(routes, exited, strict=True)
            ],
            "weeks_before": weeks_before,
            "age": random.integers(18, 64, n),
            "place": random.choice(places, n),
        }
    )


def evaluated(table: pd.DataFrame):
    cohort = Cohort.from_frame(
        table,
        group="treat",
        outcome="y",
        month="month",
        person="person",
        weeks="weeks",
        exited="exited",
        weeks_before="weeks_before",
        exit_to="exit_to",
        covariates=["weeks_before", "age", "place"],
    )
    return evaluate(cohort)


@pytest.fixture(scope="module")
def publication():
    return publish(evaluated(people()))


@pytest.fixture(scope="module")
def folder(publication, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_publication(publication, folder, language="fi")
    return folder


def texts(folder) -> str:
    page = (folder / "report.html").read_text("utf-8")
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_chapter_is_there_in_every_language(publication, code) -> None:
    document = compose(publication, language=code)
    assert [chapter.name for chapter in document.chapters] == CHAPTERS


def test_every_figure_has_its_table(publication) -> None:
    document = compose(publication, language="fi")
    assert len(document.figures) >= 6
    for figure in document.figures:
        assert figure.table.rows
        assert figure.alternative


@pytest.fixture
def drawn(monkeypatch):
    """The figures of whatever is composed after this."""
    kept = []

    def keep(ax, _):
        kept.append(whole_figure(ax))
        return b"<svg></svg>"

    monkeypatch.setattr(figures, "figure_bytes", keep)
    return kept


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_of_every_figure_fits_in(publication, drawn, code) -> None:
    card = dataclasses.replace(publication.card, synthetic=True)
    compose(dataclasses.replace(publication, card=card), language=code)
    assert len(drawn) >= 6
    for figure in drawn:
        assert overflowing(figure) == []
        assert covering(figure) == []


def test_tables_have_names_of_their_own(publication) -> None:
    document = compose(publication, language="en")
    blocks = [block for block in document.blocks if isinstance(block, Table)]
    names = [table.name for table in blocks]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_no_english_is_left(publication, code) -> None:
    english = compose(publication, language="en")
    other = compose(publication, language=code)
    for one, two in zip(english.chapters, other.chapters, strict=True):
        assert one.title != two.title
    heads = {c.label for t in other.tables for c in t.columns}
    same = heads & {c.label for t in english.tables for c in t.columns}
    assert same <= {"n", "n, pilot", "pilot"}


def test_the_numbers_are_those_that_were_released(publication) -> None:
    document = compose(publication, language="en")
    (estimates,) = [t for t in document.tables if t.name == "estimates"]
    headline = publication["headline"].to_frame().iloc[0]
    assert estimates.rows[0][3] == headline["estimate"]
    assert estimates.rows[0][4] == (headline["ci_low"], headline["ci_high"])


def test_no_person_is_in_any_file(folder) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            assert b"person-" not in file.read_bytes()


def test_the_same_study_gives_the_same_bytes(publication, folder, tmp_path) -> None:
    for file in write_publication(publication, tmp_path, language="fi"):
        twin = folder / file.relative_to(tmp_path)
        assert file.read_bytes() == twin.read_bytes(), file.name


def test_the_summary_is_short(folder) -> None:
    summary = (folder / "summary.html").read_text("utf-8")
    assert summary.count("<section") == 1
    assert summary.count("<figure>") == 1


def test_what_is_masked_says_so() -> None:
    table = people(n=60)
    document = compose(publish(evaluated(table)), language="en")
    cells = [cell for t in document.tables for row in t.rows for cell in row]
    assert any(not isinstance(cell, str | float | tuple) for cell in cells)


@pytest.mark.slow
def test_hostile_names_change_nothing_but_their_own_text(tmp_path) -> None:
    plain = [f"place {letter}" for letter in "abcdefg"]
    shapes = []
    for number, names in enumerate([plain, HOSTILE]):
        target = tmp_path / str(number)
        publication = publish(evaluated(people(tuple(names), n=2800)))
        write_publication(publication, target, language="en")
        shapes.append(re.findall(r"<(/?[a-z0-9]+)", texts(target)))
        assert "<script" not in texts(target)
        assert not re.search(r"(?m)(^|[;,])[=@]", texts_of_tables(target))
    assert shapes[0] == shapes[1]


def texts_of_tables(folder) -> str:
    files = sorted((folder / "tables").glob("*.csv"))
    return "\n".join(file.read_text("utf-8-sig") for file in files)


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("name", ["report.html", "summary.html"])
def test_everybody_can_use_it(folder, name, width) -> None:
    told = audited(folder / name, width=width)
    assert told["violations"] == []
    assert told["wide"] <= 0
    assert console(folder / name) == []
