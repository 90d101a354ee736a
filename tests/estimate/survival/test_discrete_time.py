"""The hazard in intervals against R's glm, and what must be so."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.week_counts import WeekCounts
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.discrete_time import discrete_time_hazard

CASE = ["clock", "width", "link", "weighted"]


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("weighted", [0, 1])
def test_glm_of_r(
    cox_people, reference, make_survival_cohort, clock, width, link, weighted
) -> None:
    theirs = reference("survival/discrete")
    theirs = theirs[(theirs[CASE] == (clock, width, link, weighted)).all(axis=1)]
    cohort = make_survival_cohort(cox_people)
    given = dataclasses.replace(weigh(cohort), values=cox_people["weight"])
    ours = {
        errors: discrete_time_hazard(
            cohort,
            interval=width,
            link=link,
            covariates=None,
            clock=clock,
            strata="month",
            weights=given if weighted else None,
            errors=errors,
        )
        for errors in ("model", "clustered")
    }
    table = ours["model"].coefficients
    terms = table["term"].str.replace("stratum", "month").str.replace(" = ", "")
    theirs = theirs.set_index("term").loc[terms]
    for found, known in (
        (table["coef"], theirs["coef"]),
        (table["se"], theirs["se"]),
        (ours["clustered"].coefficients["se"], theirs["clustered"]),
    ):
        np.testing.assert_allclose(found, known, rtol=1e-7)
    first = theirs.iloc[0]
    assert ours["model"].log_likelihood == pytest.approx(first["log_likelihood"])
    assert ours["model"].baseline["piece"].max() == first["n_pieces"]


def test_swapped_groups_turn_the_ratio_around(cox_people, make_survival_cohort) -> None:
    ratio = discrete_time_hazard(make_survival_cohort(cox_people), interval=4)
    swapped = cox_people.assign(pilot=1 - cox_people["pilot"])
    around = discrete_time_hazard(make_survival_cohort(swapped), interval=4)
    assert around.estimate == pytest.approx(1 / ratio.estimate)
    assert around.ci_low == pytest.approx(1 / ratio.ci_high)
    assert around.pilot == ratio.control


def test_rows_alike_are_the_same_rows(cox_people, make_survival_cohort) -> None:
    many = pd.concat([cox_people] * 20, ignore_index=True)
    blurred = many.assign(age=many["age"] + many.index * 1e-12)
    one, other = (
        discrete_time_hazard(
            make_survival_cohort(rows), interval=4, covariates=["age"]
        ).coefficients.drop(columns="term")
        for rows in (many, blurred)
    )
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_weeks_give_nearly_the_ratio_of_cox(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    weekly = discrete_time_hazard(cohort, interval=1, errors="model")
    cox = hazard_ratio(cohort, errors="model")
    assert math.log(weekly.estimate) == pytest.approx(math.log(cox.estimate), abs=0.02)
    assert weekly.se == pytest.approx(cox.se, rel=0.05)


def test_the_baseline_counts_everybody(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    table = discrete_time_hazard(cohort, interval=4).baseline
    pilot = cox_people["pilot"] == 1
    assert table["pilot_at_risk"].iloc[0] == pilot.sum()
    assert table["control_exits"].sum() == cox_people.loc[~pilot, "left"].sum()
    assert table["chance"].between(0, 1).all()
    exits = table.groupby("piece")[["pilot_exits", "control_exits"]].sum().sum(axis=1)
    assert exits.min() >= 10


def test_the_logit_counts_whole_intervals(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    asked = {"interval": 4, "clock": "registration"}
    parts = discrete_time_hazard(cohort, **asked).baseline
    whole = discrete_time_hazard(cohort, link="logit", **asked)
    at_risk = ["pilot_at_risk", "control_at_risk"]
    parts = parts[at_risk].head(len(whole.baseline))
    assert (whole.baseline[at_risk] <= parts).all(axis=None)
    assert "without an interval left out" in whole.note


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_a_group_without_exits_has_no_finite_ratio(
    cox_people, make_survival_cohort, link
) -> None:
    left = cox_people["left"] * (1 - cox_people["pilot"])
    cohort = make_survival_cohort(cox_people.assign(left=left))
    found = discrete_time_hazard(cohort, interval=4, link=link)
    assert math.isnan(found.estimate)
    assert "no finite estimate of pilot" in found.note


def test_nobody_leaves(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people.assign(left=0))
    found = discrete_time_hazard(cohort, interval=4)
    assert math.isnan(found.estimate)
    assert math.isnan(found.p_value)
    assert found.baseline.empty


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"interval": 0}, "`interval` must be"),
        ({"interval": True}, "`interval` must be"),
        ({"interval": "month"}, "`interval` must be"),
        ({"link": "probit"}, "`link` is unknown"),
        ({"interval": "look", "clock": "registration"}, "counted from time zero"),
        ({"errors": "bootstrap"}, "`errors` is unknown"),
    ],
)
def test_unlawful_arguments(
    cox_people, make_survival_cohort, argument, message
) -> None:
    with pytest.raises(EstimationError, match=message):
        discrete_time_hazard(
            make_survival_cohort(cox_people), **{"interval": 4, **argument}
        )


@pytest.mark.parametrize("errors", ["model", "clustered"])
def test_counts_of_people_give_the_same(
    cox_people, make_survival_cohort, errors
) -> None:
    cohort = make_survival_cohort(cox_people, person=None)
    one, other = (
        discrete_time_hazard(people, interval=4, strata="month", errors=errors)
        for people in (cohort, WeekCounts.of(cohort))
    )
    pd.testing.assert_frame_equal(one.coefficients, other.coefficients)
    pd.testing.assert_frame_equal(one.baseline, other.baseline)
    with pytest.raises(EstimationError, match="Looks need people"):
        discrete_time_hazard(WeekCounts.of(cohort))


def test_the_table_of_a_ratio(cox_people, make_survival_cohort) -> None:
    found = discrete_time_hazard(make_survival_cohort(cox_people), interval=4)
    row = found.to_frame().iloc[0]
    first = found.coefficients.iloc[0]
    assert row["estimate"] == pytest.approx(math.exp(first["coef"]))
    assert row["method"] == "discrete-cloglog"
    assert "baseline" not in row


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_a_covariate_with_a_long_tail(steep_people, make_plain_cohort, link) -> None:
    """Steps by expected information would go to and fro and find no maximum."""
    thousands = steep_people.assign(income=steep_people["income"] / 1000)
    coefs = [
        discrete_time_hazard(
            make_plain_cohort(people, "income"),
            interval=4,
            link=link,
            covariates=None,
        ).coefficients["coef"]
        for people in (steep_people, thousands)
    ]
    np.testing.assert_allclose(coefs[0] * [1, 1000], coefs[1], rtol=1e-7)
