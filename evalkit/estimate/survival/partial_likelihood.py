r"""Cox's partial likelihood on whole weeks: Efron's ties, late entry, strata, weights.

Durations are whole weeks, so that every sum over a risk set is a sum per week. With
weights :math:`w_i`, risks :math:`r_i = e^{x_i'\beta}`, and in a week with d exits the
sums :math:`S_0, S_1` of :math:`w r, w r x` over those at risk and :math:`E_0, E_1` over
those who leave, Efron's approximation [1]_ takes the exits of a week one after another:

.. math::
    \ell(\beta) = \sum_{\text{exits}} w_i x_i'\beta - \sum_{\text{weeks}} \bar w
    \sum_{j=0}^{d-1} \log A_j, \qquad A_j = S_0 - \tfrac{j}{d} E_0,

with :math:`\bar w` the mean weight of those who leave. The sums over j of
:math:`c^p A_j^{-q}`, :math:`c = j / d`, are numbers per week, and the second
derivatives need no sum of :math:`x x'` per week: each row counts with the hazard that
accumulated while it was at risk. One evaluation takes :math:`O(n k^2)` in one matrix
product and :math:`O(n k)` otherwise.

References
----------
.. [1] Efron B (1977). The efficiency of Cox's likelihood function for censored data.
   Journal of the American Statistical Association 72, 557-565.
.. [2] Therneau TM, Grambsch PM (2000). Modeling survival data. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.risk_rows import RiskRows

    Array = NDArray[np.float64]

_BLOCK = 1 << 13


class TieSums(NamedTuple):
    """Efron's sums over the exits of each place, c standing for j / d."""

    log: Array
    a1: Array  # sum of 1 / A
    c1: Array  # sum of c / A
    a2: Array  # sum of 1 / A^2
    c2: Array  # sum of c / A^2
    cc2: Array  # sum of c^2 / A^2


def _tie_sums(rows: RiskRows, s0: Array, e0: Array) -> TieSums:
    """Sum over the exits of each place; there may be millions, so memory is reused."""
    counts = rows.exits.astype(np.intp)
    starts = np.cumsum(counts) - counts
    inverse, free = (np.repeat(sums.astype(float), counts) for sums in (s0, e0))
    inverse -= np.multiply(free, rows.fraction, out=free)
    log = np.add.reduceat(np.log(inverse, out=free), starts)
    np.divide(1, inverse, out=inverse)
    a1 = np.add.reduceat(inverse, starts)
    fraction = np.multiply(rows.fraction, inverse)
    return TieSums(
        log=log,
        a1=a1,
        c1=np.add.reduceat(fraction, starts),
        a2=np.add.reduceat(np.multiply(inverse, inverse, out=free), starts),
        c2=np.add.reduceat(np.multiply(fraction, inverse, out=free), starts),
        cc2=np.add.reduceat(np.multiply(fraction, fraction, out=free), starts),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likelihood:
    r"""The partial likelihood at one value of the coefficients.

    Attributes
    ----------
    rows
        The rows that it is of.
    beta
        The coefficients.
    log_likelihood
        Its logarithm.
    risk
        Weight times :math:`e^{x'\beta}` of each row.
    s1, e1
        Sums over those at risk and those who leave: k x place.
    ties
        Efron's sums.
    """

    rows: RiskRows
    beta: Array
    log_likelihood: float
    risk: Array
    s1: Array
    e1: Array
    ties: TieSums

    @classmethod
    def at(cls, rows: RiskRows, beta: Array) -> Likelihood:
        """Evaluate the likelihood."""
        risk = np.exp(np.einsum("k,kn->n", beta, rows.x))
        risk *= rows.weight
        ties = _tie_sums(rows, *rows.sums(risk))
        free = np.empty_like(risk)
        sums = [rows.sums(np.multiply(risk, column, out=free)) for column in rows.x]
        shape = (len(beta), len(rows.exits))
        gained = float((beta @ rows.seen).sum())
        return cls(
            rows=rows,
            beta=beta,
            log_likelihood=gained - float(rows.mean_weight @ ties.log),
            risk=risk,
            s1=np.array([at_risk for at_risk, _ in sums]).reshape(shape),
            e1=np.array([leaving for _, leaving in sums]).reshape(shape),
            ties=ties,
        )

    def schoenfeld(self) -> Array:
        """Return those who leave less what the model expects, summed: k x place."""
        rows, ties = self.rows, self.ties
        expected = rows.mean_weight * (ties.a1 * self.s1 - ties.c1 * self.e1)
        return np.asarray(rows.seen - expected)

    def information(self, factor: Array | float = 1.0) -> Array:
        """Return minus the second derivatives, each place counted by a factor."""
        ties, s1, e1 = self.ties, self.s1, self.e1
        by_place = self.rows.mean_weight * factor
        cross = (by_place * ties.c2 * s1) @ e1.T
        squares = (
            (by_place * ties.a2 * s1) @ s1.T
            - cross
            - cross.T
            + (by_place * ties.cc2 * e1) @ e1.T
        )
        return _gram(self.rows.x, self.risk * self._hazard(by_place)) - squares

    def score_residuals(self, factor: Array | float = 1.0) -> Array:
        """Return each row's part of the score, per unit of its weight: k x n.

        They sum, weighted, to the score. Each place is counted by a factor.
        """
        rows, ties = self.rows, self.ties
        by_place = rows.mean_weight * factor
        counted = np.broadcast_to(np.asarray(factor, dtype=float), rows.exits.shape)
        risk = self.risk / rows.weight
        hazard, n_left = self._hazard(by_place), rows.n_left
        own = rows.of_exits(counted)
        residuals = np.empty_like(rows.x)
        for k, (x, s1, e1) in enumerate(zip(rows.x, self.s1, self.e1, strict=True)):
            mean = counted * (ties.a1 * s1 - ties.c1 * e1) / rows.exits
            drift = rows.while_at_risk(
                by_place * (ties.a2 * s1 - ties.c2 * e1),
                by_place * (ties.c2 * s1 - ties.cc2 * e1),
            )
            residuals[k] = risk * (drift - x * hazard)
            residuals[k, :n_left] += own * x[:n_left] - rows.of_exits(mean)
        return residuals

    def _hazard(self, by_place: Array) -> Array:
        """Return the baseline hazard that each row was exposed to."""
        ties = self.ties
        return self.rows.while_at_risk(by_place * ties.a1, by_place * ties.c1)


def _gram(x: Array, weights: Array) -> Array:
    """Return the weighted sum of column times column transposed, block by block.

    Blocks are so small that the matrix library works in one thread: waiting for others
    costs more than they bring, above all on a busy machine.
    """
    total = np.zeros((len(x), len(x)))
    for start in range(0, x.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        total += (x[:, part] * weights[part]) @ x[:, part].T
    return total
