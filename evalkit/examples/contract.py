"""The contract of the Satakunta study: what its provider is paid for."""

from __future__ import annotations

import datetime as dt

from evalkit.fees.contract import Contract, commented_contract

_NOTE = """\
The contract of the pilot of Satakunta, 2019-2022, as its report describes
what was paid (section 2.2). Another contract is another file.

The report's own: every sum; the 4-10 and more than 10 persons and the 10
days of a training; 3 and 6 months, permanent contracts, more than 18 hours
a week, verification in the register; 35 % of 18 trainings and 25 % of
employments with own firms; entrepreneurship, apprenticeship and wage
subsidies by agreement; labour market training from 2021 on; a fixed fee
without value added tax.

Our readings, where the report leaves it open: all sums are without the tax,
at the general rate of 24 % then in force; the fixed fee runs from September
2019 to March 2022, a twelfth a month, the pause included; mapping and
training are paid once a client; 700 replaces 300, once a client; fixed
terms count together (the report's words also allow that each must last
three months) and a weekend may lie between them; the 25 % are counted over
the whole contract, the 35 % in each year; labour market training is paid
like recruitment training."""

EVENT_KINDS = {
    "kartoitus": "mapping",
    "rekrykoulutus alkoi": "training_start",
    "työvoimakoulutus alkoi": "labour_training_start",
    "rekrykoulutus koottu": "training_assembled",
    "työ": "job",
    "oppisopimus": "apprenticeship",
    "yrittäjä": "entrepreneurship",
}
"""The provider's words for kinds of event, and evalkit's names."""

EVENT_HEADERS = {
    "event_id": "tapahtuma",
    "person_id": "henkilö",
    "kind": "laji",
    "date": "päivä",
    "employer": "työnantaja",
    "own_firm": "oma yritys",
    "company": "yritys",
    "hours": "tuntia viikossa",
    "start": "alkoi",
    "end": "päättyi",
    "permanent": "toistaiseksi",
    "subsidised": "palkkatuki",
    "verified": "todennettu",
    "agreed": "sovittu",
    "persons": "henkilöitä",
    "days": "päiviä",
}
"""Columns of the event files: evalkit's name = header."""

_CONTRACT = {
    "contract": {
        "title": "Rekrytoiva Satakunta, tulospalkkiot (synteettinen aineisto)",
        "first": dt.date(2019, 9, 1),
        "last": dt.date(2022, 3, 31),
        "synthetic": True,
    },
    "events": {"kinds": EVENT_KINDS, "columns": EVENT_HEADERS},
    "vat": {"rate": 0.24},
    "fixed": {"a_year": 50_000},
    "mapping": {"amount": 75},
    "training_start": {"amount": 300},
    "training_assembled": {
        "sizes": [{"persons": 4, "amount": 4000}, {"persons": 11, "amount": 6000}],
        "least_days": 10,
    },
    "own_trainings": {"share": 0.35, "of": 18},
    "job": {
        "steps": [{"months": 3, "amount": 300}, {"months": 6, "amount": 700}],
        "most_days_between": 2,
        "hours_above": 18,
    },
    "own_jobs": {"share": 0.25, "window": "contract"},
    "changes": [
        {
            "first": dt.date(2021, 1, 1),
            "reason": "Labour market training became a rewarded outcome.",
            "terms": {"labour_training": {"amount": 300}},
        }
    ],
}


def contract_text() -> str:
    """Return the contract as the text of its file."""
    return commented_contract(Contract.model_validate(_CONTRACT), note=_NOTE)
