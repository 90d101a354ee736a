"""Whoever changes one thing in a study is found, and nobody who did not.

`make soak` makes 10,000 changes (EVALKIT_TAMPERINGS) and verifies 200 honest studies.
"""

import os
import random

import pytest

import evalkit as ek
from evalkit.cohort import verification
from tests.cohort.small_archive import MONTHS, draw_tiny_study, write_tiny_study
from tests.tamperings import OF_DATA, OF_FILES, Study

TAMPERINGS = int(os.environ.get("EVALKIT_TAMPERINGS", "200"))
HONEST = max(8, TAMPERINGS // 50)
STUDIES = 3


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    found = []
    for number in range(STUDIES):
        plan = write_tiny_study(tmp_path_factory.mktemp("tiny") / "study", number)
        draw_tiny_study(plan)
        found.append(Study(plan))
    return found


@pytest.fixture(scope="module")
def registers(studies):
    """The studies' registers, read once for all changes that leave them alone."""
    protocols = [ek.read_protocol(study.plan) for study in studies]
    opened = [ek.open_register(protocol=protocol) for protocol in protocols]
    yield {p.folder: register for p, register in zip(protocols, opened, strict=True)}
    for register in opened:
        register.engine.close()


@pytest.fixture
def read_once(registers, monkeypatch):
    for register in registers.values():
        monkeypatch.setattr(register.engine, "close", lambda: None)
    monkeypatch.setattr(
        verification,
        "examine_register",
        lambda protocol: (registers[protocol.folder], []),
    )


def require_found(study, way, seed):
    chance = random.Random(f"{way.__name__} {seed}")  # noqa: S311
    expected = way(study, chance)
    try:
        if expected is None:
            return
        found = ek.verify(study.plan)
        rows = found.draws[found.draws["status"] != "same"]
        months, kinds = expected
        assert not found.same, (way.__name__, seed)
        assert set(rows["month"]) == months, (way.__name__, seed, str(found))
        assert set(rows["kind"]) <= kinds, (way.__name__, seed, str(found))
    finally:
        study.restore()


@pytest.mark.parametrize("way", OF_FILES, ids=lambda way: way.__name__)
@pytest.mark.usefixtures("read_once")
def test_a_changed_file_is_found(studies, way):
    require_found(studies[0], way, "fast")


@pytest.mark.parametrize("way", OF_DATA, ids=lambda way: way.__name__)
def test_changed_data_are_found(studies, way):
    require_found(studies[0], way, "fast")


@pytest.mark.slow
@pytest.mark.usefixtures("read_once")
def test_every_changed_file_is_found(studies):
    for number in range(TAMPERINGS * 3 // 4):
        way = OF_FILES[number % len(OF_FILES)]
        require_found(studies[number % STUDIES], way, number)


@pytest.mark.slow
def test_every_change_of_the_data_is_found(studies):
    for number in range(TAMPERINGS // 4):
        way = OF_DATA[number % len(OF_DATA)]
        require_found(studies[number % STUDIES], way, number)


@pytest.mark.slow
def test_no_honest_study_is_accused(tmp_path):
    for number in range(HONEST):
        chance = random.Random(number)  # noqa: S311
        plan = write_tiny_study(tmp_path / str(number), number)
        months = chance.sample(MONTHS, chance.randrange(1, len(MONTHS) + 1))
        months += chance.sample(months, chance.randrange(2))  # drawn again
        draw_tiny_study(plan, months, commit=chance.random() < 0.5)
        rewritten(plan, chance)
        found = ek.verify(plan)
        assert found.same, (number, str(found))
        assert len(found.draws) == len(months)
        assert ek.verify_published(plan.parent / "results" / "draws").same, number


def rewritten(plan, chance):
    """Write each snapshot anew: rows shuffled, another delimiter, spaces."""
    for file in (plan.parent / "register").glob("*.csv"):
        head, *rows = file.read_text(encoding="utf-8").splitlines()
        chance.shuffle(rows)
        text = "\r\n".join([head, *rows]) + "\r\n"
        file.write_bytes(text.replace(";", chance.choice([";", "\t", " ;"])).encode())


def test_a_verification_names_nobody(studies):
    study = studies[0]
    ids = {line.split(";")[0] for line in study.pilot.read_text("utf-8").splitlines()}
    rows = study.snapshot("2021-01").read_text("utf-8").splitlines()[1:]
    ids |= {row.split(";")[0] for row in rows}
    ids.discard("henkilö")
    for way in (*OF_FILES, *OF_DATA):
        way(study, random.Random(1))  # noqa: S311
        text = str(ek.verify(study.plan))
        study.restore()
        assert not any(person in text for person in ids), way.__name__
