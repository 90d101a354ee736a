"""Moments of two groups, and their standardised difference, on plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np

from evalkit.estimate.groups.gram import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]

Denominator = Literal["pilot", "pooled"]

_BLOCK = 1 << 13  # numbers whose powers stay in the processor's cache
_FEW = 1001  # numbers that show about where all are
_VARIANCE_SHARES = {"pilot": (1.0, 0.0), "pooled": (0.5, 0.5)}


class Moments(NamedTuple):
    """What a group's numbers are like.

    The third and fourth moments are central ones; the size is the effective one,
    that is, the number of people where all weights are alike.
    """

    mean: float
    variance: float
    third: float
    fourth: float
    size: float


_NOBODY = Moments(np.nan, np.nan, np.nan, np.nan, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    r"""People of a group: as they are and, where they have weights, weighted too.

    Attributes
    ----------
    rows
        Where they are among all people.
    masses
        A row for each weighting, first ones and then the weights; a column for each of
        them.
    totals
        The sum of each row of masses.
    sizes
        The effective size by each weighting [1]_, :math:`(\sum w)^2 / \sum w^2`.

    References
    ----------
    .. [1] Kish L (1965). Survey sampling. Wiley.
    """

    rows: Places
    masses: Array
    totals: Array
    sizes: Array

    @classmethod
    def of(cls, rows: Places, masses: Array) -> Self:
        """Return the members in some rows, with their masses."""
        totals, squares = masses.sum(axis=1), np.square(masses).sum(axis=1)
        sizes = totals**2 / np.where(totals > 0, squares, 1)
        return cls(rows=rows, masses=masses, totals=totals, sizes=sizes)

    def known(self, x: Array) -> Self:
        """Return those who have a number."""
        has = ~np.isnan(x[self.rows])
        return self.of(self.rows[has], self.masses[:, has]) if not has.all() else self

    def level_moments(self, codes: Places, n_levels: int) -> list[list[Moments]]:
        """Return the moments of each level's share, by each weighting."""
        own = codes[self.rows]
        counts = np.array([np.bincount(own, mass, n_levels) for mass in self.masses])
        shares = counts / np.where(self.totals > 0, self.totals, np.nan)[:, None]
        return [
            list(map(share_moments, level.tolist(), self.sizes.tolist()))
            for level in shares.T
        ]

    def moments(self, x: Array) -> list[Moments]:
        r"""Return the moments of the numbers by each weighting; none may be missing.

        Notes
        -----
        The mean is :math:`\sum w x / \sum w` and, for the effective size m, the
        variance :math:`\frac{m}{m - 1} \sum w (x - \bar x)^2 / \sum w`.
        """
        sums, centre = self._power_sums(x)
        weightings = zip(sums.T, self.totals.tolist(), self.sizes.tolist(), strict=True)
        return [_moments(*weighting, centre) for weighting in weightings]

    def _power_sums(self, x: Array) -> tuple[Array, float]:
        """Return sums of the first four powers of distances to a centre, and this.

        One pass over the numbers; near the centre the moments lose nothing by it.
        """
        few = x[self.rows[:_FEW]]
        centre = float(np.median(few)) if len(few) else 0.0
        sums = np.zeros((4, len(self.masses)))
        for part in blocks(len(self.rows), _BLOCK):
            own = self.rows[part]
            powers = np.empty((4, len(own)))
            np.subtract(x[own], centre, out=powers[0])
            np.square(powers[0], out=powers[1])
            np.multiply(powers[:2], powers[1], out=powers[2:])
            sums += powers @ self.masses[:, part].T
        return sums, centre


def _moments(sums: Array, total: float, size: float, centre: float) -> Moments:
    """Return central moments from sums of powers."""
    if not total:
        return _NOBODY
    first, second, third, fourth = (float(value) / total for value in sums)
    square = first * first
    variance = second - square
    return Moments(
        mean=centre + first,
        variance=variance * size / (size - 1) if size > 1 else np.nan,
        third=third - 3 * first * second + 2 * first * square,
        fourth=fourth - 4 * first * third + 6 * square * second - 3 * square * square,
        size=size,
    )


def share_moments(share: float, size: float) -> Moments:
    """Return the moments of zeros and ones from the share of ones."""
    if not size:
        return _NOBODY
    variance = share * (1 - share)
    return Moments(
        mean=share,
        variance=variance,
        third=variance * (1 - 2 * share),
        fourth=variance * (1 - 3 * variance),
        size=size,
    )


def standardised_difference(
    pilot: Array, control: Array, scale: Array, shares: Array
) -> tuple[Array, Array]:
    r"""Return the standardised mean difference and its standard error.

    Parameters
    ----------
    pilot, control
        Moments, a row for each covariate.
    scale
        Standard deviation to divide by.
    shares
        Share of the pilots' and of the controls' variance in its square.

    Notes
    -----
    For :math:`D = (\bar x_1 - \bar x_0) / s` with :math:`s^2 = c_1 v_1 + c_0 v_0`, the
    delta method without any assumption on the distributions gives

    .. math::
        \sum_{g} \frac{1}{n_g} \Big[ \frac{v_g}{s^2}
        \mp \frac{c_g D \mu_{3g}}{s^3}
        + \frac{c_g^2 D^2 (\mu_{4g} - v_g^2)}{4 s^4} \Big],

    minus for the pilots, plus for the controls. With normal numbers and one variance
    this is the usual :math:`1 / n_1 + 1 / n_0 + D^2 / (2 n_1)`, or
    :math:`D^2 / (2 (n_1 + n_0))` where the variance is pooled and the groups are of
    one size [1]_.

    References
    ----------
    .. [1] Hedges LV, Olkin I (1985). Statistical methods for meta-analysis. Academic
       Press.
    """
    difference = (pilot[:, 0] - control[:, 0]) / scale
    variance = np.zeros(len(scale))
    for sign, group, share in ((-1, pilot, shares[:, 0]), (1, control, shares[:, 1])):
        _, v, third, fourth, size = group.T
        slope = share * difference / scale**2
        spread = v / scale**2 + sign * slope * third / scale
        spread += slope**2 * (fourth - v**2) / 4
        variance += np.divide(
            spread, size, out=np.full(len(scale), np.nan), where=size > 0
        )
    return difference, np.sqrt(np.maximum(variance, 0))


def scale_of(
    pilot: Array, control: Array, denominator: Denominator
) -> tuple[Array, Array]:
    """Return the standard deviation to divide by, and the groups' shares in its square.

    Where the pilots do not vary, the pooled one stands in; NaN where nobody varies.
    """
    shares = np.tile(_VARIANCE_SHARES[denominator], (len(pilot), 1))
    shares[pilot[:, 1] == 0] = _VARIANCE_SHARES["pooled"]
    variances = np.column_stack([pilot[:, 1], control[:, 1]])
    square = np.where(shares > 0, shares * variances, 0).sum(axis=1)
    return np.sqrt(np.where(square > 0, square, np.nan)), shares
