"""Reference values that the R scripts in tests/reference wrote, and a small cohort."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def reference():
    """Read a table of reference values by its name."""
    return lambda name: pd.read_csv(REFERENCE / f"{name}.csv")


@pytest.fixture
def people(reference) -> pd.DataFrame:
    """Invented people who recur over months and in both groups."""
    return reference("people")


@pytest.fixture
def make_cohort():
    """Make a cohort of a table with the columns of `people`."""

    def make(people: pd.DataFrame, outcome: str = "left", **names: object) -> Cohort:
        columns = {"person": "person", "month": "month", "covariates": ["place"]}
        return Cohort.from_frame(
            people, group="pilot", outcome=outcome, **{**columns, **names}
        )

    return make


@pytest.fixture(scope="session")
def replicates() -> int:
    """Runs of a simulation; EVALKIT_REPLICATES asks for more."""
    return int(os.environ.get("EVALKIT_REPLICATES", "400"))


@pytest.fixture
def weighted_cohort(reference) -> Cohort:
    """Invented people who were chosen for the pilot by what is known of them."""
    people = reference("weighted_people").assign(left=0)
    weeks = people["weeks_before"]
    return Cohort.from_frame(
        people.assign(weeks=weeks),
        group="pilot",
        outcome="left",
        month="month",
        weeks_before="weeks",
        covariates=["age", "weeks_before", "sex", "place"],
    )
