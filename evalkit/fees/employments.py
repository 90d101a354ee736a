"""Employments: one person with one employer, in one term or in successive ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, cast

from evalkit.study.months import add_months, day_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalkit.fees.contract import Contract
    from evalkit.fees.events import Event
    from evalkit.fees.terms import JobFee

    Joined = list[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """Terms that count as one employment.

    Attributes
    ----------
    terms
        Its events, in order of their starts.
    steps
        How many of the fee's steps the employment has reached with each term.
    """

    terms: tuple[Event, ...]
    steps: tuple[int, ...]

    @property
    def realised(self) -> Event | None:
        """The term with which the first step is reached, if one does."""
        pairs = zip(self.terms, self.steps, strict=True)
        return next((term for term, reached in pairs if reached), None)

    @property
    def own_firm(self) -> bool:
        """Whether it is with one of the provider's own firms."""
        return any(term.own_firm for term in self.terms)


def employments(events: Iterable[Event], contract: Contract) -> list[Employment]:
    """Join the terms of one person with one employer as the contract says."""
    ordered = sorted(events, key=lambda event: (_party(event), _span(event)))
    found = []
    for _, terms in groupby(ordered, key=_party):
        for joined in _joined(list(terms), contract):
            steps = tuple(_steps(joined, contract))
            found.append(Employment(terms=tuple(joined), steps=steps))
    return found


def _party(event: Event) -> tuple[str, str, bool]:
    """Return who is employed by whom; one's own firm is nobody else's."""
    own_account = event.kind == "entrepreneurship"
    return event.person_id, event.employer, own_account


def _span(event: Event) -> tuple[dt.date, dt.date, str]:
    return _start(event), _end(event), event.event_id


def _joined(terms: Sequence[Event], contract: Contract) -> Iterator[Joined]:
    """Split terms, in order of their starts, into successions."""
    succession: Joined = []
    for term in terms:
        job = _job(term, contract)
        if job.joined == "never" or (job.joined == "each" and _is_short(term, job)):
            yield [term]
        elif succession and _days_between(succession, term) > job.most_days_between:
            yield succession
            succession = [term]
        else:
            succession.append(term)
    if succession:
        yield succession


def _is_short(term: Event, job: JobFee) -> bool:
    """Tell whether a term by itself does not reach the first step."""
    return not lasts(_start(term), _end(term), job.steps[0].months)


def _days_between(before: Iterable[Event], term: Event) -> int:
    """Count the days between what was before and a term; negative: they overlap."""
    return (_start(term) - max(map(_end, before))).days - 1


def _steps(terms: Sequence[Event], contract: Contract) -> Iterator[int]:
    """Count the steps reached with each term; days between terms are left out."""
    start, skipped = _start(terms[0]), 0
    for number, term in enumerate(terms):
        before = terms[:number]
        skipped += max(0, _days_between(before, term)) if before else 0
        end = max(map(_end, terms[: number + 1]))
        steps = _job(term, contract).steps
        yield sum(lasts(start, end, step.months, without=skipped) for step in steps)


def lasts(start: dt.date, end: dt.date, months: int, *, without: int = 0) -> bool:
    """Tell whether a time lasts so many months to the day, both its days included.

    Examples
    --------
    >>> lasts(dt.date(2020, 1, 1), dt.date(2020, 3, 31), 3)
    True
    >>> lasts(dt.date(2020, 1, 1), dt.date(2020, 3, 30), 3)
    False
    """
    return add_months(day_number(start), months) <= day_number(end) + 1 - without


def _job(event: Event, contract: Contract) -> JobFee:
    return cast("JobFee", contract.terms_on(event.date).job)


def _start(event: Event) -> dt.date:
    return cast("dt.date", event.start)


def _end(event: Event) -> dt.date:
    """Return the last day; a permanent employment has none."""
    return dt.date.max if event.permanent else cast("dt.date", event.end)
