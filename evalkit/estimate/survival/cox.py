"""The hazard ratio of the pilot: Cox's model, with people who recur."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.week_counts import people_of
from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.effect import Effect, interval_and_p_value, joined
from evalkit.estimate.survival.cox_model import (
    CoxModel,
    errors_note,
    recur_or_are_weighted,
)
from evalkit.estimate.survival.reweighing import replicated, reweighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock, Durations

    Array = NDArray[np.float64]

Errors = Literal["clustered", "model", "bootstrap"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardRatio(Effect):
    """How many times as fast the pilot's people leave, week by week.

    The interval and the p-value are those of the logarithm; `p_value` is below
    1 - level exactly when the interval leaves one out. `pilot` and `control` are exits
    per week at risk.

    Attributes
    ----------
    coefficients
        Logarithms of the ratios: ``term`` (``pilot`` first), ``coef``, ``se``,
        ``ci_low``, ``ci_high``, ``p_value``.
    exits_pilot, exits_control
        Exits of each group.
    log_likelihood
        Of the model; without any ratio it is `log_likelihood_null`.
    log_likelihood_null
        The same where all ratios are one.
    clock
        ``entry`` or ``registration``.
    errors
        Where the standard errors are from: ``model``, ``clustered``, ``bootstrap``.
    """

    coefficients: pd.DataFrame
    exits_pilot: int
    exits_control: int
    log_likelihood: float
    log_likelihood_null: float
    clock: str
    errors: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the ratio; all terms are in `coefficients`."""
        names = [field.name for field in fields(self) if field.name != "coefficients"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def hazard_ratio(
    cohort: Cohort | WeekCounts,
    *,
    covariates: Sequence[str] | None = (),
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    exit_to: str | None = None,
    errors: Errors | None = None,
    bootstrap: Bootstrap | None = None,
) -> HazardRatio:
    r"""Compare the rates at which the groups leave unemployment, by Cox's model.

    The pilot's people leave at the control group's rate times one constant [1]_. Weeks
    in which several leave are handled by Efron's approximation [2]_, and people who
    recur by standard errors clustered on the person.

    Not for a pilot whose effect comes and goes: the ratio is then an average over the
    weeks that depends on how long people were followed, see `proportional_hazards`, and
    the difference of restricted means says more. Even in a randomised study the ratio
    compares those who are still there, who are no longer alike.

    Parameters
    ----------
    cohort
        People with ``weeks`` and ``exited``, or counts of them.
    covariates
        Columns to adjust for. None: the cohort's. Empty: none.
    clock
        ``"entry"``: weeks since time zero. ``"registration"``: weeks since unemployment
        began, at risk from ``weeks_before`` on.
    strata
        Column within which people are compared, such as ``"month"``: each value has its
        own baseline rate. None: one for all.
    weights
        Weights of `evalkit.weigh`.
    exit_to
        One exit route: all others are censored (a cause-specific ratio). None: any.
    errors
        ``"clustered"`` on the person. ``"model"``: the inverse of the information, for
        independent rows without weights. ``"bootstrap"``: people are drawn and weighed
        again. None: clustered where people recur or are weighted, else of the model.
    bootstrap
        Number of replicates and seed. None: the usual ones.

    Returns
    -------
    HazardRatio
        `estimate` is the ratio; logarithms are in `coefficients`.

    Raises
    ------
    EstimationError
        If the cohort has no durations, or an argument is not lawful.

    Notes
    -----
    The clustered covariance [3]_ is :math:`\sum_i u_i u_i'`, with :math:`u_i` the sum
    over the rows of person i of weight times score residual times the inverse
    information. It takes weights as known; the bootstrap does not.

    References
    ----------
    .. [1] Cox DR (1972). Regression models and life-tables. Journal of the Royal
       Statistical Society B 34, 187-220.
    .. [2] Efron B (1977). The efficiency of Cox's likelihood function for censored
       data. Journal of the American Statistical Association 72, 557-565.
    .. [3] Lin DY, Wei LJ (1989). The robust inference for the Cox proportional hazards
       model. Journal of the American Statistical Association 84, 1074-1078.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [2, 3, 3, 8, 3, 6, 7, 9],
    ...         "left": [1, 1, 1, 0, 1, 1, 0, 1],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> ratio = hazard_ratio(cohort)
    >>> f"{ratio.estimate:.2f} ({ratio.ci_low:.2f} to {ratio.ci_high:.2f})"
    '2.52 (0.41 to 15.54)'
    """
    _checked_errors(errors, weights)
    fitted = partial(
        CoxModel.of,
        cohort,
        covariates=covariates,
        clock=clock,
        strata=strata,
        exit_to=exit_to,
    )
    model = fitted(weights=weights)
    kind = errors or usual_errors(model.durations)
    if kind == "model":
        covariance, note = model.model_covariance, ""
    elif weights is None or kind == "clustered":
        covariance, note = model.clustered_covariance(), errors_note(model.durations)
    else:
        people = people_of(cohort, "Bootstrap errors")
        replicates = reweighed(people, weights, bootstrap or Bootstrap())
        covariance, note = _resampled(replicates, model, fitted(weights=None))
    table = coefficient_table(
        model.terms, model.fit.coefficients, covariance, level=cohort.level
    )
    durations = model.durations
    n_pilot, n_control = durations.sizes
    pilot, control = exit_rates(durations, model.left)
    exits = _exits(durations, model.left)
    return HazardRatio(
        **ratio_of(table),
        pilot=pilot,
        control=control,
        n_pilot=n_pilot,
        n_control=n_control,
        level=cohort.level,
        method="cox-efron",
        note=joined(model.infinite_note(), model.note, note),
        coefficients=table,
        exits_pilot=exits[0],
        exits_control=exits[1],
        log_likelihood=model.fit.likelihood.log_likelihood,
        log_likelihood_null=model.fit.null,
        clock=clock,
        errors=kind,
    )


def usual_errors(durations: Durations) -> Errors:
    """Return the errors that rows need: clustered if they recur or are weighted."""
    return "clustered" if recur_or_are_weighted(durations) else "model"


def _checked_errors(errors: str | None, weights: Weights | None) -> None:
    if errors is not None and errors not in get_args(Errors):
        raise EstimationError(
            f"`errors` is unknown: {errors!r}.",
            hint=f"Choose {', '.join(get_args(Errors))}.",
        )
    if errors == "bootstrap" and (weights is None or weights.method == "matching"):
        raise EstimationError(
            "The bootstrap is for weights that can be made again.",
            hint="Without weights, or with those of matching, let errors be clustered.",
        )


def _resampled(
    replicates: Iterator[Array | None], model: CoxModel, everybody: CoxModel
) -> tuple[Array, str]:
    """Return the variances over replicates of the weights, and a note.

    `everybody` is the same model of all rows, whatever their first weight.
    """
    places = [everybody.terms.index(term) for term in model.terms]

    def coefficients(drawn: Durations) -> Array:
        fit = everybody.with_weights(np.asarray(drawn.weights))
        return fit.coefficients[places]

    se, note = replicated(replicates, everybody.durations, coefficients)
    return np.diag(se**2), note


def coefficient_table(
    terms: Sequence[str], coefficients: Array, covariance: Array, *, level: float
) -> pd.DataFrame:
    """Return term, coef, se, ci_low, ci_high and p_value."""
    rows = []
    for term, coef, variance in zip(
        terms, coefficients.tolist(), np.diag(covariance).tolist(), strict=True
    ):
        se = math.sqrt(variance) if variance > 0 and not math.isnan(coef) else math.nan
        ci_low, ci_high, p_value = interval_and_p_value(coef, se, level=level)
        rows.append((term, coef, se, ci_low, ci_high, p_value))
    names = ["term", "coef", "se", "ci_low", "ci_high", "p_value"]
    return pd.DataFrame(rows, columns=names)


def ratio_of(table: pd.DataFrame) -> dict[str, float]:
    """Return the ratio of the first term, with a standard error of its own scale."""
    first = table.iloc[0]
    ratio = math.exp(first["coef"])
    return {
        "estimate": ratio,
        "se": ratio * float(first["se"]),
        "ci_low": math.exp(first["ci_low"]),
        "ci_high": math.exp(first["ci_high"]),
        "p_value": float(first["p_value"]),
    }


def _exits(durations: Durations, left: NDArray[np.bool_]) -> list[int]:
    """Return how many people of each group leave."""
    size = None if durations.counts is None else durations.counts[left]
    counted = np.bincount(durations.group[left], size, 2)
    return [round(number) for number in counted.tolist()]


def exit_rates(durations: Durations, left: NDArray[np.bool_]) -> tuple[float, float]:
    """Return exits per week at risk of the pilot and of the control group."""
    weeks = (durations.end - durations.entry).astype(float)
    exits = left.astype(float)
    for size in (durations.weights, durations.counts):
        if size is not None:
            weeks, exits = weeks * size, exits * size
    per_group = [
        np.bincount(durations.group, values, 2).tolist() for values in (exits, weeks)
    ]
    pilot, control = (
        out / at_risk if at_risk else math.nan
        for out, at_risk in zip(*per_group, strict=True)
    )
    return pilot, control
