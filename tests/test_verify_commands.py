"""The commands that let others check a study, and that delete what is personal."""

import shutil

import pytest

from evalkit.cli import main
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


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_verify_ends_well_only_if_all_are_the_same(capsys, study):
    status, out, _ = run(capsys, "verify", study)
    assert (status, out.count(": sama.")) == (0, len(MONTHS))
    assert run(capsys, "verify", study.parent)[0] == 0
    assert run(capsys, "verify", study.parent / "register")[0] == 1
    (study.parent / "results" / "draws" / "0002-2021-03.persons.csv").unlink()
    status, out, err = run(capsys, "verify", study)
    assert (status, err) == (1, "")
    assert "2021-03  otos 2: eroaa (puuttuu)." in out


@pytest.mark.parametrize("month", ["../../2021-02", "2021-02/../../x", "/2021-02"])
def test_a_month_is_no_path(capsys, study, month):
    before = sorted(study.parent.parent.rglob("*"))
    status, _, err = run(capsys, "draw", study, month)
    assert status == 1
    assert "is not a month" in err
    assert sorted(study.parent.parent.rglob("*")) == before


def test_an_outsider_needs_only_what_was_published(capsys, study, tmp_path):
    public = tmp_path / "public"
    status, out, _ = run(capsys, "certificates", study, "--to", public)
    assert status == 0
    assert f"evalkit verify --public {public}" in out
    shutil.rmtree(study.parent)
    assert run(capsys, "verify", "--public", public)[0] == 0
    certificate = public / "0003-2021-04.json"
    certificate.write_bytes(
        certificate.read_bytes().replace(b'"size": 6', b'"size": 7')
    )
    status, out, _ = run(capsys, "verify", "--public", public)
    assert status == 1
    assert "2021-04  draw 3: differs (certificate)." in out


def test_commit_says_what_to_publish_and_what_not(capsys, study):
    shutil.rmtree(study.parent / "results")
    status, out, _ = run(capsys, "commit", study)
    assert status == 0
    assert str(study.parent / "results" / "draws" / "commitment.json") in out
    assert "Pidä siemenluku ja suola omana tietonasi" in out
    assert "seed 0" not in out


def test_forget_asks_first(capsys, study, monkeypatch):
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("n\n"))
    lists = list((study.parent / "results" / "draws").glob("*.persons.csv"))
    assert run(capsys, "forget", study)[0] == 1
    assert all(file.exists() for file in lists)
    status, out, _ = run(capsys, "forget", study, "--yes")
    assert status == 0
    assert "poistettu: 3" in out
    assert not any(file.exists() for file in lists)
    status, out, _ = run(capsys, "verify", study)
    assert (status, out.count(": unohdettu.")) == (1, len(MONTHS))


def test_pseudonymise_says_that_a_new_key_is_a_new_study(capsys, study, tmp_path):
    (tmp_path / "safe").mkdir()
    key = tmp_path / "safe" / "key"
    to = tmp_path / "copy"
    status, out, _ = run(capsys, "pseudonymise", study, "--key", key, "--to", to)
    assert status == 0
    assert "se on toinen tutkimus" in out
    assert key.read_text(encoding="ascii").strip() not in out
    assert run(capsys, "check", to / "plan.toml")[0] == 0


def speaking(study, language):
    text = study.read_text(encoding="utf-8")
    line = f'[study]\nlanguage = "{language}"'
    rest = [row for row in text.splitlines() if not row.startswith("language = ")]
    study.write_text("\n".join(rest).replace("[study]", line), encoding="utf-8")
    return study


@pytest.mark.parametrize(
    ("language", "changed", "missing", "deleted"),
    [
        ("fi", "otos 2: sama.", "Henkilölista puuttuu.", "Henkilölistoja poistettu: 2"),
        ("sv", "urval 2: avviker (plan).", "Personlistan saknas.", "raderade: 2."),
        ("en", "draw 2: differs (plan).", "The list of persons is missing.", ": 2."),
    ],
)
def test_the_commands_speak_the_plan_s_language(
    capsys, study, language, changed, missing, deleted
):
    speaking(study, language)
    assert changed in run(capsys, "verify", study)[1]
    (study.parent / "results" / "draws" / "0002-2021-03.persons.csv").unlink()
    assert missing in run(capsys, "verify", study)[1]
    assert deleted in run(capsys, "forget", study, "--yes")[1]
