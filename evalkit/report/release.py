"""What may leave the building: one decision, before any table or figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.months.tally import Tally, tally_of, whole_percent
from evalkit.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

_SIZES = ["n_pilot", "n_control"]
_EVENTS = ["pilot_events", "control_events"]
_STRICT_EVENTS = ["strict_pilot_events", "strict_control_events"]
_STRICT = ["strict", "strict_ci_low", "strict_ci_high"]
_SHARES = ["pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value"]
_SAID = {"month", "level", "method", "masked", "note"}
_DECIMALS = 3  # a tenth of a percentage point


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released(Result):
    """A comparison that may leave the building.

    Attributes
    ----------
    table
        The comparison's table with a column ``masked``; a masked row keeps its month,
        level and method, and no number.
    min_cell
        Smallest count that is published.
    """

    table: pd.DataFrame
    min_cell: int

    def to_frame(self) -> pd.DataFrame:
        """Return the released table (a copy): months, then ``pooled``."""
        return self.table.copy()

    def tally(self) -> Tally:
        """Count wins, ties and losses over the months that are published.

        Shares are compared in whole per cent, as published figures show them.
        """
        months = self.table[:-1].dropna(subset="estimate")
        pilot, control = (
            whole_percent(months[f"{group}_events"], months[f"n_{group}"])
            for group in ("pilot", "control")
        )
        return tally_of(np.sign((pilot - control).to_numpy(float)))


def release(comparison: Result, *, min_cell: int = 5) -> Released:
    """Mask every number of a comparison from which a small count could be had.

    Parameters
    ----------
    comparison
        A `Comparison`: one row per month and a last row ``pooled``.
    min_cell
        Smallest count that is published: 5; many offices use 3 or 10.

    Returns
    -------
    Released
        The table with a column ``masked``.

    Raises
    ------
    EstimationError
        If `min_cell` is below 1.

    Notes
    -----
    1. *Small months.* A month is masked where a group's size, its people not
       unemployed or its unemployed are fewer than `min_cell`. None at all counts as
       few: 0 % and 100 % tell the status of everybody in the group. A group without
       people (no draw, pilot paused) is no secret: its numbers are missing, not masked.
    2. *The whole row.* A share with its size gives the count; so does an estimate
       with its standard error, an interval or a p-value. All of them go.
    3. *Pooled minus months.* Counts add up, so the masked months' sum can be had from
       the pooled row. The next smallest month is masked until there are two masked
       months or more, and their sum itself is no small count. Where that cannot be
       reached the pooled row is masked as well.
    4. *The pooled estimate.* It is a known function of the months' counts: with all its
       digits a computer could try which whole numbers fit. Where a month is masked the
       pooled shares and difference are rounded to a tenth of a percentage point.
    5. *The strict reading.* Beside the outcome it tells how many people are in services
       or training, often a few. It is given where that count and its own counts are
       large enough and known; its pooled value is rounded where a month's is withheld.
    6. *People.* `n_unknown` below `min_cell` (but not 0) is withheld, also in the note,
       and then the pooled one is. `n_people` is withheld where it differs from the sum
       of the groups by so few: they would be people counted twice.

    Not covered: the difference between two reports (last month's and this one's, or two
    values of `min_cell`), and what another table of the same people tells. Release one
    table, once, and keep what was released.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame(
    ...     {
    ...         "group": [1] * 3 + [0] * 40 + [1] * 80 + [0] * 80,
    ...         "y": [1, 0, 1] + [1, 0] * 100,
    ...         "month": ["2021-01"] * 43 + ["2021-02"] * 160,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(people, group="group", outcome="y", month="month")
    >>> print(release(compare(cohort)).to_frame()[["month", "n_pilot", "masked"]])
         month  n_pilot  masked
    0  2021-01      NaN    True
    1  2021-02      NaN    True
    2   pooled     83.0   False
    """
    if min_cell < 1:
        raise EstimationError(
            f"`min_cell` must be 1 or more, got {min_cell}.", hint="5 is customary."
        )
    table = comparison.to_frame().reset_index(drop=True)
    is_month = (table["month"] != "pooled").to_numpy()
    months, pooled = table[is_month], table[~is_month]
    table["masked"] = np.concatenate(
        [_masked_months(months, min_cell), _is_small(pooled, min_cell)]
    )
    return Released(table=_blank(table, is_month, min_cell), min_cell=min_cell)


def _is_small(rows: pd.DataFrame, min_cell: int) -> Flags:
    """Tell which rows have a small size, count of events or complement.

    A group without people has no cell; NaN events (an outcome that is no share) are
    never small.
    """
    sizes = rows[_SIZES].to_numpy(float)
    events = np.where(sizes > 0, rows[_EVENTS].to_numpy(float), np.nan)
    sizes = np.where(sizes > 0, sizes, np.nan)
    cells = np.hstack([sizes, events, sizes - events])
    return np.asarray((cells < min_cell).any(axis=1))


def _masked_months(months: pd.DataFrame, min_cell: int) -> Flags:
    """Mask the small months, and others until nothing follows from the totals."""
    masked = _is_small(months, min_cell)
    sizes = months[_SIZES].min(axis=1).to_numpy()
    for row in np.argsort(sizes, kind="stable"):
        if sizes[row] > 0 and _follows_from_totals(months, masked, min_cell):
            masked[row] = True
    return masked


def _follows_from_totals(months: pd.DataFrame, masked: Flags, min_cell: int) -> bool:
    """Tell whether pooled minus the published months reveals a small count.

    The pooled row counts the months that have both groups.
    """
    hidden = months[masked & (months[_SIZES] > 0).all(axis=1).to_numpy()]
    if hidden.empty:
        return False
    return len(hidden) == 1 or bool(_is_small(_total(hidden), min_cell).any())


def _total(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[_SIZES + _EVENTS].sum(min_count=1).to_frame().T


def _blank(table: pd.DataFrame, is_month: Flags, min_cell: int) -> pd.DataFrame:
    """Take out, or round, every number that may not leave."""
    table = table.astype(dict.fromkeys([*_SIZES, *_EVENTS], float))
    table = _without_few_people(table, is_month, min_cell)
    few = _few_in_services(table, min_cell)
    table.loc[few, _STRICT] = np.nan
    table = table.drop(columns=_STRICT_EVENTS)
    masked = table["masked"].to_numpy()
    if masked[is_month].any():
        table.loc[~is_month, _SHARES] = table.loc[~is_month, _SHARES].round(_DECIMALS)
    if (masked | few)[is_month].any():
        table.loc[~is_month, _STRICT] = table.loc[~is_month, _STRICT].round(_DECIMALS)
    table.loc[masked, [name for name in table if name not in _SAID]] = np.nan
    table.loc[masked, "note"] = f"masked: a count below {min_cell} could be worked out"
    return table


def _without_few_people(
    table: pd.DataFrame, is_month: Flags, min_cell: int
) -> pd.DataFrame:
    """Withhold small counts of unknown outcomes and of people counted twice."""
    unknown = table["n_unknown"].to_numpy(float)
    people = table["n_people"].to_numpy(float)
    few_unknown = (unknown > 0) & (unknown < min_cell)
    few_unknown |= ~is_month & few_unknown.any()
    known = table[_SIZES].sum(axis=1).to_numpy(float)
    twice = np.abs(known - people)
    few_twice = (twice > 0) & (twice < min_cell)
    return table.assign(
        n_people=np.where(few_twice, np.nan, people),
        n_unknown=np.where(few_unknown, np.nan, unknown),
    )


def _few_in_services(table: pd.DataFrame, min_cell: int) -> Flags:
    """Tell where the strict reading would reveal a small count, or might."""
    strict = table[_STRICT_EVENTS].to_numpy(float)
    in_services = table[_EVENTS].to_numpy(float) - strict
    if not (in_services > 0).any():  # a register without services tells nothing new
        return np.zeros(len(table), dtype=bool)
    there = table[_SIZES].to_numpy() > 0
    small = (np.minimum(strict, in_services) < min_cell) & there
    return np.asarray(small.any(axis=1))
