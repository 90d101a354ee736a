"""The exact test of two shares, for groups too small for anything else."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.shares.differences import checked_group
from evalkit.results import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Alternative = Literal["two-sided", "greater", "less"]

_TIES = 1 + 1e-7  # tables whose chances differ by rounding only are equally extreme
_GRID = 2000
_MOST_PEOPLE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactTest(Result):
    """Boschloo's exact test that two shares are equal.

    Attributes
    ----------
    p_value
        Boschloo's p-value: the largest chance, over all common shares, of a table
        whose Fisher p-value is as small as the observed one.
    fisher_p_value
        Fisher's p-value, which is never smaller.
    at_share
        The common share at which that chance is largest.
    pilot, control
        Share of each group.
    n_pilot, n_control
        People of each group.
    alternative
        What is tested against.
    method
        ``"boschloo"``.
    note
        What should be known about this test; empty when there is nothing.
    """

    p_value: float
    fisher_p_value: float
    at_share: float
    pilot: float
    control: float
    n_pilot: int
    n_control: int
    alternative: Alternative
    method: str = "boschloo"
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        return pd.DataFrame([asdict(self)])


def exact_test(
    pilot: tuple[int, int],
    control: tuple[int, int],
    *,
    alternative: Alternative = "two-sided",
) -> ExactTest:
    r"""Test exactly whether two independent shares are equal.

    Boschloo's test [1]_ holds its level in groups of any size and is never less
    powerful than Fisher's [2]_. It gives no interval, so that it stands apart: for an
    estimate with its interval see `difference_in_shares`. Not for people who are
    counted more than once.

    Parameters
    ----------
    pilot, control
        Events and people of each group: ``(7, 10)`` is 7 of 10.
    alternative
        ``"two-sided"``; ``"greater"`` or ``"less"``: the pilot's share is greater, or
        less, than the control group's. Choose a side before seeing the data.

    Returns
    -------
    ExactTest
        The p-value, and Fisher's beside it. NaN with a note where a group is empty.

    Raises
    ------
    EstimationError
        If a count is not lawful, the alternative is unknown, or there are more than
        5,000 people, where nothing exact is needed.

    Notes
    -----
    Given the number t of events in both groups together, the pilot's events are
    hypergeometric. With :math:`h_t` the chance, given t, of a Fisher p-value as small
    as the observed one, the p-value is

    .. math::
        \max_{0 \le \pi \le 1} \sum_{t=0}^{N} \binom{N}{t}
        \pi^t (1 - \pi)^{N - t} h_t .

    Two-sided, Fisher's p-value adds up the tables that are no more likely than the
    observed one, as most programs have it.

    References
    ----------
    .. [1] Boschloo RD (1970). Raised conditional level of significance for the 2 x 2
       table when testing the equality of two probabilities. Statistica Neerlandica
       24, 1-9.
    .. [2] Lydersen S, Fagerland MW, Laake P (2009). Recommended tests for association
       in 2 x 2 tables. Statistics in Medicine 28, 1159-1175.

    Examples
    --------
    >>> test = exact_test((7, 9), (2, 10), alternative="greater")
    >>> f"{test.p_value:.4f}, Fisher's {test.fisher_p_value:.4f}"
    "0.0099, Fisher's 0.0185"
    """
    if alternative not in _FISHER:
        raise EstimationError(
            f"`alternative` is unknown: {alternative!r}.",
            hint=f"Choose {', '.join(_FISHER)}.",
        )
    x1, n1 = checked_group(pilot, "pilot")
    x0, n0 = checked_group(control, "control")
    if n1 + n0 > _MOST_PEOPLE:
        raise EstimationError(
            f"The exact test is for small groups; these have {n1 + n0} people.",
            hint="Use `difference_in_shares`.",
        )
    p_value = fisher = at_share = math.nan
    if n1 and n0:
        p_value, fisher, at_share = _boschloo(x1, n1, x0, n0, alternative)
    return ExactTest(
        p_value=p_value,
        fisher_p_value=fisher,
        at_share=at_share,
        pilot=x1 / n1 if n1 else math.nan,
        control=x0 / n0 if n0 else math.nan,
        n_pilot=n1,
        n_control=n0,
        alternative=alternative,
        note="" if n1 and n0 else "a group is empty",
    )


def _boschloo(
    x1: int, n1: int, x0: int, n0: int, alternative: Alternative
) -> tuple[float, float, float]:
    """Return Boschloo's p-value, Fisher's, and the share that gives the first."""
    chances = _hypergeometric(n1, n0)
    fisher = _FISHER[alternative](chances)
    observed = float(fisher[x1 + x0, x1])
    extreme = np.where(fisher <= observed * _TIES, chances, 0).sum(axis=1)
    p_value, at_share = _largest(extreme)
    return min(p_value, 1.0), min(observed, 1.0), at_share


def _hypergeometric(n1: int, n0: int) -> Array:
    """Return the chance of each number of pilot events (columns) given t (rows)."""
    from scipy.special import gammaln

    total = n1 + n0
    log_factorial = gammaln(np.arange(total + 1) + 1)

    def log_choose(n: int, k: NDArray[np.int64]) -> Array:
        lawful = (k >= 0) & (k <= n)
        inside = np.clip(k, 0, n)
        ways = log_factorial[n] - log_factorial[inside] - log_factorial[n - inside]
        return np.where(lawful, ways, -np.inf)

    events, x1 = np.arange(total + 1)[:, None], np.arange(n1 + 1)[None, :]
    log_chances = (
        log_choose(n1, x1) + log_choose(n0, events - x1) - log_choose(total, events)
    )
    return np.asarray(np.exp(log_chances))


def _greater(chances: Array) -> Array:
    """Return Fisher's p-value of every table against a higher share in the pilot."""
    return chances[:, ::-1].cumsum(axis=1)[:, ::-1]


def _less(chances: Array) -> Array:
    return chances.cumsum(axis=1)


def _two_sided(chances: Array) -> Array:
    """Return the chance of a table no more likely than each, given its events."""
    order = np.argsort(chances, axis=1)
    ascending = np.take_along_axis(chances, order, axis=1)
    sums = ascending.cumsum(axis=1)
    last = [
        np.searchsorted(row, own * _TIES, side="right") - 1
        for row, own in zip(ascending, chances, strict=True)
    ]
    return np.take_along_axis(sums, np.array(last), axis=1)


_FISHER = {"two-sided": _two_sided, "greater": _greater, "less": _less}


def _largest(extreme: Array) -> tuple[float, float]:
    """Return the largest chance of an extreme table over all shares, and the share."""
    from scipy.optimize import minimize_scalar
    from scipy.stats import binom

    total = extreme.size - 1
    events = np.arange(total + 1)

    def chance(angle: Array) -> Array:
        shares = np.sin(np.atleast_1d(angle)) ** 2
        return np.asarray(binom.pmf(events, total, shares[:, None]) @ extreme)

    # In angles a binomial share is equally precise everywhere, and so is the grid.
    angles = np.linspace(0, math.pi / 2, _GRID + 1)
    values = chance(angles)
    best = int(values.argmax())
    around = angles[max(best - 1, 0)], angles[min(best + 1, _GRID)]
    finer = minimize_scalar(
        lambda angle: -float(chance(angle)[0]),
        bounds=around,
        method="bounded",
        options={"xatol": 1e-12},
    )
    if -finer.fun > values[best]:
        return -float(finer.fun), math.sin(finer.x) ** 2
    return float(values[best]), math.sin(angles[best]) ** 2
