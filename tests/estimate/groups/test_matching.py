"""Greedy matching on a line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.estimate.groups.matching import nearest_pairs


def one_by_one(line, pilot, cells, ratio, replace, widest) -> list[tuple[int, int]]:
    """Match by looking at every control for every pilot."""
    free, pairs = set(np.flatnonzero(~pilot).tolist()), []
    had = {int(i): set() for i in np.flatnonzero(pilot)}
    order = sorted(had, key=lambda i: (-line[i], i))
    for _ in range(ratio):
        for i in order:
            open_ones = [
                (abs(line[j] - line[i]), j)
                for j in free - had[i]
                if cells[j] == cells[i] and abs(line[j] - line[i]) <= widest
            ]
            if open_ones:
                _, j = min(open_ones)
                pairs.append((i, j))
                had[i].add(j)
                if not replace:
                    free.discard(j)
    return sorted(pairs)


@given(
    st.lists(
        st.tuples(st.integers(-6, 6), st.booleans(), st.integers(0, 2)), min_size=1
    ),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([math.inf, 0, 1, 3]),
)
def test_the_same_pairs_as_comparing_all(rows, ratio, replace, widest) -> None:
    line, pilot, cells = map(np.array, zip(*rows, strict=True))
    found = nearest_pairs(
        line.astype(float),
        pilot,
        cells=cells,
        ratio=ratio,
        replace=replace,
        widest=widest,
    )
    expected = one_by_one(line, pilot, cells, ratio, replace, widest)
    assert sorted(map(tuple, found.tolist())) == expected


@pytest.mark.parametrize("name", ["score", "logit"])
def test_pairs_agree_with_r(reference, name) -> None:
    people, lines = reference("weighted_people").head(300), reference("matching_lines")
    line, pilot = lines[name].to_numpy(float), (people["pilot"] == 1).to_numpy()
    sd = math.sqrt((line[pilot].var(ddof=1) + line[~pilot].var(ddof=1)) / 2)
    table = reference("matching").query("line == @name")
    options = ["ratio", "replace", "caliper", "exact"]
    for (ratio, replace, caliper, exact), rows in table.groupby(options):
        columns = ["month"] if exact == "month" else ["month", "sex"]
        found = nearest_pairs(
            line,
            pilot,
            cells=people.groupby(columns).ngroup().to_numpy(),
            ratio=ratio,
            replace=bool(replace),
            widest=caliper * sd,
        )
        expected = rows[["pilot", "control"]].to_numpy().tolist()
        assert sorted(found.tolist()) == expected


def test_rounding_does_not_break_ties() -> None:
    """Numbers that differ by what two machines compute differently are one."""
    line = np.array([0.3, 0.1 + 0.2, 0.3, 0.2, 0.4])
    pilot = np.array([True, False, False, False, False])
    zeros = np.zeros(5, dtype=int)
    assert nearest_pairs(line, pilot, cells=zeros).tolist() == [[0, 1]]
    far = nearest_pairs(line, pilot, cells=zeros, ratio=4, replace=True)
    assert far[:, 1].tolist() == [1, 2, 3, 4]


def test_a_long_chain_of_taken_controls() -> None:
    n = 20_000
    line = np.concatenate([np.zeros(n), np.zeros(n)])
    pilot = np.arange(2 * n) < n
    pairs = nearest_pairs(line, pilot, cells=np.zeros(2 * n, dtype=int))
    assert (pairs[:, 1] == pairs[:, 0] + n).all()


def test_nobody_to_match() -> None:
    line, zeros = np.array([1.0, 2.0]), np.zeros(2, dtype=int)
    for pilot in ([True, True], [False, False]):
        assert nearest_pairs(line, np.array(pilot), cells=zeros).shape == (0, 2)
