"""The rows of a cohort that an adjusted estimate can use, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.influence import clustered_se
from evalkit.estimate.effect import joined
from evalkit.estimate.groups.design_matrix import (
    DesignMatrix,
    design_matrix,
    independent_columns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort

    Array = NDArray[np.float64]

CONSTANT, MONTH = "constant", "month"
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows with a known outcome, in months that have both groups.

    Attributes
    ----------
    rows
        Their positions in the cohort.
    pilot
        True for the pilot group.
    outcome
        A number for each row.
    x
        Design: a constant, the covariates and the months; n x k.
    terms
        The covariate that each column of `x` belongs to.
    month, cluster, person
        Codes, counted from zero.
    note
        Who was left out, and why.
    """

    rows: NDArray[np.intp]
    pilot: NDArray[np.bool_]
    outcome: Array
    x: Array
    terms: tuple[str, ...]
    month: NDArray[np.intp]
    cluster: NDArray[np.intp]
    person: NDArray[np.intp]
    note: str = ""

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is something that people have or have not."""
        return bool(np.isin(self.outcome, (0, 1)).all())

    @property
    def n_pilot(self) -> int:
        """Rows of the pilot group."""
        return int(self.pilot.sum())

    @property
    def n_control(self) -> int:
        """Rows of the control group."""
        return len(self.pilot) - self.n_pilot

    @property
    def covariates(self) -> tuple[str, ...]:
        """Covariates that have columns, months aside, in order."""
        return tuple(
            name for name in dict.fromkeys(self.terms) if name not in (CONSTANT, MONTH)
        )

    def se(self, influence: Array) -> float:
        """Return the clustered standard error of an estimate; zero without variation.

        What rounding leaves of an outcome that all rows share is no variation.
        """
        se = clustered_se(influence, self.cluster)
        return 0.0 if se <= _ROUNDING * np.abs(self.outcome).max() else se

    def of_terms(self, terms: Sequence[str]) -> Sample:
        """Return the sample with some covariates only; months only if named."""
        kept = [
            place
            for place, term in enumerate(self.terms)
            if term in terms or term == CONSTANT
        ]
        one_month = np.zeros_like(self.month)
        return replace(
            self,
            x=self.x[:, kept],
            terms=tuple(self.terms[place] for place in kept),
            month=self.month if MONTH in terms else one_month,
        )

    def independent(self) -> Sample:
        """Return the sample without columns and months that have nothing to say."""
        kept = [0, *(1 + place for place in independent_columns(self.x[:, 1:]))]
        return replace(
            self,
            x=self.x[:, kept],
            terms=tuple(self.terms[place] for place in kept),
            month=np.unique(self.month, return_inverse=True)[1],
        )

    def of(self, rows: NDArray[np.intp]) -> Sample:
        """Return some of the rows, or the same ones several times."""
        return replace(
            self,
            rows=self.rows[rows],
            pilot=self.pilot[rows],
            outcome=self.outcome[rows],
            x=self.x[rows],
            month=self.month[rows],
            cluster=self.cluster[rows],
            person=self.person[rows],
        )


def sample_of(
    cohort: Cohort,
    *,
    covariates: Sequence[str] | None = None,
    outcome: str = "outcome",
    cluster: str = "person",
    squares: bool = False,
) -> Sample:
    """Return the rows that can be used, or say why there are none.

    Weights and models are fitted to these rows alone, so that what is balanced is what
    is compared.
    """
    value = outcome_numbers(cohort, outcome)
    cluster_codes = _codes(cohort, cluster)
    person = _codes(cohort, "person")
    known = value.notna()
    month, pilot = cohort.people["month"], cohort.is_pilot
    both = _in_months_with_both(month[known], pilot[known])
    used = known.to_numpy(copy=True)
    used[used] = both
    if not used.any():
        raise EstimationError(
            "No month has people of both groups with a known outcome.",
            hint="Compare months in which both groups were followed up.",
        )
    kept = replace(cohort, people=cohort.people[used].reset_index(drop=True))
    design = design_matrix(kept, covariates, squares=squares)
    return Sample(
        rows=np.flatnonzero(used),
        pilot=pilot[used].to_numpy(),
        outcome=value[used].to_numpy(),
        x=_with_constant(design),
        terms=(CONSTANT, *design.terms),
        month=pd.factorize(month[used], sort=True)[0],
        cluster=cluster_codes[used],
        person=person[used],
        note=joined(
            f"{int((~known).sum())} unknown outcome(s) left out"
            if not known.all()
            else "",
            _lost_months_note(month, month[used]),
            design.note,
        ),
    )


def outcome_numbers(cohort: Cohort, outcome: str) -> pd.Series:
    """Return the outcome as finite numbers, NaN where it is unknown."""
    values = _column(cohort, outcome)
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    wrong = int(((numbers.isna() & values.notna()) | np.isinf(numbers)).sum())
    if wrong:
        raise EstimationError(
            f"Column {outcome!r}: {wrong} value(s) are not finite numbers.",
            hint="Leave unknown outcomes empty (NaN).",
        )
    return numbers


def _column(cohort: Cohort, name: str) -> pd.Series:
    if name not in cohort.people.columns:
        raise EstimationError(
            f"The cohort has no column {name!r}.",
            hint=f"It has: {', '.join(map(str, cohort.people.columns))}.",
        )
    return cohort.people[name]


def _codes(cohort: Cohort, name: str) -> NDArray[np.intp]:
    """Return a code for each distinct value of a column without empty values."""
    values = _column(cohort, name)
    if lost := int(values.isna().sum()):
        raise EstimationError(
            f"Column {name!r} has {lost} empty value(s): a cluster must be known.",
            hint="Fill them, or cluster on another column.",
        )
    return np.asarray(pd.factorize(values)[0])


def _in_months_with_both(month: pd.Series, pilot: pd.Series) -> NDArray[np.bool_]:
    code, names = pd.factorize(month)
    pilots = np.bincount(code, weights=pilot, minlength=len(names))
    rows = np.bincount(code, minlength=len(names))
    return np.asarray(((pilots > 0) & (pilots < rows))[code])


def _lost_months_note(all_months: pd.Series, used: pd.Series) -> str:
    lost = sorted(set(all_months) - set(used))
    return f"not used, because one group is empty: {', '.join(lost)}" if lost else ""


def _with_constant(design: DesignMatrix) -> Array:
    columns = design.values  # noqa: PD011  (no data frame)
    return np.column_stack([np.ones(len(columns)), columns])
