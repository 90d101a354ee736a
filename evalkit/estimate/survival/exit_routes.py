"""Exit routes: how large a part of each group has left to where, week by week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.cohort.week_counts import WeekCounts, people_of
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.effect import joined
from evalkit.estimate.survival.durations import Durations
from evalkit.estimate.survival.gray import gray_tests, no_gray_tests
from evalkit.estimate.survival.incidence import cumulative_incidence
from evalkit.estimate.survival.incidence_errors import (
    clustered_errors,
    plain_errors,
    reweighed_errors,
)
from evalkit.estimate.survival.route_tables import RouteTables, in_order
from evalkit.estimate.survival.supported import from_supported_week
from evalkit.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock
    from evalkit.estimate.survival.risk_sets import RiskSets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExitRoutes(Result):
    """How large a part of each group has left unemployment, and where to.

    Attributes
    ----------
    table
        One row per group, route and week: group, exit_to, weeks, incidence (the share
        that has left by this route by the end of the week), se, ci_low, ci_high. What
        the routes leave is still unemployed.
    differences
        Pilot minus control, one row per route and week that both groups reach:
        exit_to, weeks, pilot, control, estimate, se, ci_low, ci_high, p_value.
    gray
        Gray's test of each route: exit_to, statistic, df, p_value.
    naive
        group, exit_to, weeks, naive: one minus Kaplan-Meier, other routes taken as
        censoring. Too much; here only to show how much too much.
    counts
        What it rests on: group, exit_to, weeks, at_risk, exits. Weighted: sums of
        weights.
    clock
        ``entry`` or ``registration``.
    start
        The shares are of people who have lasted this many weeks; 0: of all.
    level
        Level of the confidence intervals.
    method
        Where the standard errors are from: ``gray``, ``clustered`` or ``bootstrap``.
    note
        What should be known about these shares; empty when there is nothing.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    gray: pd.DataFrame
    naive: pd.DataFrame
    counts: pd.DataFrame
    clock: Clock
    start: int
    level: float
    method: str
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def routes(self) -> tuple[str, ...]:
        """Routes in the order of the table."""
        return tuple(self.table["exit_to"].unique())

    @property
    def horizon(self) -> int:
        """Last week to which both groups are followed; 0 if one of them is empty."""
        return int(self.differences["weeks"].max()) if len(self.differences) else 0

    def at(self, weeks: int) -> pd.DataFrame:
        """Return the shares of both groups at the end of a week."""
        return _of_week(self.table, weeks, self.horizon)

    def difference(self, weeks: int) -> pd.DataFrame:
        """Return the difference of each route at the end of a week."""
        return _of_week(self.differences, weeks, self.horizon)


def _of_week(table: pd.DataFrame, weeks: int, horizon: int) -> pd.DataFrame:
    found = table[table["weeks"] == weeks].reset_index(drop=True)
    if weeks > horizon or found.empty:
        raise EstimationError(
            f"Week {weeks} is not one to which both groups are followed.",
            hint=f"Both are followed to week {horizon}.",
        )
    return found


def exit_routes(
    cohort: Cohort | WeekCounts,
    *,
    clock: Clock = "entry",
    weights: Weights | None = None,
    strata: str | None = None,
    start: int | None = None,
    bootstrap: Bootstrap | None = None,
) -> ExitRoutes:
    r"""Estimate how large a part of each group has left unemployment, and where to.

    The cumulative incidence of Aalen and Johansen [1]_: of all who were unemployed at
    time zero, the share that has left by this route. Who left by another route can no
    longer leave by this one; taking them as censored, one minus Kaplan-Meier, would
    overstate every route. Who left to an unknown place left the register: that is not
    proof of a job. Deaths, moves, the end of the register and of benefits (the plan's
    ``censor_weeks``) are censoring. Groups that were not randomly assigned differ in
    more than the pilot; weights make them alike in what was measured.

    Parameters
    ----------
    cohort
        People, or counts of them, with the weeks observed, whether they ended in an
        exit, and where to.
    clock
        ``"entry"``: weeks since time zero. ``"registration"``: weeks since unemployment
        began; people enter late, with the weeks that they already had.
    weights
        Weights of the cohort's rows, from `evalkit.weigh`.
    strata
        Column whose values Gray's test compares within, such as ``"month"``. None: the
        whole groups. The shares are always those of whole groups.
    start
        Show the shares among those who have lasted this many weeks. None: everybody on
        the clock of entry; on that of registration the earliest supported week, as in
        `evalkit.survival_curves`.
    bootstrap
        Number of replicates and seed, for weights. None: the usual ones.

    Returns
    -------
    ExitRoutes
        Every week from 1 (or the first after `start`) to the last with somebody at
        risk; routes in the order work, training, entrepreneur, service, other, unknown.

    Raises
    ------
    EstimationError
        If the clock is unknown, or the cohort has no such columns.

    Notes
    -----
    With :math:`Y_j` people at risk in week j (``entry < j <= end``), of whom
    :math:`d_{kj}` leave by route k and :math:`d_j` in all,
    :math:`F_k(t) = \sum_{j \le t} S_{j-1} d_{kj} / Y_j` and
    :math:`S_t = \prod_{j \le t} (1 - d_j / Y_j)`. The routes' shares and the share
    still unemployed add up to one.

    Standard errors: of Gray [2]_, as in the R package cmprsk. People who recur do not
    leave independently: the error is then from the infinitesimal jackknife, summed
    within people over both groups, with the factor G / (G - 1) for G people. With
    weights, people are drawn again and weighed again; not so for matching, where the
    matches are taken as given. Intervals are symmetric for
    :math:`\log(-\log(1 - F))` [3]_, as those of survival curves are.

    Gray's test [2]_ compares whole curves, with rho = 0. It assumes that everybody is
    at risk from the first week, and has no weighted form: NaN where people enter late
    or are weighted. Where people recur its variance is that of the people's sums.

    References
    ----------
    .. [1] Aalen OO, Johansen S (1978). An empirical transition matrix for
       non-homogeneous Markov chains based on censored observations. Scandinavian
       Journal of Statistics 5, 141-150.
    .. [2] Gray RJ (1988). A class of K-sample tests for comparing the cumulative
       incidence of a competing risk. Annals of Statistics 16, 1141-1154.
    .. [3] Kalbfleisch JD, Prentice RL (2002). The statistical analysis of failure time
       data, 2nd ed. Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 2, 2, 1, 2, 2, 2],
    ...         "left": [1, 1, 1, 0, 1, 1, 0, 0],
    ...         "to": ["work", "work", "other", "", "other", "work", "", ""],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     exit_to="to",
    ... )
    >>> routes = exit_routes(cohort)
    >>> routes.at(2)[["group", "exit_to", "incidence", "se"]].round(3)
         group exit_to  incidence     se
    0    pilot    work       0.50  0.300
    1    pilot   other       0.25  0.264
    2  control    work       0.25  0.264
    3  control   other       0.25  0.250
    >>> routes.difference(2)[["exit_to", "estimate", "se"]].round(3)
      exit_to  estimate     se
    0    work      0.25  0.400
    1   other      0.00  0.363
    """
    durations = _durations(cohort, clock, weights, start)
    sets = durations.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes)
    recur = durations.person is not None and bool(durations.person.duplicated().any())
    if weights is not None and weights.method != "matching":
        people = people_of(cohort, "Weights")
        errors = reweighed_errors(people, durations, weights, bootstrap or Bootstrap())
    elif weights is not None or recur:
        errors = clustered_errors(durations, found)
    else:
        errors = plain_errors(found)
    gray, gray_note = _gray(cohort, durations, sets, strata, recur=recur)
    shares = RouteTables(
        durations=durations, found=found, errors=errors, level=cohort.level
    )
    return ExitRoutes(
        table=shares.table(),
        differences=shares.differences(),
        gray=gray,
        naive=shares.naive(),
        counts=shares.counts(),
        clock=clock,
        start=durations.start,
        level=cohort.level,
        method=errors.method,
        note=joined(durations.note, gray_note, errors.note, _end_note(cohort)),
    )


def _durations(
    cohort: Cohort | WeekCounts,
    clock: Clock,
    weights: Weights | None,
    start: int | None,
) -> Durations:
    """Return the durations from the week that is looked at on.

    With weights all rows stay, those of weight zero too, since they may have another
    weight when people are drawn again.
    """
    start = 0 if start is None and clock == "entry" else start
    if weights is None:
        return from_supported_week(Durations.of(cohort, clock), start)
    used = from_supported_week(Durations.of(cohort, clock, weights=weights), start)
    everybody = Durations.of(cohort, clock).after(used.start)
    weight = np.asarray(weights.values, dtype=np.float64)
    return replace(everybody, weights=weight[everybody.rows], note=used.note)


def _gray(
    cohort: Cohort | WeekCounts,
    durations: Durations,
    sets: RiskSets,
    strata: str | None,
    *,
    recur: bool,
) -> tuple[pd.DataFrame, str]:
    """Return Gray's test of each route, or why there is none."""
    compared = durations
    if strata is not None:
        compared = Durations.of(cohort, durations.clock, strata=strata)
        sets = compared.risk_sets(by_stratum=True, routes=True)
    late = bool((compared.entry > 0).any()) or durations.start > 0
    if durations.weights is not None:
        why = "there is no weighted form of Gray's test"
    elif late:
        why = "Gray's test is not for people who enter late"
    elif not all(compared.sizes):
        why = "Gray's test needs people of both groups"
    else:
        note = "people recur: Gray's test with the variance of the people's sums"
        return in_order(gray_tests(compared, sets, recur=recur)), note if recur else ""
    return in_order(no_gray_tests(compared.routes)), why


def _end_note(cohort: Cohort | WeekCounts) -> str:
    plan = None if isinstance(cohort, WeekCounts) else cohort.protocol
    limit = plan.follow_up.censor_weeks if plan else None
    return f"durations end at {limit} weeks of unemployment" if limit else ""
