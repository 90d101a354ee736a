"""What the service did, counted by hand."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest

from evalkit import EvalkitError
from evalkit.service.results import service_results
from evalkit.service.targets import checked_trainings
from tests.service.conftest import clients, make_plan, opened, stock


@pytest.fixture(scope="module")
def results(register):
    trainings = pd.DataFrame(
        {"date": ["1.2.2020", dt.date(2020, 9, 30)], "persons": [10, 12]}
    )
    return service_results(register, plan=make_plan(), trainings=trainings)


def shares(results, table: str, group: str, measure: str) -> dict[str, tuple[int, int]]:
    rows = results.table(table)
    rows = rows[(rows["group"] == group) & (rows["measure"] == measure)]
    pairs = zip(rows["count"], rows["base_n"], strict=True)
    return dict(zip(rows["base"], pairs, strict=True))


def counts(results, table: str, measure: str) -> dict[str, int | None]:
    rows = results.table(table)
    rows = rows[(rows["measure"] == measure) & (rows["base"] == "")]
    numbers = [None if pd.isna(n) else int(n) for n in rows["count"]]
    return dict(zip(rows["group"], numbers, strict=True))


def test_totals(results) -> None:
    assert results.totals == {
        "referred": 9, "started": 8, "completed": 7, "positive": 6, "counted": 4,
        "work": 2, "training": 3, "entrepreneur": 1,
    }  # fmt: skip
    assert results.n_people == 9


def test_training_counts_from_2021_on(results, register) -> None:
    """b and g came to training by the end of 2020, f on 1 January 2021."""
    counted = counts(results, "month", "counted")
    positive = counts(results, "month", "positive")
    assert (positive["2020-12"], counted["2020-12"]) == (1, 0)
    assert (positive["2021-01"], counted["2021-01"]) == (1, 1)
    without_rule = service_results(register, plan=make_plan(counting=[])).totals
    assert without_rule["counted"] == without_rule["positive"] == 6


def test_every_share_has_its_base(results) -> None:
    """The under-30s: a, c, f, i; three had a result."""
    assert shares(results, "age", "<30", "positive") == {
        "referred": (3, 4),
        "started": (3, 3),
        "completed": (3, 3),
        "all positive": (3, 6),
    }
    rows = results.to_frame()
    based = rows[rows["base"] != ""]
    assert (based["count"] <= based["base_n"]).all()
    assert based["share"].notna().sum() == (based["base_n"] > 0).sum()
    assert rows.loc[rows["base"] == "", "share"].isna().all()


def test_age_classes_have_the_reports_edges(results) -> None:
    referred = {
        group: shares(results, "age", group, "referred")["all referred"][0]
        for group in results.table("age")["group"].unique()
    }
    assert referred == {
        "<30": 4, "30-39": 2, "40-49": 0, "50-59": 1, "60+": 1, "unknown": 1,
    }  # fmt: skip


def test_starts_by_way(results) -> None:
    assert shares(results, "way", "group", "started")["referred"] == (3, 4)
    assert shares(results, "way", "individual", "started")["referred"] == (5, 5)


def test_results_by_route(results) -> None:
    assert shares(results, "route", "training", "positive") == {
        "referred": (3, 9),
        "started": (3, 8),
        "completed": (3, 7),
        "positive": (3, 6),
    }


def test_what_could_not_happen_is_missing_not_zero(results) -> None:
    referred = counts(results, "month", "referred")
    assert referred["2020-03"] == 0
    assert referred["2020-04"] is None
    assert referred["2021-02"] is None  # after the last month of referrals
    assert counts(results, "referral_month", "referred")["2020-05"] is None
    assert counts(results, "referral_month", "referred")["2020-03"] == 0


def test_what_happened_in_a_pause_stays(results) -> None:
    completed = results.table("month").query("measure == 'completed'")
    april = completed.set_index("group").loc["2020-04"]
    assert (april["count"], april["note"]) == (1, "no service")


def test_months_are_those_of_what_happened(results) -> None:
    positive = counts(results, "month", "positive")
    happened = {month: count for month, count in positive.items() if count}
    months = ["2020-03", "2020-04", "2020-08", "2020-12", "2021-01", "2021-02"]
    assert happened == dict.fromkeys(months, 1)
    assert counts(results, "year", "positive") == {"2020": 4, "2021": 2}


def test_cohorts_follow_the_referred(results) -> None:
    assert shares(results, "referral_year", "2020", "positive")["referred"] == (6, 8)
    rows = results.table("referral_year").query("group == '2021'")
    assert set(rows["note"]) == {"1 not yet through the service"}


def test_averages_with_and_without_the_pause(results) -> None:
    rows = results.averages.set_index(["year", "measure"])
    year = rows.loc[("2020", "positive")]
    assert (year["months"], year["active_months"]) == (12, 10)
    assert (year["a_month"], year["an_active_month"]) == (4 / 12, 4 / 10)
    assert rows.loc[("2021", "positive"), "months"] == 3
    assert rows.loc[("2021", "referred"), "months"] == 1


def test_intervals_are_wilsons(results) -> None:
    """3 of 4 at 95 %: 0.3006 to 0.9544 (Wilson 1927)."""
    row = results.table("age").query(
        "group == '<30' and measure == 'positive' and base == 'referred'"
    )
    low, high = float(row["ci_low"].iloc[0]), float(row["ci_high"].iloc[0])
    assert (low, high) == pytest.approx((0.300642, 0.954413), abs=1e-6)


def target(results, name: str, period: str, base: str = "") -> pd.Series:
    rows = results.targets
    rows = rows[(rows["target"] == name) & (rows["period"] == period)]
    (found,) = [row for _, row in rows.iterrows() if not base or row["base"] == base]
    return found


def test_a_part_of_a_year_has_its_part_of_the_target(results) -> None:
    """2020: ten months of twelve; 2021: one month."""
    year = target(results, "referrals", "2020")
    assert (year["least"], year["most"], year["count"]) == (10, 20, 8)
    assert (year["met"], year["verdict"]) == (False, "missed")
    assert target(results, "referrals", "2021")["least"] == 1
    assert target(results, "referrals", "2021")["verdict"] == "reached"
    whole = target(results, "referrals", "all")
    assert (whole["least"], whole["count"]) == (11, 9)


def test_trainings_and_their_persons(results) -> None:
    assert target(results, "trainings", "2020")["count"] == 2
    assert target(results, "trainees", "2020")["count"] == 22
    assert target(results, "trainees", "2020")["verdict"] == "reached"
    assert target(results, "trainees", "2021")["count"] == 0
    months = checked_trainings(pd.DataFrame({"date": ["1.2.2020"], "persons": [1]}))
    assert months["month"].tolist() == ["2020-02"]  # not January


def test_shares_on_every_base(results) -> None:
    """Only a's job lasted: one of nine referred, of eight started, of seven done."""
    found = {
        base: target(results, "lasting work", "all", base)
        for base in ("referred", "started", "completed")
    }
    sizes = {base: (row["count"], row["base_n"]) for base, row in found.items()}
    assert sizes == {"referred": (1, 9), "started": (1, 8), "completed": (1, 7)}
    assert [base for base, row in found.items() if row["agreed_base"]] == ["referred"]
    assert found["referred"]["verdict"] == "missed"
    either = target(results, "any", "all", "referred")
    assert (either["met"], either["verdict"]) == (True, "undetermined")


def test_without_knowing_how_long_jobs_lasted(register) -> None:
    plan = make_plan(service={"lasting": None})
    found = target(
        service_results(register, plan=plan), "lasting work", "all", "referred"
    )
    assert found["count"] == 2
    assert "at most" in found["note"]


def test_without_a_list_of_trainings(register) -> None:
    found = service_results(register, plan=make_plan())
    row = target(found, "trainings", "2020")
    assert pd.isna(row["count"])
    assert pd.isna(row["met"])
    assert "no list of trainings was given" in row["note"]


def test_a_list_of_trainings_is_checked(register) -> None:
    for table, message in (
        (pd.DataFrame({"date": ["2020-01-01"]}), "no column persons"),
        (
            pd.DataFrame({"date": ["?", "2020-01-01"], "persons": [1, -1]}),
            "first: 1, 2",
        ),
    ):
        with pytest.raises(EvalkitError, match=message):
            service_results(register, plan=make_plan(), trainings=table)


def test_without_a_way_of_starting(register) -> None:
    found = service_results(register, plan=make_plan(service={"way": None}))
    with pytest.raises(EvalkitError, match="`name` is unknown: 'way'"):
        found.table("way")


def test_ages_come_from_the_nearest_snapshot() -> None:
    people = clients()
    older = stock(people.assign(ikä="64"), "2020-07")
    both = pd.concat([stock(people, "2020-06"), older])
    found = service_results(opened(people, both), plan=make_plan())
    rows = found.table("age").query("measure == 'referred' and base == 'all referred'")
    sizes = dict(zip(rows["group"], rows["count"], strict=True))
    assert sizes["<30"] == 2  # a and c in June; f and i are nearer to July
    assert sizes["60+"] == 5  # with e, g and h


def test_nobody_completes_who_did_not_start() -> None:
    people = clients()
    people.loc[people["id"] == "c", "päättyi"] = "1.2.2020"
    totals = service_results(opened(people, stock(people)), plan=make_plan()).totals
    assert (totals["started"], totals["completed"]) == (8, 7)


@pytest.mark.parametrize("lost", ["start_date", "end_date", "result", "way"])
def test_a_column_that_is_not_mapped_is_named(lost) -> None:
    people = clients()
    register = opened(people, stock(people), **{lost: None})
    with pytest.raises(EvalkitError, match=f"has no {lost}"):
        service_results(register, plan=make_plan())


def test_an_unknown_result_is_counted_and_not_shown() -> None:
    people = clients()
    people.loc[0, "tulos"] = "secret"
    with pytest.raises(EvalkitError, match=r"1 rows .* not known") as caught:
        service_results(opened(people, stock(people)), plan=make_plan())
    assert "secret" not in str(caught.value)


def test_what_is_left_out_is_said() -> None:
    people = clients()
    people.loc[people["id"] == "h", "tulos"] = "työ"  # still in the service
    again = people[people["id"] == "a"].assign(ohjattu="4.1.2021", aloitti=None)
    late = people[people["id"] == "c"].assign(id="z", ohjattu="1.2.2021")
    again[["päättyi", "tulos"]] = None
    people = pd.concat([people, again, late])
    register = opened(people, stock(people.drop_duplicates("id")))
    found = service_results(register, plan=make_plan())
    assert found.note == (
        "synthetic: the people are simulated; 1 results without a start and an end "
        "are not counted; 1 referrals of people referred before; 1 referrals outside "
        "the plan's months"
    )
    assert (found.totals["positive"], found.n_people) == (6, 10)


def test_shown_as_text_and_table(results) -> None:
    assert "synthetic" in str(results)
    assert "referrals" in str(results)
    assert results._repr_html_().count("<tr") > 20
    assert math.isclose(results.level, 0.95)
