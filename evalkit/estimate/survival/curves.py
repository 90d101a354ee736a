"""Survival curves: how large a part of each group is still unemployed, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.effect import joined
from evalkit.estimate.survival.durations import GROUPS, Durations
from evalkit.estimate.survival.exit_residuals import survival_residuals
from evalkit.estimate.survival.kaplan_meier import (
    KaplanMeier,
    half_life,
    log_log_interval,
)
from evalkit.estimate.survival.reweighing import (
    MATCHING_NOTE,
    replicated,
    reweighed,
)
from evalkit.estimate.survival.supported import from_supported_week
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock
    from evalkit.estimate.survival.risk_sets import RiskSets

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurves(Result):
    """The part of each group that is still unemployed, week by week.

    Attributes
    ----------
    table
        One row per group and week: group, weeks, at_risk, events, survival, se, ci_low,
        ci_high. Weighted: at_risk and events are sums of weights.
    medians
        One row per group: group, rows, median (weeks), ci_low, ci_high; NaN where the
        curve, or its limit, stays above a half.
    clock
        ``entry`` or ``registration``.
    start
        The curves are those of people who have lasted this many weeks; 0: of all.
    level
        Level of the confidence intervals.
    method
        Where the standard errors are from: ``greenwood``, ``clustered``, or
        ``bootstrap``.
    note
        What should be known about these curves; empty when there is nothing.
    """

    table: pd.DataFrame
    medians: pd.DataFrame
    clock: Clock
    start: int
    level: float
    method: str
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    def at(self, weeks: int | Iterable[int]) -> pd.DataFrame:
        """Return the rows of one week or of some."""
        wanted = [weeks] if isinstance(weeks, int) else list(weeks)
        return self.table[self.table["weeks"].isin(wanted)].reset_index(drop=True)


def survival_curves(
    cohort: Cohort | WeekCounts,
    *,
    clock: Clock = "entry",
    weights: Weights | None = None,
    start: int | None = None,
    bootstrap: Bootstrap | None = None,
) -> SurvivalCurves:
    r"""Estimate how large a part of each group is still unemployed, week by week.

    The Kaplan-Meier curve [1]_. Leaving unemployment is the event, wherever to: not
    proof of a job. Deaths, moves and the end of the register are censoring. Not for
    one route among several: one minus such a curve overstates it, see
    `evalkit.exit_routes`. Curves of groups that were not randomly assigned are
    descriptive; weights make the groups alike in what was measured.

    Parameters
    ----------
    cohort
        People, or counts of them, with the weeks observed and whether they ended in an
        exit.
    clock
        ``"entry"``: weeks since time zero. ``"registration"``: weeks since unemployment
        began; people enter late, with the weeks that they already had.
    weights
        Weights of the cohort's rows, from `evalkit.weigh`.
    start
        Show the survival of those who have lasted this many weeks. None: everybody on
        the clock of entry; on that of registration the earliest week from which both
        groups have at least 30 people at risk (or half of their largest risk set).
    bootstrap
        Number of replicates and seed, for weighted curves. None: the usual ones.

    Returns
    -------
    SurvivalCurves
        Every week from 1 (or the first after `start`) to the last with somebody at
        risk.

    Raises
    ------
    EstimationError
        If the clock is unknown, or the cohort has no such columns.

    Notes
    -----
    With :math:`n_t` people at risk in week t (``entry < t <= end``) and :math:`d_t`
    exits, :math:`S_t = \prod_{s \le t} (1 - d_s / n_s)`; its standard error is
    Greenwood's [2]_, :math:`S_t \sqrt{\sum d_s / (n_s (n_s - d_s))}`, and its interval
    is symmetric for :math:`\log(-\log S)` [3]_. The median's interval holds the weeks
    in which the interval of survival holds a half [4]_.

    People who recur within a group do not leave independently: the standard error is
    then from the infinitesimal jackknife [5]_, summed within people, with the factor
    G / (G - 1) for G people. Where nobody recurs, and all enter at 0, it is
    Greenwood's.

    Weighted curves: people are drawn again and weighed again [6]_, since an error that
    takes the weights as known is wrong. Not so for matching, for which a bootstrap is
    wrong: there the matches are taken as given.

    References
    ----------
    .. [1] Kaplan EL, Meier P (1958). Nonparametric estimation from incomplete
       observations. Journal of the American Statistical Association 53, 457-481.
    .. [2] Greenwood M (1926). The natural duration of cancer. Reports on Public Health
       and Medical Subjects 33. HMSO.
    .. [3] Kalbfleisch JD, Prentice RL (2002). The statistical analysis of failure time
       data, 2nd ed. Wiley.
    .. [4] Brookmeyer R, Crowley J (1982). A confidence interval for the median survival
       time. Biometrics 38, 29-41.
    .. [5] Therneau TM, Grambsch PM (2000). Modeling survival data: extending the Cox
       model. Springer.
    .. [6] Austin PC (2016). Variance estimation when using inverse probability of
       treatment weighting (IPTW) with survival analysis. Statistics in Medicine 35,
       5642-5655.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 0, 0, 0],
    ...         "weeks": [1, 2, 3, 2, 4, 4],
    ...         "left": [1, 1, 0, 1, 1, 0],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> curves = survival_curves(cohort)
    >>> curves.to_frame()[["group", "weeks", "at_risk", "events", "survival"]].round(3)
         group  weeks  at_risk  events  survival
    0    pilot      1        3       1     0.667
    1    pilot      2        2       1     0.333
    2    pilot      3        1       0     0.333
    3  control      1        3       0     1.000
    4  control      2        3       1     0.667
    5  control      3        2       0     0.667
    6  control      4        2       1     0.333
    >>> curves.medians[["group", "median"]]
         group  median
    0    pilot     2.0
    1  control     4.0
    """
    durations = Durations.of(cohort, clock, weights=weights, with_routes=False)
    durations = from_supported_week(durations, start)
    sets = durations.risk_sets()
    curve = KaplanMeier.of(sets)
    if weights is None or weights.method == "matching":
        se, method = _formula(durations, curve)
        note = MATCHING_NOTE if weights else ""
    else:
        replicates = reweighed(cohort, weights, bootstrap or Bootstrap())
        everybody = Durations.of(cohort, clock, with_routes=False).after(
            durations.start
        )
        se, note = replicated(replicates, everybody, _survival)
        method = "bootstrap"
    limits = log_log_interval(curve.survival, se[:, : len(sets.weeks)], cohort.level)
    table = _table(durations, sets, curve, (se, *limits))
    return SurvivalCurves(
        table=table,
        medians=_medians(table, durations),
        clock=clock,
        start=durations.start,
        level=cohort.level,
        method=method,
        note=joined(durations.note, note, durations.missing_group_note),
    )


def _survival(durations: Durations) -> Array:
    return KaplanMeier.of(durations.risk_sets()).survival


def _formula(durations: Durations, curve: KaplanMeier) -> tuple[Array, str]:
    """Return Greenwood's errors, or clustered ones where rows are not independent."""
    if durations.weights is None and not durations.has_recurring(within_groups=True):
        return curve.greenwood, "greenwood"
    se = np.zeros_like(curve.survival)
    person = durations.cluster()
    people = [np.unique(person[durations.group == g]).size for g in range(len(GROUPS))]
    factor = np.array([n / (n - 1) if n > 1 else np.nan for n in people])
    cluster = len(GROUPS) * person + durations.group
    n_clusters = int(cluster.max(initial=0)) // len(GROUPS) + 1
    for week, influence in survival_residuals(durations, curve):
        sums = np.bincount(cluster, influence, len(GROUPS) * n_clusters)
        squares = (sums.reshape(n_clusters, len(GROUPS)) ** 2).sum(axis=0)
        se[:, week - 1 :] = np.sqrt(factor * squares)[:, None]
    everybody_left = curve.survival <= 0
    return np.where(everybody_left, np.nan, se), "clustered"


def _table(
    durations: Durations,
    sets: RiskSets,
    curve: KaplanMeier,
    precision: tuple[Array, Array, Array],
) -> pd.DataFrame:
    """Return the rows of both groups, each to its last week with somebody at risk."""
    counted = durations.weights is None
    at_risk = sets.n_at_risk if counted else sets.at_risk
    events = sets.n_events if counted else sets.events
    parts = []
    for number, group in enumerate(GROUPS):
        last = int(np.flatnonzero(sets.n_at_risk[number]).max(initial=-1)) + 1
        shown = slice(durations.start, last)
        se, low, high = (column[number, shown] for column in precision)
        columns: dict[str, Any] = {
            "group": group,
            "weeks": sets.weeks[shown],
            "at_risk": at_risk[number, shown],
            "events": events[number, shown],
            "survival": curve.survival[number, shown],
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _medians(table: pd.DataFrame, durations: Durations) -> pd.DataFrame:
    rows = []
    for group, size in zip(GROUPS, durations.sizes, strict=True):
        curve = table[table["group"] == group]
        columns = (curve[name].to_numpy(float) for name in _LIMITS)
        median, low, high = (durations.start + week for week in half_life(*columns))
        rows.append((group, size, median, low, high))
    names = ["group", "rows", "median", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


_LIMITS = ("survival", "ci_low", "ci_high")
