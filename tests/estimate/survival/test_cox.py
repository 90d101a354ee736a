"""The hazard ratio against R's coxph, published examples, and what must be so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung, load_rossi

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.weights import weigh

CASE = ["clock", "strata", "weighted", "adjusted"]


@pytest.fixture(scope="module")
def people(reference) -> pd.DataFrame:
    return reference("survival/cox_people")


@pytest.fixture(scope="module")
def expected(reference) -> pd.DataFrame:
    return reference("survival/cox").fillna({"strata": ""})


def cohort_of(people: pd.DataFrame, **names: object) -> Cohort:
    columns = {
        "group": "pilot",
        "outcome": "left",
        "weeks": "weeks",
        "exited": "left",
        "weeks_before": "weeks_before",
        "person": "person",
        "month": "month",
        "covariates": ["age", "place"],
    }
    return Cohort.from_frame(people, **{**columns, **names})


def given_weights(cohort: Cohort, values: pd.Series):
    import dataclasses

    return dataclasses.replace(weigh(cohort), values=values)


@pytest.mark.parametrize("clock", ["entry", "registration"])
@pytest.mark.parametrize("strata", ["", "month"])
@pytest.mark.parametrize("weighted", [0, 1])
@pytest.mark.parametrize("adjusted", [0, 1])
def test_coxph_of_r(people, expected, clock, strata, weighted, adjusted) -> None:
    case = (clock, strata, weighted, adjusted)
    theirs = expected[(expected[CASE] == case).all(axis=1)]
    cohort = cohort_of(people)
    ours = {
        errors: hazard_ratio(
            cohort,
            covariates=["age", "place"] if adjusted else (),
            clock=clock,
            strata=strata or None,
            weights=given_weights(cohort, people["weight"]) if weighted else None,
            errors=errors,
        )
        for errors in ("model", "clustered")
    }
    table = ours["model"].coefficients
    terms = table["term"].str.replace(" = ", "", regex=False)
    theirs = theirs.set_index("term").loc[terms]
    for found, known in (
        (table["coef"], theirs["coef"]),
        (table["se"], theirs["se"]),
        (ours["clustered"].coefficients["se"], theirs["clustered"]),
    ):
        np.testing.assert_allclose(found, known, rtol=1e-8)
    first = theirs.iloc[0]
    assert ours["model"].log_likelihood == pytest.approx(first["log_likelihood"])
    assert ours["model"].log_likelihood_null == pytest.approx(
        first["log_likelihood_null"]
    )
