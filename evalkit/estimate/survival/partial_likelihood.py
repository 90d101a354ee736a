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
.. [2] Lin DY, Wei LJ (1989). The robust inference for the Cox proportional hazards
   model. Journal of the American Statistical Association 84, 1074-1078.
.. [3] Therneau TM, Grambsch PM (2000). Modeling survival data. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalkit.estimate.gram import blocks
from evalkit.estimate.survival.like_rows import like_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

_STEPS, _HALVINGS = 30, 12
_SMALL_STEP = 1e-6  # steps shrink quadratically: the next one would be 1e-12
_LONGEST_STEP = 4.0
_NO_INFORMATION = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskRows:
    """Rows of a Cox model in the order of their ends, those who leave first.

    A place is a week of a stratum: ``stratum * (T + 1) + week``. A run is what ends at
    one place in one way, by leaving or by censoring: rows that follow each other. Rows
    that are alike are one, with the sum of their weights.

    Attributes
    ----------
    row
        The row here of each row given.
    x
        Covariates less their mean: k x n.
    weight
        Sum of the weights.
    entry
        Place after which each row is at risk.
    late
        Rows that enter after week 0.
    run, start, length
        Of each run its place, its first row and its number of rows; the runs of those
        who leave come first.
    shape
        Strata and T + 1.
    exits
        People who leave in each of the first runs: these are the weeks with exits.
    mean_weight
        Their mean weight.
    seen
        Their covariates, weighted and summed: k x place.
    fraction
        :math:`j / d` of each exit, place by place.
    """

    row: Codes
    x: Array
    weight: Array
    entry: Codes
    late: Codes | slice
    run: Codes
    start: Codes
    length: Codes
    shape: tuple[int, int]
    exits: Array
    mean_weight: Array
    seen: Array
    fraction: Array

    @property
    def place(self) -> Codes:
        """Places in which people leave."""
        return self.run[: len(self.exits)]

    @property
    def week(self) -> Codes:
        """Weeks of those places."""
        return self.place % self.shape[1]

    @property
    def n_left(self) -> int:
        """The first so many rows are those who leave."""
        return int(self.length[: len(self.exits)].sum())

    def sums(self, values: Array) -> tuple[Array, Array]:
        """Sum a value over those at risk, and over those who leave, by place."""
        per_run = np.add.reduceat(values, self.start)
        left = per_run[: len(self.exits)]
        size = self.shape[0] * self.shape[1]
        ended = np.bincount(self.run, per_run, size)
        entered = np.bincount(self.entry[self.late], values[self.late], size)
        per_week = (ended - entered).reshape(self.shape)
        at_risk = np.cumsum(per_week[:, ::-1], axis=1)[:, ::-1].ravel()
        return at_risk[self.place], left

    def while_at_risk(self, values: Array, not_at_exit: Array) -> Array:
        """Sum values of places over the time in which each row is at risk.

        From the rows that leave, what is not theirs in the week of their exit is taken
        off again.
        """
        every = np.zeros(self.shape[0] * self.shape[1])
        every[self.place] = values
        until = np.cumsum(every.reshape(self.shape), axis=1).ravel()
        per_run = until[self.run]
        per_run[: len(self.exits)] -= not_at_exit
        rows = np.repeat(per_run, self.length)
        rows[self.late] -= until[self.entry[self.late]]
        return rows

    def of_exits(self, values: Array) -> Array:
        """Return values of places for each row that leaves."""
        return np.repeat(values, self.length[: len(self.exits)])


def risk_rows(
    entry: Codes,
    end: Codes,
    left: NDArray[np.bool_],
    x: Array,
    *,
    stratum: Codes | None = None,
    weights: Array | None = None,
    counts: Array | None = None,
) -> RiskRows:
    """Prepare rows for a Cox model.

    Parameters
    ----------
    entry, end
        Whole weeks, ``0 <= entry < end``.
    left
        Whether the row's event happens in week `end`; else it is censored there.
    x
        Covariates: n x k.
    stratum
        Number of each row's stratum; None: one.
    weights
        Weight of each row; None: 1.
    counts
        How many people each row stands for, in a table of counts; None: 1.

    Returns
    -------
    RiskRows
        Rows that are alike taken together where that pays.
    """
    strata = np.zeros(len(end), dtype=np.intp) if stratum is None else stratum
    alike = like_rows(x, [strata, entry, end, left.astype(np.intp)])
    shape = (int(strata.max(initial=0)) + 1, int(end.max(initial=0)) + 1)
    size = shape[0] * shape[1]
    first = alike.first
    ends = strata[first] * shape[1] + end[first] + size * ~left[first]
    order = _sorted(ends, 2 * size)
    first = first[order]
    columns = np.ascontiguousarray(x[first].T)
    people = alike.total(counts)[order]
    weight = people if weights is None else alike.total(_times(weights, counts))[order]
    mean = columns @ (weight / weight.sum())
    columns -= mean[:, None]
    length = np.bincount(ends, minlength=2 * size)
    run = np.flatnonzero(length)
    start = np.cumsum(length[run]) - length[run]
    n_runs = int((run < size).sum())
    exits, of_exits = (
        np.add.reduceat(values, start)[:n_runs] for values in (people, weight)
    )
    late = np.flatnonzero(entry[first] > 0)
    return RiskRows(
        row=_inverse_order(order)[alike.cell],
        x=columns,
        weight=weight,
        entry=strata[first] * shape[1] + entry[first],
        late=slice(None) if len(late) == len(first) else late,
        run=run % size,
        start=start,
        length=length[run],
        shape=shape,
        exits=exits,
        mean_weight=of_exits / exits,
        seen=np.add.reduceat(columns * weight, start, axis=1)[:, :n_runs],
        fraction=_fractions(exits),
    )


def _times(weights: Array, counts: Array | None) -> Array:
    return weights if counts is None else weights * counts


def _sorted(codes: Codes, size: int) -> Codes:
    """Return the stable order of codes; small numbers are sorted in linear time."""
    small = np.iinfo(np.uint16).max
    narrow = codes.astype(np.uint16) if size <= small else codes
    return np.argsort(narrow, kind="stable")


def _inverse_order(order: Codes) -> Codes:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _fractions(exits: Array) -> Array:
    """Return 0, 1/d ... (d - 1)/d for each place with d exits."""
    counts = exits.astype(np.intp)
    starts = np.cumsum(counts) - counts
    return (np.arange(counts.sum()) - np.repeat(starts, counts)) / np.repeat(
        exits, counts
    )


class _TieSums(NamedTuple):
    """Efron's sums over the exits of each place, c standing for j / d."""

    log: Array
    a1: Array  # sum of 1 / A
    c1: Array  # sum of c / A
    a2: Array  # sum of 1 / A^2
    c2: Array  # sum of c / A^2
    cc2: Array  # sum of c^2 / A^2


def _tie_sums(rows: RiskRows, s0: Array, e0: Array) -> _TieSums:
    counts = rows.exits.astype(np.intp)
    starts = np.cumsum(counts) - counts
    left_at_risk = np.repeat(s0, counts) - rows.fraction * np.repeat(e0, counts)
    inverse = 1 / left_at_risk
    fraction = rows.fraction * inverse
    terms = (
        np.log(left_at_risk),
        inverse,
        fraction,
        inverse * inverse,
        fraction * inverse,
        fraction * fraction,
    )
    return _TieSums(*(np.add.reduceat(term, starts) for term in terms))


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
    ties: _TieSums

    @classmethod
    def at(cls, rows: RiskRows, beta: Array) -> Likelihood:
        """Evaluate the likelihood."""
        linear = beta @ rows.x
        risk = rows.weight * np.exp(linear)
        ties = _tie_sums(rows, *rows.sums(risk))
        sums = [rows.sums(risk * column) for column in rows.x]
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
    """Return the weighted sum of column times column transposed, block by block."""
    total = np.zeros((len(x), len(x)))
    for part in blocks(x.shape[1]):
        total += (x[:, part] * weights[part]) @ x[:, part].T
    return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxFit:
    """Coefficients that maximise the partial likelihood.

    Attributes
    ----------
    likelihood
        The likelihood at them.
    null
        Its logarithm where all are zero.
    covariance
        Inverse of the information.
    is_finite
        Whether each coefficient has a finite estimate.
    """

    likelihood: Likelihood
    null: float
    covariance: Array
    is_finite: NDArray[np.bool_]

    @property
    def coefficients(self) -> Array:
        """The coefficients; NaN for those without a finite estimate."""
        return np.where(self.is_finite, self.likelihood.beta, np.nan)

    def influence(self) -> Array:
        """Return what each row does to the coefficients, per unit of weight: k x n."""
        return np.asarray(self.covariance @ self.likelihood.score_residuals())


def fit_cox(rows: RiskRows) -> CoxFit:
    """Maximise the partial likelihood by Newton's steps.

    Where a group has no exits the likelihood has no maximum: its coefficient walks on
    by a step of about one each time, while the others settle.
    """
    beta = np.zeros(len(rows.x))
    if not rows.exits.size:
        return _nothing_seen(rows)
    now = Likelihood.at(rows, beta)
    null = now.log_likelihood
    information = now.information()
    unit = np.sqrt(np.maximum(np.diag(information), 0.0))
    seen = unit > _NO_INFORMATION * np.sqrt(rows.weight.sum())
    unit = np.where(seen, unit, 1.0)
    spread = unit / np.sqrt(rows.mean_weight @ rows.exits)
    moving = seen.copy()
    for _ in range(_STEPS):
        step = _solved(information, now.schoenfeld().sum(axis=1), unit) * seen
        longest = np.abs(step * spread).max(initial=0.0)
        now = _uphill(now, step * min(1.0, _LONGEST_STEP / max(longest, 1e-300)))
        information = now.information()
        moving = np.abs(step * spread) > _SMALL_STEP
        if not moving.any():
            break
    return CoxFit(
        likelihood=now,
        null=null,
        covariance=_inverse(information),
        is_finite=seen & ~moving,
    )


def _nothing_seen(rows: RiskRows) -> CoxFit:
    k = len(rows.x)
    empty = np.zeros((k, 0))
    nothing = np.zeros(0)
    likelihood = Likelihood(
        rows=rows,
        beta=np.zeros(k),
        log_likelihood=0.0,
        risk=rows.weight,
        s1=empty,
        e1=empty,
        ties=_TieSums(*[nothing] * 6),
    )
    return CoxFit(
        likelihood=likelihood,
        null=0.0,
        covariance=np.full((k, k), np.nan),
        is_finite=np.zeros(k, dtype=bool),
    )


def _uphill(now: Likelihood, step: Array) -> Likelihood:
    """Take a step, or a part of it that does not lead downhill."""
    rounding = 1e-12 * abs(now.log_likelihood)
    for _ in range(_HALVINGS):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            new = Likelihood.at(now.rows, now.beta + step)
        if new.log_likelihood >= now.log_likelihood - rounding:
            return new
        step = step / 2
    return now


def _solved(information: Array, score: Array, unit: Array) -> Array:
    """Solve in units in which each coefficient counts alike; rank may be short."""
    scaled = information / unit[:, None] / unit
    return np.asarray(np.linalg.lstsq(scaled, score / unit, rcond=None)[0] / unit)


def _inverse(information: Array) -> Array:
    """Invert in units of the diagonal, so that small coefficients are not lost."""
    diagonal = np.diag(information)
    unit = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return np.asarray(
        np.linalg.pinv(information / unit[:, None] / unit, hermitian=True)
        / unit[:, None]
        / unit
    )
