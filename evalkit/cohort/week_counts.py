"""Durations as counts: how many people are alike in group, month, weeks and exit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_ALIKE = ("group", "month", "weeks_before", "weeks", "exited", "exit_to")
_SIZE = "n"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeekCounts(Result):
    """Counts of people who are alike in all that a curve or a rank test looks at.

    They stand for a cohort wherever nobody is weighted and nobody recurs. A database
    can count a whole country (`whole_frame_weeks`), and its curves and tests are those
    of the people.

    Attributes
    ----------
    people
        One row per kind of people: group, weeks, exited, where known month,
        weeks_before and exit_to, and n (people).
    level
        Level of confidence intervals.

    Examples
    --------
    >>> from evalkit.cohort.draw import draw_controls
    >>> from evalkit.cohort.follow_up import follow_up
    >>> from evalkit.examples.small import small_register
    >>> register = small_register()
    >>> cohort = follow_up(register, draw_controls(register, "2021-02"))
    >>> int(WeekCounts.of(cohort).counts.sum()) == len(cohort.people)
    True
    """

    people: pd.DataFrame
    level: float = 0.95

    @property
    def has_persons(self) -> bool:
        """Counts do not tell who recurs."""
        return False

    @property
    def is_pilot(self) -> pd.Series[bool]:
        """True for the rows of the pilot group."""
        return self.people["group"] == "pilot"

    @property
    def counts(self) -> NDArray[np.float64]:
        """People of each row."""
        return self.people[_SIZE].to_numpy(dtype=np.float64)

    def to_frame(self) -> pd.DataFrame:
        """Return the counts (a copy)."""
        return self.people.copy()

    @classmethod
    def of(cls, cohort: Cohort) -> Self:
        """Count the people of a cohort; rows of one person count as people.

        Parameters
        ----------
        cohort
            People with the weeks observed.

        Returns
        -------
        WeekCounts
            The same in a table of some hundred rows.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"treat": [1, 1, 0], "weeks": [3, 3, 5], "left": 1})
        >>> cohort = Cohort.from_frame(
        ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
        ... )
        >>> WeekCounts.of(cohort).to_frame()
             group month  weeks  exited  n
        0  control   all    5.0    True  1
        1    pilot   all    3.0    True  2
        """
        return cls(people=alike(cohort.people.assign(n=1)), level=cohort.level)

    @classmethod
    def from_frame(cls, df: pd.DataFrame, *, level: float = 0.95) -> Self:
        """Read counts that a database has made.

        Parameters
        ----------
        df
            Columns group, weeks, exited and n; where known month, weeks_before and
            exit_to.
        level
            Level of confidence intervals.

        Returns
        -------
        WeekCounts
            The same counts, checked.

        Raises
        ------
        EstimationError
            If a column is missing or holds values that it may not.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame(
        ...     {
        ...         "group": ["pilot", "control"],
        ...         "weeks": [3, 5],
        ...         "exited": 1,
        ...         "n": [2, 1],
        ...     }
        ... )
        >>> WeekCounts.from_frame(table).counts.tolist()
        [2.0, 1.0]
        """
        optional = ("month", "weeks_before", "exit_to")
        found = {name: name for name in optional if name in df.columns}
        checked = Cohort.from_frame(
            df, group="group", outcome=_SIZE, weeks="weeks", exited="exited", **found
        ).people
        size = checked["outcome"]
        if not ((size >= 0) & (size % 1 == 0)).all():
            raise EstimationError(f"Column {_SIZE!r} must hold counts of people.")
        named = [name for name in _ALIKE if name in checked]
        return cls(people=checked[named].assign(**{_SIZE: size}), level=level)


def alike(counts: pd.DataFrame) -> pd.DataFrame:
    """Sum up the counts (``n``) of people who are alike, in a fixed order."""
    names = [name for name in _ALIKE if name in counts]
    grouped = counts.groupby(names, dropna=False, observed=True)
    return grouped[_SIZE].sum().reset_index()


def people_of(cohort: Cohort | WeekCounts, wanted: str) -> Cohort:
    """Return a cohort of people, or say that counts cannot give what is wanted."""
    if isinstance(cohort, WeekCounts):
        raise EstimationError(
            f"{wanted} need people, and these are counts of them.",
            hint="Use the cohort itself.",
        )
    return cohort
