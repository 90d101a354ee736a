"""Coverage of hazard ratios when people are drawn again: simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.discrete_time import discrete_time_hazard
from evalkit.estimate.survival.proportional_hazards import proportional_hazards
from tests.estimate.survival.stock import constant, stock_register

FASTER = 1.4
CLOCKS = ("entry", "registration")

pytestmark = pytest.mark.slow


def true_ratio() -> float:
    """Ratio of the hazards whose weekly chances stand in the proportion `FASTER`."""
    chance = float(constant(np.array(1.0)))
    return math.log(1 - FASTER * chance) / math.log(1 - chance)


@pytest.fixture(scope="module")
def simulated(replicates):
    random = np.random.default_rng(1972)
    return [stock_register(random, constant, ratio=FASTER) for _ in range(replicates)]


def coverage(effects: list, truth: float) -> float:
    return float(np.mean([e.ci_low <= truth <= e.ci_high for e in effects]))


def allowed(n: int, share: float = 0.95) -> float:
    """Return how far from its share a count of n may lie: a point and three errors."""
    return 0.01 + 3 * math.sqrt(share * (1 - share) / n)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("strata", [None, "month"])
def test_the_ratio_of_cox(simulated, clock, strata) -> None:
    asked = {"clock": clock, "strata": strata}
    effects = [hazard_ratio(cohort, **asked) for cohort in simulated]
    assert abs(coverage(effects, true_ratio()) - 0.95) <= allowed(len(effects))
    logs = np.log([effect.estimate for effect in effects])
    bias = logs.mean() - math.log(true_ratio())
    assert abs(bias) <= 0.01 + 3.5 * logs.std() / math.sqrt(len(logs))
    ignoring = [hazard_ratio(c, errors="model", **asked) for c in simulated]
    assert coverage(ignoring, true_ratio()) < coverage(effects, true_ratio())


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_ratio_from_four_weeks(simulated, clock) -> None:
    effects = [discrete_time_hazard(c, interval=4, clock=clock) for c in simulated]
    assert abs(coverage(effects, true_ratio()) - 0.95) <= allowed(len(effects))
    logs = np.log([effect.estimate for effect in effects])
    bias = logs.mean() - math.log(true_ratio())
    assert abs(bias) <= 0.01 + 3.5 * logs.std() / math.sqrt(len(logs))


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_check_of_a_constant_ratio_keeps_its_level(simulated, clock) -> None:
    found = [proportional_hazards(cohort, clock=clock) for cohort in simulated]
    rejected = np.mean([one.table["p_value"].iloc[0] < 0.05 for one in found])
    assert abs(rejected - 0.05) <= allowed(len(found))
