"""Which values of a batch could not be converted, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.register.canonical import RECIPES, identity
from evalkit.register.engine import identifier, literal
from evalkit.register.problems import SHOWN_ROWS, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.register.conversion import Conversion

_SHOWN = (
    r"\d{1,4}[./-]\d{1,2}([./-]\d{1,4})?|-?\d{1,3}([.,]\d{1,2})?|[a-zA-ZåäöÅÄÖ]{1,4}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a value may be wrong: the condition in SQL, and what is said of it."""

    condition: str
    rule: str
    remedy: str
    shown: bool = False


def find_faults(conversion: Conversion) -> Iterator[tuple[int, Problem]]:
    """Yield the numbers of pieces, and the rules that a column of theirs breaks."""
    batch = conversion.batch
    names = batch.layout.columns
    wrong = " OR ".join(conversion.wrong(name) for name in names)
    batch.engine.run(
        "CREATE OR REPLACE TEMP TABLE faulty AS "
        f"SELECT * FROM {conversion.rows(batch.layout.names)} WHERE {wrong}"
    )
    for name in names:
        for reason in _reasons(conversion, name):
            yield from _faults(conversion, name, reason)
    batch.engine.run("DROP TABLE faulty")


def _faults(
    conversion: Conversion, name: str, reason: Reason
) -> Iterator[tuple[int, Problem]]:
    """Yield the wrong values of one column for one reason."""
    batch = conversion.batch
    pieces = {one.number: one for one in batch.pieces}
    found = batch.engine.rows(
        f"SELECT piece, count(*), min(place, {SHOWN_ROWS}), "
        f"min({_example(conversion, name)}) FROM faulty "
        f"WHERE {conversion.wrong(name)} AND {reason.condition} GROUP BY piece"
    )
    for number, count, places, example in found:
        yield (
            number,
            Problem(
                where=pieces[number].piece.name,
                column=batch.layout.columns[name],
                rule=_told(reason, example),
                remedy=reason.remedy,
                rows=pieces[number].row_numbers(places),
                count=count,
            ),
        )


def _told(reason: Reason, example: str | None) -> str:
    if not reason.shown:
        return reason.rule
    return f"{example!r} is {reason.rule}" if example else f"a value is {reason.rule}"


def _example(conversion: Conversion, name: str) -> str:
    """Return SQL for a value that may be shown: it can be nobody's id or name.

    A column that was mapped by mistake, or shifted, may hold the ids or the names;
    what looks like a day, a small number or a short code is neither.
    """
    raw = _raw(name)
    ids = (
        f'SELECT "raw person_id" FROM {conversion.rows(["person_id"])} '
        'WHERE "raw person_id" IS NOT NULL'
    )
    shown = f"regexp_full_match({raw}, {literal(_SHOWN)}) AND {raw} NOT IN ({ids})"
    return f"CASE WHEN {shown} THEN {raw} END"


def _reasons(conversion: Conversion, name: str) -> Iterator[Reason]:
    raw = _raw(name)
    coded = f"COALESCE({identity(raw)}, false)"
    recipe = RECIPES[conversion.batch.layout.kinds[name]]
    yield Reason(
        condition=coded,
        rule="Finnish identity codes, where a pseudonym or another value belongs",
        remedy="Replace them by pseudonyms before evalkit reads the file.",
    )
    if name in {"person_id", "month"}:
        yield Reason(
            condition=f"{raw} IS NULL",
            rule="the value is missing",
            remedy="Every row needs one.",
        )
    yield Reason(
        condition=f"NOT {coded} AND {raw} IS NOT NULL",
        rule=recipe.rule,
        remedy=recipe.remedy,
        shown=name != "person_id",
    )


def _raw(name: str) -> str:
    return f"CAST({identifier(f'raw {name}')} AS VARCHAR)"
