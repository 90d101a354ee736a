"""Kaplan-Meier curves and medians against R, published examples, and identities."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines.datasets import load_leukemia, load_lung, load_waltons

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.curves import survival_curves

CLOCKS = ["entry", "registration"]
GROUPS = ["pilot", "control"]


def cohort_of(people, **names):
    names = {"weeks": "weeks", "exited": "exited", **names}
    return Cohort.from_frame(people, group="pilot", outcome="exited", **names)


@pytest.fixture
def people(reference):
    return reference("survival/curves_people")


@pytest.fixture
def rows(people):
    """The people, every row taken for a person of its own."""
    return cohort_of(people, weeks_before="weeks_before", month="month")


@pytest.fixture
def recurring(people):
    return cohort_of(
        people, weeks_before="weeks_before", month="month", person="person"
    )


def of_group(curves, group):
    table = curves.to_frame()
    return table[table["group"] == group].set_index("weeks")


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("group", GROUPS)
def test_curves_are_those_of_r(reference, rows, clock, group):
    theirs = reference("survival/curves").query("clock == @clock and group == @group")
    ours = of_group(survival_curves(rows, clock=clock, start=0), group)
    ours = ours.loc[theirs["weeks"]]
    for name in ["at_risk", "events", "survival", "se", "ci_low", "ci_high"]:
        assert ours[name].to_numpy() == pytest.approx(
            theirs[name].to_numpy(), abs=1e-10, nan_ok=True
        )


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("group", GROUPS)
def test_errors_of_people_who_recur_are_those_of_r(
    reference, people, recurring, clock, group
):
    theirs = reference("survival/curves").query("clock == @clock and group == @group")
    curves = survival_curves(recurring, clock=clock, start=0)
    ours = of_group(curves, group).loc[theirs["weeks"]]
    n_people = people["person"][people["pilot"] == (group == "pilot")].nunique()
    factor = np.sqrt(n_people / (n_people - 1))
    assert curves.method == "clustered"
    assert ours["se"].to_numpy() == pytest.approx(
        factor * theirs["jackknife_se"].to_numpy(), abs=1e-10
    )


@pytest.mark.parametrize("clock", CLOCKS)
def test_medians_are_those_of_r(reference, rows, clock):
    theirs = reference("survival/curves_medians").query("clock == @clock")
    ours = survival_curves(rows, clock=clock, start=0).medians
    names = ["median", "ci_low", "ci_high"]
    assert (ours[names].to_numpy() == theirs[names].to_numpy()).all()


def test_a_row_twice_tells_no_more_than_once(people, rows):
    doubled = pd.concat([people, people], ignore_index=True)
    doubled["id"] = [*range(len(people)), *range(len(people))]
    ours = survival_curves(cohort_of(doubled, person="id")).to_frame()
    plain = survival_curves(rows).to_frame()
    n = plain["group"].map(
        people["pilot"].map({1: "pilot", 0: "control"}).value_counts()
    )
    assert ours["survival"].to_numpy() == pytest.approx(plain["survival"].to_numpy())
    assert ours["se"].to_numpy() == pytest.approx(
        plain["se"].to_numpy() * np.sqrt(n / (n - 1)).to_numpy(), nan_ok=True
    )


def test_without_censoring_survival_is_who_is_left(people):
    curves = survival_curves(cohort_of(people.assign(exited=1)))
    weeks = people["weeks"][people["pilot"] == 1].to_numpy()
    left = of_group(curves, "pilot")["survival"]
    for week, share in left.items():
        assert share == pytest.approx((weeks > week).mean())


def test_order_of_rows_and_names_of_groups_do_not_matter(people):
    curves = survival_curves(cohort_of(people))
    mixed = survival_curves(cohort_of(people.sample(frac=1, random_state=3)))
    pd.testing.assert_frame_equal(curves.to_frame(), mixed.to_frame())
    swapped = survival_curves(cohort_of(people.assign(pilot=1 - people["pilot"])))
    assert (
        of_group(curves, "pilot")["survival"].tolist()
        == of_group(swapped, "control")["survival"].tolist()
    )


def test_weeks_without_entry_are_the_clock_of_entry(people):
    at_once = cohort_of(people.assign(weeks_before=0), weeks_before="weeks_before")
    pd.testing.assert_frame_equal(
        survival_curves(at_once, clock="registration").to_frame(),
        survival_curves(at_once).to_frame(),
    )


class TestPublishedExamples:
    """Curves that others have printed."""

    def test_remission_of_leukaemia(self):
        """Freireich and others (1963), Blood 21, 699-716.

        The medians, and survival at 10 weeks, as in Kleinbaum and Klein (2012),
        Survival analysis, 3rd ed., chapter 2: 23 weeks with 6-MP, 8 with placebo.
        """
        data = load_leukemia().assign(pilot=lambda d: 1 - d["Rx"])
        cohort = Cohort.from_frame(
            data, group="pilot", outcome="status", weeks="t", exited="status"
        )
        curves = survival_curves(cohort)
        assert curves.medians["median"].tolist() == [23, 8]
        at_ten = curves.at(10).set_index("group")
        assert at_ten.loc["pilot", "survival"] == pytest.approx(0.7529, abs=5e-5)
        assert at_ten.loc["pilot", "at_risk"] == 15
        assert at_ten.loc["control", "survival"] == pytest.approx(0.3810, abs=5e-5)

    def test_survival_with_lung_cancer(self):
        """Loprinzi and others (1994), Journal of Clinical Oncology 12, 601-607.

        Medians of 270 days of men and 426 of women, as survival's manual prints them.
        """
        data = load_lung().assign(pilot=lambda d: d["sex"] - d["sex"].min())
        cohort = Cohort.from_frame(
            data, group="pilot", outcome="status", weeks="time", exited="status"
        )
        medians = survival_curves(cohort).medians.set_index("group")
        assert medians["median"].to_dict() == {"pilot": 426, "control": 270}
        assert medians["rows"].to_dict() == {"pilot": 90, "control": 138}

    def test_lives_of_fruit_flies(self):
        """Walton's flies: the median of all, as the documentation of lifelines has it.

        Davidson-Pilon (2019), Journal of Open Source Software 4, 1317.
        """
        data = load_waltons().assign(pilot=1)
        cohort = Cohort.from_frame(
            data, group="pilot", outcome="E", weeks="T", exited="E"
        )
        medians = survival_curves(cohort).medians
        assert medians.loc[0, "median"] == 56

    def test_heart_transplants_of_statsmodels(self):
        """Miller (1976), Biometrika 63, 449-464: statsmodels' own curve."""
        data = sm.datasets.heart.load_pandas().data.assign(pilot=1)
        cohort = Cohort.from_frame(
            data, group="pilot", outcome="censors", weeks="survival", exited="censors"
        )
        theirs = sm.SurvfuncRight(data["survival"], data["censors"])
        ours = of_group(survival_curves(cohort), "pilot").loc[theirs.surv_times]
        assert ours["survival"].to_numpy() == pytest.approx(theirs.surv_prob)
        assert ours["se"].to_numpy() == pytest.approx(theirs.surv_prob_se)


class TestSupportedWeeks:
    """On the clock of registration few are at risk at first."""

    def test_a_curve_begins_where_enough_are_at_risk(self, rows):
        curves = survival_curves(rows, clock="registration")
        whole = survival_curves(rows, clock="registration", start=0)
        at_risk = whole.to_frame().groupby("weeks")["at_risk"].min()
        assert at_risk[curves.start] < 30 <= at_risk[curves.start + 1]
        assert curves.to_frame()["weeks"].min() == curves.start + 1
        assert "conditional on having lasted" in curves.note

    def test_a_conditional_curve_is_a_ratio(self, rows):
        whole = survival_curves(rows, clock="registration", start=0).at([5, 20])
        late = survival_curves(rows, clock="registration", start=5).at(20)
        for group in GROUPS:
            before, after = whole[whole["group"] == group]["survival"]
            ours = late.set_index("group").loc[group, "survival"]
            assert ours == pytest.approx(after / before)

    def test_a_small_group_needs_half_of_its_largest_risk_set(self):
        people = pd.DataFrame(
            {
                "pilot": [1] * 6 + [0] * 6,
                "weeks_before": [0, 2, 2, 2, 3, 3] * 2,
                "weeks": [9] * 12,
                "exited": [0] * 12,
            }
        )
        cohort = cohort_of(people, weeks_before="weeks_before")
        assert survival_curves(cohort, clock="registration").start == 2

    @pytest.mark.parametrize("start", [-1, 2.5, True])
    def test_a_start_is_a_number_of_weeks(self, rows, start):
        with pytest.raises(EstimationError, match="`start` must be"):
            survival_curves(rows, start=start)


class TestUndefined:
    """Lawful data that leave something open."""

    def test_a_missing_group_is_said(self, people):
        curves = survival_curves(cohort_of(people[people["pilot"] == 1]))
        assert curves.note == "nobody at risk in the control group"
        assert np.isnan(curves.medians.loc[1, "median"])

    def test_nobody_leaves(self, people):
        table = survival_curves(cohort_of(people.assign(exited=0))).to_frame()
        assert (table["survival"] == 1).all()
        assert table[["ci_low", "ci_high"]].isna().all(axis=None)

    def test_everybody_leaves_at_once(self):
        people = pd.DataFrame({"pilot": [1, 0], "weeks": [1, 1], "exited": [1, 1]})
        curves = survival_curves(cohort_of(people))
        assert curves.to_frame()["se"].isna().all()
        assert curves.medians["median"].tolist() == [1, 1]

    @pytest.mark.parametrize("recur", [False, True])
    def test_nobody_survives_the_last_week(self, recur):
        people = pd.DataFrame(
            {
                "pilot": [1, 1, 1, 0],
                "weeks": [1, 2, 2, 3],
                "exited": 1,
                "id": ["a", "b", "b" if recur else "c", "d"],
            }
        )
        table = of_group(survival_curves(cohort_of(people, person="id")), "pilot")
        assert table["survival"].tolist() == pytest.approx([2 / 3, 0])
        assert np.isnan(table["se"].iloc[-1])


class TestWeighted:
    """Curves of weighted people."""

    @pytest.fixture
    def cohort(self, people):
        random = np.random.default_rng(5)
        age = random.integers(20, 60, len(people)) - 4 * people["pilot"]
        return cohort_of(
            people.assign(age=age), covariates=["age"], person="person", month="month"
        )

    def test_at_risk_and_survival_are_weighted(self, cohort):
        weights = weigh(cohort)
        curves = survival_curves(
            cohort, weights=weights, bootstrap=Bootstrap(replicates=3)
        )
        first = curves.at(1).set_index("group")
        control = ~cohort.is_pilot
        w = weights.values[control]  # noqa: PD011
        frame = cohort.people[control]
        leaves = (frame["weeks"] == 1) & frame["exited"]
        assert first.loc["control", "at_risk"] == pytest.approx(cohort.is_pilot.sum())
        assert first.loc["control", "survival"] == pytest.approx(
            1 - w[leaves].sum() / w.sum()
        )
        assert curves.method == "bootstrap"

    def test_weights_of_one_change_nothing(self, rows):
        weights = weigh(rows, method="stratification")
        ones = dataclasses.replace(weights, values=pd.Series(1.0, rows.people.index))
        plain = survival_curves(rows).to_frame()
        ours = survival_curves(rows, weights=ones, bootstrap=Bootstrap(replicates=2))
        assert ours.to_frame()["survival"].to_numpy() == pytest.approx(
            plain["survival"].to_numpy()
        )

    def test_people_drawn_again_give_the_clustered_error(self, cohort):
        """The pilots' weights are one, whatever the controls' are."""
        weights = weigh(cohort)
        plain = survival_curves(cohort).at(10).set_index("group")
        drawn = survival_curves(
            cohort, weights=weights, bootstrap=Bootstrap(replicates=300)
        )
        ours = drawn.at(10).set_index("group")
        assert ours.loc["pilot", "se"] == pytest.approx(
            plain.loc["pilot", "se"], rel=0.15
        )

    def test_the_same_seed_gives_the_same_errors(self, cohort):
        weights = weigh(cohort)
        twice = [
            survival_curves(cohort, weights=weights, bootstrap=Bootstrap(replicates=5))
            for _ in range(2)
        ]
        pd.testing.assert_frame_equal(twice[0].to_frame(), twice[1].to_frame())

    def test_matches_are_taken_as_given(self, cohort):
        curves = survival_curves(cohort, weights=weigh(cohort, method="matching"))
        assert curves.method == "clustered"
        assert "takes the matches as given" in curves.note
