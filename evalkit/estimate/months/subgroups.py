"""The difference by subgroup, and whether the subgroups differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level, interval_and_p_value, joined
from evalkit.estimate.months.clustering import strata_of
from evalkit.estimate.months.comparison import people_of
from evalkit.estimate.months.heterogeneity import wald_of_equality
from evalkit.estimate.months.multiplicity import holm
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort

UNKNOWN = "unknown"
_MOST_NUMBERS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubgroupComparison(Result):
    """Both groups within each subgroup, pooled over the months.

    Attributes
    ----------
    table
        One row per subgroup: subgroup, pilot, control, estimate, se, ci_low, ci_high,
        p_value, holm (the p-value adjusted for the number of subgroups), n_pilot,
        n_control, n_people (distinct), level, method, note.
    by
        Column that tells the subgroups apart.
    q, df, p_value
        Interaction test: Wald's statistic that the difference is the same in all
        subgroups, its degrees of freedom and p-value.
    note
        What should be known about the test; empty when there is nothing.
    """

    table: pd.DataFrame
    by: str
    q: float
    df: int
    p_value: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def compare_subgroups(
    cohort: Cohort,
    *,
    by: str,
    breaks: Sequence[float] | None = None,
    outcome: str = "outcome",
    cluster: str = "person",
    level: float | None = None,
) -> SubgroupComparison:
    r"""Compare the groups within subgroups, and test whether these differ.

    For subgroups that were named before the data were seen. One subgroup with a clear
    difference beside another without one does not show that the pilot works for some
    only: the interaction test does, if anything. It has little power, so that a large
    p-value does not show that all subgroups are alike.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes.
    by
        Column of the subgroups. Where it is empty for every control (the way in which
        the pilot's people started, say), each subgroup is compared with all controls
        of its months. ``"month"`` asks whether the months differ.
    breaks
        Where a column of numbers is cut, such as ``(30, 40, 50, 60)`` for the ages
        below 30, 30 to below 40, ... and 60 and above.
    outcome
        Column to compare: 0 or 1, or any number.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the confidence intervals. None: the cohort's.

    Returns
    -------
    SubgroupComparison
        A row for each subgroup, those of whom nothing is known last, and the
        interaction test. Unknown outcomes are left out.

    Raises
    ------
    EstimationError
        If a column is missing or unfit, or the breaks do not rise.

    Notes
    -----
    In each subgroup the months are pooled with Mantel-Haenszel weights, see
    `evalkit.estimate.months.clustering.clustered_difference`. With A the weights, d the
    differences of all subgroups and months, and V their covariance clustered on
    person, the pooled differences :math:`A d` have the covariance
    :math:`A V A^\top`, and the test statistic is
    :math:`(C A d)^\top (C A V A^\top C^\top)^{-1} C A d` with contrasts C against the
    first subgroup [1]_. People who are in several subgroups, or controls who serve
    several, are thereby allowed for.

    References
    ----------
    .. [1] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized
       linear models. Biometrika 73, 13-22.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 0, 0] * 20,
    ...         "y": [1, 1, 1, 0, 1, 0, 1, 0] * 10,
    ...         "age": [25, 25, 25, 25, 47, 47, 47, 47] * 10,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> found = compare_subgroups(cohort, by="age", breaks=(30,))
    >>> found.to_frame()[["subgroup", "estimate", "n_pilot"]]
         subgroup  estimate  n_pilot
    0    below 30       0.5       20
    1  30 or more       0.0       20
    >>> f"{found.p_value:.3f}"
    '0.010'
    """
    level = checked_level(cohort.level if level is None else level)
    subgroup, names = _subgroups(cohort, by, breaks)
    people = _by_subgroup(people_of(cohort, outcome, cluster), subgroup, len(names))
    strata = strata_of(people)
    weights = _pooling_weights(strata.used, people, len(names))
    estimates = weights @ strata.differences
    covariance = weights @ strata.covariance @ weights.T
    table = pd.DataFrame(
        [
            _row(strata.used, own, estimates[at], covariance[at, at], level=level)
            for at, own in enumerate(weights)
        ]
    ).assign(subgroup=names, n_people=_distinct(people, strata.used, len(names)))
    there = np.flatnonzero(weights.any(axis=1))
    q, p_value = wald_of_equality(estimates[there], covariance[np.ix_(there, there)])
    return SubgroupComparison(
        table=table.assign(holm=holm(table["p_value"]))[_COLUMNS],
        by=by,
        q=q,
        df=max(there.size - 1, 0),
        p_value=p_value,
        note=_note(names, there.size, q),
    )


_COLUMNS = [
    "subgroup", "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value",
    "holm", "n_pilot", "n_control", "n_people", "level", "method", "note",
]  # fmt: skip


def _subgroups(
    cohort: Cohort, by: str, breaks: Sequence[float] | None
) -> tuple[pd.Series, list[str]]:
    """Return each row's subgroup as a number, and the names; -1: any subgroup."""
    if by not in cohort.people.columns:
        raise EstimationError(
            f"The cohort has no column {by!r}.",
            hint=f"It has: {', '.join(map(str, cohort.people.columns))}.",
        )
    values = cohort.people[by]
    labels = _cut(values, by, breaks) if breaks is not None else _levels(values, by)
    names = [str(name) for name in labels.cat.categories]
    codes = labels.cat.codes.astype(int)
    if codes[~cohort.is_pilot].eq(-1).all():
        codes = codes.where(~cohort.is_pilot | codes.ge(0), len(names))
    else:
        codes = codes.where(codes.ge(0), len(names))
    if codes.eq(len(names)).any():
        names.append(UNKNOWN)
    return codes, names


def _cut(values: pd.Series, by: str, breaks: Sequence[float]) -> pd.Series:
    """Return the classes of a column of numbers."""
    edges = [float(edge) for edge in breaks]
    if not edges or edges != sorted(set(edges)):
        raise EstimationError(
            f"`breaks` must be numbers that rise, got {list(breaks)}.",
            hint="Write ages as (30, 40, 50, 60).",
        )
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any():
        raise EstimationError(
            f"Column {by!r} is not numbers and cannot be cut.", hint="Omit `breaks`."
        )
    shown = [f"{edge:g}" for edge in edges]
    between = [f"{a} to below {b}" for a, b in pairwise(shown)]
    labels = [f"below {shown[0]}", *between, f"{shown[-1]} or more"]
    bins = [-math.inf, *edges, math.inf]
    return pd.Series(pd.cut(numbers, bins, right=False, labels=labels))


def _levels(values: pd.Series, by: str) -> pd.Series:
    """Return the values as categories in their order."""
    if pd.api.types.is_float_dtype(values) and values.nunique() > _MOST_NUMBERS:
        raise EstimationError(
            f"Column {by!r} has {values.nunique()} different numbers.",
            hint="Give `breaks` to make classes of it.",
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    return values.astype("category")


def _by_subgroup(
    people: pd.DataFrame, subgroup: pd.Series, n_subgroups: int
) -> pd.DataFrame:
    """Give every row its subgroup and a stratum of subgroup and month.

    Controls without any serve every subgroup: they are there once for each.
    """
    people = people.assign(subgroup=subgroup, month=people["stratum"])
    everywhere = people[people["subgroup"] == -1]
    copies = [everywhere.assign(subgroup=number) for number in range(n_subgroups)]
    people = pd.concat([people[people["subgroup"] >= 0], *copies], ignore_index=True)
    return people.assign(stratum=people.groupby(["subgroup", "month"]).ngroup())


def _pooling_weights(
    used: pd.DataFrame, people: pd.DataFrame, n_subgroups: int
) -> NDArray[np.float64]:
    """Return a row for each subgroup: the weights of the strata, which sum to one."""
    own = people.drop_duplicates("stratum").set_index("stratum")["subgroup"]
    belongs = own.loc[used.index].to_numpy() == np.arange(n_subgroups)[:, None]
    weights = belongs * used["weight"].to_numpy()
    totals = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(totals > 0, totals, 1))


def _distinct(people: pd.DataFrame, used: pd.DataFrame, n_subgroups: int) -> list[int]:
    """Return how many people stand behind each subgroup's estimate."""
    behind = people["value"].notna() & people["stratum"].isin(used.index)
    counts = people[behind].groupby("subgroup")["person"].nunique()
    return [int(counts.get(number, 0)) for number in range(n_subgroups)]


def _row(
    used: pd.DataFrame,
    weights: NDArray[np.float64],
    estimate: float,
    variance: float,
    *,
    level: float,
) -> dict[str, object]:
    """Return the estimate of one subgroup; NaN where it lacks a group."""
    there = weights > 0
    empty = not there.any()
    se = math.nan if empty else math.sqrt(max(variance, 0.0))
    ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=level)
    return {
        "pilot": math.nan if empty else float(weights @ used["mean_pilot"]),
        "control": math.nan if empty else float(weights @ used["mean_control"]),
        "estimate": math.nan if empty else estimate,
        "se": se,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "p_value": p_value,
        "n_pilot": int(used["n_pilot"][there].sum()),
        "n_control": int(used["n_control"][there].sum()),
        "level": level,
        "method": "mantel-haenszel-clustered",
        "note": joined(
            "no month has both groups" if empty else "",
            "no variation in either group" if se == 0 else "",
        ),
    }


def _note(names: list[str], n_tested: int, q: float) -> str:
    return joined(
        "people of whom the subgroup is not known are one of their own"
        if UNKNOWN in names
        else "",
        "fewer than two subgroups have both groups" if n_tested < 2 else "",  # noqa: PLR2004
        "no test: a subgroup has no variation"
        if n_tested > 1 and math.isnan(q)
        else "",
    )
