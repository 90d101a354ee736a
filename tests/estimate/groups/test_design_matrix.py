"""Covariates as columns of numbers."""

# ruff: noqa: PD011  (the values of a design matrix are not pandas')
from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.design_matrix import design_matrix, independent_columns

PEOPLE = pd.DataFrame(
    {
        "treat": [1, 0, 0, 0, 1, 0],
        "y": [1, 0, 0, 1, 0, 0],
        "age": [30.0, 40.0, np.nan, 50.0, 20.0, 60.0],
        "sex": ["woman", "man", "man", "woman", None, "man"],
        "served": [True, False, False, True, True, False],
        "when": ["2021-02", "2021-01", "2021-01", "2021-03", "2021-02", "2021-03"],
    }
)


def cohort(people: pd.DataFrame = PEOPLE, *covariates: str, month: str | None = "when"):
    names = list(covariates or ("age", "sex", "served"))
    return Cohort.from_frame(
        people, group="treat", outcome="y", month=month, covariates=names
    )


def test_numbers_levels_and_months() -> None:
    matrix = design_matrix(cohort(PEOPLE, "age", "sex"))
    assert matrix.names == (
        "age", "age = missing", "sex = woman", "sex = missing",
        "month = 2021-02",
    )  # fmt: skip
    assert matrix.dropped == ("month = 2021-03",)  # the sum of others, in six rows
    assert matrix.terms == ("age", "age", "sex", "sex", "month")
    columns = dict(zip(matrix.names, matrix.values.T.tolist(), strict=True))
    assert columns["age"] == [30, 40, 40, 50, 20, 60]  # the mean of the known ones
    assert columns["age = missing"] == [0, 0, 1, 0, 0, 0]
    assert columns["sex = woman"] == [1, 0, 0, 1, 0, 0]
    assert columns["sex = missing"] == [0, 0, 0, 0, 1, 0]
    assert columns["month = 2021-02"] == [1, 0, 0, 0, 1, 0]


def test_the_most_frequent_level_is_the_reference_and_of_several_the_first() -> None:
    people = PEOPLE.assign(place=["c", "b", "b", "c", "a", "d"])
    matrix = design_matrix(cohort(people, "place"), months=False)
    assert matrix.names == ("place = a", "place = c", "place = d")


def test_true_and_false_are_one_column_even_with_gaps() -> None:
    people = PEOPLE.assign(served=[True, False, None, True, False, False])
    matrix = design_matrix(cohort(people, "served"), months=False)
    assert matrix.names == ("served", "served = missing")
    np.testing.assert_allclose(matrix.values[:, 0], [1, 0, 0.4, 1, 0, 0])


def test_categories_and_whole_numbers_with_gaps() -> None:
    people = PEOPLE.assign(
        place=pd.Categorical(
            ["a", "b", "b", "a", "b", "b"], categories=["b", "a", "z"]
        ),
        spells=pd.array([1, 2, None, 4, 5, 6], dtype="Int64"),
    )
    matrix = design_matrix(cohort(people, "place", "spells"), months=False)
    assert matrix.names == ("place = a", "spells", "spells = missing")


def test_squares_of_numbers_with_more_than_two_values() -> None:
    matrix = design_matrix(cohort(), ["served", "age"], months=False, squares=True)
    assert matrix.names == ("served", "age", "age squared", "age = missing")
    assert matrix.terms == ("served", "age", "age", "age")


def test_columns_that_say_nothing_more_are_dropped_and_named() -> None:
    people = PEOPLE.assign(
        years=PEOPLE["age"].fillna(40) * 2 + 3, of_age=1.0, none=np.nan
    )
    matrix = design_matrix(
        cohort(people, "age", "years", "of_age", "none"), months=False
    )
    assert matrix.names == ("age", "age = missing")
    assert matrix.dropped == ("years", "of_age", "none", "none = missing")
    assert "years, of_age" in matrix.note
    assert not design_matrix(cohort(), ["age", "sex"], months=False).note


def test_one_month_has_no_columns() -> None:
    assert "month" not in design_matrix(cohort(month=None)).terms


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (["shoe"], "no column shoe"),
        ([], "no covariates"),
        (["age", "outcome"], "Not a covariate: outcome"),
        (["group"], "Not a covariate: group"),
    ],
)
def test_what_cannot_be_adjusted_for(covariates, message) -> None:
    with pytest.raises(EstimationError, match=message):
        design_matrix(cohort(), covariates)


def test_dates_and_infinite_numbers_are_refused() -> None:
    people = PEOPLE.assign(
        day=pd.to_datetime(["2021-01-01"] * 6), far=[1, 2, 3, np.inf, 4, 5]
    )
    for name, message in (("day", "dates"), ("far", "1 value.s. are infinite")):
        with pytest.raises(EstimationError, match=message):
            design_matrix(cohort(people, name))


def test_the_order_of_rows_changes_the_rows_alone() -> None:
    order = [3, 0, 5, 1, 4, 2]
    first = design_matrix(cohort())
    second = design_matrix(cohort(PEOPLE.iloc[order]))
    assert first.names == second.names
    np.testing.assert_allclose(first.values[order], second.values)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 3))
def test_as_many_columns_as_the_rank(seed, n_columns, n_copies) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, n_columns)) * 10.0 ** rng.integers(-6, 6, n_columns)
    mixed = values @ rng.normal(size=(n_columns, n_copies)) + 5
    kept = independent_columns(np.column_stack([values, mixed]))
    assert kept == list(range(n_columns))
