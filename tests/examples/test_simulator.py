"""The synthetic register keeps a register's rules and the preset's promises."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.examples.simulator import simulate
from evalkit.study.codes import EXIT_ROUTES, MUNICIPALITIES
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.months import date_of, first_day, last_day, parse_month

# Unemployed jobseekers of Satakunta on counting days: from the press and from
# releases of the employment administration, rounded.
STOCKS = {
    "2020-03": 11_740,
    "2020-04": 15_230,
    "2020-07": 13_450,
    "2020-11": 11_140,
    "2021-06": 10_300,
    "2021-07": 10_590,
    "2021-09": 8_600,
    "2021-11": 8_570,
}
COVARIATES = ("age", "woman", "basic", "higher", "weeks")


@pytest.fixture(scope="module")
def snapshots(simulation):
    return simulation.snapshots


@pytest.fixture(scope="module")
def stock(snapshots):
    """The unemployed on counting days."""
    unemployed = snapshots["employment_code"].isin(["02", "03"])
    return snapshots[snapshots["registered_at_month_end"] & unemployed]


@pytest.fixture(scope="module")
def spells(simulation):
    return simulation.spells.sort_values(["person_id", "registration_date"])


@pytest.fixture(scope="module")
def referred(simulation):
    """The pilot's list with the spell in which each person was referred."""
    spells = simulation.spells.assign(
        last=simulation.spells["deregistration_date"].fillna(pd.Timestamp("2262-01-01"))
    )
    both = simulation.pilot.merge(spells, on="person_id")
    within = both["referral_date"].between(both["registration_date"], both["last"])
    return both[within]


def in_month(table, month):
    return table[table["month"] == parse_month(month)]


@pytest.mark.parametrize("month", STOCKS)
def test_stock_is_near_the_published_number(stock, month) -> None:
    assert len(in_month(stock, month)) == pytest.approx(STOCKS[month], rel=0.1)


def test_laid_off_in_the_spring_of_2020(stock) -> None:
    laid_off = (stock["employment_code"] == "03").groupby(stock["month"]).sum()
    assert laid_off[parse_month("2020-04")] == pytest.approx(5_000, rel=0.2)
    assert laid_off[parse_month("2020-02")] < 1_000
    assert laid_off[parse_month("2021-11")] < 1_000


def test_long_spells_are_there_from_the_beginning(stock) -> None:
    days = (stock["counting_day"] - stock["registration_date"]).dt.days
    long = (days > 365).groupby(stock["month"]).mean()
    assert long.between(0.15, 0.40).all()
    assert long[parse_month("2021-07")] == pytest.approx(3_390 / 10_590, abs=0.05)


def test_columns_are_the_register_s_own(snapshots) -> None:
    assert set(snapshots.columns) - {"counting_day"} <= set(SNAPSHOT_COLUMNS)


def test_spells_of_a_person_do_not_overlap(spells) -> None:
    again = spells["person_id"].duplicated()
    ended = spells["deregistration_date"].shift()
    assert again.sum() > 1_000
    assert (spells["registration_date"] > ended)[again].all()


def test_rows_of_a_month(snapshots) -> None:
    key = ["month", "person_id", "registration_date"]
    assert not snapshots.duplicated(key).any()
    months = snapshots["month"].unique().tolist()
    first, last = (
        snapshots["month"].map({m: pd.Timestamp(date_of(day(m))) for m in months})
        for day in (first_day, last_day)
    )
    ended = snapshots["deregistration_date"]
    assert (snapshots["registration_date"] <= last).all()
    assert (ended.isna() | ended.between(first, last)).all()


def test_flags_agree_with_dates_and_codes(snapshots) -> None:
    there = snapshots["registered_at_month_end"]
    ended, day = snapshots["deregistration_date"], snapshots["counting_day"]
    assert (there == ~(ended < day)).all()
    assert (snapshots["registration_date"][there] <= day[there]).all()
    services = snapshots["employment_code"].isin(["07", "08"])
    assert (snapshots["in_service"] == services).all()
    assert (snapshots["exit_reason"].notna() == ended.notna()).all()
    assert set(snapshots["exit_reason"].dropna()) <= set(EXIT_ROUTES)


def test_who_leaves_is_gone_next_month_and_who_stays_is_there(snapshots) -> None:
    now, later = in_month(snapshots, "2021-02"), in_month(snapshots, "2021-03")
    key = ["person_id", "registration_date"]
    found = now.merge(later[key], on=key, how="left", indicator=True)
    stays = found["deregistration_date"].isna()
    assert 0.5 < stays.mean() < 1
    assert ((found["_merge"] == "both") == stays).all()


def test_services_are_a_state_from_which_people_return(snapshots) -> None:
    on_day = snapshots[snapshots["registered_at_month_end"]]
    share = on_day["in_service"].mean()
    assert 0.08 < share < 0.20
    key = ["person_id", "registration_date"]
    ordered = on_day.sort_values([*key, "month"])
    served = ordered.groupby(key)["in_service"]
    back = served.shift(fill_value=False) & ~ordered["in_service"]
    assert back.sum() > 1_000


def test_places_and_offices(snapshots) -> None:
    before, after = in_month(snapshots, "2020-12"), in_month(snapshots, "2021-01")
    assert set(after["municipality"]) == set(MUNICIPALITIES)
    assert set(before["municipality"]) == {*MUNICIPALITIES, "099"}
    assert set(in_month(snapshots, "2021-02")["office"]) == {"Satakunnan TE-toimisto"}
    experiment = in_month(snapshots, "2021-03")
    moved = experiment[experiment["office"] == "Porin kuntakokeilu"]
    assert 0.2 < len(moved) / len(experiment) < 0.4
    assert set(moved["municipality"]) == {"609", "271", "886"}


def test_age_grows(snapshots) -> None:
    ages = snapshots.groupby("person_id")["age"].agg(["min", "max"])
    assert ages["min"].min() >= 17
    assert ages["max"].max() <= 65
    assert ((ages["max"] - ages["min"]).isin(range(4))).all()


def test_referrals_by_month(simulation) -> None:
    months = simulation.pilot["referral_date"].dt.strftime("%Y-%m").value_counts()
    assert months.index.min() == "2019-09"
    assert months.index.max() == "2021-12"
    assert not {"2020-04", "2020-05"} & set(months.index)
    assert len(months) == 26
    assert months.mean() == pytest.approx(105, rel=0.1)
    assert simulation.pilot["referral_date"].min() == pd.Timestamp("2019-09-02")


def test_only_the_unemployed_are_referred_and_once(simulation, referred) -> None:
    assert len(referred) == len(simulation.pilot)
    assert simulation.pilot["person_id"].is_unique
    assert not referred["laid_off"].any()


def test_starts(simulation, referred) -> None:
    started = referred["start_date"].notna()
    shares = started.groupby(referred["way"]).mean()
    assert shares["group"] == pytest.approx(0.75, abs=0.05)
    assert shares["individual"] == pytest.approx(0.88, abs=0.03)
    some = referred[started]
    delay = (some["start_date"] - some["referral_date"]).dt.days
    assert delay.between(3, 16).all()
    assert (some["start_date"] <= some["last"]).all()
    assert (some["start_date"].dt.weekday < 5).all()
    length = (some["end_date"] - some["start_date"]).dt.days
    assert length.between(0, 91).all()
    assert (some["end_date"] <= some["last"]).all()
    assert simulation.pilot["end_date"].max() == pd.Timestamp("2022-03-31")
    assert referred["end_date"][~started].isna().all()


def test_a_list_of_an_earlier_day_does_not_know_the_future(preset, simulation) -> None:
    shorter = preset.model_copy(update={"last": "2020-03"})
    early = simulate(shorter, seed=simulation.seed).pilot
    today = pd.Timestamp("2020-03-31")
    assert early[["referral_date", "start_date", "end_date"]].max().max() <= today
    assert (early["start_date"].notna() & early["end_date"].isna()).any()
    assert early["result"][early["end_date"].isna()].isna().all()


def test_results_are_exits_during_the_service(referred) -> None:
    good = referred[referred["result"].notna()]
    assert set(good["result"]) == {"work", "training", "entrepreneur"}
    assert (good["end_date"] == good["deregistration_date"]).all()
    routes = good["exit_reason"].map(EXIT_ROUTES)
    same = good["result"].replace({"entrepreneur": "work"})
    assert (routes == same).all()


def test_selection_into_the_pilot_is_there(simulation, stock) -> None:
    """Younger, better educated and sooner than the eligible, as the preset says."""
    smd = standardised_differences(simulation, stock)
    assert smd["age"] < -0.1
    assert smd["weeks"] < -0.1
    assert smd["higher"] > 0.05
    assert smd["basic"] < -0.05
    assert smd["woman"] < 0


def standardised_differences(simulation, stock):
    """Compare the referred of February 2021 to December 2021 with the rest."""
    eligible = stock[stock["employment_code"] == "02"]
    eligible = eligible[eligible["month"] >= parse_month("2021-01")]
    weeks = (eligible["counting_day"] - eligible["registration_date"]).dt.days // 7
    table = pd.DataFrame(
        {
            "age": eligible["age"],
            "woman": eligible["sex"] == "woman",
            "basic": eligible["education"].isin(["0", "1", "2"]),
            "higher": eligible["education"].isin(["5", "6", "7", "8"]),
            "weeks": weeks,
        }
    ).astype(float)
    referral = simulation.pilot.assign(
        month=simulation.pilot["referral_date"].dt.year * 12
        + simulation.pilot["referral_date"].dt.month
        - 2  # the month before
    )
    key = pd.MultiIndex.from_frame(referral[["month", "person_id"]])
    chosen = pd.MultiIndex.from_frame(eligible[["month", "person_id"]]).isin(key)
    gap = table[chosen].mean() - table[~chosen].mean()
    return gap / table.std()


def test_same_seed_same_people_other_seed_others(small_preset) -> None:
    first, again, other = (simulate(small_preset, seed=seed) for seed in (3, 3, 4))
    for name in ("people", "spells", "snapshots", "pilot"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
        assert not getattr(first, name).equals(getattr(other, name))
    pd.testing.assert_frame_equal(first.truth.people, again.truth.people)


def test_the_effect_changes_nobody_before_the_first_referral(small_preset) -> None:
    """The same people live in every world; only the reached live differently."""
    with_it, without = (
        simulate(small_preset.with_effect(ratio), seed=5) for ratio in (3.0, 1.0)
    )
    pd.testing.assert_frame_equal(
        with_it.people[with_it.people.columns], without.people[with_it.people.columns]
    )
    first = (
        in_month(with_it.snapshots, "2019-09"),
        in_month(without.snapshots, "2019-09"),
    )
    early = [table[table["deregistration_date"] < "2019-09-02"] for table in first]
    assert len(early[0]) > 0
    pd.testing.assert_frame_equal(*early)
    assert not with_it.spells.equals(without.spells)


def test_effect_since_the_referral_reaches_everybody(small_preset) -> None:
    effect = small_preset.effect.model_copy(update={"since": "referral"})
    preset = small_preset.model_copy(update={"effect": effect}).with_effect(4.0)
    simulation = simulate(preset, seed=6)
    people = simulation.truth.people
    idle = people[~people["started"]]
    assert (idle["treated_3"] - idle["untreated_3"]).mean() > 0
    both = simulation.pilot.merge(simulation.spells, on="person_id")
    within = both["registration_date"] <= both["referral_date"]
    ended = both["deregistration_date"].fillna(pd.Timestamp("2262-01-01"))
    current = both[within & (ended >= both["referral_date"])]
    assert len(current) == len(simulation.pilot)
    late = current["start_date"] > current["deregistration_date"]
    assert not late.any()


def test_hidden_selection_is_off_unless_asked_for(simulation, small_preset) -> None:
    hidden = simulate(small_preset.with_hidden_selection(1.5), seed=7)
    for each, low, high in ((simulation, -0.35, 0.0), (hidden, 0.5, 2.0)):
        people = each.people.set_index("person_id")["trait"]
        assert low < people[each.pilot["person_id"]].mean() < high
