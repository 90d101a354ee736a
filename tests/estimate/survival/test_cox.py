"""The hazard ratio against R's coxph, published examples, and what must be so."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung, load_rossi

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.week_counts import WeekCounts
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import Weights, weigh
from evalkit.estimate.survival.cox import HazardRatio, hazard_ratio

CASE = ["clock", "strata", "weighted", "adjusted"]


def given_weights(cohort: Cohort, values: pd.Series) -> Weights:
    return dataclasses.replace(weigh(cohort), values=values)


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("strata", ["", "month"])
@pytest.mark.parametrize("weighted", [0, 1])
@pytest.mark.parametrize("adjusted", [0, 1])
def test_coxph_of_r(
    cox_people, reference, make_survival_cohort, clock, strata, weighted, adjusted
) -> None:
    theirs = reference("survival/cox").fillna({"strata": ""})
    case = (clock, strata, weighted, adjusted)
    theirs = theirs[(theirs[CASE] == case).all(axis=1)]
    cohort = make_survival_cohort(cox_people)
    weights = given_weights(cohort, cox_people["weight"]) if weighted else None
    ours = {
        errors: hazard_ratio(
            cohort,
            covariates=["age", "place"] if adjusted else (),
            clock=clock,
            strata=strata or None,
            weights=weights,
            errors=errors,
        )
        for errors in ("model", "clustered")
    }
    table = ours["model"].coefficients
    terms = table["term"].str.replace(" = ", "", regex=False)
    theirs = theirs.set_index("term").loc[terms]
    for found, known in (
        (table["coef"], theirs["coef"]),
        (table["se"], theirs["se"]),
        (ours["clustered"].coefficients["se"], theirs["clustered"]),
    ):
        np.testing.assert_allclose(found, known, rtol=1e-8)
    first = theirs.iloc[0]
    assert ours["model"].log_likelihood == pytest.approx(first["log_likelihood"])
    null = ours["model"].log_likelihood_null
    assert null == pytest.approx(first["log_likelihood_null"])


def test_recidivism_as_published() -> None:
    """Rossi, Berk and Lenihan (1980), as analysed by Allison (2010), with Efron's ties.

    Allison PD (2010). Survival analysis using SAS, 2nd ed., chapter 5; the same numbers
    stand in Fox J (2002), Cox proportional-hazards regression for survival data.
    """
    names = ["age", "race", "wexp", "mar", "paro", "prio"]
    cohort = Cohort.from_frame(
        load_rossi(),
        group="fin",
        outcome="arrest",
        weeks="week",
        exited="arrest",
        covariates=names,
    )
    found = hazard_ratio(cohort, covariates=None, errors="model")
    table = found.coefficients
    assert table["term"].tolist() == ["pilot", *names]
    published = [-0.3794, -0.0574, 0.3139, -0.1498, -0.4337, -0.0849, 0.0915]
    errors = [0.1914, 0.0220, 0.3080, 0.2122, 0.3819, 0.1958, 0.0286]
    np.testing.assert_allclose(table["coef"], published, atol=5e-5)
    np.testing.assert_allclose(table["se"], errors, atol=6e-5)
    assert found.log_likelihood == pytest.approx(-658.748, abs=5e-4)
    assert found.estimate == pytest.approx(0.684, abs=5e-4)


def test_lung_cancer_as_in_the_manual_of_r() -> None:
    """Loprinzi et al. (1994), J Clin Oncol 12, 601-607: sex, age and ECOG score.

    Therneau TM (2024). A package for survival analysis in R: coefficients of
    ``coxph(Surv(time, status) ~ age + sex + ph.ecog, lung)``. Days stand for weeks.
    """
    lung = load_lung().dropna(subset="ph.ecog").reset_index(drop=True)
    lung = lung.assign(woman=lung["sex"] == 2, died=lung["status"])
    cohort = Cohort.from_frame(
        lung,
        group="woman",
        outcome="died",
        weeks="time",
        exited="died",
        covariates=["age", "ph.ecog"],
    )
    table = hazard_ratio(cohort, covariates=None, errors="model").coefficients
    np.testing.assert_allclose(
        table["coef"], [-0.552612, 0.011067, 0.463728], atol=5e-7
    )
    np.testing.assert_allclose(table["se"], [0.167739, 0.009267, 0.113577], atol=5e-7)


def shuffled(people: pd.DataFrame) -> pd.DataFrame:
    return people.sample(frac=1, random_state=3).reset_index(drop=True)


def same(one: HazardRatio, other: HazardRatio, *, rtol: float = 1e-9) -> None:
    numbers = one.coefficients.drop(columns="term")
    np.testing.assert_allclose(
        numbers, other.coefficients.drop(columns="term"), rtol=rtol, atol=1e-12
    )


def test_the_order_of_rows_does_not_matter(cox_people, make_survival_cohort) -> None:
    asked = {"covariates": None, "clock": "registration", "strata": "month"}
    same(
        hazard_ratio(make_survival_cohort(cox_people), **asked),
        hazard_ratio(make_survival_cohort(shuffled(cox_people)), **asked),
    )


def test_swapped_groups_turn_the_ratio_around(cox_people, make_survival_cohort) -> None:
    ratio = hazard_ratio(make_survival_cohort(cox_people))
    swapped = cox_people.assign(pilot=1 - cox_people["pilot"])
    around = hazard_ratio(make_survival_cohort(swapped))
    assert around.estimate == pytest.approx(1 / ratio.estimate)
    assert around.ci_low == pytest.approx(1 / ratio.ci_high)
    assert around.p_value == pytest.approx(ratio.p_value)
    assert (around.pilot, around.n_pilot) == (ratio.control, ratio.n_control)
    assert (around.exits_pilot, around.exits_control) == (
        ratio.exits_control,
        ratio.exits_pilot,
    )


def test_weights_count_by_their_proportions(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    plain = hazard_ratio(cohort)
    tenfold = given_weights(cohort, pd.Series(10.0, index=cox_people.index))
    same(plain, hazard_ratio(cohort, weights=tenfold))


def test_rows_of_weight_zero_are_not_there(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    out = cox_people["place"] == "west"
    zero = given_weights(cohort, (~out).astype(float))
    rest = make_survival_cohort(cox_people[~out].reset_index(drop=True))
    same(hazard_ratio(cohort, weights=zero), hazard_ratio(rest, errors="clustered"))


def test_rows_alike_are_the_same_rows(cox_people, make_survival_cohort) -> None:
    """A thousand like rows are counted, different ones are not: one answer."""
    many = pd.concat([cox_people] * 40, ignore_index=True)
    many["person"] = many["person"] + "-" + (many.index % 40).astype(str)
    coarse = many.assign(age=many["age"] // 20)
    blurred = coarse.assign(age=coarse["age"] + many.index * 1e-12)
    found = [
        hazard_ratio(make_survival_cohort(rows), covariates=["age"])
        for rows in (coarse, blurred)
    ]
    same(*found, rtol=1e-6)


def test_a_month_as_covariate_says_nothing_within_months(
    cox_people, make_survival_cohort
) -> None:
    people = cox_people.assign(start=cox_people["month"])
    cohort = make_survival_cohort(people, covariates=["age", "start"])
    found = hazard_ratio(cohort, covariates=None, strata="month")
    assert found.coefficients["term"].tolist() == ["pilot", "age"]
    assert "start = 2021-0" in found.note
    same(found, hazard_ratio(cohort, covariates=["age"], strata="month"))


@pytest.mark.parametrize("covariates", [(), ("age", "place")])
def test_a_group_without_exits_has_no_finite_ratio(
    cox_people, make_survival_cohort, covariates
) -> None:
    left = cox_people["left"] * (1 - cox_people["pilot"])
    cohort = make_survival_cohort(cox_people.assign(left=left))
    found = hazard_ratio(cohort, covariates=covariates)
    assert math.isnan(found.estimate)
    assert math.isnan(found.ci_low)
    assert "no finite estimate of pilot:" in found.note
    others = found.coefficients.iloc[1:]
    assert others[["coef", "se"]].notna().all(axis=None)


def test_groups_that_never_meet(cox_people, make_survival_cohort) -> None:
    """Each month has one group only, so that nothing is compared within months."""
    pilot = (cox_people["month"] == "2021-02").astype(int)
    cohort = make_survival_cohort(cox_people.assign(pilot=pilot))
    found = hazard_ratio(cohort, covariates=["age"], strata="month")
    assert math.isnan(found.estimate)
    assert "no finite estimate of pilot" in found.note
    assert found.coefficients.loc[1, ["coef", "se"]].notna().all()


def test_nobody_is_ever_at_risk(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people.assign(weeks=0.5, left=0))
    found = hazard_ratio(cohort, covariates=["age"])
    assert math.isnan(found.estimate)
    assert found.n_pilot == found.n_control == 0


@pytest.mark.parametrize(
    "rows", ["left == 9", "pilot == 1", "weeks == weeks.min() and pilot == 0"]
)
def test_nothing_to_compare(cox_people, make_survival_cohort, rows) -> None:
    few = cox_people.query(rows) if rows != "left == 9" else cox_people.assign(left=0)
    found = hazard_ratio(make_survival_cohort(few.reset_index(drop=True)))
    assert math.isnan(found.estimate)
    assert math.isnan(found.p_value)
    assert "no finite estimate of pilot" in found.note


def test_one_route(cox_people, make_survival_cohort) -> None:
    routes = np.where(cox_people["age"] > 40, "work", "training")
    people = cox_people.assign(exit_to=np.where(cox_people["left"] == 1, routes, None))
    cohort = make_survival_cohort(people, exit_to="exit_to")
    work = (people["exit_to"] == "work").astype(int)
    alone = make_survival_cohort(people.assign(left=work))
    same(hazard_ratio(cohort, exit_to="work"), hazard_ratio(alone))
    with pytest.raises(EstimationError, match="exit route 'service'"):
        hazard_ratio(cohort, exit_to="service")


def test_weights_made_again(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people)
    weights = weigh(cohort, method="ipw")
    known = hazard_ratio(cohort, weights=weights)
    again = hazard_ratio(
        cohort, weights=weights, errors="bootstrap", bootstrap=Bootstrap(replicates=60)
    )
    assert again.estimate == known.estimate
    assert again.se != known.se
    assert again.se == pytest.approx(known.se, rel=0.4)
    assert "takes the weights as known" in known.note
    with pytest.raises(EstimationError, match="weights that can be made again"):
        hazard_ratio(cohort, errors="bootstrap")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"errors": "hc1"}, "`errors` is unknown"),
        ({"clock": "calendar"}, "`clock` is unknown"),
        ({"covariates": ["shoes"]}, "no column shoes"),
        ({"covariates": ["weeks"]}, "Not a covariate"),
        ({"strata": "office"}, "no column 'office'"),
    ],
)
def test_unlawful_arguments(
    cox_people, make_survival_cohort, argument, message
) -> None:
    with pytest.raises(EstimationError, match=message):
        hazard_ratio(make_survival_cohort(cox_people), **argument)


def test_errors_are_clustered_where_people_recur(
    cox_people, make_survival_cohort
) -> None:
    recurring = make_survival_cohort(cox_people)
    once = make_survival_cohort(cox_people.drop_duplicates("person"))
    assert hazard_ratio(recurring).errors == "clustered"
    assert hazard_ratio(once).errors == "model"
    assert hazard_ratio(once, weights=weigh(once)).errors == "clustered"


def test_the_table_of_a_ratio(cox_people, make_survival_cohort) -> None:
    found = hazard_ratio(make_survival_cohort(cox_people), covariates=None)
    row = found.to_frame().iloc[0]
    first = found.coefficients.iloc[0]
    assert row["estimate"] == pytest.approx(math.exp(first["coef"]))
    assert row["ci_high"] == pytest.approx(math.exp(first["ci_high"]))
    assert row["method"] == "cox-efron"
    pilot = cox_people[cox_people["pilot"] == 1]
    assert row["pilot"] == pytest.approx(pilot["left"].sum() / pilot["weeks"].sum())
    assert "coefficients" not in row


@pytest.mark.parametrize("clock", ["entry", "registration"])
def test_counts_of_people_give_the_same(
    cox_people, make_survival_cohort, clock
) -> None:
    cohort = make_survival_cohort(cox_people)
    counts = WeekCounts.of(cohort)
    asked = {"clock": clock, "strata": "month"}
    once = make_survival_cohort(cox_people, person=None)
    same(
        hazard_ratio(once, errors="clustered", **asked),
        hazard_ratio(counts, errors="clustered", **asked),
    )
    plain = hazard_ratio(cohort, errors="model", **asked)
    counted = hazard_ratio(counts, **asked)
    same(plain, counted)
    names = ["n_pilot", "n_control", "exits_pilot", "exits_control", "pilot", "control"]
    for name in names:
        assert getattr(plain, name) == pytest.approx(getattr(counted, name))
    with pytest.raises(EstimationError, match="Covariates need people"):
        hazard_ratio(counts, covariates=["age"])


def test_a_covariate_with_a_long_tail(steep_people, make_plain_cohort) -> None:
    """A whole step would lead downhill; a shorter one finds the maximum."""
    cohort = make_plain_cohort(steep_people, "income")
    found = hazard_ratio(cohort, covariates=None)
    thousands = steep_people.assign(income=steep_people["income"] / 1000)
    scaled = hazard_ratio(make_plain_cohort(thousands, "income"), covariates=None)
    coefs = [each.coefficients["coef"].to_numpy() for each in (found, scaled)]
    np.testing.assert_allclose(coefs[0] * [1, 1000], coefs[1], rtol=1e-7)
    assert found.log_likelihood > found.log_likelihood_null
