"""Many months, many tests: p-values that allow for their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from evalkit.estimate.months.comparison import Comparison

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdjustedPValues(Result):
    """The monthly tests, adjusted for how many there are.

    Attributes
    ----------
    table
        One row per month: month, estimate, p_value, holm, benjamini_hochberg. A month
        without a test is NaN in all of them and is not counted.
    n_tests
        Months that were tested.
    """

    table: pd.DataFrame
    n_tests: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def adjusted_p_values(comparison: Comparison) -> AdjustedPValues:
    r"""Adjust the monthly p-values of a comparison for how many there are.

    Among twelve months without any true difference, one is below 0.05 in almost half
    of all years. Holm's p-values [1]_ keep the chance of a single false finding below
    the level, whatever the months have in common. Those of Benjamini and Hochberg
    [2]_ keep the expected share of false ones among all findings below it, where the
    tests are independent or positively dependent, as those of people who recur are.
    The pooled difference is one test and needs neither.

    Parameters
    ----------
    comparison
        What `compare` returned.

    Returns
    -------
    AdjustedPValues
        A row for each month.

    Notes
    -----
    With m p-values in ascending order, Holm's j-th is
    :math:`\max_{i \le j} \min(1, (m - i + 1) p_{(i)})`, that of Benjamini and
    Hochberg :math:`\min_{i \ge j} \min(1, m p_{(i)} / i)`.

    References
    ----------
    .. [1] Holm S (1979). A simple sequentially rejective multiple test procedure.
       Scandinavian Journal of Statistics 6, 65-70.
    .. [2] Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a
       practical and powerful approach to multiple testing. Journal of the Royal
       Statistical Society B 57, 289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1] * 6 + [0] * 6 + [1] * 6 + [0] * 6,
    ...         "y": [1, 1, 1, 1, 1, 0] + [0] * 6 + [1, 0, 0, 0, 0, 0] + [0] * 6,
    ...         "month": ["2021-01"] * 12 + ["2021-02"] * 12,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y", month="month")
    >>> adjusted_p_values(compare(cohort)).to_frame().round(4)
         month  estimate  p_value    holm  benjamini_hochberg
    0  2021-01    0.8333    0.002  0.0039              0.0039
    1  2021-02    0.1667    0.335  0.3350              0.3350
    """
    months = comparison.months
    table = months[["month", "estimate", "p_value"]].assign(
        holm=holm(months["p_value"]),
        benjamini_hochberg=benjamini_hochberg(months["p_value"]),
    )
    return AdjustedPValues(table=table, n_tests=int(table["p_value"].notna().sum()))


def holm(p_values: ArrayLike) -> Array:
    """Return Holm's adjusted p-values; NaN is no test."""
    adjusted, tested, order = _known(p_values)
    m = order.size
    steps = (m - np.arange(m)) * tested[order]
    tested[order] = np.minimum(np.maximum.accumulate(steps), 1)
    adjusted[~np.isnan(adjusted)] = tested
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> Array:
    """Return the adjusted p-values of Benjamini and Hochberg; NaN is no test."""
    adjusted, tested, order = _known(p_values)
    m = order.size
    steps = m / np.arange(1, m + 1) * tested[order]
    tested[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    adjusted[~np.isnan(adjusted)] = tested
    return adjusted


def _known(p_values: ArrayLike) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return a copy of all, the known ones, and the order of these."""
    everything = np.array(p_values, dtype=float)
    known = everything[~np.isnan(everything)]
    return everything, known, np.argsort(known, kind="stable")
