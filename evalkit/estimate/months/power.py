"""What groups of a given size can show, and how large they would have to be."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level, joined, normal_quantile
from evalkit.estimate.shares.roots import falling_root
from evalkit.results import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from evalkit.estimate.months.comparison import Comparison

    Array = NDArray[np.float64]

_LARGEST_GROUP = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize(Result):
    """How many people show a wished difference.

    Attributes
    ----------
    n_pilot, n_control
        People of each group, rounded up; NaN where no number is enough.
    difference
        The wished difference.
    control_share
        The control group's share.
    power
        Chance of finding the difference if it is true.
    level
        Level of the confidence interval that is to leave zero out.
    note
        What should be known about this size; empty when there is nothing.
    """

    n_pilot: float
    n_control: float
    difference: float
    control_share: float
    power: float
    level: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        return pd.DataFrame([asdict(self)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Power(Result):
    """The smallest difference that each month, and all of them, can show.

    Attributes
    ----------
    table
        One row per month and a last row ``pooled``: month, n_pilot, n_control,
        control_share, detectable (the smallest detectable difference), twice_controls
        and endless_controls (the same with twice as many controls and with any number
        of them), twice_pilots (with twice as many of the pilot's people),
        design_effect (what recurring people do to the variance; 1 in a month), note.
    power
        Chance of finding a difference of that size if it is true.
    level
        Level of the confidence interval that is to leave zero out.
    """

    table: pd.DataFrame
    power: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def minimum_detectable_difference(
    *,
    n_pilot: int,
    n_control: int,
    control_share: float,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    r"""Return the smallest difference in shares that two groups can be relied to show.

    For judging a design before the data are seen, and for saying what a month without
    a clear difference leaves open. Not to be computed from the difference that was
    found: that repeats its p-value. The normal approximation is good from some twenty
    people in each group on.

    Parameters
    ----------
    n_pilot, n_control
        People of each group.
    control_share
        The control group's share, between 0 and 1.
    power
        Chance of finding the difference if it is true.
    level
        Level of the confidence interval that is to leave zero out.

    Returns
    -------
    float
        A positive share (0.15: fifteen points more than the control group). NaN where
        not even a share of 1 in the pilot would be found with this chance.

    Raises
    ------
    EstimationError
        If a size is below 1, or a share, `power` or `level` is out of range.

    Notes
    -----
    The :math:`\delta` that solves

    .. math::
        \delta = z_{1 - \alpha / 2} \sqrt{\bar p (1 - \bar p)
        \Big(\frac{1}{n_1} + \frac{1}{n_0}\Big)} + z_{\mathrm{power}}
        \sqrt{\frac{p_1 (1 - p_1)}{n_1} + \frac{p_0 (1 - p_0)}{n_0}}

    with :math:`p_1 = p_0 + \delta` and :math:`\bar p = (n_1 p_1 + n_0 p_0) / N`: the
    variance of the test under no difference and that under the difference, which are
    not equal [1]_. The left side less the right side is convex, so that there is one
    solution at most.

    References
    ----------
    .. [1] Fleiss JL, Tytun A, Ury HK (1980). A simple approximation for calculating
       sample sizes for comparing independent proportions. Biometrics 36, 343-346.

    Examples
    --------
    >>> detectable = minimum_detectable_difference(
    ...     n_pilot=100, n_control=500, control_share=0.45
    ... )
    >>> round(detectable, 3)
    0.152
    """
    _checked_sizes(n_pilot=n_pilot, n_control=n_control)
    _checked_share(control_share, "control_share")
    quantiles = _quantiles(power, level)
    return _detectable([1 / n_pilot], [1 / n_control], [control_share], quantiles)


def sample_size(
    *,
    difference: float,
    control_share: float,
    controls_per_pilot: float = 1.0,
    n_control: int | None = None,
    power: float = 0.8,
    level: float = 0.95,
) -> SampleSize:
    """Return how many people it takes to show a wished difference.

    The converse of `minimum_detectable_difference`, by the same equation.

    Parameters
    ----------
    difference
        Pilot minus control, in shares; may be negative.
    control_share
        The control group's share, between 0 and 1.
    controls_per_pilot
        Controls for each of the pilot's people; left aside where `n_control` is given.
    n_control
        A fixed number of controls, such as 500 a month.
    power
        Chance of finding the difference if it is true.
    level
        Level of the confidence interval that is to leave zero out.

    Returns
    -------
    SampleSize
        People of both groups. Where no number of the pilot's people is enough beside
        `n_control` controls, NaN with a note.

    Raises
    ------
    EstimationError
        If a number is out of range, or the difference leads to a share that is none.

    Examples
    --------
    >>> size = sample_size(difference=0.05, control_share=0.45, controls_per_pilot=5)
    >>> size.n_pilot, size.n_control
    (937, 4685)
    """
    _checked_share(control_share, "control_share")
    _checked_share(control_share + difference, "control_share + difference")
    _checked_sizes(controls_per_pilot=controls_per_pilot, least=0)
    if n_control is not None:
        _checked_sizes(n_control=n_control)
    if difference == 0:
        raise EstimationError(
            "`difference` is 0: no number of people shows that there is none.",
            hint="Give the smallest difference that would matter.",
        )
    quantiles = _quantiles(power, level)
    # A lower share of events is a higher share of non-events.
    base = control_share if difference > 0 else 1 - control_share

    def controls(n_pilot: Array) -> Array:
        return (
            controls_per_pilot * n_pilot
            if n_control is None
            else n_control + 0 * n_pilot
        )

    def lacking(log_size: Array) -> Array:
        n = np.exp(log_size)
        delta = np.full(1, abs(difference))
        return _lack(delta, 1 / n, 1 / controls(n), np.array([base]), quantiles)

    size = float(np.exp(falling_root(lacking, [0.0], [math.log(_LARGEST_GROUP)]))[0])
    enough = size < _LARGEST_GROUP / 2
    n_pilot = _rounded_up(size) if enough else math.nan
    return SampleSize(
        n_pilot=n_pilot,
        n_control=_rounded_up(float(controls(np.array(n_pilot))))
        if enough
        else math.nan,
        difference=difference,
        control_share=control_share,
        power=power,
        level=level,
        note="" if enough else f"{n_control} controls are too few for any pilot group",
    )


def power_of(comparison: Comparison, *, power: float = 0.8) -> Power:
    r"""Return the smallest difference that each month, and all of them, can show.

    From the sizes of the groups and the control group's shares, not from the
    difference that was found. It also says what more people would do: as controls
    become many, the pilot's own number is the limit.

    Parameters
    ----------
    comparison
        What `compare` returned, of an outcome that is 0 or 1.
    power
        Chance of finding a difference of that size if it is true.

    Returns
    -------
    Power
        A row for each month and one for all.

    Raises
    ------
    EstimationError
        If the outcome is not 0 or 1, or `power` is out of range.

    Notes
    -----
    See `minimum_detectable_difference`. Pooled, both variances are sums over the
    months with squared Mantel-Haenszel weights, for a difference that is the same in
    all of them (a share does not exceed 1), and are multiplied by the design effect:
    the clustered variance over that of people who do not recur. Without an end of
    controls, :math:`1 / n_0 = 0`.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 100 + [0] * 500, "y": [1, 0] * 50 + [1, 0] * 250}
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
    >>> table = power_of(compare(cohort)).to_frame()
    >>> columns = ["month", "detectable", "twice_controls", "endless_controls"]
    >>> table[columns].round(3)
        month  detectable  twice_controls  endless_controls
    0     all       0.152           0.145             0.138
    1  pooled       0.152           0.145             0.138
    """
    months = comparison.months
    if months["pilot_events"].isna().any():
        raise EstimationError(
            f"There are no shares: {comparison.outcome!r} is not 0 or 1.",
            hint="Ask for the power of an outcome that a person has or has not.",
        )
    quantiles = _quantiles(power, comparison.level)
    rows = [
        _row(str(month["month"]), months.loc[[at]], quantiles, design_effect=1.0)
        for at, month in months.iterrows()
    ]
    rows.append(_row("pooled", months, quantiles, _design_effect(comparison)))
    return Power(table=pd.DataFrame(rows), power=power, level=comparison.level)


def _row(
    name: str,
    months: pd.DataFrame,
    quantiles: tuple[float, float],
    design_effect: float,
) -> dict[str, object]:
    """Return what some months can show together."""
    used = months[(months["n_pilot"] > 0) & (months["n_control"] > 0)]
    inverse1, inverse0 = 1 / used["n_pilot"], 1 / used["n_control"]
    shares = used["control_events"] / used["n_control"]
    weights = 1 / (inverse1 + inverse0)

    def detectable(pilots: float, controls: float) -> float:
        if used.empty:
            return math.nan
        return _detectable(
            inverse1 / pilots, inverse0 / controls, shares, quantiles, design_effect
        )

    return {
        "month": name,
        "n_pilot": int(used["n_pilot"].sum()),
        "n_control": int(used["n_control"].sum()),
        "control_share": (weights * shares).sum() / weights.sum()
        if len(used)
        else math.nan,
        "detectable": detectable(1, 1),
        "twice_controls": detectable(1, 2),
        "endless_controls": detectable(1, math.inf),
        "twice_pilots": detectable(2, 1),
        "design_effect": design_effect,
        "note": joined(
            "one group is empty" if used.empty else "",
            "no variation: the design effect is unknown"
            if math.isnan(design_effect)
            else "",
        ),
    }


def _design_effect(comparison: Comparison) -> float:
    """Return the pooled variance over that of people who do not recur."""
    months = comparison.months
    used = months[(months["n_pilot"] > 0) & (months["n_control"] > 0)]
    if used.empty:
        return math.nan
    n1, n0 = used["n_pilot"], used["n_control"]
    p1, p0 = used["pilot_events"] / n1, used["control_events"] / n0
    weights = n1 * n0 / (n1 + n0)
    variances = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    plain = float((weights**2 * variances).sum() / weights.sum() ** 2)
    return comparison.pooled.se**2 / plain if plain > 0 else math.nan


def _detectable(
    inverse1: ArrayLike,
    inverse0: ArrayLike,
    shares: ArrayLike,
    quantiles: tuple[float, float],
    design_effect: float = 1.0,
) -> float:
    """Return the smallest detectable difference of strata; NaN if there is none."""
    r1, r0, p0 = (np.asarray(x, dtype=float) for x in (inverse1, inverse0, shares))
    largest = float((1 - p0).max())

    def lacking(delta: Array) -> Array:
        return np.array([_lack(d, r1, r0, p0, quantiles, design_effect) for d in delta])

    if not lacking(np.array([largest]))[0] <= 0:
        return math.nan
    return float(falling_root(lacking, [0.0], [largest])[0])


def _lack(
    delta: Array,
    r1: Array,
    r0: Array,
    p0: Array,
    quantiles: tuple[float, float],
    design_effect: float = 1.0,
) -> Array:
    """Return by how much a difference falls short of what can be detected.

    `r1` and `r0` are one over the sizes of the strata's groups, which may be zero.
    """
    p1 = np.minimum(p0 + delta, 1)
    weights = 1 / (r1 + r0)
    weights = weights / weights.sum()
    mean = (r0 * p1 + r1 * p0) / (r1 + r0)
    without = (weights**2 * mean * (1 - mean) * (r1 + r0)).sum()
    under = (weights**2 * (p1 * (1 - p1) * r1 + p0 * (1 - p0) * r0)).sum()
    z_level, z_power = quantiles
    reach = z_level * np.sqrt(without) + z_power * np.sqrt(under)
    return np.asarray(math.sqrt(design_effect) * reach - (weights * (p1 - p0)).sum())


def _quantiles(power: float, level: float) -> tuple[float, float]:
    """Return the normal quantiles of the level and of the power."""
    checked_level(level)
    if not 1 - level < power < 1:
        raise EstimationError(
            f"`power` must be between {1 - level:.3g} and 1, got {power!r}.",
            hint="Write a power of 80 % as 0.8.",
        )
    return normal_quantile(level), normal_quantile(abs(2 * power - 1)) * (
        1 if power >= 0.5 else -1  # noqa: PLR2004
    )


def _checked_sizes(*, least: float = 1, **sizes: float) -> None:
    for name, size in sizes.items():
        if not least <= size < math.inf or size == 0:
            raise EstimationError(
                f"`{name}` must be at least 1, got {size!r}."
                if least
                else f"`{name}` must be above 0, got {size!r}.",
                hint="Give the number of people.",
            )


def _checked_share(share: float, name: str) -> None:
    if not 0 <= share <= 1:
        raise EstimationError(
            f"`{name}` must be between 0 and 1, got {share!r}.",
            hint="Write 45 % as 0.45.",
        )


def _rounded_up(size: float) -> int:
    """Round up, but not for the last bit of a float."""
    return math.ceil(size - 1e-9 * size)
