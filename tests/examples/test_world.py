"""Careers against the same hazards taken day by day, and the lives' own rules."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.examples.careers import NEVER, SERVICES, SPELLS, ServiceChance, SpellChance
from evalkit.examples.population import draw_people
from evalkit.examples.world import World, next_weekday
from evalkit.study.months import first_day, month_of

PEOPLE = 200


@pytest.fixture(scope="module")
def world(preset):
    return World.of(preset, range(preset.months[0] - 12, preset.months[-1] + 13))


@pytest.fixture(scope="module")
def chances(preset, world):
    months = range(month_of(int(world.days[0])), preset.months[-1])
    everybody = draw_people(preset, months, np.random.default_rng(5))[1]
    rows = np.linspace(0, len(everybody.entry) - 1, PEOPLE).astype(int)
    return everybody.of(rows)


@pytest.fixture(scope="module")
def window(chances):
    """The pilot reaches everybody from the fortieth day of the first spell on."""
    return chances.entry + 40, chances.entry + 40 + 7 * 26


@pytest.fixture(scope="module")
def careers(world, chances, window):
    return world.live(chances, window)


def day_by_day(world, chances, person, window):
    """Return the last day of the first spell by adding up each day's hazard."""
    preset, entry = world.preset, chances.entry[person]
    laid_off = chances.in_wave[person] or (
        chances.spell[person, 0, SpellChance.LAID_OFF] < preset.lay_offs.share
    )
    weekly = preset.exits.laid_off_weekly if laid_off else preset.exits.weekly
    services = [] if laid_off else services_of(preset, chances, person)
    need = -np.log1p(-float(chances.spell[person, 0, SpellChance.THRESHOLD]))
    risk = 0.0
    for day in range(entry, int(world.end)):
        rate = max(
            (weeks, rate)
            for weeks, rate in zip(preset.exits.weeks, weekly, strict=True)
            if day >= entry + 7 * weeks
        )[1]
        if any(first <= day < last for first, last, _ in services):
            rate *= preset.exits.in_service
        if window[0][person] <= day < window[1][person]:
            rate *= preset.effect.hazard_ratio
        pace = preset.exits.factors(range(month_of(day), month_of(day) + 1))[0]
        risk += np.exp(chances.log_hazard[person]) * rate * pace / 7
        if risk >= need or day >= chances.pension[person]:
            return day
        if any(last == day and leaves for _, last, leaves in services):
            return day
    return NEVER


def services_of(preset, chances, person):
    """Return first day, last day and "leaves when it ends" of each service."""
    rules, day, found = preset.services, int(chances.entry[person]), []
    for number in range(SERVICES):
        chance = chances.service[person, 0, number].astype(float)
        wait, length = (
            -np.log1p(-chance[column])
            for column in (ServiceChance.WAIT, ServiceChance.LENGTH)
        )
        weeks = rules.least_weeks + (rules.mean_weeks - rules.least_weeks) * length
        days = int(np.ceil(7 * weeks))
        day += int(np.ceil(7 * rules.mean_wait_weeks * wait)) + days
        leaves = chance[ServiceChance.LEAVES] < rules.leaves
        found.append((day - days + 1, day, leaves))
    return found


def test_first_spells_end_when_daily_hazards_add_up(
    world, chances, careers, window
) -> None:
    slow = [day_by_day(world, chances, person, window) for person in range(PEOPLE)]
    end = int(world.end)  # what comes after it is not simulated
    np.testing.assert_array_equal(
        np.minimum(careers.left[:, 0], end), np.minimum(slow, end)
    )


def test_spells_follow_each_other(careers) -> None:
    registered, left = careers.registered, careers.left
    known = registered < NEVER
    assert (left[known] >= registered[known]).all()
    again = known[:, 1:]
    assert again.sum() > PEOPLE / 4
    assert (registered[:, 1:][again] > left[:, :-1][again]).all()
    assert (known[:, :-1] | ~known[:, 1:]).all()  # no gap in the numbering


def test_registrations_are_on_weekdays(careers) -> None:
    days = careers.registered[careers.registered < NEVER]
    assert set((days + 3) % 7) == {0, 1, 2, 3, 4}


def test_services_lie_within_their_spell(careers) -> None:
    first, last = careers.services[..., 0], careers.services[..., 1]
    held = first < NEVER
    spell = np.broadcast_to(careers.registered[..., None], held.shape)[held]
    end = np.broadcast_to(careers.left[..., None], held.shape)[held]
    assert held.sum() > 10
    assert ((spell <= first[held]) & (first[held] <= last[held])).all()
    assert (last[held] <= end).all()


def test_nobody_stays_beyond_the_pension(world, chances) -> None:
    old = chances.entry + 100
    everybody = world.live(
        type(chances)(
            **{name: getattr(chances, name) for name in chances.__slots__}
            | {"pension": old}
        )
    )
    left = everybody.left[everybody.left < NEVER]
    assert left.max() <= old.max()
    assert (everybody.left[:, 0] <= old).all()


def test_lives_without_the_pilot_agree_until_it_comes(world, chances, window) -> None:
    with_it = world.live(chances, window)
    without = world.without_effect().live(chances, window)
    before = without.left[:, 0] < window[0]
    np.testing.assert_array_equal(with_it.left[before, 0], without.left[before, 0])
    assert (with_it.left[:, 0] <= without.left[:, 0]).all()
    assert (with_it.left[:, 0] < without.left[:, 0]).sum() > PEOPLE / 20


def test_a_pilot_that_reaches_nobody_changes_nothing(world, chances) -> None:
    never = np.full(PEOPLE, NEVER)
    with_it, without = world.live(chances, (never, never)), world.live(chances)
    np.testing.assert_array_equal(with_it.left, without.left)


def test_some_people_live_as_they_do_among_all(world, chances, careers, window) -> None:
    rows = np.arange(0, PEOPLE, 7)
    some = world.live(chances.of(rows), (window[0][rows], window[1][rows]))
    np.testing.assert_array_equal(some.left, careers.left[rows])
    nobody = world.live(chances.of(rows[:0]))
    assert nobody.left.shape == (0, SPELLS)


def test_state_on_a_day(careers) -> None:
    start, end = careers.registered[:, 0], careers.left[:, 0]
    stayed = end < NEVER
    assert (careers.spell_on(start) == 0).all()
    assert (careers.spell_on(end)[stayed] == 0).all()
    assert (careers.spell_on(end + 1)[stayed] == -1).all()
    served = careers.services[:, 0, 0]
    row = np.flatnonzero(served[:, 0] < NEVER)
    assert not careers.of(row).unemployed_on(served[row, 0]).any()
    assert careers.of(row).unemployed_on(served[row, 0] - 1).all()


def test_next_weekday() -> None:
    monday = first_day(12 * 2021 + 1)  # 2021-02-01
    week = monday + np.arange(7)
    assert (next_weekday(week) - monday).tolist() == [0, 1, 2, 3, 4, 7, 7]
