"""The invoice: fixed fee, tax, months, and what it shows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evalkit import EvalkitError
from evalkit.fees.contract import read_contract
from evalkit.fees.invoice import bill
from tests.fees.small_contract import event, job, make_contract, training

FIXED = {"a_year": 50_000}


def fixed_by_month(**fixed) -> dict[str, Decimal]:
    lines = bill([], make_contract(fixed={**FIXED, **fixed})).lines
    return {line.month: line.net for line in lines}


def test_fixed_fee_by_month() -> None:
    """Twelve twelfths of 50,000 are 50,000, though a twelfth is no whole cent."""
    sums = fixed_by_month()
    assert len(sums) == 31
    assert sums["2020-01"] == Decimal("4166.67")
    year = {y: sum(v for m, v in sums.items() if m[:4] == y) for y in ("2020", "2021")}
    assert year == {"2020": 50_000, "2021": 50_000}
    assert sum(v for m, v in sums.items() if m < "2020") == Decimal("16666.67")
    assert sum(v for m, v in sums.items() if m > "2022") == Decimal("12500.00")


def test_fixed_fee_for_whole_years() -> None:
    sums = fixed_by_month(part_years="whole")
    months = ["2019-09", "2020-01", "2021-01", "2022-01"]
    assert sums == dict.fromkeys(months, Decimal(50_000))


def test_no_fixed_fee_in_a_pause() -> None:
    paused = ["2020-04", "2020-05"]
    sums = fixed_by_month(unpaid_months=paused)
    assert not set(paused) & set(sums)
    full = sum(fixed_by_month().values())
    assert full - sum(sums.values()) == Decimal("8333.33")


def test_a_change_of_the_fixed_fee() -> None:
    first = make_contract().changes[0].first
    changes = [{"first": first, "terms": {"fixed": {"a_year": 60_000}}}]
    lines = bill([], make_contract(fixed=FIXED, changes=changes)).lines
    sums = {line.month: line.net for line in lines}
    assert (sums["2020-12"], sums["2021-01"]) == (Decimal("4166.67"), 5000)


@pytest.mark.parametrize(
    ("vat", "net", "tax"),
    [
        ({"rate": 0.24}, "75.00", "18.00"),
        ({"rate": 0.24, "included": True}, "60.48", "14.52"),
        ({"rate": 0}, "75.00", "0.00"),
    ],
)
def test_value_added_tax(vat, net, tax) -> None:
    made = bill([event("m", "mapping", "2020-01-01")], make_contract(vat=vat))
    assert (made.net, made.vat) == (Decimal(net), Decimal(tax))
    assert made.gross == made.net + made.vat


def test_a_sum_that_includes_the_tax_is_paid_to_the_cent() -> None:
    """0.18 / 1.24 rounds to 0.15, whose tax alone would round to 0.04."""
    contract = make_contract(
        vat={"rate": 0.24, "included": True}, mapping={"amount": 0.18}
    )
    made = bill([event("m", "mapping", "2020-01-01")], contract)
    sums = (made.net, made.vat, made.gross)
    assert sums == (Decimal("0.15"), Decimal("0.03"), Decimal("0.18"))


def test_months_and_kinds_add_up() -> None:
    events = [
        event("m1", "mapping", "2020-01-31", person_id="p"),
        event("m2", "mapping", "2020-02-01", person_id="p"),
        training("t", "2020-02-10", 11),
        job("j", "2020-02-01", None),
    ]
    made = bill(events, make_contract())
    months = made.by_month().set_index("month")
    assert months["net"].to_dict() == {"2020-01": 75, "2020-02": 6700}
    assert months["refused"].to_dict() == {"2020-01": 0, "2020-02": 1}
    kinds = made.by_kind().set_index("kind")["net"].to_dict()
    assert kinds == {"mapping": 75, "training_assembled": 6000, "job": 700}
    assert len(made.by_month_and_kind()) == 4
    assert made.net == 6775


def test_an_invoice_shows_no_person() -> None:
    events = [
        event(f"m{i}", "mapping", "2020-01-01", person_id="secret") for i in range(2)
    ]
    events += [job(i, "2020-01-01", "2020-03-31", person_id="secret") for i in "ab"]
    made = bill(events, make_contract())
    assert len(made.lines) == 4
    shown = f"{made} {made._repr_html_()} {made.to_frame().to_string()}"
    assert "secret" not in shown


def test_the_tables_say_what_was_paid_in_all() -> None:
    made = bill([event("m", "mapping", "2020-01-01")], make_contract())
    assert "net 75.00, VAT 18.00, gross 93.00 EUR" in str(made)
    assert list(made.to_dict()["net"]) == [Decimal("75.00")]


def test_through_a_month() -> None:
    events = [event("a", "mapping", "2020-01-31"), event("b", "mapping", "2020-02-01")]
    made = bill(events, make_contract(fixed=FIXED), through="tammikuu 2020")
    assert made.through == "2020-01"
    assert {line.event_id for line in made.lines} == {"", "a"}
    assert "1 later events are not in this invoice" in made.note
    assert "open until 2020-12" in made.note


def test_a_closed_window_is_not_said_to_be_open() -> None:
    assert bill([], make_contract(), through="2020-12").note == ""
    assert bill([], make_contract(own_jobs=None), through="2020-06").note == ""
    whole = make_contract(own_jobs={"window": "contract"})
    assert "open until 2022-03" in bill([], whole, through="2020-12").note


def test_an_event_outside_the_contract_has_a_line_too() -> None:
    made = bill([event("late", "mapping", "2022-04-01")], make_contract())
    (line,) = made.lines
    assert (line.paid, line.gross) == (False, 0)


@pytest.mark.parametrize("through", ["2019-08", "2022-04"])
def test_through_is_a_month_of_the_contract(through) -> None:
    with pytest.raises(EvalkitError, match="must be a month of the contract"):
        bill([], make_contract(), through=through)


def test_synthetic_events_are_labelled() -> None:
    made = bill([], make_contract(contract={"synthetic": True}))
    assert "Synthetic" in made.note
    assert "Synthetic" in str(made)


def test_the_pilots_contract_says_what_its_report_says(root) -> None:
    contract = read_contract(root / "sampling" / "fees_satakunta.toml")
    made = bill([], contract)
    assert made.net == Decimal("129166.67")  # 31 months of 50,000 a year
    steps = [(step.months, step.amount) for step in contract.job.steps]
    assert steps == [(3, 300), (6, 700)]
    assert contract.own_trainings.share * contract.own_trainings.of == Decimal("6.3")
