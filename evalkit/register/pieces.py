"""A piece of the register: one file, sheet, table or data frame, ready to convert."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.register.engine import identifier
from evalkit.register.problems import Problem
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS, Kind, same_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evalkit.study.protocol import Protocol

FETCHED = "fetched"
"""Table that a reader fills where the rows have to be fetched first."""

HEADER_ROWS = 50
_SHOWN_HEADERS = 40
_HEADER_DIGITS = 2
_HEADER_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the plan says about one table: which columns, headed how, of which kind."""

    table: str
    columns: dict[str, str]
    kinds: dict[str, Kind]
    encoding: str | None = None
    header_row: int | None = None
    sheet: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The mapped columns, and a snapshot's month if only file names carry it."""
        month = {"month": ""} if self.table == "snapshots" else {}
        return tuple(self.columns | month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Rows of one source, still in the source's own words, to be read at once.

    Attributes
    ----------
    name
        The source, as people know it.
    kind
        ``CSV``, ``Excel``, ``Parquet``, ``DataFrame``, ``DuckDB`` or ``SQL``.
    relation
        SQL after ``FROM``.
    columns
        Mapped column = SQL of its values in `relation`.
    types
        SQL types of the mapped columns; those that are not there are text.
    first_row
        Number that people give to the first row of data.
    month
        Month that the file's name or folder carries.
    serial_dates
        Whether a bare number in a date column is a day of Excel's calendar.
    refused
        Returns which rows were passed over when the rows were read.
    damaged
        Returns why they cannot be read; called only then.
    gaps
        Returns the numbers of rows that the file has but `relation` has not (blank
        lines); called only when a row has to be named.
    """

    name: str
    kind: str
    relation: str
    columns: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)
    first_row: int = 1
    month: int | None = None
    serial_dates: bool = False
    encoding: str = ""
    delimiter: str = ""
    refused: Callable[[], Sequence[Problem]] = field(default=tuple)
    damaged: Callable[[], Sequence[Problem]] = field(default=tuple)
    gaps: Callable[[], Sequence[int]] = field(default=tuple)


class UnreadableError(EvalkitError):
    """A source that cannot become a piece, with the problems that say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def unreadable(where: str, rule: str, remedy: str = "") -> UnreadableError:
    """Return the error that gives up on one source, and says why."""
    return UnreadableError(Problem(where=where, rule=rule, remedy=remedy))


def snapshot_layout(protocol: Protocol) -> Layout:
    """Return the layout of the snapshots; own columns that exclude are yes/no."""
    data = protocol.data
    kinds: dict[str, Kind] = {
        name: "flag" if name in protocol.frame.exclude else "text"
        for name in data.columns
    }
    kinds |= {name: column.kind for name, column in SNAPSHOT_COLUMNS.items()}
    return Layout(
        table="snapshots",
        columns=data.columns,
        kinds=kinds,
        encoding=data.encoding,
        header_row=data.header_row,
        sheet=data.sheet,
    )


def pilot_layout(protocol: Protocol) -> Layout:
    """Return the layout of the pilot's list.

    The plan's header row and sheet speak of the snapshots; a list is searched.
    """
    data = protocol.data
    kinds: dict[str, Kind] = dict.fromkeys(data.pilot_columns, "text")
    kinds |= {name: column.kind for name, column in PILOT_COLUMNS.items()}
    return Layout(
        table="pilot",
        columns=data.pilot_columns,
        kinds=kinds,
        encoding=data.encoding,
    )


def match_headers(where: str, headers: Sequence[str], layout: Layout) -> dict[str, int]:
    """Return the position of every mapped column, or give up on the source."""
    places: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        places.setdefault(same_header(header), []).append(position)
    found = {
        name: places.get(same_header(header), [])
        for name, header in layout.columns.items()
    }
    problems = [
        _header_problem(where, layout.columns[name], positions, headers)
        for name, positions in found.items()
        if len(positions) != 1
    ]
    if problems:
        raise UnreadableError(*problems)
    return {name: positions[0] for name, positions in found.items()}


def _header_problem(
    where: str, header: str, positions: Sequence[int], headers: Sequence[str]
) -> Problem:
    if positions:
        return Problem(
            where=where,
            column=header,
            rule=f"{len(positions)} columns have this header",
            remedy="Give each its own.",
        )
    return Problem(
        where=where,
        rule=f"no column is headed {header!r}",
        remedy=f"{shown_headers(headers)} "
        "Mend the header, or the plan's list of columns.",
    )


def shown_headers(headers: Sequence[str]) -> str:
    """List the headers, unless they may be people: a file without a header row."""
    named = [str(header).strip() for header in headers if str(header).strip()]
    if not named or any(not _is_header(header) for header in named):
        return "The file seems to have no row of headers."
    more = ", ..." if len(named) > _SHOWN_HEADERS else ""
    return f"The headers are: {', '.join(named[:_SHOWN_HEADERS])}{more}."


def _is_header(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    plain = text.isprintable() and len(text) <= _HEADER_LENGTH
    return plain and digits <= _HEADER_DIGITS and not text[0].isdigit()


def find_header(rows: Sequence[Sequence[object]], layout: Layout) -> int:
    """Return the index of the row that holds the most mapped headers."""
    if layout.header_row is not None:
        return min(layout.header_row, max(len(rows), 1)) - 1
    held = [headers_in(row, layout) for row in rows]
    return held.index(max(held))


def headers_in(row: Sequence[object], layout: Layout) -> int:
    """Count the mapped headers that a row holds."""
    mapped = set(map(same_header, layout.columns.values()))
    return len(mapped & {same_header(str(cell)) for cell in row})


def under_names(columns: Mapping[str, str]) -> str:
    """Write columns under evalkit's names, for a SELECT."""
    return ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
