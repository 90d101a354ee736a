"""A simulated world: the course of the months, and the lives that people lead in it.

A career is a pure function of what was drawn for a person beforehand and of whether
the pilot reached them. The same person can therefore be lived twice, with and without
the pilot, and every difference between the two lives is the pilot's effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalkit.examples.careers import (
    NEVER,
    SERVICES,
    SPELLS,
    Careers,
    Chances,
    ServiceChance,
    SpellChance,
)
from evalkit.study.months import first_day, last_day

if TYPE_CHECKING:
    from evalkit.examples.preset import Exits, Preset

_WEEK = 7
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The settings, and calendar time as a clock that runs faster when more leave."""

    preset: Preset
    days: np.ndarray
    risk: np.ndarray

    @classmethod
    def of(cls, preset: Preset, months: range) -> World:
        """Wind the clock for some months by the preset's seasons and changes."""
        starts = [first_day(month) for month in months]
        lengths = np.diff([*starts, last_day(months[-1]) + 1])
        pace = np.repeat(preset.exits.factors(months), lengths) / _WEEK
        days = starts[0] + np.arange(len(pace) + 1, dtype=float)
        return cls(
            preset=preset, days=days, risk=np.concatenate([[0.0], np.cumsum(pace)])
        )

    def without_effect(self) -> World:
        """Return the same world, in which the pilot does nothing."""
        return replace(self, preset=self.preset.with_effect(1.0))

    @property
    def end(self) -> float:
        """Day on which the simulation ends."""
        return float(self.days[-1])

    def live(
        self, chances: Chances, reached: tuple[np.ndarray, np.ndarray] | None = None
    ) -> Careers:
        """Let people live their careers.

        Parameters
        ----------
        chances
            What was drawn for them.
        reached
            First day and end of the pilot's effect on each; None: on nobody.

        Returns
        -------
        Careers
            Their spells.
        """
        people = len(chances.entry)
        nobody = np.full(people, self.end)
        window = np.stack(reached or (nobody, nobody), axis=1).astype(float)
        careers = Careers.empty(people)
        entry, rows = chances.entry, np.arange(people)
        for number in range(SPELLS):
            here = entry < np.minimum(self.end, chances.pension[rows])
            entry, rows = entry[here], rows[here]
            if not len(rows):
                break
            some = chances.of(rows)
            spell = _spell(self, entry, some, number, window[rows])
            careers.registered[rows, number] = entry
            careers.left[rows, number] = spell.left
            careers.laid_off[rows, number] = spell.laid_off
            careers.services[rows, number] = spell.services
            entry = _return(spell.left, some.spell[:, number], self.preset)
        return careers


class _Spell(NamedTuple):
    left: np.ndarray
    laid_off: np.ndarray
    services: np.ndarray


def _spell(
    world: World, entry: np.ndarray, some: Chances, number: int, window: np.ndarray
) -> _Spell:
    """Let one spell of each person run until something ends it."""
    preset, chance = world.preset, some.spell[:, number]
    ordinary = chance[:, SpellChance.LAID_OFF] < preset.lay_offs.share
    laid_off = ordinary | (some.in_wave & (number == 0))
    services = _services(entry, some.service[:, number], preset)
    services[laid_off] = NEVER
    need = _waiting(chance[:, SpellChance.THRESHOLD]) / np.exp(some.log_hazard)
    left = _leave(world, entry, need, laid_off, services, window)
    leaves = some.service[:, number, :, ServiceChance.LEAVES] < preset.services.leaves
    after_service = np.where(leaves, services[..., 1], NEVER).min(axis=1)
    left = np.minimum(np.minimum(left, after_service), some.pension)
    return _Spell(left=left, laid_off=laid_off, services=_until(services, left))


def _until(services: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Cut services off at the end of the spell, and drop those that lie after it."""
    begun = services[..., 0] <= left[:, None]
    first = np.where(begun, services[..., 0], NEVER)
    last = np.where(begun, np.minimum(services[..., 1], left[:, None]), NEVER)
    return np.stack([first, last], axis=-1)


def _waiting(uniform: np.ndarray) -> np.ndarray:
    """Turn uniform numbers into exponential ones of mean one."""
    return np.asarray(-np.log1p(-uniform.astype(float)))


def _services(entry: np.ndarray, chance: np.ndarray, preset: Preset) -> np.ndarray:
    """Return first and last day of each service that would come in a spell."""
    rules = preset.services
    wait = _WEEK * rules.mean_wait_weeks * _waiting(chance[..., ServiceChance.WAIT])
    length = _WEEK * (
        rules.least_weeks
        + (rules.mean_weeks - rules.least_weeks)
        * _waiting(chance[..., ServiceChance.LENGTH])
    )
    wait, length = np.ceil(wait).astype(int), np.ceil(length).astype(int)
    last = entry[:, None] + np.cumsum(wait + length, axis=1)
    return np.stack([last - length + 1, last], axis=-1)


def _leave(
    world: World,
    entry: np.ndarray,
    need: np.ndarray,
    laid_off: np.ndarray,
    services: np.ndarray,
    window: np.ndarray,
) -> np.ndarray:
    """Return the day on which the risk taken in reaches what each person needs.

    Between two of its edges (a further duration class, a service, the pilot's window)
    a spell's hazard is a constant times the world's pace, so risk is counted from edge
    to edge and the last stretch is solved exactly.
    """
    exits = world.preset.exits
    elapsed = _WEEK * np.array(exits.weeks)
    edges = np.concatenate(
        [entry[:, None] + elapsed, services.reshape(len(entry), 2 * SERVICES), window],
        axis=1,
    )
    edges = np.sort(np.clip(edges, entry[:, None], world.end), axis=1)
    edges = np.column_stack([edges, np.full(len(entry), world.end)])
    hazard = _hazard(exits, entry, laid_off, edges)
    middle = (edges[:, 1:] + edges[:, :-1]) / 2
    hazard[_inside(middle, services)] *= exits.in_service
    ratio = world.preset.effect.ratios(window[:, :1])
    hazard *= np.where(_inside(middle, window[:, None]), ratio, 1.0)
    clock = np.interp(edges, world.days, world.risk)
    taken = np.cumsum(hazard * np.diff(clock, axis=1), axis=1)
    reached = taken >= need[:, None]
    row, at = np.arange(len(entry)), reached.argmax(axis=1)
    before = np.where(at > 0, taken[row, at - 1], 0.0)
    moment = clock[row, at] + (need - before) / hazard[row, at]
    day = np.floor(np.interp(moment, world.risk, world.days)).astype(int)
    return np.where(reached.any(axis=1), np.maximum(day, entry), NEVER)


def _hazard(
    exits: Exits, entry: np.ndarray, laid_off: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    """Return the weekly hazard between edges, by elapsed weeks and kind of spell."""
    middle = (edges[:, 1:] + edges[:, :-1]) / 2 - entry[:, None]
    elapsed = np.searchsorted(exits.weeks, middle / _WEEK, side="right") - 1
    rates = np.array([exits.weekly, exits.laid_off_weekly])
    return np.asarray(rates[laid_off.astype(int)[:, None], elapsed])


def next_weekday(day: np.ndarray) -> np.ndarray:
    """Return the days themselves, or the Monday after a Saturday or Sunday."""
    weekday = (day + 3) % _WEEK  # 1970-01-01 was a Thursday
    return np.where(weekday >= _SATURDAY, day + _WEEK - weekday, day)


def _inside(moments: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Tell which moments of a person lie inside any of the person's windows."""
    moment = moments[:, :, None]
    within = (windows[:, None, :, 0] <= moment) & (moment < windows[:, None, :, 1])
    return np.asarray(within.any(axis=2))


def _return(left: np.ndarray, chance: np.ndarray, preset: Preset) -> np.ndarray:
    """Return the working day on which each person registers again, or `NEVER`."""
    rules = preset.returns
    weeks = rules.least_weeks + rules.mean_weeks * _waiting(chance[:, SpellChance.GAP])
    day = next_weekday(left + 1 + np.ceil(_WEEK * weeks).astype(int))
    comes = (chance[:, SpellChance.RETURN] < rules.share) & (left < NEVER)
    return np.where(comes, day, NEVER)
