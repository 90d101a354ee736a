"""Statements checked against counts whose every share is known by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.multiplicity import holm
from evalkit.estimate.months.power import minimum_detectable_difference, power_of
from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.statements.claims import Published
from evalkit.statements.statements import check_statements

# Month: pilots not unemployed, pilots, controls not unemployed, controls.
COUNTS = {
    "2020-11": (45, 100, 200, 500),  # 45 against 40 %
    "2020-12": (30, 100, 200, 500),  # 30 against 40 %
    "2021-01": (404, 1000, 200, 500),  # 40 against 40 %: a tie in whole per cent
    "2021-02": (60, 100, 200, 500),  # 60 against 40 %: clear
}
YEARS = {"first": "2020-01", "last": "2021-12"}


def cohort_of(counts: dict[str, tuple[int, int, int, int]]) -> Cohort:
    rows = []
    for month, (x1, n1, x0, n0) in counts.items():
        for treat, x, n in ((1, x1, n1), (0, x0, n0)):
            rows += [(month, treat, int(k < x)) for k in range(n)]
    people = pd.DataFrame(rows, columns=["month", "treat", "y"])
    people["age"] = np.arange(len(people)) % 50
    return Cohort.from_frame(
        people, group="treat", outcome="y", month="month", weeks_before="age",
        covariates=["age"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def cohort():
    return cohort_of(COUNTS)


@pytest.fixture(scope="module")
def comparison(cohort):
    return compare(cohort)


def checked(comparison, *readings: dict, **data) -> pd.DataFrame:
    statement = {
        "name": "it",
        "section": "4",
        "en": "It is so.",
        "readings": [*readings],
    }
    report = Published.model_validate({"title": "A report", "statements": [statement]})
    return check_statements(comparison, report, **data).to_frame()


def row(comparison, data=None, **reading) -> pd.Series:
    return checked(comparison, reading, **(data or {})).iloc[0]


# Higher in some months.


@pytest.mark.parametrize(
    ("months", "holds"),
    [
        (["2020-11", "2021-02"], True),
        (["2020-11"], False),
        (["2020-11", "2021-01", "2021-02"], False),  # a tie is not above
        (["2020-11", "2020-12", "2021-02"], False),
    ],
)
def test_higher_in_these_months_and_no_others(comparison, months, holds) -> None:
    found = row(comparison, kind="higher in", months=months, **YEARS)
    assert found["holds"] == holds
    assert found["found"] == "2020-11, 2021-02"
    assert (found["by"] > 0) == holds


def test_the_closest_month_decides_and_chance_is_allowed_for(comparison) -> None:
    found = row(
        comparison, kind="higher in", months=["2020-11", "2021-02"], first="2020-11",
        last="2021-02",
    )  # fmt: skip
    months = comparison.months
    tie = months[months["month"] == "2021-01"].iloc[0]
    assert found["by"] == found["estimate"] == pytest.approx(0.004)
    assert (found["ci_low"], found["ci_high"]) == (tie["ci_low"], tie["ci_high"])
    assert found["p_value"] == holm(months["p_value"])[2]
    assert found["detectable"] == pytest.approx(
        power_of(comparison).table.set_index("month")["detectable"]["2021-01"]
    )
    assert found["support"] == "within chance"
    assert "1 of 4 monthly differences are clear" in found["note"]


def test_only_the_tests_of_the_period_are_allowed_for(comparison) -> None:
    alone = row(
        comparison, kind="higher in", months=["2021-02"], first="2021-02",
        last="2021-02",
    )  # fmt: skip
    own = difference_in_shares((60, 100), (200, 500))
    assert alone["p_value"] == pytest.approx(own.p_value)
    assert alone["support"] == "clear"
    assert alone["holds"]


def test_a_month_without_a_comparison_cannot_be_told(comparison) -> None:
    found = row(comparison, kind="higher in", months=["2020-03"], **YEARS)
    assert found["holds"] is pd.NA
    assert found["note"] == "no comparison in 2020-03"
    assert found["support"] == ""


# Months counted.


@pytest.mark.parametrize(
    ("said", "holds", "off"),
    [
        ({"higher": 2}, True, 0),
        ({"higher": 2, "equal": 1, "lower": 1}, True, 0),
        ({"not_lower": 3}, True, 0),
        ({"higher": 3}, False, -1),
        ({"not_lower": 1}, False, -2),
    ],
)
def test_months_are_counted_in_whole_percent(comparison, said, holds, off) -> None:
    found = row(
        comparison, kind="months counted", first="2020-11", last="2021-02", **said
    )
    assert (found["holds"], found["by"]) == (holds, off)
    assert found["p_value"] == 1.0  # two wins, one loss
    assert found["estimate"] == pytest.approx(comparison.pooled.estimate)
    assert found["ci_low"] == pytest.approx(comparison.pooled.ci_low)


def test_months_cannot_be_counted_where_some_are_missing(comparison) -> None:
    found = row(
        comparison, kind="months counted", higher=2, first="2020-10", last="2021-02"
    )
    assert found["holds"] is pd.NA
    assert "2020-10" in found["note"]


# The lowest level.


@pytest.mark.parametrize(
    ("month", "unemployed", "holds"),
    [
        ("2021-02", 0.40, True),
        ("2021-02", 0.41, False),  # another level
        ("2020-11", 0.55, False),  # not the lowest
    ],
)
def test_lowest_level(comparison, month, unemployed, holds) -> None:
    found = row(
        comparison, kind="lowest in", month=month, unemployed=unemployed, **YEARS
    )
    assert found["holds"] == holds
    assert (found["by"] > 0) == holds


def test_the_lowest_is_told_from_the_month_most_like_it(comparison) -> None:
    found = row(comparison, kind="lowest in", month="2021-02", unemployed=0.4, **YEARS)
    nearest = difference_in_shares((60, 100), (45, 100))
    assert found["p_value"] == pytest.approx(nearest.p_value)
    assert found["by"] == pytest.approx(0.15)
    assert found["estimate"] == pytest.approx(0.40)
    assert found["ci_low"] < 0.40 < found["ci_high"]
    assert found["detectable"] == pytest.approx(
        minimum_detectable_difference(n_pilot=100, n_control=100, control_share=0.45)
    )


# On average.


def test_on_average_over_some_months(comparison) -> None:
    autumn = {"kind": "on average", "first": "2020-11", "last": "2020-12"}
    pilot, control = (
        row(comparison, higher=group, **autumn) for group in ("pilot", "control")
    )
    assert (pilot["holds"], control["holds"]) == (False, True)
    assert control["by"] == -pilot["by"] == pytest.approx(0.025)
    assert "independent" in control["note"]


def test_on_average_over_all_months_is_the_pooled_difference(comparison) -> None:
    found = row(comparison, kind="on average", higher="pilot", **YEARS)
    assert found["estimate"] == comparison.pooled.estimate
    assert found["p_value"] == comparison.pooled.p_value
    assert not found["note"]


def test_swapped_groups_turn_every_statement_about_months_round(cohort) -> None:
    people = cohort.people.assign(group=np.where(cohort.is_pilot, "control", "pilot"))
    swapped = compare(Cohort(people=people))
    straight = row(compare(cohort), kind="on average", higher="pilot", **YEARS)
    turned = row(swapped, kind="on average", higher="pilot", **YEARS)
    assert straight["by"] == pytest.approx(-turned["by"])
    months = {"first": "2020-11", "last": "2021-02"}
    assert row(swapped, kind="months counted", lower=2, higher=1, **months)["holds"]


# Alike.


def test_alike_is_a_standardised_difference(comparison, cohort) -> None:
    table = balance(cohort)
    found = row(comparison, {"balance": table}, kind="alike", covariate="age")
    smd = table.table.loc[table.table["covariate"] == "age", "smd"].iloc[0]
    assert found["estimate"] == smd
    assert found["by"] == pytest.approx(table.threshold - abs(smd))
    assert found["holds"] == (abs(smd) <= table.threshold)
    lost = row(comparison, {"balance": table}, kind="alike", covariate="height")
    assert lost["holds"] is pd.NA


# The service.


@pytest.fixture(scope="module")
def service():
    columns = ["table", "group", "measure", "count", "base", "base_n"]
    rows = [
        ("all", "all", "referred", 100, "", math.nan),
        ("all", "all", "positive", 25, "referred", 100),
        ("all", "all", "positive", 25, "completed", 50),
        ("age", "<30", "positive", 15, "referred", 40),
        ("age", "30+", "positive", 10, "referred", 60),
        ("month", "2021-01", "positive", 15, "", math.nan),
        ("month", "2021-02", "positive", 10, "", math.nan),
        ("month", "2021-03", "positive", math.nan, "", math.nan),
    ]
    counts = pd.DataFrame(rows, columns=columns)
    counts["share"] = counts["count"] / counts["base_n"]
    counts = counts.assign(ci_low=counts["share"] - 0.1, ci_high=counts["share"] + 0.1)
    whole = dict.fromkeys(("count", "base_n"), "Int64")
    averages = pd.DataFrame(
        [("2021", "positive", 25, 10, 2.5)],
        columns=["year", "measure", "count", "months", "a_month"],
    )
    return SimpleNamespace(counts=counts.astype(whole), averages=averages)


@pytest.mark.parametrize(
    ("reading", "holds", "by"),
    [
        ({"kind": "count", "measure": "referred", "count": 100}, True, 0),
        ({"kind": "count", "measure": "referred", "count": 103}, False, -3),
        ({"kind": "share", "measure": "positive", "base": "referred", "share": 0.25},
         True, 0),
        ({"kind": "share", "measure": "positive", "base": "completed", "share": 0.25},
         False, -0.25),
        ({"kind": "a month", "measure": "positive", "year": "2021", "number": 3},
         True, 0),
        ({"kind": "a month", "measure": "positive", "year": "2021", "number": 2},
         False, -1),
        ({"kind": "most in", "measure": "positive", "month": "2021-01", "count": 15},
         True, 5),
        ({"kind": "most in", "measure": "positive", "month": "2021-01", "count": 14},
         False, -1),
        ({"kind": "most in", "measure": "positive", "month": "2021-02", "count": 10},
         False, -5),
        ({"kind": "above the rest", "table": "age", "group": "<30",
          "measure": "positive", "base": "referred"}, True, 15 / 40 - 10 / 60),
        ({"kind": "above the rest", "table": "age", "group": "30+",
          "measure": "positive", "base": "referred"}, False, 10 / 60 - 15 / 40),
    ],
)  # fmt: skip
def test_statements_about_the_service(comparison, service, reading, holds, by) -> None:
    found = row(comparison, {"service": service}, **reading)
    assert found["holds"] == holds
    assert found["by"] == pytest.approx(by)


@pytest.mark.parametrize(
    "reading",
    [
        {"kind": "count", "measure": "started", "count": 1},
        {"kind": "share", "measure": "positive", "base": "started", "share": 0.5},
        {"kind": "a month", "measure": "positive", "year": "2019", "number": 1},
        {"kind": "most in", "measure": "positive", "month": "2021-03", "count": 1},
        {"kind": "above the rest", "table": "age", "group": "40+",
         "measure": "positive", "base": "referred"},
    ],
)  # fmt: skip
def test_what_the_service_does_not_count_cannot_be_told(
    comparison, service, reading
) -> None:
    found = row(comparison, {"service": service}, **reading)
    assert found["holds"] is pd.NA
    assert found["note"]


# All of them.


def test_without_the_data_a_statement_stays_unchecked(comparison) -> None:
    report = Published.model_validate(
        {
            "title": "A report",
            "statements": [
                {"name": name, "section": "4", "en": "So.", "readings": readings}
                for name, readings in {
                    "size": [{"kind": "count", "measure": "referred", "count": 1}],
                    "alike": [{"kind": "alike", "covariate": "age"}],
                    "one": [
                        {"kind": "on average", "higher": group, **YEARS}
                        for group in ("pilot", "control")
                    ],
                    "none": [
                        {"kind": "months counted", "higher": 0, "first": "2021-02",
                         "last": "2021-02"}
                    ],
                }.items()
            ],
        }
    )  # fmt: skip
    statements = check_statements(comparison, report)
    assert statements.unchecked == ["size", "alike"]
    assert statements.failing == ["none"]  # "one" has a reading that holds
    assert len(statements.to_frame()) == 5
    lines = str(statements).splitlines()
    assert lines[0] == "A report"
    assert [line.split()[1] for line in lines[2:4]] == ["-", "-"]


def test_an_outcome_that_is_no_share_is_refused(cohort) -> None:
    weeks = compare(cohort, outcome="weeks_before")
    with pytest.raises(EstimationError, match="'weeks_before' is not 0 or 1"):
        row(weeks, kind="on average", higher="pilot", **YEARS)
