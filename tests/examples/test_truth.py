"""The truth of a simulation, found again by other ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.examples.population import draw_people
from evalkit.examples.referrals import appeal, eligible, refer
from evalkit.examples.simulator import simulate
from evalkit.examples.truth import LAGS, find_truth
from evalkit.examples.world import World
from evalkit.study.months import add_months

ERRORS = 4  # standard errors that chance may bring


@pytest.fixture(scope="module")
def truth(simulation):
    return simulation.truth


def standard_error(truth, lag=3):
    people = truth.people
    gain = people[f"treated_{lag}"] - people[f"untreated_{lag}"]
    return gain.std() / np.sqrt(len(gain))


def test_the_effect_is_positive_and_fades(truth) -> None:
    assert truth.effect(3) > 0.02
    assert truth.effect(6) > truth.effect(12) > 0


@pytest.mark.slow
def test_another_seed_finds_the_same_effect(truth, preset) -> None:
    other = simulate(preset, seed=8).truth
    error = np.hypot(standard_error(truth), standard_error(other))
    assert abs(truth.effect() - other.effect()) < ERRORS * error


def test_only_starters_gain_when_the_effect_begins_at_the_start(truth) -> None:
    idle = truth.people[~truth.people["started"]]
    for lag in LAGS:
        np.testing.assert_array_equal(idle[f"treated_{lag}"], idle[f"untreated_{lag}"])
    assert 0.1 < len(idle) / len(truth.people) < 0.25


def test_no_effect_no_gain_for_anybody(small_preset) -> None:
    people = simulate(small_preset.with_effect(1.0), seed=2).truth.people
    for lag in LAGS:
        np.testing.assert_array_equal(
            people[f"treated_{lag}"], people[f"untreated_{lag}"]
        )


def test_a_harmful_pilot_is_negative(small_preset) -> None:
    assert simulate(small_preset.with_effect(0.2), seed=2).truth.effect() < 0


def test_table(truth) -> None:
    frame = truth.to_frame()
    pooled = frame[frame["month"] == "all"].set_index("lag")["effect"]
    assert pooled.to_dict() == pytest.approx({lag: truth.effect(lag) for lag in LAGS})
    months = frame[(frame["lag"] == 3) & (frame["month"] != "all")]
    assert months["n"].sum() == len(truth.people)
    assert np.average(months["effect"], weights=months["n"]) == pytest.approx(
        truth.effect()
    )


def test_the_life_with_the_pilot_is_the_one_in_the_register(simulation) -> None:
    """Who is treated and unemployed three months on is in that month's file."""
    truth, pilot = simulation.truth.people, simulation.pilot
    lag = pilot["referral_date"] + pd.DateOffset(months=3)
    spells = simulation.spells.merge(
        pd.DataFrame({"person_id": pilot["person_id"], "day": lag}), on="person_id"
    )
    end = spells["deregistration_date"].fillna(pd.Timestamp("2262-01-01"))
    there = spells[spells["day"].between(spells["registration_date"], end)]
    seen = pilot["person_id"].isin(there["person_id"]).to_numpy()
    unemployed = truth["treated_3"].to_numpy() == 0
    inside = (lag <= pd.Timestamp("2022-03-31")).to_numpy()
    assert seen[unemployed & inside].all()
    assert 0.02 < (seen & ~unemployed)[inside].mean() < 0.2  # these are in a service


@pytest.mark.slow
def test_weights_of_the_known_selection_give_the_untreated_outcome(preset) -> None:
    """The eligible, weighted by their odds of a referral, stand for the referred.

    Unweighted they do not: that difference is what adjustment has to remove.
    """
    months = preset.months
    whole = range(months[0] - preset.warm_up_months, months[-1] + 4)
    world, rng = World.of(preset, whole), np.random.default_rng(11)
    people, chances = draw_people(preset, whole, rng)
    careers, untreated = world.live(chances), world.live(chances)
    referrals = refer(world, people, chances, careers, rng)
    raw, weighted, numbers = [], [], []
    for day in np.unique(referrals.day).tolist():
        fresh = eligible(world, untreated, day)
        fresh[referrals.rows[referrals.day < day]] = False
        rows = np.flatnonzero(fresh)
        outcome = ~untreated.of(rows).unemployed_on(add_months(day, 3))
        odds = np.exp(appeal(world, people, untreated, rows, day))
        raw.append(outcome.mean())
        weighted.append(np.average(outcome, weights=odds))
        numbers.append((referrals.day == day).sum())
    ids = pd.Series(np.arange(len(people)))
    known = find_truth(world, chances, referrals, ids).people["untreated_3"]
    error = known.std() / np.sqrt(len(known))
    assert abs(np.average(weighted, weights=numbers) - known.mean()) < 3 * error
    assert known.mean() - np.average(raw, weights=numbers) > 3 * error
