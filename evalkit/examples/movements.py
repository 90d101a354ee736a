"""A register as monthly files that hold everybody who was in it during the month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.study.months import CountingDay, counting_day, first_day, last_day


def movements(spells: pd.DataFrame, months: range, rule: CountingDay) -> pd.DataFrame:
    """Return one row per spell and month in which it was in the register.

    Parameters
    ----------
    spells
        One row per spell: ``registered`` and ``left`` (its first and last day, as day
        numbers), and any further columns, which are carried along.
    months
        Month numbers of the register.
    rule
        Which day of a month is its counting day.

    Returns
    -------
    DataFrame
        The spells' columns with ``month`` (number), ``counting_day`` (day number),
        ``ended`` (the spell's last day lies in the month) and
        ``registered_at_month_end`` (in the register on the counting day, which
        includes those whose last day it is). Within a month the spells keep their
        order.

    Examples
    --------
    >>> spells = pd.DataFrame({"registered": [0, 20], "left": [40, 25]})
    >>> movements(spells, range(1970 * 12, 1970 * 12 + 2), "last_day")[
    ...     ["month", "registered", "ended", "registered_at_month_end"]
    ... ]
       month  registered  ended  registered_at_month_end
    0  23640           0  False                     True
    1  23640          20   True                    False
    2  23641           0   True                    False
    """
    parts = [_month(spells, month, rule) for month in months]
    return pd.concat(parts, ignore_index=True)


def _month(spells: pd.DataFrame, month: int, rule: CountingDay) -> pd.DataFrame:
    day = counting_day(month, rule)
    registered, left = spells["registered"].to_numpy(), spells["left"].to_numpy()
    present = (registered <= last_day(month)) & (left >= first_day(month))
    rows = spells[present]
    return rows.assign(
        month=month,
        counting_day=day,
        ended=left[present] <= last_day(month),
        registered_at_month_end=(registered[present] <= day) & (left[present] >= day),
    )


def dates(days: np.ndarray | pd.Series, known: np.ndarray | None = None) -> pd.Series:
    """Return day numbers as dates, missing where they are not known."""
    whole = np.asarray(days)
    if known is not None:
        whole = np.where(known, whole, 0)
    result = whole.astype("int64").astype("datetime64[D]").astype("datetime64[s]")
    if known is not None:
        result[~known] = np.datetime64("NaT")
    return pd.Series(result)
