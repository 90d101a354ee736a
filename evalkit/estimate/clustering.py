"""The pooled difference of people who may recur, in several months or both groups."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from evalkit.estimate.effect import checked_level, interval_and_p_value, joined
from evalkit.estimate.pooling import (
    PooledDifference,
    empty_group_note,
    no_interval_note,
)

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
    cells = _cells(people)
    used = cells[cells["weight"] > 0]
    rows = people[people["stratum"].isin(used.index)].dropna(subset="value")
    se, n_clusters = _clustered_se(rows, used)
    pilot, control = _weighted_means(used)
    ci_low, ci_high, p_value = interval_and_p_value(pilot - control, se, level=level)
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
        note=joined(
            empty_group_note(cells.index[cells["weight"] == 0].to_series()),
            no_interval_note(se, len(used)),
            _few_clusters_note(n_clusters),
        ),
    )


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


def _clustered_se(rows: pd.DataFrame, cells: pd.DataFrame) -> tuple[float, int]:
    """Return the standard error and the number of clusters."""
    own = cells.loc[rows["stratum"]].reset_index(drop=True)
    pilot, value = rows["pilot"].to_numpy(), rows["value"].to_numpy()
    size = np.where(pilot, own["n_pilot"], -own["n_control"])
    deviation = value - np.where(pilot, own["mean_pilot"], own["mean_control"])
    scores = own["weight"].to_numpy() * deviation / size
    sums = pd.Series(scores).groupby(rows["cluster"].to_numpy()).sum().to_numpy()
    n_clusters = len(sums)
    if n_clusters < 2:  # noqa: PLR2004  (one cluster says nothing about variation)
        return math.nan, n_clusters
    variance = n_clusters / (n_clusters - 1) * np.square(sums).sum()
    return math.sqrt(variance), n_clusters


def _few_clusters_note(n_clusters: int) -> str:
    if 1 < n_clusters < _FEW_CLUSTERS:
        return f"only {n_clusters} clusters: the interval may be too narrow"
    return ""
