"""A register, a guessed plan and verified draws, in words of the plan's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from evalkit.report.language.catalogue import read_language
from evalkit.report.said_text import line_text, sentences_text
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import pandas as pd

    from evalkit.cohort.verification import Verification
    from evalkit.register.recognition import Recognition
    from evalkit.register.register import Register
    from evalkit.report.language.catalogue import Language

_COLUMN = re.compile(r"(?P<before>  .+ = \w+ \()(?P<meaning>.+)\)")


def register_text(register: Register, *, language: str = "fi") -> str:
    """Say what was read, and how, source by source.

    Parameters
    ----------
    register
        A register.
    language
        ``fi``, ``sv`` or ``en``.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> print(register_text(small_register(), language="en").split(";")[0])
    31 months, 2019-09 to 2022-03
    """
    words = read_language(language)
    clients = register.engine.value("SELECT count(DISTINCT person_id) FROM pilot")
    size = words.text(
        "register.size",
        months=len(register.months),
        first=month_text(register.months[0]),
        last=month_text(register.months[-1]),
        clients=words.number(clients),
    )
    lines = [size]
    for table, sources in register.reading.groupby("table", sort=False):
        columns = sources["columns"].iloc[0]
        lines.append(words.text(f"register.{table}", columns=columns))
        for row in sources.to_dict("records"):
            lines += _source(row, words)
    return "\n".join(lines)


def _source(row: dict[Hashable, Any], words: Language) -> Iterator[str]:
    """Say in a line or two what was read from one source."""
    how = ", ".join(str(row[name]) for name in ("kind", "encoding", "delimiter")
                    if row[name])  # fmt: skip
    first, last = str(row["first_month"]), str(row["last_month"])
    span = first
    if first != last:
        span = words.text("register.span", first=first, last=last)
    size = words.text(
        "register.rows",
        rows=words.number(row["rows"]),
        people=words.number(row["people"]),
        span=span or words.text("register.no_months"),
    )
    yield f"  {row['file']} ({how}): {size}"
    if empty := row["empty_flags_read_as_no"]:
        yield "    " + words.text("register.empty_flags", number=words.number(empty))


def recognition_text(found: Recognition) -> str:
    """Say what was guessed of somebody's files, in the language of the guessed plan."""
    words = read_language(found.protocol.study.language)
    return "\n".join(_guess(line, words) for line in found.lines)


def _guess(line: str, words: Language) -> str:
    if column := _COLUMN.fullmatch(line):
        meaning = line_text(column["meaning"], "known", words)
        return f"{column['before']}{meaning})"
    return line_text(line, "guess", words)


def verification_text(found: Verification, *, language: str = "fi") -> str:
    """Say of every draw whether it is the same, and if not what differs.

    Parameters
    ----------
    found
        What `verify` or `verify_published` found.
    language
        ``fi``, ``sv`` or ``en``.
    """
    words = read_language(language)
    draws = found.draws.to_dict("records")
    notes = [sentences_text(note, "finding", words) for note in found.notes]
    return "\n".join([*(_draw(row, words) for row in draws), *notes])


def _draw(row: dict[Hashable, Any], words: Language) -> str:
    status = _named(str(row["status"]), words)
    if row["kind"]:
        status += f" ({_named(str(row['kind']), words)})"
    head = words.text(
        "verified.draw", month=row["month"], number=row["draw"], status=status
    )
    detail = sentences_text(str(row["detail"]), "finding", words)
    return f"{head} {detail}".rstrip()


def _named(name: str, words: Language) -> str:
    """Return a status or a kind of finding in words."""
    return words.text(f"verified.{name.replace(' ', '_')}")


def copies_text(files: pd.DataFrame, *, language: str = "fi") -> str:
    """Say of every file that was copied with pseudonyms how many rows it has."""
    words = read_language(language)
    return "\n".join(
        words.text(
            "command.copied",
            file=row["file"],
            rows=words.number(row["rows"]),
            people=words.number(row["people"]),
        )
        for row in files.to_dict("records")
    )
