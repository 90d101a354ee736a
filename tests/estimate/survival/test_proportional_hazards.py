"""The check of proportional hazards against cox.zph of R."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.week_counts import WeekCounts
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.proportional_hazards import proportional_hazards

COVARIATES = ["age", "place"]
# Newton's last step, below 1e-8 of a standard deviation, is not evaluated again.
CLOSE = {"rtol": 1e-8, "atol": 1e-7}


def terms_of(frame: pd.DataFrame) -> pd.Series:
    return frame["term"].str.replace(" = ", "", regex=False).replace("all", "GLOBAL")


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("strata", ["", "month"])
@pytest.mark.parametrize("adjusted", [0, 1])
@pytest.mark.parametrize("transform", ["km", "identity", "log"])
def test_cox_zph_of_r(
    cox_people, reference, make_survival_cohort, clock, strata, adjusted, transform
) -> None:
    theirs = reference("survival/cox_zph").fillna({"strata": ""})
    names = ["clock", "strata", "adjusted", "transform"]
    case = (clock, strata, adjusted, transform)
    theirs = theirs[(theirs[names] == case).all(axis=1)].set_index("term")
    ours = proportional_hazards(
        make_survival_cohort(cox_people, person=None),
        covariates=COVARIATES if adjusted else (),
        clock=clock,
        strata=strata or None,
        transform=transform,
    )
    assert ours.method == "score"
    theirs = theirs.loc[terms_of(ours.table)]
    for name in ("statistic", "df", "p_value"):
        np.testing.assert_allclose(ours.table[name], theirs[name], **CLOSE)


@pytest.mark.parametrize(
    ("clock", "weighted", "adjusted"),
    [("entry", 0, 0), ("entry", 1, 1), ("registration", 0, 1)],
)
def test_the_robust_score_of_split_rows(
    cox_people, reference, make_survival_cohort, clock, weighted, adjusted
) -> None:
    theirs = reference("survival/cox_robust_check")
    names = ["clock", "weighted", "adjusted"]
    theirs = theirs[(theirs[names] == (clock, weighted, adjusted)).all(axis=1)]
    cohort = make_survival_cohort(cox_people)
    weights = dataclasses.replace(weigh(cohort), values=cox_people["weight"])
    ours = proportional_hazards(
        cohort,
        covariates=COVARIATES if adjusted else (),
        clock=clock,
        weights=weights if weighted else None,
    )
    assert ours.method == "robust score"
    theirs = theirs.set_index("term").loc[terms_of(ours.table)]
    for name in ("statistic", "df", "p_value"):
        np.testing.assert_allclose(ours.table[name], theirs[name], **CLOSE)


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("adjusted", [0, 1])
def test_scaled_residuals_of_r(
    cox_people, reference, make_survival_cohort, clock, adjusted
) -> None:
    theirs = reference("survival/cox_residuals")
    theirs = theirs[(theirs[["clock", "adjusted"]] == (clock, adjusted)).all(axis=1)]
    ours = proportional_hazards(
        make_survival_cohort(cox_people),
        covariates=COVARIATES if adjusted else (),
        clock=clock,
    ).residuals
    pairs = ours.assign(term=terms_of(ours)).merge(theirs, on=["term", "weeks"])
    assert len(pairs) == len(ours) == len(theirs)
    assert (pairs["exits_x"] == pairs["exits_y"]).all()
    np.testing.assert_allclose(pairs["residual_x"], pairs["residual_y"], **CLOSE)


def test_a_changing_ratio_is_found(make_survival_cohort) -> None:
    """The pilot's people leave faster in the first weeks, and slower afterwards."""
    random = np.random.default_rng(1994)
    n = 3000
    pilot = random.random(n) < 0.5
    weeks = np.ceil(
        np.where(pilot, 12 * random.weibull(0.7, n), 12 * random.weibull(1.5, n))
    )
    people = pd.DataFrame(
        {"pilot": pilot, "weeks": np.minimum(weeks, 26), "left": weeks <= 26}
    )
    names = {"weeks_before": None, "person": None, "month": None, "covariates": ()}
    found = proportional_hazards(make_survival_cohort(people, **names))
    assert found.table["p_value"].max() < 1e-10
    trend = found.trend
    assert trend["ci_low"].iloc[0] > 0 > trend["ci_high"].iloc[-3]
    assert trend["weeks"].is_monotonic_increasing


def test_no_test_without_exits_in_one_group(cox_people, make_survival_cohort) -> None:
    nobody = cox_people.assign(left=cox_people["left"] * (1 - cox_people["pilot"]))
    found = proportional_hazards(make_survival_cohort(nobody))
    assert found.table["p_value"].isna().all()
    assert found.trend.empty
    assert "no finite estimate of pilot" in found.note


def test_an_unknown_transform(cox_people, make_survival_cohort) -> None:
    with pytest.raises(EstimationError, match="`transform` is unknown"):
        proportional_hazards(make_survival_cohort(cox_people), transform="rank")


def test_counts_of_people_give_the_same(cox_people, make_survival_cohort) -> None:
    cohort = make_survival_cohort(cox_people, person=None)
    one, other = map(proportional_hazards, (cohort, WeekCounts.of(cohort)))
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.trend, other.trend)


def test_all_leave_in_one_week(cox_people, make_survival_cohort) -> None:
    people = cox_people.assign(weeks=4)
    found = proportional_hazards(make_survival_cohort(people), covariates=None)
    assert found.table["p_value"].isna().all()
    assert found.trend["weeks"].unique().tolist() == [4]
