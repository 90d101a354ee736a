"""The whole frame as counts: the same people, by the same rule."""

import dataclasses

import pandas as pd
import pytest

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.cohort.whole_frame import whole_frame
from evalkit.errors import DrawError
from evalkit.examples.small import small_register
from tests.cohort.conftest import plan, referral, spell

SPELLS = [
    spell("stays", "2020-12-01"),
    spell("leaves", "2020-12-01", "2021-03-10", reason="03"),
    spell("serves", "2020-12-01", codes={"2021-03": "07"}),
    spell("dies", "2020-12-01", "2021-03-10", reason="death"),
    spell("gone before", "2020-12-01", "2021-02-03"),
    spell("client", "2020-12-01", "2021-04-01"),
    spell("later", "2020-12-01"),
    spell("too long", "2018-01-01"),
]
REFERRALS = [referral("client", "2021-02-10"), referral("later", "2021-03-01")]


@pytest.fixture(scope="module")
def synthetic():
    register = small_register()
    yield register
    register.engine.close()


@pytest.fixture
def everybody(synthetic):
    """The same register under a plan that draws the whole frame."""
    protocol = synthetic.protocol
    draw = protocol.draw.model_copy(update={"size": "all"})
    return dataclasses.replace(
        synthetic, protocol=protocol.model_copy(update={"draw": draw})
    )


def counted(cohort) -> pd.DataFrame:
    """Return the counts of a person table."""
    people = cohort.people
    known = people["outcome"].notna()
    flags = {
        "known": known,
        "unknown": ~known,
        "events": known & people["outcome"].eq(1),
        "strict_events": known & people["outcome_strict"].eq(1),
        "report_events": known & people["outcome_report"].eq(1),
    }
    keys = [people["month"], people["group"]]
    return pd.DataFrame(flags).groupby(keys).sum().reset_index()


@pytest.mark.parametrize("time_zero", ["aligned", "report"])
def test_counts_are_those_of_the_person_table(everybody, time_zero) -> None:
    months = ["2020-02", "2021-02", "2021-03", "2021-09"]
    whole = whole_frame(everybody, months, time_zero=time_zero)
    draws = [draw_controls(everybody, month) for month in months]
    cohort = follow_up(everybody, draws, time_zero=time_zero)
    expected = counted(cohort)
    found = whole.to_frame().sort_values(["month", "group"], ignore_index=True)
    pd.testing.assert_frame_equal(found[list(expected)], expected)
    assert (
        found["people"] - found["left_out"] == found[["known", "unknown"]].sum(1)
    ).all()
    frames = {draw.month: draw.certificate.frame for draw in draws}
    controls = found[found["group"] == "control"].set_index("month")["people"]
    assert controls.to_dict() == frames
    removed = cohort.attrition.groupby("group")["removed"].sum()
    assert found.groupby("group")["left_out"].sum().to_dict() == removed.to_dict()


def test_by_hand(register_of) -> None:
    """Time zero is 10 February: one has gone by then, one is a client on that day."""
    register = register_of(
        SPELLS, REFERRALS, plan(register={"unknown_exits": ["death"]})
    )
    table = whole_frame(register, ["2021-02"]).to_frame().set_index("group")
    assert table.loc["pilot"].drop("month").to_dict() == {
        "people": 1, "left_out": 0, "unknown": 0, "known": 1, "events": 1,
        "strict_events": 1, "report_events": 1,
    }  # fmt: skip
    assert table.loc["control"].drop("month").to_dict() == {
        "people": 7, "left_out": 2, "unknown": 1, "known": 4, "events": 2,
        "strict_events": 1, "report_events": 2,
    }  # fmt: skip


def test_counts_fit_pooled_difference(register_of) -> None:
    register = register_of(SPELLS, REFERRALS)
    whole = whole_frame(register, ["2021-01", "2021-02"])
    assert list(whole.counts["stratum"]) == ["2021-01", "2021-02"]
    counts = whole.counts.set_index("stratum")
    assert counts.loc["2021-01", "n_pilot"] == 0
    assert counts.loc["2021-02", "n_pilot"] == 1
    controls = whole.table[whole.table["group"] == "control"]
    assert counts["n_control"].tolist() == controls["known"].tolist()


def test_a_frame_without_dates_or_an_inflow(register_of) -> None:
    inflow = plan(frame={"kind": "inflow", "weeks": [0, 104]})
    spells = [
        *SPELLS,
        spell("new", "2021-02-10", "2021-04-01"),
        spell("new client", "2021-02-12"),
    ]
    referrals = [*REFERRALS, referral("new client", "2021-02-20")]
    register = register_of(spells, referrals, inflow)
    table = whole_frame(register, ["2021-02"]).to_frame().set_index("group")
    draw = draw_controls(register, "2021-02")
    expected = counted(follow_up(register, draw)).set_index("group")
    for name in ("known", "events"):
        assert table[name].to_dict() == expected[name].to_dict()


def test_all_months_that_can_be_measured(register_of) -> None:
    register = register_of(SPELLS, REFERRALS)
    table = whole_frame(register).to_frame()
    assert list(table["month"].unique()) == measurable_months(register)
    assert list(table["group"]) == ["pilot", "control"] * (len(table) // 2)
    nobody = table[table["month"] == "2020-12"]
    assert nobody["people"].tolist() == [0, 0]


def test_a_study_can_be_followed_up_afterwards(register_of) -> None:
    register = register_of(SPELLS, REFERRALS)
    draw = draw_controls(register, "2021-02")
    before = follow_up(register, draw).to_frame()
    whole_frame(register, ["2021-02"])
    pd.testing.assert_frame_equal(follow_up(register, draw).to_frame(), before)


def test_months_that_cannot_be_measured_or_drawn(register_of) -> None:
    register = register_of(SPELLS, REFERRALS)
    with pytest.raises(DrawError, match="cannot be measured yet"):
        whole_frame(register, ["2021-11"])
    with pytest.raises(DrawError, match="cannot be drawn"):
        whole_frame(register, ["2022-06"])
    with pytest.raises(DrawError, match="no month"):
        whole_frame(register, [])
