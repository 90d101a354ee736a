"""The hazard of leaving in an interval, for registers with a look once a month."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.week_counts import people_of
from evalkit.errors import EstimationError
from evalkit.estimate.effect import Effect, joined
from evalkit.estimate.groups.design_matrix import independent_columns
from evalkit.estimate.survival.cox import (
    coefficient_table,
    exit_rates,
    ratio_of,
    usual_errors,
)
from evalkit.estimate.survival.cox_model import (
    columns_of,
    dropped_note,
    errors_note,
    infinite_note,
)
from evalkit.estimate.survival.durations import Durations
from evalkit.estimate.survival.hazard_fit import chances, fit_hazard
from evalkit.estimate.survival.looks import Looks
from evalkit.estimate.survival.person_periods import (
    PersonPeriods,
    Spells,
    spells_by_looks,
    spells_by_weeks,
    whole_intervals,
)
from evalkit.estimate.survival.person_sums import summed_squares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock
    from evalkit.estimate.survival.hazard_fit import HazardFit

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Link = Literal["cloglog", "logit"]
Interval = int | Literal["look"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscreteTimeHazard(Effect):
    """How many times as fast the pilot's people leave, from intervals of time.

    `estimate` is a ratio of hazards (complementary log-log) or of odds (logit). The
    interval and the p-value are those of its logarithm. `pilot` and `control` are exits
    per week at risk.

    Attributes
    ----------
    coefficients
        Logarithms of the ratios: ``term`` (``pilot`` first), ``coef``, ``se``,
        ``ci_low``, ``ci_high``, ``p_value``.
    baseline
        ``interval, piece, pilot_at_risk, pilot_exits, control_at_risk, control_exits,
        chance``: the chance of a control (with average covariates, of the first
        stratum) to leave in a whole interval, as the model has it. Intervals of one
        piece share a level.
    interval
        Weeks of an interval, or ``look``: from one look at the register to the next.
    link
        ``cloglog`` or ``logit``.
    log_likelihood
        Of the model.
    clock
        ``entry`` or ``registration``.
    errors
        Where the standard errors are from: ``model`` or ``clustered``.
    """

    coefficients: pd.DataFrame
    baseline: pd.DataFrame
    interval: Interval
    link: str
    log_likelihood: float
    clock: str
    errors: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the ratio; the tables are attributes."""
        tables = ("coefficients", "baseline")
        names = [field.name for field in fields(self) if field.name not in tables]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def discrete_time_hazard(
    cohort: Cohort | WeekCounts,
    *,
    interval: Interval = "look",
    link: Link = "cloglog",
    covariates: Sequence[str] | None = (),
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    errors: Literal["clustered", "model"] | None = None,
) -> DiscreteTimeHazard:
    r"""Compare the chances to leave unemployment in an interval, such as a month.

    The honest model where only monthly snapshots are known: it says in which interval
    people left and claims no more. The complementary log-log link estimates the same
    hazard ratio as Cox's model in continuous time [1]_, the logit a ratio of odds [2]_.
    Where weeks are known, `evalkit.hazard_ratio` is sharper and needs no levels.

    Parameters
    ----------
    cohort
        People with ``weeks`` and ``exited``; with an interval in weeks, or counts of
        them.
    interval
        ``"look"``: from each counting day of the register to the next, from time zero
        on. A number: intervals of so many weeks.
    link
        ``"cloglog"`` or ``"logit"``.
    covariates
        Columns to adjust for. None: the cohort's. Empty: none.
    clock
        ``"entry"`` or, with an interval in weeks, ``"registration"``.
    strata
        Column whose values have levels of their own, such as ``"month"``.
    weights
        Weights of `evalkit.weigh`.
    errors
        ``"clustered"`` on the person, or ``"model"``: the inverse of the information.
        None: clustered where people recur or are weighted, else of the model.

    Returns
    -------
    DiscreteTimeHazard
        Logarithms are in `coefficients`, the levels in `baseline`.

    Raises
    ------
    EstimationError
        If the cohort has no durations or no looks, or an argument is not lawful.

    Notes
    -----
    With levels :math:`\alpha_j` of the intervals the chance to leave is
    :math:`1 - \exp(-e^{\alpha_j + x'\beta + \log \delta})`, where :math:`\delta` is
    the part of the interval for which the person was at risk: the first interval after
    time zero is rarely a whole month. The logit has no such part: of intervals in weeks
    it uses whole ones only, and a first look counts as a month. Intervals with fewer
    than ten exits share the level of their neighbours. Deaths and moves that were
    noticed at a look count as at risk until then.

    Errors are from the expected information; the clustered covariance sums each
    person's influence.

    References
    ----------
    .. [1] Prentice RL, Gloeckler LA (1978). Regression analysis of grouped survival
       data with application to breast cancer data. Biometrics 34, 57-67.
    .. [2] Allison PD (1982). Discrete-time methods for the analysis of event histories.
       Sociological Methodology 13, 61-98.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [2, 3, 3, 8, 3, 6, 7, 9],
    ...         "left": [1, 1, 1, 0, 1, 1, 0, 1],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> ratio = discrete_time_hazard(cohort, interval=4)
    >>> f"{ratio.estimate:.2f} ({ratio.ci_low:.2f} to {ratio.ci_high:.2f})"
    '1.87 (0.37 to 9.59)'
    """
    _checked(interval, link, clock, errors)
    durations = Durations.of(
        cohort, clock, weights=weights, strata=strata, with_routes=False
    )
    left = durations.exited
    x, terms, note = _columns(cohort, durations, covariates)
    spells = _spells(cohort, durations, interval, link)
    periods = PersonPeriods.of(
        spells, left, x, weights=durations.weights, counts=durations.counts
    )
    fit = fit_hazard(periods, link)
    covariance, kind = fit.covariance, errors or usual_errors(durations)
    if kind == "clustered":
        covariance = summed_squares(fit.influence, periods.row, durations)
    table = coefficient_table(terms, fit.coefficients, covariance, level=cohort.level)
    n_pilot, n_control = durations.sizes
    pilot, control = exit_rates(durations, left)
    lost = int((periods.row < 0).sum())
    return DiscreteTimeHazard(
        **ratio_of(table),
        pilot=pilot,
        control=control,
        n_pilot=n_pilot,
        n_control=n_control,
        level=cohort.level,
        method=f"discrete-{link}",
        note=joined(
            infinite_note(terms, fit.is_finite),
            durations.note,
            f"{lost} row(s) without an interval left out" if lost else "",
            note,
            errors_note(durations) if kind == "clustered" else "",
        ),
        coefficients=table,
        baseline=_baseline(periods, fit, link),
        interval=interval,
        link=link,
        log_likelihood=fit.log_likelihood,
        clock=clock,
        errors=kind,
    )


def _checked(interval: Interval, link: str, clock: str, errors: str | None) -> None:
    whole = isinstance(interval, int) and not isinstance(interval, bool)
    if interval != "look" and not (whole and interval > 0):
        raise EstimationError(
            f"`interval` must be 'look' or a whole number of weeks, got {interval!r}.",
            hint="A register that is looked at once a month: 'look', or 4.",
        )
    if link not in get_args(Link):
        raise EstimationError(
            f"`link` is unknown: {link!r}.", hint="Choose cloglog or logit."
        )
    if interval == "look" and clock == "registration":
        raise EstimationError(
            "Looks are counted from time zero.",
            hint="On the clock of registration give the interval in weeks, such as 4.",
        )
    if errors not in ("clustered", "model", None):
        raise EstimationError(
            f"`errors` is unknown: {errors!r}.", hint="Choose clustered or model."
        )


def _columns(
    cohort: Cohort | WeekCounts, durations: Durations, covariates: Sequence[str] | None
) -> tuple[Array, tuple[str, ...], str]:
    """Return the pilot, covariates less their means, and the strata, as columns."""
    x, names = columns_of(cohort, durations, covariates)
    if len(x):
        x[:, 1:] -= x[:, 1:].mean(axis=0)
    own = [
        (durations.stratum == code).astype(float)
        for code in range(1, len(durations.strata))
    ]
    names = (*(f"stratum = {name}" for name in durations.strata[1:]), *names)
    x = np.column_stack([*own, x])
    useful = independent_columns(x) if len(x) else []
    pilot = len(own)
    useful = [pilot, *(place for place in useful if place > pilot), *range(pilot)]
    return (
        x[:, useful],
        tuple(names[place] for place in useful),
        dropped_note(names, useful),
    )


def _spells(
    cohort: Cohort | WeekCounts, durations: Durations, interval: Interval, link: str
) -> Spells:
    """Return the intervals of each row; the logit knows whole ones only."""
    left = durations.exited
    if interval == "look":
        looks = Looks.of(people_of(cohort, "Looks")).rows(durations.rows)
        spells = spells_by_looks(durations, left, looks)
        one = np.ones(len(left))
        return spells if link == "cloglog" else Spells(*spells[:2], one, one)
    spells = spells_by_weeks(durations, left, interval)
    return spells if link == "cloglog" else whole_intervals(spells)


def _baseline(periods: PersonPeriods, fit: HazardFit, link: str) -> pd.DataFrame:
    """Return people at risk and exits of each interval and group, and its chance."""
    pilot = periods.x[0] == 1
    rows = []
    for number, at in enumerate(periods.each()):
        people, row = periods.people[at.rows], {"interval": number + 1}
        for group, own in (("pilot", pilot[at.rows]), ("control", ~pilot[at.rows])):
            row[f"{group}_at_risk"] = round(people[own].sum())
            row[f"{group}_exits"] = round(people[own & at.left].sum())
        rows.append(row)
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table.insert(1, "piece", periods.piece + 1)
    return table.assign(chance=chances(link, fit.levels)[periods.piece])
