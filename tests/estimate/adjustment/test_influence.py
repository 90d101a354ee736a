"""Influence, clusters, resampling and neighbours: the small parts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.adjustment.influence import clustered_covariance, clustered_se
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.decomposition.shapley import coalitions, shapley_weights
from evalkit.estimate.groups.neighbours import nearest_neighbours
from tests.estimate.adjusted_people import adjusted_people, cohort_of


def test_clusters_of_one_row_give_the_standard_error_of_a_mean() -> None:
    values = np.array([3.0, 5.0, 4.0, 8.0])
    influence = (values - values.mean()) / values.size
    expected = values.std(ddof=1) / math.sqrt(values.size)
    assert clustered_se(influence, np.arange(4)) == pytest.approx(expected)


def test_rows_that_cancel_within_a_cluster_have_no_influence() -> None:
    influence = np.array([0.5, -0.5, 0.25, -0.25])
    assert clustered_se(influence, np.array([7, 7, 3, 3])) == 0


def test_the_covariance_of_two_estimates_is_that_of_their_sums() -> None:
    random = np.random.default_rng(2)
    both, cluster = random.normal(size=(60, 2)), random.integers(0, 12, 60)
    found = clustered_covariance(both, cluster)
    total = clustered_se(both.sum(axis=1), cluster)
    assert total**2 == pytest.approx(found.sum())
    assert found[0, 1] == found[1, 0]


def test_neighbours_are_the_nearest_of_the_cell() -> None:
    random = np.random.default_rng(3)
    line, cells = random.normal(size=200), random.integers(0, 4, 200)
    among = np.flatnonzero(random.random(200) < 0.5)
    found = nearest_neighbours(line, cells, among=among, number=3, oneself=False)
    for row in range(200):
        able = [i for i in among if cells[i] == cells[row] and i != row]
        nearest = sorted(able, key=lambda i: abs(line[i] - line[row]))[:3]
        assert set(found[row]) == set(nearest)


def test_a_lonely_row_borrows_neighbours_of_another_cell() -> None:
    line, cells = np.array([0.0, 1.0, 2.0, 9.0]), np.array([0, 0, 0, 1])
    rows = np.arange(4)
    found = nearest_neighbours(line, cells, among=rows, number=2, oneself=False)
    assert 3 not in found[3]


def test_replicates_without_an_estimate_are_counted() -> None:
    sample = sample_of(cohort_of(adjusted_people()))
    calls = iter(range(10))

    def estimate(of) -> float:
        number = next(calls)
        if number % 2:
            raise EstimationError("Not this one.")
        return float(of.outcome.mean())

    se, note = Bootstrap(replicates=10).se(sample, estimate)
    assert se > 0
    assert note == "5 of 10 bootstrap replicates had no estimate"


def test_a_resampled_study_keeps_people_whole() -> None:
    sample = sample_of(cohort_of(adjusted_people()))
    sizes = np.bincount(sample.person)

    def check(of) -> float:
        own = np.bincount(of.person, minlength=sizes.size)
        assert (own % sizes == 0).all()
        return 0.0

    Bootstrap(replicates=5).se(sample, check)


def test_shares_of_a_game_where_everybody_adds_the_same() -> None:
    players = ["a", "b", "c"]
    share = dict.fromkeys(players, 0.0)
    for coalition in coalitions(players):
        value = float(len(coalition)) ** 2
        for player, weight in shapley_weights(coalition, players).items():
            share[player] += weight * value
    assert share == {player: pytest.approx(3.0) for player in players}
