"""Simulated registers with known hazards: do intervals and tests keep their promise?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.contamination import later_referrals
from evalkit.estimate.survival.exit_routes import exit_routes

ROUTES = ("work", "training", "other")
HAZARDS = np.array([0.04, 0.02, 0.015])
FASTER = 1.5
WEEKS, LAST = (4, 13, 26), 26
STOCK, CONTROLS, PILOTS, MONTHS = 500, 60, 40, 8


def truth(hazards: np.ndarray, week: int) -> np.ndarray:
    """Share that has left by each route, of those who are there at week 0."""
    total = hazards.sum()
    return hazards / total * (1 - (1 - total) ** week)


def lives(
    random: np.random.Generator, hazards: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return weeks to the exit and its route: the same hazards in every week."""
    return (
        random.geometric(hazards.sum(), n),
        random.choice(len(ROUTES), n, p=hazards / hazards.sum()),
    )


def draws(random: np.random.Generator, faster: float) -> pd.DataFrame:
    """Draw controls every fourth week from one stock, so that many are drawn again.

    Spells began in the year before; whoever is drawn twice has one exit, seen from two
    time zeros. The pilots of a month are newly referred people, once each.
    """
    pilots = HAZARDS * [faster, 1, 1]
    began = random.integers(0, 52 + 4 * MONTHS, STOCK)
    length, route = lives(random, HAZARDS, STOCK)
    parts = []
    for month in range(MONTHS):
        now = 52 + 4 * month
        there = np.flatnonzero((began <= now) & (began + length > now))
        drawn = random.choice(there, min(CONTROLS, there.size), replace=False)
        left, to = lives(random, pilots, PILOTS)
        parts += [
            pd.DataFrame(
                {
                    "person": drawn.astype(str),
                    "pilot": 0,
                    "weeks_before": now - began[drawn],
                    "left": began[drawn] + length[drawn] - now,
                    "to": route[drawn],
                }
            ).assign(month=month),
            pd.DataFrame({"left": left, "to": to}).assign(
                person=[f"p{month}-{number}" for number in range(PILOTS)],
                pilot=1,
                weeks_before=random.integers(0, 40, PILOTS),
                month=month,
            ),
        ]
    people = pd.concat(parts, ignore_index=True)
    until = random.integers(LAST, 60, len(people))
    return people.assign(
        weeks=np.minimum(people["left"], until),
        exited=people["left"] <= until,
        exit_to=np.array(ROUTES)[people["to"]],
        month=people["month"].astype(str),
    )


def cohort_of(people: pd.DataFrame, *, person: str | None = "person") -> Cohort:
    return Cohort.from_frame(
        people.assign(exit_to=people["exit_to"].where(people["exited"])),
        group="pilot",
        outcome="exited",
        person=person,
        month="month",
        weeks="weeks",
        exited="exited",
        weeks_before="weeks_before",
        exit_to="exit_to",
    )


def hits(found) -> list[bool]:
    """Tell for groups, routes and weeks whether the interval holds the truth."""
    told = []
    for after in WEEKS:
        week = found.start + after
        expected = {
            (group, route): share
            for group, hazards in (
                ("pilot", HAZARDS * [FASTER, 1, 1]),
                ("control", HAZARDS),
            )
            for route, share in zip(ROUTES, truth(hazards, after), strict=True)
        }
        rows = found.table[found.table["weeks"] == week]
        told += [
            low <= expected[group, route] <= high
            for group, route, low, high in zip(
                rows["group"], rows["exit_to"], rows["ci_low"], rows["ci_high"],
                strict=True,
            )
            if not math.isnan(low)
        ]  # fmt: skip
        gap = {r: expected["pilot", r] - expected["control", r] for r in ROUTES}
        rows = found.differences[found.differences["weeks"] == week]
        told += [
            low <= gap[route] <= high
            for route, low, high in zip(
                rows["exit_to"], rows["ci_low"], rows["ci_high"], strict=True
            )
            if not math.isnan(low)
        ]
    return told


@pytest.mark.slow
@pytest.mark.parametrize("clock", ["entry", "registration"])
def test_intervals_of_incidence_cover(replicates, clock):
    random = np.random.default_rng(1995)
    runs = replicates // 4
    told = [
        hits(exit_routes(cohort_of(draws(random, FASTER)), clock=clock))
        for _ in range(runs)
    ]
    covered = np.array([np.mean(run) for run in told])
    chance = covered.std() / math.sqrt(runs)
    assert min(map(len, told)) > 20  # of 27
    assert abs(covered.mean() - 0.95) <= 0.01 + 3 * chance


@pytest.mark.slow
def test_grays_test_keeps_its_level_where_people_recur(replicates):
    random = np.random.default_rng(1988)
    runs = replicates // 2
    clustered, ignoring = [], []
    for _ in range(runs):
        people = draws(random, 1.0)
        clustered += list(exit_routes(cohort_of(people)).gray["p_value"] < 0.05)
        alone = exit_routes(cohort_of(people, person=None))
        ignoring += list(alone.gray["p_value"] < 0.05)
    chance = math.sqrt(0.05 * 0.95 / (3 * runs))
    assert abs(np.mean(clustered) - 0.05) <= 0.01 + 3 * chance
    assert np.mean(ignoring) > np.mean(clustered) + 0.02


YOUNG_HAZARD, OLD_HAZARD, AFTER_REFERRAL = 0.09, 0.04, 3.0
YOUNG_REFERRED, OLD_REFERRED, HORIZON = 0.01, 0.06, 13


def joining(random: np.random.Generator, n: int = 700) -> pd.DataFrame:
    """Let old controls stay longer, be referred more often, and leave soon after it."""
    pilot = random.random(n) < 0.4
    old = random.random(n) < 0.5
    hazard = np.where(old, OLD_HAZARD, YOUNG_HAZARD)
    alone = random.geometric(hazard)
    referral = random.geometric(np.where(old, OLD_REFERRED, YOUNG_REFERRED)) - 1
    joins = ~pilot & (referral < alone)
    after = referral + random.geometric(np.minimum(AFTER_REFERRAL * hazard, 1))
    left = np.where(joins, after, alone)
    return pd.DataFrame(
        {
            "pilot": pilot.astype(int),
            "old": old.astype(float),
            "weeks": np.minimum(left, 20),
            "exited": left <= 20,
            "outcome": (left <= HORIZON).astype(float),
            "weeks_to_referral": np.where(joins, referral, np.nan),
        }
    )


@pytest.mark.slow
def test_censoring_weights_find_what_would_have_been_without_referrals(replicates):
    """Pilots live as controls would have without a referral: the truth is zero."""
    random = np.random.default_rng(2000)
    runs = replicates // 4
    tables = []
    for _ in range(runs):
        cohort = Cohort.from_frame(
            joining(random),
            group="pilot",
            outcome="outcome",
            weeks="weeks",
            exited="exited",
            covariates=["old", "weeks_to_referral"],
        )
        tables.append(later_referrals(cohort, horizon=HORIZON).to_frame())
    found = pd.concat(tables)
    found = found.assign(
        covers=(found["ci_low"] <= 0) & (found["ci_high"] >= 0),
        z=found["estimate"] / found["se"],
    )
    by = found.groupby(["reading", "measure"])
    covered, z = by["covers"].mean(), by["z"].mean()
    chance = math.sqrt(0.95 * 0.05 / runs)
    assert (covered["censored"] >= 0.94 - 3 * chance).all()
    assert (z["censored"].abs() <= 3.5 / math.sqrt(runs)).all()
    assert (z["kept"].abs() > 1).all()
    error = by["se"].mean()["censored"] / by["estimate"].std()["censored"]
    assert (error - 1).abs().max() <= 0.05 + 3 / math.sqrt(runs)
