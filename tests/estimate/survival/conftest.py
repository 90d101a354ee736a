"""Invented people who recur, with covariates, and cohorts of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort


@pytest.fixture
def cox_people(reference) -> pd.DataFrame:
    """Invented people with many ties, who recur over months and in both groups."""
    return reference("survival/cox_people")


@pytest.fixture
def make_survival_cohort():
    """Make a cohort of a table with the columns of `cox_people`."""

    def make(people: pd.DataFrame, **names: object) -> Cohort:
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

    return make


@pytest.fixture
def steep_people() -> pd.DataFrame:
    """Return people whose income has a very long tail, and speeds their exit."""
    random = np.random.default_rng(3)
    income = np.exp(2.5 * random.normal(size=200))
    weeks = np.ceil(random.exponential(30 / (1 + 0.3 * income)))
    return pd.DataFrame(
        {
            "pilot": random.random(200) < 0.5,
            "income": income,
            "weeks": np.minimum(weeks, 52),
            "left": weeks < 52,
        }
    )


@pytest.fixture
def make_plain_cohort(make_survival_cohort):
    """Make a cohort of people without months, persons and elapsed weeks."""

    def make(people: pd.DataFrame, *covariates: str) -> Cohort:
        missing = dict.fromkeys(("weeks_before", "person", "month"))
        return make_survival_cohort(people, covariates=covariates, **missing)

    return make
