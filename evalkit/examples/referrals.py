"""Who is referred to the pilot, on which day, and who starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalkit.examples.careers import NEVER
from evalkit.examples.population import DAYS_A_YEAR, log_scale
from evalkit.examples.world import next_weekday
from evalkit.study.months import first_day, last_day, month_text

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.examples.careers import Careers, Chances
    from evalkit.examples.preset import Effect, Way
    from evalkit.examples.world import World

_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrals:
    """The referred, in order of referral.

    Attributes
    ----------
    rows
        Their rows among the people.
    day
        Day of the referral.
    start
        First day of the service, `NEVER` for those who did not start.
    way
        Way of starting.
    """

    rows: np.ndarray
    day: np.ndarray
    start: np.ndarray
    way: np.ndarray

    def reached(self, effect: Effect) -> tuple[np.ndarray, np.ndarray]:
        """Return first day and end of the pilot's effect on each."""
        first = self.start if effect.since == "start" else self.day
        return first, first + int(_WEEK * effect.weeks)


class Event(NamedTuple):
    """A day on which people are referred."""

    day: int
    number: int
    way: Way


def refer(
    world: World,
    people: pd.DataFrame,
    chances: Chances,
    careers: Careers,
    rng: np.random.Generator,
) -> Referrals:
    """Refer people every Monday, and let those whom the pilot reaches live anew.

    Those referred are drawn without replacement from the eligible by weights
    exp(traits), which is taking the largest of traits plus Gumbel noise [1]_.

    Parameters
    ----------
    world, people, chances
        The simulation so far.
    careers
        Everybody's careers without the pilot; those of the referred are replaced.
    rng
        Where chance comes from.

    Returns
    -------
    Referrals
        Who was referred.

    References
    ----------
    .. [1] Yellott, J. I. (1977). The relationship between Luce's choice axiom,
       Thurstone's theory of comparative judgment, and the double exponential
       distribution. Journal of Mathematical Psychology 15(2), 109-144.
    """
    fresh = np.ones(len(people), dtype=bool)
    parts = []
    for event in _events(world, rng):
        candidates = np.flatnonzero(fresh & eligible(world, careers, event.day))
        keys = appeal(world, people, careers, candidates, event.day)
        keys += rng.gumbel(size=len(candidates))
        rows = np.sort(candidates[np.argsort(-keys)[: event.number]])
        part = _start(world, chances, rows, event, rng)
        reached = part.reached(world.preset.effect)
        careers.put(rows, world.live(chances.of(rows), reached))
        fresh[rows] = False
        parts.append(part)
    return _together(parts)


def eligible(world: World, careers: Careers, day: int) -> np.ndarray:
    """Tell who may be referred on a day: unemployed, not laid off, not too long."""
    rules = world.preset.referral
    people = np.arange(len(careers.left))
    spell = careers.spell_on(day)
    weeks = (day - careers.registered[people, spell]) // _WEEK
    fits = (rules.weeks[0] <= weeks) & (weeks <= rules.weeks[1])
    laid_off = careers.laid_off[people, spell]
    return np.asarray(careers.unemployed_on(day) & ~laid_off & fits)


def appeal(
    world: World, people: pd.DataFrame, careers: Careers, rows: np.ndarray, day: int
) -> np.ndarray:
    """Return some people's log-odds of a referral on a day, apart from a constant."""
    some = careers.of(rows)
    began = some.registered[np.arange(len(rows)), some.spell_on(day)]
    return log_scale(
        world.preset.referral.traits,
        people.iloc[rows],
        age=(day - people["birth"].to_numpy()[rows]) / DAYS_A_YEAR,
        weeks=(day - began) // _WEEK,
    )


def _events(world: World, rng: np.random.Generator) -> list[Event]:
    """Return every Monday of the pilot's months; a month's people are shared out."""
    rules, events = world.preset.referral, []
    for month in world.preset.months:
        text = month_text(month)
        if not rules.first <= text <= rules.last or text in rules.pauses:
            continue
        way = next(way for way in rules.ways if text <= way.last)
        days = np.arange(first_day(month), last_day(month) + 1)
        mondays = days[(days + 3) % _WEEK == 0]
        number = rng.poisson(rules.people_a_month)
        shares = np.array_split(np.arange(number), len(mondays))
        events += [
            Event(int(day), len(share), way)
            for day, share in zip(mondays, shares, strict=True)
        ]
    return events


def _start(
    world: World,
    chances: Chances,
    rows: np.ndarray,
    event: Event,
    rng: np.random.Generator,
) -> Referrals:
    """Let those start who are still registered on the day and take it up."""
    low, high = event.way.delay_days
    day = np.full(len(rows), event.day)
    delay = rng.integers(low, high + 1, size=len(rows))
    planned = next_weekday(day + delay)
    takes_up = rng.random(len(rows)) < event.way.takes_up
    referred = Referrals(
        rows=rows,
        day=day,
        start=np.full(len(rows), NEVER),
        way=np.full(len(rows), event.way.name),
    )
    until_start = referred.reached(world.preset.effect)
    lives = world.live(chances.of(rows), until_start)
    still = lives.spell_on(planned) == lives.spell_on(day)
    start = np.where(takes_up & still, planned, NEVER)
    return replace(referred, start=start)


def _together(parts: list[Referrals]) -> Referrals:
    """Return all referrals as one."""
    names = Referrals.__slots__
    return Referrals(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    )
