"""Entropy balancing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.estimate.groups import entropy
from evalkit.estimate.groups.entropy import entropy_balance


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_means_are_reached_and_weights_have_the_exponential_form(seed, k) -> None:
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.integers(-4, 4, k)
    values = size * rng.normal(size=(80, k))
    target = rng.dirichlet(np.ones(80)) @ values  # inside the hull
    found = entropy_balance(values, target)
    assert found.feasible
    np.testing.assert_allclose((found.weights @ values - target) / size, 0, atol=1e-7)
    assert found.weights.sum() == pytest.approx(1)
    form = np.exp(values @ found.parameters)
    np.testing.assert_allclose(found.weights, form / form.sum(), rtol=1e-6)


def test_no_other_weights_with_these_means_are_more_even() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 2))
    target = np.array([0.3, -0.2])
    found = entropy_balance(values, target).weights
    constraints = np.column_stack([np.ones(40), values])
    away = rng.normal(size=40)
    away -= constraints @ np.linalg.lstsq(constraints, away, rcond=None)[0]
    for step in (-1e-4, 1e-4):
        other = found + step * away / np.abs(away).max()
        assert (other > 0).all()
        assert (other * np.log(other)).sum() > (found * np.log(found)).sum()


def test_means_that_are_there_already_need_no_weights() -> None:
    values = np.random.default_rng(2).normal(size=(50, 3))
    found = entropy_balance(values, values.mean(axis=0))
    np.testing.assert_allclose(found.weights, 1 / 50)


def test_base_weights_are_kept_near() -> None:
    values = np.random.default_rng(3).normal(size=(50, 2))
    base = np.arange(1.0, 51.0)
    found = entropy_balance(values, base @ values / base.sum(), base)
    np.testing.assert_allclose(found.weights, base / base.sum(), rtol=1e-7)


@pytest.mark.parametrize("target", [[5.0, 0.0], [1.2, 1.2]])
def test_means_outside_the_hull_are_infeasible(target) -> None:
    """The second lies within the range of either column, but not of both at once."""
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    values = np.repeat(corners, 20, axis=0)
    found = entropy_balance(values, np.array(target))
    assert not found.feasible
    assert np.isfinite(found.weights).all()
    assert np.abs(found.gap).max() > 0.01


def test_a_target_at_the_edge_leaves_weight_only_there() -> None:
    rng = np.random.default_rng(4)
    level = (np.arange(60) < 15).astype(float)
    age = rng.normal(size=60)
    found = entropy_balance(np.column_stack([level, age]), np.array([0.0, 0.3]))
    assert found.feasible
    assert (found.weights[:15] == 0).all()
    assert (found.weights[15:] > 0).all()
    assert found.weights @ age == pytest.approx(0.3)
    assert found.carriers.tolist() == list(range(15, 60))


def test_columns_that_depend_on_each_other_are_no_obstacle() -> None:
    x = np.random.default_rng(5).normal(size=(60, 1))
    found = entropy_balance(np.hstack([x, 2 * x]), np.array([0.2, 0.4]))
    assert found.feasible


def test_some_rows_show_the_curvature_well_enough(monkeypatch) -> None:
    rng = np.random.default_rng(6)
    values, target = rng.exponential(size=(4000, 4)), np.array([0.8, 1.1, 1.3, 0.9])
    every = entropy_balance(values, target)
    monkeypatch.setattr(entropy, "_ENOUGH", 100)
    some = entropy_balance(values, target)
    np.testing.assert_allclose(some.weights, every.weights, rtol=1e-6)
