"""The evaluation as a whole: what it is made of, and what it does with little."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.months.comparison import compare
from evalkit.evaluation.evaluation import Evaluation, evaluate
from evalkit.examples.satakunta import example_plan
from tests.evaluation.constructed import base


def table(n=400, seed=5, *, months=2):
    random = np.random.default_rng(seed)
    weeks = random.integers(1, 105, n)
    return pd.DataFrame(
        {
            "treat": random.random(n) < 0.4 - 0.002 * weeks,
            "y": (random.random(n) < 0.5).astype(float),
            "person": random.integers(0, n, n).astype(str),
            "month": random.choice(["2021-01", "2021-02"][:months], n),
            "weeks_before": weeks,
            "weeks": random.integers(1, 30, n),
            "exited": random.random(n) < 0.6,
            "exit_to": random.choice(["work", "training"], n),
            "sex": random.choice(["woman", "man"], n),
        }
    )


def cohort_of(people, **named):
    given = {"covariates": ["weeks_before", "sex"], "month": "month"}
    return Cohort.from_frame(people, group="treat", outcome="y", **(given | named))


def everything(people):
    return cohort_of(
        people,
        person="person",
        weeks="weeks",
        exited="exited",
        exit_to="exit_to",
        weeks_before="weeks_before",
    )


def test_its_parts_are_the_estimates_themselves() -> None:
    cohort = everything(table())
    found = evaluate(cohort)
    assert found.headline.estimate == adjusted_difference(cohort).estimate
    assert found.comparison.pooled.estimate == compare(cohort).pooled.estimate
    weights = weigh(cohort, method="ipw")
    pd.testing.assert_frame_equal(
        found.balance.table, balance(cohort, weights=weights).table
    )
    remains = found.decomposition.table.set_index("part").loc["remains", "estimate"]
    assert remains == pytest.approx(found.headline.estimate)
    assert list(found.to_frame()["reading"]) == ["headline", "unadjusted"]
    missing = {"headline_strict", "later", "redraws", "further", "subgroups"}
    assert set(found.skipped) == missing
    assert found.skipped["headline_strict"] == "no_strict_outcome"


def test_every_part_that_is_none_says_why() -> None:
    for cohort in (
        everything(table()),
        cohort_of(table()),
        cohort_of(table(), covariates=[]),
        cohort_of(table(n=12)),
    ):
        found = evaluate(cohort)
        empty = {
            field.name
            for field in dataclasses.fields(Evaluation)
            if getattr(found, field.name) is None
        }
        assert empty <= set(found.skipped)


@pytest.mark.parametrize(
    ("headline", "weights", "estimand"),
    [
        ("aipw", "ipw", "ATT"),
        ("ipw", "ipw", "ATT"),
        ("entropy", "entropy", "ATT"),
        ("matching", "matching", "ATT"),
        ("regression", None, "ATT"),
        ("mantel-haenszel", None, "unadjusted"),
    ],
)
def test_the_headline_is_the_plans(headline, weights, estimand) -> None:
    plan = example_plan()
    estimate = plan.estimate.model_copy(
        update={"headline": headline, "subgroups": {"sex": []}}
    )
    follow_up = plan.follow_up.model_copy(update={"further_lags": []})
    protocol = plan.model_copy(update={"estimate": estimate, "follow_up": follow_up})
    cohort = dataclasses.replace(everything(table()), protocol=protocol)
    found = evaluate(cohort)
    assert found.card.estimator == headline
    assert found.card.estimand == estimand
    assert found.synthetic
    assert (found.weights.method if found.weights else None) == weights
    assert list(found.subgroups["sex"].table["subgroup"]) == ["man", "woman"]
    assert found.verdict.synthetic
    if headline != "mantel-haenszel":
        expected = adjusted_difference(cohort, method=headline).estimate
        assert found.headline.estimate == expected


def test_rows_in_another_order_say_the_same() -> None:
    people = table()
    here = evaluate(everything(people)).verdict
    there = evaluate(everything(people.sample(frac=1, random_state=1))).verdict
    assert here.code == there.code
    assert here.estimate == pytest.approx(there.estimate, abs=1e-9)
    assert here.n_more == there.n_more


LITTLE = {
    "nobody in the pilot": lambda people: people.assign(treat=False),
    "nobody in the control group": lambda people: people.assign(treat=True),
    "one pilot": lambda people: people.assign(treat=people.index == 3),
    "all left": lambda people: people.assign(y=1.0),
    "nobody left": lambda people: people.assign(y=0.0),
    "nothing known": lambda people: people.assign(y=np.nan),
    "pilots unknown": lambda people: people.assign(
        y=people["y"].where(~people["treat"])
    ),
    "earnings": lambda people: people.assign(y=1000 + 10 * people["weeks_before"]),
    "months with one group": lambda people: people.assign(
        month=np.where(people["treat"], "2021-01", "2021-02")
    ),
    "one sex": lambda people: people.assign(sex="man"),
    "apart": lambda people: people.assign(treat=people["weeks_before"] < 20),
    "four people": lambda people: people.groupby("treat").head(2),
    "nobody leaves": lambda people: people.assign(exited=False, exit_to=None),
    "one person": lambda people: people.assign(person="x"),
}


@pytest.mark.parametrize("change", LITTLE.values(), ids=LITTLE)
def test_little_gives_no_crash_and_no_praise(change) -> None:
    found = evaluate(everything(change(table())))
    assert found.verdict.code not in {"better", "worse"}
    assert (
        found.gate.to_frame()["state"].isin(["passed", "failed", "undetermined"]).all()
    )
    assert len(found.to_frame()) >= 1
    assert len(found.card.to_frame()) == 25


def test_unknown_outcomes_close_the_first_door() -> None:
    people = table()
    people.loc[people.index < 80, "y"] = np.nan
    verdict = evaluate(everything(people)).verdict
    assert verdict.code == "data_unsound"
    assert {check.code for check in verdict.reasons} >= {"unknown"}


def test_a_further_lag_that_nobody_reached_is_skipped() -> None:
    cohort = everything(table())
    people = cohort.people.assign(
        outcome_6_months=cohort.people["outcome"], outcome_12_months=np.nan
    )
    found = evaluate(
        dataclasses.replace(cohort, people=people, protocol=example_plan())
    )
    assert set(found.further) == {"6_months"}
    assert found.further["6_months"].estimate == found.headline.estimate
    assert found.skipped["12_months"] == "not_estimable"


def test_it_is_frozen_and_keeps_the_cohort() -> None:
    found = base()
    assert found.cohort.people.shape[0] == 1500
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.headline = None
