"""What a result and an additional exit cost, and when that cannot be said."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import EvalkitError, difference_in_shares
from evalkit.estimate.effect import Effect, normal_quantile
from evalkit.fees.costs import cost_per_additional_exit, cost_per_result, fieller
from evalkit.fees.invoice import bill
from tests.fees.small_contract import make_contract

Z = normal_quantile(0.95)


@pytest.fixture(scope="module")
def made():
    """A year of the fixed fee: 50,000, with tax 62,000."""
    contract = make_contract(
        fixed={"a_year": 50_000},
        contract={
            "first": make_contract().contract.first.replace(year=2020, month=1),
            "last": make_contract().contract.last.replace(year=2020, month=12),
        },
        changes=None,
    )
    return bill([], contract)


def effect(estimate: float, se: float) -> Effect:
    return Effect(
        estimate=estimate, se=se, ci_low=estimate - Z * se, ci_high=estimate + Z * se,
        p_value=math.nan, pilot=math.nan, control=math.nan, n_pilot=1000,
        n_control=5000, level=0.95, method="", note="from elsewhere",
    )  # fmt: skip


def test_cost_per_result(made) -> None:
    cost = cost_per_result(made, {"positive": 795, "none": 0})
    frame = cost.to_frame().set_index("result")
    assert frame.loc["positive", "cost_per_result"] == Decimal("62.89")
    assert frame.loc["none", "cost_per_result"] is None
    assert "without value added tax" in cost.note
    taxed = cost_per_result(made, {"positive": 795}, with_vat=True)
    assert taxed.cost == 62_000


def test_a_negative_count_is_refused(made) -> None:
    with pytest.raises(EvalkitError, match="may not be negative: positive"):
        cost_per_result(made, {"positive": -1})


def test_cost_per_additional_exit_by_hand(made) -> None:
    """Five points of 1,000 people are 50 exits: 50,000 / 50; its ends are the ends
    of the difference's interval, turned round."""
    difference = effect(0.05, 0.01)
    cost = cost_per_additional_exit(made, difference, 1000)
    assert (cost.estimate, cost.exits, cost.bounded) == (1000, 50, True)
    assert float(cost.ci_low) == pytest.approx(50 / difference.ci_high, abs=0.005)
    assert float(cost.ci_high) == pytest.approx(50 / difference.ci_low, abs=0.005)
    assert cost.note == "without value added tax; from elsewhere"
    assert cost.to_frame()["estimate"].tolist() == [Decimal("1000.00")]


def test_unbounded_where_the_difference_may_be_zero(made) -> None:
    difference = effect(0.05, 0.04)
    cost = cost_per_additional_exit(made, difference, 1000)
    assert not cost.bounded
    assert cost.ci_high == Decimal("Infinity")
    assert float(cost.ci_low) == pytest.approx(50 / difference.ci_high, abs=0.005)
    assert float(cost.below) == pytest.approx(50 / difference.ci_low, abs=0.005)
    assert "unbounded" in cost.note


def test_fewer_exits_are_no_price(made) -> None:
    cost = cost_per_additional_exit(made, effect(-0.05, 0.01), 1000)
    assert cost.estimate == -1000
    assert cost.bounded
    assert cost.ci_low < cost.estimate < cost.ci_high < 0
    assert "more paid for less" in cost.note


def test_no_difference_at_all(made) -> None:
    cost = cost_per_additional_exit(made, effect(0.0, 0.01), 1000)
    assert cost.estimate.is_nan()
    assert not cost.bounded
    assert (float(cost.ci_low), float(cost.below)) == pytest.approx(
        (50 / (Z * 0.01), -50 / (Z * 0.01)), abs=0.005
    )


def test_a_pooled_difference_serves(made) -> None:
    difference = difference_in_shares((560, 1000), (2500, 5000))
    cost = cost_per_additional_exit(made, difference, 1000)
    assert cost.level == difference.level
    assert cost.bounded


def test_what_no_cost_can_be_worked_out_from(made) -> None:
    with pytest.raises(EvalkitError, match="must be a number of people"):
        cost_per_additional_exit(made, effect(0.1, 0.1), 0)
    with pytest.raises(EvalkitError, match="no standard error"):
        cost_per_additional_exit(made, effect(0.1, math.nan), 10)


def test_a_cost_that_is_itself_uncertain(made) -> None:
    """Its error is of the sum, as the cost is; the set is wider for it."""
    difference = effect(0.05, 0.01)
    known = cost_per_additional_exit(made, difference, 1000)
    cost = cost_per_additional_exit(made, difference, 1000, cost_se=5000)
    ratio = fieller(50, 0.05, 5, 0.01, Z)
    ends = (float(cost.ci_low), float(cost.ci_high))
    assert ends == pytest.approx((ratio.low, ratio.high), abs=0.005)
    assert cost.ci_low < known.ci_low < known.ci_high < cost.ci_high


numbers = st.floats(-10, 10).filter(lambda x: abs(x) > 1e-3)
errors = st.floats(0.01, 5)


@given(numbers, numbers, errors | st.just(0.0), errors)
def test_the_set_holds_what_its_definition_holds(a, b, se_a, se_b) -> None:
    """A ratio r is in the set where (a - r b)^2 <= z^2 (se_a^2 + r^2 se_b^2)."""
    found = fieller(a, b, se_a, se_b, Z)
    assert found.bounded == (b**2 > (Z * se_b) ** 2)
    for ratio in np.linspace(-20, 20, 81):
        gap = (a - ratio * b) ** 2 - Z**2 * (se_a**2 + ratio**2 * se_b**2)
        if found.bounded:
            inside = found.low <= ratio <= found.high
        else:
            inside = ratio >= found.low or ratio <= found.below
        if abs(gap) > 1e-6 * (1 + ratio**2):
            assert inside == (gap <= 0)


@given(numbers, numbers, errors, errors)
def test_swapping_signs_of_both_changes_nothing(a, b, se_a, se_b) -> None:
    assert fieller(a, b, se_a, se_b, Z) == fieller(-a, -b, se_a, se_b, Z)


@pytest.mark.parametrize(("a", "low"), [(1.0, 0.5), (-1.0, -math.inf)])
def test_one_end_at_infinity(a, low) -> None:
    """Where the difference is exactly z standard errors from zero."""
    found = fieller(a, 2.0, 0.0, 1.0, 2.0)
    assert not found.bounded
    assert found.low == pytest.approx(low / 2 if a > 0 else low)


def test_every_ratio_may_be_in_the_set() -> None:
    found = fieller(0.1, 0.1, 1.0, 1.0, 2.0)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_coverage() -> None:
    """The set holds the true ratio in 95 of 100 samples, bounded or not."""
    rng = np.random.default_rng(1954)
    held = 0
    for a, b in zip(
        rng.normal(2.0, 0.5, 4000), rng.normal(0.5, 0.2, 4000), strict=True
    ):
        found = fieller(a, b, 0.5, 0.2, Z)
        truth = 4.0
        if found.bounded:
            held += found.low <= truth <= found.high
        else:
            held += truth >= found.low or truth <= found.below
    assert held / 4000 == pytest.approx(0.95, abs=0.011)
