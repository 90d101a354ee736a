"""A contract like the pilot's, and events as short as a test needs them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from evalkit.fees.contract import Contract
from evalkit.fees.events import Event
from evalkit.fees.settlement import settle

TERMS: dict[str, Any] = {
    "contract": {
        "title": "A pilot",
        "first": dt.date(2019, 9, 1),
        "last": dt.date(2022, 3, 31),
    },
    "vat": {"rate": 0.24},
    "mapping": {"amount": 75},
    "training_start": {"amount": 300},
    "training_assembled": {
        "sizes": [{"persons": 4, "amount": 4000}, {"persons": 11, "amount": 6000}],
        "least_days": 10,
    },
    "own_trainings": {"share": 0.35, "of": 18},
    "job": {
        "steps": [{"months": 3, "amount": 300}, {"months": 6, "amount": 700}],
        "hours_above": 18,
    },
    "own_jobs": {"share": 0.25},
    "changes": [
        {
            "first": dt.date(2021, 1, 1),
            "terms": {"labour_training": {"amount": 250}, "mapping": {"amount": 80}},
        }
    ],
}


def make_contract(**sections: Any) -> Contract:
    """Return the contract with keys of some sections changed; None leaves one out."""
    terms = dict(TERMS)
    for name, keys in sections.items():
        if keys is None:
            del terms[name]
        elif isinstance(keys, dict):
            terms[name] = {**terms.get(name, {}), **keys}
        else:
            terms[name] = keys
    return Contract.model_validate(terms)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def event(event_id: str, kind: str, on: str, **more: Any) -> Event:
    return Event(
        event_id=event_id,
        kind=kind,
        date=day(on),
        **{"person_id": f"client of {event_id}", **more},
    )


def job(event_id: str, start: str, end: str | None, **more: Any) -> Event:
    """Return a lawful job, noted on its first day; without an end it is permanent."""
    lawful = {
        "kind": "job",
        "on": start,
        "employer": "a firm",
        "hours": Decimal("37.5"),
        "verified": True,
        "start": day(start),
        "end": day(end) if end else None,
        "permanent": end is None,
    }
    return event(event_id, **{**lawful, **more})


def training(event_id: str, on: str, persons: int = 8, days: int = 20, **more: Any):
    kind = "training_assembled"
    return event(event_id, kind, on, persons=persons, days=days, person_id="", **more)


def paid(events: list[Event], contract: Contract | None = None) -> dict[str, int]:
    """Return what each event is paid, 0 if it is not."""
    verdicts = settle(events, contract or make_contract())
    return {v.event.event_id: int(v.amount or 0) for v in verdicts}


def reason(events: list[Event], contract: Contract | None = None) -> str:
    """Return the reason given for the last of the events."""
    verdicts = settle(events, contract or make_contract())
    return {v.event.event_id: v.reason for v in verdicts}[events[-1].event_id]
