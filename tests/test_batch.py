import json
import os
import shutil
import warnings

import pytest
from filelock import FileLock

from evalkit.batch import run_monthly
from evalkit.cohort.archive import DrawArchive
from evalkit.errors import DrawError, EvalkitError, StudyError
from evalkit.study.plan_file import read_protocol
from tests.study_files import MONTHS, change, contents, write_small_study


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("small"))


@pytest.fixture
def plan(written, tmp_path):
    """A fresh copy of the study, without results."""
    shutil.copytree(written.parent, tmp_path / "study")
    return tmp_path / "study" / written.name


@pytest.fixture(scope="module")
def clean(written, tmp_path_factory):
    """The study after one clean run, with what the run gave; not to be changed."""
    folder = tmp_path_factory.mktemp("clean") / "study"
    shutil.copytree(written.parent, folder)
    protocol = read_protocol(folder / written.name)
    return protocol, run_monthly(protocol, every=True)


def run(plan, *months, **options):
    return run_monthly(read_protocol(plan), months, **options)


def test_every_month_that_can_be_measured_is(clean):
    protocol, batch = clean
    assert batch.evaluation.comparison.months["month"].tolist() == MONTHS
    assert not batch.released.to_frame()["masked"].any()
    assert sorted(DrawArchive(protocol.results / "draws").current()) == MONTHS


def test_tables_figures_certificates_and_a_log_are_kept(clean):
    protocol, batch = clean
    names = set(contents(protocol.results))
    whole = {"comparison.csv", "comparison.parquet"}
    figures = {f"monthly_{what}.{kind}" for what in ("shares", "differences")
               for kind in ("svg", "png")}  # fmt: skip
    assert whole | {f"figures/{name}" for name in figures} <= names
    for number, month in enumerate(MONTHS, start=1):
        assert {f"months/{month}/{name}" for name in whole | figures} <= names
        assert f"draws/{number:04d}-{month}.json" in names
    assert "3 months measured" in (protocol.results / "monthly.log").read_text("utf-8")
    assert all(file.exists() for file in batch.figures)


def test_the_table_is_labelled_synthetic(clean):
    protocol, _ = clean
    table = (protocol.results / "comparison.csv").read_text(encoding="utf-8-sig")
    assert table.splitlines()[0].endswith(";data")
    assert all(line.endswith(";synthetic") for line in table.splitlines()[1:])


def test_a_second_run_gives_the_same_bytes(clean):
    protocol, _ = clean
    before = contents(protocol.results)
    run_monthly(protocol, every=True)
    assert contents(protocol.results) == before


def test_another_copy_of_the_study_gives_the_same_bytes(clean, plan):
    protocol, _ = clean
    run(plan, every=True)
    assert contents(plan.parent / "results") == contents(protocol.results)


def test_without_a_month_the_newest_is_measured(plan):
    batch = run(plan)
    assert batch.evaluation.comparison.months["month"].tolist() == MONTHS[-1:]


def test_named_months_are_added_to_those_measured_before(plan):
    run(plan, "2021-02")
    batch = run(plan, "tammikuu 2021")
    assert batch.evaluation.comparison.months["month"].tolist() == MONTHS[:2]
    certificates = DrawArchive(plan.parent / "results" / "draws").certificates()
    assert [c.month for c in certificates] == ["2021-02", "2021-01"]
    assert certificates[1].previous == certificates[0].sha256


def test_a_new_months_file_is_added_by_dropping_it_in(plan):
    newest = plan.parent / "register" / "2021-06.csv"
    kept = newest.read_bytes()
    newest.unlink()
    batch = run(plan, every=True)
    assert batch.evaluation.comparison.months["month"].tolist() == MONTHS[:2]
    newest.write_bytes(kept)
    batch = run(plan, every=True)
    assert batch.evaluation.comparison.months["month"].tolist() == MONTHS


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("2021-04", "cannot be measured yet.*2021-07"),
        ("2021-12", "snapshot of 2021-11"),
        ("2019-12", "not a month that the plan draws"),
        ("soon", "not a month"),
    ],
)
def test_a_month_that_cannot_be_measured_leaves_nothing(plan, month, said):
    with pytest.raises(EvalkitError, match=f"(?s){said}"):
        run(plan, "2021-02", month)
    assert not (plan.parent / "results").exists()


def test_a_corrected_snapshot_is_said_and_changes_no_sample(plan, caplog):
    run(plan, "2021-02")
    draws = contents(plan.parent / "results" / "draws")
    file = plan.parent / "register" / "2021-01.csv"
    rows = file.read_text(encoding="cp1252").splitlines(keepends=True)
    file.write_text("".join(rows[:-30]), encoding="cp1252", newline="")
    caplog.clear()
    run(plan, "2021-02")
    assert "corrected since these months were drawn: 2021-02" in caplog.text
    assert contents(plan.parent / "results" / "draws") == draws


def test_a_changed_plan_is_said_and_changes_no_sample(plan, caplog):
    run(plan, "2021-02")
    draws = contents(plan.parent / "results" / "draws")
    change(plan, "size = 60", "size = 61")
    run(plan, "2021-02")
    assert "plan has changed since these months were drawn: 2021-02" in caplog.text
    assert contents(plan.parent / "results" / "draws") == draws


def test_nothing_is_said_of_an_unchanged_study(clean, caplog):
    protocol, _ = clean
    caplog.clear()
    run_monthly(protocol, every=True)
    assert not [r for r in caplog.records if r.levelname == "WARNING"]


def test_the_snapshot_of_a_drawn_month_may_not_vanish(plan):
    run(plan, "2021-01")
    (plan.parent / "register" / "2020-12.csv").unlink()
    with pytest.raises(DrawError, match="gone: 2020-12"):
        run(plan, "2021-03")


def test_an_edited_list_of_persons_is_refused(plan):
    run(plan, "2021-02")
    persons = plan.parent / "results" / "draws" / "0001-2021-02.persons.csv"
    lines = persons.read_text(encoding="utf-8").splitlines(keepends=True)
    persons.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    with pytest.raises(DrawError, match="not the persons that the certificate"):
        run(plan, "2021-02")


def test_an_edited_certificate_is_refused(plan):
    run(plan, every=True)
    file = plan.parent / "results" / "draws" / "0001-2021-01.json"
    certificate = json.loads(file.read_text(encoding="utf-8"))
    certificate["frame"] += 1
    file.write_text(json.dumps(certificate, indent=2), encoding="utf-8")
    with pytest.raises(DrawError, match=r"0001-2021-01\.json.*was changed"):
        run(plan, every=True)


def test_a_removed_certificate_is_noticed(plan):
    run(plan, every=True)
    (plan.parent / "results" / "draws" / "0002-2021-02.json").unlink()
    with pytest.raises(DrawError, match=r"0003-2021-03\.json.*missing"):
        run(plan, every=True)


def test_a_second_run_at_once_says_so_and_leaves(plan):
    run(plan, "2021-01")
    before = contents(plan.parent / "results")
    held = FileLock(plan.parent / "results" / ".lock")
    with held, pytest.raises(StudyError, match="Another run is working"):
        run(plan, "2021-02")
    assert contents(plan.parent / "results") == before


def test_what_a_killed_run_left_aside_is_swept(plan):
    results = plan.parent / "results"
    (results / "figures").mkdir(parents=True)
    leftover = results / "figures" / ".evalkit-x7"
    leftover.write_bytes(b"half")
    run(plan, "2021-01")
    assert not leftover.exists()


def test_an_error_stands_in_the_log_of_a_study_that_has_one(plan):
    run(plan, "2021-01")
    (plan.parent / "pilot.csv").unlink()
    with pytest.raises(EvalkitError):
        run(plan, "2021-01")
    last = (plan.parent / "results" / "monthly.log").read_text(encoding="utf-8")
    assert "ERROR" in last
    assert "pilot.csv" in last


def test_warnings_stand_in_the_log_and_stop_nothing(plan):
    change(plan, "size = 60", "size = 60000")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(plan, "2021-01")
    log = (plan.parent / "results" / "monthly.log").read_text(encoding="utf-8")
    assert "fewer than the sample size 60000" in log


def test_lists_of_persons_are_private(clean):
    protocol, _ = clean
    for file in (protocol.results / "draws").glob("*.persons.csv"):
        assert os.name == "nt" or file.stat().st_mode & 0o077 == 0


def test_no_person_stands_outside_the_draws(clean):
    protocol, batch = clean
    people = {p.encode() for p in batch.cohort.to_frame()["person"]}
    for name, content in contents(protocol.results).items():
        if not name.startswith("draws/") and not name.endswith(".png"):
            assert not any(person in content for person in people), name
