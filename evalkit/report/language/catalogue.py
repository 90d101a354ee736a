"""A language: its texts, and how it writes numbers, shares and months.

Texts and rules live in a folder of TOML files for each language beside this module,
one file a subject. The system's locale plays no part: a figure has the same bytes on
every machine.
"""

from __future__ import annotations

import math
import re
import string
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.study.months import parse_month

LANGUAGES = ("fi", "sv", "en")
"""Codes of the languages that evalkit speaks."""

MISSING = "\N{EN DASH}"
"""What stands where there is no number."""

MASKED = "\N{HORIZONTAL ELLIPSIS}"
"""What stands where a number is masked, as in Finnish official statistics."""

_MINUS = "\N{MINUS SIGN}"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language.

    Attributes
    ----------
    code
        ``fi``, ``sv`` or ``en``.
    texts
        Texts by dotted key, such as ``group.pilot``.
    rules
        How numbers and months are written: the section ``[format]``.
    reviewed
        Whether a native speaker has read the texts.
    """

    code: str
    texts: dict[str, str]
    rules: dict[str, Any]
    reviewed: bool

    def text(self, key: str, **values: object) -> str:
        """Return the text of a key, with `values` in place of the names in braces.

        Raises
        ------
        KeyError
            If the catalogue has no such text, or a value is not given.

        Examples
        --------
        >>> read_language("fi").text("group.size", group="pilotti")
        'n, pilotti'
        """
        return self.texts[key].format(**values)

    def number(self, value: float, *, decimals: int = 0, signed: bool = False) -> str:
        """Return a number, rounded half away from zero as published figures are.

        Parameters
        ----------
        value
            Any number; NaN gives the sign for a missing one.
        decimals
            Digits after the decimal sign.
        signed
            Whether a positive number shows its plus.

        Examples
        --------
        >>> read_language("en").number(2138.25, decimals=1, signed=True)
        '+2,138.3'
        """
        if math.isnan(value):
            return MISSING
        rounded = math.floor(abs(value) * 10**decimals + 0.5 + 1e-9) / 10**decimals
        digits = f"{rounded:,.{decimals}f}".translate(self._separators)
        if rounded == 0:
            return digits
        return (_MINUS if value < 0 else "+" if signed else "") + digits

    @property
    def _separators(self) -> dict[int, str]:
        return str.maketrans({",": self.rules["thousands"], ".": self.rules["decimal"]})

    def percent(self, share: float, *, decimals: int = 0) -> str:
        """Return a share as per cent.

        Examples
        --------
        >>> read_language("en").percent(0.5849)
        '58%'
        """
        if math.isnan(share):
            return MISSING
        number = self.number(100 * share, decimals=decimals)
        return str(self.rules["percent"]).format(number=number)

    def points(self, share: float, *, decimals: int = 1, unit: bool = True) -> str:
        """Return a difference of shares in percentage points, with its sign.

        Examples
        --------
        >>> read_language("fi").points(0.041).split()
        ['+4,1', 'prosenttiyksikköä']
        """
        number = self.number(100 * share, decimals=decimals, signed=True)
        if not unit or math.isnan(share):
            return number
        one = number.strip(f"+{_MINUS}") == "1"
        name = self.rules["points_one" if one else "points_many"]
        return f"{number}\N{NO-BREAK SPACE}{name}"

    def points_interval(self, low: float, high: float, *, decimals: int = 1) -> str:
        """Return an interval of a difference of shares in percentage points.

        Examples
        --------
        >>> print(read_language("sv").points_interval(0.02, 0.101))
        2,0 till 10,1
        """
        if math.isnan(low) or math.isnan(high):
            return MISSING
        return str(self.rules["interval"]).format(
            low=self.number(100 * low, decimals=decimals),
            high=self.number(100 * high, decimals=decimals),
        )

    def month(self, month: str, *, short: bool = False) -> str:
        """Return a month, or a period of months, in words; another stratum as it is.

        Parameters
        ----------
        month
            ``YYYY-MM``, ``YYYY-MM/YYYY-MM`` (the first and last of months that are
            published as one), ``pooled``, ``all``, or the name of another stratum.
        short
            Whether the month's name is shortened.

        Examples
        --------
        >>> read_language("fi").month("2021-01")
        'tammikuu 2021'
        >>> read_language("en").month("2021-01/2021-03").split()[-2:]
        ['March', '2021']
        >>> read_language("fi").month("pooled")
        'kaikki kuukaudet'
        """
        if f"month.{month}" in self.texts:
            return self.text(f"month.{month}")
        span = calendar_span(month)
        if span is None:
            return month
        names = [
            f"{self.month_name(number, short=short)} {number // _MONTHS_A_YEAR}"
            for number in dict.fromkeys(span)
        ]
        return " \N{EN DASH} ".join(names)

    def month_name(self, number: int, *, short: bool = True) -> str:
        """Return the name of a month number, without its year."""
        names = self.rules["short_months" if short else "months"]
        return str(names[number % _MONTHS_A_YEAR])


@cache
def read_language(code: str) -> Language:
    """Return a language by its code.

    Parameters
    ----------
    code
        ``fi``, ``sv`` or ``en``.

    Returns
    -------
    Language
        Its texts and rules.

    Raises
    ------
    EvalkitError
        If evalkit does not speak it.

    Examples
    --------
    >>> read_language("sv").text("group.control")
    'kontrollgrupp'
    """
    if code not in LANGUAGES:
        raise EvalkitError(
            f"`language` must be one of {', '.join(LANGUAGES)}, got {code!r}."
        )
    sections: dict[str, dict[str, Any]] = {}
    folder = resources.files("evalkit.report.language") / code
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        sections |= tomllib.loads(file.read_text(encoding="utf-8"))
    about, rules = sections.pop("catalogue"), sections.pop("format")
    texts = {
        f"{section}.{key}": text
        for section, entries in sections.items()
        for key, text in entries.items()
    }
    return Language(code=code, texts=texts, rules=rules, reviewed=about["reviewed"])


def placeholders(text: str) -> set[str]:
    """Return the names in braces that a text asks for.

    Examples
    --------
    >>> placeholders("n, {group}")
    {'group'}
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def calendar_month(month: str) -> int | None:
    """Return the month number of a ``YYYY-MM`` text, or None for another stratum.

    Examples
    --------
    >>> calendar_month("2021-01")
    24252
    >>> calendar_month("north") is None
    True
    """
    return parse_month(month) if _MONTH.fullmatch(month) else None


def calendar_span(period: str) -> tuple[int, int] | None:
    """Return the numbers of a period's first and last month, or None for no months.

    Examples
    --------
    >>> calendar_span("2021-01/2021-03"), calendar_span("2021-01")
    ((24252, 24254), (24252, 24252))
    >>> calendar_span("north/south") is None
    True
    """
    first, _, last = period.partition("/")
    ends = calendar_month(first), calendar_month(last or first)
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
