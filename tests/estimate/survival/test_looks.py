"""Looks at a register: what a monthly snapshot shows of spells known to the day."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.survival.discrete_time import discrete_time_hazard
from evalkit.estimate.survival.interval_effects import coarsened, interval_effects
from evalkit.estimate.survival.looks import Looks
from evalkit.study.months import (
    counting_day,
    first_day,
    month_of,
    month_text,
    parse_month,
)
from evalkit.study.protocol import Protocol

FIRST, LAST = parse_month("2020-06"), parse_month("2022-06")
COLUMNS = ["month", "person_id", "registration_date", "employment_code", "age"]
DATED = [*COLUMNS, "deregistration_date", "registered_at_month_end"]
STUDY_MONTHS = ["2020-12", "2021-01", "2021-02"]


def spells(random: np.random.Generator, n: int) -> pd.DataFrame:
    """Return invented spells, of which most begin before the study."""
    began = random.integers(
        first_day(FIRST) - 200, first_day(parse_month("2021-03")), n
    )
    pilot = random.random(n) < 0.3
    referred = random.integers(
        *(first_day(parse_month(m)) for m in ("2020-12", "2021-03")), n
    )
    days = random.exponential(np.where(pilot, 150, 220), n).astype(int) + 1
    ended = np.where(pilot, np.maximum(began + 40, referred) + days, began + days)
    table = pd.DataFrame({"began": began, "ended": ended, "pilot": pilot})
    table["referred"] = np.where(pilot & (referred > began + 40), referred, -1)
    return table.assign(person=[f"i{number:04d}" for number in range(n)])


def date(day: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).isoformat()


def register_rows(table: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Return the rows of the register: a spell has one for each month it touches."""
    rows = []
    for spell in table.itertuples():
        months = range(max(month_of(spell.began), FIRST), LAST + 1)
        for month in months:
            if month > month_of(spell.ended):
                break
            here = month == month_of(spell.ended)
            end = spell.ended if here else None
            rows.append(
                {
                    "month": month_text(month),
                    "person_id": spell.person,
                    "registration_date": date(spell.began),
                    "employment_code": "02",
                    "age": 40,
                    "deregistration_date": date(end) if here else None,
                    "registered_at_month_end": not here
                    or spell.ended >= counting_day(month, rule),
                }
            )
    return pd.DataFrame(rows)


def protocol_of(columns: list[str], rule: str, **reading: object) -> Protocol:
    return Protocol.model_validate(
        {
            "study": {"title": "Invented"},
            "data": {
                "snapshots": "-",
                "pilot": "-",
                "columns": {name: name for name in columns},
                "pilot_columns": {n: n for n in ("person_id", "referral_date")},
            },
            "register": {"counting_day": rule, **reading},
            "frame": {"weeks": [0, 100], "exclude": []},
            "draw": {"seed": "seed", "size": "all"},
            "estimate": {"covariates": ["age"]},
        }
    )


def followed(rows: pd.DataFrame, table: pd.DataFrame, protocol: Protocol) -> Cohort:
    referred = table[table["referred"] > 0]
    pilot = pd.DataFrame(
        {
            "person_id": referred["person"],
            "referral_date": [date(day) for day in referred["referred"]],
        }
    )
    register = ek.open_register(
        rows[list(protocol.data.columns)], pilot, protocol=protocol
    )
    try:
        draws = [ek.draw_controls(register, month) for month in STUDY_MONTHS]
        return ek.follow_up(register, draws)
    finally:
        register.engine.close()


@pytest.fixture(scope="module", params=["last_day", "last_working_day"])
def both(request) -> tuple[Cohort, Cohort]:
    """Return a cohort with dates, and one of the snapshots of the same people."""
    table = spells(np.random.default_rng(5), 500)
    rows = register_rows(table, request.param)
    dated = followed(rows, table, protocol_of(DATED, request.param))
    there = rows[rows["registered_at_month_end"]]
    snapshots = followed(there, table, protocol_of(COLUMNS, request.param))
    return dated, snapshots


def of_both(dated: Cohort, snapshots: Cohort) -> pd.DataFrame:
    keys = ["person", "group", "month", "time_zero"]
    return dated.people.merge(snapshots.people, on=keys, suffixes=("", "_seen"))


def test_coarse_weeks_are_those_of_the_snapshots(both) -> None:
    dated, snapshots = both
    pairs = of_both(coarsened(dated, "look"), snapshots)
    assert len(pairs) > 300
    assert (pairs["exited"] == pairs["exited_seen"]).all()
    late = pairs["weeks"] - pairs["weeks_seen"]
    assert late.abs().le(5).all()
    # Only an exit in the very week of a look may be put on its other side.
    assert (late == 0).mean() > 0.9
    assert abs(late.mean()) < 0.1


def test_the_number_of_the_look(both) -> None:
    """Noticed in the same interval, whichever the register."""
    dated, snapshots = both
    pairs = of_both(dated, snapshots)
    left = pairs["exited"] & pairs["exited_seen"]
    people = pairs[left].reset_index(drop=True)
    apart = np.subtract(
        *(
            Looks.of(Cohort(people=people, protocol=cohort.protocol)).noticed(
                people[weeks].to_numpy(dtype=float)
            )
            for cohort, weeks in ((dated, "weeks"), (snapshots, "weeks_seen"))
        )
    )
    assert np.abs(apart).max() <= 1
    assert (apart == 0).mean() > 0.9


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_the_model_needs_no_dates(both, link) -> None:
    dated, snapshots = both
    exact, seen = (discrete_time_hazard(cohort, link=link) for cohort in both)
    assert math.log(seen.estimate) == pytest.approx(math.log(exact.estimate), abs=0.1)
    assert seen.interval == "look"
    looks = seen.baseline["control_at_risk"]
    assert looks.is_monotonic_decreasing
    assert looks.iloc[0] == (snapshots.people["group"] == "control").sum()
    exits = seen.baseline[["pilot_exits", "control_exits"]].to_numpy().sum()
    assert exits == snapshots.people["exited"].sum()
    assert dated.people["exited"].sum() == pytest.approx(exits, rel=0.1)


def test_exact_beside_coarse(both) -> None:
    dated, _ = both
    effects = interval_effects(dated)
    moved = effects.to_frame().pivot_table("change", ["quantity", "weeks"], "group")
    weeks = moved.loc[("mean weeks", 26)]
    assert weeks[["pilot", "control"]].between(1, 3.5).all()
    assert abs(weeks["difference"]) < 1
    assert (moved.loc["survival", ["pilot", "control"]] > 0).all(axis=None)
    ratios = effects.table[effects.table["quantity"] == "log hazard ratio"]
    assert ratios["method"].tolist() == ["cox-efron", "discrete-cloglog"]
    assert (ratios["change"].abs() < 2 * ratios["exact_se"]).all()
    assert "exits are noticed late by weeks" in effects.note
    assert len(effects.table) == 2 * 2 * 3 + 2


def test_looks_that_are_not_there(both, cox_people, make_survival_cohort) -> None:
    _, snapshots = both
    with pytest.raises(EstimationError, match="nothing to coarsen"):
        interval_effects(snapshots)
    with pytest.raises(EstimationError, match="looks at this cohort's register"):
        discrete_time_hazard(make_survival_cohort(cox_people))
    with pytest.raises(EstimationError, match="no column weeks"):
        coarsened(make_survival_cohort(cox_people, weeks=None), 4)


def test_horizons_beyond_the_follow_up_are_left_out(
    cox_people, make_survival_cohort
) -> None:
    cohort = make_survival_cohort(cox_people)
    table = interval_effects(cohort, interval=4, horizons=[13, 400]).table
    assert set(table["weeks"].dropna()) == {13}


def test_a_look_every_four_weeks(cox_people, make_survival_cohort) -> None:
    people = coarsened(make_survival_cohort(cox_people), 4).people
    assert (people["weeks"] % 4 == 0).all()
    late = people["weeks"] - cox_people["weeks"]
    assert late[people["exited"]].between(0, 3).all()
    assert late[~people["exited"]].between(-3, 0).all()


def test_a_missing_month_is_no_look() -> None:
    zero = pd.to_datetime(["2021-01-15", "2021-01-31"])
    people = pd.DataFrame({"time_zero": zero, "weeks": [20.0, 20.0]})
    months = {"months": [[], ["2021-03"]], "noticed": [[4, 1], [3, 1]]}
    for missing, noticed in zip(*months.values(), strict=True):
        protocol = protocol_of(DATED, "last_day", missing_months=missing)
        looks = Looks.of(Cohort(people=people, protocol=protocol))
        assert looks.noticed(np.array([12.0, 2.0])).tolist() == noticed
        assert looks.first_months().round(2).tolist() == [0.53, 0.92]
