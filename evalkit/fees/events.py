"""Events that a contract may pay for, read and checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from evalkit.errors import EvalkitError
from evalkit.fees.contract import EVENT_COLUMNS
from evalkit.fees.event_files import UNREAD, read_files
from evalkit.register.canonical import RECIPES
from evalkit.register.pieces import Layout
from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.study.columns import same_header

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from evalkit.fees.contract import Contract, EventKind
    from evalkit.fees.event_files import EventFile, Row
    from evalkit.register.locations import Places
    from evalkit.study.columns import Kind

_FLAGS = ("own_firm", "company", "permanent", "subsidised", "verified", "agreed")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(EVENT_COLUMNS, "text"),
    **dict.fromkeys(("event_id", "person_id"), "id"),
    **dict.fromkeys(("date", "start", "end"), "date"),
    **dict.fromkeys(_FLAGS, "flag"),
}
_EMPLOYED = ("person_id", "employer", "hours", "start", "end")
_NEEDS: dict[EventKind, tuple[str, ...]] = {
    "mapping": ("person_id",),
    "training_start": ("person_id",),
    "labour_training_start": ("person_id",),
    "training_assembled": ("persons", "days"),
    "job": _EMPLOYED,
    "apprenticeship": _EMPLOYED,
    "entrepreneurship": ("person_id", "start", "end"),
}
"""What an event of each kind has to say; a permanent contract needs no end."""

_NO_ID = (
    "an identity code, or an id that holds | or a line break, or a space or mark that "
    "cannot be seen"
)
_UNREADABLE = {
    "event_id": _NO_ID,
    "person_id": _NO_ID,
    "kind": "no kind of event; name the files' words in [events.kinds]",
    "employer": "an identity code",
    "hours": "no number of hours",
    "persons": "no whole number",
    "days": "no whole number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, which the contract may pay for.

    Attributes
    ----------
    event_id
        Its own name, once in all files.
    kind
        What happened.
    date
        Day that decides the month of the invoice and the terms in force.
    person_id
        Pseudonym of the client; empty for a training assembled.
    employer
        Pseudonym or name of the employer.
    own_firm
        Whether the employer is one of the provider's own firms.
    company
        Whether the employer is a company, not an association or a municipality.
    hours
        Hours a week.
    start, end
        First and last day of the employment; no end where it is permanent.
    permanent, subsidised, verified, agreed
        Whether the contract is permanent, the wage subsidised, the employment
        verified in the register, the event's acceptance agreed on separately.
    persons, days
        Size and length of a training assembled.
    """

    event_id: str
    kind: EventKind
    date: dt.date
    person_id: str = ""
    employer: str = ""
    own_firm: bool = False
    company: bool = False
    hours: Decimal = Decimal(0)
    start: dt.date | None = None
    end: dt.date | None = None
    permanent: bool = False
    subsidised: bool = False
    verified: bool = False
    agreed: bool = False
    persons: int = 0
    days: int = 0

    @property
    def turn(self) -> tuple[dt.date, str]:
        """When it is the event's turn to be paid: by date, then by event id."""
        return self.date, self.event_id


def read_events(events: Places, contract: Contract) -> tuple[Event, ...]:
    """Read and check events.

    Parameters
    ----------
    events
        A path, a folder, a pattern, a data frame, or a list of these; files as the
        register's may be: CSV, Excel, Parquet, days as ``1.2.2021``, K and E.
    contract
        Its columns and its words for the kinds of event.

    Returns
    -------
    tuple of Event
        In order of date and event id.

    Raises
    ------
    EvalkitError
        If anything breaks a rule; one error names every problem, and never a person.
    """
    settings = contract.events
    layout = Layout(
        table="events",
        columns=settings.columns,
        kinds=_KINDS,
        encoding=settings.encoding,
    )
    files, problems = read_files(events, layout)
    words: dict[str, EventKind] = {kind: kind for kind in _NEEDS}
    words |= {same_header(word): kind for word, kind in settings.kinds.items()}
    for file in files:
        _name_kinds(file, words)
    for fault in _faults(files):
        column = settings.columns.get(fault.column)
        problems.append(fault.problem(column or fault.column, mapped=bool(column)))
    _refuse(problems)
    found = [_event(row) for file in files for row in file.rows]
    return tuple(sorted(found, key=lambda event: event.turn))


class Fault(NamedTuple):
    """A rule that rows of a file break in one column."""

    file: EventFile
    column: str
    rule: str
    remedy: str
    rows: list[int]

    def problem(self, header: str, *, mapped: bool) -> Problem:
        """Say it in the file's words."""
        return Problem(
            where=self.file.name,
            column=header,
            rule=self.rule,
            remedy=self.remedy if mapped else "Map the column in [events.columns].",
            rows=tuple(self.rows[:SHOWN_ROWS]),
            count=len(self.rows),
        )


def _name_kinds(file: EventFile, words: dict[str, EventKind]) -> None:
    """Put evalkit's names in the place of the file's words for kinds."""
    for row in file.rows:
        if isinstance(row["kind"], str):
            row["kind"] = words.get(same_header(row["kind"]), UNREAD)


def _faults(files: Sequence[EventFile]) -> Iterator[Fault]:
    """Yield every rule that is broken, file by file and column by column."""
    ids = [row["event_id"] for file in files for row in file.rows]
    times = Counter(found for found in ids if isinstance(found, str))
    for file in files:
        for column in EVENT_COLUMNS:
            recipe = RECIPES[_KINDS[column]]
            own = _UNREADABLE.get(column)
            rule, remedy = (own, "") if own else (recipe.rule, recipe.remedy)
            unread = [row.get(column) is UNREAD for row in file.rows]
            yield from _fault(file, column, unread, rule, remedy)
            lacking = [_lacks(row, column) for row in file.rows]
            rule = "the value is missing, and an event of this kind needs one"
            yield from _fault(file, column, lacking, rule)
        backwards = [_ends_before_start(row) for row in file.rows]
        yield from _fault(file, "end", backwards, "the end is before the start")
        twice = [times[row["event_id"]] > 1 for row in file.rows]
        rule = "events share an id"
        yield from _fault(file, "event_id", twice, rule, "Give each event its own.")


def _fault(
    file: EventFile, column: str, broken: list[bool], rule: str, remedy: str = ""
) -> Iterator[Fault]:
    if any(broken):
        pairs = zip(file.numbers, broken, strict=True)
        rows = [number for number, is_broken in pairs if is_broken]
        yield Fault(file, column, rule, remedy, rows)


def _lacks(row: Row, column: str) -> bool:
    """Tell whether a row lacks a value that its kind of event needs."""
    if row.get(column) is not None or (column == "end" and row.get("permanent")):
        return False
    always = column in {"event_id", "kind", "date"}
    return always or column in _NEEDS.get(row["kind"], ())


def _ends_before_start(row: Row) -> bool:
    start, end = row.get("start"), row.get("end")
    if UNREAD in {start, end} or start is None or end is None:
        return False
    return bool(end < start)


def _refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that names every problem, if there is any."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"  - {problem}" for problem in problems]
        raise EvalkitError("\n".join([f"{count} in the events.", *lines]))


def _event(row: Row) -> Event:
    return Event(**{name: value for name, value in row.items() if value is not None})
