"""Cohorts made by hand for what is released of an evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort

ROUTES = ["work", "training", "entrepreneur", "service", "unknown"]
TOWNS = ["Pori", "Rauma", "Ulvila", "Jämijärvi"]


def table(n: int = 900, seed: int = 1, months: int = 4) -> pd.DataFrame:
    """Return people of whom few live in one town, and few become entrepreneurs."""
    random = np.random.default_rng(seed)
    left = random.random(n) < 0.5
    return pd.DataFrame(
        {
            "treat": (random.random(n) < 0.3).astype(int),
            "y": left.astype(float),
            "weeks": np.where(left, random.integers(1, 14, n), 13),
            "left": left,
            "to": np.where(
                left, random.choice(ROUTES, n, p=[0.6, 0.2, 0.01, 0.15, 0.04]), None
            ),
            "month": random.choice([f"2021-{m + 1:02d}" for m in range(months)], n),
            "age": random.integers(18, 64, n),
            "town": random.choice(TOWNS, n, p=[0.6, 0.3, 0.095, 0.005]),
        }
    )


def cohort(people: pd.DataFrame) -> Cohort:
    """Return the cohort of such a table."""
    return Cohort.from_frame(
        people,
        group="treat",
        outcome="y",
        month="month",
        weeks="weeks",
        exited="left",
        exit_to="to",
        covariates=["age", "town"],
    )
