"""Classes that show no person."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalkit.report.plots.classes import density, merged_edges

EDGES = np.arange(0, 11.0)
NUMBERS = st.lists(st.floats(0, 10), max_size=40).map(lambda x: np.array(x, float))


@given(NUMBERS, NUMBERS, st.integers(1, 10))
def test_every_class_has_nobody_or_enough(pilot, control, smallest):
    edges = merged_edges(EDGES, [pilot, control], smallest)
    assert set(edges) <= set(EDGES)
    assert (edges[0], edges[-1]) == (0, 10)
    if len(edges) > 2:
        for group in (pilot, control):
            counts, _ = np.histogram(group, edges)
            assert ((counts == 0) | (counts >= smallest)).all()


def test_large_classes_stay():
    people = np.repeat(np.arange(10) + 0.5, 5)
    np.testing.assert_array_equal(merged_edges(EDGES, [people, people], 5), EDGES)


def test_a_class_of_one_group_alone_stays():
    """That the groups do not meet is what the figure is for."""
    low, high = np.repeat([0.5, 1.5], 5), np.repeat([8.5, 9.5], 5)
    edges = merged_edges(EDGES, [low, high], 5)
    assert {1.0, 2.0, 8.0, 9.0} <= set(edges)


def test_shares_fill_the_whole():
    values, edges = np.array([0.5, 3.0, 3.5, 9.0]), np.array([0.0, 2.0, 10.0])
    assert (density(values, edges) @ np.diff(edges)).item() == 1
    weighted = density(values, edges, np.array([3.0, 0, 0, 1]))
    np.testing.assert_allclose(weighted, [0.75 / 2, 0.25 / 8])
