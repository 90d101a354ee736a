"""Control against control."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.doubt.placebo import control_against_control


def months_of(recurring: bool, n_months: int = 6) -> Cohort:  # noqa: FBT001
    """Make months of controls from a stock of people whose luck stays theirs."""
    random = np.random.default_rng(5)
    luck = random.random(300 if recurring else 20_000)
    frames = []
    for month in range(1, n_months + 1):
        person = random.choice(luck.size, 240, replace=False)
        pilot = np.arange(240) < 40
        left = (luck[person] < 0.4).astype(float)
        columns = {"person": person.astype(str), "pilot": pilot.astype(int), "y": left}
        frames.append(pd.DataFrame(columns).assign(month=f"2021-{month:02d}"))
    people = pd.concat(frames, ignore_index=True)
    return Cohort.from_frame(
        people, group="pilot", outcome="y", person="person", month="month"
    )


@pytest.mark.parametrize("recurring", [True, False])
def test_there_is_nothing_to_find(recurring) -> None:
    found = control_against_control(months_of(recurring), splits=400)
    table = found.to_frame().set_index("month")
    assert (table["n_pilot"].iloc[:-1] == 40).all()
    assert (table["n_control"].iloc[:-1] == 160).all()
    pooled = table.loc["pooled"]
    assert pooled["n_pilot"] == 240
    assert abs(pooled["mean"]) < 4 * pooled["sd"] / 20
    assert pooled["se"] == pytest.approx(pooled["sd"], rel=0.12)
    assert (table["outside_low"] <= 0.08).all()
    assert (table["outside_high"] >= 0.03).all()
    assert table["expected"].to_numpy() == pytest.approx(0.05)


def test_the_seed_decides() -> None:
    cohort = months_of(recurring=False, n_months=2)
    one, same, other = (
        control_against_control(cohort, splits=20, seed=seed).to_frame()
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_the_pilot_s_outcomes_do_not_matter() -> None:
    cohort = months_of(recurring=False, n_months=2)
    people = cohort.people.copy()
    people.loc[people["group"] == "pilot", "outcome"] = 1.0
    changed = Cohort(people=people)
    pd.testing.assert_frame_equal(
        control_against_control(cohort, splits=20).to_frame(),
        control_against_control(changed, splits=20).to_frame(),
    )


def test_at_most_half_of_the_controls_stand_in() -> None:
    people = pd.DataFrame({"g": [1] * 9 + [0] * 7, "y": [1, 0] * 8})
    cohort = Cohort.from_frame(people, group="g", outcome="y")
    row = control_against_control(cohort, splits=5).to_frame().iloc[0]
    assert (row["n_pilot"], row["n_control"]) == (3, 4)


def test_unlawful_arguments(people, make_cohort) -> None:
    cohort = months_of(recurring=False, n_months=1)
    with pytest.raises(EstimationError, match="`splits`"):
        control_against_control(cohort, splits=0)
    with pytest.raises(EstimationError, match="not 0 or 1"):
        control_against_control(make_cohort(people, "weeks"))
    with pytest.raises(EstimationError, match="No month"):
        control_against_control(make_cohort(people[people["pilot"] == 0]))
