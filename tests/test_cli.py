import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit import __version__
from evalkit.cli import main
from tests.study_files import MONTHS, contents, write_small_study


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("small"))


@pytest.fixture
def plan(written, tmp_path):
    shutil.copytree(written.parent, tmp_path / "study")
    return tmp_path / "study" / written.name


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


COMMANDS = ["example", "init", "check", "draw", "monthly"]


def test_help_names_every_command(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(capsys, command):
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert re.search(f"Examples?:.*evalkit {command}", out, re.DOTALL)


def test_version(capsys):
    assert run(capsys, "--version")[:2] == (0, f"evalkit {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("monthly",),
        ("example", "satakunta"),
        ("example", "elsewhere", "--to", "x"),
        ("monthly", "plan.toml", "2021-01", "--all"),
        ("draw", "plan.toml", "--twice"),
    ],
)
def test_wrong_usage_ends_with_status_2(capsys, arguments):
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert "Traceback" not in err


def test_check_says_what_is_there_and_writes_nothing(capsys, plan):
    before = contents(plan.parent)
    status, out, _ = run(capsys, "check", plan)
    assert status == 0
    assert "Windows-1252" in out
    assert "Voi mitata: 2021-01 \N{EN DASH} 2021-03 (3 kuukautta)" in out
    assert contents(plan.parent) == before


def test_monthly_ends_with_the_table_and_the_figures(capsys, plan):
    status, out, err = run(capsys, "monthly", plan, "--all")
    assert (status, err) == (0, "")
    assert "kaikki kuukaudet" in out
    assert "tammikuu 2021" in out
    assert "SYNTEETTINEN AINEISTO" in out
    assert "Kuukausien laskeminen ei ole näyttöä" in out
    figure = plan.parent / "results" / "figures" / "monthly_shares.svg"
    assert str(figure) in out
    assert figure.exists()


def test_a_month_that_cannot_be_measured_ends_with_status_1(capsys, plan):
    status, _, err = run(capsys, "monthly", plan, "2021-05")
    assert status == 1
    assert err.count("2021-05 cannot be measured yet") == 1
    assert not (plan.parent / "results").exists()


def test_draw_takes_the_first_month_not_drawn(capsys, plan):
    drawn = []
    for _ in range(2):
        status, out, _ = run(capsys, "draw", plan)
        assert status == 0
        drawn.append(out.split(":")[0])
    assert drawn == MONTHS[:2]


def test_a_drawn_month_is_drawn_again_only_if_asked(capsys, plan):
    assert run(capsys, "draw", plan, "2021-02")[0] == 0
    draws = plan.parent / "results" / "draws"
    before = contents(draws)
    status, _, err = run(capsys, "draw", plan, "2021-02")
    assert status == 1
    assert "--again" in err
    assert contents(draws) == before
    assert run(capsys, "draw", plan, "2021-02", "--again")[0] == 0
    after = contents(draws)
    assert before.items() < after.items()
    assert b'"replaces": "' in after["0002-2021-02.json"]


def test_everything_drawn_is_said(capsys, plan):
    for _ in range(7):
        assert run(capsys, "draw", plan)[0] == 0
    status, _, err = run(capsys, "draw", plan)
    assert status == 1
    assert "Every month that can be drawn has been drawn" in err


def test_the_pennsylvania_example_asks_for_its_source(capsys, tmp_path):
    status, _, err = run(capsys, "example", "pennsylvania", "--to", tmp_path / "penn")
    assert status == 1
    assert "--source" in err
    assert not (tmp_path / "penn").exists()


def test_something_unforeseen_is_told_without_any_value(capsys, plan, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("S000123 is a person")

    monkeypatch.setattr("evalkit.register.register.open_register", break_down)
    status, _, err = run(capsys, "check", plan)
    assert status == 1
    assert "unforeseen RuntimeError in test_cli.py" in err
    assert "S000123" not in err


def test_the_command_is_installed():
    done = subprocess.run(
        [sys.executable, "-m", "evalkit.cli", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"evalkit {__version__}\n"


def test_check_says_that_the_seed_is_still_the_placeholder(capsys, plan):
    assert "placeholder" not in run(capsys, "check", plan)[1]
    text = plan.read_text(encoding="utf-8")
    seed = re.search(r'^seed = "(.*)"$', text, re.MULTILINE)[1]
    plan.write_text(text.replace(seed, "replace me: any text"), encoding="utf-8")
    status, out, _ = run(capsys, "check", plan)
    assert status == 0
    assert "siemenluku on yhä paikanpitäjä" in out


def test_python_runs_the_package(tmp_path):
    called = subprocess.run(
        [sys.executable, "-m", "evalkit", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=tmp_path,
    )
    assert called.stdout == f"evalkit {__version__}\n"


@pytest.mark.parametrize(
    ("header", "said", "written"),
    [
        ("henkilö;kesto", "työttömyysviikot laskentapäivänä", "Kirjoitettiin"),
        ("personnummer;arbetslöshetens längd", "arbetslöshetsveckor på", "Skrev"),
        ("person;duration", "weeks of unemployment on the counting day", "Wrote"),
    ],
)
def test_init_speaks_the_language_of_the_headers(
    capsys, tmp_path, header, said, written
):
    file = tmp_path / "stock_2021-01.csv"
    file.write_text(f"{header}\n", encoding="utf-8")
    status, out, _ = run(capsys, "init", tmp_path / "study", "--from", file)
    assert status == 0
    assert said in out
    assert f"{written} {tmp_path / 'study' / 'plan.toml'}" in out
