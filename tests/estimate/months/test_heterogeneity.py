"""The variance between strata."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from evalkit.estimate.months import heterogeneity
from evalkit.estimate.months.heterogeneity import reml_tau2

DIFFERENCES = np.array([0.25, -0.23, 0.25, -0.01, 0.22])
VARIANCES = np.array([0.005, 0.003, 0.005, 0.004, 0.004])


def restricted_likelihood(tau2: float) -> float:
    w = 1 / (VARIANCES + tau2)
    mean = np.average(DIFFERENCES, weights=w)
    spread = (w * (DIFFERENCES - mean) ** 2).sum()
    return float(np.log(w).sum() - np.log(w.sum()) - spread) / 2


def test_tau2_is_where_the_restricted_likelihood_is_highest() -> None:
    best = minimize_scalar(
        lambda tau2: -restricted_likelihood(tau2), bounds=(0, 1), method="bounded"
    )
    assert reml_tau2(DIFFERENCES, VARIANCES) == pytest.approx(best.x, abs=1e-5)


def test_strata_that_are_alike_have_none() -> None:
    assert reml_tau2(np.full(4, 0.1), VARIANCES[:4]) == 0


def test_a_search_that_does_not_settle_is_nan(monkeypatch) -> None:
    monkeypatch.setattr(heterogeneity, "_STEPS", 1)
    assert math.isnan(reml_tau2(DIFFERENCES, VARIANCES))
