"""Covariates as numbers: what every weighting and every regression reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.groups.gram import triangle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort

    Array = NDArray[np.float64]
    Column = tuple[str, str, Array]  # name, the covariate that it belongs to, values

MISSING = "missing"
"""Name of the level of those whose value is not known."""

_AFTER_TIME_ZERO = frozenset(
    {"outcome", "outcome_report", "outcome_strict", "weeks", "exited", "exit_to"}
)
_NO_COVARIATES = _AFTER_TIME_ZERO | {"person", "group"}
_TOLERANCE = 1e-7  # of a column's own length, as in R's lm


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignMatrix:
    """Covariates of people as columns of numbers, without an intercept.

    Attributes
    ----------
    values
        One row per row of the cohort, one column per name.
    names
        Names of the columns, such as ``age``, ``sex = woman``, ``month = 2021-02``.
    terms
        The covariate that each column belongs to.
    dropped
        Names of columns that say nothing beyond earlier ones: constant, or linearly
        dependent on them.
    """

    values: Array
    names: tuple[str, ...]
    terms: tuple[str, ...]
    dropped: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What was dropped, in words; empty when nothing was."""
        if not self.dropped:
            return ""
        return f"columns without information dropped: {', '.join(self.dropped)}"


def design_matrix(
    cohort: Cohort,
    covariates: Sequence[str] | None = None,
    *,
    months: bool = True,
    squares: bool = False,
    independent: bool = True,
) -> DesignMatrix:
    """Write the covariates of a cohort as numbers.

    A number stays as it is; where it is missing, the mean of the known ones stands in
    and a column of its own tells those rows apart. Of a text or category each level
    has a column of 0 and 1, missing is a level too, and the most frequent level (of
    several the alphabetically first) is left out as the reference.

    Parameters
    ----------
    cohort
        People of both groups.
    covariates
        Columns to use. None: the cohort's.
    months
        Whether the cohort months have columns; the first one is the reference.
    squares
        Whether numbers that take more than two values have their squares too.
    independent
        Whether columns that say nothing beyond earlier ones are dropped. False is for
        models that judge it by what they compare.

    Returns
    -------
    DesignMatrix
        Linearly independent columns, in the order of the covariates.

    Raises
    ------
    EstimationError
        If there are no covariates, or one is not in the cohort, is known only after
        time zero, or is neither numbers nor categories.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 0, 0, 0],
    ...         "y": [1, 0, 0, 1],
    ...         "age": [30, 40, None, 50],
    ...         "sex": ["woman", "man", "man", "woman"],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age", "sex"]
    ... )
    >>> matrix = design_matrix(cohort)
    >>> matrix.names
    ('age', 'age = missing', 'sex = woman')
    >>> matrix.values[2].tolist()
    [40.0, 1.0, 0.0]
    """
    names = checked_covariates(cohort, covariates)
    columns = [
        column
        for name in names
        for column in _columns(name, cohort.people[name], squares=squares)
    ]
    if months:
        columns += _month_columns(cohort.people["month"])
    return _matrix(columns, len(cohort.people), independent=independent)


def checked_covariates(
    cohort: Cohort, covariates: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return the covariates to use, or say why they cannot be."""
    names = tuple(
        dict.fromkeys(cohort.covariates if covariates is None else covariates)
    )
    if not names:
        raise EstimationError(
            "There are no covariates.",
            hint="Name them: covariates=[...], or in the plan, [estimate] covariates.",
        )
    if unknown := [name for name in names if name not in cohort.people.columns]:
        raise EstimationError(
            f"The cohort has no column {', '.join(map(str, unknown))}.",
            hint=f"It has: {', '.join(map(str, cohort.people.columns))}.",
        )
    if wrong := [name for name in names if name in _NO_COVARIATES]:
        raise EstimationError(
            f"Not a covariate: {', '.join(wrong)}.",
            hint="Adjust only for what was known of people at time zero.",
        )
    return names


def is_numeric(values: pd.Series) -> bool:
    """Tell whether a covariate is a number (True and False are 1 and 0)."""
    if pd.api.types.is_numeric_dtype(values):
        return True
    known = values.dropna()
    return bool(len(known)) and all(isinstance(value, bool) for value in known.unique())


def as_floats(values: pd.Series) -> Array:
    """Return a numeric covariate as it is, NaN where it is missing."""
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))


def numbers(name: str, values: pd.Series) -> Array:
    """Return a numeric covariate as finite numbers, NaN where it is missing."""
    found = as_floats(values)
    if np.isinf(found).any():
        raise EstimationError(
            f"Column {name!r}: {int(np.isinf(found).sum())} value(s) are infinite.",
            hint="Leave unknown values empty (NaN).",
        )
    return found


def levels_of(name: str, values: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return the level of each row as a position, and the levels in order.

    The levels are in alphabetical order, missing last if there is any.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        raise EstimationError(
            f"Column {name!r} holds dates: neither numbers nor categories.",
            hint="Make it a number, such as days before time zero.",
        )
    codes, known = pd.factorize(values)
    texts = [str(level) for level in known] + [MISSING] * bool((codes < 0).any())
    order = sorted(set(texts) - {MISSING}) + [MISSING] * (MISSING in texts)
    places = np.array([order.index(text) for text in texts], dtype=np.intp)
    return places[codes], order


def _columns(name: str, values: pd.Series, *, squares: bool) -> Iterator[Column]:
    """Return the columns of one covariate."""
    if not is_numeric(values):
        yield from _level_columns(name, *levels_of(name, values))
        return
    known = numbers(name, values)
    missing = np.isnan(known)
    if missing.any():
        fill = known[~missing].mean() if not missing.all() else 0.0
        known = np.where(missing, fill, known)
    yield name, name, known
    if squares and not _two_valued(known[~missing]):
        yield f"{name} squared", name, known**2
    if missing.any():
        yield f"{name} = {MISSING}", name, missing.astype(float)


def _level_columns(
    name: str, codes: NDArray[np.intp], levels: list[str]
) -> Iterator[Column]:
    reference = int(np.bincount(codes, minlength=len(levels)).argmax())
    for code, level in enumerate(levels):
        if code != reference:
            yield f"{name} = {level}", name, (codes == code).astype(float)


def _month_columns(months: pd.Series) -> list[Column]:
    codes, names = pd.factorize(months, sort=True)
    return [
        (f"month = {month}", "month", (codes == code).astype(float))
        for code, month in enumerate(names)
        if code > 0
    ]


def _two_valued(values: Array) -> bool:
    """Tell whether there are at most two values: their squares say nothing more."""
    return not values.size or bool(np.isin(values, [values.min(), values.max()]).all())


def _matrix(columns: list[Column], n_rows: int, *, independent: bool) -> DesignMatrix:
    """Return the columns; if need be, those that say something beyond earlier ones."""
    values = np.empty((n_rows, len(columns)))
    for place, (_, _, column) in enumerate(columns):
        values[:, place] = column
    kept = independent_columns(values) if independent else range(len(columns))
    dropped = sorted(set(range(len(columns))) - set(kept))
    return DesignMatrix(
        values=values if not dropped else np.ascontiguousarray(values[:, kept]),
        names=tuple(columns[place][0] for place in kept),
        terms=tuple(columns[place][1] for place in kept),
        dropped=tuple(columns[place][0] for place in dropped),
    )


def independent_columns(values: Array) -> list[int]:
    """Return the columns that are no combination of earlier ones and of a constant.

    The triangle of the QR decomposition keeps all lengths and angles of the columns,
    so that the search among them needs no further look at the rows.
    """
    if not values.size:
        return []
    upper = triangle(values, values.mean(axis=0))
    length = np.linalg.norm(upper, axis=0)
    varies = length > _TOLERANCE * np.abs(values).max(axis=0)
    basis = np.zeros((len(upper), 0))
    kept: list[int] = []
    for place in np.flatnonzero(varies):
        rest = upper[:, place] / length[place]
        for _ in range(2):  # once more, for what rounding left
            rest -= basis @ (basis.T @ rest)
        if (left := np.linalg.norm(rest)) > _TOLERANCE:
            basis = np.column_stack([basis, rest / left])
            kept.append(int(place))
    return kept
