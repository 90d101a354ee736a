"""Weights that make the control group look like the pilot's people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd

from evalkit.estimate.effect import checked_method, joined
from evalkit.estimate.groups.weighting import METHODS, Groups, checked_options
from evalkit.estimate.months.pooling import empty_group_note
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.design_matrix import DesignMatrix
    from evalkit.estimate.groups.weighting import Weighting

    Array = NDArray[np.float64]

Method = Literal["entropy", "ipw", "matching", "stratification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(Result):
    """A weight for each row of a cohort.

    Attributes
    ----------
    values
        Aligned with the rows of the cohort: a pilot 1, a pilot that is left out 0;
        the controls' weights sum to the number of pilots used, in each month.
    table
        For each group: rows, used (rows with a weight), weight (their sum), ess
        (effective sample size), largest_share (of one row in the group's weight).
    estimand
        Whom the weighted comparison speaks of: ``ATT``, the effect on the pilot's
        people, or on those of them who are not left out.
    method
        Name of the method.
    score
        Propensity score of each row, where the method has one.
    note
        What should be known about these weights; empty when there is nothing.
    dropped
        Positions of the pilots with weight 0, in the rows of the cohort.
    rows
        True for the rows of months that have both groups; all else has weight 0.
    matrix
        Covariates of those `rows`, where the method has them.
    parameters
        What was estimated from `matrix`: of a score the intercept and the slopes; of
        entropy balancing a slope for each column.
    pairs
        Positions of pilots and their matched controls, a row for each pair, where the
        method is matching.
    covariates, options
        What `weigh` was told.
    """

    values: pd.Series[float]
    table: pd.DataFrame
    estimand: str
    method: Method
    score: pd.Series[float] | None
    note: str
    dropped: tuple[int, ...]
    rows: NDArray[np.bool_]
    matrix: DesignMatrix | None
    parameters: Array
    pairs: NDArray[np.intp] | None
    covariates: tuple[str, ...] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def ess(self) -> dict[str, float]:
        """Effective sample size of each group [1]_: rows of weight one worth as much.

        References
        ----------
        .. [1] Kish L (1965). Survey sampling. Wiley.
        """
        return dict(zip(self.table["group"], self.table["ess"], strict=True))

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each group; the weights of people are in `values`."""
        named = self.table.assign(method=self.method, estimand=self.estimand)
        return named.assign(note=self.note)

    def again(self, cohort: Cohort, rows: NDArray[np.intp]) -> Weights:
        """Weigh some rows of the cohort, or the same ones several times, as before."""
        options = dict(self.options)
        if options.get("score") is not None:
            options["score"] = np.asarray(options["score"], dtype=float)[rows]
        people = cohort.people.iloc[rows].reset_index(drop=True)
        return weigh(
            replace(cohort, people=people),
            method=self.method,
            covariates=self.covariates,
            **options,
        )


class Options(TypedDict, total=False):
    """What a method of weighting may be told, see `weigh`."""

    moments: Literal[1, 2]
    trim: float | None
    cap: float | None
    ratio: int
    replace: bool
    caliper: float | None
    exact: Sequence[str]
    subclasses: int
    score: ArrayLike | None


def weigh(
    cohort: Cohort,
    *,
    method: Method = "entropy",
    covariates: Sequence[str] | None = None,
    **options: Unpack[Options],
) -> Weights:
    r"""Weigh the controls so that they look like the pilot's people.

    For the effect of the pilot on its own people (ATT). Weights never look at
    outcomes: choose them, and look at `evalkit.balance`, before comparing anything.
    They make the groups alike in the covariates and in nothing else.

    Parameters
    ----------
    cohort
        People of both groups.
    method
        ``"entropy"``: the most even weights under which the means of all columns are
        the pilots' [1]_. ``"ipw"``: the odds of the propensity score [2]_.
        ``"matching"``: each pilot's nearest controls by the logit of the score [3]_.
        ``"stratification"``: classes of elapsed weeks of unemployment [4]_.
    covariates
        Columns to make alike. None: the cohort's. Stratification uses ``weeks_before``
        alone.
    **options
        What the method is told.

        Entropy: `moments` (1): 2 for the variances of numbers too.

        IPW: `trim` (None): 0.1 leaves out the people whose score is above 0.9;
        `cap` (None): the quantile at which controls' weights are cut, such as 0.99;
        `score`: given probabilities instead of the fitted ones.

        Matching: `ratio` (1) controls for each pilot, in rounds, the pilots with the
        highest score first; `replace` (False): whether a control may be used again;
        `caliper` (None): the widest distance, in standard deviations of the logit
        (:math:`\sqrt{(s_1^2 + s_0^2) / 2}`); `exact`: columns that have to be equal,
        the month always; `score`: given numbers to match on as they are.

        Stratification: `subclasses` (5): classes with as many pilots each.

    Returns
    -------
    Weights
        One weight for each row.

    Raises
    ------
    EstimationError
        If a covariate cannot be used, an option is unknown or not lawful, or no
        weights balance the columns: then the controls hold nobody who could stand for
        some of the pilot's people.

    Notes
    -----
    The month is in every model, and in each month the controls' weights sum to the
    number of pilots used, so that each pilot is compared within their own month. A
    month without one group has weight 0, as has a control who may not carry weight.

    Ties between controls are broken by the order of rows; scores are compared to ten
    decimals, so that people who are alike are tied on every machine.

    References
    ----------
    .. [1] Hainmueller J (2012). Entropy balancing for causal effects: a multivariate
       reweighting method to produce balanced samples in observational studies.
       Political Analysis 20, 25-46.
    .. [2] Hirano K, Imbens GW (2001). Estimation of causal effects using propensity
       score weighting. Health Services and Outcomes Research Methodology 2, 259-278.
    .. [3] Rosenbaum PR, Rubin DB (1985). Constructing a control group using
       multivariate matched sampling methods that incorporate the propensity score.
       The American Statistician 39, 33-38.
    .. [4] Cochran WG (1968). The effectiveness of adjustment by subclassification in
       removing bias in observational studies. Biometrics 24, 295-313.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 0, 0, 0],
    ...         "y": [1, 0, 0, 1, 0],
    ...         "age": [30, 40, 30, 40, 50],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> weights = weigh(cohort)
    >>> weights.values.round(3).tolist()
    [1.0, 1.0, 1.232, 0.535, 0.232]
    >>> weights.to_frame()[["group", "rows", "weight", "ess"]].round(2)
         group  rows  weight   ess
    0    pilot     2     2.0  2.00
    1  control     3     2.0  2.15
    """
    checked_method(method, METHODS)
    told = checked_options(method, dict(options))
    groups = Groups.of(cohort, covariates)
    found = METHODS[method](groups, **told) if groups.rows.any() else None
    return replace(
        _weights(cohort, groups, found, method),
        covariates=None if covariates is None else tuple(covariates),
        options=told,
    )


def _weights(
    cohort: Cohort, groups: Groups, found: Weighting | None, method: Method
) -> Weights:
    """Return what a method found for the usable rows as weights of all rows."""
    pilot, rows = cohort.is_pilot.to_numpy(), groups.rows
    values = np.zeros(len(pilot))
    if found is not None:
        values[rows] = _within_months(found.values, groups)
    dropped = np.flatnonzero(pilot & (values == 0))
    left_out = int((values[rows & pilot] == 0).sum())
    index = cohort.people.index
    return Weights(
        values=pd.Series(values, index=index, name="weight"),
        table=pd.DataFrame(
            [_sizes("pilot", values[pilot]), _sizes("control", values[~pilot])]
        ),
        estimand=_ESTIMANDS.get(method, "ATT") if left_out else "ATT",
        method=method,
        score=None if found is None else _scores(found.score, rows, index),
        note=joined(
            _unused_note(cohort, rows),
            f"{left_out} pilot row(s) left out" if left_out else "",
            "" if found is None else found.note,
        ),
        dropped=tuple(dropped.tolist()),
        rows=rows,
        matrix=None if found is None else found.matrix,
        parameters=np.zeros(0) if found is None else found.parameters,
        pairs=_pairs(found, rows),
    )


_ESTIMANDS = {
    "ipw": "ATT of pilots within the trimmed scores",
    "matching": "ATT of matched pilots",
    "stratification": "ATT of pilots in classes with controls",
}


def _within_months(values: Array, groups: Groups) -> Array:
    """Scale the controls' weights to the pilots used, month by month."""
    pilot, month = groups.pilot, groups.month
    wanted = np.bincount(month, values * pilot)
    have = np.bincount(month, values * ~pilot)
    scale = np.divide(wanted, have, out=np.zeros_like(have), where=have > 0)
    return np.where(pilot, values * (scale > 0)[month], values * scale[month])


def _sizes(group: str, values: Array) -> dict[str, object]:
    """Return the row of a group in the table."""
    total = float(values.sum())
    return {
        "group": group,
        "rows": len(values),
        "used": int((values > 0).sum()),
        "weight": total,
        "ess": total**2 / float(values @ values) if total else 0.0,
        "largest_share": float(values.max()) / total if total else np.nan,
    }


def _scores(
    score: Array | None, rows: NDArray[np.bool_], index: pd.Index
) -> pd.Series[float] | None:
    if score is None:
        return None
    values = np.full(len(rows), np.nan)
    values[rows] = score
    return pd.Series(values, index=index, name="score")


def _pairs(found: Weighting | None, rows: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """Return the pairs as positions in the cohort."""
    if found is None or found.pairs is None:
        return None
    return np.flatnonzero(rows)[found.pairs]


def _unused_note(cohort: Cohort, rows: NDArray[np.bool_]) -> str:
    """Say how many rows are in months that cannot be compared, and which these are."""
    if rows.all():
        return ""
    months = cohort.people["month"][~rows].drop_duplicates().sort_values()
    return f"{int((~rows).sum())} row(s) {empty_group_note(months)}"
