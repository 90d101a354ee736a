"""What each row adds to the error of a curve: its exits less those expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations
    from evalkit.estimate.survival.kaplan_meier import KaplanMeier

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]


def exit_residuals(
    durations: Durations, cell: Codes, factor: Array, hazard: Array
) -> Array:
    r"""Return :math:`\sum_t f_t (\Delta N_{it} - Y_{it} h_t)` for each row i.

    A row's exit in week t counts :math:`f_t`, and each week at risk takes
    :math:`f_t h_t` off, whatever comes of it. Factor and hazard are tables of cell x
    week. Weights are not applied.
    """
    expected = np.cumsum(factor * hazard, axis=1)
    expected = np.column_stack([np.zeros(len(expected)), expected])
    entry, end = durations.entry, durations.end
    observed = durations.exited * factor[cell, end - 1]
    return np.asarray(observed - (expected[cell, end] - expected[cell, entry]))


def survival_residuals(
    durations: Durations, curve: KaplanMeier
) -> Iterator[tuple[int, Array]]:
    r"""Give for each week t the influence of each row on its group's survival.

    It is :math:`-S_t \sum_{s \le t} (\Delta N_{is} - Y_{is} h_s) / (n_s - d_s)`, the
    infinitesimal jackknife, times the weight. Weeks without an exit are left out.
    """
    group, entry, end = durations.group, durations.entry, durations.end
    factor = curve.per_survivor
    expected = np.cumsum(factor * curve.hazard, axis=1)
    expected = np.column_stack([np.zeros(len(expected)), expected])
    already = expected[group, entry]
    exit_counts = durations.exited * factor[group, end - 1]
    weight = 1.0 if durations.weights is None else durations.weights
    for week in np.flatnonzero(curve.events.any(axis=0)) + 1:
        due = expected[group, np.minimum(end, week)] - already
        residual = np.where(end <= week, exit_counts, 0.0) - np.maximum(due, 0.0)
        yield int(week), -curve.survival[group, week - 1] * weight * residual
