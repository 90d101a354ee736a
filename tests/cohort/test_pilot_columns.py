"""The plan's own columns of the pilot's list come along, for its people only."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up
from evalkit.estimate.months.subgroups import compare_subgroups
from evalkit.register.register import open_register
from tests.cohort.conftest import COLUMNS, plan, spell, table_of

SPELLS = [spell(f"person {n}", "2020-12-01") for n in range(6)]
REFERRALS = pd.DataFrame(
    {
        "person_id": ["person 0", "person 1", "person 1"],
        "referral_date": ["2021-02-03", "2021-05-03", "2021-02-04"],
        "start_date": ["2021-02-10", "2021-05-10", None],
        "way": ["alone", "later", "in a group"],
        "age": ["1", "1", "1"],
    }
)
MAPPED = {name: name for name in REFERRALS}


def protocol(**estimate):
    data = {
        "snapshots": "-",
        "pilot": "-",
        "columns": {name: name for name in COLUMNS},
        "pilot_columns": MAPPED,
    }
    return plan(data=data, estimate=estimate)


@pytest.fixture(scope="module")
def cohort():
    planned = protocol(subgroups={"way": []})
    rows = table_of(SPELLS)[list(COLUMNS)]
    register = open_register(rows, REFERRALS, protocol=planned)
    yield follow_up(register, draw_controls(register, "2021-02"))
    register.engine.close()


def test_of_several_referrals_the_first_tells(cohort) -> None:
    ways = cohort.people.set_index("person")["way"].dropna()
    assert ways.to_dict() == {"person 0": "alone", "person 1": "in a group"}


def test_what_the_register_knows_of_both_groups_is_taken_there(cohort) -> None:
    assert cohort.people["age"].eq(40).all()


def test_each_way_is_compared_with_all_controls(cohort) -> None:
    table = compare_subgroups(cohort, by="way").to_frame()
    assert table["subgroup"].tolist() == ["alone", "in a group"]
    assert table["n_control"].tolist() == [(~cohort.is_pilot).sum()] * 2


@pytest.mark.parametrize("name", ["result", "start_date", "office"])
def test_what_is_known_only_afterwards_is_no_subgroup(name) -> None:
    with pytest.raises(ValueError, match=f"{name} neither a covariate"):
        protocol(subgroups={name: []})
