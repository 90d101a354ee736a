"""What the provider would send with its invoices: events, as its results have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.jobs import job_events, next_working_day
from evalkit.fees.contract import EVENT_COLUMNS
from evalkit.study.months import date_of, first_day, last_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.examples.provider import Course, Provider

_FLAGS = dict.fromkeys(
    ("own_firm", "company", "permanent", "subsidised", "verified", "agreed"), "boolean"
)


def fee_events(
    pilot: pd.DataFrame,
    spells: pd.DataFrame,
    provider: Provider,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the events that follow from what became of the pilot's clients.

    Whoever starts has their skills mapped; whoever leaves the register for training
    starts in one, or for work begins a job on the working day after the last day in
    the register, which lasts at the longest until registering again. Courses take in
    clients who are in the service and find work later. As in life, not everything
    that is reported can be paid.

    Parameters
    ----------
    pilot
        The pilot's list.
    spells
        Everybody's spells in the register.
    provider
        What the provider does and reports.
    rng
        Where chance comes from.

    Returns
    -------
    DataFrame
        One row an event, in order of date, with the columns of a contract's events.
    """
    clients = _with_return(pilot, spells)
    parts = [
        _mappings(clients, provider, rng),
        _labour_trainings(clients, provider, rng),
        *_courses(clients, provider, rng),
        job_events(clients, provider.jobs, rng),
    ]
    events = pd.concat([part for part in parts if len(part)], ignore_index=True)
    events = events[events["date"] <= _last_reported(provider)]
    events = events.sort_values(["date", "kind", "person_id"], ignore_index=True)
    events["event_id"] = [f"T{number:05d}" for number in range(1, len(events) + 1)]
    return events.reindex(columns=list(EVENT_COLUMNS)).astype(_FLAGS)


def _last_reported(provider: Provider) -> pd.Timestamp:
    return pd.Timestamp(date_of(last_day(parse_month(provider.reports_until))))


def _with_return(pilot: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Add the day on which a client who left registered again, where one did."""
    later = pilot[["person_id", "end_date"]].merge(spells, on="person_id")
    later = later[later["registration_date"] > later["end_date"]]
    back = later.groupby("person_id")["registration_date"].min()
    return pilot.assign(back=pilot["person_id"].map(back))


def _mappings(
    clients: pd.DataFrame, provider: Provider, rng: np.random.Generator
) -> pd.DataFrame:
    """Map the skills of most who start, on the day; report a few at the end again."""
    started = clients[clients["start_date"].notna()]
    mapped = started[rng.random(len(started)) < provider.mapped]
    again = mapped[rng.random(len(mapped)) < provider.mapped_again]
    dates = pd.concat([mapped["start_date"], again["end_date"].dropna()])
    return _events("mapping", clients["person_id"][dates.index], dates)


def _labour_trainings(
    clients: pd.DataFrame, provider: Provider, rng: np.random.Generator
) -> pd.DataFrame:
    """Let some who left for training start in a labour market training."""
    trained = clients[clients["result"] == "training"]
    years = trained["end_date"].dt.strftime("%Y")
    chosen = [
        rng.permutation(trained.index[years == year])[:number]
        for year, number in provider.labour_trainings.items()
    ]
    rows = clients.loc[np.concatenate(chosen)]
    days = next_working_day(rows["end_date"])
    return _events("labour_training_start", rows["person_id"], days)


def _courses(
    clients: pd.DataFrame, provider: Provider, rng: np.random.Generator
) -> Iterator[pd.DataFrame]:
    """Assemble each course from clients who are in the service on its first day."""
    free = clients["result"] == "work"
    for course in provider.courses:
        first = pd.Timestamp(date_of(first_day(parse_month(course.month))))
        day = first + pd.offsets.BDay(0)
        serving = (clients["start_date"] <= day) & (day < clients["end_date"])
        able = clients.index[serving & free]
        chosen = np.sort(rng.permutation(able)[: course.persons])
        free &= ~clients.index.isin(chosen)
        again = chosen[rng.random(len(chosen)) < provider.started_again]
        closes = day + pd.offsets.BDay(course.days)
        if len(chosen):
            days = pd.Series([day] * len(chosen) + [closes] * len(again))
            people = clients["person_id"][np.concatenate([chosen, again])]
            yield _events("training_start", people, days)
            yield _assembled(course, day, len(chosen))


def _assembled(course: Course, day: pd.Timestamp, persons: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": ["training_assembled"],
            "date": [day],
            "own_firm": [course.own_firm],
            "persons": [str(persons)],
            "days": [str(course.days)],
        }
    )


def _events(kind: str, persons: pd.Series, dates: pd.Series) -> pd.DataFrame:
    """Return events of one kind that tell no more than who and when."""
    return pd.DataFrame(
        {"kind": kind, "person_id": persons.to_numpy(), "date": dates.to_numpy()}
    )
