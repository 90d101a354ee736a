"""The effect on starters against R, and what its assumption costs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.starters import effect_on_starters, fieller_limits
from tests.estimate.adjusted_people import adjusted_people, cohort_of


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return adjusted_people()


def with_starts(people: pd.DataFrame, outcome: str = "left"):
    cohort = cohort_of(people, outcome)
    cohort.people["started"] = people["started"].to_numpy()
    return cohort


def test_agrees_with_r(reference, people) -> None:
    for row in reference("adjusted_starters").to_dict("records"):
        found = effect_on_starters(with_starts(people, row.pop("outcome")))
        for name, value in row.items():
            assert getattr(found, name) == pytest.approx(value, rel=1e-8), name


def test_where_all_start_it_is_the_effect_on_the_referred(people) -> None:
    cohort = with_starts(people.assign(started=people["pilot"]))
    found, whole = effect_on_starters(cohort), adjusted_difference(cohort)
    for name in ("estimate", "se", "ci_low", "ci_high", "pilot", "control"):
        assert getattr(found, name) == pytest.approx(getattr(whole, name), abs=1e-12)
    assert found.fieller_low == pytest.approx(found.ci_low)
    assert math.isinf(found.tipping)


def test_sensitivity_is_a_line_through_the_estimate_and_the_tipping(people) -> None:
    found = effect_on_starters(with_starts(people))
    line = found.sensitivity([0.0, found.tipping])
    assert line["estimate"].to_list() == pytest.approx([found.estimate, 0], abs=1e-12)
    assert (line["ci_high"] - line["ci_low"]).nunique() <= 2
    assert len(found.sensitivity()) == 6


def test_starters_and_others_make_up_the_referred(people) -> None:
    found = effect_on_starters(with_starts(people))
    on_others = 0.04
    then = found.sensitivity([on_others])["estimate"].iloc[0]
    whole = found.started * then + (1 - found.started) * on_others
    assert whole == pytest.approx(found.referred)


def test_it_finds_the_effect_that_a_start_has() -> None:
    random = np.random.default_rng(4)
    n = 40_000
    weeks = random.integers(1, 105, n)
    referred = random.random(n) < 0.5 - 0.003 * weeks
    # Those who found a job by themselves do not start, and are not unemployed either.
    finds = random.random(n) < 0.5 - 0.003 * weeks
    started = referred & ~finds
    helped = started & (random.random(n) < 0.2)
    table = pd.DataFrame(
        {"pilot": referred, "left": finds | helped, "weeks_before": weeks}
    )
    cohort = cohort_of(table, covariates=["weeks_before"], person=None, month=None)
    cohort.people["started"] = started
    found = effect_on_starters(cohort)
    assert abs(found.estimate - 0.2) < 3 * found.se
    naive = table["left"][started].mean() - table["left"][~referred].mean()
    assert naive < 0.1  # starters against controls is far off


def test_fieller_is_unbounded_where_nearly_nobody_starts() -> None:
    covariance = np.diag([1e-4, 1e-4])
    assert fieller_limits(0.01, 0.01, covariance, 1.96) == (-math.inf, math.inf)
    low, high = fieller_limits(0.01, 0.8, covariance, 1.96)
    assert low < 0.01 / 0.8 < high


def test_the_assumption_is_stated(people) -> None:
    assert "for those who do not start" in effect_on_starters(with_starts(people)).note


def test_what_cannot_be(people) -> None:
    with pytest.raises(EstimationError, match="no column 'began'"):
        effect_on_starters(with_starts(people), started="began")
    with pytest.raises(EstimationError, match="Nobody started"):
        effect_on_starters(with_starts(people.assign(started=0)))
    unknown = people.assign(started=people["started"].where(people["age"] < 60))
    with pytest.raises(EstimationError, match="not True or False"):
        effect_on_starters(with_starts(unknown))
