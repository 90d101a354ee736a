"""The invoice: what a contract pays for events, line by line, with reasons."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.fees.events import read_events
from evalkit.fees.limits import opening
from evalkit.fees.money import cents
from evalkit.fees.settlement import settle
from evalkit.results import Result
from evalkit.study.months import date_of, first_day, month_text, parse_month

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from evalkit.fees.contract import Contract
    from evalkit.fees.events import Event
    from evalkit.fees.settlement import Verdict
    from evalkit.fees.terms import FixedFee, Vat
    from evalkit.register.locations import Places

_MONTHS = 12
_COUNTS = ("paid", "refused")
_SUMS = ("net", "vat", "gross")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an invoice.

    Attributes
    ----------
    month
        Month of the event (``YYYY-MM``).
    event_id
        The event; empty for the fixed fee.
    kind
        Kind of the event, or ``fixed``.
    paid
        Whether the line pays anything: an event that is refused has a line too.
    net, vat, gross
        Sum without tax, the tax, and both together.
    reason
        Why it is paid or not.
    """

    month: str
    event_id: str
    kind: str
    paid: bool
    net: Decimal
    vat: Decimal
    gross: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Result):
    """What a contract pays, with a line and a reason for every event.

    Attributes
    ----------
    title
        Name of the contract.
    currency
        Currency of all sums.
    lines
        The lines, by month; none shows a person.
    through
        Last month that is invoiced (``YYYY-MM``).
    note
        What should be known about this invoice; empty when there is nothing.
    """

    title: str
    currency: str
    lines: tuple[Line, ...]
    through: str
    note: str = ""

    @property
    def net(self) -> Decimal:
        """Total without value added tax."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """Total of the value added tax."""
        return sum((line.vat for line in self.lines), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """Total with value added tax."""
        return self.net + self.vat

    def to_frame(self) -> pd.DataFrame:
        """Return one row a line; sums are `decimal.Decimal`."""
        names = [field.name for field in fields(Line)]
        rows = [[getattr(line, name) for name in names] for line in self.lines]
        return pd.DataFrame(rows, columns=names)

    def by_month(self) -> pd.DataFrame:
        """Return the sums of each month: month, lines paid and refused, sums."""
        return self._summed(["month"])

    def by_kind(self) -> pd.DataFrame:
        """Return the sums of each kind of event: kind, lines paid and refused, sums."""
        return self._summed(["kind"])

    def by_month_and_kind(self) -> pd.DataFrame:
        """Return the sums of each month and kind: lines paid and refused, sums."""
        return self._summed(["month", "kind"])

    def _summed(self, keys: list[str]) -> pd.DataFrame:
        lines = self.to_frame()
        lines["refused"] = ~lines["paid"]
        return lines.groupby(keys, as_index=False)[[*_COUNTS, *_SUMS]].sum()

    def __str__(self) -> str:
        table = self.by_kind().to_string(index=False)
        total = f"net {self.net}, VAT {self.vat}, gross {self.gross} {self.currency}"
        head = f"{self.title}, through {self.through}: {total}"
        return "\n".join(filter(None, [head, table, self.note]))

    def _repr_html_(self) -> str:
        return self.by_kind().to_html(index=False)


def invoice(
    events: Places, contract: Contract, *, through: str | None = None
) -> Invoice:
    """Work out what a contract pays for events, with a reason for each.

    Every event has exactly one line. What depends on other events (once a person,
    successive terms, limits) goes by date, then by event id, whatever the order of
    the rows. A limit that is a share of realised employments is settled over its
    window: until the window has closed, a later employment with others can let one
    more with an own firm in, and never puts one out.

    Parameters
    ----------
    events
        Event records: a path, a folder, a pattern, a data frame, or a list of these.
    contract
        What `read_contract` returns.
    through
        Last month to be invoiced; later events are left for later. None: all, to
        the contract's last month.

    Returns
    -------
    Invoice
        In the contract's currency, with and without value added tax.

    Raises
    ------
    EvalkitError
        If the events break a rule; one error names every problem, and never a person.

    Examples
    --------
    >>> import datetime as dt
    >>> from evalkit.fees.contract import EVENT_COLUMNS, Contract
    >>> contract = Contract.model_validate(
    ...     {
    ...         "contract": {
    ...             "title": "A pilot",
    ...             "first": dt.date(2020, 1, 1),
    ...             "last": dt.date(2020, 12, 31),
    ...         },
    ...         "vat": {"rate": 0.24},
    ...         "mapping": {"amount": 75},
    ...     }
    ... )
    >>> events = pd.DataFrame(
    ...     {
    ...         "event_id": ["m1", "m2"],
    ...         "kind": "mapping",
    ...         "date": ["7.1.2020", "9.1.2020"],
    ...         "person_id": "p1",
    ...     }
    ... ).reindex(columns=EVENT_COLUMNS)
    >>> bill = invoice(events, contract)
    >>> bill.net, bill.vat, bill.gross
    (Decimal('75.00'), Decimal('18.00'), Decimal('93.00'))
    >>> bill.to_frame()[["event_id", "paid", "reason"]]
      event_id   paid                            reason
    0       m1   True                     skills mapped
    1       m2  False  this person was paid for with m1
    """
    return bill(read_events(events, contract), contract, through=through)


def bill(
    found: Sequence[Event], contract: Contract, *, through: str | None = None
) -> Invoice:
    """Do what `invoice` does for events that were read before."""
    last = _last_month(contract, through)
    due = [one for one in found if through is None or _month(one.date) <= last]
    lines = [*_fixed(contract, last)]
    lines += [_line(verdict, contract) for verdict in settle(due, contract)]
    return Invoice(
        title=contract.contract.title,
        currency=contract.contract.currency,
        lines=tuple(sorted(lines, key=lambda line: line.month)),
        through=last,
        note=_note(contract, last, later=len(found) - len(due)),
    )


def _last_month(contract: Contract, through: str | None) -> str:
    """Return the last month to be invoiced."""
    first, last = _month(contract.contract.first), _month(contract.contract.last)
    wanted = last if through is None else month_text(parse_month(through))
    if not first <= wanted <= last:
        raise EvalkitError(
            f"`through` must be a month of the contract, {first} to {last}, "
            f"got {wanted}."
        )
    return wanted


def _fixed(contract: Contract, last: str) -> Iterator[Line]:
    """Yield the fixed fee of every month, by the terms of the month's first day."""
    opens = contract.contract.first
    for month in range(parse_month(_month(opens)), parse_month(last) + 1):
        day = max(date_of(first_day(month)), opens)
        terms = contract.terms_on(day)
        opens_year = month % _MONTHS == 0 or day == opens
        if terms.fixed and (amount := _part(terms.fixed, month, opens_year=opens_year)):
            reason = f"fixed fee, {terms.fixed.a_year} a year"
            net, vat = _taxed(amount, terms.vat)
            yield Line(
                month=month_text(month),
                event_id="",
                kind="fixed",
                paid=True,
                net=net,
                vat=vat,
                gross=net + vat,
                reason=reason,
            )


def _part(fee: FixedFee, month: int, *, opens_year: bool) -> Decimal:
    """Return a month's part of the fixed fee; twelve months add up to the year's."""
    if month_text(month) in fee.unpaid_months:
        return Decimal(0)
    if fee.part_years == "whole":
        return fee.a_year if opens_year else Decimal(0)
    place = month % _MONTHS
    before, after = (cents(fee.a_year * n / _MONTHS) for n in (place, place + 1))
    return after - before


def _line(verdict: Verdict, contract: Contract) -> Line:
    """Turn a verdict into a line."""
    event, amount, reason = verdict
    net = vat = cents(Decimal(0))
    if amount is not None:
        net, vat = _taxed(amount, contract.terms_on(event.date).vat)
    return Line(
        month=_month(event.date),
        event_id=event.event_id,
        kind=event.kind,
        paid=amount is not None,
        net=net,
        vat=vat,
        gross=net + vat,
        reason=reason,
    )


def _taxed(amount: Decimal, vat: Vat) -> tuple[Decimal, Decimal]:
    """Return a sum without tax, and the tax, in cents."""
    if vat.included:
        net = cents(amount / (1 + vat.rate))
        return net, cents(amount) - net
    return cents(amount), cents(amount * vat.rate)


def _month(day: dt.date) -> str:
    return f"{day:%Y-%m}"


def _note(contract: Contract, last: str, *, later: int) -> str:
    """Say what is simulated, and what may still change."""
    notes = []
    if contract.contract.synthetic:
        notes.append("Synthetic: the events are simulated, and nobody was paid.")
    if later:
        notes.append(f"{later} later events are not in this invoice.")
    open_until = _open_window(contract, last)
    if open_until:
        notes.append(
            f"The limit on employments with own firms is open until {open_until}: "
            "later events may turn refusals into payments."
        )
    return " ".join(notes)


def _open_window(contract: Contract, last: str) -> str:
    """Return the last month of the limit's window, if it is after the invoice's."""
    final = _month(contract.contract.last)
    terms = contract.terms_on(opening(date_of(first_day(parse_month(last))), contract))
    if terms.own_jobs is None:
        return ""
    closes = min(f"{last[:4]}-12", final)
    if terms.own_jobs.window == "contract":
        closes = final
    return closes if closes > last else ""
