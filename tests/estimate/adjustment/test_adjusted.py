"""Adjusted differences against R's stacked equations, and identities."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import METHODS, adjusted_difference
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.adjustment.estimators import ESTIMATORS
from evalkit.estimate.groups.weights import weigh
from tests.estimate.adjusted_people import COVARIATES, adjusted_people, cohort_of

VALUES = ["estimate", "se", "ci_low", "ci_high", "p_value", "pilot", "control"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return adjusted_people()


def values_of(effect) -> list[float]:
    return [getattr(effect, name) for name in VALUES]


def test_agrees_with_the_whole_stack_of_equations_in_r(reference, people) -> None:
    table = reference("adjusted").fillna("")
    assert len(table) == 21
    for row in table.to_dict("records"):
        options = (
            {"outcome_model": row["outcome_model"]} if row["outcome_model"] else {}
        )
        if row["moments"] > 1:
            options["moments"] = row["moments"]
        found = adjusted_difference(
            cohort_of(people, row["outcome"]),
            method=row["method"],
            cluster=row["cluster"],
            **options,
        )
        for name in ("estimate", "se", "control"):
            expected = pytest.approx(row[name], rel=1e-8, abs=1e-8)
            assert getattr(found, name) == expected, (row, name)


def test_matching_agrees_with_r(reference, people) -> None:
    score = reference("adjusted_logit")["logit"].to_numpy()
    for row in reference("adjusted_matching").to_dict("records"):
        options = {"ratio": row["ratio"], "replace": row["kind"] != "once"}
        if row["kind"] == "again-known":
            options["score"] = score
        found = adjusted_difference(
            cohort_of(people, row["outcome"]), method="matching", **options
        )
        assert found.estimate == pytest.approx(row["estimate"], abs=1e-8), row
        assert found.se == pytest.approx(row["se"], rel=1e-8), row


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_and_the_unit_of_a_covariate_do_not_matter(
    people, method
) -> None:
    moved = people.sample(frac=1, random_state=1)
    moved["weeks_before"] = 7 * moved["weeks_before"] - 3
    one, other = (
        adjusted_difference(cohort_of(p), method=method) for p in (people, moved)
    )
    assert values_of(other) == pytest.approx(values_of(one), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_an_outcome_turned_round_turns_the_effect(people, method) -> None:
    there = adjusted_difference(cohort_of(people), method=method)
    turned = people.assign(left=1 - people["left"])
    back = adjusted_difference(cohort_of(turned), method=method)
    expected = [-there.estimate, there.se, 1 - there.pilot, 1 - there.control]
    found = [back.estimate, back.se, back.pilot, back.control]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_pilot_minus_control_and_in_the_unit_of_the_outcome(
    people, method
) -> None:
    euros = adjusted_difference(cohort_of(people, "earned"), method=method)
    cents = people.assign(earned=100 * people["earned"] + 7)
    found = adjusted_difference(cohort_of(cents, "earned"), method=method)
    assert euros.estimate == pytest.approx(euros.pilot - euros.control)
    assert found.estimate == pytest.approx(100 * euros.estimate, rel=1e-9)
    assert found.se == pytest.approx(100 * euros.se, rel=1e-9)


@pytest.mark.parametrize("method", ["ipw", "entropy", "matching"])
def test_it_is_the_difference_under_the_weights_of_weigh(people, method) -> None:
    cohort = cohort_of(people)
    own = weigh(cohort, method=method)
    weights, pilot = own.values, cohort.is_pilot  # noqa: PD011
    means = [
        np.average(people["left"][rows], weights=weights[rows])
        for rows in (pilot, ~pilot)
    ]
    found = adjusted_difference(cohort, method=method)
    assert found.estimate == pytest.approx(means[0] - means[1], abs=1e-9)
    assert found.ess == pytest.approx(own.ess["control"], rel=1e-9)


def test_linear_augmentation_adds_nothing_to_balance(people) -> None:
    """Entropy weights balance the means: a linear prediction changes nothing."""
    found = adjusted_difference(cohort_of(people), method="entropy")
    cohort = cohort_of(people)
    weights = weigh(cohort).values.to_numpy()  # noqa: PD011
    residual = people["left"] - 0.01 * people["weeks_before"] - 0.02 * people["age"]
    pilot = cohort.is_pilot.to_numpy()
    gap = residual[pilot].mean() - np.average(residual[~pilot], weights=weights[~pilot])
    assert found.estimate == pytest.approx(gap, abs=1e-8)


def test_clusters_of_one_row_are_the_usual_sandwich(people) -> None:
    alone = adjusted_difference(cohort_of(people, person=None))
    together = adjusted_difference(cohort_of(people))
    assert alone.estimate == together.estimate
    assert alone.n_clusters == alone.n_people == len(people)
    assert together.n_clusters == people["person"].nunique()
    assert alone.se != together.se


def test_rows_doubled_within_their_cluster_change_nothing(people) -> None:
    doubled = pd.concat([people, people], ignore_index=True)
    for method in ESTIMATORS:
        one, two = (
            adjusted_difference(cohort_of(p), method=method) for p in (people, doubled)
        )
        assert values_of(two) == pytest.approx(values_of(one), abs=1e-9)


def test_known_scores_are_taken_as_known(people) -> None:
    cohort = cohort_of(people)
    estimated = weigh(cohort, method="ipw").score
    given = adjusted_difference(cohort, method="ipw", score=estimated)
    own = adjusted_difference(cohort, method="ipw")
    assert given.estimate == pytest.approx(own.estimate, abs=1e-12)
    assert given.se > own.se  # estimating the score takes chance imbalance out
    named = dataclasses.replace(cohort, people=cohort.people.assign(chance=estimated))
    assert adjusted_difference(named, method="ipw", score="chance").se == given.se


def test_the_bootstrap_agrees_with_the_formula(people) -> None:
    cohort = cohort_of(people)
    for method in ("aipw", "entropy"):
        formula = adjusted_difference(cohort, method=method)
        resampled = adjusted_difference(
            cohort, method=method, errors=Bootstrap(replicates=300, seed=7)
        )
        assert resampled.estimate == formula.estimate
        assert resampled.errors == "bootstrap"
        assert resampled.se == pytest.approx(formula.se, rel=0.15)


def test_the_bootstrap_is_repeatable(people) -> None:
    some = [
        adjusted_difference(
            cohort_of(people), errors=Bootstrap(replicates=20, seed=seed)
        )
        for seed in (1, 1, 2)
    ]
    assert some[0].se == some[1].se != some[2].se


def test_no_bootstrap_for_matching(people) -> None:
    with pytest.raises(EstimationError, match="wrong for matching"):
        adjusted_difference(cohort_of(people), method="matching", errors="bootstrap")


def test_unknown_outcomes_and_months_without_a_group_are_left_out(people) -> None:
    known = adjusted_difference(cohort_of(people))
    extra = people[:40].assign(left=np.nan)
    alone = people[people["pilot"] == 0][:30].assign(month="2021-09")
    longer = pd.concat([extra, people, alone], ignore_index=True)
    found = adjusted_difference(cohort_of(longer))
    assert values_of(found) == pytest.approx(values_of(known), abs=1e-10)
    assert "40 unknown outcome(s) left out" in found.note
    assert "one group is empty: 2021-09" in found.note


def test_pilots_without_a_near_control_change_the_estimand(people) -> None:
    found = adjusted_difference(cohort_of(people), method="matching", caliper=0.01)
    assert found.n_pilot < people["pilot"].sum()
    assert found.estimand == "ATT of matched pilots"
    none = adjusted_difference(
        cohort_of(people.assign(own=range(len(people)))),
        method="matching",
        caliper=1e-12,
    )
    assert none.n_pilot <= 3


def test_an_outcome_that_all_controls_share(people) -> None:
    all_left = people.assign(left=np.where(people["pilot"] == 1, people["left"], 1))
    for method in METHODS:
        found = adjusted_difference(cohort_of(all_left), method=method)
        expected = people["left"][people["pilot"] == 1].mean() - 1
        assert found.estimate == pytest.approx(expected, abs=1e-9)
        assert found.se > 0


def test_no_variation_has_no_interval(people) -> None:
    found = adjusted_difference(cohort_of(people.assign(left=1)))
    assert found.estimate == pytest.approx(0, abs=1e-12)
    assert math.isnan(found.ci_low)


def test_one_cluster_has_no_standard_error(people) -> None:
    found = adjusted_difference(cohort_of(people.assign(person="one")))
    assert math.isnan(found.se)
    assert "only 1 clusters" in found.note


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "magic"}, "aipw, ipw, entropy, regression, matching"),
        ({"level": 95}, "between 0 and 1"),
        ({"outcome": "wages"}, "no column 'wages'"),
        ({"cluster": "office"}, "no column 'office'"),
        ({"covariates": ["shoe_size"]}, "no column shoe_size"),
        ({"covariates": []}, "There are no covariates"),
        ({"method": "ipw", "outcome_model": "linear"}, "has no outcome model"),
        ({"method": "entropy", "score": np.full(700, 0.5)}, "no use for a score"),
        ({"score": np.full(3, 0.5)}, "one number for each row"),
        ({"score": np.full(700, 1.5)}, "between 0 and 1"),
        ({"method": "aipw", "ratio": 2}, "has no option ratio"),
        ({"errors": "guess"}, "`errors` is unknown"),
    ],
)
def test_what_cannot_be_asked_for(people, choices, message) -> None:
    with pytest.raises(EstimationError, match=message):
        adjusted_difference(cohort_of(people), **choices)


def test_a_logistic_model_of_euros_is_refused(people) -> None:
    with pytest.raises(EstimationError, match="outcome of 0 and 1"):
        adjusted_difference(cohort_of(people, "earned"), outcome_model="logistic")


def test_groups_that_no_weights_can_balance(people) -> None:
    apart = people.assign(age=people["age"] + 100 * people["pilot"])
    with pytest.raises(EstimationError, match="No weights of the controls"):
        adjusted_difference(cohort_of(apart), method="entropy")


def test_no_month_with_both_groups(people) -> None:
    with pytest.raises(EstimationError, match="No month has people of both groups"):
        adjusted_difference(cohort_of(people[people["pilot"] == 1]))


def test_a_level_that_only_pilots_have_is_said(people) -> None:
    only = people.assign(
        place=np.where(
            (people["pilot"] == 1) & (people["age"] > 60), "far", people["place"]
        )
    )
    found = adjusted_difference(cohort_of(only))
    assert "separation" in found.note
    assert np.isfinite(found.estimate)


def test_covariates_may_be_named(people) -> None:
    cohort = cohort_of(people)
    all_of_them = adjusted_difference(cohort, covariates=list(COVARIATES))
    assert all_of_them.estimate == adjusted_difference(cohort).estimate
    assert (
        adjusted_difference(cohort, covariates=["age"]).estimate != all_of_them.estimate
    )


def test_outcomes_and_clusters_have_to_be_known_for_what_they_are(people) -> None:
    words = cohort_of(people)
    words.people["outcome"] = np.where(people["age"] > 60, "left", "stayed")
    with pytest.raises(EstimationError, match="not finite numbers"):
        adjusted_difference(words)
    coaches = people.assign(coach=people["coach"].where(people["age"] < 60))
    with pytest.raises(EstimationError, match="a cluster must be known"):
        adjusted_difference(cohort_of(coaches), cluster="coach")
