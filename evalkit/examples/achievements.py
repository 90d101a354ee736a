"""What comes of the pilot's clients: who completes the service, who has a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.examples.careers import SpellChance
from evalkit.examples.events import apportioned
from evalkit.examples.snapshots import chance_of, reasons
from evalkit.study.codes import EXIT_ROUTES
from evalkit.study.months import first_day, last_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.examples.careers import Careers, Chances
    from evalkit.examples.preset import Preset, Totals
    from evalkit.examples.referrals import Referrals

_NONE = ""
_SEEN_AS = {"work": "work", "training": "training", "entrepreneur": "work"}
"""Routes of results, and as what the register sees them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievements:
    """What the provider knows of each referral at the register's end.

    Attributes
    ----------
    end
        Last day of the service, as far as it goes.
    completed
        Whether the service has been completed; leaving the register completes it.
    result
        ``work``, ``training`` or ``entrepreneur``; empty for none.
    """

    end: np.ndarray
    completed: np.ndarray
    result: np.ndarray


def achieve(
    chances: Chances,
    careers: Careers,
    referrals: Referrals,
    preset: Preset,
    rng: np.random.Generator,
) -> Achievements:
    """Return what comes of everybody who was referred.

    A result is an exit from the register during the service into work, training or
    one's own firm. Where the preset fixes how many results there are, chance chooses
    them from all exits during the service, and the register's reason for these exits
    is made to agree: `chances` are changed in place. Where it fixes how many complete
    the service, those who leave without a result are the last to do so.

    Parameters
    ----------
    chances, careers
        The simulation so far.
    referrals
        Who was referred.
    preset
        The settings.
    rng
        Where chance comes from.

    Returns
    -------
    Achievements
        In the order of the referrals.
    """
    row, rules, today = referrals.rows, preset.referral, last_day(preset.months[-1])
    number = careers.of(row).spell_on(referrals.day)
    left = careers.left[row, number]
    closing = last_day(parse_month(rules.service_last))
    end = np.minimum(np.minimum(referrals.start + rules.service_days, closing), left)
    ended = (referrals.start <= today) & (end <= today)
    leaves = ended & (left == end)
    if preset.totals is None:
        result = np.where(leaves, _natural(chances, row, number, preset, rng), _NONE)
        return Achievements(end=end, completed=ended, result=result)
    result = _chosen(np.where(leaves, left, 0), referrals.age_class, preset.totals, rng)
    _make_agree(chances, row, number, result, preset, rng)
    completed = _completers(
        ended, leaves, result, referrals.age_class, preset.totals, rng
    )
    return Achievements(end=end, completed=completed, result=result)


def _natural(
    chances: Chances,
    row: np.ndarray,
    number: np.ndarray,
    preset: Preset,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the results that the register's own reasons make."""
    reason = reasons(chances, row, number, np.zeros(len(row), dtype=bool), preset)
    route = np.array([EXIT_ROUTES[code] for code in reason])
    own_firm = rng.random(len(row)) < preset.referral.entrepreneur
    route = np.where(own_firm & (route == "work"), "entrepreneur", route)
    return np.where(np.isin(route, list(_SEEN_AS)), route, _NONE)


def _chosen(
    left: np.ndarray, age_class: np.ndarray, totals: Totals, rng: np.random.Generator
) -> np.ndarray:
    """Choose the results of each period among the days on which people leave.

    Where an age has too few who leave in a period, others take their place, and it has
    its turn in the periods that follow.
    """
    total = sum(period.people for period in totals.results)
    left_over = np.array(apportioned(totals.result_ages, total))
    free = left > 0
    chosen = []
    for period in totals.results:
        first, last = parse_month(period.first), parse_month(period.last)
        able = free & (first_day(first) <= left) & (left <= last_day(last))
        rows = rng.permutation(np.flatnonzero(able))
        wanted = _shuffled(left_over, rng)[: period.people]
        rows = rows[_first_fitting(age_class[rows], wanted)]
        had = np.bincount(age_class[rows], minlength=len(left_over))
        left_over = np.maximum(left_over - had, 0)
        free &= ~able
        chosen.append(rows)
    rows = np.concatenate(chosen)
    result = np.full(len(left), _NONE, dtype="<U12")
    routes = _shuffled(apportioned(totals.routes, len(rows)), rng)
    result[rows] = np.array(list(totals.routes))[routes]
    return result


def _shuffled(
    numbers: Sequence[int] | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return so many of each category, in an order that chance makes."""
    return rng.permutation(np.repeat(np.arange(len(numbers)), numbers))


def _first_fitting(classes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the places of the first of each class, as many as are wanted in all."""
    rank = np.empty(len(classes), dtype=int)
    for k in np.unique(classes):
        of_class = np.flatnonzero(classes == k)
        rank[of_class] = np.arange(len(of_class))
    fits = rank < np.bincount(wanted, minlength=classes.max(initial=0) + 1)[classes]
    return np.argsort(~fits, kind="stable")[: len(wanted)]


def _make_agree(
    chances: Chances,
    row: np.ndarray,
    number: np.ndarray,
    result: np.ndarray,
    preset: Preset,
    rng: np.random.Generator,
) -> None:
    """Let the register give each result a reason that leads where the result does."""
    weights = preset.exits.reasons
    for name, route in _SEEN_AS.items():
        at = np.flatnonzero(result == name)
        codes = [code for code in weights if EXIT_ROUTES[code] == route]
        shares = np.array([weights[code] for code in codes])
        drawn = rng.choice(codes, size=len(at), p=shares / shares.sum())
        middle = [chance_of(weights, code) for code in drawn.tolist()]
        chances.spell[row[at], number[at], SpellChance.REASON] = middle


def _completers(
    ended: np.ndarray,
    leaves: np.ndarray,
    result: np.ndarray,
    age_class: np.ndarray,
    totals: Totals,
    rng: np.random.Generator,
) -> np.ndarray:
    """Tell who completed: of each age, first those with a result, last who just left.

    Their ages are to be as the totals say.
    """
    has_result = result != _NONE
    just_left = leaves & ~has_result
    key = rng.random(len(ended)) + 1.0 * just_left - 1.0 * has_result
    completed = np.zeros(len(ended), dtype=bool)
    for k, number in enumerate(apportioned(totals.ages, totals.completed)):
        able = np.flatnonzero(ended & (age_class == k))
        completed[able[np.argsort(key[able])[:number]]] = True
    return completed
