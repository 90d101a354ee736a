"""The hazard in intervals against R's glm, and what must be so."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.discrete_time import discrete_time_hazard
from evalkit.estimate.weights import weigh

CASE = ["clock", "width", "link", "weighted"]


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("weighted", [0, 1])
def test_glm_of_r(
    cox_people, reference, make_survival_cohort, clock, width, link, weighted
) -> None:
    theirs = reference("survival/discrete")
    theirs = theirs[(theirs[CASE] == (clock, width, link, weighted)).all(axis=1)]
    cohort = make_survival_cohort(cox_people)
    given = dataclasses.replace(weigh(cohort), values=cox_people["weight"])
    ours = {
        errors: discrete_time_hazard(
            cohort,
            interval=width,
            link=link,
            covariates=None,
            clock=clock,
            strata="month",
            weights=given if weighted else None,
            errors=errors,
        )
        for errors in ("model", "clustered")
    }
    table = ours["model"].coefficients
    terms = table["term"].str.replace("stratum", "month").str.replace(" = ", "")
    theirs = theirs.set_index("term").loc[terms]
    for found, known in (
        (table["coef"], theirs["coef"]),
        (table["se"], theirs["se"]),
        (ours["clustered"].coefficients["se"], theirs["clustered"]),
    ):
        np.testing.assert_allclose(found, known, rtol=1e-7)
    first = theirs.iloc[0]
    assert ours["model"].log_likelihood == pytest.approx(first["log_likelihood"])
    assert ours["model"].baseline["piece"].max() == first["n_pieces"]
