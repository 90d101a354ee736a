"""An effect: what the pilot's people did more than the control group's."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Result):
    """A difference between the groups, with what is known about its precision.

    Attributes
    ----------
    estimate
        Pilot minus control, in the unit of the outcome; for shares 0.05 is five
        percentage points.
    se
        Standard error of the estimate.
    ci_low, ci_high
        Confidence interval at `level`.
    p_value
        Two-sided p-value that belongs to the same interval: it is below 1 - level
        exactly when the interval leaves zero out.
    pilot, control
        Share, or mean, of each group.
    n_pilot, n_control
        Observations of each group behind the estimate.
    level
        Level of the confidence interval.
    method
        Name of the method.
    note
        What should be known about this estimate; empty when there is nothing.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    pilot: float
    control: float
    n_pilot: int
    n_control: int
    level: float
    method: str
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row with a column for each attribute."""
        return pd.DataFrame(
            [{field.name: getattr(self, field.name) for field in fields(self)}]
        )


def checked_level(level: float) -> float:
    """Return the level of confidence, or say that it is not one."""
    if not 0 < level < 1:
        raise EstimationError(
            f"`level` must be between 0 and 1, got {level!r}.",
            hint="Write the 95 % level as 0.95.",
        )
    return level


def checked_method(method: str, known: Iterable[str]) -> str:
    """Return the name of a method, or say which there are."""
    names = list(known)
    if method not in names:
        raise EstimationError(
            f"`method` is unknown: {method!r}.", hint=f"Choose {', '.join(names)}."
        )
    return method


def joined(*notes: str) -> str:
    """Return the notes that say something as one text."""
    return "; ".join(note for note in notes if note)


def normal_quantile(level: float) -> float:
    """Return the z that a standard normal variable stays within with this chance."""
    return -NormalDist().inv_cdf((1 - level) / 2)


def normal_p_value(z: float) -> float:
    """Return the chance that a standard normal variable lies beyond z either way."""
    return math.erfc(abs(z) / math.sqrt(2))


def interval_and_p_value(
    estimate: float, se: float, *, level: float, df: float = math.inf
) -> tuple[float, float, float]:
    """Return ci_low, ci_high and p_value of a normal, or t, estimate.

    All are NaN where the standard error is zero or unknown: no variation was seen,
    which is not the same as certainty.
    """
    if not se > 0 or not df > 0:
        return math.nan, math.nan, math.nan
    if math.isinf(df):
        quantile, p_value = normal_quantile(level), normal_p_value(estimate / se)
    else:
        from scipy.special import stdtr, stdtrit

        quantile = float(stdtrit(df, (1 + level) / 2))
        p_value = 2 * float(stdtr(df, -abs(estimate / se)))
    return estimate - quantile * se, estimate + quantile * se, p_value
