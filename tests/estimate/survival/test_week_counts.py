"""Counts of people give every curve and test that the people give."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.week_counts import WeekCounts
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.durations import Durations
from evalkit.estimate.survival.horizon_difference import (
    rmst_difference,
    survival_difference,
)
from evalkit.estimate.survival.log_rank import log_rank

CLOCKS = ["entry", "registration"]


@pytest.fixture
def people(reference):
    return reference("survival/curves_people")


@pytest.fixture
def cohort(people):
    return Cohort.from_frame(
        people,
        group="pilot",
        outcome="exited",
        weeks="weeks",
        exited="exited",
        weeks_before="weeks_before",
        month="month",
    )


@pytest.fixture
def counts(cohort):
    return WeekCounts.of(cohort)


@pytest.mark.parametrize("clock", CLOCKS)
def test_curves(cohort, counts, clock):
    ours = survival_curves(counts, clock=clock)
    theirs = survival_curves(cohort, clock=clock)
    assert len(counts.people) < len(cohort.people)
    pd.testing.assert_frame_equal(ours.to_frame(), theirs.to_frame())
    pd.testing.assert_frame_equal(ours.medians, theirs.medians)
    assert ours.note == theirs.note


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("strata", [None, "month"])
def test_tests(cohort, counts, clock, strata):
    ours = log_rank(counts, clock=clock, strata=strata).to_dict()
    theirs = log_rank(cohort, clock=clock, strata=strata).to_dict()
    assert ours == {name: pytest.approx(value) for name, value in theirs.items()}


@pytest.mark.parametrize("measure", [rmst_difference, survival_difference])
@pytest.mark.parametrize("clock", CLOCKS)
def test_differences(cohort, counts, measure, clock):
    ours = measure(counts, clock=clock, strata="month", horizon=20).to_dict()
    theirs = measure(cohort, clock=clock, strata="month", horizon=20).to_dict()
    assert ours == {name: pytest.approx(value) for name, value in theirs.items()}


def test_who_is_left_out_is_counted_in_people(people):
    unknown = people.assign(weeks=people["weeks"].where(people.index % 5 > 0))
    cohort = Cohort.from_frame(
        unknown, group="pilot", outcome="exited", weeks="weeks", exited="exited"
    )
    durations = Durations.of(WeekCounts.of(cohort))
    assert durations.n_left_out == len(people) // 5
    assert durations.note == Durations.of(cohort).note
    assert durations.sizes == Durations.of(cohort).sizes


def test_counts_that_a_database_has_made(cohort, counts):
    read = WeekCounts.from_frame(counts.to_frame())
    ours, theirs = log_rank(read), log_rank(cohort)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert read.counts.sum() == len(cohort.people)


@pytest.mark.parametrize("size", [-1, 2.5, np.nan])
def test_counts_are_counts(counts, size):
    wrong = counts.to_frame().assign(n=size)
    with pytest.raises(EstimationError, match="'n' must hold counts"):
        WeekCounts.from_frame(wrong)


def test_counts_cannot_tell_who_is_who(cohort, counts):
    weights = weigh(cohort, method="stratification")
    with pytest.raises(EstimationError, match="Weights need people"):
        survival_curves(counts, weights=weights)
    with pytest.raises(EstimationError, match="Robust tests need people"):
        log_rank(counts, robust=True)
