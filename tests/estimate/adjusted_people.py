"""The invented people of tests/reference/stacked.R as a cohort."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.cohort.cohort import Cohort

REFERENCE = Path(__file__).parents[1] / "reference"
COVARIATES = ("weeks_before", "age", "place")


def adjusted_people() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "adjusted_people.csv")


def cohort_of(people: pd.DataFrame, outcome: str = "left", **names: object) -> Cohort:
    """Make a cohort; it keeps the coach, who is a cluster and no covariate."""
    columns = {"person": "person", "month": "month", "covariates": COVARIATES}
    cohort = Cohort.from_frame(
        people, group="pilot", outcome=outcome, **{**columns, **names}
    )
    if "coach" in people:
        cohort.people["coach"] = people["coach"].to_numpy()
    return cohort
