"""Cumulative incidence of each exit route, from counts per week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Incidence:
    """What the Aalen-Johansen estimator makes of risk sets.

    Attributes
    ----------
    at_risk
        People at risk in the week: cell x week.
    exits
        People who leave in the week: cell x route x week.
    before, after
        Share still unemployed before and after the exits of the week: cell x week.
    incidence
        Share that has left by the route by the end of the week: cell x route x week.
    """

    at_risk: Array
    exits: Array
    before: Array
    after: Array
    incidence: Array

    @property
    def hazard(self) -> Array:
        """Share of those at risk who leave in the week: cell x route x week."""
        return ratio(self.exits, self.at_risk[:, None, :])

    @property
    def naive(self) -> Array:
        """One minus Kaplan-Meier, other routes taken as censoring: too much."""
        return np.asarray(1 - np.cumprod(1 - self.hazard, axis=2))

    @property
    def variance(self) -> Array:
        r"""Return the variance of the incidence, for rows that are independent.

        That of Gray [1]_, as in the R package cmprsk: with
        :math:`S` the share still unemployed, :math:`Y_j` people at risk in week j, of
        whom :math:`d_{kj}` leave by route k and :math:`d_{\bar kj}` by any other,

        .. math::
            \sum_{j \le t} \frac{S_{j-1}^2}{Y_j^2} \Big[
            \Big(1 - \frac{F_t - F_j}{S_j}\Big)^2 d_{kj}
            \Big(1 - \frac{(d_{kj} - 1)_+}{Y_j - 1}\Big)
            + \Big(\frac{F_t - F_j}{S_j}\Big)^2 d_{\bar kj}
            \Big(1 - \frac{(d_{\bar kj} - 1)_+}{Y_j - 1}\Big) \Big].

        References
        ----------
        .. [1] Gray RJ (1988). A class of K-sample tests for comparing the cumulative
           incidence of a competing risk. Annals of Statistics 16, 1141-1154.
        """
        at_risk = self.at_risk[:, None, :]
        others = self.exits.sum(axis=1, keepdims=True) - self.exits
        scale = ratio(self.before, self.at_risk)[:, None, :] ** 2
        own = scale * self.exits * tie_factor(self.exits, at_risk)
        other = scale * others * tie_factor(others, at_risk)
        # Both squares, expanded: what depends on t stands outside the sums over j.
        per_unemployed = ratio(np.ones_like(self.after), self.after)[:, None, :]
        reached = self.incidence * per_unemployed
        square = own * (1 + reached) ** 2 + other * reached**2
        mixed = per_unemployed * (own * (1 + reached) + other * reached)
        both = per_unemployed**2 * (own + other)
        sums = [np.cumsum(part, axis=2) for part in (square, mixed, both)]
        f = self.incidence
        return np.asarray(np.maximum(sums[0] - 2 * f * sums[1] + f**2 * sums[2], 0))

    def jump(self, route: int) -> Array:
        r"""Return what an exit does to the incidence of a route: cell x route x week.

        An exit by route r in week j adds to the error of :math:`F_k(t)`

        .. math::
            \frac{S_{j-1}}{Y_j} \Big[
            1\{r = k\} + \frac{F_k(j)}{S_j} - F_k(t) \frac{1}{S_j} \Big].

        This is the part without :math:`F_k(t)`; what it is multiplied by is `loss`.
        """
        jump = self.incidence[:, route, None] * self.loss
        jump[:, route] += ratio(self.before, self.at_risk)
        return jump

    @property
    def loss(self) -> Array:
        """What an exit takes from later exits, see `jump`: cell x route x week."""
        lost = ratio(ratio(self.before, self.at_risk), self.after)
        return np.repeat(lost[:, None, :], self.exits.shape[1], axis=1)


def cumulative_incidence(at_risk: Array, exits: Array) -> Incidence:
    r"""Return the share that has left by each route, week by week.

    The estimator of Aalen and Johansen [1]_: who left by another route can no longer
    leave by this one, and is not taken as censored.

    Parameters
    ----------
    at_risk
        People (or their weight) at risk: cell x week.
    exits
        Those who leave: cell x route x week.

    Returns
    -------
    Incidence
        For each cell and route.

    Notes
    -----
    :math:`F_k(t) = \sum_{j \le t} S(j - 1) d_{kj} / Y_j` with
    :math:`S(j) = \prod_{i \le j} (1 - d_i / Y_i)`.

    References
    ----------
    .. [1] Aalen OO, Johansen S (1978). An empirical transition matrix for
       non-homogeneous Markov chains based on censored observations. Scandinavian
       Journal of Statistics 5, 141-150.

    Examples
    --------
    Of four people one leaves for work in week 1 and two elsewhere in week 2:

    >>> found = cumulative_incidence(
    ...     np.array([[4.0, 3.0]]), np.array([[[1.0, 0.0], [0.0, 2.0]]])
    ... )
    >>> found.incidence.tolist()
    [[[0.25, 0.25], [0.0, 0.5]]]
    """
    hazards = ratio(exits, at_risk[:, None, :])
    after = np.cumprod(1 - hazards.sum(axis=1), axis=1)
    # A product may end a hair from zero although all have left.
    after = np.where(np.isclose(exits.sum(axis=1), at_risk) & (at_risk > 0), 0.0, after)
    after = np.minimum.accumulate(after, axis=1)
    before = np.hstack([np.ones((len(after), 1)), after[:, :-1]])
    return Incidence(
        at_risk=at_risk,
        exits=exits,
        before=before,
        after=after,
        incidence=np.cumsum(before[:, None, :] * hazards, axis=2),
    )


def ratio(over: Array, under: Array) -> Array:
    """Divide; zero where there is nothing to divide by."""
    shape = np.broadcast_shapes(over.shape, under.shape)
    return np.divide(over, under, out=np.zeros(shape), where=under > 0)


def tie_factor(exits: Array, at_risk: Array) -> Array:
    """Return the factor of a variance for exits in the same week."""
    return 1 - ratio(np.maximum(exits - 1, 0), at_risk - 1)
