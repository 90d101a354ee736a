"""A plan for files that are there, their columns recognised by their headers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.errors import RegisterError
from evalkit.register.engine import DuckDB
from evalkit.register.locations import find_files, shown_name
from evalkit.register.own_files import location_of, relative
from evalkit.register.pieces import UnreadableError, shown_headers
from evalkit.register.problems import Problem, refuse
from evalkit.register.sights import look_at
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS, recognise
from evalkit.study.months import month_in_file_name
from evalkit.study.protocol import SEED_TO_REPLACE, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from evalkit.register.sights import Sight
    from evalkit.study.columns import Column

_SEED = f"{SEED_TO_REPLACE}: any text, fixed before the first snapshot exists"
_NOTE = (
    "This plan was guessed from the headers of the files. Read it through line by "
    "line, and replace the seed, before the first sample is drawn."
)
_NEEDED = {
    "snapshots": ("person_id", ("weeks", "registration_date")),
    "pilot": ("person_id", ("referral_date", "start_date")),
}
_COVARIATES = ("age", "sex", "education", "municipality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """A plan for somebody's own files, to be read through before it is used.

    Attributes
    ----------
    protocol
        The plan, valid as it is but for its seed, which has to be replaced.
    note
        What the plan says of itself.
    lines
        What was guessed, file by file.
    """

    protocol: Protocol
    note: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recognised:
    """The headers of one list of people: `columns` has evalkit's name of each."""

    sight: Sight
    columns: dict[str, str]
    doubles: dict[str, list[str]]
    unknown: list[str]

    def lines(self, known: dict[str, Column]) -> list[str]:
        """Say how the list was read, and what each header was taken for."""
        lines = [f"{self.sight.name} ({self.sight.how})"]
        width = max(map(len, self.columns.values()))
        for name, header in self.columns.items():
            lines.append(f"  {header:{width}} = {name} ({known[name].meaning})")
            lines += [
                f"  {other!r} may be {name} too: mend the plan if that is the right one"
                for other in self.doubles.get(name, [])
            ]
        if self.unknown:
            lines.append(f"  not recognised, and not read: {', '.join(self.unknown)}")
        return lines


def recognise_files(folder: Path, snapshots: Path, pilot: Path | None) -> Recognition:
    r"""Guess a plan from the headers of a snapshot and of the pilot's list.

    Parameters
    ----------
    folder
        Where the plan is to stand; its locations are relative to it.
    snapshots
        A snapshot of the register, or a folder of them, of which the first is looked
        at.
    pilot
        The list of the pilot's clients. None: the plan names one with evalkit's own
        headers, which has to be supplied.

    Returns
    -------
    Recognition
        The plan, and what was guessed.

    Raises
    ------
    RegisterError
        If a file cannot be read, or shows no person or no duration (in the pilot's
        list: no person or no date).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> file = folder / "stock_2021-01.csv"
    >>> _ = file.write_text("Henkilö;Kesto\n")
    >>> print(recognise_files(folder, file, None).protocol.data.snapshots)
    stock_*.csv
    """
    pilots = find_files(pilot) if pilot else []
    taken = {file.resolve() for file in pilots}
    files = [file for file in find_files(snapshots) if file.resolve() not in taken]
    problems: list[Problem] = []
    engine = DuckDB()
    try:
        stock = _look("snapshots", files, SNAPSHOT_COLUMNS, engine, problems)
        clients = _look("pilot", pilots, PILOT_COLUMNS, engine, problems)
    finally:
        engine.close()
    refuse(problems)
    if stock is None:
        raise RegisterError(
            f"{snapshots} holds no snapshot beside the pilot's list.",
            hint="Name the snapshots with --from.",
        )
    plan = _plan(folder, stock, clients)
    plan["data"]["snapshots"] = location_of(snapshots, files, pilots, folder)
    plan["data"]["pilot"] = relative(pilot, folder) if pilot else "pilot.csv"
    protocol = Protocol.model_validate(plan)
    return Recognition(
        protocol=protocol,
        note=_NOTE,
        lines=tuple(_lines(stock, clients, protocol, len(files))),
    )


def _look(
    table: str,
    files: Sequence[Path],
    known: dict[str, Column],
    engine: DuckDB,
    problems: list[Problem],
) -> _Recognised | None:
    """Recognise the headers of the first file; add to the problems if it cannot be."""
    if not files:
        return None
    name = shown_name(str(files[0]))
    try:
        sight = look_at(files[0], name, known, engine)
    except UnreadableError as error:
        problems += error.problems
        return None
    found = _recognised(sight, known)
    problems += _lacking(table, found, known)
    return found


def _recognised(sight: Sight, known: dict[str, Column]) -> _Recognised:
    """Sort the headers of a file by the columns that they stand for."""
    headers: dict[str | None, list[str]] = {}
    for header in filter(None, map(str.strip, sight.headers)):
        headers.setdefault(recognise(header, known), []).append(header)
    unknown = headers.pop(None, [])
    ordered = {name: headers[name] for name in known if name in headers}
    return _Recognised(
        sight=sight,
        columns={name: found[0] for name, found in ordered.items()},
        doubles={name: found[1:] for name, found in ordered.items()},
        unknown=unknown,
    )


def _lacking(table: str, found: _Recognised, known: dict[str, Column]) -> list[Problem]:
    """Say which columns a study cannot do without, if they were not recognised."""
    person, times = _NEEDED[table]
    lost: list[tuple[str, ...]] = [] if person in found.columns else [(person,)]
    if not set(times) & set(found.columns):
        lost.append(times)
    return [
        Problem(
            where=found.sight.name,
            rule=f"no header is recognised as {' or '.join(names)}",
            remedy=f"{shown_headers(found.sight.headers)} Known are, among others, "
            f"{', '.join(_examples(names, known))}. Rename the header, or write the "
            "plan by hand: `evalkit example satakunta --to demo` shows one.",
        )
        for names in lost
    ]


def _examples(names: Iterable[str], known: dict[str, Column]) -> list[str]:
    """Return a header of each language for some columns, each header once."""
    headed = [known[name].headed.values() for name in names]
    return list(dict.fromkeys(heads[0] for headers in headed for heads in headers))


def _plan(
    folder: Path, stock: _Recognised, clients: _Recognised | None
) -> dict[str, Any]:
    """Return what the headers say about the plan, all but the locations."""
    columns = dict(stock.columns)
    if "deregistration_date" not in columns:
        columns.pop("registered_at_month_end", None)
    listed = clients.columns if clients else {name: name for name in PILOT_COLUMNS}
    described = {*columns, *(["age"] if "birth_year" in columns else [])}
    return {
        "study": {
            "title": folder.resolve().name or "Study",
            "language": _language(stock),
        },
        "data": {"columns": columns, "pilot_columns": listed},
        "register": {"unemployed": _unemployed(columns)},
        "frame": {"exclude": ["in_service"] if "in_service" in columns else []},
        "draw": {"seed": _SEED},
        "follow_up": {
            "time_zero": "aligned" if "referral_date" in listed else "report"
        },
        "estimate": {
            "headline": "aipw",
            "covariates": [
                "weeks_before",
                *(name for name in _COVARIATES if name in described),
            ],
        },
    }


def _language(stock: _Recognised) -> str:
    """Return the language that most of the headers are written in."""
    votes = Counter(
        language
        for name, header in stock.columns.items()
        for language in SNAPSHOT_COLUMNS[name].languages(header)
    )
    return votes.most_common(1)[0][0]


def _unemployed(columns: dict[str, str]) -> list[str] | str:
    """Return the rule of who is unemployed that the columns allow."""
    if "employment_code" in columns:
        return ["02", "03"]
    return "flag" if "unemployed" in columns else "registered"


def _lines(
    stock: _Recognised, clients: _Recognised | None, plan: Protocol, files: int
) -> Iterator[str]:
    """Say what was guessed."""
    if files > 1:
        yield f"The first of {files} files was looked at."
    yield from stock.lines(SNAPSHOT_COLUMNS)
    dropped = set(stock.columns) - set(plan.data.columns)
    yield from (f"  {name} needs deregistration_date: left out" for name in dropped)
    if clients:
        yield from clients.lines(PILOT_COLUMNS)
    yield f"Snapshots are looked for at {_text(plan.data.snapshots)}."
    yield from _guesses(plan)
    yield from _duties(plan, stock, clients)


def _guesses(plan: Protocol) -> Iterator[str]:
    """Say what follows from the columns that are there."""
    rule = plan.register_.unemployed
    unemployed = {
        "flag": "whose column `unemployed` says so",
        "registered": "everybody in the register, since no column tells",
    }
    codes = f"by employment code, {_text(rule)}"
    yield f"Unemployed: {unemployed[rule] if isinstance(rule, str) else codes}."
    begins = {
        "aligned": "the referral",
        "report": "the start of the service (descriptive only), since no column holds "
        "the referral",
    }
    yield f"Time zero: {begins[plan.follow_up.time_zero]}."
    yield f"Compared and adjusted on: {', '.join(plan.estimate.covariates)}."
    yield f"Language of figures and tables: {plan.study.language}."


def _duties(
    plan: Protocol, stock: _Recognised, clients: _Recognised | None
) -> Iterator[str]:
    """Say what is left to do."""
    yield "To do: replace the seed."
    if clients is None:
        headers = ", ".join(plan.data.pilot_columns.values())
        yield f"To do: put the pilot's list at pilot.csv, with the headers {headers}."
    dated = "month" in stock.columns or month_in_file_name(stock.sight.name)
    if not dated:
        yield "To do: let the files' names carry their months, as in stock_2021-02.csv."


def _text(location: object) -> str:
    return (
        ", ".join(map(str, location)) if isinstance(location, list) else str(location)
    )
