"""Bias and coverage of adjusted differences when people recur: simulations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.months.clustering import clustered_difference

MONTHS, STOCK, TAKEN, NEWCOMERS, CONTROLS = 6, 500, 4, 26, 150
TRUE_EFFECT = 0.1
SELECTION = np.array([0.6, -0.4])
METHODS = {
    "aipw": {"method": "aipw"},
    "ipw": {"method": "ipw"},
    "entropy": {"method": "entropy"},
    "regression": {"method": "regression"},
    "matching": {"method": "matching"},
}
REUSED = {"method": "matching", "replace": True, "ratio": 2}


def recurring_people(
    random: np.random.Generator, *, keep_their_luck: bool = True
) -> Cohort:
    """Draw a study in which the served differ from controls in two characteristics.

    Controls are drawn each month from a stock that the pilot slowly empties, the pilot
    prefers some people by the odds of a logistic model, and luck that a person keeps
    decides the outcome, so that rows of a person are as dependent as can be. The
    effect is the same for everybody; the outcome of controls is no logistic function
    of the characteristics.
    """
    luck = random.random(STOCK + NEWCOMERS * MONTHS)
    traits = random.normal(size=(luck.size, 2))
    traits[STOCK:] += SELECTION  # the odds of a shifted normal are logistic
    waiting = np.arange(STOCK)
    months = []
    for month in range(MONTHS):
        odds = np.exp(traits[waiting] @ SELECTION)
        taken = random.choice(waiting, TAKEN, replace=False, p=odds / odds.sum())
        drawn = random.choice(waiting, CONTROLS, replace=False)
        newcomers = np.arange(NEWCOMERS) + STOCK + NEWCOMERS * month
        person = np.concatenate([taken, newcomers, np.setdiff1d(drawn, taken)])
        waiting = np.setdiff1d(waiting, taken)
        pilot = np.arange(person.size) < TAKEN + NEWCOMERS
        months.append(pd.DataFrame({"person": person, "pilot": pilot, "month": month}))
    people = pd.concat(months, ignore_index=True)
    own = traits[people["person"]]
    chance = 0.4 + 0.18 * np.tanh(own @ [1.0, -0.5]) + 0.01 * people["month"]
    draws = luck[people["person"]] if keep_their_luck else random.random(len(people))
    left = draws < chance + TRUE_EFFECT * people["pilot"]
    people = people.assign(
        left=left.astype(float), weeks_before=own[:, 0], age=own[:, 1]
    )
    names = {
        "person": "person",
        "month": "month",
        "covariates": ["weeks_before", "age"],
    }
    return Cohort.from_frame(people, group="pilot", outcome="left", **names)


def estimates(seed: int) -> dict[str, tuple[float, float, float, float]]:
    """Return estimate, se and interval of every method on one simulated study."""
    cohort = recurring_people(np.random.default_rng([20210501, seed]))
    found = {
        name: adjusted_difference(cohort, **choices)
        for name, choices in METHODS.items()
    }
    people = cohort.people.rename(
        columns={"month": "stratum", "outcome": "value", "person": "cluster"}
    )
    people["pilot"] = people["group"] == "pilot"
    found["raw"] = clustered_difference(people, level=0.95)
    return {
        name: (effect.estimate, effect.se, effect.ci_low, effect.ci_high)
        for name, effect in found.items()
    }


@pytest.fixture(scope="module")
def studies(replicates) -> dict[str, pd.DataFrame]:
    rows = [estimates(seed) for seed in range(replicates)]
    columns = ["estimate", "se", "ci_low", "ci_high"]
    return {
        name: pd.DataFrame([row[name] for row in rows], columns=columns)
        for name in rows[0]
    }


def covered(runs: pd.DataFrame) -> float:
    return float(
        runs["ci_low"].le(TRUE_EFFECT).mul(runs["ci_high"].ge(TRUE_EFFECT)).mean()
    )


@pytest.mark.slow
def test_the_raw_difference_fails(studies) -> None:
    raw = studies["raw"]
    assert raw["estimate"].mean() - TRUE_EFFECT > 1.5 * raw["estimate"].std()
    assert covered(raw) < 0.7


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_bias_and_standard_error(studies, replicates, method) -> None:
    runs = studies[method]
    sd = runs["estimate"].std()
    chance = 3 / math.sqrt(replicates)
    assert abs(runs["estimate"].mean() - TRUE_EFFECT) < (0.1 + chance) * sd
    assert runs["se"].mean() == pytest.approx(sd, rel=0.06 + chance)


@pytest.mark.slow
def test_controls_used_again_need_independent_rows(replicates) -> None:
    """Their standard error knows of the estimated score, but not of clusters."""
    runs = {}
    for keep in (True, False):
        rows = []
        for seed in range(replicates):
            random = np.random.default_rng([20210502, seed])
            cohort = recurring_people(random, keep_their_luck=keep)
            rows.append(adjusted_difference(cohort, **REUSED))
        runs[keep] = pd.DataFrame(rows)
    chance = 3 / math.sqrt(replicates)
    ratio = {keep: r["se"].mean() / r["estimate"].std() for keep, r in runs.items()}
    assert ratio[False] == pytest.approx(1, rel=0.06 + chance)
    assert ratio[True] < ratio[False]
    bias = runs[False]["estimate"].mean() - TRUE_EFFECT
    assert abs(bias) < (0.1 + chance) * runs[False]["estimate"].std()
    assert abs(covered(runs[False]) - 0.95) <= 0.01 + chance * math.sqrt(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_coverage(studies, replicates, method) -> None:
    chance = math.sqrt(0.95 * 0.05 / replicates)
    assert abs(covered(studies[method]) - 0.95) <= 0.01 + 3 * chance
