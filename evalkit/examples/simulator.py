"""A jobseeker register simulated person by person, in which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.careers import (
    NEVER,
    Careers,
    Chances,
    ServiceChance,
    SpellChance,
    World,
    serving,
)
from evalkit.examples.movements import dates, movements
from evalkit.examples.population import DAYS_A_YEAR, draw_people
from evalkit.examples.referrals import Referrals, refer
from evalkit.examples.truth import LAGS, Truth, find_truth
from evalkit.study.codes import EXIT_ROUTES, MERGED_MUNICIPALITIES
from evalkit.study.months import (
    CountingDay,
    first_day,
    last_day,
    month_number,
    parse_month,
)

if TYPE_CHECKING:
    from evalkit.examples.preset import Preset

_COUNTING_DAY: CountingDay = "last_working_day"
_MERGER = month_number(2021, 1)
_RESULTS = ("work", "training", "entrepreneur")


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A simulated register. Nobody in it is real.

    Attributes
    ----------
    people
        Everybody who was in the register: ``person_id``, who they are, and the
        ``trait`` that no register shows.
    spells
        Every spell that touches the register's months: ``person_id``,
        ``registration_date``, ``deregistration_date`` (missing: after the register's
        end), ``laid_off`` and ``exit_reason``.
    snapshots
        One row per spell and month, with the canonical columns: everybody who was in
        the register on any day of the month.
    pilot
        The pilot's list: one row per referral.
    truth
        What the pilot truly did.
    preset
        The settings.
    seed
        The seed.
    """

    people: pd.DataFrame
    spells: pd.DataFrame
    snapshots: pd.DataFrame
    pilot: pd.DataFrame
    truth: Truth
    preset: Preset
    seed: int


def simulate(preset: Preset, *, seed: int) -> Simulation:
    """Simulate a jobseeker register and a pilot.

    People register in the course of the seasons and leave at a hazard that depends on
    the elapsed time, on who they are and on the month. Some go through services, some
    come back. Every Monday some of the unemployed are referred to the pilot, with odds
    that depend on who they are, and while the pilot reaches them their hazard is
    multiplied. Everything random is drawn beforehand from the seed, so that each
    referred person's life without the pilot is known as well.

    Parameters
    ----------
    preset
        The settings: `evalkit.examples.preset.read_preset`.
    seed
        Number that decides everything random.

    Returns
    -------
    Simulation
        The register, the pilot's list and the truth.

    Examples
    --------
    >>> from evalkit.examples.preset import read_preset
    >>> preset = read_preset("satakunta").with_size(0.01)
    >>> simulation = simulate(preset, seed=1)
    >>> simulation.snapshots["month"].nunique()
    31
    """
    months = preset.months
    whole = range(months[0] - preset.warm_up_months, months[-1] + max(LAGS) + 1)
    world = World.of(preset, whole)
    people_rng, referral_rng, result_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)
    )
    people, chances = draw_people(preset, whole, people_rng)
    people, chances, careers = _seen(people, chances, world)
    referrals = refer(world, people, chances, careers, referral_rng)
    spells = _spells(people, chances, careers, preset)
    return Simulation(
        people=people.assign(birth_date=dates(people["birth"])).drop(columns="birth"),
        spells=_spell_table(spells, last_day(months[-1])),
        snapshots=_snapshots(spells, chances, careers, preset),
        pilot=_pilot(people, chances, careers, referrals, preset, result_rng),
        truth=find_truth(world, chances, referrals, people["person_id"]),
        preset=preset,
        seed=seed,
    )


def _seen(
    people: pd.DataFrame, chances: Chances, world: World
) -> tuple[pd.DataFrame, Chances, Careers]:
    """Keep those who are in the register in its months, and give them their ids."""
    careers = world.live(chances)
    months = world.preset.months
    rows = np.flatnonzero(_within(careers, months).any(axis=1))
    people = people.iloc[rows].reset_index(drop=True)
    people.insert(
        0, "person_id", [f"S{number:06d}" for number in range(1, len(rows) + 1)]
    )
    return people, chances.of(rows), careers.of(rows)


def _within(careers: Careers, months: range) -> np.ndarray:
    """Tell which spells touch some months."""
    within: np.ndarray = (careers.registered <= last_day(months[-1])) & (
        careers.left >= first_day(months[0])
    )
    return within


def _spells(
    people: pd.DataFrame, chances: Chances, careers: Careers, preset: Preset
) -> pd.DataFrame:
    """Return every spell that touches the register's months, with its person."""
    row, number = np.nonzero(_within(careers, preset.months))
    laid_off = careers.laid_off[row, number]
    spells = people.iloc[row].reset_index(drop=True)
    return spells.assign(
        row=row,
        number=number,
        registered=careers.registered[row, number],
        left=careers.left[row, number],
        laid_off=laid_off,
        exit_reason=_reasons(chances, row, number, laid_off, preset),
    )


def _reasons(
    chances: Chances,
    row: np.ndarray,
    number: np.ndarray,
    laid_off: np.ndarray,
    preset: Preset,
) -> np.ndarray:
    """Return why each of some spells ends."""
    chance = chances.spell[row, number, SpellChance.REASON]
    exits = preset.exits
    return np.where(
        laid_off,
        _pick(exits.laid_off_reasons, chance),
        _pick(exits.reasons, chance),
    )


def _pick(weights: dict[str, float], chance: np.ndarray) -> np.ndarray:
    """Choose by weight with given uniform numbers."""
    shares = np.cumsum(list(weights.values())) / sum(weights.values())
    at = np.searchsorted(shares[:-1], chance, side="right")
    return np.array(list(weights))[at]


def _spell_table(spells: pd.DataFrame, end: int) -> pd.DataFrame:
    left = spells["left"].to_numpy()
    return pd.DataFrame(
        {
            "person_id": spells["person_id"],
            "registration_date": dates(spells["registered"]),
            "deregistration_date": dates(left, left <= end),
            "laid_off": spells["laid_off"],
            "exit_reason": spells["exit_reason"].where(left <= end),
        }
    )


def _snapshots(
    spells: pd.DataFrame, chances: Chances, careers: Careers, preset: Preset
) -> pd.DataFrame:
    """Return what the register says of everybody who was in it in each month."""
    rows = movements(spells, preset.months, _COUNTING_DAY)
    ended = rows["ended"].to_numpy()
    code = _codes(rows, chances, careers, preset.services.training)
    return pd.DataFrame(
        {
            "month": rows["month"],
            "counting_day": dates(rows["counting_day"]),
            "person_id": rows["person_id"],
            "registration_date": dates(rows["registered"]),
            "deregistration_date": dates(rows["left"], ended),
            "registered_at_month_end": rows["registered_at_month_end"],
            "employment_code": code,
            "in_service": np.isin(code, ["07", "08"]),
            "service_line": rows["service_line"],
            "office": _office_then(rows, preset),
            "municipality": _municipality_then(rows),
            "sex": rows["sex"],
            "age": ((rows["counting_day"] - rows["birth"]) // DAYS_A_YEAR).astype(int),
            "education": rows["education"],
            "exit_reason": rows["exit_reason"].where(ended),
        }
    )


def _codes(
    rows: pd.DataFrame, chances: Chances, careers: Careers, training: float
) -> np.ndarray:
    """Return the employment code on the counting day, or on the last day before it."""
    day = np.clip(rows["counting_day"], rows["registered"], rows["left"]).to_numpy()
    row, number = rows["row"].to_numpy(), rows["number"].to_numpy()
    service = serving(careers.services[row, number], day)
    kind = chances.service[row, number, service, ServiceChance.TRAINING]
    in_service = np.where(kind < training, "08", "07")
    unemployed = np.where(rows["laid_off"], "03", "02")
    return np.where(service < 0, unemployed, in_service)


def _office_then(rows: pd.DataFrame, preset: Preset) -> pd.Series:
    begun = rows["month"] >= parse_month(preset.experiment.first)
    return rows["office"].where(begun, preset.office)


def _municipality_then(rows: pd.DataFrame) -> pd.Series:
    """Return the municipality, merged ones under their new code from the merger on."""
    merged = rows["municipality"].replace(MERGED_MUNICIPALITIES)
    return merged.where(rows["month"] >= _MERGER, rows["municipality"])


def _pilot(
    people: pd.DataFrame,
    chances: Chances,
    careers: Careers,
    referrals: Referrals,
    preset: Preset,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the pilot's list, with the results that its provider would report."""
    row, started = referrals.rows, referrals.start < NEVER
    number = careers.of(row).spell_on(referrals.day)
    left = careers.left[row, number]
    service_ends = np.minimum(
        referrals.start + preset.referral.service_days, last_day(preset.months[-1])
    )
    reason = _reasons(chances, row, number, np.zeros(len(row), dtype=bool), preset)
    routes = np.array([EXIT_ROUTES[code] for code in reason])
    own_firm = rng.random(len(row)) < preset.referral.entrepreneur
    routes[own_firm & (routes == "work")] = "entrepreneur"
    good = started & (left <= service_ends) & np.isin(routes, _RESULTS)
    return pd.DataFrame(
        {
            "person_id": people["person_id"].to_numpy()[row],
            "referral_date": dates(referrals.day),
            "start_date": dates(referrals.start, started),
            "end_date": dates(np.minimum(service_ends, left), started),
            "result": pd.Series(routes).where(good),
            "way": referrals.way,
        }
    )
