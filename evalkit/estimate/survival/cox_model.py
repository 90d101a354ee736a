"""Cox's model of a cohort: the pilot and the covariates as columns, fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.cohort.week_counts import people_of
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.influence import few_clusters_note
from evalkit.estimate.effect import joined
from evalkit.estimate.groups.design_matrix import checked_covariates, design_matrix
from evalkit.estimate.survival.cox_fit import CoxFit, fit_cox, informative_columns
from evalkit.estimate.survival.durations import Durations
from evalkit.estimate.survival.partial_likelihood import Likelihood
from evalkit.estimate.survival.person_sums import summed_squares
from evalkit.estimate.survival.risk_rows import RiskRows, risk_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

PILOT = "pilot"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxModel:
    """A fitted model, and the rows that it was fitted to.

    Attributes
    ----------
    durations
        Rows of the cohort that are at risk.
    left
        Which of them have the event.
    x
        Pilot and covariates: n x k.
    terms
        Names of the columns, ``pilot`` first.
    rows
        The rows as the likelihood takes them.
    fit
        What was estimated.
    note
        What should be known about the rows and the columns.
    """

    durations: Durations
    left: NDArray[np.bool_]
    x: Array
    terms: tuple[str, ...]
    rows: RiskRows
    fit: CoxFit
    note: str

    @classmethod
    def of(
        cls,
        cohort: Cohort | WeekCounts,
        *,
        covariates: Sequence[str] | None,
        clock: Clock,
        strata: str | None,
        weights: Weights | None,
        exit_to: str | None = None,
    ) -> Self:
        """Fit the model to a cohort."""
        durations = Durations.of(
            cohort,
            clock,
            weights=weights,
            strata=strata,
            with_routes=exit_to is not None,
        )
        left = exits_of(durations, exit_to)
        x, names = columns_of(cohort, durations, covariates)
        rows = risk_rows(
            durations.entry,
            durations.end,
            left,
            x,
            stratum=durations.stratum,
            weights=durations.weights,
            counts=durations.counts,
        )
        start = Likelihood.at(rows, np.zeros(len(names)))
        information = start.information()
        useful = informative_columns(rows, information)
        if len(useful) < len(names):
            rows, x = rows.of_columns(useful), x[:, useful]
            start = Likelihood.at(rows, np.zeros(len(useful)))
            information = information[np.ix_(useful, useful)]
        return cls(
            durations=durations,
            left=left,
            x=x,
            terms=tuple(names[place] for place in useful),
            rows=rows,
            fit=fit_cox(start, information),
            note=joined(durations.note, dropped_note(names, useful)),
        )

    def with_weights(self, weights: Array) -> CoxFit:
        """Fit the model anew with other weights of its rows; those of 0 are out."""
        durations, used = self.durations, weights > 0
        rows = risk_rows(
            durations.entry[used],
            durations.end[used],
            self.left[used],
            self.x[used],
            stratum=durations.stratum[used],
            weights=weights[used],
        )
        start = Likelihood.at(rows, np.zeros(len(rows.x)))
        return fit_cox(start, start.information())

    @property
    def model_covariance(self) -> Array:
        """Inverse of the information: right for independent rows without weights."""
        return self.fit.covariance

    def clustered_covariance(self) -> Array:
        """Return the covariance of the coefficients for people who recur.

        The influences of a person's rows are summed, so that these may depend on each
        other in any way.
        """
        return self.summed_squares(self.fit.influence())

    def summed_squares(self, values: Array) -> Array:
        """Return the sum over people of squared sums of what their rows contribute."""
        return summed_squares(values, self.rows.row, self.durations)

    def infinite_note(self) -> str:
        """Say which coefficients have no finite estimate, and why."""
        return infinite_note(self.terms, self.fit.is_finite)


def recur_or_are_weighted(durations: Durations) -> bool:
    """Tell whether rows depend on each other, or stand for more or less than one."""
    return durations.weights is not None or durations.has_recurring()


def errors_note(durations: Durations) -> str:
    """Say what should be known about clustered standard errors."""
    few = "" if durations.counts is not None else few_clusters_note(durations.cluster())
    known = durations.weights is not None
    return joined(few, "the standard error takes the weights as known" if known else "")


def infinite_note(terms: Sequence[str], is_finite: NDArray[np.bool_]) -> str:
    """Say which coefficients have no finite estimate, and why."""
    lost = [term for term, finite in zip(terms, is_finite, strict=True) if not finite]
    if not lost:
        return ""
    return (
        f"no finite estimate of {', '.join(lost)}: among those at risk together, "
        "nobody or everybody left on one side of it, or all were on one side"
    )


def exits_of(durations: Durations, exit_to: str | None) -> NDArray[np.bool_]:
    """Return who leaves, by one route or by any."""
    if exit_to is None:
        return durations.exited
    if exit_to not in durations.routes:
        raise EstimationError(
            f"Nobody has the exit route {exit_to!r}.",
            hint=f"The cohort has: {', '.join(durations.routes)}.",
        )
    return np.asarray(durations.route == durations.routes.index(exit_to) + 1)


def columns_of(
    cohort: Cohort | WeekCounts, durations: Durations, covariates: Sequence[str] | None
) -> tuple[Array, tuple[str, ...]]:
    """Return the pilot and covariates as columns, and their names."""
    pilot = durations.pilot.astype(float)
    if covariates is not None and not covariates:
        return pilot[:, None], (PILOT,)
    cohort = people_of(cohort, "Covariates")
    names, people = checked_covariates(cohort, covariates), cohort.people
    if len(durations.rows) < len(people):
        people = people[list(dict.fromkeys([*names, "month"]))].iloc[durations.rows]
    kept = replace(cohort, people=people)
    design = design_matrix(kept, names, months=False, independent=False)
    x = np.empty((len(pilot), 1 + len(design.names)), order="F")
    x[:, 0], x[:, 1:] = pilot, design.values
    return x, (PILOT, *design.names)


def dropped_note(names: Sequence[str], useful: Sequence[int]) -> str:
    """Name the columns that are not useful."""
    dropped = [name for place, name in enumerate(names) if place not in useful]
    if not dropped:
        return ""
    return f"columns without information dropped: {', '.join(dropped)}"
