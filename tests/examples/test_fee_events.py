"""The events of the synthetic study: they follow from its results, and are paid for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit.examples.contract import contract_text
from evalkit.examples.preset import read_preset
from evalkit.examples.satakunta import write_satakunta
from evalkit.examples.service import service_text
from evalkit.examples.simulator import simulate
from evalkit.fees.contract import read_contract
from evalkit.fees.invoice import invoice

SAMPLING = Path(__file__).parents[2] / "sampling"
EMPLOYED = ["job", "apprenticeship", "entrepreneurship"]


@pytest.fixture(scope="module")
def simulated():
    study = read_preset("satakunta")
    return simulate(study, seed=study.seed)


@pytest.fixture(scope="module")
def clients(simulated):
    return simulated.pilot.set_index("person_id")


@pytest.fixture(scope="module")
def events(simulated):
    return simulated.events


@pytest.fixture(scope="module")
def bill(tmp_path_factory):
    home = tmp_path_factory.mktemp("satakunta")
    write_satakunta(home)
    return invoice(home / "events", read_contract(home / "fees.toml"))


def of_kind(events, *kinds):
    return events[events["kind"].isin(kinds)]


@pytest.mark.parametrize(
    ("text", "committed"),
    [
        (contract_text, "fees_satakunta.toml"),
        (service_text, "service_satakunta.toml"),
    ],
)
def test_the_committed_plans_are_the_example_s(text, committed) -> None:
    assert (SAMPLING / committed).read_text(encoding="utf-8") == text()


def test_only_who_started_is_mapped_and_on_no_day_before(events, clients) -> None:
    mapped = of_kind(events, "mapping")
    started = clients["start_date"].dropna()
    assert set(mapped["person_id"]) < set(started.index)
    first = mapped.groupby("person_id")["date"].min()
    assert (first == started[first.index]).all()
    assert len(first) == pytest.approx(0.98 * len(started), rel=0.02)


def test_a_job_follows_the_result_on_the_next_working_day(events, clients) -> None:
    jobs = of_kind(events, *EMPLOYED)
    first = jobs.groupby("person_id")["start"].min()
    ends = clients["end_date"][first.index]
    assert (first.dt.weekday < 5).all()
    assert (first - ends).dt.days.between(1, 3).all()
    results = clients["result"][clients["result"].isin(["work", "entrepreneur"])]
    assert set(first.index) <= set(results.index)
    assert len(first) > 0.9 * len(results)


def test_nobody_works_after_registering_again(events, simulated) -> None:
    jobs = of_kind(events, *EMPLOYED)
    both = jobs.merge(simulated.spells, on="person_id")
    again = both[both["registration_date"] > both["start"]]
    assert len(again)
    lasts_until = again["end"].fillna(again["start"] + pd.Timedelta(days=183))
    assert (lasts_until < again["registration_date"]).all()


def test_courses_take_in_who_is_in_the_service(events, clients) -> None:
    started = of_kind(events, "training_start").drop_duplicates("person_id")
    own = clients.loc[started["person_id"]]
    days = started["date"].to_numpy()
    assert ((own["start_date"] <= days) & (days < own["end_date"])).all()
    assert (own["result"] == "work").all()
    sizes = of_kind(events, "training_assembled")["persons"].astype(int)
    assert sizes.sum() == len(started)


def test_labour_market_trainings_are_those_that_are_printed(events, clients) -> None:
    started = of_kind(events, "labour_training_start")
    assert started["date"].dt.year.value_counts().to_dict() == {2020: 9, 2021: 28}
    ends = clients["end_date"][started["person_id"]].dt.year
    assert ends.value_counts().to_dict() == {2020: 10, 2021: 27}
    assert (clients["result"][started["person_id"]] == "training").all()


def test_of_each_kind_some_are_paid_and_some_refused(bill) -> None:
    kinds = bill.by_kind().set_index("kind").drop(index="fixed")
    assert set(kinds.index) == {
        "mapping", "training_start", "labour_training_start", "training_assembled",
        *EMPLOYED,
    }  # fmt: skip
    assert (kinds["paid"] > 0).all()
    assert (kinds["refused"] > 0).all()
    assert kinds.loc["training_assembled", "paid"] == 4


@pytest.mark.parametrize(
    "reason",
    [
        "beyond 25% of employments with own firms",
        "this person was paid for with",
        "no fee was agreed",
        "the day is outside the contract",
        "not verified in the register",
        "not more than 18 hours",
        "a wage subsidy",
        "an apprenticeship needs an agreement",
        "shorter than 3 months",
        "shorter than 10 days",
        "fewer than 4 persons",
        "counts towards",
        "less 300 paid with",
    ],
)
def test_the_rules_of_the_contract_all_bite(bill, reason) -> None:
    assert bill.to_frame()["reason"].str.contains(reason).any()


def test_the_sum_is_that_of_a_contract_of_this_size(bill) -> None:
    """Its value was put at 700,000 a year with tax, and its targets were missed."""
    months = 31
    assert 200_000 < float(bill.net) / months * 12 < 350_000
    lines = bill.to_frame()
    full_year = lines[lines["month"].str.startswith("2021")]
    assert 250_000 < float(full_year["net"].sum()) < 350_000
    assert "Synthetic" in bill.note


def test_events_do_not_change_the_register(simulated) -> None:
    """They are drawn from a stream of their own."""
    provider = simulated.preset.provider.model_copy(update={"mapped": 0.5})
    other = simulated.preset.model_copy(update={"provider": provider})
    again = simulate(other, seed=simulated.seed)
    pd.testing.assert_frame_equal(again.pilot, simulated.pilot)
    pd.testing.assert_frame_equal(again.spells, simulated.spells)
    assert len(again.events) < len(simulated.events)
