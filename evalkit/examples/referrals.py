"""Who is referred to the pilot, on which day, and who starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.examples.careers import NEVER, Careers, Chances, World
from evalkit.examples.population import DAYS_A_YEAR, log_scale
from evalkit.study.months import first_day, last_day, month_text

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.examples.preset import Effect, Way

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
    window
        First day and end of the pilot's effect on each.
    """

    rows: np.ndarray
    day: np.ndarray
    start: np.ndarray
    way: np.ndarray
    window: tuple[np.ndarray, np.ndarray]


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
    for day, number, way in _events(world, rng):
        candidates = np.flatnonzero(fresh & eligible(world, careers, day))
        noise = rng.gumbel(size=len(candidates))
        keys = appeal(world, people, careers, candidates, day) + noise
        rows = np.sort(candidates[np.argsort(-keys)[:number]])
        part = _start(world, careers, rows, day, way, rng)
        careers.put(rows, world.live(chances.of(rows), part.window))
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
    chosen: np.ndarray = (
        careers.unemployed_on(day) & ~careers.laid_off[people, spell] & fits
    )
    return chosen


def appeal(
    world: World, people: pd.DataFrame, careers: Careers, rows: np.ndarray, day: int
) -> np.ndarray:
    """Return the log-odds of a referral on a day, apart from a constant."""
    some = careers.of(rows)
    began = some.registered[np.arange(len(rows)), some.spell_on(day)]
    return log_scale(
        world.preset.referral.traits,
        people.iloc[rows],
        age=(day - people["birth"].to_numpy()[rows]) / DAYS_A_YEAR,
        weeks=(day - began) // _WEEK,
    )


def _events(world: World, rng: np.random.Generator) -> list[tuple[int, int, Way]]:
    """Return every day of referrals, how many are referred, and how they start."""
    rules = world.preset.referral
    events = []
    for month in world.preset.months:
        text = month_text(month)
        if not rules.first <= text <= rules.last or text in rules.pauses:
            continue
        way = next(way for way in rules.ways if text <= way.last)
        days = np.arange(first_day(month), last_day(month) + 1)
        mondays = days[(days + 3) % _WEEK == 0]
        shares = np.array_split(
            np.arange(rng.poisson(rules.people_a_month)), len(mondays)
        )
        events += [
            (int(day), len(share), way)
            for day, share in zip(mondays, shares, strict=True)
        ]
    return events


def _start(
    world: World,
    careers: Careers,
    rows: np.ndarray,
    day: int,
    way: Way,
    rng: np.random.Generator,
) -> Referrals:
    """Let those start who are still registered on the day and take it up."""
    low, high = way.delay_days
    planned = day + rng.integers(low, high + 1, size=len(rows))
    takes_up = rng.random(len(rows)) < way.takes_up
    some = careers.of(rows)
    still = some.spell_on(planned) == some.spell_on(day)
    start = np.where(takes_up & still, planned, NEVER)
    return Referrals(
        rows=rows,
        day=np.full(len(rows), day),
        start=start,
        way=np.full(len(rows), way.name),
        window=_window(world.preset.effect, day, start),
    )


def _window(
    effect: Effect, day: int, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    first = start if effect.since == "start" else np.full_like(start, day)
    return first, first + int(_WEEK * effect.weeks)


def _together(parts: list[Referrals]) -> Referrals:
    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    first, end = (np.concatenate([part.window[i] for part in parts]) for i in range(2))
    return Referrals(
        rows=joined("rows"),
        day=joined("day"),
        start=joined("start"),
        way=joined("way"),
        window=(first, end),
    )
