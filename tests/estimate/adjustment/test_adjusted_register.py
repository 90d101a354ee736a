"""Adjusted differences on whole simulated registers, whose truth is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.cohort.frame import drawable_months
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.months.comparison import compare
from evalkit.examples.preset import read_preset
from evalkit.examples.satakunta import example_plan
from evalkit.examples.simulator import simulate
from evalkit.register.register import open_register

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.examples.preset import Preset

SEEDS = (11, 12)
STRONG = {"weeks_52": -1.5, "age_10_years": -0.3, "higher_education": 0.8}


def followed(preset: Preset, seed: int) -> tuple[Cohort, float]:
    """Return a simulated study as analysts see it, and the truth on its pilots."""
    simulation, plan = simulate(preset, seed=seed), example_plan()
    snapshots = simulation.snapshots
    register = open_register(
        snapshots=snapshots.assign(month=snapshots["counting_day"]).rename(
            columns=plan.data.columns
        ),
        pilot=simulation.pilot.rename(columns=plan.data.pilot_columns),
        protocol=plan,
    )
    months = sorted({*drawable_months(register)} & {*measurable_months(register)})
    draws = [draw_controls(register, month) for month in months]
    cohort = follow_up(register, draws)
    pilots = cohort.people[cohort.is_pilot]
    lives = simulation.truth.people.rename(columns={"person_id": "person"})
    both = pilots.merge(lives, on=["person", "month"], validate="one_to_one")
    return cohort, float((both["treated_3"] - both["untreated_3"]).mean())


@pytest.mark.slow
def test_strong_selection_on_what_the_register_shows_is_adjusted_away() -> None:
    """Nobody who is laid off is referred, so that this is a covariate too."""
    preset = read_preset("county")
    traits = preset.referral.traits.model_copy(update=STRONG)
    referral = preset.referral.model_copy(update={"traits": traits})
    selective = preset.model_copy(update={"referral": referral})
    raw, adjusted, variance = [], [], []
    for seed in SEEDS:
        cohort, truth = followed(selective, seed)
        found = adjusted_difference(
            cohort, covariates=[*cohort.covariates, "laid_off", "spells_24"]
        )
        raw.append(compare(cohort).pooled.estimate - truth)
        adjusted.append(found.estimate - truth)
        variance.append(found.se**2)
    se = math.sqrt(sum(variance)) / len(SEEDS)
    assert np.mean(raw) > 6 * se
    assert abs(np.mean(adjusted)) < 3.5 * se
