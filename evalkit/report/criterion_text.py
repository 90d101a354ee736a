"""Why somebody was left out, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.report.language.catalogue import Language

CRITERIA = {
    "followed from time zero": "followed",
    "outcome known, in a published month": "published",
    "in the register on the frame's day": "in_register",
    "unemployed": "unemployed",
    "duration known": "duration",
    "unemployment began in the month": "began",
    "office counts": "office",
    "unemployed at time zero": "time_zero",
    "not referred to the pilot by time zero": "referred",
    "not referred to the pilot by then": "referred",
}
"""Keys of the reasons by the criteria's names."""

_KEPT = re.compile(r"(.+) \(kept: (\d+) not\)")
_WEEKS = re.compile(r"unemployed for (?P<low>\d+)-(?P<high>\d+) weeks")
_FLAG = re.compile(r"not (?P<column>.+)")


def criterion_text(name: str, words: Language) -> str:
    """Return in words why a criterion left somebody out.

    Parameters
    ----------
    name
        A criterion, as a table of attrition names it.
    words
        The language.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> criterion_text("unemployed for 1-104 weeks", read_language("fi"))
    'työttömänä alle 1 tai yli 104 viikkoa'
    """
    parts = name.split("; ")  # criteria that are published as one step
    return "; ".join(_criterion(part, words) for part in parts)


def _criterion(name: str, words: Language) -> str:
    if kept := _KEPT.fullmatch(name):
        reason = _criterion(kept[1], words)
        return words.text("criterion.kept", reason=reason, number=kept[2])
    if name in CRITERIA:
        return words.text(f"criterion.{CRITERIA[name]}")
    if weeks := _WEEKS.fullmatch(name):
        return words.text("criterion.weeks", **weeks.groupdict())
    if flag := _FLAG.fullmatch(name):
        return excluded_text(flag["column"], words)
    return name


def excluded_text(column: str, words: Language) -> str:
    """Return whom a yes/no column leaves out; one of the plan's own in quotes.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> excluded_text("in_service", read_language("sv"))
    'personer i service'
    """
    key = f"excluded.{column}"
    if key in words.texts:
        return words.text(key)
    return words.text("excluded.other", column=column)
