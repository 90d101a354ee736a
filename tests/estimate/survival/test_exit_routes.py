"""Exit routes against R's cmprsk and survival, and what must always hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.week_counts import WeekCounts
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.durations import Durations
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.estimate.survival.histories import Histories
from evalkit.estimate.survival.incidence import cumulative_incidence
from evalkit.estimate.survival.incidence_errors import clustered_errors

GROUPS = ("pilot", "control")


@pytest.fixture(scope="module")
def table(reference):
    people = reference("survival/routes_people")
    return people.assign(exit_to=people["exit_to"].where(people["exited"] == 1))


def cohort_of(table, *, person=None, covariates=()):
    return Cohort.from_frame(
        table,
        group="pilot",
        outcome="exited",
        person=person,
        month="month",
        weeks="weeks",
        exited="exited",
        weeks_before="weeks_before",
        exit_to="exit_to",
        covariates=covariates,
    )


@pytest.fixture(scope="module")
def cohort(table):
    """Every row a person of its own."""
    return cohort_of(table)


@pytest.fixture(scope="module")
def recurring(table):
    return cohort_of(table, person="person")


def with_group(expected):
    return expected.assign(group=expected["pilot"].map({1: "pilot", 0: "control"}))


def test_incidence_and_its_variance_are_those_of_cmprsk(cohort, reference):
    expected = with_group(reference("survival/routes_incidence"))
    found = exit_routes(cohort)
    both = expected.merge(found.to_frame(), on=["group", "exit_to", "weeks"])
    assert len(both) == len(expected)
    assert found.method == "gray"
    np.testing.assert_allclose(both["incidence_y"], both["incidence_x"], atol=1e-12)
    np.testing.assert_allclose(both["se"] ** 2, both["variance"], atol=1e-12)


@pytest.mark.parametrize("strata", [None, "month"])
def test_grays_test_is_that_of_cmprsk(cohort, reference, strata):
    expected = reference("survival/routes_gray").fillna({"strata": ""})
    expected = expected[expected["strata"] == (strata or "")]
    found = exit_routes(cohort, strata=strata).gray
    both = expected.merge(found, on="exit_to", suffixes=("", "_found"))
    assert len(both) == 3
    for name in ("statistic", "df", "p_value"):
        np.testing.assert_allclose(both[f"{name}_found"], both[name], rtol=1e-9)


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("weighted", [0, 1])
def test_late_entry_weights_and_recurring_people_as_in_survival(
    recurring, table, reference, clock, weighted
):
    rows = Durations.of(recurring, clock)
    if weighted:
        rows = dataclasses.replace(rows, weights=table["weight"].to_numpy()[rows.rows])
    sets = rows.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes)
    n_people = Histories.of(rows).n_people
    factor = n_people / (n_people - 1)
    se = clustered_errors(rows, found).groups / np.sqrt(factor)
    expected = reference("survival/routes_multistate")
    expected = expected[
        (expected["clock"] == clock) & (expected["weighted"] == weighted)
    ]
    assert len(expected) > 200
    place = (
        1 - expected["pilot"].to_numpy(),
        expected["exit_to"].map(rows.routes.index).to_numpy(),
        expected["weeks"].to_numpy() - 1,
    )
    np.testing.assert_allclose(
        found.incidence[place], expected["incidence"], atol=1e-12
    )
    np.testing.assert_allclose(se[place], expected["jackknife"], atol=1e-12)


def test_errors_of_the_difference_count_people_in_both_groups(recurring):
    rows = Durations.of(recurring)
    sets = rows.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes)
    errors = clustered_errors(rows, found)
    independent = np.sqrt((errors.groups**2).sum(axis=0))
    assert np.abs(errors.difference - independent).max() > 1e-4
    alone = dataclasses.replace(rows, person=None)
    errors = clustered_errors(alone, found)
    independent = np.sqrt((errors.groups**2).sum(axis=0))
    np.testing.assert_allclose(errors.difference, independent, atol=1e-14)


def test_the_jackknife_of_single_rows_is_near_the_formula(cohort):
    rows = Durations.of(cohort)
    sets = rows.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes)
    jackknife = clustered_errors(rows, found).groups[:, :, 9:26]
    formula = np.sqrt(found.variance)[:, :, 9:26]
    np.testing.assert_allclose(jackknife, formula, rtol=0.06)


def test_people_doubled_by_name_have_the_test_of_half_as_many(table):
    doubled = pd.concat([table, table], ignore_index=True)
    names = np.tile(np.arange(len(table)).astype(str), 2)
    known = exit_routes(cohort_of(doubled.assign(person=names), person="person"))
    single = exit_routes(
        cohort_of(table.assign(person=names[: len(table)]), person="person")
    )
    assert known.method == "clustered"
    np.testing.assert_allclose(
        known.gray["statistic"], single.gray["statistic"], rtol=0.12
    )
    doubly = exit_routes(cohort_of(doubled)).gray["statistic"]
    np.testing.assert_allclose(doubly, 2 * single.gray["statistic"], rtol=0.05)
    at = known.difference(13)["se"]
    np.testing.assert_allclose(at, single.difference(13)["se"], rtol=0.05)


@pytest.mark.parametrize("clock", ["entry", "registration"])
def test_routes_and_the_unemployed_add_up_to_everybody(recurring, clock):
    rows = Durations.of(recurring, clock)
    sets = rows.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes)
    total = found.incidence.sum(axis=1) + found.after
    np.testing.assert_allclose(total, 1, atol=1e-14)


def test_one_minus_kaplan_meier_is_never_less(cohort):
    found = exit_routes(cohort)
    naive, shares = found.naive["naive"], found.to_frame()["incidence"]
    assert (naive >= shares - 1e-12).all()
    late = found.naive["weeks"] == 26
    assert (naive[late] > shares[late] + 0.01).all()
    assert naive[late].groupby(found.naive["group"]).sum().min() > 0.75


def test_without_censoring_the_incidence_is_the_share(table):
    everybody = table.assign(exited=1, exit_to=table["exit_to"].fillna("unknown"))
    at = exit_routes(cohort_of(everybody)).at(13)
    left = everybody.assign(group=everybody["pilot"].map({1: "pilot", 0: "control"}))
    for row in at.itertuples():
        own = left[left["group"] == row.group]
        by_then = (own["exit_to"] == row.exit_to) & (own["weeks"] <= 13)
        assert row.incidence == pytest.approx(by_then.mean(), abs=1e-12)


def test_swapped_groups_flip_signs_and_nothing_else(table, cohort):
    swapped = exit_routes(cohort_of(table.assign(pilot=1 - table["pilot"])))
    one, other = exit_routes(cohort).difference(20), swapped.difference(20)
    np.testing.assert_allclose(one["estimate"], -other["estimate"], atol=1e-14)
    np.testing.assert_allclose(one["ci_low"], -other["ci_high"], atol=1e-14)
    np.testing.assert_allclose(one["se"], other["se"], atol=1e-14)
    np.testing.assert_allclose(
        exit_routes(cohort).gray["statistic"], swapped.gray["statistic"], rtol=1e-9
    )


def test_the_order_of_rows_does_not_matter(table, recurring):
    mixed = cohort_of(table.sample(frac=1, random_state=4), person="person")
    one, other = exit_routes(recurring), exit_routes(mixed)
    pd.testing.assert_frame_equal(one.table, other.table, rtol=1e-9)
    pd.testing.assert_frame_equal(one.gray, other.gray, rtol=1e-9)


def test_intervals_lie_around_the_shares_and_within_zero_and_one(recurring):
    found = exit_routes(recurring).to_frame()
    known = found.dropna()
    assert len(known) > 0.9 * len(found)
    assert (known["ci_low"] < known["incidence"]).all()
    assert (known["ci_high"] > known["incidence"]).all()
    assert ((known["ci_low"] > 0) & (known["ci_high"] < 1)).all()
    nobody = found[found["incidence"] == 0]
    assert len(nobody)
    assert nobody[["ci_low", "ci_high"]].isna().all(axis=None)


def test_routes_stand_in_their_order(table):
    named = {"training": "unknown", "other": "a place of our own"}
    people = table.assign(exit_to=table["exit_to"].replace(named))
    found = exit_routes(cohort_of(people))
    assert found.routes == ("work", "a place of our own", "unknown")
    assert found.gray["exit_to"].tolist() == list(found.routes)


def test_on_the_clock_of_registration_there_is_no_gray_test(recurring):
    found = exit_routes(recurring, clock="registration")
    assert found.gray[["statistic", "p_value"]].isna().all(axis=None)
    assert "Gray's test is not for people who enter late" in found.note
    assert found.start > 0
    assert f"lasted {found.start} week(s)" in found.note
    assert found.to_frame()["weeks"].min() == found.start + 1


def test_everybody_from_registration_is_tested_on_either_clock(table):
    inflow = cohort_of(table.assign(weeks_before=0))
    one = exit_routes(inflow)
    other = exit_routes(inflow, clock="registration", start=0)
    pd.testing.assert_frame_equal(one.gray, other.gray)
    pd.testing.assert_frame_equal(one.table, other.table)


def test_weights_draw_people_again_and_have_no_gray_test(table):
    cohort = cohort_of(table, person="person", covariates=["weeks_before"])
    weights = weigh(cohort)
    found = exit_routes(cohort, weights=weights, bootstrap=Bootstrap(replicates=40))
    assert found.method == "bootstrap"
    assert found.gray["statistic"].isna().all()
    assert "no weighted form of Gray's test" in found.note
    plain = exit_routes(cohort)
    np.testing.assert_allclose(
        found.at(13)["se"], plain.at(13)["se"], rtol=0.5, atol=1e-3
    )
    pilots = found.at(13)["group"] == "pilot"
    np.testing.assert_allclose(
        found.at(13)["incidence"][pilots], plain.at(13)["incidence"][pilots]
    )


def test_matches_are_taken_as_given(table):
    cohort = cohort_of(table, covariates=["weeks_before"])
    found = exit_routes(cohort, weights=weigh(cohort, method="matching"))
    assert found.method == "clustered"
    assert "matches as given" in found.note


def test_weights_of_one_change_no_share(table):
    """Equal groups in equal months balance to equal weights."""
    twice = pd.concat([table.assign(pilot=1), table.assign(pilot=0)])
    cohort = cohort_of(twice, covariates=["weeks_before"])
    few = Bootstrap(replicates=2)
    weighted = exit_routes(cohort, weights=weigh(cohort), bootstrap=few)
    np.testing.assert_allclose(
        weighted.to_frame()["incidence"],
        exit_routes(cohort).to_frame()["incidence"],
        atol=1e-7,
    )


@pytest.mark.parametrize("clock", ["entry", "registration"])
def test_counts_give_the_answers_of_people(cohort, clock):
    people = exit_routes(cohort, clock=clock, strata="month")
    counts = exit_routes(WeekCounts.of(cohort), clock=clock, strata="month")
    pd.testing.assert_frame_equal(people.table, counts.table)
    pd.testing.assert_frame_equal(people.differences, counts.differences)
    pd.testing.assert_frame_equal(people.gray, counts.gray)


def test_counts_have_no_weights(table):
    cohort = cohort_of(table, covariates=["weeks_before"])
    weights = weigh(cohort)
    with pytest.raises(EstimationError, match="need people"):
        exit_routes(WeekCounts.of(cohort), weights=weights)


def test_one_group_alone_has_shares_and_no_difference(table):
    found = exit_routes(cohort_of(table[table["pilot"] == 1]))
    assert set(found.to_frame()["group"]) == {"pilot"}
    assert found.differences.empty
    assert found.horizon == 0
    assert "needs people of both groups" in found.note
    with pytest.raises(EstimationError, match="followed to week 0"):
        found.difference(13)


def test_a_week_beyond_the_follow_up_is_refused(cohort):
    found = exit_routes(cohort)
    with pytest.raises(EstimationError, match="Both are followed to week"):
        found.at(found.horizon + 1)


def test_a_stratum_with_one_group_adds_nothing_to_the_test(table):
    alone = table.assign(
        month=table["month"].where(table["month"] != "2021-03", table["month"] + "x")
    )
    extra = alone[alone["pilot"] == 0].assign(month="alone")
    one = exit_routes(cohort_of(alone), strata="month").gray
    other = exit_routes(cohort_of(pd.concat([alone, extra])), strata="month").gray
    pd.testing.assert_frame_equal(one, other)


def test_nobody_who_leaves_is_nobody_compared(table):
    found = exit_routes(cohort_of(table.assign(exited=0, exit_to=None)))
    assert found.to_frame()["incidence"].eq(0).all()
    assert found.gray["statistic"].isna().all()
    assert found.differences["p_value"].isna().all()
    assert set(found.to_frame()["group"]) == set(GROUPS)
