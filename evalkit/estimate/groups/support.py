"""Whether the controls hold people who could stand for the pilot's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.groups.propensity import logistic
from evalkit.estimate.groups.weighting import Groups
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.weights import Weights

    Array = NDArray[np.float64]

MOST_OUTSIDE = 0.1
"""Share of pilots beyond the controls' scores from which on nothing is compared."""
LARGEST_SHARE = 0.1
"""Share of one control in all weight from which on nothing is compared."""
FEWEST_EFFECTIVE = 20
"""Effective number of controls below which nothing is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support(Result):
    """Whether a comparison is possible, and what speaks against it.

    Attributes
    ----------
    comparable
        Whether it is.
    reason
        Why not, in words; empty when it is.
    n_outside
        Pilots whose score is above or below that of every control of their month.
    share_outside
        Their share of the pilots of those months.
    largest_share
        Share of one control row in all weight; NaN without weights.
    ess
        Effective number of controls; NaN without weights.
    ess_ratio
        The same, for each control row of the months compared.
    """

    comparable: bool
    reason: str
    n_outside: int
    share_outside: float
    largest_share: float
    ess: float
    ess_ratio: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with a column for each attribute."""
        names = self.__dataclass_fields__
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def support(
    cohort: Cohort,
    *,
    weights: Weights | None = None,
    covariates: Sequence[str] | None = None,
) -> Support:
    """Tell whether the controls hold people who could stand for the pilots.

    Without them every adjusted difference is an extrapolation: it comes from the form
    of a model and not from people [1]_. Then the answer is that no comparison is
    possible.

    Parameters
    ----------
    cohort
        People of both groups.
    weights
        Weights to judge too. None: the scores alone.
    covariates
        Columns of the propensity score. None: the cohort's. Weights bring their own.

    Returns
    -------
    Support
        Whether a comparison is possible.

    Raises
    ------
    EstimationError
        If a covariate cannot be used.

    Notes
    -----
    No comparison is possible if no month has both groups; if more than a tenth of the
    pilots have a propensity score beyond the range of the controls of their month; if
    one control carries more than a tenth of all weight; or if the controls are worth
    fewer than 20 effective ones. The thresholds are conventions, declared here before
    any data are seen.

    References
    ----------
    .. [1] King G, Zeng L (2006). The dangers of extreme counterfactuals. Political
       Analysis 14, 131-159.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 0, 0],
    ...         "y": [1, 0, 1, 0, 1],
    ...         "age": [60, 50, 30, 30, 40],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> print(support(cohort).reason)
    2 of 3 pilots (67 %) have a score beyond that of every control of their month
    """
    groups = Groups.of(cohort, covariates)
    if not groups.rows.any():
        return _judged(0, 0, None, groups)
    outside = _outside(_logit(groups, weights), groups)
    return _judged(int(outside.sum()), int(groups.pilot.sum()), weights, groups)


def _logit(groups: Groups, weights: Weights | None) -> Array:
    """Return the logit of the score, which does not round extreme scores to one."""
    given = None if weights is None or weights.matrix is None else weights.matrix
    matrix = groups.matrix() if given is None else given
    return logistic(matrix.values, groups.pilot.astype(float)).linear


def _outside(score: Array, groups: Groups) -> NDArray[np.bool_]:
    """Tell which pilots lie beyond the controls of their month, rounding apart."""
    controls = pd.Series(score[~groups.pilot]).groupby(groups.month[~groups.pilot])
    low, high = (
        found.reindex(range(groups.month.max() + 1)).to_numpy()
        for found in (controls.min(), controls.max())
    )
    own, month = score[groups.pilot], groups.month[groups.pilot]
    slack = 1e-9 * np.maximum(1, np.abs(own))
    return (own < low[month] - slack) | (own > high[month] + slack)


def _judged(
    n_outside: int, n_pilot: int, weights: Weights | None, groups: Groups
) -> Support:
    """Compare the numbers with the thresholds."""
    share = n_outside / n_pilot if n_pilot else np.nan
    ess = largest = np.nan
    if weights is not None:
        ess = weights.ess["control"]
        largest = float(weights.table.set_index("group")["largest_share"]["control"])
    n_control = int((~groups.pilot).sum())
    reasons = {
        "no month has both groups": not n_pilot,
        f"{n_outside} of {n_pilot} pilots ({share:.0%}) have a score beyond that of "
        "every control of their month": share > MOST_OUTSIDE,
        f"one control carries {largest:.0%} of all weight": largest > LARGEST_SHARE,
        f"the controls are worth only {ess:.1f} effective ones": ess < FEWEST_EFFECTIVE,
    }
    said = [reason.replace("%", " %") for reason, holds in reasons.items() if holds]
    return Support(
        comparable=not said,
        reason="; ".join(said),
        n_outside=n_outside,
        share_outside=share,
        largest_share=largest,
        ess=ess,
        ess_ratio=ess / n_control if n_control else np.nan,
    )
