"""Squares and interactions: what they find that means do not."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.products import balance_of_products
from evalkit.estimate.groups.weights import weigh


def cohort_of(people, covariates):
    people = people.assign(y=0)
    return Cohort.from_frame(people, group="treat", outcome="y", covariates=covariates)


def people(n=4000, seed=2):
    random = np.random.default_rng(seed)
    treat = random.random(n) < 0.5
    spread = np.where(treat, 15.0, 8.0)
    return pd.DataFrame(
        {
            "treat": treat,
            "age": 40 + spread * random.standard_normal(n),
            "weeks_before": random.integers(1, 105, n),
            "sex": random.choice(["woman", "man"], n, p=[0.4, 0.6]),
            "rare": random.choice(["common", "rare"], n, p=[0.98, 0.02]),
        }
    )


def test_equal_means_with_unequal_spreads_are_found() -> None:
    cohort = cohort_of(people(), ["age"])
    assert abs(balance(cohort).table["smd"][0]) < 0.1
    found = balance_of_products(cohort).table.iloc[0]
    assert found["covariate"] == "age * age"
    assert found["pilot"] == pytest.approx(225, rel=0.1)
    assert found["control"] == pytest.approx(64, rel=0.1)
    assert found["smd"] > 0.4


def test_an_interaction_that_means_hide_is_found() -> None:
    table = people()
    young = table["age"] < 40
    woman = np.where(table["treat"], young, ~young)
    cohort = cohort_of(
        table.assign(sex=np.where(woman, "woman", "man")), ["age", "sex"]
    )
    table = balance_of_products(cohort).table
    found = table["smd"][table["covariate"].str.startswith("age * sex")]
    assert abs(found.item()) > 0.4


def test_which_products_are_made() -> None:
    cohort = cohort_of(people(), ["age", "weeks_before", "sex", "rare"])
    assert list(balance_of_products(cohort).table["covariate"]) == [
        "age * age",
        "age * weeks_before",
        "age * sex = woman",
        "weeks_before * weeks_before",
        "weeks_before * sex = woman",
    ]


def test_another_scale_and_other_codes_change_nothing() -> None:
    table = people()
    here = balance_of_products(cohort_of(table, ["age", "weeks_before"])).table["smd"]
    other = table.assign(
        age=table["age"] * 12 - 100, weeks_before=table["weeks_before"] / 52
    )
    there = balance_of_products(cohort_of(other, ["age", "weeks_before"])).table["smd"]
    np.testing.assert_allclose(here, there, atol=1e-9)


def test_weights_are_used() -> None:
    cohort = cohort_of(people(), ["age"])
    weights = weigh(cohort, method="entropy", moments=2)
    found = balance_of_products(cohort, weights=weights).table.iloc[0]
    assert abs(found["smd"]) < 0.02 < found["smd_before"]


def test_where_there_is_nothing_to_multiply() -> None:
    with pytest.raises(EstimationError, match="No square or interaction"):
        balance_of_products(cohort_of(people(), ["sex"]))
    with pytest.raises(EstimationError, match="Nobody is in the pilot"):
        balance_of_products(cohort_of(people().assign(treat=False), ["age"]))
