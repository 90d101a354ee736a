"""The verdict: the table of decisions, its identities, and how often it errs."""

import math
import os

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.effect import normal_quantile
from evalkit.evaluation import estimates
from evalkit.evaluation.evaluation import evaluate
from evalkit.evaluation.verdict import WITHHELD
from tests.evaluation.constructed import constructed

REPLICATES = int(os.environ.get("EVALKIT_REPLICATES", "40"))
OPPOSITE = {
    "better": "worse",
    "better_less_than_d": "worse_less_than_d",
    "worse": "better",
    "worse_less_than_d": "better_less_than_d",
}


@pytest.mark.parametrize("estimate", np.linspace(-0.12, 0.12, 13))
@pytest.mark.parametrize("se", [0.005, 0.015, 0.03, 0.05])
def test_swapped_signs_swap_the_verdict(estimate, se) -> None:
    here = constructed(estimate=estimate, se=se, strict=estimate / 2).verdict
    there = constructed(estimate=-estimate, se=se, strict=-estimate / 2).verdict
    assert there.code == OPPOSITE.get(here.code, here.code)


@pytest.mark.parametrize("estimate", np.linspace(-0.12, 0.12, 13))
@pytest.mark.parametrize("se", [0.005, 0.0135, 0.0145, 0.03])
def test_a_study_with_a_small_error_always_decides(estimate, se) -> None:
    """D over the sum of both quantiles: 0.05 / (1.96 + 1.645) = 0.01387."""
    verdict = constructed(estimate=estimate, se=se, strict=None).verdict
    decides = se < 0.05 / (normal_quantile(0.95) + normal_quantile(0.9))
    assert verdict.code != "cannot_tell" or not decides
    assert (verdict.n_more > 0) or verdict.code != "cannot_tell"


def test_the_size_that_is_asked_for_is_one_that_decides() -> None:
    se = 0.04
    verdict = constructed(estimate=0.02, se=se, strict=None).verdict
    assert verdict.code == "cannot_tell"
    more = (300 + verdict.n_more) / 300
    reached = se / math.sqrt(more)
    limit = 0.05 / (normal_quantile(0.95) + normal_quantile(0.9))
    assert reached == pytest.approx(limit, rel=0.03)  # the formula's own variances


def test_a_limit_at_zero_does_not_leave_zero_out() -> None:
    z = normal_quantile(0.95)
    assert constructed(estimate=z * 0.02, se=0.02).verdict.code == "cannot_tell"
    assert constructed(estimate=z * 0.02 + 1e-9, se=0.02).verdict.code == "better"


def test_a_narrow_limit_beyond_d_is_not_inside() -> None:
    se = 0.05 / normal_quantile(0.9)
    assert constructed(estimate=0, se=se + 1e-9).verdict.code == "cannot_tell"
    inside = constructed(estimate=0, se=se - 1e-9).verdict
    assert inside.code == "no_difference_larger_than_d"


def test_the_narrow_interval_is_that_of_two_one_sided_tests() -> None:
    verdict = constructed(estimate=0.01, se=0.01).verdict
    assert verdict.narrow_high - 0.01 == pytest.approx(0.01 * 1.6448536, abs=1e-8)


def test_hidden_selection_that_hides_a_difference_of_d() -> None:
    """No difference: the bias is D less the farther narrow limit."""
    verdict = constructed(estimate=0.01, se=0.01, hidden=(1.2, 0.0, 0.02)).verdict
    bias = 0.05 - (0.01 + 0.01 * normal_quantile(0.9))
    assert verdict.benchmark == "age"
    assert verdict.benchmark_times == pytest.approx(bias / 0.02)


def test_the_reasons_are_those_of_the_closed_door() -> None:
    verdict = constructed(outside=0.5, means=(0.15, 0, 0.3), pilots=3).verdict
    assert [check.code for check in verdict.reasons] == ["support"]
    assert constructed().verdict.reasons == ()


def test_one_row_holds_it() -> None:
    row = constructed(pilots=3).verdict.to_frame().iloc[0]
    assert (row["code"], row["reasons"]) == ("too_small", "pilots")


def people(random, n, *, effect=0.0):
    weeks = random.integers(1, 105, n)
    served = random.random(n) < 0.4 - 0.003 * weeks
    left = random.random(n) < 0.6 - 0.004 * weeks + effect * served
    return pd.DataFrame({"treat": served, "y": left, "weeks_before": weeks})


def verdict_on(table, monkeypatch):
    """Return the verdict, without the parts that it does not look at."""

    def left_out(*_, **__):
        raise EstimationError("left out")

    for name in ("decompose", "all_estimators", "e_values", "worst_case_bounds"):
        monkeypatch.setattr(estimates, name, left_out)
    cohort = Cohort.from_frame(
        table, group="treat", outcome="y", covariates=["weeks_before"]
    )
    return evaluate(cohort).verdict


@pytest.mark.slow
def test_without_a_difference_better_is_said_once_in_forty(monkeypatch) -> None:
    """Two-sided at 95 %: a fortieth; the test allows four standard errors."""
    random = np.random.default_rng(11)
    codes = [
        verdict_on(people(random, 2000), monkeypatch).code for _ in range(REPLICATES)
    ]
    said = sum(code.startswith("better") for code in codes) / REPLICATES
    assert said <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / REPLICATES)
    assert not set(codes) & WITHHELD


@pytest.mark.slow
def test_with_a_difference_of_ten_points_better_is_said(monkeypatch) -> None:
    random = np.random.default_rng(12)
    codes = [
        verdict_on(people(random, 4000, effect=0.1), monkeypatch).code
        for _ in range(max(REPLICATES // 4, 5))
    ]
    assert sum(code == "better" for code in codes) >= 0.9 * len(codes)


@pytest.mark.slow
def test_where_the_groups_do_not_overlap_nothing_is_said(monkeypatch) -> None:
    """The pilot took the newly unemployed only; controls are long unemployed."""
    random = np.random.default_rng(13)
    for _ in range(max(REPLICATES // 4, 5)):
        table = people(random, 2000, effect=0.2)
        new = table["weeks_before"] < 20
        apart = table[new == table["treat"]]
        assert verdict_on(apart, monkeypatch).code in WITHHELD


@pytest.mark.slow
def test_few_people_give_no_verdict(monkeypatch) -> None:
    random = np.random.default_rng(14)
    for _ in range(max(REPLICATES // 4, 5)):
        verdict = verdict_on(people(random, 90, effect=0.3), monkeypatch)
        assert verdict.code in WITHHELD
