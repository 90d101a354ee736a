"""Who was left out: few are never a step of their own."""

from __future__ import annotations

import pandas as pd

from evalkit.report.release.attrition import LAST_STEP, release_attrition
from evalkit.report.release.people import People

PEOPLE = People(min_cell=5, pilot=183, control=500)


def steps(*left: int, names: str = "abcdef") -> pd.DataFrame:
    before = [left[0], *left[:-1]]
    return pd.DataFrame(
        {
            "group": "pilot",
            "criterion": list(names[: len(left)]),
            "before": before,
            "removed": [was - now for was, now in zip(before, left, strict=True)],
            "left": left,
        }
    )


def shown(*left: int) -> list[tuple[str, float]]:
    table = release_attrition(steps(*left), PEOPLE).to_frame()
    return list(zip(table["criterion"], table["left"], strict=True))


def test_steps_that_leave_out_many_stay_and_end_with_the_months_people():
    assert shown(302, 241, 200) == [
        ("a", 300),
        ("b", 240),
        ("c", 200),
        (LAST_STEP, 183),
    ]


def test_a_step_that_leaves_out_few_goes_with_the_next():
    assert shown(302, 299, 200) == [("a", 300), ("b; c", 200), (LAST_STEP, 183)]


def test_few_at_the_end_go_with_the_step_before():
    assert shown(302, 241, 185) == [("a", 300), ("b", 240), (f"c; {LAST_STEP}", 183)]


def test_few_in_all_are_not_a_step():
    assert shown(186, 184) == [(f"a; b; {LAST_STEP}", 183)]


def test_no_step_tells_of_few():
    table = release_attrition(steps(260, 258, 251, 250, 192, 186), PEOPLE).to_frame()
    removed = table["removed"].dropna()
    assert (removed >= 5).all()


def test_how_many_do_not_meet_a_criterion_that_removes_nobody_is_not_told():
    table = steps(302, 302)
    table["criterion"] = ["a", "in the register (kept: 3 not)"]
    assert "3" not in "".join(release_attrition(table, PEOPLE).to_frame()["criterion"])


def test_without_steps_there_is_nothing_to_show():
    assert release_attrition(pd.DataFrame(), PEOPLE).to_frame().empty
