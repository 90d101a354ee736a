"""What leaves the building, and what an attacker makes of it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.pooling import pooled_difference
from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.report.release.log import report_of
from evalkit.report.release.months import release_months
from evalkit.report.release.pooled import design_effect
from evalkit.report.release.release import release
from evalkit.study.protocol import Break
from tests.report.tables import hand_made

COUNTS = ["n_pilot", "n_control", "pilot_events", "control_events"]
NUMBERS = [
    "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value", *COUNTS,
    "n_people", "n_unknown", "strict", "strict_ci_low", "strict_ci_high",
]  # fmt: skip
LARGE = ("2021-02", 40, 80, 250, 500)
LARGER = ("2021-03", 50, 90, 260, 500)
LARGEST = ("2021-04", 60, 99, 270, 500)
SMALL = ("2021-01", 2, 4, 250, 500)

# Offices have no neighbours: nothing can be joined.
EAST, WEST, NORTH = (
    (name, *month[1:])
    for name, month in (("east", LARGE), ("west", LARGER), ("north", LARGEST))
)


def masked_months(released) -> list[str]:
    table = released.to_frame()
    return table["month"][table["masked"]].tolist()


def test_large_counts_leave_as_they_are():
    comparison = hand_made(LARGE, LARGER)
    released = release(comparison).to_frame()
    pd.testing.assert_frame_equal(
        released.drop(columns="masked"),
        comparison.to_frame().drop(
            columns=["strict_pilot_events", "strict_control_events"]
        ),
        check_dtype=False,
    )
    assert not released["masked"].any()


@pytest.mark.parametrize(
    "small",
    [
        ("south", 2, 4, 250, 500),
        ("south", 4, 80, 250, 500),
        ("south", 0, 80, 250, 500),
        ("south", 76, 80, 250, 500),
        ("south", 80, 80, 250, 500),
        ("south", 40, 80, 2, 4),
        ("south", 40, 80, 0, 500),
        ("south", 40, 80, 500, 500),
        ("south", 40, 80, 496, 500),
    ],
)
def test_a_small_size_numerator_or_complement_masks_the_whole_row(small):
    row = release(hand_made(small, EAST, WEST)).to_frame().iloc[0]
    assert row["masked"]
    assert row[NUMBERS].isna().all()
    assert row["note"].startswith("masked")
    assert row["level"] == 0.95


@pytest.mark.parametrize("counts", [(5, 10, 250, 500), (75, 80, 5, 500)])
def test_counts_at_the_limit_are_published(counts):
    assert masked_months(release(hand_made(("2021-01", *counts), LARGE))) == []


def test_the_limit_is_the_callers():
    comparison = hand_made(("south", 4, 80, 250, 500), EAST, WEST)
    assert masked_months(release(comparison, min_cell=3)) == []
    assert masked_months(release(comparison, min_cell=5)) == ["south", "east"]


def test_a_month_without_a_group_is_missing_not_masked():
    row = release(hand_made(("2020-04", 0, 0, 250, 500), LARGE)).to_frame().iloc[0]
    assert not row["masked"]
    assert row["n_pilot"] == 0
    assert row["control"] == 0.5
    assert np.isnan(row["estimate"])


def test_a_small_group_beside_an_empty_one_is_masked_alone():
    # The pooled row does not count this month: nothing follows from it.
    comparison = hand_made(("2019-12", 2, 3, 0, 0), LARGE, LARGER)
    assert masked_months(release(comparison)) == ["2019-12"]


def test_one_small_office_takes_the_next_smallest_with_it():
    small = ("south", 2, 4, 250, 500)
    released = release(hand_made(NORTH, small, WEST, EAST))
    assert masked_months(released) == ["south", "east"]


def test_two_offices_of_nobody_take_a_third_with_them():
    nobody = [("south", 0, 20, 250, 500), ("far south", 0, 30, 250, 500)]
    released = release(hand_made(*nobody, EAST, WEST))
    assert masked_months(released) == ["south", "far south", "east"]


def test_a_single_small_month_takes_the_pooled_row():
    released = release(hand_made(("2021-01", 2, 4, 250, 500)))
    assert masked_months(released) == ["2021-01", "pooled"]
    assert released.to_frame()[NUMBERS].isna().all(axis=None)


counts = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
months = st.lists(
    st.tuples(counts, st.integers(0, 60)).map(
        lambda drawn: (
            min(drawn[0][0], drawn[0][1]),
            drawn[0][1],
            min(drawn[0][2], drawn[1]),
            drawn[1],
        )
    ),
    min_size=1,
    max_size=8,
).filter(lambda rows: any(n1 and n0 for _, n1, _, n0 in rows))


@settings(max_examples=25, deadline=None)
@given(months)
def test_no_small_count_of_an_office_can_be_had_by_subtraction(rows):
    named = [(f"office {number}", *row) for number, row in enumerate(rows)]
    table = release(hand_made(*named)).to_frame()
    office, pooled = table[:-1], table.iloc[-1]
    truth = pd.DataFrame(
        rows, columns=["pilot_events", "n_pilot", "control_events", "n_control"]
    )
    both = ((truth["n_pilot"] > 0) & (truth["n_control"] > 0)).to_numpy()
    hidden = office["masked"].to_numpy() & both
    if pooled["masked"] or not hidden.any():
        return
    rest = pooled[COUNTS] - office[COUNTS][both].sum()
    assert hidden.sum() >= 2
    for group in ("pilot", "control"):
        size, events = rest[f"n_{group}"], rest[f"{group}_events"]
        assert min(size, events, size - events) >= 5


@settings(max_examples=25, deadline=None)
@given(months)
def test_published_months_add_up_to_the_pooled_row_and_none_is_small(rows):
    named = [(f"2021-{number + 1:02d}", *row) for number, row in enumerate(rows)]
    table = release(hand_made(*named)).to_frame()
    shown = table[:-1][~table["masked"][:-1]]
    both = shown[(shown[["n_pilot", "n_control"]] > 0).all(axis=1)]
    pooled = table.iloc[-1]
    if both.empty:
        assert pooled["masked"] or not table["masked"].any()
        return
    assert (both[COUNTS].sum() == pooled[COUNTS]).all()
    for group in ("pilot", "control"):
        sizes, events = both[f"n_{group}"], both[f"{group}_events"]
        assert min(sizes.min(), events.min(), (sizes - events).min()) >= 5


def fitting(
    pooled: pd.Series, published: list, hidden: pd.Series, decimals: int
) -> set:
    """Return every (n, events) of the small month that fits the released numbers."""
    wanted = [
        round(pooled[name], decimals) for name in ("pilot", "control", "estimate")
    ]
    found = set()
    n1, x1, x0 = (
        int(hidden[name]) for name in ("n_pilot", "pilot_events", "control_events")
    )
    for n, x, y in itertools.product(range(1, 12), range(12), range(200, 300)):
        if x > n or x1 - x > n1 - n:
            continue
        rows = np.array(
            [*published, (x, n, y, 500), (x1 - x, n1 - n, x0 - y, 500)], float
        )
        weights = rows[:, 1] * rows[:, 3] / (rows[:, 1] + rows[:, 3])
        shares = rows[:, [0, 2]] / rows[:, [1, 3]]
        pilot, control = weights @ shares / weights.sum()
        tried = [round(value, decimals) for value in (pilot, control, pilot - control)]
        if np.allclose(tried, wanted, atol=1e-12):
            found.add((n, x))
    return found


def test_whole_numbers_that_fit_do_not_give_the_small_month_away():
    small = ("south", 2, 4, 250, 500)
    comparison = hand_made(small, EAST, WEST, NORTH)
    table = release(comparison).to_frame()
    hidden = table.iloc[-1][COUNTS] - table[:-1][COUNTS].sum()
    published = [WEST[1:], NORTH[1:]]
    assert fitting(comparison.to_frame().iloc[-1], published, hidden, 12) == {(4, 2)}
    released = fitting(table.iloc[-1], published, hidden, 3)
    assert {n for n, _ in released} == set(range(1, 12))
    assert {x for n, x in released if n == 4} > {2}


def test_without_masked_months_the_pooled_row_keeps_its_digits():
    comparison = hand_made(LARGE, LARGER)
    kept = release(comparison).to_frame().iloc[-1]
    assert kept["estimate"] == comparison.to_frame().iloc[-1]["estimate"]


def test_few_unknown_outcomes_are_not_told():
    comparison = hand_made(LARGE, LARGER, n_unknown=[2, 9, 11])
    table = release(comparison).to_frame()
    np.testing.assert_array_equal(table["n_unknown"], [np.nan, 9, np.nan])


def test_few_people_counted_twice_are_not_told():
    comparison = hand_made(LARGE, LARGER, n_people=[578, 580, 1100])
    table = release(comparison).to_frame()
    np.testing.assert_array_equal(table["n_people"], [np.nan, 580, 1100])


def test_the_strict_reading_is_told_where_enough_people_are_in_services():
    strict = [0.01, 0.02, 0.0154321]
    comparison = hand_made(
        LARGE,
        LARGER,
        strict=strict,
        strict_pilot_events=[38, 40, 78],
        strict_control_events=[200, 210, 410],
    )
    table = release(comparison).to_frame()
    np.testing.assert_array_equal(table["strict"], [np.nan, 0.02, 0.015])
    assert "strict_pilot_events" not in table


def test_a_register_without_services_has_one_reading():
    comparison = hand_made(
        LARGE,
        LARGER,
        strict_pilot_events=[40, 50, 90],
        strict_control_events=[250, 260, 510],
    )
    assert release(comparison).to_frame()["strict"].notna().all()


def test_only_published_months_are_tallied():
    small = ("south", 4, 4, 250, 500)
    tally = release(hand_made(small, EAST, WEST, NORTH)).tally()
    assert (tally.wins, tally.ties, tally.losses) == (2, 0, 0)


def test_a_period_of_months_is_tallied_as_one():
    tally = release(hand_made(SMALL, LARGE, LARGER, LARGEST)).tally()
    assert (tally.wins, tally.ties, tally.losses) == (2, 1, 0)


def periods(released) -> list[str]:
    return released.to_frame()["month"].tolist()


def test_a_small_month_is_joined_with_the_one_after_it():
    released = release(hand_made(SMALL, LARGE, LARGER))
    assert periods(released) == ["2021-01/2021-02", "2021-03", "pooled"]
    row = released.to_frame().iloc[0]
    assert row[COUNTS].tolist() == [84, 1000, 42, 500]
    found = difference_in_shares((42, 84), (500, 1000))
    assert row["estimate"] == found.estimate
    assert row["ci_low"] == found.ci_low
    assert row["note"].startswith("joined: 2021-01, 2021-02")
    assert np.isnan(row["n_people"])


def test_what_is_left_at_the_end_joins_the_period_before_it():
    last = ("2021-04", 2, 4, 250, 500)
    released = release(hand_made(LARGE, LARGER, last))
    assert periods(released) == ["2021-02", "2021-03/2021-04", "pooled"]


def test_the_pooled_row_follows_from_the_published_periods():
    table = release(hand_made(SMALL, LARGE, LARGER)).to_frame()
    counts = table[:-1].rename(columns={"month": "stratum"})
    pooled = pooled_difference(counts)
    shown = table.iloc[-1]
    assert shown["estimate"] == round(pooled.estimate, 3)
    assert shown["se"] == round(pooled.se, 3)
    assert shown["n_pilot"] == 174


@pytest.mark.parametrize(("factor", "effect"), [(0.9, 1.0), (1.0, 1.0), (1.12, 1.15)])
def test_the_design_effect_is_rounded_up(factor, effect):
    months = hand_made(LARGE, LARGER).to_frame()[:-1]
    counts = months.rename(columns={"month": "stratum"})
    se = pooled_difference(counts).se
    assert design_effect(months, factor * se) == pytest.approx(effect)


def test_months_are_not_joined_across_a_declared_break_where_it_can_be_helped():
    change = Break(label="a change", first="2021-03")
    small = ("2021-02", 2, 4, 250, 500)
    rows = hand_made(("2021-01", *LARGE[1:]), small, LARGER, LARGEST)
    assert periods(release(rows)) == [
        "2021-01", "2021-02/2021-03", "2021-04", "pooled",
    ]  # fmt: skip
    assert periods(release(rows, breaks=[change])) == [
        "2021-01/2021-02", "2021-03", "2021-04", "pooled",
    ]  # fmt: skip


def test_a_stretch_that_is_small_as_a_whole_crosses_the_break():
    change = Break(label="a change", first="2021-02")
    released = release(hand_made(SMALL, LARGE, LARGER), breaks=[change])
    assert periods(released) == ["2021-01/2021-02", "2021-03", "pooled"]


def test_a_month_without_pilots_stays_missing_between_joined_ones():
    pause = ("2021-02", 0, 0, 250, 500)
    released = release(hand_made(SMALL, pause, LARGER, LARGEST))
    table = released.to_frame()
    assert periods(released)[:2] == ["2021-01/2021-03", "2021-02"]
    assert not table["masked"].any()
    assert table["n_pilot"].tolist() == [94, 0, 99, 193]


def test_a_period_of_two_months_could_have_each_number_of_people():
    # Nobody was in none of them: with five people neither could have had five.
    five = [("2021-01", 1, 2, 250, 500), ("2021-02", 2, 3, 250, 500)]
    rows = hand_made(*five, LARGER)
    assert periods(release(rows, min_cell=3)) == ["2021-01/2021-03", "pooled"]


def earlier_of(*releases) -> list[dict]:
    return [report_of(released) for released in releases]


def test_a_published_period_keeps_its_cut():
    first = release(hand_made(LARGE, LARGER))
    small = ("2021-04", 2, 4, 250, 500)
    later = release_months(hand_made(LARGE, LARGER, small), earlier=earlier_of(first))
    table = later.to_frame()
    assert periods(later) == ["2021-02", "2021-03", "2021-04", "pooled"]
    assert table["masked"].tolist() == [False, False, True, False]
    assert table.iloc[-1]["n_pilot"] == 170


def test_held_months_are_published_once_they_are_enough():
    first = release(hand_made(LARGE, LARGER))
    months = [LARGE, LARGER, ("2021-04", 2, 4, 250, 500)]
    second = release_months(hand_made(*months), earlier=earlier_of(first))
    months.append(("2021-05", 6, 12, 250, 500))
    third = release_months(hand_made(*months), earlier=earlier_of(first, second))
    assert periods(third) == ["2021-02", "2021-03", "2021-04/2021-05", "pooled"]
    assert third.to_frame().iloc[-1]["n_pilot"] == 186


def test_a_count_that_changed_by_few_people_stays_as_it_was_and_says_so():
    first = release(hand_made(LARGE, LARGER))
    corrected = hand_made(("2021-02", 42, 80, 250, 500), LARGER)
    row = release_months(corrected, earlier=earlier_of(first)).to_frame().iloc[0]
    assert row["pilot_events"] == 40
    assert row["note"].startswith("as published before")


def test_a_count_that_changed_by_many_people_is_told_anew():
    first = release(hand_made(LARGE, LARGER))
    corrected = hand_made(("2021-02", 50, 90, 250, 500), LARGER)
    table = release_months(corrected, earlier=earlier_of(first)).to_frame()
    assert table.iloc[0]["n_pilot"] == 90
    assert table.iloc[-1]["n_pilot"] == 180


def test_every_earlier_report_counts_not_only_the_last():
    first = release(hand_made(LARGE, LARGER))
    second = release_months(
        hand_made(("2021-02", 50, 90, 250, 500), LARGER), earlier=earlier_of(first)
    )
    third = release_months(  # far from the second, two people from the first
        hand_made(("2021-02", 42, 82, 250, 500), LARGER),
        earlier=earlier_of(first, second),
    )
    assert third.to_frame().iloc[0]["n_pilot"] == 90


def test_without_a_change_a_report_is_the_same_again():
    first = release(hand_made(LARGE, LARGER))
    again = release_months(hand_made(LARGE, LARGER), earlier=earlier_of(first))
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())


@pytest.mark.parametrize("small", [SMALL, ("2021-04", 2, 4, 250, 500)])
def test_a_report_with_periods_is_the_same_again(small):
    rows = sorted([small, LARGE, LARGER])
    first = release(hand_made(*rows))
    again = release_months(hand_made(*rows), earlier=earlier_of(first))
    third = release_months(hand_made(*rows), earlier=earlier_of(first, again))
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())
    pd.testing.assert_frame_equal(first.to_frame(), third.to_frame())


def test_few_more_people_who_recur_are_not_told():
    first = release(hand_made(LARGE, LARGER, n_people=[580, 590, 1100]))
    new = ("2021-04", 30, 60, 250, 500)
    people = [580, 590, 560, 1658]  # 72 recur, and two more than before
    again = release_months(
        hand_made(LARGE, LARGER, new, n_people=people), earlier=earlier_of(first)
    )
    assert np.isnan(again.to_frame().iloc[-1]["n_people"])


def test_the_smallest_cell_is_at_least_one():
    with pytest.raises(EstimationError, match="min_cell"):
        release(hand_made(LARGE), min_cell=0)


def test_a_comparison_of_people_is_released_and_nobody_is_named():
    people = pd.DataFrame(
        {
            "id": [f"S{number:06d}" for number in range(400)],
            "group": ["pilot", "control"] * 200,
            "month": ["2021-01"] * 200 + ["2021-02"] * 200,
            "y": [*[1, 0, 0, 1] * 99, 1, 0, None, None],
        }
    )
    cohort = Cohort.from_frame(
        people, group="group", outcome="y", person="id", month="month"
    )
    table = release(compare(cohort)).to_frame()
    assert table["n_unknown"].isna().tolist() == [False, True, True]
    assert "2 unknown" not in " ".join(table["note"])
    assert "S0" not in table.to_csv()
    assert not table["masked"].any()


def test_a_comparison_of_numbers_is_masked_by_its_sizes():
    people = pd.DataFrame(
        {
            "group": [1] * 3 + [0] * 30 + [1] * 30 + [0] * 30 + [1] * 40 + [0] * 40,
            "weeks": np.arange(173.0),
            "month": ["a"] * 33 + ["b"] * 60 + ["c"] * 80,
        }
    )
    cohort = Cohort.from_frame(people, group="group", outcome="weeks", month="month")
    assert masked_months(release(compare(cohort))) == ["a", "b"]
