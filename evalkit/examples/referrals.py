"""Who is referred to the pilot, on which day, and who starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.examples.careers import NEVER
from evalkit.examples.events import after_pauses, events
from evalkit.examples.population import DAYS_A_YEAR, log_scale
from evalkit.examples.world import next_weekday
from evalkit.study.months import month_of, month_text

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.examples.careers import Careers, Chances
    from evalkit.examples.events import Event
    from evalkit.examples.preset import Effect, Preset, Way
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
    age_class
        Number of the age class: the totals' if there are any, else 0.
    """

    rows: np.ndarray
    age_class: np.ndarray
    day: np.ndarray
    start: np.ndarray
    way: np.ndarray

    def reached(self, effect: Effect) -> tuple[np.ndarray, np.ndarray]:
        """Return first day and end of the pilot's effect on each."""
        first = self.start if effect.since == "start" else self.day
        return first, first + int(_WEEK * effect.weeks)


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
    birth = people["birth"].to_numpy()
    parts: list[Referrals] = []
    for event in events(world.preset, rng):
        candidates = np.flatnonzero(fresh & eligible(world, careers, event.day))
        keys = appeal(world, people, careers, candidates, event.day)
        keys += rng.gumbel(size=len(candidates))
        classes = _age_classes(birth[candidates], event)
        rows = np.sort(candidates[_most_attracted(keys, classes, event)])
        part = Referrals(
            rows=rows,
            age_class=_age_classes(birth[rows], event),
            day=np.full(len(rows), event.day),
            start=np.full(len(rows), NEVER),
            way=np.full(len(rows), event.way.name),
        )
        places = _places(world.preset, event, parts)
        part = _start(world, chances, part, event.way, places, rng)
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


def _age_classes(birth: np.ndarray, event: Event) -> np.ndarray:
    """Return people's classes of age on the day of an event."""
    age = (event.day - birth) / DAYS_A_YEAR
    return np.searchsorted(event.ages, age, side="right") - 1


def _most_attracted(keys: np.ndarray, classes: np.ndarray, event: Event) -> np.ndarray:
    """Return those with the largest keys of each age class, as many as it has."""
    order = np.argsort(-keys)
    return np.concatenate(
        [order[classes[order] == k][:number] for k, number in enumerate(event.numbers)]
    )


def appeal(
    world: World, people: pd.DataFrame, careers: Careers, rows: np.ndarray, day: int
) -> np.ndarray:
    """Return some people's log-odds of a referral on a day, apart from a constant."""
    some = careers.of(rows)
    began = some.registered[np.arange(len(rows)), some.spell_on(day)]
    return log_scale(
        world.preset.referral.traits_in(month_text(month_of(day))),
        people.iloc[rows],
        age=(day - people["birth"].to_numpy()[rows]) / DAYS_A_YEAR,
        weeks=(day - began) // _WEEK,
    )


def _places(preset: Preset, event: Event, parts: list[Referrals]) -> int | None:
    """Return how many of an event may start, where the share of starters is fixed."""
    if preset.totals is None:
        return None
    before = [part for part in parts if (part.way == event.way.name).all()]
    referred = sum(len(part.rows) for part in before) + sum(event.numbers)
    started = sum(int((part.start < NEVER).sum()) for part in before)
    return round(preset.totals.starts[event.way.name] * referred) - started


def _start(
    world: World,
    chances: Chances,
    referred: Referrals,
    way: Way,
    places: int | None,
    rng: np.random.Generator,
) -> Referrals:
    """Let those start who are still registered on the day and take it up."""
    low, high = way.delay_days
    delay = rng.integers(low, high + 1, size=len(referred.day))
    planned = after_pauses(world.preset, next_weekday(referred.day + delay))
    chance = rng.random(len(referred.day))
    until_start = referred.reached(world.preset.effect)
    lives = world.live(chances.of(referred.rows), until_start)
    still = lives.spell_on(planned) == lives.spell_on(referred.day)
    if places is None:
        takes_up = chance < way.takes_up
    else:
        takes_up = np.argsort(np.argsort(chance + ~still)) < places
    return replace(referred, start=np.where(takes_up & still, planned, NEVER))


def _together(parts: list[Referrals]) -> Referrals:
    """Return all referrals as one."""
    names = Referrals.__slots__
    return Referrals(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    )
