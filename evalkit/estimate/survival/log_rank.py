"""The log-rank test: whether both groups leave unemployment at the same pace."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from evalkit.cohort.week_counts import people_of
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.effect import joined, normal_p_value
from evalkit.estimate.survival.durations import GROUPS, Durations
from evalkit.estimate.survival.exit_residuals import exit_residuals
from evalkit.estimate.survival.reweighing import (
    MATCHING_NOTE,
    replicated,
    reweighed,
)
from evalkit.results import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock
    from evalkit.estimate.survival.risk_sets import RiskSets

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank(Result):
    """A test of equal hazards of leaving unemployment.

    Attributes
    ----------
    statistic, df, p_value
        Chi-square statistic, its degrees of freedom (1) and p-value; NaN where nobody
        left, or one group is empty.
    pilot, control
        Exits of each group.
    pilot_expected, control_expected
        Exits to be expected if both left at the same pace.
    n_pilot, n_control
        Rows of each group.
    clock
        ``entry`` or ``registration``.
    strata
        Column of the strata; empty for none.
    method
        ``log-rank``: hypergeometric variance. ``robust-score``: summed within people.
        ``bootstrap``: people drawn again and weighed again.
    note
        What should be known about this test; empty when there is nothing.
    """

    statistic: float
    df: int
    p_value: float
    pilot: float
    control: float
    pilot_expected: float
    control_expected: float
    n_pilot: int
    n_control: int
    clock: Clock
    strata: str
    method: str
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row with a column for each attribute."""
        return pd.DataFrame(
            [{field.name: getattr(self, field.name) for field in fields(self)}]
        )


def log_rank(
    cohort: Cohort | WeekCounts,
    *,
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    robust: bool | None = None,
    bootstrap: Bootstrap | None = None,
) -> LogRank:
    r"""Test whether both groups leave unemployment at the same pace.

    Has most power where the hazards are proportional, and may miss curves that cross;
    says nothing about the size of a difference, see `evalkit.rmst_difference`. A
    comparison of groups that were not randomly assigned stays one, whatever its
    p-value.

    Parameters
    ----------
    cohort
        People, or counts of them, with the weeks observed and whether they ended in an
        exit.
    clock
        ``"entry"``: weeks since time zero. ``"registration"``: weeks since unemployment
        began; people are compared with those who have been unemployed as long, and
        enter late.
    strata
        Column within whose values people are compared, such as ``"month"``.
    weights
        Weights of the cohort's rows, from `evalkit.weigh`.
    robust
        Whether rows of the same person may depend on each other. None: if people
        recur.
    bootstrap
        Number of replicates and seed, where there are weights. None: the usual ones.

    Returns
    -------
    LogRank
        With one degree of freedom.

    Raises
    ------
    EstimationError
        If the clock is unknown, or the cohort has no such columns.

    Notes
    -----
    In each week with :math:`d` exits among :math:`n = n_1 + n_0` people at risk,
    :math:`d n_1 / n` exits of pilots are expected, with the hypergeometric variance
    [1]_ :math:`d (n - d) n_1 n_0 / (n^2 (n - 1))`. Observed minus expected, U, and
    variances V are summed over weeks and strata; the statistic is
    :math:`U^2 / V`. People who enter late count from their entry on.

    The robust test replaces V with :math:`\sum_i u_i^2`, where :math:`u_i` sums
    :math:`\sum_t (Z_i - n_{1t} / n_t)(\Delta N_{it} - Y_{it} d_t / n_t)` over the rows
    of a person [2]_: the score test of a Cox model with Breslow's ties. With weights V
    is the variance of U over people drawn again and weighed again.

    References
    ----------
    .. [1] Mantel N (1966). Evaluation of survival data and two new rank order
       statistics arising in its consideration. Cancer Chemotherapy Reports 50, 163-170.
    .. [2] Lin DY, Wei LJ (1989). The robust inference for the Cox proportional hazards
       model. Journal of the American Statistical Association 84, 1074-1078.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 2, 3, 2, 4, 5, 5],
    ...         "left": [1, 1, 1, 1, 1, 1, 1, 0],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> test = log_rank(cohort)
    >>> f"{test.statistic:.3f} (p {test.p_value:.3f})"
    '4.161 (p 0.041)'
    """
    durations = Durations.of(
        cohort, clock, weights=weights, strata=strata, with_routes=False
    )
    weeks = GroupWeeks.of(durations.risk_sets(by_stratum=True))
    recurring = durations.has_recurring() if robust is None else robust
    note = ""
    if weights is not None and weights.method != "matching":
        everybody = Durations.of(cohort, clock, strata=strata, with_routes=False)
        replicates = reweighed(cohort, weights, bootstrap or Bootstrap())
        spread, note = replicated(replicates, everybody, _excess)
        method, variance = "bootstrap", float(spread[0]) ** 2
    elif recurring or weights is not None:
        people_of(cohort, "Robust tests")
        method, variance = "robust-score", _robust_variance(durations, weeks)
        note = MATCHING_NOTE if weights else ""
    else:
        method, variance = "log-rank", weeks.variance
    return _log_rank(durations, weeks, variance=variance, method=method, note=note)


def _log_rank(
    durations: Durations, weeks: GroupWeeks, *, variance: float, method: str, note: str
) -> LogRank:
    """Return the result for a variance of the pilots' excess of exits."""
    statistic = weeks.excess**2 / variance if variance > 0 else math.nan
    observed, expected = weeks.observed, weeks.expected
    n_pilot, n_control = durations.sizes
    never = "" if variance > 0 else "no exit in a week with both groups at risk"
    return LogRank(
        statistic=statistic,
        df=1,
        p_value=normal_p_value(math.sqrt(statistic)),
        pilot=observed[0],
        control=observed[1],
        pilot_expected=expected[0],
        control_expected=expected[1],
        n_pilot=n_pilot,
        n_control=n_control,
        clock=durations.clock,
        strata=durations.stratified_by or "",
        method=method,
        note=joined(durations.note, note, durations.missing_group_note, never),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWeeks:
    """At risk and events of both groups: stratum x group x week."""

    at_risk: Array
    events: Array

    @classmethod
    def of(cls, sets: RiskSets) -> Self:
        """Return the tables of risk sets whose cells are the groups of each stratum."""
        shape = (-1, len(GROUPS), len(sets.weeks))
        return cls(
            at_risk=sets.at_risk.reshape(shape), events=sets.events.reshape(shape)
        )

    @property
    def hazard(self) -> Array:
        """Hazard of both groups together: stratum x 1 x week."""
        n, d = (
            table.sum(axis=1, keepdims=True) for table in (self.at_risk, self.events)
        )
        return np.asarray(np.divide(d, n, out=np.zeros_like(d), where=n > 0))

    @property
    def shares(self) -> Array:
        """Part of those at risk who are in each group."""
        n = self.at_risk.sum(axis=1, keepdims=True)
        nobody = np.zeros_like(self.at_risk)
        return np.asarray(np.divide(self.at_risk, n, out=nobody, where=n > 0))

    @property
    def observed(self) -> list[float]:
        """Exits of each group."""
        return [float(events) for events in self.events.sum(axis=(0, 2))]

    @property
    def expected(self) -> list[float]:
        """Exits of each group if both left at the same pace."""
        expected = (self.hazard * self.at_risk).sum(axis=(0, 2))
        return [float(events) for events in expected]

    @property
    def excess(self) -> float:
        """Exits of pilots beyond those expected."""
        return self.observed[0] - self.expected[0]

    @property
    def variance(self) -> float:
        """Hypergeometric variance of the excess."""
        n, d = self.at_risk.sum(axis=1), self.events.sum(axis=1)
        spread = d * (n - d) * self.shares.prod(axis=1)
        some = n > 1
        return float(np.divide(spread, n - 1, out=np.zeros_like(n), where=some).sum())


def _excess(durations: Durations) -> Array:
    return np.array([GroupWeeks.of(durations.risk_sets(by_stratum=True)).excess])


def _robust_variance(durations: Durations, weeks: GroupWeeks) -> float:
    """Return the sum over people of the squares of what they add to the excess."""
    in_pilot = np.array([1.0, 0.0])[:, None]
    factor = in_pilot - weeks.shares[:, :1]
    n_weeks = factor.shape[2]
    hazard = np.broadcast_to(weeks.hazard, factor.shape)
    score = exit_residuals(
        durations,
        durations.cell,
        factor.reshape(-1, n_weeks),
        hazard.reshape(-1, n_weeks),
    )
    if durations.weights is not None:
        score = score * durations.weights
    sums = np.bincount(durations.cluster(), score)
    return float(sums @ sums)
