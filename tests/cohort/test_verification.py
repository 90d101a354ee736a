import shutil

import pandas as pd
import pytest

from evalkit.cohort.verification import verify, verify_published
from evalkit.errors import ProtocolError, StudyError
from evalkit.study.plan_file import read_protocol
from tests.cohort.small_archive import MONTHS, draw_tiny_study, write_tiny_study


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    plan = write_tiny_study(tmp_path_factory.mktemp("tiny") / "study")
    draw_tiny_study(plan)
    return plan


@pytest.fixture
def study(drawn, tmp_path):
    shutil.copytree(drawn.parent, tmp_path / "study")
    return tmp_path / "study" / "plan.toml"


def test_an_honest_study_is_the_same(drawn):
    found = verify(drawn)
    assert found.same
    assert found.to_frame()["month"].tolist() == list(MONTHS)
    assert list(found.to_frame()) == ["month", "draw", "status", "kind", "detail"]
    pd.testing.assert_frame_equal(verify(read_protocol(drawn)).draws, found.draws)


def test_a_corrected_snapshot_says_that_the_register_changed(study):
    file = study.parent / "register" / "2021-02.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(";Pori;", ";Rauma;", 1), encoding="utf-8")
    row = verify(study).draws.iloc[1]
    assert (row["month"], row["status"], row["kind"]) == (
        "2021-03", "differs", "snapshot",
    )  # fmt: skip
    assert "The register has changed since the draw" in row["detail"]


def test_without_the_register_the_files_are_still_checked(study):
    shutil.rmtree(study.parent / "register")
    persons = study.parent / "results" / "draws" / "0002-2021-03.persons.csv"
    persons.write_text("rank,person_id\n1,x\n", encoding="utf-8")
    rows = verify(study).draws
    assert rows["status"].tolist() == [
        "cannot be checked", "differs", "cannot be checked",
    ]  # fmt: skip
    assert set(rows["kind"]) == {"snapshot"}
    assert "not the one certified" in rows["detail"][1]


def test_a_broken_later_snapshot_accuses_no_draw(study):
    (study.parent / "register" / "2021-04.csv").write_text("nothing", encoding="utf-8")
    found = verify(study)
    assert found.same
    assert "evalkit check" in str(found)


def test_a_plan_that_cannot_be_read_is_named(study):
    study.write_text("[study", encoding="utf-8")
    rows = verify(study).draws
    assert set(rows["kind"]) == {"plan"}
    assert set(rows["status"]) == {"cannot be checked"}


def test_results_elsewhere_than_the_plan_says_are_found(study):
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('"results"', '"reslts"'), encoding="utf-8")
    rows = verify(study).draws
    assert set(rows["kind"]) == {"plan"}
    assert rows["month"].tolist() == list(MONTHS)


def test_as_many_controls_as_clients_may_grow_later(tmp_path):
    plan = write_tiny_study(tmp_path / "study")
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("size = 6", 'size = "pilot"'), encoding="utf-8")
    draw_tiny_study(plan)
    pilot = plan.parent / "pilot.csv"
    with pilot.open("a", encoding="utf-8") as file:
        file.write("p00030;20.4.2021\n")
    assert verify(plan).same


def test_there_has_to_be_something_to_verify(study, tmp_path):
    shutil.rmtree(study.parent / "results")
    with pytest.raises(StudyError, match="no draw"):
        verify(study)
    with pytest.raises(StudyError, match="no certificate"):
        verify_published(tmp_path)
    with pytest.raises(ProtocolError, match="no such plan"):
        verify(tmp_path / "nowhere.toml")
