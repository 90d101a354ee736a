"""The E-value: hidden selection on the scale of ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.estimators import effect_by
from evalkit.estimate.adjustment.influence import few_clusters_note
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.effect import checked_level, joined, normal_quantile
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.estimators import Estimator


_MEASURES = ("ratio", "ci_low", "ci_high", "e_value", "e_value_ci")


@dataclass(frozen=True, slots=True, kw_only=True)
class EValues(Result):
    """Adjusted ratios of shares, and the E-values that belong to them.

    Attributes
    ----------
    table
        A row for having the outcome (`outcome` 1) and one for not having it (0):
        pilot, control (adjusted shares), ratio, ci_low, ci_high, e_value (of the
        ratio), e_value_ci (of the end of its interval that is nearer to one).
    method
        Estimator of the control's share.
    level
        Level of the intervals.
    note
        What should be known; empty when there is nothing.
    """

    table: pd.DataFrame
    method: str
    level: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def e_values(
    cohort: Cohort,
    *,
    method: Estimator = "aipw",
    covariates: Sequence[str] | None = None,
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
) -> EValues:
    r"""Say how strong hidden selection must be on the scale of ratios.

    The E-value [1]_ is the least ratio by which a hidden characteristic must be more
    frequent among the served *and* by which it must raise the outcome, given the
    covariates, to explain the whole adjusted ratio. It has limits: it says nothing of
    how likely such a characteristic is; it is a bound for one that does both alike;
    and where half of all people have the outcome, ratios of having it and of not
    having it tell different stories. Both are therefore given. For a bound in
    percentage points, with benchmarks: `hidden_selection`.

    Parameters
    ----------
    cohort
        People of both groups with an outcome of 0 and 1.
    method
        Estimator, as in `adjusted_difference`.
    covariates
        Characteristics at time zero. None: the cohort's.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the intervals. None: the cohort's.
    outcome
        Column of the outcome.

    Returns
    -------
    EValues
        Ratios are one where there is no effect, and so are E-values.

    Raises
    ------
    EstimationError
        If the outcome is not 0 or 1, columns are missing or unlawful, or no month has
        both groups.

    Notes
    -----
    With the adjusted ratio RR of at least one (else its inverse),
    :math:`E = RR + \sqrt{RR (RR - 1)}`. The interval of the ratio is normal on the
    logarithm, with the estimated share of the controls. Whose interval includes one
    has an `e_value_ci` of one.

    References
    ----------
    .. [1] VanderWeele TJ, Ding P (2017). Sensitivity analysis in observational
       research: introducing the E-value. Annals of Internal Medicine 167, 268-274.

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
    >>> e_values(cohort).table[["outcome", "ratio", "e_value", "e_value_ci"]].round(2)
       outcome  ratio  e_value  e_value_ci
    0        1   1.13     1.52        1.24
    1        0   0.92     1.39        1.18
    """
    level = checked_level(cohort.level if level is None else level)
    sample = sample_of(cohort, covariates=covariates, outcome=outcome, cluster=cluster)
    if not sample.is_binary:
        raise EstimationError(
            f"E-values need an outcome of 0 and 1, and {outcome!r} is not.",
            hint="Use `hidden_selection`, which takes any number.",
        )
    effect = effect_by(method, sample)
    of_control = effect.pilot_influence - effect.influence
    rows = []
    for value, sign in ((1, 1.0), (0, -1.0)):
        pilot, control = (
            share if value else 1 - share for share in (effect.pilot, effect.control)
        )
        row = {"outcome": value, "pilot": pilot, "control": control}
        if min(pilot, control) <= 0:
            rows.append(row | dict.fromkeys(_MEASURES, math.nan))
            continue
        log_influence = sign * (effect.pilot_influence / pilot - of_control / control)
        rows.append(row | _measures(pilot / control, sample.se(log_influence), level))
    table = pd.DataFrame(rows)
    return EValues(
        table=table,
        method=method,
        level=level,
        note=joined(
            sample.note,
            effect.note,
            few_clusters_note(sample.cluster),
            "" if table["ratio"].notna().all() else "a share of zero has no ratio",
        ),
    )


def e_value(ratio: float) -> float:
    """Return the E-value of a risk ratio.

    Examples
    --------
    >>> round(e_value(3.9), 2)
    7.26
    """
    away = max(ratio, 1 / ratio)
    return away + math.sqrt(away * (away - 1))


def e_value_of_interval(ci_low: float, ci_high: float) -> float:
    """Return the E-value of the end of an interval that is nearer to one.

    Examples
    --------
    >>> e_value_of_interval(0.9, 1.3)
    1.0
    """
    if ci_low > 1:
        return e_value(ci_low)
    return e_value(ci_high) if ci_high < 1 else 1.0


def _measures(ratio: float, se: float, level: float) -> dict[str, float]:
    margin = math.exp(normal_quantile(level) * se)
    return {
        "ratio": ratio,
        "ci_low": ratio / margin,
        "ci_high": ratio * margin,
        "e_value": e_value(ratio),
        "e_value_ci": e_value_of_interval(ratio / margin, ratio * margin),
    }
