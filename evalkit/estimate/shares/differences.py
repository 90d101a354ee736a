"""The difference between two groups: two shares, or two means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.effect import (
    Effect,
    checked_level,
    checked_method,
    interval_and_p_value,
    joined,
    normal_p_value,
    normal_quantile,
)
from evalkit.estimate.shares.share_intervals import LIMITS, SE, Z, plug_in_se

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

Method = Literal["newcombe", "score", "agresti-caffo", "wald"]

_WHOLE_FRAME = 1e-9  # nothing is left to chance, yet nothing is divided by zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Effect):
    """The difference between two groups; its attributes are those of `Effect`."""


def difference_in_shares(
    pilot: tuple[int, int],
    control: tuple[int, int],
    *,
    method: Method = "newcombe",
    level: float = 0.95,
    frame_size: int | None = None,
) -> Difference:
    r"""Compare two independent shares.

    The difference is pilot minus control. Not for people who are counted in both
    groups, or more than once in one: see `compare`, which clusters on person. Not an
    effect of the pilot either, unless chance alone decided who was in it.

    Parameters
    ----------
    pilot, control
        Events and people of each group: ``(70, 100)`` is 70 of 100.
    method
        ``"newcombe"``: hybrid of the two Wilson intervals without continuity
        correction, method 10 of [1]_; holds its level with small groups and zero
        cells. ``"score"``: the score interval of [2]_, with its N / (N - 1).
        ``"agresti-caffo"``: one event and one non-event added to each group [3]_;
        only the interval and the standard error use them. ``"wald"``: the textbook's
        plain interval, for comparison with other work; too narrow in small groups.
    level
        Level of the confidence interval.
    frame_size
        People whom the controls were drawn from without replacement. Given, the
        control's share stands for that one frame and no other month or place, and its
        uncertainty shrinks as the sample nears the frame: what would the whole frame
        have shown? Leave it out for the effect of a pilot, which is asked of more
        people than those who happened to be in one frame.

    Returns
    -------
    Difference
        In shares. `se` is the unpooled plug-in one (Agresti-Caffo: of the adjusted
        shares). `p_value` inverts the interval of `method`; ``"score"`` uses its own
        test of no difference.

    Raises
    ------
    EstimationError
        If a count is not lawful, the level is not between 0 and 1, or the method is
        unknown.

    Notes
    -----
    With Wilson limits :math:`l_g, u_g` of each share, Newcombe's limits are

    .. math::
        d - \sqrt{(p_1 - l_1)^2 + (u_0 - p_0)^2}, \quad
        d + \sqrt{(u_1 - p_1)^2 + (p_0 - l_0)^2}.

    The score limits are the :math:`\delta` with :math:`|z(\delta)|` equal to the
    normal quantile, where

    .. math::
        z(\delta) = (d - \delta) \Big/ \sqrt{\Big(
        \frac{\tilde p_1 (1 - \tilde p_1)}{n_1}
        + \frac{\tilde p_0 (1 - \tilde p_0)}{n_0}\Big) \frac{N}{N - 1}}

    and :math:`\tilde p_1 - \tilde p_0 = \delta` are the shares most likely under it.

    With `frame_size` N the variance of the control's share is multiplied by
    :math:`(N - n_0) / (N - 1)` [4]_: events and people of the control group are
    divided by it before any of the intervals is made.

    References
    ----------
    .. [1] Newcombe RG (1998). Interval estimation for the difference between
       independent proportions: comparison of eleven methods. Statistics in Medicine
       17, 873-890.
    .. [2] Miettinen O, Nurminen M (1985). Comparative analysis of two rates.
       Statistics in Medicine 4, 213-226.
    .. [3] Agresti A, Caffo B (2000). Simple and effective confidence intervals for
       proportions and differences of proportions result from adding two successes
       and two failures. The American Statistician 54, 280-288.
    .. [4] Cochran WG (1977). Sampling Techniques, third edition, chapter 3. Wiley.

    Examples
    --------
    >>> difference = difference_in_shares((56, 70), (48, 80))
    >>> print(difference)
    estimate       0.2000
    se             0.0727
    ci_low         0.0524
    ci_high        0.3339
    p_value        0.0081
    pilot          0.8000
    control        0.6000
    n_pilot            70
    n_control          80
    level          0.9500
    method       newcombe
    note
    """
    checked_method(method, LIMITS)
    checked_level(level)
    x1, n1 = checked_group(pilot, "pilot")
    x0, n0 = checked_group(control, "control")
    p1, p0 = _share(x1, n1), _share(x0, n0)
    sampled = _sampled_part(n0, frame_size)
    measures = (math.nan,) * 4
    if n1 and n0:
        control_table = (x0 / sampled, n0 / sampled)
        measures = _measures(x1, n1, *control_table, method=method, level=level)
    se, ci_low, ci_high, p_value = measures
    return Difference(
        estimate=p1 - p0,
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        pilot=p1,
        control=p0,
        n_pilot=n1,
        n_control=n0,
        level=level,
        method=method,
        note=joined(
            _empty_note(n1, n0),
            _no_spread_note(se, method),
            "" if frame_size is None else f"for a frame of {frame_size} people only",
        ),
    )


def difference_in_means(
    pilot: ArrayLike, control: ArrayLike, *, level: float = 0.95
) -> Difference:
    r"""Compare two independent means without assuming equal variances (Welch).

    For outcomes such as weeks or earnings. Not for people who are counted more than
    once: see `compare`. With heavily skewed outcomes and small groups the interval is
    only approximate.

    Parameters
    ----------
    pilot, control
        Values of each group; missing ones are left out and counted in the note.
    level
        Level of the confidence interval.

    Returns
    -------
    Difference
        In the unit of the outcome, with the t interval and test of Welch [1]_.

    Raises
    ------
    EstimationError
        If the level is not between 0 and 1, or a value is not a finite number.

    Notes
    -----
    The standard error is :math:`\sqrt{s_1^2 / n_1 + s_0^2 / n_0}`, the degrees of
    freedom :math:`(a_1 + a_0)^2 / (a_1^2 / (n_1 - 1) + a_0^2 / (n_0 - 1))` with
    :math:`a_g = s_g^2 / n_g`.

    References
    ----------
    .. [1] Welch BL (1947). The generalization of Student's problem when several
       different population variances are involved. Biometrika 34, 28-35.

    Examples
    --------
    >>> difference = difference_in_means([10, 12, 17], [14, 16, 21, 25])
    >>> f"{difference.estimate} ({difference.ci_low:.1f}, {difference.ci_high:.1f})"
    '-6.0 (-14.3, 2.3)'
    """
    checked_level(level)
    y1, lost1 = _known(pilot, "pilot")
    y0, lost0 = _known(control, "control")
    mean1, mean0 = (float(y.mean()) if y.size else math.nan for y in (y1, y0))
    se, df = _welch(y1, y0)
    ci_low, ci_high, p_value = interval_and_p_value(
        mean1 - mean0, se, level=level, df=df
    )
    lost = lost1 + lost0
    return Difference(
        estimate=mean1 - mean0,
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        pilot=mean1,
        control=mean0,
        n_pilot=y1.size,
        n_control=y0.size,
        level=level,
        method="welch",
        note=joined(
            _empty_note(y1.size, y0.size),
            _few_values_note(y1.size, y0.size, se),
            f"{lost} missing value(s) left out" if lost else "",
        ),
    )


def checked_group(counts: tuple[int, int], group: str) -> tuple[int, int]:
    """Return events and people as whole numbers, or say what is wrong with them."""
    if not _are_two_counts(counts):
        raise EstimationError(
            f"`{group}` must be two counts (events, people), got {counts}.",
            hint="Counts are whole numbers, zero or more.",
        )
    events, people = counts
    if events > people:
        raise EstimationError(
            f"`{group}` has {events} events among {people} people.",
            hint="Give the events first, then all people of the group.",
        )
    return int(events), int(people)


def _sampled_part(n0: int, frame_size: int | None) -> float:
    """Return the part of a sample's variance that a finite frame leaves."""
    if frame_size is None:
        return 1.0
    if isinstance(frame_size, bool) or frame_size != int(frame_size) or frame_size < n0:
        raise EstimationError(
            f"`frame_size` must be at least the {n0} people of the control group, "
            f"got {frame_size}.",
            hint="Give the number of people whom the controls were drawn from.",
        )
    return max((frame_size - n0) / max(frame_size - 1, 1), _WHOLE_FRAME)


def _are_two_counts(counts: object) -> bool:
    """Tell whether these are two whole numbers, zero or more."""
    return (
        isinstance(counts, Sequence)
        and len(counts) == len(("events", "people"))
        and all(
            isinstance(count, Real) and float(count) >= 0 and float(count).is_integer()
            for count in counts
        )
    )


def _share(events: int, people: int) -> float:
    return events / people if people else math.nan


def _measures(
    *counts: float, method: Method, level: float
) -> tuple[float, float, float, float]:
    """Return se, ci_low, ci_high and p_value of one table of x1, n1, x0, n0."""
    table = tuple(np.asarray(count, dtype=float) for count in counts)
    se = SE.get(method, plug_in_se)(*table)
    low, high = LIMITS[method](*table, normal_quantile(level))
    p_value = normal_p_value(float(Z[method](*table)))
    return float(se), float(low), float(high), p_value


def _known(values: ArrayLike, group: str) -> tuple[Array, int]:
    """Return the values that are not missing, and how many are."""
    numbers = np.asarray(values, dtype=float)
    if np.isinf(numbers).any():
        raise EstimationError(
            f"`{group}` holds values that are not finite.",
            hint="Leave unknown values empty (NaN).",
        )
    known = numbers[~np.isnan(numbers)]
    return known, numbers.size - known.size


def _welch(y1: Array, y0: Array) -> tuple[float, float]:
    """Return the standard error and its degrees of freedom; NaN if undefined."""
    if min(y1.size, y0.size) < 2:  # noqa: PLR2004  (a variance needs two values)
        return math.nan, math.nan
    a1, a0 = y1.var(ddof=1) / y1.size, y0.var(ddof=1) / y0.size
    total = float(a1 + a0)
    if not total:
        return 0.0, math.nan
    df = total**2 / (a1**2 / (y1.size - 1) + a0**2 / (y0.size - 1))
    return math.sqrt(total), float(df)


def _empty_note(n1: int, n0: int) -> str:
    """Name the groups without anybody."""
    empty = [name for name, n in (("pilot", n1), ("control", n0)) if not n]
    return f"nobody in the {' and the '.join(empty)} group" if empty else ""


def _no_spread_note(se: float, method: Method) -> str:
    """Say what a standard error of zero means."""
    if se != 0:
        return ""
    if method == "wald":
        return "no variation in either group: Wald's interval does not exist"
    return "no variation in either group: rely on the interval, not on se = 0"


def _few_values_note(n1: int, n0: int, se: float) -> str:
    """Say why an interval of means is missing."""
    if min(n1, n0) == 1:
        return "one value in a group: its variance is unknown"
    return "no variation in either group: there is no interval" if se == 0 else ""
