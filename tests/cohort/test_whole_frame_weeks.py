"""Weeks of the whole frame as counts: those of the people, and all that follows."""

import dataclasses

import pandas as pd
import pytest

import evalkit as ek
from tests.cohort.conftest import COLUMNS, plan, referral, spell

MONTHS = ["2021-02", "2021-03"]
SPELLS = [
    spell("stays", "2020-12-01"),
    spell("finds work", "2020-12-03", "2021-03-10", reason="work"),
    spell("laid off", "2020-12-01", "2021-02-24", reason="03"),
    spell("studies", "2020-11-20", codes={"2021-03": "08"}),
    spell("serves", "2020-12-01", codes={"2021-04": "07"}),
    spell("code first", "2020-12-01", "2021-06-10", codes={"2021-05": "01"}),
    spell("dies", "2020-12-01", "2021-03-10", reason="death"),
    spell("moves", "2020-11-05", "2021-05-20", reason="moved"),
    spell("no reason", "2020-11-05", "2021-05-22"),
    spell("gone before", "2020-12-01", "2021-02-03"),
    spell("client", "2020-12-01", "2021-04-01", reason="work"),
    spell("other client", "2020-11-10", "2021-07-15", reason="08"),
    spell("client who dies", "2020-12-20", "2021-05-15", reason="death"),
    spell("later", "2020-12-01", "2021-09-09"),
    spell("too long", "2018-01-01"),
    spell("client too long", "2018-01-01", "2021-08-01"),
    *[
        spell(f"one of many {n}", f"2020-11-{1 + n % 25:02}", f"2021-{3 + n % 7:02}-15")
        for n in range(40)
    ],
]
REFERRALS = [
    referral("client", "2021-02-10", "2021-02-20"),
    referral("other client", "2021-02-17", "2021-03-02"),
    referral("client who dies", "2021-03-04", "2021-03-04"),
    referral("client too long", "2021-03-04", "2021-03-09"),
    referral("later", "2021-03-01"),
    referral("nobody knows", "2021-02-12", "2021-02-12"),
]
SNAPSHOTS_ONLY = {
    "snapshots": "-",
    "pilot": "-",
    "columns": {
        name: name
        for name in COLUMNS
        if name not in {"deregistration_date", "exit_reason", "registered_at_month_end"}
    },
    "pilot_columns": {
        name: name for name in ("person_id", "referral_date", "start_date")
    },
}
LOST = {"unknown_exits": ["death", "moved"], "unlinked_pilots": "unknown"}


def counts_and_people(register, time_zero=None, months=MONTHS):
    """Return everybody as counts, and as people."""
    counts = ek.whole_frame_weeks(register, months, time_zero=time_zero)
    draws = [ek.draw_controls(register, month) for month in months]
    return counts, ek.follow_up(register, draws, time_zero=time_zero)


def assert_counts_of(counts, cohort):
    expected = ek.WeekCounts.of(cohort)
    assert counts.level == cohort.level
    pd.testing.assert_frame_equal(counts.to_frame(), expected.to_frame())


@pytest.mark.parametrize("time_zero", ["aligned", "report"])
@pytest.mark.parametrize("censor_weeks", [None, 20])
@pytest.mark.parametrize("data", [{}, SNAPSHOTS_ONLY], ids=["dates", "snapshots"])
def test_counts_are_those_of_the_people(register_of, time_zero, censor_weeks, data):
    protocol = plan(
        data=data,
        register=LOST,
        follow_up={"censor_weeks": censor_weeks} if censor_weeks else {},
        estimate={"level": 0.9},
    )
    register = register_of(SPELLS, REFERRALS, protocol)
    counts, cohort = counts_and_people(register, time_zero)
    assert set(cohort.people["group"]) == {"pilot", "control"}
    assert_counts_of(counts, cohort)


def test_the_hand_made_people_take_every_way(register_of):
    """By reason, by code, lost and unlinked; else the test above would show little."""
    register = register_of(SPELLS, REFERRALS, plan(register=LOST))
    people = ek.whole_frame_weeks(register, MONTHS, time_zero="report").to_frame()
    routes = set(people.loc[people["exited"], "exit_to"])
    assert routes == {"work", "training", "service", "unknown"}
    assert people["weeks"].isna().any()
    assert not people["exited"].all()
    assert people["n"].sum() > len(people)


def test_one_person_by_hand(register_of):
    """From 10 February to 1 April are 50 days; unemployed for 71 days before."""
    register = register_of([SPELLS[10]], REFERRALS[:1])
    counts = ek.whole_frame_weeks(register, MONTHS[:1]).to_frame()
    assert counts.to_dict("records") == [
        {
            "group": "pilot",
            "month": "2021-02",
            "weeks_before": 10.0,
            "weeks": 8.0,
            "exited": True,
            "exit_to": "work",
            "n": 1,
        }
    ]


def test_an_inflow(register_of):
    new = [
        spell(f"new {n}", f"2021-02-{1 + n:02}", f"2021-0{4 + n % 3}-11")
        for n in range(20)
    ]
    referrals = [referral("new 3", "2021-02-20"), referral("new 5", "2021-04-01")]
    protocol = plan(frame={"kind": "inflow", "weeks": [0, 104]})
    register = register_of([*SPELLS, *new], referrals, protocol)
    assert_counts_of(*counts_and_people(register, months=["2021-02"]))


@pytest.fixture(scope="module")
def small():
    """Everybody of the small synthetic register, as counts and as people."""
    from evalkit.examples.small import small_register

    register = small_register()
    draw = register.protocol.draw.model_copy(update={"size": "all"})
    protocol = register.protocol.model_copy(update={"draw": draw})
    everybody = dataclasses.replace(register, protocol=protocol)
    found = counts_and_people(everybody, months=["2020-02", "2021-02"])
    register.engine.close()
    return found


def test_counts_of_a_synthetic_register(small):
    counts, cohort = small
    assert_counts_of(counts, cohort)
    assert len(counts.people) < len(cohort.people)


@pytest.mark.parametrize("clock", ["entry", "registration"])
def test_curves_tests_and_routes_are_those_of_the_people(small, clock):
    counts, cohort = small
    # Errors of people who recur are clustered; counts do not tell who does.
    people = dataclasses.replace(cohort, has_persons=False)
    curves = [ek.survival_curves(one, clock=clock) for one in (counts, people)]
    pd.testing.assert_frame_equal(*(one.to_frame() for one in curves))
    routes = [ek.exit_routes(one, clock=clock) for one in (counts, people)]
    pd.testing.assert_frame_equal(*(one.to_frame() for one in routes))
    pd.testing.assert_frame_equal(*(one.gray for one in routes))
    ours, theirs = (
        ek.log_rank(one, clock=clock, strata="month") for one in (counts, people)
    )
    assert ours.n_pilot > 0
    assert ours.statistic == pytest.approx(theirs.statistic)


def test_the_small_table_reads_as_counts_of_a_database(small):
    counts, _ = small
    read = ek.WeekCounts.from_frame(counts.to_frame())
    pd.testing.assert_frame_equal(read.to_frame(), counts.to_frame(), check_dtype=False)


def test_months_are_checked_as_those_of_the_outcomes(register_of):
    register = register_of(SPELLS, REFERRALS[:5])
    with pytest.raises(ek.EvalkitError, match="cannot be measured yet"):
        ek.whole_frame_weeks(register, ["2021-11"])
    with pytest.raises(ek.EvalkitError, match="no month"):
        ek.whole_frame_weeks(register, [])
