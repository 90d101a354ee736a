"""All estimators side by side."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.specifications import all_estimators
from evalkit.estimate.months.comparison import compare
from tests.estimate.adjusted_people import adjusted_people, cohort_of


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return adjusted_people()


def test_each_row_is_what_its_estimator_says(people) -> None:
    cohort = cohort_of(people)
    table = all_estimators(cohort).to_frame().set_index("specification")
    for name, choices in {
        "aipw": {},
        "regression-linear": {"method": "regression", "outcome_model": "linear"},
        "entropy-variances": {"method": "entropy", "moments": 2},
        "matching-three": {"method": "matching", "replace": True, "ratio": 3},
    }.items():
        found = adjusted_difference(cohort, **choices)
        for column in ("estimate", "se", "ci_low", "ci_high", "n_pilot", "n_control"):
            assert table.loc[name, column] == getattr(found, column), (name, column)
    assert len(table) == 12


def test_the_raw_difference_is_the_pooled_one(people) -> None:
    cohort = cohort_of(people)
    raw, pooled = all_estimators(cohort).to_frame().iloc[0], compare(cohort).pooled
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
        assert raw[name] == pytest.approx(getattr(pooled, name), abs=1e-12)


def test_span_leaves_the_raw_difference_out(people) -> None:
    found = all_estimators(cohort_of(people))
    low, high = found.span
    adjusted = found.table["estimate"][1:]
    assert (low, high) == (adjusted.min(), adjusted.max())
    assert found.table["estimate"][0] > high


def test_sets_of_covariates_are_run_one_by_one(people) -> None:
    sets = {"all": ["weeks_before", "age", "place"], "only age": ["age"]}
    table = all_estimators(cohort_of(people), covariates=sets).to_frame()
    assert list(table["covariates"].unique()) == ["", "all", "only age"]
    assert len(table) == 1 + 2 * 11


def test_what_cannot_be_estimated_says_why(people) -> None:
    apart = people.assign(age=people["age"] + 100 * people["pilot"])
    table = all_estimators(cohort_of(apart)).to_frame().set_index("specification")
    assert pd.isna(table.loc["entropy", "estimate"])
    assert "No weights of the controls" in table.loc["entropy", "note"]


def test_unlawful_input_is_still_an_error(people) -> None:
    with pytest.raises(EstimationError, match="no column shoe_size"):
        all_estimators(cohort_of(people), covariates=["shoe_size"])
    with pytest.raises(EstimationError, match="`headline` is unknown"):
        all_estimators(cohort_of(people), headline="best")
