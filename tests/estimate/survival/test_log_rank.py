"""The log-rank test against R, published examples, and identities."""

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_leukemia, load_lung, load_waltons

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.log_rank import log_rank


def cohort_of(people, **names):
    names = {"weeks": "weeks", "exited": "exited", **names}
    return Cohort.from_frame(people, group="pilot", outcome="exited", **names)


@pytest.fixture
def people(reference):
    return reference("survival/curves_people")


@pytest.fixture
def rows(people):
    return cohort_of(people, weeks_before="weeks_before", month="month")


@pytest.fixture
def recurring(people):
    return cohort_of(
        people, weeks_before="weeks_before", month="month", person="person"
    )


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("strata", [None, "month"])
def test_tests_are_those_of_r(reference, rows, recurring, clock, strata):
    table = reference("survival/curves_log_rank").fillna({"strata": ""})
    mine = (table["clock"] == clock) & (table["strata"] == (strata or ""))
    theirs = table[mine].iloc[0]
    plain = log_rank(rows, clock=clock, strata=strata)
    assert plain.method == "log-rank"
    assert plain.statistic == pytest.approx(theirs["statistic"], rel=1e-9)
    assert plain.p_value == pytest.approx(theirs["p_value"], rel=1e-9)
    robust = log_rank(recurring, clock=clock, strata=strata)
    assert robust.method == "robust-score"
    assert robust.statistic == pytest.approx(theirs["robust"], rel=1e-9)


def test_remission_of_leukaemia():
    """Freireich and others (1963); 16.79 as in Kleinbaum and Klein (2012)."""
    data = load_leukemia().assign(pilot=lambda d: 1 - d["Rx"])
    test = log_rank(cohort_of(data.rename(columns={"t": "weeks", "status": "exited"})))
    assert test.statistic == pytest.approx(16.79, abs=5e-3)
    assert (test.pilot, test.control) == (9, 21)
    assert test.pilot_expected == pytest.approx(19.25, abs=5e-3)
    assert test.control_expected == pytest.approx(10.75, abs=5e-3)


def test_survival_with_lung_cancer():
    """Loprinzi and others (1994); 10.3 as in the manual of R's survival."""
    data = load_lung().assign(pilot=lambda d: d["sex"] - d["sex"].min())
    named = data.rename(columns={"time": "weeks", "status": "exited"})
    test = log_rank(cohort_of(named))
    assert test.statistic == pytest.approx(10.3, abs=0.05)
    assert test.pilot_expected == pytest.approx(73.4, abs=0.05)
    assert test.control_expected == pytest.approx(91.6, abs=0.05)


def test_lives_of_fruit_flies():
    """122.25 as in the documentation of lifelines."""
    data = load_waltons().assign(pilot=lambda d: d["group"] == "miR-137")
    test = log_rank(cohort_of(data.rename(columns={"T": "weeks", "E": "exited"})))
    assert test.statistic == pytest.approx(122.25, abs=5e-3)


def test_swapped_groups_give_the_same_statistic(people, rows):
    swapped = log_rank(cohort_of(people.assign(pilot=1 - people["pilot"])))
    ours = log_rank(rows)
    assert swapped.statistic == pytest.approx(ours.statistic)
    assert swapped.pilot == ours.control
    assert swapped.pilot_expected == pytest.approx(ours.control_expected)


def test_as_many_are_expected_as_leave(rows):
    test = log_rank(rows, clock="registration", strata="month")
    assert test.pilot + test.control == pytest.approx(
        test.pilot_expected + test.control_expected
    )


def test_a_week_later_by_the_clock_is_no_other_test(people, rows):
    later = people.assign(weeks_before=people["weeks_before"] + 7)
    moved = cohort_of(later, weeks_before="weeks_before")
    ours = log_rank(moved, clock="registration").statistic
    assert ours == pytest.approx(log_rank(rows, clock="registration").statistic)


def test_the_robust_test_may_be_asked_for(rows):
    robust, plain = log_rank(rows, robust=True), log_rank(rows)
    assert robust.method == "robust-score"
    assert robust.statistic == pytest.approx(plain.statistic, rel=0.2)
    assert robust.statistic != plain.statistic


def test_a_row_twice_tells_no_more_than_once(people, rows):
    doubled = pd.concat([people, people], ignore_index=True)
    doubled["id"] = [*range(len(people)), *range(len(people))]
    twice = log_rank(cohort_of(doubled, person="id"))
    assert twice.statistic == pytest.approx(log_rank(rows, robust=True).statistic)


def test_weighted_people_are_drawn_and_weighed_again(people):
    random = np.random.default_rng(6)
    age = random.integers(20, 60, len(people))
    cohort = cohort_of(
        people.assign(age=age), covariates=["age"], person="person", month="month"
    )
    weights = weigh(cohort)
    test = log_rank(cohort, weights=weights, bootstrap=Bootstrap(replicates=200))
    assert test.method == "bootstrap"
    assert test.control + test.pilot == pytest.approx(
        test.control_expected + test.pilot_expected
    )
    # Age tells nothing here: the test is near that of the robust score.
    robust = log_rank(cohort)
    assert np.sqrt(test.statistic) == pytest.approx(np.sqrt(robust.statistic), abs=0.5)
    matched = log_rank(cohort, weights=weigh(cohort, method="matching"))
    assert matched.method == "robust-score"
    assert "matches as given" in matched.note


def test_an_empty_group_is_no_test(people):
    test = log_rank(cohort_of(people[people["pilot"] == 1]))
    assert np.isnan(test.statistic)
    assert np.isnan(test.p_value)
    assert "nobody at risk in the control group" in test.note


def test_nobody_leaves(people):
    test = log_rank(cohort_of(people.assign(exited=0)))
    assert np.isnan(test.p_value)
    assert test.note == "no exit in a week with both groups at risk"
