"""The placebo outcome: unemployment long before time zero."""

import math

import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up
from evalkit.cohort.placebo import with_placebo
from evalkit.errors import EstimationError
from evalkit.examples.small import small_register
from evalkit.study.months import counting_day, parse_month
from tests.cohort.conftest import plan, referral, spell

MONTH = "2021-11"


@pytest.fixture
def placebo(register_of, monkeypatch):
    """Follow a month up and return the placebo by person."""

    def follow(spells, month=MONTH, referrals=(), **sections):
        sections = {"follow_up": {"lag": {"days": 10}, "further_lags": []}} | sections
        register = register_of(spells, referrals, plan(**sections))
        cohort = follow_up(register, draw_controls(register, month))
        return with_placebo(cohort, register)

    monkeypatch.setattr("evalkit.cohort.placebo.LAST_MONTH", 3)
    return follow


def by_person(cohort) -> dict:
    return cohort.people.set_index("person")["placebo"].to_dict()


def test_the_share_of_earlier_snapshots(placebo) -> None:
    """The window ends with August 2021 here: ten looks from November 2020 on."""
    cohort = placebo(
        [
            spell("never", "2021-10-01"),
            spell("before", "2020-12-01", "2021-03-10") + spell("before", "2021-10-01"),
            spell("half", "2020-10-01", "2021-02-05") + spell("half", "2021-05-15"),
            spell("served", "2020-12-01", "2021-03-10", codes={"2021-01": "07"})
            + spell("served", "2021-10-01"),
            spell("all along", "2020-10-01"),
        ]
    )
    found = by_person(cohort)
    assert found["never"] == 0
    assert found["before"] == pytest.approx(3 / 10)  # December, January, February
    assert found["half"] == pytest.approx(3 / 6)  # November to January, of six looks
    assert found["served"] == pytest.approx(1 / 10)
    assert math.isnan(found["all along"])
    assert "1 of 5 rows is unknown" in cohort.notes[-1]


def test_the_present_spell_is_never_in_it(placebo) -> None:
    found = by_person(placebo([spell("p", f"2021-0{m}-15") for m in (3,)]))
    assert found == {"p": 0}


def test_what_reads_the_same_past_is_no_covariate_any_more(placebo) -> None:
    estimate = {
        "covariates": ["weeks_before", "age", "months_unemployed_24", "spells_24"]
    }
    cohort = placebo([spell("p", "2021-10-01")], estimate=estimate)
    assert cohort.covariates == ("weeks_before", "age")
    assert "months_unemployed_24" in cohort.people


def test_rows_keep_their_order(placebo) -> None:
    spells = [
        spell(f"p{i}", "2020-12-01", f"2021-0{i}-10") + spell(f"p{i}", "2021-10-01")
        for i in (5, 2, 8, 3)
    ]
    cohort = placebo(spells, referrals=[referral("p8", "2021-11-05")])
    assert by_person(cohort) == pytest.approx({f"p{i}": i / 10 for i in (2, 3, 5, 8)})
    assert cohort.people["group"].tolist().count("pilot") == 1


def test_the_window_of_13_to_36_months_in_the_synthetic_register() -> None:
    """Recomputed person by person from the snapshots."""
    register = small_register()
    draws = [draw_controls(register, month) for month in ("2021-03", "2021-11")]
    cohort = with_placebo(follow_up(register, draws), register)
    rows = register.engine.frame(
        "SELECT person_id, month, registration_day FROM snapshots "
        "WHERE registered AND unemployed"
    )
    register.engine.close()
    people = cohort.people.sample(60, random_state=1)
    for person in people.itertuples():
        zero = parse_month(person.time_zero.strftime("%Y-%m"))
        began = person.time_zero - pd.Timedelta(weeks=person.weeks_before + 1, days=-1)
        window = range(max(zero - 36, register.months[0]), zero - 12)
        day = (began - pd.Timestamp("1970-01-01")).days
        looks = [m for m in window if counting_day(m, "last_working_day") < day]
        seen = rows[
            (rows["person_id"] == person.person)
            & rows["month"].isin(window)
            & (rows["registration_day"] < day)
        ]["month"].nunique()
        expected = seen / len(looks) if looks else math.nan
        assert person.placebo == pytest.approx(expected, nan_ok=True)
    assert 0.05 < cohort.people["placebo"].mean() < 0.5
    assert cohort.people["placebo"].isna().any()


def test_a_cohort_from_elsewhere_has_none(register_of) -> None:
    register = register_of([spell("p", "2021-10-01")])
    cohort = Cohort.from_frame(
        pd.DataFrame({"g": [1, 0], "y": [1, 0]}), group="g", outcome="y"
    )
    with pytest.raises(EstimationError, match="follow_up"):
        with_placebo(cohort, register)
