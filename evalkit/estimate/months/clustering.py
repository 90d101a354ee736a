"""The pooled difference of people who may recur, in several months or both groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.effect import checked_level, interval_and_p_value, joined
from evalkit.estimate.months.heterogeneity import wald_of_equality
from evalkit.estimate.months.pooling import (
    PooledDifference,
    empty_group_note,
    no_interval_note,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_GROUPS = ("pilot", "control")
_FEW_CLUSTERS = 30


def clustered_difference(people: pd.DataFrame, *, level: float) -> PooledDifference:
    r"""Pool a difference over strata with a standard error clustered on people.

    Mantel-Haenszel weights [1]_ and a variance [2]_ that lets the rows of one cluster
    depend on each other in any way, across strata and across both groups. Any
    numeric outcome. Not for a handful of clusters: the interval is then too narrow.

    Parameters
    ----------
    people
        One row per observation: ``stratum``, ``pilot`` (True or False), ``value``
        (rows without one are left out), ``cluster`` (rows with the same one belong
        together).
    level
        Level of the confidence interval.

    Returns
    -------
    PooledDifference
        In the unit of the outcome.

    Notes
    -----
    With :math:`w_m = n_{1m} n_{0m} / N_m`, :math:`W = \sum_m w_m` and the group means
    :math:`\bar y_{1m}, \bar y_{0m}`, the estimate is
    :math:`\sum_m w_m (\bar y_{1m} - \bar y_{0m}) / W` and its variance
    :math:`\frac{G}{G - 1} \sum_i u_i^2` over the G clusters, with

    .. math::
        u_i = \sum_{\text{rows of } i} \frac{w_m}{W} \Big[
        \frac{T (y - \bar y_{1m})}{n_{1m}}
        - \frac{(1 - T)(y - \bar y_{0m})}{n_{0m}} \Big].

    `q` is Wald's statistic for equal differences in all strata, with the covariance
    :math:`\frac{G}{G - 1} \sum_i u_{im} u_{il}` of the same scores, kept apart by
    stratum: strata that share people are not independent, as Cochran's Q has it.

    References
    ----------
    .. [1] Mantel N, Haenszel W (1959). Statistical aspects of the analysis of data
       from retrospective studies of disease. Journal of the National Cancer Institute
       22, 719-748.
    .. [2] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized
       linear models. Biometrika 73, 13-22.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame(
    ...     {
    ...         "stratum": ["01", "01", "01", "01", "02", "02", "02", "02"],
    ...         "pilot": [True, True, False, False, True, True, False, False],
    ...         "value": [1.0, 0, 1, 0, 1, 1, 0, 0],
    ...         "cluster": ["a", "b", "c", "d", "b", "e", "c", "f"],
    ...     }
    ... )
    >>> pooled = clustered_difference(people, level=0.95)
    >>> f"{pooled.estimate} (se {pooled.se:.3f})"
    '0.5 (se 0.274)'
    """
    checked_level(level)
    strata = strata_of(people)
    cells, used = strata.cells, strata.used
    se = math.sqrt(strata.variance(used["weight"].to_numpy()))
    pilot, control = _weighted_means(used)
    ci_low, ci_high, p_value = interval_and_p_value(pilot - control, se, level=level)
    q, q_p_value = wald_of_equality(strata.differences, strata.covariance)
    return PooledDifference(
        estimate=pilot - control,
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        pilot=pilot,
        control=control,
        n_pilot=int(used["n_pilot"].sum()),
        n_control=int(used["n_control"].sum()),
        level=level,
        method="mantel-haenszel-clustered",
        n_strata=len(used),
        q=q,
        q_p_value=q_p_value,
        note=joined(
            empty_group_note(cells.index[cells["weight"] == 0].to_series()),
            no_interval_note(se, len(used)),
            _few_clusters_note(strata.n_clusters),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strata:
    """What the rows say stratum by stratum, and how the strata depend on each other.

    `cells` has a row for each stratum: n and mean of both groups and the
    Mantel-Haenszel weight, zero where a group is empty. `covariance` is that of the
    differences of the strata with both groups, in their order.
    """

    cells: pd.DataFrame
    covariance: Array
    n_clusters: int

    @property
    def used(self) -> pd.DataFrame:
        """The strata in which both groups have people."""
        return self.cells[self.cells["weight"] > 0]

    @property
    def differences(self) -> Array:
        """The difference of each stratum with both groups."""
        used = self.used
        return (used["mean_pilot"] - used["mean_control"]).to_numpy()

    def variance(self, weights: Array) -> float:
        """Return the variance of a weighted sum of the differences."""
        return float(weights @ self.covariance @ weights) if weights.size else math.nan


def strata_of(people: pd.DataFrame) -> Strata:
    """Return the strata of people as `clustered_difference` takes them."""
    cells = _cells(people)
    used = cells[cells["weight"] > 0]
    rows = people[people["stratum"].isin(used.index)].dropna(subset="value")
    covariance, n_clusters = _clustered_covariance(rows, used)
    return Strata(cells=cells, covariance=covariance, n_clusters=n_clusters)


def _cells(people: pd.DataFrame) -> pd.DataFrame:
    """Return n and mean of both groups, and the weight, of each stratum."""
    parts: dict[str, pd.Series] = {}
    for group, rows in (("pilot", people["pilot"]), ("control", ~people["pilot"])):
        values = people["value"].where(rows).groupby(people["stratum"])
        parts |= {f"n_{group}": values.count(), f"mean_{group}": values.mean()}
    cells = pd.DataFrame(parts)
    total = cells["n_pilot"] + cells["n_control"]
    weight = (cells["n_pilot"] * cells["n_control"] / total).fillna(0)
    return cells.assign(weight=weight / weight.sum() if weight.any() else 0.0)


def _weighted_means(used: pd.DataFrame) -> tuple[float, float]:
    """Return both groups' averages over strata; NaN if there are none."""
    if used.empty:
        return math.nan, math.nan
    weights = used["weight"]
    means = (np.average(used[f"mean_{g}"], weights=weights) for g in _GROUPS)
    pilot, control = map(float, means)
    return pilot, control


def _clustered_covariance(rows: pd.DataFrame, cells: pd.DataFrame) -> tuple[Array, int]:
    """Return the covariance of the strata's differences and the number of clusters."""
    from scipy.sparse import coo_array

    at = cells.index.get_indexer(pd.Index(rows["stratum"]))
    own = cells.iloc[at]
    pilot = rows["pilot"].to_numpy()
    size = np.where(pilot, own["n_pilot"], -own["n_control"])
    mean = np.where(pilot, own["mean_pilot"], own["mean_control"])
    codes, clusters = pd.factorize(rows["cluster"])
    n_clusters = len(clusters)
    if n_clusters < 2:  # noqa: PLR2004  (one cluster says nothing about variation)
        return np.full((len(cells), len(cells)), math.nan), n_clusters
    scores = coo_array(
        ((rows["value"].to_numpy() - mean) / size, (codes, at)),
        shape=(n_clusters, len(cells)),
    ).tocsr()
    return n_clusters / (n_clusters - 1) * (scores.T @ scores).toarray(), n_clusters


def _few_clusters_note(n_clusters: int) -> str:
    if 1 < n_clusters < _FEW_CLUSTERS:
        return f"only {n_clusters} clusters: the interval may be too narrow"
    return ""
