"""The methods of weighting: each turns the rows of both groups into raw weights."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import joined
from evalkit.estimate.groups.design_matrix import design_matrix
from evalkit.estimate.groups.entropy import entropy_balance
from evalkit.estimate.groups.matching import nearest_pairs
from evalkit.estimate.groups.propensity import expit, logistic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.design_matrix import DesignMatrix

    Array = NDArray[np.float64]

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The rows that can be weighed: those of months that have both groups.

    Attributes
    ----------
    cohort
        These rows alone.
    covariates
        Columns to make alike; None: the cohort's.
    pilot
        True for the pilots among them.
    month
        Number of each row's month.
    rows
        True for them among all rows.
    """

    cohort: Cohort
    covariates: Sequence[str] | None
    pilot: NDArray[np.bool_]
    month: NDArray[np.intp]
    rows: NDArray[np.bool_]

    @classmethod
    def of(cls, cohort: Cohort, covariates: Sequence[str] | None) -> Self:
        """Return the rows of a cohort that can be weighed."""
        pilot = cohort.is_pilot.to_numpy()
        month = _numbered(cohort.people["month"])
        pilots, people = np.bincount(month, pilot), np.bincount(month)
        rows = ((pilots > 0) & (pilots < people))[month]
        if not rows.all():
            cohort = replace(cohort, people=cohort.people[rows])
            pilot, month = pilot[rows], month[rows]
        return cls(
            cohort=cohort, covariates=covariates, pilot=pilot, month=month, rows=rows
        )

    def matrix(self, *, squares: bool = False) -> DesignMatrix:
        """Return the covariates and months of the rows."""
        return design_matrix(self.cohort, self.covariates, squares=squares)

    def given(self, score: ArrayLike) -> Array:
        """Return the given scores of the rows, or say what is wrong with them."""
        values = np.asarray(score, dtype=float)
        if values.shape != self.rows.shape or not np.isfinite(values).all():
            raise EstimationError(
                "`score` must be one finite number for each row of the cohort.",
                hint=f"The cohort has {len(self.rows)} rows, `score` has the shape "
                f"{values.shape}.",
            )
        return values[self.rows]


def _numbered(months: pd.Series) -> NDArray[np.intp]:
    """Return the number of each row's month; it is looked up once for a run of rows."""
    values = months.to_numpy()
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    starts = np.flatnonzero(first)
    numbers, _ = pd.factorize(values[starts], sort=True)
    return np.repeat(numbers, np.diff(starts, append=len(values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """What a method found for the rows of `Groups`.

    Attributes
    ----------
    values
        Pilots 1 or, left out, 0; controls any weight, not yet scaled to the months.
    score, matrix, parameters, pairs, note
        As in `Weights`.
    """

    values: Array
    score: Array | None = None
    matrix: DesignMatrix | None = None
    parameters: Array = field(default_factory=lambda: np.zeros(0))
    pairs: NDArray[np.intp] | None = None
    note: str = ""


def checked_options(method: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options, or say which the method does not know or allow."""
    known = list(inspect.signature(METHODS[method]).parameters)[1:]
    if unknown := [name for name in options if name not in known]:
        raise EstimationError(
            f"{method!r} has no option {', '.join(unknown)}.",
            hint=f"It has: {', '.join(known)}.",
        )
    for name, value in options.items():
        lawful, rule = _RULES.get(name, (lambda _: True, ""))
        if not lawful(value):
            raise EstimationError(f"`{name}` must be {rule}, got {value!r}.")
    return options


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "moments": (lambda value: value in {1, 2}, "1 (means) or 2 (and variances)"),
    "trim": (lambda v: v is None or 0 < v < 1, "between 0 and 1, or None"),
    "cap": (lambda v: v is None or 0 < v < 1, "between 0 and 1, or None"),
    "ratio": (lambda v: v == int(v) and v >= 1, "a whole number, 1 or more"),
    "caliper": (lambda v: v is None or v > 0, "above 0, or None"),
    "subclasses": (lambda v: v == int(v) and v >= 1, "a whole number, 1 or more"),
}


def _entropy(groups: Groups, *, moments: int = 1) -> Weighting:
    matrix, pilot = groups.matrix(squares=moments > 1), groups.pilot
    x = matrix.values  # noqa: PD011  (not pandas)
    found = entropy_balance(x[~pilot], x[pilot].mean(axis=0))
    if not found.feasible:
        worst = np.argsort(-np.abs(found.gap), kind="stable")[:_NAMED]
        names = [matrix.names[place] for place in worst if found.gap[place]]
        raise EstimationError(
            "No weights on the controls give them the pilots' means: the controls hold "
            "nobody who could stand for some of the pilots.",
            hint=f"Farthest apart: {', '.join(names)}. Use fewer covariates or coarser "
            "classes, or match within a caliper and speak of the matched pilots alone.",
        )
    values = np.ones(len(pilot))
    values[~pilot] = found.weights * pilot.sum()
    return Weighting(
        values=values, matrix=matrix, parameters=found.parameters, note=matrix.note
    )


def _ipw(
    groups: Groups,
    *,
    score: ArrayLike | None = None,
    trim: float | None = None,
    cap: float | None = None,
) -> Weighting:
    logit, found = _score(groups, score)
    if score is not None:
        logit = _logit(logit)
    values = np.where(groups.pilot, 1.0, np.exp(logit - logit.max()))
    if cap is not None:
        highest = np.quantile(values[~groups.pilot], cap)
        values = np.where(groups.pilot, values, np.minimum(values, highest))
    if trim is not None:
        values = values * (expit(logit) <= 1 - trim)
    return Weighting(values=values, **found)


def _matching(
    groups: Groups,
    *,
    score: ArrayLike | None = None,
    ratio: int = 1,
    replace: bool = False,
    caliper: float | None = None,
    exact: Sequence[str] = (),
) -> Weighting:
    line, found = _score(groups, score)
    pilot = groups.pilot
    pairs = nearest_pairs(
        line,
        pilot,
        cells=_cells(groups, exact),
        ratio=ratio,
        replace=replace,
        widest=math.inf if caliper is None else caliper * _typical_sd(line, pilot),
    )
    n_matches = np.bincount(pairs[:, 0], minlength=len(pilot))
    shares = np.bincount(pairs[:, 1], 1 / n_matches[pairs[:, 0]], len(pilot))
    values = np.where(pilot, (n_matches > 0).astype(float), shares)
    return Weighting(values=values, pairs=pairs, **found)


def _stratification(groups: Groups, *, subclasses: int = 5) -> Weighting:
    """Weigh controls by pilots over controls in their month and class of weeks."""
    pilot = groups.pilot
    classes = _weeks_classes(groups, subclasses)
    cell = groups.month * (subclasses + 1) + classes
    n_pilot, n_control = (
        np.bincount(cell[rows], minlength=cell.max() + 1) for rows in (pilot, ~pilot)
    )
    odds = np.divide(
        n_pilot, n_control, out=np.zeros(len(n_pilot)), where=n_control > 0
    )
    values = np.where(pilot, n_control[cell] > 0, odds[cell]).astype(float)
    return Weighting(values=values)


METHODS: dict[str, Callable[..., Weighting]] = {
    "entropy": _entropy,
    "ipw": _ipw,
    "matching": _matching,
    "stratification": _stratification,
}
"""The methods by name: each takes `Groups` and its own options."""


def _score(groups: Groups, given: ArrayLike | None) -> tuple[Array, dict[str, Any]]:
    """Return the logit of the fitted score, or the given one as it is; and the fit."""
    if given is not None:
        values = groups.given(given)
        return values, {"score": values}
    matrix = groups.matrix()
    fit = logistic(matrix.values, groups.pilot.astype(float))
    return fit.linear, {
        "score": fit.fitted,
        "matrix": matrix,
        "parameters": fit.coefficients,
        "note": joined(matrix.note, fit.note),
    }


def _logit(score: Array) -> Array:
    if not ((score > 0) & (score < 1)).all():
        raise EstimationError("`score` must be probabilities between 0 and 1.")
    return np.asarray(np.log(score / (1 - score)))


def _cells(groups: Groups, exact: Sequence[str]) -> NDArray[np.intp]:
    """Return a number for each row: equal where the month and all columns are."""
    people = groups.cohort.people
    if lost := [name for name in exact if name not in people.columns]:
        raise EstimationError(
            f"The cohort has no column {', '.join(map(str, lost))}.",
            hint=f"It has: {', '.join(map(str, people.columns))}.",
        )
    columns = list(dict.fromkeys(["month", *exact]))
    numbered = people.groupby(columns, dropna=False, observed=True).ngroup()
    return np.asarray(numbered, dtype=np.intp)


def _typical_sd(line: Array, pilot: NDArray[np.bool_]) -> float:
    """Return the root of the mean of both groups' variances."""
    variances = [
        line[rows].var(ddof=1) if rows.sum() > 1 else 0.0 for rows in (pilot, ~pilot)
    ]
    return math.sqrt(sum(variances) / 2)


def _weeks_classes(groups: Groups, subclasses: int) -> NDArray[np.intp]:
    """Return each row's class of elapsed weeks; the unknown are the last class."""
    people = groups.cohort.people
    if "weeks_before" not in people.columns:
        raise EstimationError(
            "Stratification needs the weeks of unemployment before time zero.",
            hint="Name their column: Cohort.from_frame(..., weeks_before=...).",
        )
    weeks = people["weeks_before"].to_numpy(float)
    known = weeks[groups.pilot & ~np.isnan(weeks)]
    inner = np.linspace(0, 1, subclasses + 1)[1:-1]
    edges = np.quantile(known, inner) if known.size else np.zeros(0)
    classes = np.searchsorted(edges, weeks)
    unknown = np.isnan(weeks)
    return np.asarray(np.where(unknown, subclasses, classes), dtype=np.intp)
