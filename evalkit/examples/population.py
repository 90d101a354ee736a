"""The people of a simulated register: who they are, and all that chance gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.careers import SERVICES, SPELLS, Chances
from evalkit.study.months import first_day, last_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.examples.preset import People, Preset, Traits

DAYS_A_YEAR = 365.25

_FIVE_YEARS = 5
_SATURDAY = 5
_MIDDLE_AGE = 40


def draw_people(
    preset: Preset, months: range, rng: np.random.Generator
) -> tuple[pd.DataFrame, Chances]:
    """Draw everybody who registers for the first time in some months.

    Parameters
    ----------
    preset
        The settings.
    months
        Months in which people come.
    rng
        Where chance comes from.

    Returns
    -------
    people : DataFrame
        One row per person: ``sex, birth, education, municipality, service_line,
        office`` (the one they belong to once there is an experiment) and ``trait``.
    chances : Chances
        What their careers are made of, row by row.
    """
    entry, in_wave = _entries(preset, months, rng)
    people = _describe(preset.people, entry, rng)
    people["office"] = _offices(preset, people, rng)
    traits = log_scale(preset.exits.traits, people, age=people["age"].to_numpy())
    n = len(entry)
    chances = Chances(
        entry=entry,
        pension=people["birth"].to_numpy() + int(65 * DAYS_A_YEAR),
        log_hazard=traits,
        in_wave=in_wave,
        spell=rng.random((n, SPELLS, 5), dtype=np.float32),
        service=rng.random((n, SPELLS, SERVICES, 4), dtype=np.float32),
    )
    return people.drop(columns="age"), chances


def log_scale(
    traits: Traits,
    people: pd.DataFrame,
    *,
    age: np.ndarray,
    weeks: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return each person's sum of effects on a logarithmic scale.

    Zero is a man of 40 with an upper secondary education, at no elapsed weeks.
    """
    level = people["education"].astype(int)
    total: np.ndarray = (
        traits.age_10_years * (age - _MIDDLE_AGE) / 10
        + traits.woman * (people["sex"] == "woman").to_numpy()
        + traits.basic_education * level.isin(range(3)).to_numpy()
        + traits.higher_education * level.isin(range(5, 9)).to_numpy()
        + traits.trait * people["trait"].to_numpy()
        + traits.weeks_52 * np.asarray(weeks) / 52
    )
    return total


def _entries(
    preset: Preset, months: range, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return first registrations in order of day, and which belong to a wave."""
    expected = preset.inflow.people_a_month * preset.inflow.factors(months)
    waves = {parse_month(wave.month): wave.people for wave in preset.lay_offs.waves}
    usual = _working_days(months, rng.poisson(expected), rng)
    called = rng.poisson([waves.get(month, 0.0) for month in months])
    wave = _working_days(months, called, rng)
    entry = np.concatenate([usual, wave])
    in_wave = np.repeat([False, True], [len(usual), len(wave)])
    order = np.argsort(entry, kind="stable")
    return entry[order], in_wave[order]


def _working_days(
    months: range, numbers: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Spread people over the Mondays to Fridays of each month."""
    days = []
    for month, number in zip(months, numbers, strict=True):
        calendar = np.arange(first_day(month), last_day(month) + 1)
        weekdays = calendar[(calendar + 3) % 7 < _SATURDAY]
        days.append(rng.choice(weekdays, size=number))
    return np.concatenate(days)


def _describe(
    rules: People, entry: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw what a register knows of people, and one trait that it does not."""
    n = len(entry)
    group = _category(rules.ages, n, rng).astype(int)
    age = group + np.minimum(_FIVE_YEARS, 65 - group) * rng.random(n)
    return pd.DataFrame(
        {
            "sex": np.where(rng.random(n) < rules.women, "woman", "man"),
            "age": age,
            "birth": np.floor(entry - age * DAYS_A_YEAR).astype(int),
            "education": _category(rules.education, n, rng),
            "municipality": _category(rules.municipality, n, rng),
            "service_line": _category(rules.service_line, n, rng),
            "trait": rng.standard_normal(n),
        }
    )


def _category(
    weights: Mapping[str, float], n: int, rng: np.random.Generator
) -> np.ndarray:
    shares = np.array(list(weights.values()))
    return rng.choice(np.array(list(weights)), size=n, p=shares / shares.sum())


def _offices(
    preset: Preset, people: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """Say which office serves each person once the experiment has begun.

    Who is young is judged on the day of the first registration.
    """
    rules = preset.experiment
    moves = (people["age"] < rules.under_age) | (
        rng.random(len(people)) < rules.share_of_older
    )
    near = people["municipality"].isin(rules.municipalities)
    return np.where(moves & near, rules.office, preset.office)
