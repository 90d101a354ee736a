"""Squares and interactions: balance beyond the means of single covariates."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.design_matrix import design_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.balance import Balance
    from evalkit.estimate.groups.design_matrix import DesignMatrix
    from evalkit.estimate.groups.weights import Weights

    Array = NDArray[np.float64]

LEAST_SHARE = 0.05
"""Pilots that a level, or two levels together, must have for a product of its own."""


def balance_of_products(
    cohort: Cohort,
    *,
    weights: Weights | None = None,
    covariates: Sequence[str] | None = None,
    level: float | None = None,
) -> Balance:
    r"""Tell how alike the groups are in squares and interactions of covariates.

    Weights that make all means alike may leave spreads and combinations apart: as many
    young people and as many who were unemployed for long, but other young people who
    were [1]_.

    Parameters
    ----------
    cohort
        People of both groups.
    weights
        Weights of `evalkit.weigh`. None: as they are.
    covariates
        Columns to multiply. None: the cohort's.
    level
        Level of the intervals. None: the cohort's.

    Returns
    -------
    Balance
        One row for each product, named ``age * sex = woman``.

    Raises
    ------
    EstimationError
        If a covariate cannot be used, no product can be made of them, nobody is in the
        pilot group, or the weights are another cohort's.

    Notes
    -----
    Columns are centred at the pilots' means, so that a square compares spreads and a
    product compares how two covariates go together. Left out are squares of what takes
    two values only, products of levels of one covariate, and levels (or pairs of them)
    that fewer than a twentieth of the pilots have: of a handful nothing can be told.

    References
    ----------
    .. [1] Rubin DB (2001). Using propensity scores to help design observational
       studies: application to the tobacco litigation. Health Services and Outcomes
       Research Methodology 2, 169-188.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {"treat": [1, 1, 1, 0, 0, 0], "y": 1, "age": [20, 40, 60, 38, 40, 42]}
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> table = balance_of_products(cohort).to_frame()
    >>> table[["covariate", "pilot", "control"]].round(1)
       covariate  pilot  control
    0  age * age  266.7      2.7
    """
    matrix = design_matrix(cohort, covariates, months=False)
    pilot = cohort.is_pilot.to_numpy()
    if not pilot.any():
        raise EstimationError("Nobody is in the pilot group.")
    products = _products(matrix, pilot)
    products.index = cohort.people.index
    people = cohort.people[["person", "group", "month"]].join(products)
    return balance(
        replace(cohort, people=people, covariates=tuple(products.columns)),
        weights=weights,
        distributions=False,
        level=level,
    )


def _products(matrix: DesignMatrix, pilot: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the products of centred columns that enough pilots have."""
    columns = matrix.values  # noqa: PD011  (not pandas)
    levels = [_has_two_values(column) for column in columns.T]
    values = np.where(levels, columns == columns.max(axis=0), columns)
    own = values[pilot]
    centred = values - own.mean(axis=0)
    pairs = combinations_with_replacement(range(len(levels)), 2)
    products = {
        f"{matrix.names[i]} * {matrix.names[j]}": centred[:, i] * centred[:, j]
        for i, j in pairs
        if _is_new(matrix.terms, levels, i, j) and _is_had(own, levels, i, j)
    }
    if not products:
        raise EstimationError(
            "No square or interaction can be made of these covariates.",
            hint="It takes numbers, or levels that a twentieth of the pilots have.",
        )
    return pd.DataFrame(products)


def _is_new(terms: Sequence[str], levels: Sequence[bool], i: int, j: int) -> bool:
    """Tell whether a product says what its columns do not."""
    return terms[i] != terms[j] or (i == j and not levels[i])


def _is_had(own: Array, levels: Sequence[bool], i: int, j: int) -> bool:
    """Tell whether enough pilots have the levels of a product, and enough have not."""
    columns = [own[:, k] for k in (i, j) if levels[k]]
    share = np.prod(columns, axis=0).mean() if columns else 0.5
    return bool(LEAST_SHARE <= share <= 1 - LEAST_SHARE)


def _has_two_values(column: Array) -> bool:
    return bool(np.isin(column, (column.min(), column.max())).all())
