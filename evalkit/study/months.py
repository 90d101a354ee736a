"""Months and days as whole numbers, and the ways in which offices write them.

Inside the engine a month is ``12 * year + month - 1`` and a day is the number of
days since 1970-01-01: whole numbers compare, subtract and hash alike everywhere.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from evalkit.errors import EvalkitError

CountingDay = Literal["last_day", "last_working_day"]

_EPOCH = dt.date(1970, 1, 1)
_MONTHS = 12
_SATURDAY = 5
_NAMES = (
    ("tammi", "januari", "january"),
    ("helmi", "februari", "february"),
    ("maalis", "mars", "march"),
    ("huhti", "april", "april"),
    ("touko", "maj", "may"),
    ("kesä", "juni", "june"),
    ("heinä", "juli", "july"),
    ("elo", "augusti", "august"),
    ("syys", "september", "september"),
    ("loka", "oktober", "october"),
    ("marras", "november", "november"),
    ("joulu", "december", "december"),
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-M/_. ]?\s*(\d{1,2})", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-\d{1,2}([ T].*)?")
_FINNISH_DATE = re.compile(r"\d{1,2}\.(\d{1,2})\.(\d{4})([ T]\d{1,2}[:.]\d{2}.*)?")
_NAMED = re.compile(r"([^\W\d]+?)(?:kuu(?:ta|ssa|n)?)?\s+(\d{4})")
_IN_FILE_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_. ]?M?(0[1-9]|1[0-2])(?!\d)")


def parse_month(text: str) -> int:
    """Return the month number of a month as people write it.

    Parameters
    ----------
    text
        ``2021-02``, ``2021M02``, ``202102``, ``2/2021``, ``helmikuu 2021``,
        ``februari 2021``, or a day of that month (``28.2.2021``, ``2021-02-28``).

    Returns
    -------
    int
        ``12 * year + month - 1``.

    Raises
    ------
    EvalkitError
        If the text is none of these.

    Examples
    --------
    >>> month_text(parse_month("helmikuu 2021"))
    '2021-02'
    """
    words = text.strip()
    for pattern, year, month in (
        (_ISO_DATE, 1, 2),
        (_FINNISH_DATE, 2, 1),
        (_YEAR_FIRST, 1, 2),
        (_MONTH_FIRST, 2, 1),
    ):
        found = pattern.fullmatch(words)
        if found and 1 <= int(found[month]) <= _MONTHS:
            return month_number(int(found[year]), int(found[month]))
    named = _NAMED.fullmatch(words.casefold())
    if named:
        for number, names in enumerate(_NAMES, start=1):
            if named[1] in names:
                return month_number(int(named[2]), number)
    raise EvalkitError(
        f"{text!r} is not a month.",
        hint="Write it as year and month, for example 2021-02.",
    )


def month_in_file_name(name: str) -> int | None:
    """Return the month that a file's name carries, or None: ``stock_2021-02.csv``."""
    found = _IN_FILE_NAME.search(name)
    return month_number(int(found[1]), int(found[2])) if found else None


def month_pattern(name: str, star: str = "*") -> str:
    """Return the pattern of names that differ in their month only: ``stock_*.csv``."""
    return _IN_FILE_NAME.sub(star, name, count=1)


def month_number(year: int, month: int) -> int:
    """Return the whole number of a calendar month (month: 1 to 12)."""
    return 12 * year + month - 1


def month_text(month: int) -> str:
    """Return ``YYYY-MM`` for a month number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def day_number(date: dt.date) -> int:
    """Return the number of days since 1970-01-01."""
    return (date - _EPOCH).days


def date_of(day: int) -> dt.date:
    """Return the date of a day number."""
    return _EPOCH + dt.timedelta(days=day)


def month_of(day: int) -> int:
    """Return the number of the month in which a day number falls."""
    date = date_of(day)
    return month_number(date.year, date.month)


def first_day(month: int) -> int:
    """Return the day number of a month's first day."""
    return day_number(dt.date(month // 12, month % 12 + 1, 1))


def last_day(month: int) -> int:
    """Return the day number of a month's last day."""
    return first_day(month + 1) - 1


def add_months(day: int, months: int) -> int:
    """Return the same day of a later month, or that month's last day."""
    target = month_of(day) + months
    return min(first_day(target) + date_of(day).day - 1, last_day(target))


def counting_day(month: int, rule: CountingDay) -> int:
    """Return the day on which the month's stock is counted.

    Employment service statistics count on the last working day of the month
    (Mondays to Fridays without public holidays); other registers on its last day.
    """
    day = last_day(month)
    while rule == "last_working_day" and not _is_working_day(day):
        day -= 1
    return day


def _is_working_day(day: int) -> bool:
    """Tell whether Finnish offices are open; covers holidays near a month's end."""
    from dateutil.easter import easter

    date = date_of(day)
    since_easter = (date - easter(date.year)).days
    movable = since_easter in {-2, 1, 39}  # Good Friday, Easter Monday, Ascension
    return date.weekday() < _SATURDAY and not movable


def _checked(text: str) -> str:
    return month_text(parse_month(text))


Month = Annotated[str, AfterValidator(_checked)]
"""A month in a plan, kept as ``YYYY-MM``."""
