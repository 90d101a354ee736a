"""The scripts of the figures, and the study that they draw by default.

The synthetic study has to agree with everything that the report prints; a register that
is broken has to disagree.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import evalkit as ek
from evalkit.estimate.groups.balance import balance
from evalkit.examples.satakunta import write_satakunta
from evalkit.report.plots.style import whole_figure
from evalkit.statements.statements import check_statements

FIGURES = Path(__file__).parents[2] / "figures"
SCRIPTS = sorted(
    path.stem for path in FIGURES.glob("*.py") if path.stem not in {"__main__", "study"}
)
PUBLISHED = {f"figure_{number}" for number in (1, 2, 3)} | {"image_6", "image_7"}
MOST_LINES = 40
SLOW = {"decomposition"}


@pytest.fixture(scope="module")
def scripts():
    """The folder of the scripts, as Python sees it that runs one of them."""
    sys.path.insert(0, str(FIGURES))
    yield importlib.import_module
    sys.path.remove(str(FIGURES))
    for name in ("study", *SCRIPTS):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def study(scripts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_satakunta(folder)
    return scripts("study").Study(folder, "en")


@pytest.fixture(scope="module")
def found(study):
    """Every statement of the report, checked in the synthetic study."""
    return check_statements(
        study.comparison(),
        study.published,
        balance=balance(study.report_cohort),
        service=study.service,
    )


# What the report says.


def test_the_synthetic_study_agrees_with_every_statement(found) -> None:
    assert found.failing == []
    assert found.unchecked == []


def test_every_reading_holds_but_those_that_contradict_another(found) -> None:
    table = found.table
    against = table[~table["holds"].astype(bool)]
    assert set(against["statement"]) == {"young-results"}
    assert len(against) == 2


def test_what_holds_need_not_be_more_than_chance(found) -> None:
    """Nine months of twelve and a lowest month: true here, and no evidence."""
    support = found.table.set_index(["statement", "reading"])["support"]
    for name in ("higher-2020", "lowest-2020", "lowest-2021"):
        assert support[name, ""] == "within chance"
    assert support["better-months", "starters of 2021"] == "within chance"


@pytest.fixture(scope="module")
def broken(study, scripts, tmp_path_factory):
    """The same study; a quarter of December 2020 is lost, not enough to refuse it."""
    home = tmp_path_factory.mktemp("broken")
    shutil.copytree(study.folder, home, dirs_exist_ok=True)
    file = home / "register" / "2020-12.csv"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[: 3 * len(lines) // 4]))
    return scripts("study").Study(home, "en")


def test_a_broken_register_makes_statements_fail(broken) -> None:
    """Who is absent counts as having left: shares rise, and the report is wrong."""
    failing = check_statements(broken.comparison(), broken.published).failing
    assert {"higher-2020", "lowest-2020"} & set(failing)


def test_swapped_groups_make_statements_fail(study) -> None:
    cohort = study.report_cohort
    other = {"pilot": "control", "control": "pilot"}
    people = cohort.people.assign(group=cohort.people["group"].map(other))
    comparison = ek.compare(replace(cohort, people=people), outcome="outcome_report")
    failing = set(check_statements(comparison, study.published).failing)
    assert {"higher-2020", "not-lower-2021", "better-months"} <= failing
    assert {"control-better-2020", "pilot-better-later"} <= failing


def test_a_list_without_its_last_clients_makes_statements_fail(study) -> None:
    pilot = study.register.engine.frame("SELECT * FROM pilot ORDER BY referral_day")
    counts = study.service.counts.copy()
    lost = counts["measure"].isin(["referred", "completed", "positive"])
    counts.loc[lost, "count"] = (counts.loc[lost, "count"] * 9) // 10
    service = replace(study.service, counts=counts)
    failing = check_statements(
        study.comparison(), study.published, service=service
    ).failing
    assert {"referred", "completed", "positive", "peak"} <= set(failing)
    assert len(pilot) == 2732


# The scripts.


def test_each_published_figure_has_a_script_of_its_name() -> None:
    assert set(SCRIPTS) > PUBLISHED


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_short_and_draws_the_figure_of_its_own_name(name) -> None:
    text = (FIGURES / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert f'main({{"{name}": draw}})' in text


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in SCRIPTS],
)
def test_a_figure_says_that_its_data_are_synthetic(name, scripts, study) -> None:
    figure = whole_figure(scripts(name).draw(study))
    said = [text for ax in figure.axes for text in ax.texts if text.get_gid() == "tag"]
    assert [text.get_text() for text in said] == ["Synthetic data"]


def test_a_script_writes_its_figure(scripts, study, tmp_path, monkeypatch) -> None:
    words = ["image_6.py", str(study.folder), "--to", str(tmp_path), "--language", "sv"]
    monkeypatch.setattr(sys, "argv", words)
    scripts("study").main({"image_6": scripts("image_6").draw})
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["image_6.pdf", "image_6.png", "image_6.svg"]


def test_an_empty_folder_gets_the_synthetic_study(
    scripts, tmp_path, monkeypatch
) -> None:
    study = scripts("study")
    written = []
    monkeypatch.setattr(study, "write_satakunta", written.append)
    monkeypatch.setattr(
        sys, "argv", ["figure_1.py", str(tmp_path), "--to", str(tmp_path)]
    )
    study.main({})
    assert written == [tmp_path]
