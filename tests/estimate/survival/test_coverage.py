"""Coverage of curves and differences when people are drawn again: simulations."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.horizon_difference import (
    rmst_difference,
    survival_difference,
)
from evalkit.estimate.survival.log_rank import log_rank
from tests.estimate.survival.stock import (
    constant,
    declining,
    stock_register,
    survival,
)

RATIO = 1.4
WEEKS = {"entry": (4, 13, 20), "registration": (13, 20, 30)}
HAZARDS = {"entry": constant, "registration": declining}
CLOCKS = list(WEEKS)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulated(replicates):
    """Registers of each clock: only a constant hazard is known on that of entry."""
    random = np.random.default_rng(1958)
    return {
        clock: [stock_register(random, hazard, ratio=RATIO) for _ in range(replicates)]
        for clock, hazard in HAZARDS.items()
    }


def assert_covered(inside: list[bool], *, off: float = 0.01) -> None:
    """Hold that 95 % of the intervals hold the truth, within 3 standard errors."""
    allowed = off + 3 * math.sqrt(0.95 * 0.05 / len(inside))
    assert abs(np.mean(inside) - 0.95) <= allowed, np.mean(inside)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(("group", "ratio"), [("pilot", RATIO), ("control", 1.0)])
def test_curves_cover(simulated, clock, group, ratio) -> None:
    found = []
    for cohort in simulated[clock]:
        curves = survival_curves(cohort, clock=clock)
        rows = curves.at(WEEKS[clock])
        rows = rows[(rows["group"] == group) & (rows["weeks"] > curves.start)]
        weeks = rows["weeks"].to_numpy()
        truth = survival(HAZARDS[clock], weeks, ratio=ratio, start=curves.start)
        covers = (rows["ci_low"] <= truth) & (truth <= rows["ci_high"])
        found.append(rows.assign(covers=covers))
    every = pd.concat(found)
    held = every.groupby("weeks")["at_risk"].quantile(0.1) >= 30
    weeks = held.index[held]
    assert len(weeks) >= 2
    for week in weeks:
        assert_covered(every["covers"][every["weeks"] == week].tolist())


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("measure", [rmst_difference, survival_difference])
def test_differences_cover(simulated, clock, measure) -> None:
    inside, errors, ses = [], [], []
    horizon = 20 if clock == "registration" else 13
    for cohort in simulated[clock]:
        found = measure(cohort, horizon=horizon, clock=clock)
        truth = true_difference(measure, HAZARDS[clock], horizon, found.start)
        inside.append(found.ci_low <= truth <= found.ci_high)
        errors.append(found.estimate - truth)
        ses.append(found.se)
    assert_covered(inside)
    spread = np.std(errors, ddof=1)
    assert abs(np.mean(errors)) <= 3.5 * spread / math.sqrt(len(errors))
    assert np.mean(ses) == pytest.approx(
        spread, rel=0.04 + 3 / math.sqrt(2 * len(errors))
    )


def true_difference(measure, hazard, horizon, start) -> float:
    weeks = np.arange(start, horizon + 1)
    pilot, control = (
        survival(hazard, weeks, ratio=ratio, start=start) for ratio in (RATIO, 1.0)
    )
    gap = pilot - control
    return float(gap[:-1].sum() if measure is rmst_difference else gap[-1])


def test_rows_that_are_taken_for_people_promise_too_much(simulated) -> None:
    """Ignoring that people recur gives errors that are too small."""
    survivals, honest, ignoring = [], [], []
    for cohort in simulated["entry"]:
        rows = dataclasses.replace(cohort, has_persons=False)
        at = survival_curves(cohort).at(13).set_index("group").loc["control"]
        survivals.append(at["survival"])
        honest.append(at["se"])
        ignoring.append(
            survival_curves(rows).at(13).set_index("group")["se"]["control"]
        )
    spread = np.std(survivals, ddof=1)
    assert np.mean(honest) == pytest.approx(
        spread, rel=0.04 + 3 / math.sqrt(2 * len(honest))
    )
    assert np.mean(ignoring) < 0.9 * np.mean(honest)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("strata", [None, "month"])
def test_the_log_rank_test_keeps_its_level(replicates, clock, strata) -> None:
    random = np.random.default_rng(1966)
    tests = [
        log_rank(stock_register(random, HAZARDS[clock]), clock=clock, strata=strata)
        for _ in range(replicates)
    ]
    assert_covered([test.p_value >= 0.05 for test in tests])


def confounded(random) -> Cohort:
    """Pilots are often of the slower kind, and the two kinds leave alike in both."""
    pilot = np.arange(360) < 120
    slow = random.random(360) < np.where(pilot, 0.7, 0.3)
    weeks = random.geometric(np.where(slow, 0.03, 0.10))
    people = pd.DataFrame(
        {
            "pilot": pilot,
            "slow": slow.astype(float),
            "weeks": np.minimum(weeks, 30),
            "exited": weeks <= 30,
        }
    )
    return Cohort.from_frame(
        people,
        group="pilot",
        outcome="exited",
        weeks="weeks",
        exited="exited",
        covariates=["slow"],
    )


@pytest.mark.parametrize("method", ["entropy", "ipw"])
def test_weighted_differences_cover(replicates, method) -> None:
    random = np.random.default_rng(2016)
    runs = max(replicates // 4, 40)
    found = []
    for _ in range(runs):
        cohort = confounded(random)
        found.append(
            rmst_difference(
                cohort,
                horizon=13,
                weights=weigh(cohort, method=method),
                bootstrap=Bootstrap(replicates=100),
            )
        )
    assert_covered([effect.ci_low <= 0 <= effect.ci_high for effect in found], off=0.02)
    estimates = np.array([effect.estimate for effect in found])
    spread = estimates.std(ddof=1)
    assert abs(estimates.mean()) <= 3.5 * spread / math.sqrt(runs)
    assert np.mean([effect.se for effect in found]) == pytest.approx(
        spread, rel=0.05 + 3 / math.sqrt(2 * runs)
    )
