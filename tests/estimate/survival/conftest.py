"""Invented people who recur, with covariates, and cohorts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalkit.cohort.cohort import Cohort

if TYPE_CHECKING:
    import pandas as pd


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
