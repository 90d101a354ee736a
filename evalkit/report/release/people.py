"""How many people a table may say that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.report.release.rounding import nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from evalkit.report.release.released import Released
    from evalkit.report.release.rounding import Array

GROUPS = ("pilot", "control")


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people of a study as its table of months counts them.

    Every other table counts by this. Almost the same people (those whose outcome is
    not known come to them, say) are told with the same number, since the difference
    would be a few of them; any others in multiples of `min_cell`.

    Attributes
    ----------
    pilot, control
        People of each group in the released pooled row; NaN where it is masked, or
        where nothing is known of it.
    min_cell
        Smallest count that is published.
    """

    min_cell: int
    pilot: float = np.nan
    control: float = np.nan

    @classmethod
    def of(cls, months: Released) -> Self:
        """Return the people of the released pooled row."""
        pooled = months.table.iloc[-1]
        return cls(
            pilot=float(pooled["n_pilot"]),
            control=float(pooled["n_control"]),
            min_cell=months.min_cell,
        )

    def counted(self, counts: ArrayLike, group: str) -> Array:
        """Return numbers of people of a group as they may be told."""
        n = np.asarray(counts, dtype=float)
        known = getattr(self, group)
        nearly = np.abs(n - known) < 2 * self.min_cell
        told = np.where(nearly, known, nearest(n, self.min_cell))
        return np.where(n < self.min_cell, np.nan, told)

    def in_table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table whose `n_pilot` and `n_control` may be told."""
        told = {
            f"n_{group}": self.counted(table[f"n_{group}"], group)
            for group in GROUPS
            if f"n_{group}" in table
        }
        return table.assign(**told)


def few(counts: ArrayLike, least: float) -> np.ndarray:
    """Tell which counts are some people, but fewer than `least`.

    Examples
    --------
    >>> few([0, 4, 5], 5).tolist()
    [False, True, False]
    """
    n = np.asarray(counts, dtype=float)
    return np.asarray((n > 0) & (n < least))
