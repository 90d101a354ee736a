"""Differences by subgroup against R, and identities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.subgroups import compare_subgroups


@pytest.fixture
def districts(people) -> pd.DataFrame:
    number = people["place"].str[1:].astype(int) // 4
    month = people["month"].str[5:].astype(int)
    return people.assign(
        district=number.map({0: "north", 1: "middle", 2: "south"}),
        quarter="Q" + ((month + 2) // 3).astype(str),
    )


@pytest.fixture
def cohort_of(make_cohort):
    def make(people: pd.DataFrame, *columns: str, outcome: str = "left"):
        return make_cohort(people, outcome, covariates=["place", *columns])

    return make


@pytest.mark.parametrize(
    ("outcome", "by"),
    [
        ("left", "district"),
        ("weeks", "district"),
        ("left", "quarter"),
        ("left", "month"),
    ],
)
def test_agrees_with_r(reference, districts, cohort_of, outcome, by) -> None:
    expected = reference("subgroups").query("outcome == @outcome & by == @by")
    columns = () if by == "month" else (by,)
    found = compare_subgroups(cohort_of(districts, *columns, outcome=outcome), by=by)
    table = found.to_frame()
    assert list(table["subgroup"]) == list(expected["subgroup"])
    for name in ("estimate", "se"):
        np.testing.assert_allclose(table[name], expected[name], rtol=0, atol=1e-8)
    assert found.q == pytest.approx(expected["q"].iloc[0], abs=1e-7)
    assert found.p_value == pytest.approx(expected["p_value"].iloc[0], abs=1e-8)
    assert found.df == expected["df"].iloc[0]


def test_by_month_is_the_heterogeneity_of_the_pooled_difference(
    people, make_cohort
) -> None:
    cohort = make_cohort(people)
    found, pooled = compare_subgroups(cohort, by="month"), compare(cohort).pooled
    assert found.q == pytest.approx(pooled.q)
    assert found.p_value == pytest.approx(pooled.q_p_value)


def test_one_subgroup_is_the_pooled_difference(people, cohort_of) -> None:
    found = compare_subgroups(cohort_of(people.assign(all="x"), "all"), by="all")
    pooled = compare(cohort_of(people)).pooled
    row = found.to_frame().iloc[0]
    for name in ("estimate", "se", "ci_low", "p_value", "pilot", "n_control"):
        assert row[name] == pytest.approx(getattr(pooled, name))
    assert math.isnan(found.p_value)
    assert "fewer than two" in found.note


def test_each_subgroup_is_its_own_comparison(districts, cohort_of) -> None:
    table = compare_subgroups(
        cohort_of(districts, "district"), by="district"
    ).to_frame()
    for row in table.itertuples():
        own = districts[districts["district"] == row.subgroup]
        pooled = compare(cohort_of(own)).pooled
        assert row.estimate == pytest.approx(pooled.estimate)
        assert (row.n_pilot, row.n_control) == (pooled.n_pilot, pooled.n_control)
        assert row.n_people == own["person"].nunique()
        # The clusters are counted in all subgroups together.
        assert row.se == pytest.approx(pooled.se, rel=0.02)


def test_breaks_make_classes(people, cohort_of) -> None:
    aged = people.assign(age=np.tile([18, 30, 39.5, 60], 100))
    table = compare_subgroups(
        cohort_of(aged, "age"), by="age", breaks=(30, 40, 60)
    ).to_frame()
    assert list(table["subgroup"]) == [
        "below 30", "30 to below 40", "40 to below 60", "60 or more",
    ]  # fmt: skip
    assert table["n_pilot"].sum() == people["pilot"].sum()
    empty = table.iloc[2]
    assert math.isnan(empty["estimate"])
    assert empty["note"] == "no month has both groups"
    assert (table["holm"].dropna() >= table["p_value"].dropna()).all()


def test_people_of_unknown_subgroup_are_one_of_their_own(districts, cohort_of) -> None:
    some = districts.assign(
        district=districts["district"].where(np.arange(400) % 10 > 0)
    )
    found = compare_subgroups(cohort_of(some, "district"), by="district")
    assert list(found.to_frame()["subgroup"])[-1] == "unknown"
    assert "one of their own" in found.note


def test_what_controls_cannot_have_compares_with_all_controls(
    people, cohort_of
) -> None:
    ways = pd.Series(np.where(np.arange(400) % 2, "group", "alone"))
    started = people.assign(way=ways.where(people["pilot"] == 1))
    found = compare_subgroups(cohort_of(started, "way"), by="way")
    table = found.to_frame().set_index("subgroup")
    assert set(table.index) == {"alone", "group"}
    for way, row in table.iterrows():
        own = started[(started["pilot"] == 0) | (started["way"] == way)]
        pooled = compare(cohort_of(own)).pooled
        assert row["estimate"] == pytest.approx(pooled.estimate)
        assert row["n_control"] == pooled.n_control
    assert 0 < found.p_value < 1


def test_the_test_allows_for_shared_controls(people, cohort_of) -> None:
    """Two ways against the same controls: only the pilots' variances remain."""
    one = people[people["month"] == "2021-01"].reset_index(drop=True)
    one = one.assign(person=one.index.astype(str))
    ways = pd.Series(np.where(np.arange(len(one)) % 2, "b", "a"))
    started = one.assign(way=ways.where(one["pilot"] == 1))
    found = compare_subgroups(cohort_of(started, "way"), by="way")
    pilots = started[started["pilot"] == 1].groupby("way")["left"]
    share, n = pilots.mean(), pilots.size()
    g = len(started)
    variance = (share * (1 - share) / n).sum() * g / (g - 1)
    expected = (share["b"] - share["a"]) ** 2 / variance
    assert found.q == pytest.approx(expected)


def test_unlawful_arguments(people, cohort_of) -> None:
    cohort = cohort_of(people.assign(years=np.arange(400.0)), "years")
    for arguments, message in (
        ({"by": "colour"}, "no column 'colour'"),
        ({"by": "years"}, "400 different numbers"),
        ({"by": "years", "breaks": (40, 30)}, "numbers that rise"),
        ({"by": "place", "breaks": (3,)}, "cannot be cut"),
    ):
        with pytest.raises(EstimationError, match=message):
            compare_subgroups(cohort, **arguments)


@pytest.mark.slow
def test_equal_subgroups_are_told_apart_as_often_as_the_level_says(
    cohort_of, replicates
) -> None:
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(replicates):
        n = 900
        people = pd.DataFrame(
            {
                "person": random.integers(0, 600, n).astype(str),
                "month": random.choice(["2021-01", "2021-02", "2021-03"], n),
                "pilot": random.random(n) < 0.3,
                "place": "x",
                "age": random.choice(["young", "middle", "old"], n),
            }
        )
        luck = dict(zip(map(str, range(600)), random.random(600), strict=True))
        people["left"] = people["person"].map(luck) < 0.4 + 0.1 * people["pilot"]
        people = people.astype({"pilot": int, "left": int})
        refused += compare_subgroups(cohort_of(people, "age"), by="age").p_value < 0.05
    chance = math.sqrt(0.05 * 0.95 / replicates)
    assert refused / replicates == pytest.approx(0.05, abs=0.01 + 3 * chance)
