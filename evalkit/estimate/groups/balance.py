"""Balance: how alike the groups are in what was known of people at time zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.groups.design_matrix import (
    MISSING,
    as_floats,
    checked_covariates,
    is_numeric,
    levels_of,
    numbers,
)
from evalkit.estimate.groups.distributions import (
    Ordered,
    kolmogorov_smirnov,
    ordered,
    overlap,
)
from evalkit.estimate.groups.durations import duration_table
from evalkit.estimate.groups.moments import (
    TOGETHER,
    Denominator,
    Members,
    Moments,
    Pair,
    scale_of,
    share_moments,
    standardised_difference,
)
from evalkit.estimate.groups.weighting import Groups
from evalkit.estimate.months.pooling import empty_group_note
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.groups.weights import Weights

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

THRESHOLD = 0.1
"""Standardised difference up to which groups count as alike."""

_FEW = 100  # numbers that mostly show whether all are zeros and ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Result):
    """Both groups, covariate by covariate.

    Attributes
    ----------
    table
        One row for each number and each level of a category: covariate, value (the
        level, ``missing``, or empty for a number), pilot, control (mean, or share),
        difference, smd (standardised mean difference), smd_low, smd_high (its
        interval at `level`), variance_ratio (pilot over control; numbers only), ks
        (greatest distance between the distribution functions), overlap (what both
        distributions share), verdict (``within``, ``beyond`` or ``undetermined``: is
        the true smd between minus and plus `threshold`?). With weights, all this is
        after weighting, and smd_before, variance_ratio_before, ks_before and
        overlap_before are those without.
    denominator
        Whose standard deviation: ``pilot`` or ``pooled``.
    threshold
        Standardised difference up to which groups count as alike.
    level
        Level of the intervals.
    note
        What should be known about this table; empty when there is nothing.
    weeks
        What `durations` returns; None where elapsed weeks are not known.
    n_pilot, n_control
        Rows of each group that are compared.
    """

    table: pd.DataFrame
    denominator: str
    threshold: float
    level: float
    note: str
    weeks: pd.DataFrame | None
    n_pilot: int
    n_control: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    def durations(self) -> pd.DataFrame:
        """Return mean and median of the elapsed weeks, unweighted, with intervals.

        That the intervals of two means overlap does not show that the groups are
        alike: look at the standardised difference.

        Returns
        -------
        pandas.DataFrame
            For each month and for all: month, group, n, n_missing, mean, ci_low,
            ci_high (t interval of the mean), median, level.

        Raises
        ------
        EstimationError
            If the cohort has no ``weeks_before``.
        """
        if self.weeks is None:
            raise EstimationError(
                "The cohort has no weeks of unemployment before time zero.",
                hint="Name their column: Cohort.from_frame(..., weeks_before=...).",
            )
        return self.weeks.copy()


def balance(
    cohort: Cohort,
    *,
    weights: Weights | None = None,
    denominator: Denominator = "pilot",
    covariates: Sequence[str] | None = None,
    distributions: bool = True,
    level: float | None = None,
) -> Balance:
    r"""Tell how alike the groups are, before and after weighting.

    Look at it before any outcome. A p-value of a difference in covariates grows small
    with the sample and says nothing about its size; the standardised difference
    does [1]_. With 40 pilots chance alone makes it 0.16, so each one is tested
    against the threshold of 0.1 instead of being read off.

    Parameters
    ----------
    cohort
        People of both groups.
    weights
        Weights of `evalkit.weigh`. None: as they are.
    denominator
        Divide by the standard deviation of the ``"pilot"`` group, or by the
        ``"pooled"`` one, :math:`\sqrt{(s_1^2 + s_0^2) / 2}`.
    covariates
        Columns to look at. None: the cohort's.
    distributions
        Whether to compare whole distributions too (`ks`, `overlap`), which sorts every
        number.
    level
        Level of the intervals. None: the cohort's.

    Returns
    -------
    Balance
        One row for each number and each level of a category.

    Raises
    ------
    EstimationError
        If a covariate cannot be used, the weights are another cohort's, or the
        denominator is unknown.

    Notes
    -----
    The standard deviation is that before weighting, so that rows before and after are
    on one scale; of a share p it is :math:`\sqrt{p (1 - p)}`. Where no pilot varies the
    pooled one stands in. Numbers are compared among those who have one, and a row
    ``missing`` compares the shares of those who do not.

    The interval needs no normal distribution (see
    `evalkit.estimate.groups.moments.standardised_difference`); it takes rows as
    independent.
    The verdict is ``within`` if the interval lies between the thresholds, ``beyond``
    if it lies outside, else ``undetermined``: there are too few people to tell. After
    weighting, a difference that is small in these very people is the weights' doing
    and not luck: there ``within`` is read off the difference itself.

    Months that lack one group are left out.

    References
    ----------
    .. [1] Austin PC (2009). Balance diagnostics for comparing the distribution of
       baseline covariates between treatment groups in propensity-score matched
       samples. Statistics in Medicine 28, 3083-3107.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 0, 0, 0],
    ...         "y": [1, 0, 0, 0, 1, 0],
    ...         "age": [30, 40, 50, 30, 40, 20],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> table = balance(cohort).to_frame()
    >>> table[["covariate", "pilot", "control", "smd", "ks", "verdict"]].round(3)
      covariate  pilot  control  smd     ks       verdict
    0       age   40.0     30.0  1.0  0.333  undetermined
    """
    names = checked_covariates(cohort, covariates)
    level = cohort.level if level is None else level
    used, pilot, rows, note = _comparable(cohort)
    own = None if weights is None else _own_weights(weights, cohort)[rows]
    members = Members.of_groups(pilot, own)
    lines = [*_lines(used, names, members, distributions=distributions)]
    raw, *weighted = zip(*lines, strict=True)
    sides = _Sides.of(raw)
    scale, shares = scale_of(sides.pilot, sides.control, _checked(denominator))
    table = _table(raw, scale, shares, level)
    for after in weighted:
        before = table[_MEASURES].add_suffix("_before")
        table = _table(after, scale, shares, level).join(before)
    verdict = _verdicts(table, weighted=own is not None)
    return Balance(
        table=table.assign(verdict=verdict),
        denominator=denominator,
        threshold=THRESHOLD,
        level=level,
        note=note if weights is None else weights.note,
        weeks=duration_table(cohort, level=level),
        n_pilot=int(pilot.sum()),
        n_control=int((~pilot).sum()),
    )


_MEASURES = ["smd", "variance_ratio", "ks", "overlap"]


def _checked(denominator: Denominator) -> Denominator:
    if denominator not in {"pilot", "pooled"}:
        raise EstimationError(
            f"`denominator` must be 'pilot' or 'pooled', got {denominator!r}."
        )
    return denominator


def _own_weights(weights: Weights, cohort: Cohort) -> Array:
    """Return the weights as numbers, or say that they belong to other people."""
    values = weights.values  # noqa: PD011  (not pandas)
    if not values.index.equals(cohort.people.index):
        raise EstimationError(
            "The weights belong to another cohort: their rows are not the same.",
            hint="Weigh this cohort: weigh(cohort, ...).",
        )
    return np.asarray(values, dtype=float)


def _comparable(cohort: Cohort) -> tuple[pd.DataFrame, Flags, Flags, str]:
    """Return the rows to compare, who is a pilot, where they are, and a note."""
    groups = Groups.of(cohort, None)
    if not groups.rows.any():
        everybody = np.ones(len(cohort.people), dtype=bool)
        note = "no month has both groups"
        return cohort.people, cohort.is_pilot.to_numpy(), everybody, note
    without = cohort.people["month"][~groups.rows].drop_duplicates().sort_values()
    return groups.cohort.people, groups.pilot, groups.rows, empty_group_note(without)


class _Line(NamedTuple):
    """One number or one level: its moments in both groups and their distances."""

    covariate: str
    value: str
    pilot: Moments
    control: Moments
    is_share: bool
    ks: float
    overlap: float


class _Sides(NamedTuple):
    """The moments of all lines as arrays."""

    pilot: Array
    control: Array

    @classmethod
    def of(cls, lines: Sequence[_Line]) -> _Sides:
        return cls(
            np.array([line.pilot for line in lines]),
            np.array([line.control for line in lines]),
        )


def _lines(
    people: pd.DataFrame,
    names: Sequence[str],
    members: Members,
    *,
    distributions: bool,
) -> Iterator[list[_Line]]:
    """Return the lines of all covariates: each without weights, and then with them."""
    for start in range(0, len(names), TOGETHER):
        some = {name: people[name] for name in names[start : start + TOGETHER]}
        known = {n: as_floats(some[n]) for n in some if is_numeric(some[n])}
        moments = dict(zip(known, members.moments([*known.values()]), strict=True))
        for name, column in some.items():
            if name not in known:
                yield from _level_lines(name, *levels_of(name, column), members)
            elif any(math.isfinite(own.mean) for own in moments[name][0]):
                yield _number_lines(
                    name,
                    known[name],
                    moments[name],
                    members,
                    distributions=distributions,
                )
            else:
                yield from _incomplete_lines(
                    name, numbers(name, column), members, distributions=distributions
                )


def _incomplete_lines(
    name: str, x: Array, members: Members, *, distributions: bool
) -> Iterator[list[_Line]]:
    """Return the lines of the numbers that are known, and the share of the others."""
    has = ~np.isnan(x)
    known, filled = members.known(has), np.where(has, x, x[has.argmax()])
    (moments,) = known.moments([np.nan_to_num(filled)])
    yield _number_lines(name, filled, moments, known, distributions=distributions)
    yield from _level_lines(name, (~has).astype(np.intp), ["", MISSING], members)


def _level_lines(
    name: str, codes: NDArray[np.intp], levels: Sequence[str], members: Members
) -> Iterator[list[_Line]]:
    """Return lines for each level that has a name."""
    moments = members.level_moments(codes, len(levels))
    for level, pairs in zip(levels, moments, strict=True):
        if level:
            yield [_share_line(name, level, *pair) for pair in pairs]


def _share_line(name: str, value: str, pilots: Moments, controls: Moments) -> _Line:
    distance = abs(pilots.mean - controls.mean)
    return _Line(
        name, value, pilots, controls, is_share=True, ks=distance, overlap=1 - distance
    )


def _number_lines(
    name: str,
    x: Array,
    moments: Sequence[Pair],
    members: Members,
    *,
    distributions: bool,
) -> list[_Line]:
    """Return the lines of a number; of zeros and ones, those of a share."""
    if _zeros_and_ones(x):
        shares = [[share_moments(m.mean, m.size) for m in pair] for pair in moments]
        return [_share_line(name, "", *pair) for pair in shares]
    lines = []
    for weighting, (pilots, controls) in enumerate(moments):
        ks = area = np.nan
        if distributions:
            in_order = [
                _ordered(x, masses, weighted=weighting > 0)
                for masses in members.masses[:, weighting]
            ]
            ks, area = kolmogorov_smirnov(*in_order), overlap(*in_order)
        line = _Line(name, "", pilots, controls, is_share=False, ks=ks, overlap=area)
        lines.append(line)
    return lines


def _ordered(x: Array, masses: Array, *, weighted: bool) -> Ordered:
    """Return a group's numbers in order; people of weight zero are not in it."""
    rows = masses > 0
    return ordered(x[rows], masses[rows] if weighted else None)


def _zeros_and_ones(x: Array) -> bool:
    """Tell whether all numbers are zero or one; the first few mostly show it."""
    return all(
        bool(((part == 0) | (part == 1) | np.isnan(part)).all())
        for part in (x[:_FEW], x)
    )


def _table(
    lines: Sequence[_Line], scale: Array, shares: Array, level: float
) -> pd.DataFrame:
    """Return the lines as a table, on the scale of the standard deviations."""
    sides = _Sides.of(lines)
    difference = sides.pilot[:, 0] - sides.control[:, 0]
    smd, se = standardised_difference(*sides, scale, shares)
    smd = np.where(difference == 0, 0.0, smd)
    reach = normal_quantile(level) * se
    controls = np.where(sides.control[:, 1] > 0, sides.control[:, 1], np.nan)
    is_share = np.array([line.is_share for line in lines])
    return pd.DataFrame(
        {
            "covariate": [line.covariate for line in lines],
            "value": [line.value for line in lines],
            "pilot": sides.pilot[:, 0],
            "control": sides.control[:, 0],
            "difference": difference,
            "smd": smd,
            "smd_low": smd - reach,
            "smd_high": smd + reach,
            "variance_ratio": np.where(is_share, np.nan, sides.pilot[:, 1] / controls),
            "ks": [line.ks for line in lines],
            "overlap": [line.overlap for line in lines],
        }
    )


def _verdicts(table: pd.DataFrame, *, weighted: bool) -> Array:
    """Return whether each standardised difference is within the threshold."""
    low, high = table["smd_low"].to_numpy(), table["smd_high"].to_numpy()
    within = (low >= -THRESHOLD) & (high <= THRESHOLD)
    if weighted:
        within = table["smd"].abs().to_numpy() <= THRESHOLD
    beyond = (low > THRESHOLD) | (high < -THRESHOLD)
    return np.select([within, beyond], ["within", "beyond"], "undetermined")
