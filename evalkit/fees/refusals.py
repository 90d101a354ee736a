"""Why an event is not paid, whatever else happened: each rule on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.fees.contract import Contract, EventKind
    from evalkit.fees.events import Event
    from evalkit.fees.terms import AssembledFee, JobFee, PersonFee, Terms

FEE_OF: dict[EventKind, str] = {
    "mapping": "mapping",
    "training_start": "training_start",
    "labour_training_start": "labour_training",
    "training_assembled": "training_assembled",
    "job": "job",
    "apprenticeship": "job",
    "entrepreneurship": "job",
}
"""The section of the terms that says what an event is worth."""

PERSON_KINDS = ("mapping", "training_start", "labour_training_start")
JOB_KINDS = ("job", "apprenticeship", "entrepreneurship")


def refusal(event: Event, contract: Contract) -> str:
    """Return the first rule by which an event cannot be paid, or an empty text."""
    if not contract.covers(event.date):
        return "the day is outside the contract"
    terms = contract.terms_on(event.date)
    if fee_of(event, terms) is None:
        return "no fee was agreed for this kind of event on this day"
    return next((text for rule in _RULES if (text := rule(event, terms))), "")


def fee_of(event: Event, terms: Terms) -> PersonFee | AssembledFee | JobFee | None:
    """Return the fee that the terms set for an event's kind, if any."""
    fee = getattr(terms, FEE_OF[event.kind])
    return cast("PersonFee | AssembledFee | JobFee | None", fee)


def _too_few_persons(event: Event, terms: Terms) -> str:
    fee = terms.training_assembled
    if event.kind != "training_assembled" or fee is None:
        return ""
    least = fee.sizes[0].persons
    return "" if event.persons >= least else f"fewer than {least} persons"


def _too_short_training(event: Event, terms: Terms) -> str:
    fee = terms.training_assembled
    if event.kind != "training_assembled" or fee is None:
        return ""
    return "" if event.days >= fee.least_days else f"shorter than {fee.least_days} days"


def _unverified(event: Event, terms: Terms) -> str:
    job = _job_fee(event, terms)
    if job is None or not job.verified or event.verified:
        return ""
    return "the employment is not verified in the register"


def _too_few_hours(event: Event, terms: Terms) -> str:
    job = _job_fee(event, terms)
    if job is None or event.kind == "entrepreneurship":
        return ""
    if event.hours > job.hours_above:
        return ""
    return f"not more than {job.hours_above} hours a week"


def _subsidised(event: Event, terms: Terms) -> str:
    job = _job_fee(event, terms)
    if job is None or not event.subsidised:
        return ""
    if job.subsidised_companies_only and not event.company:
        return "a wage subsidy is accepted in companies only"
    return _not_agreed(event, job.subsidised, "a wage subsidy")


def _apprenticeship(event: Event, terms: Terms) -> str:
    job = _job_fee(event, terms)
    if job is None or event.kind != "apprenticeship":
        return ""
    return _not_agreed(event, job.apprenticeship, "an apprenticeship")


def _entrepreneurship(event: Event, terms: Terms) -> str:
    job = _job_fee(event, terms)
    if job is None or event.kind != "entrepreneurship":
        return ""
    return _not_agreed(event, job.entrepreneurship, "entrepreneurship")


def _job_fee(event: Event, terms: Terms) -> JobFee | None:
    """Return the fee for employment, if the event is one."""
    return terms.job if event.kind in JOB_KINDS else None


def _not_agreed(event: Event, agreement: str, what: str) -> str:
    if agreement == "never":
        return f"{what} is not paid"
    if agreement == "agreed" and not event.agreed:
        return f"{what} needs an agreement of its own"
    return ""


_RULES: tuple[Callable[[Event, Terms], str], ...] = (
    _too_few_persons,
    _too_short_training,
    _unverified,
    _too_few_hours,
    _subsidised,
    _apprenticeship,
    _entrepreneurship,
)
