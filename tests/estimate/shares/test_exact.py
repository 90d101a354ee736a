"""Boschloo's exact test against R, published values and its promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, boschloo_exact

from evalkit.errors import EstimationError
from evalkit.estimate.shares.exact import exact_test


def test_agrees_with_r(reference) -> None:
    for row in reference("exact").to_dict("records"):
        test = exact_test(
            (row["x1"], row["n1"]),
            (row["x0"], row["n0"]),
            alternative=row["alternative"],
        )
        assert test.p_value == pytest.approx(row["p_value"], abs=1e-8)
        assert test.fisher_p_value == pytest.approx(row["fisher_p_value"], abs=1e-8)


def test_a_published_example() -> None:
    """Infections among 15 vaccinated and 15 others.

    Mehta CR, Senchaudhuri P (2003). Conditional versus unconditional exact tests for
    comparing two binomials. Fisher 0.0641; unconditional 0.0341 (Barnard's statistic
    orders these tables as Fisher's p-value does).
    """
    test = exact_test((7, 15), (12, 15), alternative="less")
    assert round(test.fisher_p_value, 4) == 0.0641
    assert round(test.p_value, 4) == 0.0341


@pytest.mark.parametrize("side", ["greater", "less"])
@pytest.mark.parametrize("table", [((9, 30), (15, 120)), ((74, 105), (43, 75))])
def test_agrees_with_scipy_on_one_side(table, side) -> None:
    (x1, n1), (x0, n0) = table
    theirs = boschloo_exact([[x1, x0], [n1 - x1, n0 - x0]], alternative=side).pvalue
    ours = exact_test(*table, alternative=side).p_value
    assert ours == pytest.approx(theirs, abs=1e-8)


@st.composite
def groups(draw):
    n1, n0 = draw(st.integers(1, 15)), draw(st.integers(1, 25))
    return (draw(st.integers(0, n1)), n1), (draw(st.integers(0, n0)), n0)


@given(tables=groups())
@settings(max_examples=30, deadline=None)
def test_never_above_fishers_and_the_same_from_either_side(tables) -> None:
    pilot, control = tables
    test, swapped = exact_test(pilot, control), exact_test(control, pilot)
    assert test.p_value <= test.fisher_p_value + 1e-9
    assert swapped.p_value == pytest.approx(test.p_value, abs=1e-9)
    one, other = (exact_test(*t, alternative="greater") for t in (tables, tables[::-1]))
    assert exact_test(*tables, alternative="less").p_value == pytest.approx(
        other.p_value
    )
    assert 0 < one.p_value <= 1


def test_holds_its_level() -> None:
    """The chance of a p-value of at most 0.05, by listing all tables."""
    n1, n0 = 8, 14
    small = np.array(
        [
            [exact_test((x1, n1), (x0, n0)).p_value <= 0.05 for x0 in range(n0 + 1)]
            for x1 in range(n1 + 1)
        ]
    )
    sizes = [
        binom.pmf(range(n1 + 1), n1, p) @ small @ binom.pmf(range(n0 + 1), n0, p)
        for p in np.linspace(0.02, 0.98, 49)
    ]
    assert 0.03 < max(sizes) <= 0.05 + 1e-9


def test_an_empty_group_is_no_test() -> None:
    test = exact_test((0, 0), (3, 9))
    assert math.isnan(test.p_value)
    assert math.isnan(test.pilot)
    assert test.note == "a group is empty"


def test_one_row() -> None:
    frame = exact_test((3, 10), (3, 10)).to_frame()
    assert frame.loc[0, "method"] == "boschloo"
    assert frame.loc[0, "p_value"] == pytest.approx(1)


def test_unlawful_arguments() -> None:
    with pytest.raises(EstimationError, match="alternative"):
        exact_test((1, 2), (1, 2), alternative="both")
    with pytest.raises(EstimationError, match="3 events among 2"):
        exact_test((3, 2), (1, 2))
    with pytest.raises(EstimationError, match="small groups"):
        exact_test((3, 2000), (1, 9000))
