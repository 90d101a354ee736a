"""The effect on the served by matching: each pilot against the nearest controls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.adjustment.influence import clustered_covariance
from evalkit.estimate.groups.neighbours import nearest_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedSets:
    """Pilots with their matched controls.

    Attributes
    ----------
    pairs
        Positions of a pilot and of one of its controls, a row for each pair.
    outcome, pilot
        Of every row, matched or not.
    """

    pairs: Places
    outcome: Array
    pilot: NDArray[np.bool_]

    @property
    def matched(self) -> Places:
        """Positions of the pilots that have a control."""
        return np.unique(self.pairs[:, 0])

    @property
    def weights(self) -> Array:
        """How often each control stands for a pilot; zero for pilots."""
        times = np.bincount(self.pairs[:, 1], self._per_pair, len(self.outcome))
        return np.asarray(times, dtype=float)

    @property
    def gaps(self) -> Array:
        """Outcome of each matched pilot minus the mean of its controls."""
        stand_in = np.bincount(
            self.pairs[:, 0],
            self._per_pair * self.outcome[self.pairs[:, 1]],
            minlength=len(self.outcome),
        )
        return np.asarray((self.outcome - stand_in)[self.matched])

    @property
    def estimate(self) -> float:
        """Mean of the gaps."""
        return float(self.gaps.mean()) if len(self.pairs) else math.nan

    @property
    def pilot_mean(self) -> float:
        """Mean outcome of the matched pilots."""
        return float(self.outcome[self.matched].mean()) if len(self.pairs) else math.nan

    @property
    def ess(self) -> float:
        """Kish's effective number of controls."""
        total = self.weights.sum()
        return float(total**2 / np.square(self.weights).sum()) if total else 0.0

    @property
    def _per_pair(self) -> Array:
        """One over the number of controls that the pilot of a pair has."""
        return np.asarray(1 / np.bincount(self.pairs[:, 0])[self.pairs[:, 0]])

    def se_used_once(self, cluster: Places) -> float:
        """Return the standard error if no control is used twice.

        Clustered on the matched set [1]_ and on the cluster: the sum of both variances
        less that of their crossing [2]_, or the larger one where that is negative.

        References
        ----------
        .. [1] Abadie A, Spiess J (2022). Robust post-matching inference. Journal of
           the American Statistical Association 117, 983-995.
        .. [2] Cameron AC, Gelbach JB, Miller DL (2011). Robust inference with multiway
           clustering. Journal of Business and Economic Statistics 29, 238-249.
        """
        in_set = np.full(len(self.outcome), -1)
        in_set[self.pairs[:, 1]] = self.pairs[:, 0]
        in_set[self.matched] = self.matched
        used = in_set >= 0
        influence = self._influence()[used]
        by_set, by_cluster = in_set[used], cluster[used]
        crossing = by_set * (cluster.max() + 1) + by_cluster
        of_set, of_cluster, of_both = (
            float(clustered_covariance(influence, code)[0, 0])
            for code in (by_set, by_cluster, crossing)
        )
        both_ways = of_set + of_cluster - of_both
        return math.sqrt(both_ways if both_ways > 0 else max(of_set, of_cluster))

    def _influence(self) -> Array:
        """Return each row's part in the error of a difference of weighted means."""
        n_matched, weights = len(self.matched), self.weights
        of_pilot = np.zeros(len(self.outcome))
        of_pilot[self.matched] = 1 / n_matched
        of_control = weights / n_matched
        pilot, control = of_pilot @ self.outcome, of_control @ self.outcome
        return np.asarray(
            of_pilot * (self.outcome - pilot) - of_control * (self.outcome - control)
        )

    def variance_reused(self, line: Array, cells: Places) -> float:
        r"""Return the variance if controls may be used again, for known scores.

        With :math:`K_j` the weight of control j, :math:`K_j^{(2)}` the sum of its
        squared parts, and :math:`\hat\sigma^2_j` from its nearest fellow controls,

        .. math::
            \frac{1}{n_1^2} \Big[ \sum_{\text{pilots}} (d_i - \hat\tau)^2
            + \sum_{\text{controls}} (K_j^2 - K_j^{(2)}) \hat\sigma^2_j \Big],

        theorem 7 of [1]_.

        References
        ----------
        .. [1] Abadie A, Imbens GW (2006). Large sample properties of matching
           estimators for average treatment effects. Econometrica 74, 235-267.
        """
        parts = np.bincount(
            self.pairs[:, 1], self._per_pair**2, minlength=len(self.outcome)
        )
        control = np.flatnonzero(~self.pilot)
        spread = _local_variance(self.outcome[control], line[control], cells[control])
        reuse = (self.weights**2 - parts)[control] @ spread
        gaps = self.gaps
        return float((np.square(gaps - gaps.mean()).sum() + reuse) / gaps.size**2)


def correction_for_score(
    sets: MatchedSets, x: Array, score: Array, line: Array, cells: Places
) -> float:
    r"""Return what is added to the variance because the score is estimated.

    :math:`d' V d - c' V c` with V the covariance matrix of the logistic regression,
    f the slope of the score by its logit, e the score, and

    .. math::
        d = \frac{1}{n_1} \sum_i x_i f_i (\tilde y_{1i} - \tilde y_{0i} - \hat\tau),
        \quad c = \frac{1}{n_1} \sum_i f_i \Big[ x_i
        (\bar y_{1i} - \bar y_{0i} - \hat\tau) + \widehat{cov}_1(x, y)_i
        + \frac{e_i}{1 - e_i} \widehat{cov}_0(x, y)_i \Big],

    theorem 2 and section 3 of [1]_. The covariances and the means :math:`\bar y` are
    those of the nearest by score in either group; the effects :math:`\tilde y` given
    all covariates come from a linear regression in each group, where the paper matches
    on them.

    References
    ----------
    .. [1] Abadie A, Imbens GW (2016). Matching on the estimated propensity score.
       Econometrica 84, 781-807.
    """
    slope, n_matched = score * (1 - score), len(sets.matched)
    local = {
        group: _local_moments(sets, x, line, cells, group) for group in (True, False)
    }
    (mean1, cov1), (mean0, cov0) = local[True], local[False]
    effect = _regressed(sets, x, group=True) - _regressed(sets, x, group=False)
    d = x.T @ (slope * (effect - sets.estimate)) / n_matched
    c = x.T @ (slope * (mean1 - mean0 - sets.estimate))
    c = (c + slope @ cov1 + score**2 @ cov0) / n_matched
    information = x.T @ (x * slope[:, None])
    solved = np.linalg.lstsq(information, np.column_stack([d, c]), rcond=None)[0]
    return float(d @ solved[:, 0] - c @ solved[:, 1])


def _regressed(sets: MatchedSets, x: Array, *, group: bool) -> Array:
    """Return everybody's outcome by a linear regression in one group."""
    of = sets.pilot == group
    return np.asarray(x @ np.linalg.lstsq(x[of], sets.outcome[of], rcond=None)[0])


def _local_moments(
    sets: MatchedSets,
    x: Array,
    line: Array,
    cells: Places,
    group: bool,  # noqa: FBT001
) -> tuple[Array, Array]:
    """Return for each row the mean outcome, and its covariance with x, of the nearest.

    The nearest are those of one group, the row itself among them if it belongs to it.
    """
    near = nearest_neighbours(
        line, cells, among=np.flatnonzero(sets.pilot == group), number=_NEIGHBOURS
    )
    y, some = sets.outcome[near], x[near]
    mean = y.mean(axis=1)
    deviation = some - some.mean(axis=1, keepdims=True)
    covariance = (deviation * (y - mean[:, None])[:, :, None]).sum(axis=1)
    return mean, covariance / (_NEIGHBOURS - 1)


def _local_variance(outcome: Array, line: Array, cells: Places) -> Array:
    """Return the squared deviation from the nearest fellows, made unbiased."""
    near = nearest_neighbours(
        line, cells, among=np.arange(len(line)), number=_NEIGHBOURS, oneself=False
    )
    factor = _NEIGHBOURS / (_NEIGHBOURS + 1)
    return np.asarray(factor * np.square(outcome - outcome[near].mean(axis=1)))
