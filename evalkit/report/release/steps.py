"""Weeks between which enough people leave, and after which enough are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def steps_of(
    weeks: Sequence[int],
    exits: Sequence[np.ndarray],
    staying: Sequence[np.ndarray],
    min_cell: float,
) -> list[int]:
    """Return the weeks at whose end curves may be shown, from the first on.

    A step is ended as soon as each group has as many exits in it, by each of its
    routes, and as many people still there. What comes after the last step is not
    shown: fewer people than that left in it, or stayed.

    Parameters
    ----------
    weeks
        Weeks that both groups are followed to, in order.
    exits
        For each group: route x week.
    staying
        For each group: people at risk after the exits of the week.
    min_cell
        Smallest count.

    Examples
    --------
    >>> exits = np.array([[3.0, 2.0, 9.0, 9.0]])
    >>> staying = np.array([40.0, 38.0, 29.0, 2.0])
    >>> steps_of([1, 2, 3, 4], [exits], [staying], 5)
    [2, 3]
    """
    shown: list[int] = []
    held = [np.zeros(len(routes)) for routes in exits]
    for place, week in enumerate(weeks):
        held = [
            sums + routes[:, place] for sums, routes in zip(held, exits, strict=True)
        ]
        left = min(group[place] for group in staying)
        if left >= min_cell and min(sums.min() for sums in held) >= min_cell:
            shown.append(week)
            held = [np.zeros_like(sums) for sums in held]
    return shown


def week_table(rows: pd.DataFrame, column: str, weeks: Sequence[int]) -> np.ndarray:
    """Return a group's numbers by route and week: route x week.

    Without routes there is one row.
    """
    if "exit_to" not in rows:
        rows = rows.assign(exit_to="all")
    by_week = rows.pivot_table(index="exit_to", columns="weeks", values=column)
    return by_week.reindex(columns=list(weeks)).fillna(0.0).to_numpy(float)
