"""The months that a register can speak of, with their days."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.study.months import counting_day, first_day, last_day, month_number

if TYPE_CHECKING:
    from evalkit.study.months import CountingDay

FIRST_YEAR, LAST_YEAR = 1950, 2100
MONTHS = range(month_number(FIRST_YEAR, 1), month_number(LAST_YEAR, 12) + 1)


@cache
def days_of_months(rule: CountingDay) -> pd.DataFrame:
    """Return the first, the last and the counting day of every month.

    Examples
    --------
    >>> days_of_months("last_working_day").iloc[0].to_dict()
    {'month': 23400, 'first_day': -7305, 'last_day': -7275, 'counting_day': -7275}
    """
    days = [(m, first_day(m), last_day(m), counting_day(m, rule)) for m in MONTHS]
    names = ["month", "first_day", "last_day", "counting_day"]
    return pd.DataFrame(days, columns=names, dtype="int32")
