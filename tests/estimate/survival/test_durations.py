import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.durations import Durations


def cohort_of(**columns):
    people = pd.DataFrame(columns)
    named = {name: name for name in people.columns if name not in ("treat", "age")}
    return Cohort.from_frame(
        people.assign(outcome=0.0),
        group="treat",
        outcome="outcome",
        covariates=["age"] if "age" in people else [],
        **named,
    )


@pytest.fixture
def cohort():
    return cohort_of(
        treat=[1, 1, 0, 0, 0],
        weeks=[3, 8, 0, np.nan, 5],
        exited=[1, 0, 0, 0, 1],
        weeks_before=[10, 4, 0, 2, 30],
        exit_to=["work", None, None, None, None],
        month=["2021-01", "2021-02", "2021-01", "2021-01", "2021-02"],
        person=["a", "b", "c", "d", "b"],
    )


def test_the_clock_of_entry(cohort):
    durations = Durations.of(cohort)
    assert durations.rows.tolist() == [0, 1, 4]
    assert durations.entry.tolist() == [0, 0, 0]
    assert durations.end.tolist() == [3, 8, 5]
    assert durations.pilot.tolist() == [True, True, False]
    assert durations.sizes == (2, 1)


def test_the_clock_of_registration(cohort):
    durations = Durations.of(cohort, "registration")
    assert durations.entry.tolist() == [10, 4, 30]
    assert durations.end.tolist() == [13, 12, 35]


def test_after_a_week_only_those_who_lasted_are_seen(cohort):
    lasting = Durations.of(cohort, "registration").after(12)
    assert lasting.rows.tolist() == [0, 4]
    assert lasting.entry.tolist() == [12, 30]
    assert lasting.person.tolist() == ["a", "b"]
    assert lasting.start == 12
    assert lasting.risk_sets().n_at_risk[0].tolist() == [0] * 12 + [1] + [0] * 22


def test_who_is_left_out_is_counted(cohort):
    durations = Durations.of(cohort)
    assert durations.n_left_out == 2
    assert durations.note == (
        "1 row(s) of unknown weeks left out; "
        "1 row(s) observed for less than a week left out"
    )


def test_routes_are_numbered_and_the_missing_one_is_unknown(cohort):
    durations = Durations.of(cohort)
    assert durations.routes == ("work", "unknown")
    assert durations.route.tolist() == [1, 0, 2]


def test_without_routes_all_exits_are_one():
    durations = Durations.of(cohort_of(treat=[1, 0], weeks=[1, 2], exited=[1, 0]))
    assert durations.routes == ("unknown",)
    assert durations.route.tolist() == [1, 0]
    assert durations.person is None
    assert durations.cluster().tolist() == [0, 1]


def test_strata_and_clusters(cohort):
    durations = Durations.of(cohort, strata="month")
    assert durations.strata == ("2021-01", "2021-02")
    assert durations.stratum.tolist() == [0, 1, 1]
    assert durations.cluster().tolist() == [0, 1, 1]
    assert Durations.of(cohort).strata == ("all",)


def test_risk_sets_by_group_and_by_stratum(cohort):
    durations = Durations.of(cohort, strata="month")
    assert durations.risk_sets().n_at_risk[:, 0].tolist() == [2, 1]
    by_stratum = durations.risk_sets(by_stratum=True, routes=True)
    assert by_stratum.n_at_risk[:, 0].tolist() == [1, 0, 1, 1]
    assert by_stratum.n_routes.sum(axis=2).tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]


def test_parts_of_weeks_are_rounded_against_nobody():
    durations = Durations.of(
        cohort_of(treat=[1, 0], weeks=[1.2, 2.8], exited=[1, 0], weeks_before=[0.5, 0]),
        "registration",
    )
    assert durations.end.tolist() == [2, 2]
    assert durations.entry.tolist() == [0, 0]
    assert durations.note.startswith("3 duration(s) rounded to whole weeks")


def test_rows_of_weight_zero_are_left_out():
    cohort = cohort_of(
        treat=[1, 1, 0, 0, 0],
        weeks=[3, 4, 5, 6, 7],
        exited=[1] * 5,
        age=[30, 50, 30, 50, 90],
    )
    weights = weigh(cohort, method="matching")
    durations = Durations.of(cohort, weights=weights)
    assert durations.weights.tolist() == [1] * 4
    assert "1 row(s) of weight zero left out" in durations.note


def test_what_is_not_lawful(cohort):
    with pytest.raises(EstimationError, match="`clock` is unknown"):
        Durations.of(cohort, "birth")
    with pytest.raises(EstimationError, match="no column 'region'"):
        Durations.of(cohort, strata="region")
    bare = dataclasses.replace(cohort, people=cohort.people[["group", "outcome"]])
    with pytest.raises(EstimationError, match="no column weeks, exited"):
        Durations.of(bare)
    weights = weigh(cohort, method="stratification")
    shorter = dataclasses.replace(weights, values=pd.Series([1.0, 1, 1]))
    with pytest.raises(EstimationError, match="3 values"):
        Durations.of(cohort, weights=shorter)
