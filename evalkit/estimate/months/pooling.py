"""One difference from many strata, such as months."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.estimate.effect import (
    Effect,
    checked_level,
    checked_method,
    interval_and_p_value,
    joined,
    normal_p_value,
    normal_quantile,
)
from evalkit.estimate.months.counts import checked_counts, tables_of
from evalkit.estimate.months.heterogeneity import cochran_q, reml_tau2, typical_variance
from evalkit.estimate.shares.score import Tables, score_limits, score_statistic

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Method = Literal["mantel-haenszel", "score", "fixed", "random"]

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledDifference(Effect):
    """A difference pooled over strata.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value, pilot, control, n_pilot, n_control
        As in `Effect`. `pilot` and `control` are averages over the strata with the
        weights of the method, so that they differ by `estimate`.
    level, method, note
        As in `Effect`; the note names the strata that could not be used.
    n_strata
        Strata behind the estimate: those in which both groups have people.
    q, q_p_value
        Cochran's Q and its p-value: do the strata differ by more than chance?
    i2
        Share of the variation between strata that chance does not explain.
    tau2
        Variance of the true differences between strata.
    prediction_low, prediction_high
        Where the true difference of one more stratum would lie, at `level`.

    Notes
    -----
    What a method does not estimate is NaN: I2 comes with ``"fixed"`` and
    ``"random"``, tau2 and the prediction interval with ``"random"`` only.
    """

    n_strata: int
    q: float = math.nan
    q_p_value: float = math.nan
    i2: float = math.nan
    tau2: float = math.nan
    prediction_low: float = math.nan
    prediction_high: float = math.nan


def pooled_difference(
    counts: pd.DataFrame,
    *,
    method: Method = "mantel-haenszel",
    level: float = 0.95,
) -> PooledDifference:
    r"""Pool the difference in shares over strata.

    Each pilot group is compared with the control group of its own stratum, so that
    strata may differ in size and in level. Not for people who recur in several
    strata: see `compare`, whose standard error is clustered on person.

    Parameters
    ----------
    counts
        One row per stratum: ``stratum``, ``pilot_events``, ``n_pilot``,
        ``control_events``, ``n_control``.
    method
        ``"mantel-haenszel"``: weights :math:`n_1 n_0 / (n_1 + n_0)`, the variance of
        Sato [1]_, which is right for few large and for many small strata.
        ``"score"``: the same estimate with the stratified score interval [2]_, which
        exists with zero cells too. ``"fixed"``: inverse variance, one true
        difference. ``"random"``: true differences vary between strata; REML, with the
        standard error of Hartung and Knapp [3]_ [4]_. Not with few strata.
    level
        Level of the confidence interval.

    Returns
    -------
    PooledDifference
        In shares.

    Raises
    ------
    EstimationError
        If a column is missing, a count is not lawful, a stratum occurs twice, the
        level is not between 0 and 1, or the method is unknown.

    Notes
    -----
    With :math:`w_m = n_{1m} n_{0m} / N_m`, the Mantel-Haenszel difference is
    :math:`\sum_m w_m d_m / \sum_m w_m` and its variance
    :math:`(\hat\delta P + Q) / (\sum_m w_m)^2` with

    .. math::
        P = \sum_m \frac{n_{1m}^2 x_{0m} - n_{0m}^2 x_{1m}
            + n_{1m} n_{0m} (n_{0m} - n_{1m}) / 2}{N_m^2}, \quad
        Q = \sum_m \frac{x_{1m} (n_{0m} - x_{0m})
            + x_{0m} (n_{1m} - x_{1m})}{2 N_m}.

    The score interval holds the :math:`\delta` whose
    :math:`z(\delta) = \sum_m w_m (d_m - \delta) / \sqrt{\sum_m w_m^2 v_m(\delta)}`
    stays within the normal quantile, with the Mantel-Haenszel weights instead of the
    paper's iterated ones; its `se` is the plug-in one.

    Q is :math:`\sum_m (d_m - \hat\delta)^2 / v_m` with plug-in variances, around the
    estimate of the method (``"random"``: that of ``"fixed"``).

    ``"fixed"``, ``"random"`` and Q need a variance in each stratum: where a cell is
    zero, half a person is added to each cell of that stratum; the note says so where
    the estimate depends on it.
    The prediction interval is
    :math:`\hat\mu \pm t_{k-1} \sqrt{\hat\tau^2 + se^2}`.

    References
    ----------
    .. [1] Sato T (1989). On the variance estimator for the Mantel-Haenszel risk
       difference. Biometrics 45, 1323-1324.
    .. [2] Miettinen O, Nurminen M (1985). Comparative analysis of two rates.
       Statistics in Medicine 4, 213-226.
    .. [3] Hartung J, Knapp G (2001). On tests of the overall treatment effect in
       meta-analysis with normally distributed responses. Statistics in Medicine 20,
       1771-1782.
    .. [4] Viechtbauer W (2005). Bias and efficiency of meta-analytic variance
       estimators in the random-effects model. Journal of Educational and Behavioral
       Statistics 30, 261-293.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     {
    ...         "stratum": ["2021-01", "2021-02"],
    ...         "pilot_events": [14, 9],
    ...         "n_pilot": [40, 31],
    ...         "control_events": [140, 120],
    ...         "n_control": [500, 500],
    ...     }
    ... )
    >>> pooled = pooled_difference(counts)
    >>> f"{pooled.estimate:.3f} ({pooled.ci_low:.3f}, {pooled.ci_high:.3f})"
    '0.061 (-0.051, 0.173)'
    """
    checked_method(method, _POOL)
    checked_level(level)
    counts = checked_counts(counts)
    both = (counts["n_pilot"] > 0) & (counts["n_control"] > 0)
    used = counts[both]
    tables = tables_of(used)
    measures = _POOL[method](tables, level) if len(used) else _NOTHING
    return PooledDifference(
        **measures,
        n_pilot=int(tables.n1.sum()),
        n_control=int(tables.n0.sum()),
        n_strata=len(used),
        level=level,
        method=method,
        note=joined(
            empty_group_note(counts["stratum"][~both]),
            _zero_cell_note(used["stratum"][_has_zero_cell(tables)], method),
            no_interval_note(measures["se"], len(used)),
            _too_alike_note(tables, measures["se"]) if method == "random" else "",
        ),
    )


def empty_group_note(strata: pd.Series) -> str:
    """Name the strata in which a group is empty."""
    names = ", ".join(strata.astype(str))
    return f"not used, because one group is empty: {names}" if names else ""


def no_interval_note(se: float, n_strata: int) -> str:
    """Say why there is no interval."""
    if not n_strata:
        return "no stratum has both groups"
    if se == 0:
        return "no variation in either group: there is no standard error"
    return "a standard error cannot be computed" if math.isnan(se) else ""


def _zero_cell_note(strata: pd.Series, method: Method) -> str:
    """Name the strata whose cells were corrected."""
    if method not in _INVERSE_VARIANCE or strata.empty:
        return ""
    names = ", ".join(strata.astype(str))
    return f"half a person added to each cell, because one is zero: {names}"


def _too_alike_note(tables: Tables, se: float) -> str:
    """Warn of a standard error that promises more than chance alone allows."""
    if not tables.n1.size:
        return ""
    _, variances = _differences(_without_zero_cells(tables))
    if not 0 < se < (1 / variances).sum() ** -0.5:
        return ""
    return (
        "the strata agree better than chance would have it, which makes the interval "
        "of Hartung and Knapp too narrow: rely on mantel-haenszel"
    )


def _mantel_haenszel(tables: Tables, level: float) -> dict[str, float]:
    average = _average(tables, tables.weights, _sato_se(tables), level)
    return average | _spread(tables)


def _spread(tables: Tables) -> dict[str, float]:
    """Return Q around the Mantel-Haenszel difference, and its p-value."""
    differences, variances = _differences(_without_zero_cells(tables))
    around = float(tables.estimate)
    q, q_p_value = cochran_q(differences, variances, around=around)
    return {"q": q, "q_p_value": q_p_value}


def _sato_se(tables: Tables) -> float:
    """Return Sato's standard error of the Mantel-Haenszel difference."""
    x1, n1, x0, n0 = tables.x1, tables.n1, tables.x0, tables.n0
    total = n1 + n0
    p = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / total**2
    q = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * total)
    variance = float(tables.estimate * p.sum() + q.sum())
    if variance <= _ROUNDING * q.sum():  # 10 of 10 against 0 of 10
        return 0.0
    return math.sqrt(variance) / float((n1 * n0 / total).sum())


def _score(tables: Tables, level: float) -> dict[str, float]:
    p1, p0 = tables.x1 / tables.n1, tables.x0 / tables.n0
    variances = p1 * (1 - p1) / tables.n1 + p0 * (1 - p0) / tables.n0
    se = math.sqrt(float((tables.weights**2 * variances).sum()))
    low, high = score_limits(tables, normal_quantile(level))
    z = score_statistic(tables, np.asarray(0.0))
    average = _average(tables, tables.weights, se, level) | _spread(tables)
    return average | {
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": normal_p_value(float(z)),
    }


def _fixed(tables: Tables, level: float) -> dict[str, float]:
    tables = _without_zero_cells(tables)
    differences, variances = _differences(tables)
    weights = 1 / variances
    q, q_p_value = cochran_q(differences, variances)
    excess = max(0.0, 1 - (differences.size - 1) / q) if q > 0 else q
    return _average(tables, weights, weights.sum() ** -0.5, level) | {
        "q": q,
        "q_p_value": q_p_value,
        "i2": excess,
    }


def _random(tables: Tables, level: float) -> dict[str, float]:
    tables = _without_zero_cells(tables)
    differences, variances = _differences(tables)
    df = differences.size - 1
    if not df:
        return _average(tables, np.ones(1), math.nan, level)
    tau2 = reml_tau2(differences, variances)
    weights = 1 / (variances + tau2)
    mean = np.average(differences, weights=weights)
    spread = float((weights * (differences - mean) ** 2).sum())
    se = math.sqrt(spread / df / weights.sum())
    low, high, _ = interval_and_p_value(
        float(mean), math.hypot(se, math.sqrt(tau2)), level=level, df=df
    )
    q, q_p_value = cochran_q(differences, variances)
    return _average(tables, weights, se, level, df=df) | {
        "q": q,
        "q_p_value": q_p_value,
        "i2": tau2 / (tau2 + typical_variance(variances)),
        "tau2": tau2,
        "prediction_low": low,
        "prediction_high": high,
    }


def _average(
    tables: Tables, weights: Array, se: float, level: float, *, df: float = math.inf
) -> dict[str, float]:
    """Return the weighted shares, their difference and its interval."""
    pilot = float(np.average(tables.x1 / tables.n1, weights=weights))
    control = float(np.average(tables.x0 / tables.n0, weights=weights))
    ci_low, ci_high, p_value = interval_and_p_value(
        pilot - control, se, level=level, df=df
    )
    return {
        "estimate": pilot - control,
        "se": se,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "p_value": p_value,
        "pilot": pilot,
        "control": control,
    }


def _differences(tables: Tables) -> tuple[Array, Array]:
    """Return each stratum's difference and its plug-in variance."""
    p1, p0 = tables.x1 / tables.n1, tables.x0 / tables.n0
    return p1 - p0, p1 * (1 - p1) / tables.n1 + p0 * (1 - p0) / tables.n0


def _has_zero_cell(tables: Tables) -> NDArray[np.bool_]:
    smallest = np.minimum(
        np.minimum(tables.x1, tables.n1 - tables.x1),
        np.minimum(tables.x0, tables.n0 - tables.x0),
    )
    return np.asarray(smallest == 0)


def _without_zero_cells(tables: Tables) -> Tables:
    """Add half a person to every cell of a stratum that has a zero cell."""
    half = _has_zero_cell(tables) / 2
    return Tables(
        x1=tables.x1 + half,
        n1=tables.n1 + 2 * half,
        x0=tables.x0 + half,
        n0=tables.n0 + 2 * half,
    )


_POOL: dict[str, Callable[[Tables, float], dict[str, float]]] = {
    "mantel-haenszel": _mantel_haenszel,
    "score": _score,
    "fixed": _fixed,
    "random": _random,
}

_INVERSE_VARIANCE = {"fixed", "random"}

_NOTHING = dict.fromkeys(
    ["estimate", "se", "ci_low", "ci_high", "p_value", "pilot", "control"], math.nan
)
