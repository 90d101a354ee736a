"""A contract that pays by results, as a TOML file: what is paid, when, and how often.

Its sections are the classes below, its keys their fields; each field's description
is the comment that stands above the key, and the rule that an error quotes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from evalkit.errors import EvalkitError
from evalkit.fees.terms import Terms
from evalkit.study.sections import (
    Section,
    commented_sections,
    problems_in,
    read_sections,
)

if TYPE_CHECKING:
    from pathlib import Path

EventKind = Literal[
    "mapping", "training_start", "labour_training_start", "training_assembled",
    "job", "apprenticeship", "entrepreneurship",
]  # fmt: skip

EVENT_COLUMNS = (
    "event_id", "person_id", "kind", "date", "employer", "own_firm", "company",
    "hours", "start", "end", "permanent", "subsidised", "verified", "agreed",
    "persons", "days",
)  # fmt: skip
"""What is known of an event; a contract maps the columns that its rules need."""


class About(Section):
    """The contract."""

    title: str = Field(description="Name of the contract, as the invoice shows it.")
    currency: str = Field(default="EUR", description="Currency of all sums.")
    first: dt.date = Field(description="First day of the contract.")
    last: dt.date = Field(description="Last day of the contract.")
    synthetic: bool = Field(
        default=False,
        description="true: the events are simulated; every invoice says so.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last < self.first:
            raise ValueError("`last` is before `first`")
        return self


class EventFiles(Section):
    """The files of events."""

    encoding: str | None = Field(
        default=None,
        description='Encoding of text files ("utf-8", "windows-1252"). Left out: found '
        "by reading them.",
    )
    kinds: dict[str, EventKind] = Field(
        default={},
        description="The files' words for the kinds of event, where they are not "
        "evalkit's own: mapping, training_start, labour_training_start, "
        "training_assembled, job, apprenticeship, entrepreneurship.",
    )
    columns: dict[str, str] = Field(
        default={name: name for name in EVENT_COLUMNS},
        description="Columns of the events: name in evalkit = header in the files. "
        "`date` decides the month of the invoice and the rules in force. Leave out "
        "what only kinds of event have that you do not have.",
    )

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in columns if name not in EVENT_COLUMNS]
        lost = [name for name in ("event_id", "kind", "date") if name not in columns]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: no column of an event; known are "
                f"{', '.join(EVENT_COLUMNS)}"
            )
        if lost:
            raise ValueError(f"map {', '.join(lost)}")
        return columns


class Change(Section):
    """A change of the contract."""

    first: dt.date = Field(description="First day on which the change is in force.")
    reason: str = Field(default="", description="Why, or by which decision.")
    terms: dict[str, Any] = Field(
        description="Sections and keys that differ from what was in force before. A "
        "limit is the one that was in force when its window opened."
    )


class Heading(Section):
    """What stands above the terms: the contract's name and days, and the files."""

    contract: About
    events: EventFiles = EventFiles()


class Contract(Terms, Heading):
    """A contract, complete and validated.

    Examples
    --------
    >>> contract = Contract.model_validate(
    ...     {
    ...         "contract": {
    ...             "title": "A pilot",
    ...             "first": dt.date(2020, 1, 1),
    ...             "last": dt.date(2021, 12, 31),
    ...         },
    ...         "vat": {"rate": 0.24},
    ...         "mapping": {"amount": 75},
    ...         "changes": [
    ...             {
    ...                 "first": dt.date(2021, 1, 1),
    ...                 "terms": {"mapping": {"amount": 80}},
    ...             }
    ...         ],
    ...     }
    ... )
    >>> contract.terms_on(dt.date(2020, 12, 31)).mapping.amount
    Decimal('75')
    >>> contract.terms_on(dt.date(2021, 1, 1)).mapping.amount
    Decimal('80')
    """

    changes: list[Change] = Field(
        default=[], description="Changes of the contract, each from a day on."
    )

    _changed: list[tuple[dt.date, Terms]] = PrivateAttr(default=[])

    @model_validator(mode="after")
    def _resolve_changes(self) -> Self:
        """Work out the terms after each change, and check them as a whole."""
        base = self.model_dump(include=set(Terms.model_fields))
        changed = []
        for change in sorted(self.changes, key=lambda change: change.first):
            base = _merged(base, change.terms)
            changed.append((change.first, _validated(base, change.first)))
        days = [self.contract.first, *(first for first, _ in changed)]
        if days != sorted(set(days)) or days[-1] > self.contract.last:
            raise ValueError(
                "changes: each begins on its own day, after the contract's first and "
                "by its last"
            )
        self._changed = changed
        return self

    def terms_on(self, day: dt.date) -> Terms:
        """Return the terms in force on a day of the contract."""
        made = [terms for first, terms in self._changed if first <= day]
        return made[-1] if made else self

    def covers(self, day: dt.date) -> bool:
        """Tell whether a day is within the contract."""
        return self.contract.first <= day <= self.contract.last


def read_contract(path: str | Path) -> Contract:
    """Read and validate a contract.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    Contract
        The contract, complete with the defaults of the keys that the file leaves out.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "fees.toml"
    >>> _ = file.write_text('''
    ... contract = { title = "A pilot", first = 2020-01-01, last = 2020-12-31 }
    ... vat = { rate = 0.24 }
    ... fixed = { a_year = 50_000 }
    ... ''')
    >>> read_contract(file).fixed.a_year
    Decimal('50000')
    """
    return read_sections(path, Contract)


def commented_contract(contract: Contract, *, note: str = "") -> str:
    """Return a contract as TOML text, each key under the comment that explains it.

    Parameters
    ----------
    contract
        The contract.
    note
        Opening comment: what this contract is, and what of it was decided by whom.

    Returns
    -------
    str
        Text that `read_contract` reads back as the same contract.
    """
    return commented_sections(contract, note=note)


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a nested dict with a change laid over it."""
    merged = dict(base)
    for key, value in change.items():
        old = base.get(key)
        nested = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merged(cast("dict[str, Any]", old), value) if nested else value
    return merged


def _validated(terms: dict[str, Any], day: dt.date) -> Terms:
    try:
        return Terms.model_validate(terms)
    except ValidationError as error:
        problems = "; ".join(problems_in(error, Terms))
    raise EvalkitError(f"changes from {day}: {problems}")
