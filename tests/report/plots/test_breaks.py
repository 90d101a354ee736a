"""Marks of breaks, and rows for their labels."""

from __future__ import annotations

import pytest

from evalkit.report.plots.breaks import BreakMark, break_marks, label_tiers
from evalkit.study.protocol import Break

JANUARY = 12 * 2021


def marks(*breaks: tuple[str, str | None]) -> list[BreakMark]:
    known = [Break(label="x" * 20, first=first, last=last) for first, last in breaks]
    return break_marks(known, range(JANUARY, JANUARY + 12))


@pytest.mark.parametrize(
    "outside", [("2020-12", None), ("2022-01", None), ("2020-01", "2020-12")]
)
def test_breaks_outside_the_months_are_left_out(outside):
    assert marks(outside) == []


def test_a_time_is_cut_to_the_months():
    (mark,) = marks(("2020-11", "2022-03"))
    assert (mark.start, mark.end) == (JANUARY - 0.5, JANUARY + 11.5)


def test_a_change_in_the_first_month_is_marked():
    (mark,) = marks(("2021-01", None))
    assert (mark.start, mark.end) == (JANUARY - 0.5, None)


def test_marks_are_in_order():
    starts = [mark.start for mark in marks(("2021-06", None), ("2021-02", None))]
    assert starts == sorted(starts)


def tiers(*firsts: str) -> list[int]:
    found = marks(*((first, None) for first in firsts))
    return label_tiers(found, low=JANUARY - 0.5, high=JANUARY + 11.5, width=480)


def test_labels_apart_share_a_row_and_close_ones_do_not():
    assert tiers("2021-01", "2021-07") == [0, 0]
    assert tiers("2021-01", "2021-02", "2021-03") == [2, 1, 0]


def test_labels_at_the_right_edge_do_not_run_into_each_other():
    assert len(set(tiers("2021-10", "2021-11", "2021-12"))) == 3
