"""A jobseeker register simulated person by person, in which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.examples.achievements import achieve
from evalkit.examples.fee_events import fee_events
from evalkit.examples.movements import dates
from evalkit.examples.pilot_list import pilot_list
from evalkit.examples.population import draw_people
from evalkit.examples.referrals import refer
from evalkit.examples.snapshots import snapshots_of, spell_table, spells_of, touching
from evalkit.examples.truth import LAGS, Truth, find_truth
from evalkit.examples.world import World
from evalkit.study.months import last_day

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.examples.careers import Careers, Chances
    from evalkit.examples.preset import Preset


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
    events
        What the provider reports for its fees: one row per event.
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
    events: pd.DataFrame
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
    referred person's life without the pilot is known as well: a spell ends when the
    cumulative hazard H(t) reaches the person's own exponential threshold, which is
    solved exactly because the hazard is constant between known days [1]_.

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

    References
    ----------
    .. [1] Bender, R., Augustin, T. and Blettner, M. (2005). Generating survival times
       to simulate Cox proportional hazards models. Statistics in Medicine 24(11),
       1713-1723.

    Examples
    --------
    >>> from evalkit.examples.preset import read_preset
    >>> preset = read_preset("county").with_size(0.01)
    >>> simulation = simulate(preset, seed=1)
    >>> simulation.snapshots["month"].nunique()
    31
    """
    months = preset.months
    whole = range(months[0] - preset.warm_up_months, months[-1] + max(LAGS) + 1)
    world = World.of(preset, whole)
    people_rng, referral_rng, result_rng, event_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    people, chances = draw_people(preset, whole, people_rng)
    people, chances, careers = _seen(people, chances, world)
    referrals = refer(world, people, chances, careers, referral_rng)
    achievements = achieve(chances, careers, referrals, preset, result_rng)
    spells = spells_of(people, chances, careers, preset)
    spells_seen = spell_table(spells, last_day(months[-1]))
    pilot = pilot_list(
        people["person_id"], referrals, achievements, last_day(months[-1])
    )
    return Simulation(
        people=people.assign(birth_date=dates(people["birth"])).drop(columns="birth"),
        spells=spells_seen,
        snapshots=snapshots_of(spells, chances, careers, preset),
        pilot=pilot,
        events=fee_events(pilot, spells_seen, preset.provider, event_rng),
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
    rows = np.flatnonzero(touching(careers, months).any(axis=1))
    people = people.iloc[rows].reset_index(drop=True)
    people.insert(
        0, "person_id", [f"S{number:06d}" for number in range(1, len(rows) + 1)]
    )
    return people, chances.of(rows), careers.of(rows)
