"""Limits on what the provider's own firms may take, in a year or a whole contract."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from evalkit.fees.terms import OwnLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    from evalkit.fees.contract import Contract
    from evalkit.fees.employments import Employment
    from evalkit.fees.events import Event
    from evalkit.fees.terms import Terms

Limit = TypeVar("Limit", bound=OwnLimit)


def refused_jobs(
    employments: Iterable[Employment], contract: Contract
) -> dict[str, str]:
    """Return the reason by which each realised employment over the limit is refused.

    It is known by the id of the event that realised it. The first by date, then by
    event id, stay within the limit.
    """
    realised = [(event, one.own_firm) for one in employments if (event := one.realised)]
    refused: dict[str, str] = {}
    for window in _windows(realised, lambda terms: terms.own_jobs, contract):
        most = most_allowed(window.limit.share, window.others, len(window.own))
        reason = (
            f"beyond {window.limit.share:.0%} of employments with own firms "
            f"{window.name}: {most} beside {window.others} others"
        )
        refused |= {event.event_id: reason for event in window.own[most:]}
    return refused


def refused_trainings(events: Iterable[Event], contract: Contract) -> dict[str, str]:
    """Return the reason by which each training over the limit is refused.

    The first by date, then by event id, stay within the limit.
    """
    marked = [(event, event.own_firm) for event in events]
    refused: dict[str, str] = {}
    for window in _windows(marked, lambda terms: terms.own_trainings, contract):
        limit = window.limit
        most = int(Fraction(limit.share) * limit.of)
        reason = (
            f"beyond {limit.share:.0%} of {limit.of} trainings with own firms "
            f"{window.name}: {most}"
        )
        refused |= {event.event_id: reason for event in window.own[most:]}
    return refused


def most_allowed(share: Decimal, others: int, own: int) -> int:
    r"""Return the most of the own ones that are at most a share of all that are left.

    The largest whole :math:`k` with :math:`k \le s (m + k)`, where :math:`m` are the
    others: the refused ones are no part of what the share is of.

    Examples
    --------
    >>> from decimal import Decimal
    >>> [most_allowed(Decimal("0.25"), others, 9) for others in (2, 3, 5, 6)]
    [0, 1, 1, 2]
    """
    exact = Fraction(share)
    return own if exact == 1 else min(own, int(exact * others / (1 - exact)))


class Window(NamedTuple, Generic[Limit]):
    """A year or the whole contract: the own firms' events in turn, and the others."""

    limit: Limit
    name: str
    own: list[Event]
    others: int


def _windows(
    marked: Iterable[tuple[Event, bool]],
    limit_of: Callable[[Terms], Limit | None],
    contract: Contract,
) -> Iterator[Window[Limit]]:
    """Part events, each marked as an own firm's or not, by the window of their day."""
    parts: dict[tuple[Limit, str], list[tuple[Event, bool]]] = {}
    for event, is_own in marked:
        limit = limit_of(contract.terms_on(opening(event.date, contract)))
        if limit is not None:
            whole = limit.window == "contract"
            name = "in the contract" if whole else f"in {event.date.year}"
            parts.setdefault((limit, name), []).append((event, is_own))
    for (limit, name), inside in parts.items():
        own = sorted(
            (event for event, is_own in inside if is_own), key=lambda event: event.turn
        )
        yield Window(limit, name, own, len(inside) - len(own))


def opening(day: dt.date, contract: Contract) -> dt.date:
    """Return the day on which a day's year, as far as the contract covers it, opens."""
    return max(contract.contract.first, dt.date(day.year, 1, 1))
