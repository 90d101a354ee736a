"""The monthly comparison of a cohort."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.pooling import pooled_difference
from evalkit.estimate.shares.differences import (
    difference_in_means,
    difference_in_shares,
)

COLUMNS = [
    "month", "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value",
    "n_pilot", "n_control", "n_people", "level", "method", "note", "pilot_events",
    "control_events", "strict", "strict_ci_low", "strict_ci_high",
    "strict_pilot_events", "strict_control_events", "n_unknown",
]  # fmt: skip


@pytest.mark.parametrize("outcome", ["left", "weeks"])
@pytest.mark.parametrize("cluster", ["person", "place"])
def test_pooled_agrees_with_r(reference, people, make_cohort, outcome, cluster) -> None:
    row = reference("clustered").query("outcome == @outcome & cluster == @cluster")
    pooled = compare(make_cohort(people, outcome), cluster=cluster).pooled
    assert pooled.estimate == pytest.approx(row["estimate"].item(), abs=1e-8)
    assert pooled.se == pytest.approx(row["se"].item(), abs=1e-8)


def test_a_row_for_each_month_and_one_for_all(people, make_cohort) -> None:
    comparison = compare(make_cohort(people))
    table = comparison.to_frame()
    assert list(table.columns) == COLUMNS
    assert list(table["month"]) == [*sorted(people["month"].unique()), "pooled"]
    assert list(comparison.months["month"]) == list(table["month"][:-1])
    last = table.iloc[-1]
    assert last["estimate"] == comparison.pooled.estimate
    assert last["estimate"] == pytest.approx(last["pilot"] - last["control"])
    assert last["n_people"] == people["person"].nunique()
    assert last["n_pilot"] == people["pilot"].sum()
    assert last["pilot_events"] == people["left"][people["pilot"] == 1].sum()
    assert last["method"] == "mantel-haenszel-clustered"
    assert (table["n_unknown"] == 0).all()


@pytest.mark.parametrize("method", ["newcombe", "score", "agresti-caffo", "wald"])
def test_each_month_is_the_difference_of_its_counts(
    people, make_cohort, method
) -> None:
    table = compare(make_cohort(people), method=method, level=0.9).months
    for row in table.itertuples():
        month = people[people["month"] == row.month]
        pilot, control = month[month["pilot"] == 1], month[month["pilot"] == 0]
        expected = difference_in_shares(
            (pilot["left"].sum(), len(pilot)),
            (control["left"].sum(), len(control)),
            method=method,
            level=0.9,
        )
        assert row.estimate == expected.estimate
        assert (row.ci_low, row.ci_high) == (expected.ci_low, expected.ci_high)
        assert row.n_people == month["person"].nunique()
        assert (row.level, row.method) == (0.9, method)


def test_months_of_other_outcomes_are_welchs(people, make_cohort) -> None:
    table = compare(make_cohort(people, "weeks")).to_frame()
    first = people[people["month"] == "2021-01"]
    expected = difference_in_means(
        first["weeks"][first["pilot"] == 1], first["weeks"][first["pilot"] == 0]
    )
    assert table.loc[0, "ci_low"] == expected.ci_low
    assert table.loc[0, "method"] == "welch"
    assert table["pilot_events"].isna().all()


def test_the_order_of_rows_does_not_matter(people, make_cohort) -> None:
    shuffled = people.sample(frac=1, random_state=7)
    one, other = (compare(make_cohort(p)).to_frame() for p in (people, shuffled))
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def test_swapping_the_groups_flips_the_signs(people, make_cohort) -> None:
    swapped = people.assign(pilot=1 - people["pilot"])
    there, back = (compare(make_cohort(p)).pooled for p in (people, swapped))
    assert back.estimate == pytest.approx(-there.estimate)
    assert back.se == pytest.approx(there.se)
    assert back.ci_low == pytest.approx(-there.ci_high)


def test_one_row_for_each_person_needs_no_clustering(people, make_cohort) -> None:
    """Then the clustered variance is the plug-in one times G / (G - 1)."""
    alone = people.assign(person=[f"r{i}" for i in people.index])
    pooled = compare(make_cohort(alone)).pooled
    months = people.pivot_table("left", "month", "pilot", aggfunc=["mean", "size"])
    n1, n0 = months["size"][1], months["size"][0]
    p1, p0 = months["mean"][1], months["mean"][0]
    w = n1 * n0 / (n1 + n0)
    variance = w**2 * (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    g = len(people)
    expected = math.sqrt(variance.sum() * g / (g - 1)) / w.sum()
    assert pooled.se == pytest.approx(expected, rel=1e-12)


def test_everybody_twice_is_no_more_evidence(people, make_cohort) -> None:
    """The same rows again under the same ids leave the standard error as it was."""
    once = compare(make_cohort(people)).pooled
    twice = compare(make_cohort(pd.concat([people, people], ignore_index=True))).pooled
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.se == pytest.approx(once.se)


def test_satos_standard_error_where_there_are_no_ids(people, make_cohort) -> None:
    comparison = compare(make_cohort(people, person=None))
    counts = comparison.months.rename(columns={"month": "stratum"})
    assert comparison.pooled == pooled_difference(counts)
    assert comparison.pooled.method == "mantel-haenszel"
    assert comparison.to_frame()["n_people"].iloc[-1] == len(people)


def test_other_outcomes_without_ids_count_each_row_as_a_person(
    people, make_cohort
) -> None:
    alone = people.assign(person=[f"r{i}" for i in people.index])
    expected = compare(make_cohort(alone, "weeks")).pooled
    assert compare(make_cohort(people, "weeks", person=None)).pooled == expected


def test_unknown_outcomes_are_left_out_and_counted(people, make_cohort) -> None:
    unknown = people.index % 10 == 0
    comparison = compare(make_cohort(people.assign(left=people["left"].mask(unknown))))
    rest = compare(make_cohort(people[~unknown]))
    table = comparison.to_frame()
    assert table["n_unknown"].iloc[-1] == unknown.sum()
    assert table["n_unknown"].iloc[:-1].sum() == unknown.sum()
    assert "unknown outcomes left out" in table["note"].iloc[-1]
    assert comparison.pooled == rest.pooled
    assert list(table["n_people"]) == list(rest.to_frame()["n_people"])


def test_a_month_with_an_empty_group_stays(people, make_cohort) -> None:
    paused = people[~((people["month"] == "2021-02") & (people["pilot"] == 0))]
    comparison = compare(make_cohort(paused))
    row = comparison.months.iloc[1]
    assert row["month"] == "2021-02"
    assert math.isnan(row["estimate"])
    assert math.isnan(row["ci_low"])
    assert row["pilot"] >= 0
    assert row["n_control"] == 0
    assert row["note"] == "nobody in the control group"
    assert "2021-02" in comparison.pooled.note
    without = compare(make_cohort(people[people["month"] != "2021-02"]))
    assert comparison.pooled.estimate == without.pooled.estimate
    assert comparison.pooled.se == without.pooled.se
    last = comparison.to_frame().iloc[-1]
    assert last["pilot_events"] == without.to_frame()["pilot_events"].iloc[-1]
    assert last["n_people"] == without.to_frame()["n_people"].iloc[-1]
    assert sum(comparison.tally().to_frame().loc[0, ["wins", "ties", "losses"]]) == 5


@pytest.mark.parametrize("person", ["person", None])
def test_a_month_of_unknown_outcomes_stays(people, make_cohort, person) -> None:
    unknown = people["left"].mask(people["month"] == "2021-03")
    comparison = compare(make_cohort(people.assign(left=unknown), person=person))
    row = comparison.months.iloc[2]
    assert (row["month"], row["n_pilot"], row["n_people"]) == ("2021-03", 0, 0)
    assert row["n_unknown"] == (people["month"] == "2021-03").sum()
    assert "one group is empty: 2021-03" in comparison.pooled.note


def test_a_cohort_without_controls_has_no_difference(people, make_cohort) -> None:
    comparison = compare(make_cohort(people[people["pilot"] == 1]))
    assert comparison.to_frame()["estimate"].isna().all()
    assert "no stratum has both groups" in comparison.pooled.note
    assert math.isnan(comparison.tally().p_value)


def test_one_stratum(people, make_cohort) -> None:
    comparison = compare(make_cohort(people, month=None))
    month, pooled = comparison.to_frame().to_dict("records")
    assert month["month"] == "all"
    assert month["estimate"] == pytest.approx(pooled["estimate"])
    assert month["n_people"] == pooled["n_people"]


def test_the_strict_reading_stands_beside(people, make_cohort) -> None:
    strict = people["left"] * (people["weeks"] < 15)
    strict = strict.mask(people.index % 25 == 0)
    plan = {"covariates": ["place", "outcome_strict"]}
    cohort = make_cohort(people.assign(outcome_strict=strict), **plan)
    table = compare(cohort).to_frame()
    expected = compare(cohort, outcome="outcome_strict").to_frame()
    np.testing.assert_array_equal(table["strict"], expected["estimate"])
    np.testing.assert_array_equal(table["strict_ci_low"], expected["ci_low"])
    np.testing.assert_array_equal(table["strict_ci_high"], expected["ci_high"])
    assert not table["strict"].equals(table["estimate"])
    assert compare(make_cohort(people)).to_frame()["strict"].isna().all()


def test_few_clusters_are_pointed_out(people, make_cohort) -> None:
    cohort = make_cohort(people)
    assert "only 12 clusters" in compare(cohort, cluster="place").pooled.note
    assert compare(cohort).pooled.note == ""


def test_one_cluster_has_no_standard_error(people, make_cohort) -> None:
    pooled = compare(make_cohort(people.assign(place="g")), cluster="place").pooled
    assert math.isnan(pooled.se)
    assert "standard error cannot be computed" in pooled.note


def test_no_variation_has_no_pooled_interval(people, make_cohort) -> None:
    pooled = compare(make_cohort(people.assign(left=0))).pooled
    assert pooled.se == 0
    assert math.isnan(pooled.ci_low)
    assert "no variation" in pooled.note


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outcome": "earnings"}, "no column 'earnings'"),
        ({"cluster": "coach"}, "no column 'coach'"),
        ({"outcome": "place"}, "'place': 400 value\\(s\\) are not finite numbers"),
        ({"method": "exact"}, "`method` is unknown"),
        ({"level": 95}, "`level` must be between 0 and 1"),
    ],
)
def test_unlawful_arguments(people, make_cohort, arguments, message) -> None:
    with pytest.raises(EstimationError, match=message):
        compare(make_cohort(people), **arguments)


def test_a_missing_cluster_is_refused(people, make_cohort) -> None:
    cohort = make_cohort(people.assign(place=people["place"].mask(people.index < 3)))
    with pytest.raises(EstimationError, match="'place' has 3 empty"):
        compare(cohort, cluster="place")


def tally_people(*months: tuple[int, int, int, int]) -> pd.DataFrame:
    """Return people with these pilot events, pilots, control events and controls."""
    rows = [
        {"pilot": pilot, "left": int(i < events), "month": f"{month:02d}"}
        for month, (x1, n1, x0, n0) in enumerate(months)
        for pilot, events, size in ((1, x1, n1), (0, x0, n0))
        for i in range(size)
    ]
    return pd.DataFrame(rows)


def test_tally_in_whole_percent(make_cohort) -> None:
    """41.2 % against 40.8 % is a tie; a half is rounded up: 0.5 % against 1 %."""
    months = [(412, 1000, 408, 1000), (9, 10, 1, 10), (1, 10, 5, 10), (1, 200, 1, 100)]
    people = tally_people(*months).assign(place="")
    comparison = compare(make_cohort(people, person=None))
    tally = comparison.tally()
    assert (tally.wins, tally.ties, tally.losses) == (1, 2, 1)
    assert tally.p_value == 1
    assert "not evidence" in tally.note
    exact = comparison.tally(exact=True)
    assert (exact.wins, exact.ties, exact.losses) == (2, 0, 2)


def test_nine_of_twelve_months_prove_nothing(make_cohort) -> None:
    """Nine wins, two losses and a tie: the exact two-sided sign test gives 0.065."""
    months = [(6, 10, 5, 10)] * 9 + [(4, 10, 5, 10)] * 2 + [(5, 10, 5, 10)]
    people = tally_people(*months).assign(place="")
    tally = compare(make_cohort(people, person=None)).tally()
    assert (tally.wins, tally.ties, tally.losses) == (9, 1, 2)
    assert tally.p_value == pytest.approx(2 * (1 + 11 + 55) / 2**11)


def test_only_shares_can_be_tallied(people, make_cohort) -> None:
    with pytest.raises(EstimationError, match="is not 0 or 1"):
        compare(make_cohort(people, "weeks")).tally()


def test_results_are_copies(people, make_cohort) -> None:
    comparison = compare(make_cohort(people))
    for table in (comparison.to_frame(), comparison.months):
        table.loc[0, "estimate"] = 9
    assert comparison.to_frame().loc[0, "estimate"] < 1
