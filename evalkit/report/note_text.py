"""What should be known about a follow-up, in words of the plan's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalkit.report.criterion_text import criterion_text
from evalkit.report.language.catalogue import read_language

if TYPE_CHECKING:
    from evalkit.report.language.catalogue import Language

_NUMBER = r"(?P<number>\d+)"
NOTES = {
    "observed": r"Days from time zero to the measurement, .*: (?P<groups>.*)\.",
    "left_out_pilot": r"Left out of the pilot group, .*?: (?P<reasons>.*)\.",
    "left_out_control": r"Left out of the control group, .*?: (?P<reasons>.*)\.",
    "nobody": r"Nobody on the pilot's list has a time zero.*",
    "snapshots_only": r"The register has snapshots only: .*",
    "report": r"Time zero is the start of the service .*",
    "late": rf"{_NUMBER} pilots were referred after .*",
    "censored": rf"Durations end at (?P<limit>\d+) weeks .*: {_NUMBER} rows reach it\.",
    "joined": rf"{_NUMBER} control rows were referred .*",
    "unknown": rf"The outcome of {_NUMBER} rows is unknown\.",
}
"""What the notes of a follow-up look like, by their keys in the catalogues."""

_REASON = re.compile(r"(.+?) \((\d+)\)(?:, |$)")
_GROUP = re.compile(r"\b(pilot|control)\b")


def note_text(note: str, *, language: str = "fi") -> str:
    """Return a note of `follow_up` in a language; what is not known stays as it is.

    Parameters
    ----------
    note
        One of the notes of a cohort.
    language
        ``fi``, ``sv`` or ``en``.

    Examples
    --------
    >>> note_text("The outcome of 12 rows is unknown.", language="fi")
    '12 rivin tilanne on tuntematon.'
    """
    words = read_language(language)
    for key, pattern in NOTES.items():
        if found := re.fullmatch(pattern, note):
            values = {k: _value(k, v, words) for k, v in found.groupdict().items()}
            return words.text(f"note.{key}", **values)
    return note


def _value(name: str, text: str, words: Language) -> str:
    """Return what stands in a note: a number, the groups, or reasons with counts."""
    if name == "reasons":
        return ", ".join(
            f"{criterion_text(why, words)} ({words.number(int(count))})"
            for why, count in _REASON.findall(text)
        )
    if name == "groups":
        return _GROUP.sub(lambda group: words.text(f"group.{group[0]}_short"), text)
    return words.number(int(text))
