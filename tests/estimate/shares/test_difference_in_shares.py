"""The difference in shares against publications, R, identities and exact coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from evalkit.errors import EstimationError
from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.estimate.shares.share_intervals import LIMITS

METHODS = ["newcombe", "score", "agresti-caffo", "wald"]
PROPER = METHODS[:3]  # those that have an interval whatever the counts

# Newcombe (1998), table II: method 10 (hybrid score) and method 6 (Miettinen and
# Nurminen), printed with four decimals.
NEWCOMBE_TABLE_II = [
    ((56, 70), (48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10), (3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7), (2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56), (0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10), (0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10), (0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10), (0, 20), (0.6791, 1.0000), (0.7156, 1.0000)),
    ((10, 10), (0, 10), (0.6075, 1.0000), (0.6636, 1.0000)),
]


@st.composite
def groups(draw):
    people = draw(st.integers(1, 400))
    return draw(st.integers(0, people)), people


@pytest.mark.parametrize(("pilot", "control", "hybrid", "score"), NEWCOMBE_TABLE_II)
def test_published_intervals(pilot, control, hybrid, score) -> None:
    for method, published in (("newcombe", hybrid), ("score", score)):
        difference = difference_in_shares(pilot, control, method=method)
        found = (difference.ci_low, difference.ci_high)
        assert found == pytest.approx(published, abs=0.00005001)


@pytest.mark.parametrize(
    ("method", "published"),
    [("wald", (-0.11218742, 0.06227017)), ("agresti-caffo", (-0.10353254, 0.07781192))],
)
def test_published_free_throws(method, published) -> None:
    """Larry Bird's second throws: Bilder and Loughin (2014), section 1.2.2."""
    difference = difference_in_shares((251, 285), (48, 53), method=method)
    assert (difference.ci_low, difference.ci_high) == pytest.approx(published, abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_agrees_with_r(reference, method) -> None:
    table = reference("differences").query("method == @method")
    assert len(table) == 45
    for row in table.itertuples():
        difference = difference_in_shares(
            (row.x1, row.n1), (row.x0, row.n0), method=method, level=row.level
        )
        found = (difference.ci_low, difference.ci_high, difference.p_value)
        expected = (row.ci_low, row.ci_high, row.p_value)
        assert found == pytest.approx(expected, abs=1e-8, nan_ok=True)


def test_carries_what_an_effect_carries() -> None:
    difference = difference_in_shares((14, 40), (140, 500), level=0.9)
    assert difference.estimate == pytest.approx(0.35 - 0.28)
    assert difference.se == pytest.approx(
        math.sqrt(0.35 * 0.65 / 40 + 0.28 * 0.72 / 500)
    )
    assert (difference.pilot, difference.control) == (0.35, 0.28)
    assert (difference.n_pilot, difference.n_control) == (40, 500)
    assert (difference.level, difference.method) == (0.9, "newcombe")
    assert difference.note == ""
    assert difference.to_frame().loc[0, "estimate"] == difference.estimate


def test_agresti_caffo_standard_error_is_of_the_adjusted_shares() -> None:
    difference = difference_in_shares((0, 10), (0, 10), method="agresti-caffo")
    assert difference.se == pytest.approx(math.sqrt(2 * (1 / 12) * (11 / 12) / 12))
    assert difference.estimate == 0


@given(pilot=groups(), control=groups(), method=st.sampled_from(PROPER))
def test_bounds(pilot, control, method) -> None:
    difference = difference_in_shares(pilot, control, method=method)
    assert -1 <= difference.ci_low < difference.ci_high <= 1
    assert (
        difference.ci_low - 1e-12 <= difference.estimate <= difference.ci_high + 1e-12
    )
    assert 0 <= difference.p_value <= 1


@given(pilot=groups(), control=groups(), method=st.sampled_from(METHODS))
def test_swapping_the_groups_flips_the_signs(pilot, control, method) -> None:
    there = difference_in_shares(pilot, control, method=method)
    back = difference_in_shares(control, pilot, method=method)
    found = (back.estimate, back.ci_low, back.ci_high, back.p_value, back.se)
    expected = (
        -there.estimate, -there.ci_high, -there.ci_low, there.p_value, there.se
    )  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(pilot=groups(), control=groups(), method=st.sampled_from(PROPER))
def test_counting_the_others_flips_the_signs(pilot, control, method) -> None:
    left = difference_in_shares(pilot, control, method=method)
    stayed = difference_in_shares(
        (pilot[1] - pilot[0], pilot[1]),
        (control[1] - control[0], control[1]),
        method=method,
    )
    found = (stayed.ci_low, stayed.ci_high, stayed.p_value)
    expected = (-left.ci_high, -left.ci_low, left.p_value)
    assert found == pytest.approx(expected, abs=1e-9)


@given(
    pilot=groups(),
    control=groups(),
    method=st.sampled_from(PROPER),
    level=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
def test_p_value_and_interval_say_the_same(pilot, control, method, level) -> None:
    difference = difference_in_shares(pilot, control, method=method, level=level)
    nearest = min(abs(difference.ci_low), abs(difference.ci_high))
    if nearest > 1e-9:  # not on the edge itself
        outside = not difference.ci_low < 0 < difference.ci_high
        assert outside == (difference.p_value < 1 - level)


@pytest.mark.parametrize("method", PROPER)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99, 0.9999])
def test_a_higher_level_is_wider(method, level) -> None:
    narrow = difference_in_shares((9, 30), (140, 500), method=method, level=level)
    wide = difference_in_shares((9, 30), (140, 500), method=method, level=level + 5e-5)
    assert wide.ci_low < narrow.ci_low
    assert wide.ci_high > narrow.ci_high


@pytest.mark.parametrize("method", METHODS)
def test_methods_agree_in_large_groups(method) -> None:
    difference = difference_in_shares((300_000, 10**6), (10**5, 10**6), method=method)
    half = 1.959963985 * math.sqrt((0.21 + 0.09) / 10**6)
    assert difference.ci_low == pytest.approx(0.2 - half, abs=1e-6)
    assert difference.ci_high == pytest.approx(0.2 + half, abs=1e-6)


def test_wald_without_variation_has_no_interval() -> None:
    difference = difference_in_shares((10, 10), (0, 20), method="wald")
    assert difference.estimate == 1
    assert math.isnan(difference.ci_low)
    assert math.isnan(difference.ci_high)
    assert math.isnan(difference.p_value)
    assert "no variation" in difference.note


def test_a_standard_error_of_zero_is_explained() -> None:
    assert "rely on the interval" in difference_in_shares((0, 10), (0, 20)).note


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("pilot", "control", "note"),
    [
        ((0, 0), (3, 10), "nobody in the pilot group"),
        ((3, 10), (0, 0), "nobody in the control group"),
        ((0, 0), (0, 0), "nobody in the pilot and the control group"),
    ],
)
def test_empty_group(method, pilot, control, note) -> None:
    difference = difference_in_shares(pilot, control, method=method)
    assert difference.note == note
    assert math.isnan(difference.estimate)
    assert math.isnan(difference.se)
    assert math.isnan(difference.ci_low)
    assert math.isnan(difference.p_value)


def test_counts_may_come_from_a_table() -> None:
    whole = difference_in_shares((70, 100), (230, 500))
    floats = difference_in_shares((np.float64(70), np.int64(100)), (230.0, 500))
    assert floats == whole


@pytest.mark.parametrize(
    ("pilot", "message"),
    [
        ((11, 10), "`pilot` has 11 events among 10 people"),
        ((-1, 10), "two counts"),
        ((1, -10), "two counts"),
        ((2.5, 10), "two counts"),
        ((math.nan, 10), "two counts"),
        ((1, math.inf), "two counts"),
        (("1", 10), "two counts"),
        ((1, 2, 3), "two counts"),
        (7, "two counts"),
    ],
)
def test_unlawful_counts(pilot, message) -> None:
    with pytest.raises(EstimationError, match=message):
        difference_in_shares(pilot, (1, 10))
    with pytest.raises(EstimationError, match=message.replace("pilot", "control")):
        difference_in_shares((1, 10), pilot)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
def test_unlawful_level(level) -> None:
    with pytest.raises(EstimationError, match="`level` must be between 0 and 1"):
        difference_in_shares((1, 10), (2, 10), level=level)


def test_unknown_method() -> None:
    with pytest.raises(EstimationError, match="newcombe, score, agresti-caffo, wald"):
        difference_in_shares((1, 10), (2, 10), method="exact")


def coverage(method: str, n1: int, n0: int, p1: float, p0: float) -> float:
    """Return the exact chance that the 95 % interval holds the true difference."""
    x1, x0 = np.meshgrid(np.arange(n1 + 1.0), np.arange(n0 + 1.0), indexing="ij")
    low, high = LIMITS[method](
        x1, np.full_like(x1, n1), x0, np.full_like(x0, n0), normal_quantile(0.95)
    )
    chance = binom.pmf(x1, n1, p1) * binom.pmf(x0, n0, p0)
    holds = (low <= p1 - p0) & (p1 - p0 <= high)
    return float(chance[holds].sum())


@pytest.mark.parametrize("method", PROPER)
@pytest.mark.parametrize(
    ("n1", "n0", "p1", "p0"),
    [
        (20, 500, 0.30, 0.25),
        (50, 500, 0.40, 0.40),
        (10, 10, 0.5, 0.4),
        (40, 60, 0.2, 0.1),
    ],
)
def test_exact_coverage(method, n1, n0, p1, p0) -> None:
    assert 0.935 <= coverage(method, n1, n0, p1, p0) <= 0.98


def test_walds_interval_does_not_cover_in_small_groups() -> None:
    assert coverage("wald", 20, 500, 0.05, 0.05) < 0.75
    assert coverage("newcombe", 20, 500, 0.05, 0.05) > 0.94
