"""Logistic regression."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.groups.design_matrix import design_matrix
from evalkit.estimate.groups.gram import blocks, gram
from evalkit.estimate.groups.propensity import expit, logistic


def test_coefficients_and_probabilities_agree_with_r(
    reference, weighted_cohort
) -> None:
    matrix = design_matrix(weighted_cohort)
    pilot = weighted_cohort.is_pilot.to_numpy(float)
    fit = logistic(matrix.values, pilot)
    table = reference("logit")
    np.testing.assert_allclose(fit.coefficients, table["coefficient"], atol=1e-8)
    np.testing.assert_allclose(fit.fitted, reference("weights")["score"], atol=1e-8)
    np.testing.assert_allclose(expit(fit.linear), fit.fitted)
    assert fit.converged
    assert not fit.separated
    assert fit.note == ""


def test_prior_weights_agree_with_r(reference, weighted_cohort) -> None:
    matrix = design_matrix(weighted_cohort)
    weights = 1.0 + np.arange(1, len(matrix.values) + 1) % 3
    fit = logistic(matrix.values, weighted_cohort.is_pilot.to_numpy(float), weights)
    np.testing.assert_allclose(
        fit.coefficients, reference("logit")["weighted"], atol=1e-8
    )


def test_units_do_not_matter() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 3))
    y = (rng.random(300) < expit(x @ [1.0, -1, 0.5])).astype(float)
    units = np.array([1e-8, 1.0, 1e9])
    plain, scaled = logistic(x, y), logistic(x * units + 3 * units, y)
    np.testing.assert_allclose(scaled.fitted, plain.fitted, rtol=1e-9)
    np.testing.assert_allclose(
        scaled.coefficients[1:] * units, plain.coefficients[1:], rtol=1e-8
    )


def test_the_score_equations_hold() -> None:
    rng = np.random.default_rng(6)
    x = rng.exponential(size=(500, 4))
    y = (rng.random(500) < 0.2).astype(float)
    residual = y - logistic(x, y).fitted
    assert abs(residual.sum()) < 1e-8
    assert np.abs(residual @ x).max() < 1e-8


def test_groups_that_covariates_tell_apart_are_separated() -> None:
    age = np.arange(20.0)[:, None]
    fit = logistic(age, (age[:, 0] > 9).astype(float))
    assert fit.separated
    assert not fit.converged
    assert "separation" in fit.note
    assert np.isfinite(fit.fitted).all()


def test_one_level_without_pilots_is_separated_and_leaves_the_others_alone() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 1))
    level = (np.arange(400) < 30).astype(float)[:, None]
    y = (rng.random(400) < expit(x[:, 0])).astype(float) * (1 - level[:, 0])
    fit = logistic(np.column_stack([x, level]), y)
    others = logistic(x[30:], y[30:])
    assert fit.separated
    np.testing.assert_allclose(fit.fitted[30:], others.fitted, atol=1e-5)
    assert fit.fitted[:30].max() < 1e-4


def test_one_group_alone_has_no_score() -> None:
    with pytest.raises(EstimationError, match="both groups"):
        logistic(np.arange(3.0)[:, None], np.ones(3))


def test_blocks_of_rows_sum_to_the_whole() -> None:
    rng = np.random.default_rng(8)
    values, weights = rng.normal(size=(70_000, 3)), rng.random(70_000)
    assert len(list(blocks(70_000))) > 1
    np.testing.assert_allclose(gram(values, weights), (values.T * weights) @ values)
