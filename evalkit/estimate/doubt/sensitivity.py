"""The pooled difference under every reading that a critic could ask for."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import are_shares, compare, people_of
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.effect import Effect

    Estimator = Callable[[Cohort, str], Effect]

_DAYS_A_WEEK = 7
_DURATIONS = (0, 13, 26, 52, math.inf)  # weeks before time zero, for who joins later
_READINGS = {
    "outcome_strict": "services_fail",
    "outcome_report": "report_rule",
}
_EFFECT = [
    "estimate", "se", "ci_low", "ci_high", "p_value", "pilot", "control", "n_pilot",
    "n_control",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivity(Result):
    """One estimate under many readings, side by side.

    Attributes
    ----------
    table
        One row per reading: reading, estimate, se, ci_low, ci_high, p_value, pilot,
        control, n_pilot, n_control, change (from the primary reading), method, note.
        The readings, as far as the cohort has what they need:

        - ``primary``: the outcome as it is
        - ``services_fail``: who is in a service or training at the lag counts as not
          having left unemployment
        - ``report_rule``: a control counts as unemployed who is in the follow-up pool
        - ``without_laid_off``: without those laid off full-time at time zero
        - ``laid_off_other_way``: the same, and laid off at the lag counts as not
          unemployed (as unemployed, where the plan has it the other way): one rule
          for who begins and who has left
        - ``later_clients_dropped``: without controls who were referred to the pilot
          before the lag ended; they are dropped for what happened afterwards
        - ``later_clients_weighted``: their follow-up ends with the referral, and
          controls of the same month and elapsed duration stand for them
        - ``unknown_worst``, ``unknown_best``: every unknown outcome against the
          pilot, or for it
        - ``after_...``: a later look
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def pooled_raw(cohort: Cohort, outcome: str) -> Effect:
    """Return the pooled difference of a comparison: the default estimator."""
    return compare(cohort, outcome=outcome).pooled


def sensitivity(cohort: Cohort, *, estimator: Estimator = pooled_raw) -> Sensitivity:
    r"""Estimate the difference under every reading of the data, side by side.

    Which reading is right is not asked here, but whether it matters: a conclusion
    that only one of them supports rests on that choice and not on the data. The
    primary reading is the one that the plan declared beforehand.

    Parameters
    ----------
    cohort
        What `follow_up` returned. Of a cohort from elsewhere only the readings remain
        whose columns it has.
    estimator
        Function of a cohort and the name of an outcome that returns an effect; any
        adjusted estimator serves. Left out: the pooled raw difference, with standard
        errors clustered on person.

    Returns
    -------
    Sensitivity
        A row for each reading.

    Raises
    ------
    EstimationError
        If the outcome is not 0 or 1.

    Notes
    -----
    Controls who join the pilot later stay in the primary reading: in a real year
    without a pilot they would be somebody's controls too. Weighted, a control c who
    does not join gets :math:`1 / (1 - q)`, where q is the share of those who do among
    the controls of c's month and class of elapsed duration (below 13, 26, 52 weeks,
    and above) [1]_; with weights of mean one within the month the standard error
    takes them as known. This reading is left out for other estimators.

    References
    ----------
    .. [1] Robins JM, Finkelstein DM (2000). Correcting for noncompliance and dependent
       censoring in an AIDS clinical trial with inverse probability of censoring
       weighted (IPCW) log-rank tests. Biometrics 56, 779-788.

    Examples
    --------
    >>> import evalkit as ek
    >>> from evalkit.examples.small import small_register
    >>> register = small_register()
    >>> draws = [ek.draw_controls(register, month) for month in ["2021-02", "2021-03"]]
    >>> found = sensitivity(ek.follow_up(register, draws)).to_frame()
    >>> list(found["reading"])[:4]
    ['primary', 'services_fail', 'report_rule', 'without_laid_off']
    """
    if not are_shares(people_of(cohort, "outcome", "person")["value"]):
        raise EstimationError(
            "The outcome is not 0 or 1: these readings are of one that is.",
            hint="Use a cohort whose outcome a person has or has not.",
        )
    rows = [
        _row(reading, estimator(changed, outcome), note)
        for reading, changed, outcome, note in _readings(cohort)
    ]
    weighted = _weighted(cohort) if estimator is pooled_raw else None
    if weighted is not None:
        rows.append(_row("later_clients_weighted", pooled_raw(weighted, "outcome"), ""))
    table = pd.DataFrame(rows)
    table["change"] = table["estimate"] - table["estimate"].iloc[0]
    return Sensitivity(table=table[["reading", *_EFFECT, "change", "method", "note"]])


def _row(reading: str, effect: Effect, note: str) -> dict[str, object]:
    values = {name: getattr(effect, name) for name in (*_EFFECT, "method")}
    notes = "; ".join(text for text in (note, effect.note) if text)
    return {"reading": reading} | values | {"note": notes}


def _readings(cohort: Cohort) -> Iterator[tuple[str, Cohort, str, str]]:
    """Yield each reading's name, people, outcome and note."""
    people = cohort.people
    yield "primary", cohort, "outcome", ""
    for column, reading in _READINGS.items():
        if column in people:
            yield reading, cohort, column, ""
    if {"laid_off", "outcome_laid_off"} <= set(people.columns):
        kept = _only(cohort, ~people["laid_off"].astype(bool))
        yield "without_laid_off", kept, "outcome", ""
        yield "laid_off_other_way", kept, "outcome_laid_off", ""
    joined = _joined_before_the_lag(people)
    if joined.any():
        note = f"{int(joined.sum())} control rows dropped"
        yield "later_clients_dropped", _only(cohort, ~joined), "outcome", note
    unknown = people["outcome"].isna()
    if unknown.any():
        note = f"{int(unknown.sum())} unknown outcomes filled in"
        for reading, good in (("unknown_worst", 0.0), ("unknown_best", 1.0)):
            fill = cohort.is_pilot.map({True: good, False: 1 - good})
            filled = people.assign(outcome=people["outcome"].fillna(fill))
            changed = dataclasses.replace(cohort, people=filled)
            yield reading, changed, "outcome", note
    for column in _later_looks(cohort):
        yield f"after_{column.removeprefix('outcome_')}", cohort, column, ""


def _only(cohort: Cohort, kept: pd.Series) -> Cohort:
    people = cohort.people[kept].reset_index(drop=True)
    return dataclasses.replace(cohort, people=people)


def _joined_before_the_lag(people: pd.DataFrame) -> pd.Series:
    """Tell which controls were referred to the pilot before they were measured."""
    if not {"weeks_to_referral", "days_observed"} <= set(people.columns):
        return pd.Series(data=False, index=people.index)
    return people["weeks_to_referral"] * _DAYS_A_WEEK < people["days_observed"]


def _later_looks(cohort: Cohort) -> list[str]:
    """Return the columns of the plan's further lags that anybody has reached."""
    if cohort.protocol is None:
        return []
    lags = cohort.protocol.follow_up.further_lags
    columns = [f"outcome_{lag.name}" for lag in lags]
    return [name for name in columns if cohort.people[name].notna().any()]


def _weighted(cohort: Cohort) -> Cohort | None:
    """Return the controls who do not join, weighted for those who do.

    Their outcomes become ``m + w (y - m)`` with m the month's weighted mean: values
    whose mean is m, and whose deviations are those of the weighted estimator.
    """
    people = cohort.people
    joined = _joined_before_the_lag(people)
    if not joined.any() or "weeks_before" not in people:
        return None
    duration = np.digitize(people["weeks_before"].fillna(0), _DURATIONS)
    cells = [people["month"], people["group"], duration]
    stays = 1 - joined.astype(float).groupby(cells).transform("mean")
    known = ~joined & people["outcome"].notna()
    kept = people[known].assign(w=1 / stays[known])
    groups = [kept["month"], kept["group"]]
    w = kept["w"] / kept["w"].groupby(groups).transform("mean")
    y = kept["outcome"]
    mean = (w * y).groupby(groups).transform("mean")
    values = kept.assign(outcome=mean + w * (y - mean)).drop(columns="w")
    return dataclasses.replace(cohort, people=values.reset_index(drop=True))
