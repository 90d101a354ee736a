"""Differences of restricted means and of survival against R, and identities."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_waltons
from lifelines.utils import restricted_mean_survival_time

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.horizon_difference import (
    rmst_difference,
    survival_difference,
)

MEASURES = {"rmst": rmst_difference, "kaplan-meier": survival_difference}


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


def test_differences_are_those_of_r(reference, rows, recurring):
    table = reference("survival/curves_differences").fillna({"strata": ""})
    assert len(table) == 12
    for row in table.itertuples():
        asked = {
            "clock": row.clock,
            "horizon": row.horizon,
            "strata": row.strata or None,
            "start": 0,
        }
        ours = MEASURES[row.method](rows, **asked)
        assert ours.method == row.method
        assert ours.estimate == pytest.approx(row.estimate, abs=1e-10)
        assert ours.se == pytest.approx(row.se, abs=1e-10)
        clustered = MEASURES[row.method](recurring, **asked)
        assert clustered.method == f"{row.method}-clustered"
        assert clustered.estimate == pytest.approx(row.estimate, abs=1e-10)
        assert clustered.se == pytest.approx(row.clustered_se, abs=1e-10)


def test_restricted_means_are_those_of_r(reference, rows):
    means = reference("survival/curves_means").pivot_table(
        index=["clock", "horizon"], columns="group", values="mean"
    )
    for (clock, horizon), theirs in means.iterrows():
        ours = rmst_difference(rows, clock=clock, horizon=horizon, start=0)
        assert ours.pilot == pytest.approx(theirs["pilot"], abs=1e-10)
        assert ours.control == pytest.approx(theirs["control"], abs=1e-10)


def test_lives_of_fruit_flies():
    """Restricted means of Walton's flies as lifelines has them."""
    data = load_waltons()
    flies = data.assign(pilot=data["group"] == "miR-137")
    ours = rmst_difference(
        cohort_of(flies.rename(columns={"T": "weeks", "E": "exited"})), horizon=40
    )
    for group, mean in (("miR-137", ours.pilot), ("control", ours.control)):
        mine = data[data["group"] == group]
        curve = KaplanMeierFitter().fit(mine["T"], mine["E"])
        assert mean == pytest.approx(restricted_mean_survival_time(curve, t=40))


@pytest.mark.parametrize("measure", MEASURES.values())
class TestIdentities:
    """What has to hold whatever the data."""

    def test_swapped_groups_flip_the_sign(self, people, rows, measure):
        ours = measure(rows, horizon=13)
        swapped = measure(
            cohort_of(people.assign(pilot=1 - people["pilot"])), horizon=13
        )
        assert swapped.estimate == pytest.approx(-ours.estimate)
        assert (swapped.ci_low, swapped.ci_high) == pytest.approx(
            (-ours.ci_high, -ours.ci_low)
        )
        assert (swapped.n_pilot, swapped.n_control) == (ours.n_control, ours.n_pilot)

    def test_one_stratum_is_none(self, rows, people, measure):
        one = cohort_of(people.assign(month="2021-01"), month="month")
        ours, theirs = (
            measure(rows, horizon=13),
            measure(one, horizon=13, strata="month"),
        )
        assert (ours.estimate, ours.se) == pytest.approx((theirs.estimate, theirs.se))

    def test_a_row_twice_tells_no_more_than_once(self, people, rows, measure):
        doubled = pd.concat([people, people], ignore_index=True)
        doubled["id"] = [*range(len(people)), *range(len(people))]
        twice, once = (
            measure(cohort, horizon=13)
            for cohort in (cohort_of(doubled, person="id"), rows)
        )
        n = len(people)
        assert twice.estimate == pytest.approx(once.estimate)
        assert twice.se == pytest.approx(once.se * np.sqrt(n / (n - 1)))

    def test_the_interval_holds_zero_if_and_only_if_p_says_so(self, rows, measure):
        ours = measure(rows, horizon=13)
        assert (ours.ci_low < 0 < ours.ci_high) == (ours.p_value > 0.05)

    def test_matches_are_taken_as_given(self, people, measure):
        aged = people.assign(age=np.arange(len(people)) % 37)
        cohort = cohort_of(aged, covariates=["age"], person="person", month="month")
        ours = measure(cohort, horizon=13, weights=weigh(cohort, method="matching"))
        assert ours.method.endswith("-clustered")
        assert "matches as given" in ours.note

    def test_weighted_people_are_drawn_and_weighed_again(self, people, measure):
        aged = people.assign(age=np.arange(len(people)) % 37)
        cohort = cohort_of(aged, covariates=["age"], person="person", month="month")
        ours = measure(
            cohort,
            horizon=13,
            strata="month",
            weights=weigh(cohort),
            bootstrap=Bootstrap(replicates=200),
        )
        # Age tells nothing here.
        plain = measure(cohort, horizon=13, strata="month")
        assert ours.se == pytest.approx(plain.se, rel=0.2)
        assert ours.estimate == pytest.approx(plain.estimate, abs=plain.se)


def test_without_censoring_the_mean_is_that_of_cut_weeks(people):
    ours = rmst_difference(cohort_of(people.assign(exited=1)), horizon=13)
    cut = people["weeks"].clip(upper=13).groupby(people["pilot"]).mean()
    assert (ours.pilot, ours.control) == pytest.approx((cut[1], cut[0]))


def test_on_the_clock_of_registration_both_are_conditional(rows):
    ours = rmst_difference(rows, clock="registration", horizon=26)
    assert ours.start > 0
    assert "conditional on having lasted" in ours.note
    assert ours.control < 26 - ours.start


class TestHorizon:
    """The horizon lies within what was seen."""

    @pytest.mark.parametrize("measure", MEASURES.values())
    def test_a_horizon_beyond_the_follow_up_is_refused(self, measure):
        people = pd.DataFrame(
            {"pilot": [1, 1, 0, 0], "weeks": [3, 9, 3, 20], "exited": [1, 0, 1, 0]}
        )
        assert np.isfinite(measure(cohort_of(people), horizon=9).estimate)
        with pytest.raises(EstimationError, match="followed for 9 only"):
            measure(cohort_of(people), horizon=10)

    def test_who_has_left_is_known_for_ever(self):
        people = pd.DataFrame(
            {"pilot": [1, 1, 0, 0], "weeks": [3, 9, 3, 20], "exited": [1, 1, 1, 1]}
        )
        ours = rmst_difference(cohort_of(people), horizon=52)
        assert (ours.pilot, ours.control) == (6, 11.5)

    def test_months_with_a_shorter_follow_up_are_left_out_and_named(self, people):
        shorter = people.assign(
            weeks=people["weeks"].where(people["month"] != "2021-03", 5),
            exited=people["exited"].where(people["month"] != "2021-03", 0),
        )
        cohort = cohort_of(shorter, month="month")
        ours = rmst_difference(cohort, horizon=13, strata="month")
        assert "not followed to week 13 in both groups: 2021-03" in ours.note
        two = cohort_of(people[people["month"] != "2021-03"], month="month")
        theirs = rmst_difference(two, horizon=13, strata="month")
        assert ours.estimate == pytest.approx(theirs.estimate)
        assert ours.se == pytest.approx(theirs.se)

    def test_a_missing_group_is_never_followed(self, people):
        alone = cohort_of(people[people["pilot"] == 1])
        with pytest.raises(EstimationError, match="followed for 0 only"):
            rmst_difference(alone, horizon=13)

    @pytest.mark.parametrize("horizon", [0, -3, 2.5, True])
    def test_a_horizon_is_a_number_of_weeks(self, rows, horizon):
        with pytest.raises(EstimationError, match="`horizon` must be a whole number"):
            rmst_difference(rows, horizon=horizon)

    def test_a_horizon_before_the_start_is_refused(self, rows):
        with pytest.raises(EstimationError, match="curves begin at week 9"):
            rmst_difference(rows, clock="registration", horizon=9, start=9)

    def test_nobody_leaves(self, people):
        ours = rmst_difference(cohort_of(people.assign(exited=0, weeks=30)), horizon=13)
        assert ours.estimate == 0
        assert np.isnan(ours.ci_low)
        assert "no variation" in ours.note
