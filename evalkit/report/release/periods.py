"""Months joined into periods until no count of a period is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.report.language.catalogue import calendar_month
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from evalkit.study.protocol import Break

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Rows = tuple[int, ...]

SIZES = ["n_pilot", "n_control"]
EVENTS = ["pilot_events", "control_events"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Months that are published as one row.

    Attributes
    ----------
    rows
        Their positions in the table of months.
    held
        Whether the period is still small: it is masked and in no total.
    """

    rows: Rows
    held: bool = False


def periods_of(
    months: pd.DataFrame,
    *,
    min_cell: int,
    walls: Collection[str] = (),
    published: Collection[tuple[str, ...]] = (),
) -> list[Period]:
    """Join months, in order, until no count of a period is small.

    From the first month on, months are added to a period until it is large enough;
    what is left at the end joins the period before it. This is done within each
    stretch between two walls first, and across walls only for a stretch that is small
    as a whole. A month without one of the groups stands alone, and is a wall. What an
    earlier report has published stays as it was cut: nothing is joined to it, or the
    difference of two reports would be what was joined.

    Parameters
    ----------
    months
        Counts of each month, in order.
    min_cell
        Smallest count that is published. A period of k months has k - 1 people more in
        each group: since nobody's month is empty, fewer would tell that each is small.
    walls
        Months with which something new begins.
    published
        Months of each period that an earlier report has published.
    """
    names = months["month"].tolist()
    lone = (months[SIZES].to_numpy() == 0).any(axis=1)
    cut = {name: period for period in published for name in period}

    sizes, events = (months[own].to_numpy(float) for own in (SIZES, EVENTS))

    def is_small(rows: Rows) -> bool:
        own = list(rows)
        size, event = sizes[own].sum(axis=0), events[own].sum(axis=0)
        few = (size > 0) & (size < min_cell + len(own) - 1)
        return bool(few.any() or small_cells(size, event, min_cell))

    found: list[Period] = []
    stretch: list[int] = []
    starts = {row for row, name in enumerate(names) if name in walls}
    for row, name in enumerate(names):
        if name in cut:
            found += _new_periods(stretch, starts, is_small)
            stretch = []
            if name == cut[name][0]:
                found.append(Period(rows=tuple(map(names.index, cut[name]))))
        elif lone[row]:
            found.append(Period(rows=(row,), held=is_small((row,))))
            starts.add(row + 1)
        else:
            stretch.append(row)
    found += _new_periods(stretch, starts, is_small)
    return sorted(found, key=lambda period: period.rows)


def is_small_row(rows: pd.DataFrame, min_cell: int) -> Flags:
    """Tell which rows have a small size, count of events or complement.

    A group without people has no cell; NaN events (an outcome that is no share) are
    never small.
    """
    sizes, events = (rows[own].to_numpy(float) for own in (SIZES, EVENTS))
    return small_cells(sizes, events, min_cell)


def small_cells(sizes: Array, events: Array, min_cell: int) -> Flags:
    """Tell where a size, events or a complement is small: over the last axis."""
    there = sizes > 0
    cells = np.stack([sizes, events, sizes - events])
    return np.asarray(((cells < min_cell) & there).any(axis=0).any(axis=-1))


def walls_of(breaks: Iterable[Break]) -> set[str]:
    """Return the months with which a declared break begins, or is over."""
    walls = set()
    for mark in breaks:
        walls.add(str(mark.first))
        after = None if mark.last is None else calendar_month(str(mark.last))
        if after is not None:
            walls.add(month_text(after + 1))
    return walls


def _new_periods(
    rows: Sequence[int],
    starts: Collection[int],
    is_small: Callable[[Rows], bool],
) -> list[Period]:
    """Join the months of a stretch that nothing has been published of."""
    parts: list[list[Rows]] = [[]]
    for row in rows:
        if parts[-1] and row in starts:
            parts.append([])
        parts[-1].append((row,))
    within = [period for part in parts for period in _joined(part, is_small)]
    across = _joined(within, is_small)
    return [Period(rows=period, held=is_small(period)) for period in across]


def _joined(periods: Sequence[Rows], is_small: Callable[[Rows], bool]) -> list[Rows]:
    """Add periods to one another until it is large; the rest joins the last one."""
    done: list[Rows] = []
    growing: Rows = ()
    for period in periods:
        growing += period
        if not is_small(growing):
            done.append(growing)
            growing = ()
    if growing and done:
        return [*done[:-1], done[-1] + growing]
    return [*done, growing] if growing else done
