"""Moments of two groups, and their standardised difference, on plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np

from evalkit.estimate.groups.gram import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

Denominator = Literal["pilot", "pooled"]

TOGETHER = 10
"""Columns whose powers are summed at once, in half the time of one by one."""

_BLOCK = 1 << 13  # people whose powers stay in the processor's cache
_FEW = 1001  # numbers that show about where all are
_ROUNDING = 1e-12  # of the mean square about the centre: a variance below it is none
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


Pair = tuple[Moments, Moments]  # of the pilots and of the controls


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    r"""Both groups: as they are and, where there are weights, weighted too.

    Attributes
    ----------
    masses
        By group (pilots, controls), weighting (first ones, then the weights) and
        person; zero for those who are not of the group.
    totals
        The sums of masses, by group and weighting.
    sizes
        The effective sizes by group and weighting [1]_,
        :math:`(\sum w)^2 / \sum w^2`.

    References
    ----------
    .. [1] Kish L (1965). Survey sampling. Wiley.
    """

    masses: Array
    totals: Array
    sizes: Array

    @classmethod
    def of(cls, masses: Array) -> Self:
        """Return the groups of people with these masses."""
        totals = masses.sum(axis=2)
        squares = np.einsum("gwi,gwi->gw", masses, masses)
        sizes = totals**2 / np.where(totals > 0, squares, 1)
        return cls(masses=masses, totals=totals, sizes=sizes)

    @classmethod
    def of_groups(cls, pilot: Flags, weights: Array | None) -> Self:
        """Return the pilots and all others, as they are and with their weights."""
        masses = np.empty((2, 1 if weights is None else 2, len(pilot)))
        masses[:, 0] = pilot, ~pilot
        if weights is not None:
            np.multiply(masses[:, 0], weights, out=masses[:, 1])
        return cls.of(masses)

    def known(self, has: Flags) -> Self:
        """Return the groups of those who have a number."""
        return self.of(self.masses * has)

    def level_moments(self, codes: Places, n_levels: int) -> Iterator[list[Pair]]:
        """Return the moments of each level's share, by weighting."""
        masses = self.masses.reshape(-1, len(codes))
        counts = np.array([np.bincount(codes, mass, n_levels) for mass in masses])
        totals = np.where(self.totals > 0, self.totals, np.nan)
        shares = counts.reshape(*totals.shape, n_levels) / totals[..., None]
        sizes = self.sizes.T.tolist()
        for level in shares.T.tolist():
            yield [
                (share_moments(pilots, own[0]), share_moments(controls, own[1]))
                for (pilots, controls), own in zip(level, sizes, strict=True)
            ]

    def moments(self, columns: Sequence[Array]) -> Iterator[list[Pair]]:
        r"""Return the moments of each column, by weighting.

        Of a column in which anybody's number is missing or infinite no mean is finite.

        Notes
        -----
        The mean is :math:`\sum w x / \sum w` and, for the effective size m, the
        variance :math:`\frac{m}{m - 1} \sum w (x - \bar x)^2 / \sum w`.
        """
        if columns:
            for column in self._moments(columns).tolist():
                yield [(Moments(*own), Moments(*others)) for own, others in column]

    @np.errstate(invalid="ignore", over="ignore")  # of numbers that are infinite
    def _moments(self, columns: Sequence[Array]) -> Array:
        """Return the moments by column, weighting, group and moment."""
        centres = [float(np.median(column[:_FEW])) for column in columns]
        sums = _power_sums(columns, centres, self.masses.reshape(-1, len(columns[0])))
        totals = np.where(self.totals > 0, self.totals, np.nan)
        first, second, third, fourth = (
            sums.reshape(4, len(columns), *totals.shape) / totals
        )
        square = first * first
        variance = second - square
        variance[variance <= _ROUNDING * second] = 0
        size = np.broadcast_to(self.sizes, first.shape)
        unbiased = size / np.where(size > 1, size - 1, np.nan)
        found = (
            np.array(centres)[:, None, None] + first,
            variance * unbiased,
            third - 3 * first * second + 2 * first * square,
            fourth - 4 * first * third + 6 * square * second - 3 * square * square,
            size,
        )
        return np.stack(found, axis=-1).swapaxes(1, 2)


def _power_sums(
    columns: Sequence[Array], centres: Sequence[float], masses: Array
) -> Array:
    """Return sums of the first four powers of the distances to the columns' centres.

    One row for each power and column, one column for each row of masses. It is one
    pass over the numbers; near a centre the moments lose nothing by it.
    """
    sums = np.zeros((4 * len(columns), len(masses)))
    for part in blocks(len(columns[0]), _BLOCK):
        own = masses[:, part]
        powers = np.empty((4, len(columns), own.shape[1]))
        for column, centre, distances in zip(columns, centres, powers[0], strict=True):
            np.subtract(column[part], centre, out=distances)
        np.square(powers[0], out=powers[1])
        np.multiply(powers[:2], powers[1], out=powers[2:])
        sums += powers.reshape(len(sums), -1) @ own.T
    return sums


def share_moments(share: float, size: float) -> Moments:
    """Return the moments of zeros and ones from the share of ones."""
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
