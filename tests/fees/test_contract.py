"""Contracts: what they may say, and how they are read and written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pydantic import ValidationError

from evalkit import EvalkitError
from evalkit.fees.contract import commented_contract, read_contract
from evalkit.fees.money import cents
from tests.fees.small_contract import make_contract

MINIMAL = """
[contract]
title = "A pilot"
first = 2020-01-01
last = 2020-12-31

[vat]
rate = 0.24
"""


def written(tmp_path, text: str):
    file = tmp_path / "fees.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_contract_survives_being_written(tmp_path) -> None:
    contract = make_contract(fixed={"a_year": 50000.5})
    text = commented_contract(contract, note="A note.\n\nAnd another.")
    assert text.startswith("# A note.\n#\n# And another.\n")
    assert read_contract(written(tmp_path, text)) == contract


def test_the_pilots_contract_is_written_by_evalkit(root) -> None:
    """Every key stands under its comment, and none is forgotten."""
    file = root / "sampling" / "fees_satakunta.toml"
    text = file.read_text(encoding="utf-8")
    head, _ = text.split("\n\n", 1)
    lines = [line.removeprefix("#").strip() for line in head.splitlines()]
    note = "\n".join(lines)
    assert commented_contract(read_contract(file), note=note) == text


def test_sums_are_exact() -> None:
    contract = make_contract(mapping={"amount": 0.07}, own_jobs={"share": 0.35})
    assert contract.mapping.amount == Decimal("0.07")
    assert contract.own_jobs.share == Decimal("0.35")


@pytest.mark.parametrize(
    ("exact", "rounded"), [("0.125", "0.13"), ("0.115", "0.12"), ("0.114", "0.11")]
)
def test_cents_are_rounded_half_up(exact, rounded) -> None:
    assert cents(Decimal(exact)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("section", "keys", "message"),
    [
        ("mapping", {"amount": -1}, "greater than or equal to 0"),
        ("mapping", {"amount": 0.001}, "2 decimal places"),
        ("mapping", {"amount": True}, "write a plain number"),
        ("mapping", {"amount": "75 euros"}, "write a plain number"),
        ("mapping", {"amount": float("nan")}, "finite"),
        ("own_jobs", {"share": 25}, "less than or equal to 1"),
        ("contract", {"last": dt.date(2019, 1, 1)}, "`last` is before `first`"),
        ("job", {"steps": []}, "at least 1"),
        ("job", {"steps": [{"months": 6, "amount": 1}, {"months": 3, "amount": 1}]},
         "let `months` rise"),
        ("training_assembled", {"sizes": [{"persons": 4, "amount": 1}] * 2},
         "let `persons` rise"),
        ("events", {"columns": {"event_id": "a", "kind": "b", "wage": "c"}},
         "wage: no column of an event"),
        ("events", {"columns": {"event_id": "a", "kind": "b"}}, "map date"),
    ],
)  # fmt: skip
def test_what_a_contract_may_not_say(section, keys, message) -> None:
    with pytest.raises(ValidationError, match=message):
        make_contract(**{section: keys})


@pytest.mark.parametrize(
    ("first", "terms", "message"),
    [
        (dt.date(2021, 1, 1), {"mapping": {"sum": 1}}, "mapping.sum: unknown key"),
        (dt.date(2021, 1, 1), {"job": {"joined": "x"}}, "job.joined: found"),
        (dt.date(2019, 9, 1), {}, "each begins on its own day"),
        (dt.date(2022, 4, 1), {}, "by its last"),
    ],
)
def test_a_change_is_checked_with_what_it_changes(first, terms, message) -> None:
    with pytest.raises(ValidationError, match=message):
        make_contract(changes=[{"first": first, "terms": terms}])


def test_changes_add_up() -> None:
    changes = [
        {"first": dt.date(2021, 6, 1), "terms": {"mapping": {"once": False}}},
        {"first": dt.date(2021, 1, 1), "terms": {"mapping": {"amount": 80}}},
    ]
    contract = make_contract(changes=changes)
    found = [contract.terms_on(dt.date(2021, m, 1)).mapping for m in (1, 6)]
    assert [(fee.amount, fee.once) for fee in found] == [(80, True), (80, False)]
    assert contract.terms_on(dt.date(2020, 12, 31)).mapping.amount == 75


def test_a_file_names_every_problem(tmp_path) -> None:
    text = MINIMAL + '\n[mapping]\namont = 75\n\n[job]\njoined = "maybe"\n'
    with pytest.raises(EvalkitError) as caught:
        read_contract(written(tmp_path, text))
    message = str(caught.value)
    assert "4 problems" in message
    assert "mapping.amount: missing. (Sum for one person.)" in message
    assert "mapping.amont: unknown key. Did you mean amount?" in message
    assert "job.steps: missing." in message
    assert "job.joined: found \"maybe\"; allowed is 'together', 'each'" in message
