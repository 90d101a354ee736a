"""A result that may leave the building."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.months.tally import Tally, tally_of, whole_percent
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

DEFAULT_CELL = 5
"""Smallest count that is published unless the plan says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released(Result):
    """What of a result may leave the building.

    Attributes
    ----------
    table
        The result's table with a column ``masked``; a masked row keeps its names, and
        no number.
    min_cell
        Smallest count that is published.
    kind
        What was released: ``months``, ``balance``, ``curves`` and so on.
    result
        The released numbers in the shape that they had before, for the figures; None
        where there is none.
    further
        The result's other tables, by name, each with a column ``masked``.
    note
        What should be known about these numbers; empty when there is nothing.
    periods
        Months behind each row of the table of months.

    Examples
    --------
    >>> import evalkit as ek
    >>> import pandas as pd
    >>> people = pd.DataFrame({"treat": [1] * 4 + [0] * 36, "y": [1, 0] * 20})
    >>> cohort = ek.Cohort.from_frame(people, group="treat", outcome="y")
    >>> ek.release(ek.compare(cohort)).to_frame()["masked"].tolist()
    [True, True]
    """

    table: pd.DataFrame
    min_cell: int
    kind: str = "months"
    result: Any = None
    further: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    note: str = ""
    periods: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the released table (a copy)."""
        return self.table.copy()

    def tally(self) -> Tally:
        """Count wins, ties and losses over the months that are published.

        Shares are compared in whole per cent, as published figures show them.

        Returns
        -------
        Tally
            Wins, ties and losses, with the two-sided sign test.

        Raises
        ------
        EstimationError
            If it is no comparison of months.
        """
        if self.kind != "months":
            raise EstimationError(
                f"There are no months to count in {self.kind!r}.",
                hint="Release a comparison: release(compare(cohort)).tally().",
            )
        months = self.table[:-1].dropna(subset="estimate")
        pilot, control = (
            whole_percent(months[f"{group}_events"], months[f"n_{group}"])
            for group in ("pilot", "control")
        )
        return tally_of(np.sign((pilot - control).to_numpy(float)))


def names_of(table: pd.DataFrame) -> list[str]:
    """Return the names of a table's columns."""
    return [str(name) for name in table.columns]


def numbers_of(table: pd.DataFrame) -> list[str]:
    """Return the names of the columns that hold numbers."""
    return names_of(table.select_dtypes("number"))


def checked_cell(min_cell: int) -> int:
    """Return the smallest cell, or say that it is none."""
    if min_cell < 1:
        raise EstimationError(
            f"`min_cell` must be 1 or more, got {min_cell}.", hint="5 is customary."
        )
    return min_cell
