"""The same question answered by every estimator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.effect import checked_level
from evalkit.estimate.months.clustering import clustered_difference
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.cohort.cohort import Cohort

RAW = "raw"
SPECIFICATIONS: dict[str, dict[str, Any]] = {
    "aipw": {"method": "aipw"},
    "aipw-linear": {"method": "aipw", "outcome_model": "linear"},
    "ipw": {"method": "ipw"},
    "entropy": {"method": "entropy"},
    "entropy-variances": {"method": "entropy", "moments": 2},
    "regression": {"method": "regression"},
    "regression-linear": {"method": "regression", "outcome_model": "linear"},
    "matching": {"method": "matching"},
    "matching-caliper": {"method": "matching", "caliper": 0.2},
    "matching-replace": {"method": "matching", "replace": True},
    "matching-three": {"method": "matching", "replace": True, "ratio": 3},
}
_COLUMNS = [
    "specification", "covariates", "estimate", "se", "ci_low", "ci_high", "p_value",
    "pilot", "control", "n_pilot", "n_control", "ess", "estimand", "errors", "level",
    "note",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Specifications(Result):
    """Estimates side by side.

    Attributes
    ----------
    table
        A row for the raw difference (months pooled by Mantel-Haenszel) and one for
        each specification and set of covariates: specification, covariates (name of
        the set), estimate, se, ci_low, ci_high, p_value, pilot, control, n_pilot,
        n_control, ess, estimand, errors, level, note (why there is no estimate, where
        there is none).
    headline
        The specification that was declared beforehand.
    level
        Level of the confidence intervals.
    shares
        Whether the outcome is 0 or 1, so that estimates are in shares.
    """

    table: pd.DataFrame
    headline: str
    level: float
    shares: bool

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest adjusted estimate."""
        adjusted = self.table["estimate"][self.table["specification"] != RAW]
        return float(adjusted.min()), float(adjusted.max())


def all_estimators(
    cohort: Cohort,
    *,
    covariates: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    headline: str = "aipw",
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
) -> Specifications:
    """Estimate the adjusted difference in every way that evalkit knows.

    For looking at, not for choosing from: the headline is declared before. Estimates
    that agree do not become right by it, since all of them rest on the same
    covariates; estimates that do not agree say that something is amiss, most often
    that the groups hardly overlap [1]_.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes.
    covariates
        Characteristics at time zero, or several sets of them by name: then every
        estimator is run with each. None: the cohort's.
    headline
        The specification that was declared beforehand.
    cluster, level, outcome
        As in `adjusted_difference`.

    Returns
    -------
    Specifications
        What cannot be estimated is NaN, and its note says why.

    Raises
    ------
    EstimationError
        If a column is missing or unlawful, or no month has both groups.

    References
    ----------
    .. [1] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis.
       Nature Human Behaviour 4, 1208-1214.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> weeks = random.integers(1, 105, 4000)
    >>> served = random.random(4000) < 0.4 - 0.003 * weeks
    >>> left = random.random(4000) < 0.6 - 0.005 * weeks + 0.05 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "weeks_before": weeks})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["weeks_before"]
    ... )
    >>> found = all_estimators(cohort)
    >>> found.to_frame()[["specification", "estimate", "se"]].head(4).round(3)
      specification  estimate     se
    0           raw     0.117  0.018
    1          aipw     0.050  0.018
    2   aipw-linear     0.050  0.018
    3           ipw     0.050  0.018
    """
    if headline not in (RAW, *SPECIFICATIONS):
        raise EstimationError(
            f"`headline` is unknown: {headline!r}.",
            hint=f"Choose {', '.join([RAW, *SPECIFICATIONS])}.",
        )
    level = checked_level(cohort.level if level is None else level)
    rows = [_raw(cohort, cluster=cluster, level=level, outcome=outcome)]
    common = {"cluster": cluster, "level": level, "outcome": outcome}
    for name, own in _sets(covariates).items():
        sample = sample_of(cohort, covariates=own, cluster=cluster, outcome=outcome)
        rows += [
            {"specification": specification, "covariates": name, "level": level}
            | _estimated(cohort, own, common | choices)
            for specification, choices in SPECIFICATIONS.items()
        ]
    return Specifications(
        table=pd.DataFrame(rows).reindex(columns=_COLUMNS),
        headline=headline,
        level=level,
        shares=sample.is_binary,
    )


def _sets(
    covariates: Sequence[str] | Mapping[str, Sequence[str]] | None,
) -> Mapping[str, Sequence[str] | None]:
    """Return the sets of covariates by name; a single one has none."""
    return covariates if isinstance(covariates, Mapping) else {"": covariates}


def _raw(cohort: Cohort, *, cluster: str, level: float, outcome: str) -> dict[str, Any]:
    """Return the pooled difference without any adjustment."""
    people = pd.DataFrame(
        {
            "stratum": cohort.people["month"],
            "pilot": cohort.is_pilot,
            "value": pd.to_numeric(cohort.people[outcome]).astype(float),
            "cluster": cohort.people[cluster],
        }
    )
    pooled = asdict(clustered_difference(people, level=level))
    return pooled | {"specification": RAW, "covariates": "", "errors": "clustered"}


def _estimated(
    cohort: Cohort, covariates: Sequence[str] | None, choices: dict[str, Any]
) -> dict[str, Any]:
    """Return an estimate as a row, or why there is none."""
    try:
        found = adjusted_difference(cohort, covariates=covariates, **choices)
    except EstimationError as error:
        return {"estimate": math.nan, "note": error.message}
    return asdict(found)
