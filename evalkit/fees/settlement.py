"""What each event is worth under a contract, and why: one verdict an event."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, cast

from evalkit.fees.employments import employments
from evalkit.fees.limits import refused_jobs, refused_trainings
from evalkit.fees.refusals import JOB_KINDS, PERSON_KINDS, fee_of, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalkit.fees.contract import Contract
    from evalkit.fees.employments import Employment
    from evalkit.fees.events import Event
    from evalkit.fees.terms import AssembledFee, JobFee, PersonFee


class Verdict(NamedTuple):
    """What an event is worth, None if it is not paid, and why."""

    event: Event
    amount: Decimal | None
    reason: str


def settle(events: Iterable[Event], contract: Contract) -> list[Verdict]:
    """Judge events, in order of date and event id.

    The order in which they are given makes no difference: whatever depends on other
    events goes by date, then by event id.
    """
    verdicts, apt = [], []
    for event in sorted(events, key=lambda event: event.turn):
        reason = refusal(event, contract)
        if reason:
            verdicts.append(Verdict(event, None, reason))
        else:
            apt.append(event)
    for kind in PERSON_KINDS:
        verdicts += _persons([one for one in apt if one.kind == kind], contract)
    trainings = [event for event in apt if event.kind == "training_assembled"]
    verdicts += _trainings(trainings, contract)
    verdicts += _jobs([one for one in apt if one.kind in JOB_KINDS], contract)
    return sorted(verdicts, key=lambda verdict: verdict.event.turn)


def _persons(events: Sequence[Event], contract: Contract) -> Iterator[Verdict]:
    """Judge events of one kind that are paid for each person, in their turn."""
    paid: dict[str, str] = {}
    for event in events:
        fee = cast("PersonFee", fee_of(event, contract.terms_on(event.date)))
        if fee.once and event.person_id in paid:
            reason = f"this person was paid for with {paid[event.person_id]}"
            yield Verdict(event, None, reason)
        else:
            paid.setdefault(event.person_id, event.event_id)
            yield Verdict(event, fee.amount, _DONE[event.kind])


_DONE = {
    "mapping": "skills mapped",
    "training_start": "started in a recruitment training",
    "labour_training_start": "started in a labour market training",
}


def _trainings(events: Sequence[Event], contract: Contract) -> Iterator[Verdict]:
    """Judge the trainings assembled."""
    refused = refused_trainings(events, contract)
    for event in events:
        fee = cast("AssembledFee", fee_of(event, contract.terms_on(event.date)))
        reason = f"training assembled for {event.persons} persons, {event.days} days"
        if event.event_id in refused:
            yield Verdict(event, None, refused[event.event_id])
        else:
            yield Verdict(event, fee.amount(event.persons), reason)


@dataclass(slots=True)
class Account:
    """What was paid for a person's employment so far, and with which event."""

    steps: int = 0
    paid: Decimal = Decimal(0)
    last: str = ""


def _jobs(events: Sequence[Event], contract: Contract) -> Iterator[Verdict]:
    """Judge the employments: terms in their turn, each for the steps that it adds."""
    found = employments(events, contract)
    refused = refused_jobs(found, contract)
    accounts: dict[object, Account] = {}
    for term, steps, employment in _in_turn(found):
        job = _job_fee(term, contract)
        realised = employment.realised
        if realised is None:
            reason = f"shorter than {job.steps[0].months} months"
            yield Verdict(term, None, reason)
        elif realised.event_id in refused:
            yield Verdict(term, None, refused[realised.event_id])
        elif not steps:
            reason = f"counts towards {realised.event_id}, same employer"
            yield Verdict(term, None, reason)
        else:
            unit = term.person_id if job.per == "person" else realised
            account = accounts.setdefault(unit, Account())
            yield _paid_up(term, steps, job, account)


def _in_turn(found: Iterable[Employment]) -> list[tuple[Event, int, Employment]]:
    """Return every term with the steps reached, by date and event id."""
    terms = [
        (term, steps, employment)
        for employment in found
        for term, steps in zip(employment.terms, employment.steps, strict=True)
    ]
    return sorted(terms, key=lambda each: each[0].turn)


def _paid_up(term: Event, steps: int, job: JobFee, account: Account) -> Verdict:
    """Pay the steps beyond those that the account has, and note it there."""
    months = job.steps[steps - 1].months
    if steps <= account.steps:
        reason = f"employment of {months} months was paid with {account.last}"
        return Verdict(term, None, reason)
    reason = f"employment of {months} months"
    if term.permanent:
        reason = "permanent employment"
    amount = sum((step.amount for step in job.steps[account.steps : steps]), Decimal(0))
    if job.higher == "replaces":
        amount = max(job.steps[steps - 1].amount - account.paid, Decimal(0))
        if account.paid:
            reason += f", less {account.paid} paid with {account.last}"
    account.steps, account.last = steps, term.event_id
    account.paid += amount
    return Verdict(term, amount, reason)


def _job_fee(event: Event, contract: Contract) -> JobFee:
    return cast("JobFee", fee_of(event, contract.terms_on(event.date)))
