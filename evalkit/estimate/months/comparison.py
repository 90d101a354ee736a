"""The monthly comparison: each month, and all of them pooled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level, checked_method, joined
from evalkit.estimate.months.clustering import clustered_difference
from evalkit.estimate.months.pooling import PooledDifference, pooled_difference
from evalkit.estimate.months.tally import Tally, tally_of, whole_percent
from evalkit.estimate.shares.differences import (
    difference_in_means,
    difference_in_shares,
)
from evalkit.estimate.shares.share_intervals import LIMITS
from evalkit.results import Result

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.shares.differences import Difference, Method

_STRICT = {
    "estimate": "strict",
    "ci_low": "strict_ci_low",
    "ci_high": "strict_ci_high",
    "pilot_events": "strict_pilot_events",
    "control_events": "strict_control_events",
}
_SHOWN = [
    "month", "n_pilot", "n_control", "pilot", "control", "estimate", "ci_low",
    "ci_high", "p_value", "note",
]  # fmt: skip
_COLUMNS = [
    "month", "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value",
    "n_pilot", "n_control", "n_people", "level", "method", "note", "pilot_events",
    "control_events", *_STRICT.values(), "n_unknown",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison(Result):
    """Both groups month by month, and pooled.

    Attributes
    ----------
    table
        One row per cohort month in order and a last row ``pooled``: month, pilot,
        control, estimate, se, ci_low, ci_high, p_value, n_pilot, n_control, n_people
        (distinct), level, method, note; pilot_events, control_events (of an outcome
        that is 0 or 1, else NaN); strict, strict_ci_low, strict_ci_high,
        strict_pilot_events, strict_control_events (the estimate for ``outcome_strict``
        and its counts, where the cohort has it, else NaN); n_unknown (rows left out
        because their outcome is not known).
    pooled
        The pooled difference.
    outcome
        Name of the outcome.
    level
        Level of the confidence intervals.
    """

    table: pd.DataFrame
    pooled: PooledDifference
    outcome: str
    level: float

    @property
    def months(self) -> pd.DataFrame:
        """The rows of the months, without the pooled one."""
        return self.table.iloc[:-1].copy()

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    def __str__(self) -> str:
        shown = self.table[_SHOWN].round(4)
        return shown.fillna({"note": ""}).to_string(index=False, na_rep="-")

    def tally(self, *, exact: bool = False) -> Tally:
        """Count the months in which the pilot's share was the higher one.

        The count that reports like to give. Read its note before repeating it.

        Parameters
        ----------
        exact
            Compare exact shares. Otherwise shares in whole percent, as published
            figures show them, so that 41.2 % and 40.8 % are a tie.

        Returns
        -------
        Tally
            Wins, ties and losses over the months that have both groups, with the
            two-sided sign test.

        Raises
        ------
        EstimationError
            If the outcome is not 0 or 1, so that there are no shares.

        Examples
        --------
        >>> from evalkit.cohort.cohort import Cohort
        >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 1, 1, 0]})
        >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
        >>> tally = compare(cohort).tally()
        >>> tally.wins, tally.ties, tally.losses, tally.p_value
        (1, 0, 0, 1.0)
        """
        months = self.months.dropna(subset="estimate")
        if months["pilot_events"].isna().any():
            raise EstimationError(
                f"Months cannot be tallied: {self.outcome!r} is not 0 or 1.",
                hint="Tally an outcome that a person has or has not.",
            )
        if exact:
            return tally_of(np.sign(months["estimate"].to_numpy()))
        pilot = whole_percent(months["pilot_events"], months["n_pilot"])
        control = whole_percent(months["control_events"], months["n_control"])
        return tally_of(np.sign((pilot - control).to_numpy()))


def compare(
    cohort: Cohort,
    *,
    outcome: str = "outcome",
    cluster: str = "person",
    method: Method = "newcombe",
    level: float | None = None,
) -> Comparison:
    """Compare the groups month by month, and pool the months.

    Descriptive: the controls were drawn at random, but nobody drew the pilot's people
    at random. What remains of the difference when both groups are alike is another
    question.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes. Unknown outcomes (NaN) are left out
        and counted.
    outcome
        Column to compare: 0 or 1, or any number (weeks, earnings).
    cluster
        Column whose equal values mark rows that depend on each other: people recur
        over months, and as controls before they join the pilot.
    method
        Interval of each month's shares, as in `difference_in_shares`; the means of
        any other outcome are compared by Welch's method.
    level
        Level of the confidence intervals. None: the cohort's.

    Returns
    -------
    Comparison
        In shares, or in the unit of the outcome.

    Raises
    ------
    EstimationError
        If a column is missing or holds something else than numbers, a cluster is
        missing, the level is not between 0 and 1, or the method is unknown.

    Notes
    -----
    The months are pooled with Mantel-Haenszel weights: each pilot group is compared
    with the control group of its own month. The pooled shares are averages over the
    months with the same weights. The standard error is clustered, see
    `evalkit.estimate.months.clustering.clustered_difference`; where the cohort has no
    ids of persons it is Sato's, see `pooled_difference`. A month with one empty group
    stays in the table, without a difference.

    References
    ----------
    .. [1] Newcombe RG (1998). Interval estimation for the difference between
       independent proportions: comparison of eleven methods. Statistics in Medicine
       17, 873-890.
    .. [2] Sato T (1989). On the variance estimator for the Mantel-Haenszel risk
       difference. Biometrics 45, 1323-1324.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c", "d", "e", "f", "c", "d"],
    ...         "group": ["pilot"] * 2
    ...         + ["control"] * 2
    ...         + ["pilot"] * 2
    ...         + ["control"] * 2,
    ...         "month": ["2021-01"] * 4 + ["2021-02"] * 4,
    ...         "out": [1, 0, 0, 0, 1, 1, 1, 0],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="group", outcome="out", person="id", month="month"
    ... )
    >>> comparison = compare(cohort)
    >>> comparison.to_frame()[["month", "pilot", "control", "estimate", "n_people"]]
         month  pilot  control  estimate  n_people
    0  2021-01   0.50     0.00       0.5         4
    1  2021-02   1.00     0.50       0.5         4
    2   pooled   0.75     0.25       0.5         6
    """
    checked_method(method, LIMITS)
    level = checked_level(cohort.level if level is None else level)
    independent = cluster == "person" and not cohort.has_persons
    people = people_of(cohort, outcome, cluster)
    table, pooled = _read(people, method, level, independent=independent)
    table = table.reindex(columns=_COLUMNS)
    if "outcome_strict" in cohort.people.columns and are_shares(people["value"]):
        people = people_of(cohort, "outcome_strict", cluster)
        strict, _ = _read(people, method, level, independent=independent)
        table[[*_STRICT.values()]] = strict[[*_STRICT]]
    return Comparison(table=table, pooled=pooled, outcome=outcome, level=level)


def people_of(cohort: Cohort, outcome: str, cluster: str) -> pd.DataFrame:
    """Return the rows under the names that the estimates know."""
    for column in (outcome, cluster):
        if column not in cohort.people.columns:
            raise EstimationError(
                f"The cohort has no column {column!r}.",
                hint=f"It has: {', '.join(map(str, cohort.people.columns))}.",
            )
    if lost := int(cohort.people[cluster].isna().sum()):
        raise EstimationError(
            f"Column {cluster!r} has {lost} empty value(s): a cluster must be known.",
            hint="Fill them, or cluster on another column.",
        )
    return pd.DataFrame(
        {
            "stratum": cohort.people["month"],
            "pilot": cohort.is_pilot,
            "value": _numbers(cohort.people[outcome], outcome),
            "cluster": cohort.people[cluster],
            "person": cohort.people["person"],
        }
    )


def _numbers(values: pd.Series, outcome: str) -> pd.Series:
    """Return the outcome as finite numbers, NaN where it is unknown."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    wrong = int(((numbers.isna() & values.notna()) | np.isinf(numbers)).sum())
    if wrong:
        raise EstimationError(
            f"Column {outcome!r}: {wrong} value(s) are not finite numbers.",
            hint="Leave unknown outcomes empty (NaN).",
        )
    return numbers


def are_shares(values: pd.Series) -> bool:
    """Tell whether every known value is 0 or 1."""
    return bool(values.dropna().isin([0, 1]).all())


def _read(
    people: pd.DataFrame, method: Method, level: float, *, independent: bool
) -> tuple[pd.DataFrame, PooledDifference]:
    """Return a row for each month and one for all, and the pooled difference."""
    shares = are_shares(people["value"])
    counts = _counts(people)
    effects: list[Difference]
    if shares:
        effects = _differences_in_shares(counts, method, level)
    else:
        effects = _differences_in_means(people, level)
    if shares and independent:
        pooled = pooled_difference(counts, level=level)
    else:
        pooled = clustered_difference(people, level=level)
    rows = pd.DataFrame(map(asdict, [*effects, pooled]))
    counts = pd.concat([counts, _pooled_counts(counts, people)], ignore_index=True)
    events = ["pilot_events", "control_events"]
    counts[events] = counts[events].astype(int) if shares else np.nan
    own = counts.columns.difference(rows.columns)
    table = rows.join(counts[own]).rename(columns={"stratum": "month"})
    table["note"] = list(
        map(joined, table["note"], map(_unknown_note, counts["n_unknown"]))
    )
    return table, pooled


def _counts(people: pd.DataFrame) -> pd.DataFrame:
    """Return events and people of both groups by month; the unknown are not in them."""
    month, value, pilot = people["stratum"], people["value"], people["pilot"]
    pilots, controls = (value.where(rows).groupby(month) for rows in (pilot, ~pilot))
    counts = pd.DataFrame(
        {
            "pilot_events": pilots.sum(),
            "n_pilot": pilots.count(),
            "control_events": controls.sum(),
            "n_control": controls.count(),
            "n_people": people["person"].where(value.notna()).groupby(month).nunique(),
            "n_unknown": value.isna().groupby(month).sum(),
        }
    )
    return counts.rename_axis("stratum").reset_index()


def _pooled_counts(counts: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the counts behind the pooled difference; people are counted once."""
    used = counts[(counts["n_pilot"] > 0) & (counts["n_control"] > 0)]
    behind = people["stratum"].isin(used["stratum"]) & people["value"].notna()
    totals = used[["pilot_events", "control_events"]].sum().to_dict() | {
        "stratum": "pooled",
        "n_people": people["person"][behind].nunique(),
        "n_unknown": counts["n_unknown"].sum(),
    }
    return pd.DataFrame([totals])


def _differences_in_shares(
    counts: pd.DataFrame, method: Method, level: float
) -> list[Difference]:
    pilots = zip(counts["pilot_events"], counts["n_pilot"], strict=True)
    controls = zip(counts["control_events"], counts["n_control"], strict=True)
    return [
        difference_in_shares(pilot, control, method=method, level=level)
        for pilot, control in zip(pilots, controls, strict=True)
    ]


def _differences_in_means(people: pd.DataFrame, level: float) -> list[Difference]:
    known = people.dropna(subset="value")
    pilot, control = known[known["pilot"]], known[~known["pilot"]]
    return [
        difference_in_means(
            pilot["value"][pilot["stratum"] == month],
            control["value"][control["stratum"] == month],
            level=level,
        )
        for month in sorted(people["stratum"].unique())
    ]


def _unknown_note(n_unknown: int) -> str:
    return "unknown outcomes left out" if n_unknown else ""
