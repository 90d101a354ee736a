"""Laid off full-time: counted the other way, and told at time zero."""

import numpy as np
import pandas as pd

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up
from evalkit.register.register import open_register
from tests.cohort.conftest import COLUMNS, plan, spell, table_of

SPELLS = [
    spell("works", "2020-12-01", "2021-03-10"),
    spell("stays", "2020-12-01"),
    spell("laid off later", "2020-12-01", codes={"2021-03": "03"}),
    spell("laid off then", "2020-12-01", codes={"2020-12": "03", "2021-03": "02"}),
    spell("laid off, left", "2020-12-01", "2021-03-10", codes={"2020-12": "03"}),
    spell("laid off, died", "2020-12-01", "2021-03-10", reason="death",
          codes={"2020-12": "03"}),
]  # fmt: skip
UNKNOWN = {"unknown_exits": ["death"]}


def followed(register_of, **rules):
    register = register_of(SPELLS, protocol=plan(register=UNKNOWN | rules))
    cohort = follow_up(register, draw_controls(register, "2021-02"))
    return cohort.people.set_index("person")


def test_the_lag_counted_the_other_way(register_of) -> None:
    people = followed(register_of)
    changed = (
        people["outcome"].ne(people["outcome_laid_off"]) & people["outcome"].notna()
    )
    assert list(people.index[changed]) == ["laid off later"]
    assert people.loc["laid off later", "outcome"] == 0
    assert people.loc["laid off later", "outcome_laid_off"] == 1
    assert np.isnan(people.loc["laid off, died", "outcome_laid_off"])


def test_a_plan_that_counts_them_as_not_unemployed(register_of) -> None:
    people = followed(register_of, unemployed=["02"])
    assert people.loc["laid off later", "outcome"] == 1
    assert people.loc["laid off later", "outcome_laid_off"] == 0


def test_laid_off_at_time_zero(register_of) -> None:
    people = followed(register_of)
    assert set(people.index[people["laid_off"] == 1]) == {
        "laid off then", "laid off, left", "laid off, died",
    }  # fmt: skip


def test_without_codes_there_is_no_such_reading() -> None:
    names = [name for name in COLUMNS if name != "employment_code"]
    protocol = plan(
        data={
            "snapshots": "-",
            "pilot": "-",
            "columns": {name: name for name in names},
            "pilot_columns": {"person_id": "p", "referral_date": "d"},
        },
        register={"unemployed": "registered"},
    )
    pilot = pd.DataFrame({"p": [], "d": []})
    register = open_register(table_of(SPELLS)[names], pilot, protocol=protocol)
    people = follow_up(register, draw_controls(register, "2021-02")).people
    register.engine.close()
    assert "outcome_laid_off" not in people
    assert not people["laid_off"].any()
