"""The log of what was released: added to, never changed."""

from __future__ import annotations

import json

import pytest

from evalkit.errors import StudyError
from evalkit.report.release.log import LOG_NAME, add_to_log, read_log, report_of
from evalkit.report.release.months import release_months
from evalkit.report.release.release import release
from tests.report.tables import hand_made

FIRST = ("2021-01", 40, 80, 250, 500)
SECOND = ("2021-02", 50, 90, 260, 500)
SMALL = ("2021-03", 2, 4, 250, 500)


@pytest.fixture
def log(tmp_path):
    return tmp_path / LOG_NAME


def same(one, other) -> bool:
    """Tell whether two reports are the same; NaN is NaN."""
    return repr(one) == repr(other)


def test_a_report_comes_back_as_it_was(log):
    released = release(hand_made(FIRST, SECOND))
    assert read_log(log) == []
    assert add_to_log(log, released)
    (report,) = read_log(log)
    assert same(report, report_of(released))
    assert report[("2021-01",)]["n_pilot"] == 80
    assert report[("pooled",)]["n_pilot"] == 170


def test_the_same_report_is_not_added_again(log):
    released = release(hand_made(FIRST, SECOND))
    add_to_log(log, released)
    before = log.read_bytes()
    again = release_months(hand_made(FIRST, SECOND), earlier=read_log(log))
    assert same(report_of(again), report_of(released))
    assert not add_to_log(log, again)
    assert log.read_bytes() == before


def test_lines_are_numbered_and_name_the_one_before(log):
    add_to_log(log, release(hand_made(FIRST)))
    before = log.read_text(encoding="utf-8")
    add_to_log(log, release_months(hand_made(FIRST, SECOND), earlier=read_log(log)))
    assert log.read_text(encoding="utf-8").startswith(before)
    first, second = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert second["before"] == first["hash"]


def test_what_is_masked_is_not_in_the_log(log):
    add_to_log(log, release(hand_made(FIRST)))
    released = release_months(hand_made(FIRST, SMALL), earlier=read_log(log))
    assert released.to_frame()["masked"].tolist() == [False, True, False]
    add_to_log(log, released)
    assert "2021-03" not in log.read_text(encoding="utf-8")


def test_a_period_is_known_by_its_months(log):
    add_to_log(log, release(hand_made(FIRST, SECOND, SMALL)))
    (report,) = read_log(log)
    assert list(report) == [("2021-01",), ("2021-02", "2021-03"), ("pooled",)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"n_pilot":80', '"n_pilot":81'),
        lambda text: text.replace('"n_pilot":80.0', '"n_pilot":81.0'),
        lambda text: text.splitlines(keepends=True)[1],
        lambda text: text + "{}\n",
        lambda text: text[:-20],
    ],
)
def test_a_changed_log_is_refused(log, damage):
    add_to_log(log, release(hand_made(FIRST)))
    add_to_log(log, release_months(hand_made(FIRST, SECOND), earlier=read_log(log)))
    text = log.read_text(encoding="utf-8")
    damaged = damage(text)
    if damaged == text:
        pytest.skip("the number is written otherwise")
    log.write_text(damaged, encoding="utf-8")
    with pytest.raises(StudyError, match="line"):
        read_log(log)
