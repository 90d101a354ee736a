"""The days on which a monthly register was looked at, as seen from each row's zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.study.months import counting_day, month_of, parse_month
from evalkit.study.protocol import DAYS_A_WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """Counting days of a register, and the day on which each row's time began.

    Attributes
    ----------
    day
        Counting days in order, as days since 1970-01-01; missing months left out.
    zero
        Time zero of each row, as such a day.
    only_looks
        Whether the register knows exits by its looks only, not by their dates.
    """

    day: Codes
    zero: Codes
    only_looks: bool

    @classmethod
    def of(cls, cohort: Cohort) -> Self:
        """Return the looks of a cohort's register, or say that there are none."""
        if cohort.protocol is None or "time_zero" not in cohort.people.columns:
            raise EstimationError(
                "The looks at this cohort's register are not known.",
                hint="They are for cohorts from `evalkit.follow_up`; else give the "
                "interval in weeks.",
            )
        protocol, people = cohort.protocol, cohort.people
        since = pd.Timestamp("1970-01-01")
        zero = (pd.to_datetime(people["time_zero"]) - since).dt.days.to_numpy()
        weeks = people["weeks"].max()
        last = int(zero.max() + DAYS_A_WEEK * (0 if np.isnan(weeks) else weeks + 1))
        missing = {parse_month(month) for month in protocol.register_.missing_months}
        months = range(month_of(int(zero.min())), month_of(last) + 2)
        rule = protocol.register_.counting_day
        days = [counting_day(month, rule) for month in months if month not in missing]
        return cls(
            day=np.array(days, dtype=np.intp),
            zero=zero.astype(np.intp),
            only_looks="deregistration_date" not in protocol.data.columns,
        )

    def rows(self, rows: Codes) -> Looks:
        """Return the looks as seen from some of the rows."""
        return Looks(day=self.day, zero=self.zero[rows], only_looks=self.only_looks)

    def seen_by(self, weeks: Array) -> Codes:
        """Return how many looks there were until the end of a week, its last day too.

        Weeks without an exit are counted down: the day is one of the week that follows.
        """
        day = self.zero + (DAYS_A_WEEK * (weeks + 1)).astype(np.intp) - 1
        return self._number(day)

    def noticed(self, weeks: Array) -> Codes:
        """Return the number of the look at which an exit within a week was noticed.

        Where its day is not known, it is the middle of the week.
        """
        end = self.zero + (DAYS_A_WEEK * weeks).astype(np.intp)
        if self.only_looks:  # the look itself was taken for the day of the exit
            return np.maximum(self._number(end), 1)
        return self._number(end - DAYS_A_WEEK // 2) + 1

    def weeks_until(self, number: Codes, *, up: bool) -> Array:
        """Return whole weeks from time zero to a look, counted up or down."""
        days = self.day[self._first + number - 1] - self.zero
        days = np.where(number > 0, days, 0)
        weeks = -(-days // DAYS_A_WEEK) if up else days // DAYS_A_WEEK
        return np.asarray(weeks, dtype=float)

    def first_months(self) -> Array:
        """Return how many months lie between time zero and the first look after it."""
        return np.asarray((self.day[self._first] - self.zero) / DAYS_A_MONTH)

    @property
    def _first(self) -> Codes:
        """Position of the first look after time zero."""
        return np.searchsorted(self.day, self.zero, side="right")

    def _number(self, day: Codes) -> Codes:
        """Return how many looks there were after time zero, until a day and on it."""
        return np.searchsorted(self.day, day, side="right") - self._first
