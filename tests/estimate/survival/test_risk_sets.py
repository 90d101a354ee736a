import numpy as np
import pytest

from evalkit.estimate.survival.risk_sets import risk_sets


@pytest.fixture
def rows():
    random = np.random.default_rng(4)
    n = 400
    entry = random.integers(0, 6, n)
    return {
        "entry": entry,
        "end": entry + random.integers(1, 9, n),
        "event": random.integers(0, 4, n),
        "weights": random.uniform(0.2, 3, n),
        "cell": random.integers(0, 3, n),
    }


def counted_one_by_one(rows, cell, week, weights):
    mine = rows["cell"] == cell
    at_risk = mine & (rows["entry"] < week) & (week <= rows["end"])
    leaves = mine & (rows["end"] == week)
    routes = [weights[leaves & (rows["event"] == r)].sum() for r in (1, 2, 3)]
    return weights[at_risk].sum(), routes


@pytest.mark.parametrize("week", [1, 2, 7, 13])
@pytest.mark.parametrize("cell", [0, 1, 2])
def test_counts_are_those_of_the_definition(rows, week, cell):
    sets = risk_sets(**rows, n_cells=3)
    ones = np.ones(len(rows["end"]))
    at_risk, routes = counted_one_by_one(rows, cell, week, ones)
    assert sets.n_at_risk[cell, week - 1] == at_risk
    assert sets.n_routes[cell, :, week - 1].tolist() == routes
    at_risk, routes = counted_one_by_one(rows, cell, week, rows["weights"])
    assert sets.at_risk[cell, week - 1] == pytest.approx(at_risk)
    assert sets.routes[cell, :, week - 1] == pytest.approx(routes)


def test_a_table_of_counts_is_worth_the_people_it_counts(rows):
    del rows["weights"]
    table, counts = np.unique(
        np.column_stack(list(rows.values())), axis=0, return_counts=True
    )
    columns = dict(zip(rows, table.T, strict=True))
    people = risk_sets(**rows, n_cells=3)
    table = risk_sets(**columns, counts=counts, n_cells=3)
    assert (people.n_at_risk == table.n_at_risk).all()
    assert (people.n_routes == table.n_routes).all()


def test_nobody_at_risk_weighs_nothing():
    sets = risk_sets([0, 5], [2, 7], [1, 1], weights=[0.1, 0.7])
    assert sets.at_risk[0, 2:5].tolist() == [0, 0, 0]


def test_a_cell_stands_alone(rows):
    del rows["weights"]
    mine = rows["cell"] == 1
    alone = risk_sets(rows["entry"][mine], rows["end"][mine], rows["event"][mine])
    cell = risk_sets(**rows, n_cells=3).cell(1)
    weeks = len(alone.weeks)
    assert (cell.n_at_risk[:, :weeks] == alone.n_at_risk).all()
    assert (cell.n_events[:, :weeks] == alone.n_events).all()
    assert not cell.n_at_risk[:, weeks:].any()


def test_no_rows():
    sets = risk_sets([], [], [])
    assert sets.n_at_risk.shape == (1, 0)
