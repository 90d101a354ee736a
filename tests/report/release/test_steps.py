"""Curves and routes: no step tells of fewer people than may be told."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.report.release.people import People
from evalkit.report.release.release import release
from evalkit.report.release.routes import release_routes
from evalkit.report.release.steps import steps_of
from tests.report.release.people import cohort, table

SEEDS = range(5)


def exits_between(people, weeks, group) -> np.ndarray:
    """Return how many of a group leave in each step, from the people themselves."""
    own = people[(people["treat"] == (group == "pilot")) & people["left"]]
    until = [(own["weeks"] <= week).sum() for week in weeks]
    return np.diff(until, prepend=0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("min_cell", [3, 5, 10])
def test_each_step_holds_enough_exits_and_leaves_enough_people(seed, min_cell):
    people = table(n=220, seed=seed)
    shown = release(survival_curves(cohort(people)), min_cell=min_cell).to_frame()
    assert len(shown)
    for group in ("pilot", "control"):
        weeks = shown["weeks"][shown["group"] == group].tolist()
        assert (exits_between(people, weeks, group) >= min_cell).all()
        own = people[people["treat"] == (group == "pilot")]
        there = (own["weeks"] > weeks[-1]) | (
            (own["weeks"] == weeks[-1]) & ~own["left"]
        )
        assert there.sum() >= min_cell


@pytest.mark.parametrize("seed", SEEDS)
def test_each_route_has_enough_exits_in_each_step(seed):
    people = table(n=500, seed=seed)
    shown = release(exit_routes(cohort(people))).to_frame()
    named = set(shown["exit_to"])
    assert "entrepreneur" not in named
    for (group, route), rows in shown.groupby(["group", "exit_to"]):
        own = people if route == "other" else people[people["to"] == route]
        if route == "other":
            own = people[~people["to"].isin(named)]
        assert (exits_between(own, rows["weeks"].tolist(), group) >= 5).all()


def test_routes_end_their_steps_with_the_curve():
    found = cohort(table(n=500))
    curve = release(survival_curves(found)).to_frame()
    weeks = sorted(set(curve["weeks"]))[::3]
    people = People(min_cell=5)
    shown = release_routes(exit_routes(found), people, among=weeks).to_frame()
    assert set(shown["weeks"]) <= set(weeks)


def test_shares_are_of_whole_cells_and_intervals_of_whole_points():
    people = table(n=500)
    shown = release(survival_curves(cohort(people))).to_frame()
    pilots = shown[shown["group"] == "pilot"]
    n = 5 * round((people["treat"] == 1).sum() / 5)
    cells = pilots["survival"] * n / 5
    np.testing.assert_allclose(cells, cells.round())
    inside = pilots[(pilots["ci_low"] > 0) & (pilots["ci_high"] < 1)]
    width = 50 * (inside["ci_high"] - inside["ci_low"])
    np.testing.assert_allclose(width, width.round())
    assert shown["se"].isna().all()


def test_the_trap_and_the_counts_do_not_leave():
    released = release(exit_routes(cohort(table(n=500))))
    assert released.result.naive.empty
    assert released.result.counts.empty


def test_a_group_of_few_has_no_curve():
    people = table(n=60)
    people["treat"] = [1] * 4 + [0] * 56
    released = release(survival_curves(cohort(people)))
    assert released.to_frame().empty
    assert released.further["medians"]["median"].isna().all()


def test_a_step_waits_for_the_group_that_leaves_last():
    often, seldom = np.array([[9.0] * 6]), np.array([[2.0] * 6])
    staying = np.full(6, 50.0)
    weeks = steps_of(range(1, 7), [often, seldom], [staying, staying], 5)
    assert weeks == [3, 6]
