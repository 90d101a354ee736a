"""The days on which people are referred: how many, of which age, and in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalkit.examples.world import next_weekday
from evalkit.study.months import first_day, last_day, month_text, parse_month

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.examples.preset import Preset, Totals, Way

_WEEK = 7
_ANY_AGE: tuple[float, ...] = (0.0,)


class Event(NamedTuple):
    """A day on which people are referred.

    Attributes
    ----------
    day
        The day, a Monday.
    ages
        First year of each age class.
    numbers
        How many of each class are referred.
    way
        How they start.
    """

    day: int
    ages: tuple[float, ...]
    numbers: tuple[int, ...]
    way: Way


def events(preset: Preset, rng: np.random.Generator) -> list[Event]:
    """Return every Monday of the pilot's months; a month's people are shared out."""
    months, totals = _active_months(preset), preset.totals
    if totals is None:
        ages, deals = _ANY_AGE, _by_chance(preset, len(months), rng)
    else:
        ages = tuple(map(float, totals.ages))
        deals = _dealt(totals, len(months), rng)
    return [
        Event(
            day,
            ages,
            tuple(np.bincount(share, minlength=len(ages)).tolist()),
            preset.referral.way(month_text(month)),
        )
        for month, deal in zip(months, deals, strict=True)
        for day, share in _shared_out(month, deal)
    ]


def _shared_out(month: int, deal: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Share a month's people out to its Mondays."""
    days = np.arange(first_day(month), last_day(month) + 1)
    mondays = days[(days + 3) % _WEEK == 0]
    shares = np.array_split(deal, len(mondays))
    return list(zip(mondays.tolist(), shares, strict=True))


def after_pauses(preset: Preset, days: np.ndarray) -> np.ndarray:
    """Move days that lie in a pause to the first weekday after it."""
    if not preset.referral.starts_pause:
        return days
    for month in map(parse_month, sorted(preset.referral.pauses)):
        within = (first_day(month) <= days) & (days <= last_day(month))
        days = np.where(within, last_day(month) + 1, days)
    return next_weekday(days)


def apportioned(weights: Mapping[str, float], total: int) -> list[int]:
    """Divide a whole number by weights; the largest remainders round up [1]_.

    References
    ----------
    .. [1] Hamilton A (1792). Opinion on the bill for apportioning representatives.

    Examples
    --------
    >>> apportioned({"work": 88, "training": 10, "entrepreneur": 2}, 795)
    [700, 79, 16]
    """
    exact = total * np.array(list(weights.values())) / sum(weights.values())
    parts = np.floor(exact).astype(int)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total - parts.sum()]] += 1
    return [int(part) for part in parts]


def _active_months(preset: Preset) -> list[int]:
    rules = preset.referral
    return [
        month
        for month in preset.months
        if rules.first <= month_text(month) <= rules.last
        and month_text(month) not in rules.pauses
    ]


def _by_chance(
    preset: Preset, months: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Give each month as many people as chance has it, all of one age class."""
    mean = preset.referral.people_a_month
    return [np.zeros(rng.poisson(mean), dtype=int) for _ in range(months)]


def _dealt(totals: Totals, months: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal the age classes of all that will be referred out to the months."""
    classes = np.arange(len(totals.ages))
    deck = np.repeat(classes, apportioned(totals.ages, totals.referred))
    cuts = np.cumsum(rng.multinomial(totals.referred, np.full(months, 1 / months)))
    return np.split(rng.permutation(deck), cuts[:-1])
