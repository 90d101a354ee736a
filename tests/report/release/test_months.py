"""What leaves the building, and what an attacker makes of it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.report.release.release import release
from tests.report.tables import hand_made

COUNTS = ["n_pilot", "n_control", "pilot_events", "control_events"]
NUMBERS = [
    "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value", *COUNTS,
    "n_people", "n_unknown", "strict", "strict_ci_low", "strict_ci_high",
]  # fmt: skip
LARGE = ("2021-02", 40, 80, 250, 500)
LARGER = ("2021-03", 50, 90, 260, 500)
LARGEST = ("2021-04", 60, 99, 270, 500)


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
        ("2021-01", 2, 4, 250, 500),
        ("2021-01", 4, 80, 250, 500),
        ("2021-01", 0, 80, 250, 500),
        ("2021-01", 76, 80, 250, 500),
        ("2021-01", 80, 80, 250, 500),
        ("2021-01", 40, 80, 2, 4),
        ("2021-01", 40, 80, 0, 500),
        ("2021-01", 40, 80, 500, 500),
        ("2021-01", 40, 80, 496, 500),
    ],
)
def test_a_small_size_numerator_or_complement_masks_the_whole_row(small):
    row = release(hand_made(small, LARGE, LARGER)).to_frame().iloc[0]
    assert row["masked"]
    assert row[NUMBERS].isna().all()
    assert row["note"].startswith("masked")
    assert row["level"] == 0.95


@pytest.mark.parametrize("counts", [(5, 10, 250, 500), (75, 80, 5, 500)])
def test_counts_at_the_limit_are_published(counts):
    assert masked_months(release(hand_made(("2021-01", *counts), LARGE))) == []


def test_the_limit_is_the_callers():
    comparison = hand_made(("2021-01", 4, 80, 250, 500), LARGE, LARGER)
    assert masked_months(release(comparison, min_cell=3)) == []
    assert masked_months(release(comparison, min_cell=5)) == ["2021-01", "2021-02"]


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


def test_one_small_month_takes_the_next_smallest_with_it():
    small = ("2021-01", 2, 4, 250, 500)
    released = release(hand_made(LARGEST, small, LARGER, LARGE))
    assert masked_months(released) == ["2021-01", "2021-02"]


def test_two_months_of_nobody_take_a_third_with_them():
    nobody = [("2021-01", 0, 20, 250, 500), ("2020-12", 0, 30, 250, 500)]
    released = release(hand_made(*nobody, LARGE, LARGER))
    assert masked_months(released) == ["2021-01", "2020-12", "2021-02"]


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


@given(months)
def test_no_small_count_can_be_had_by_subtraction(rows):
    named = [(f"2021-{number + 1:02d}", *row) for number, row in enumerate(rows)]
    table = release(hand_made(*named)).to_frame()
    month, pooled = table[:-1], table.iloc[-1]
    truth = pd.DataFrame(
        rows, columns=["pilot_events", "n_pilot", "control_events", "n_control"]
    )
    both = ((truth["n_pilot"] > 0) & (truth["n_control"] > 0)).to_numpy()
    hidden = month["masked"].to_numpy() & both
    if pooled["masked"] or not hidden.any():
        return
    rest = pooled[COUNTS] - month[COUNTS][both].sum()
    assert hidden.sum() >= 2
    for group in ("pilot", "control"):
        size, events = rest[f"n_{group}"], rest[f"{group}_events"]
        assert min(size, events, size - events) >= 5


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
    small = ("2021-01", 2, 4, 250, 500)
    comparison = hand_made(small, LARGE, LARGER, LARGEST)
    table = release(comparison).to_frame()
    hidden = table.iloc[-1][COUNTS] - table[:-1][COUNTS].sum()
    published = [LARGER[1:], LARGEST[1:]]
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
    small = ("2021-01", 4, 4, 250, 500)
    tally = release(hand_made(small, LARGE, LARGER, LARGEST)).tally()
    assert (tally.wins, tally.ties, tally.losses) == (2, 0, 0)


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
