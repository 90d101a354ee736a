"""The earliest week that enough people have lasted, and durations seen from it on.

On the clock of registration people enter late, and few are at risk in the first weeks:
one exit there would halve a curve for good. What can be told is the survival of those
who have lasted until some week, and this module finds that week.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.effect import joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations

_ENOUGH = 30


def from_supported_week(
    durations: Durations, start: int | None = None, *, by_stratum: bool = False
) -> Durations:
    """Return the durations from the earliest supported week on; the note says which.

    A week is supported if from it until the largest risk set at least 30 people, or
    half of the largest risk set where that is less, are at risk in each group (by
    stratum: in each group of each stratum). `start` names another week. On the clock of
    entry all are at risk from the first week on, and it is supported.
    """
    if start is None and durations.clock == "entry":
        return durations
    if start is None:
        at_risk = durations.risk_sets(by_stratum=by_stratum).n_at_risk
        start = max((_supported_from(row) for row in at_risk if row.any()), default=0)
    checked = _checked_start(start)
    lasting = durations.after(checked)
    if not checked:
        return lasting
    since = "time zero" if durations.clock == "entry" else "registration"
    note = (
        f"conditional on having lasted {checked} week(s) since {since} "
        f"({durations.exits_until(checked)} earlier exit(s) not used)"
    )
    return replace(lasting, note=joined(durations.note, note))


def _supported_from(at_risk: NDArray[np.int64]) -> int:
    """Return the last week before the largest risk set with too few at risk."""
    peak = int(at_risk.argmax())
    enough = min(_ENOUGH, at_risk[peak] / 2)
    few = np.flatnonzero(at_risk[:peak] < enough)
    return int(few[-1]) + 1 if few.size else 0


def _checked_start(start: int) -> int:
    if isinstance(start, bool) or start != int(start) or start < 0:
        raise EstimationError(
            f"`start` must be a whole number of weeks, zero or more, got {start!r}."
        )
    return int(start)
