"""Rows with the same history, and how often two histories belong to one person.

People recur, drawn in several months or in both groups, and their rows depend on each
other. What a row does to a curve or a test depends on its history alone: its group,
when it was at risk, and how it ended. So the variance of anything, with the rows of a
person kept together, needs one small table: how often each pair of histories is met in
one person. A million rows are some thousand histories.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.estimate.survival.durations import GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from evalkit.estimate.survival.durations import Durations

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """Distinct histories, and the pairs of them within people.

    Attributes
    ----------
    cell
        Number of the group, or of the group in a stratum, as in `Durations.risk_sets`.
    entry, end
        At risk after `entry` and until the end of week `end`.
    route
        Number of the exit's route, from 1; 0 where censored.
    pairs
        For each two histories the sum over people of rows with the one times rows with
        the other; with weights, of their weights.
    n_people
        People behind them.
    """

    cell: Codes
    entry: Codes
    end: Codes
    route: Codes
    pairs: csr_array
    n_people: int

    @classmethod
    def of(cls, durations: Durations, *, by_stratum: bool = False) -> Self:
        """Return the histories of a cohort's rows."""
        from scipy.sparse import coo_array

        cell = durations.group
        if by_stratum:
            cell = len(GROUPS) * durations.stratum + cell
        columns = (cell, durations.entry, durations.end, durations.route)
        shape = tuple(int(column.max(initial=0)) + 1 for column in columns)
        found, number = np.unique(
            np.ravel_multi_index(columns, shape), return_inverse=True
        )
        person = durations.cluster()
        weights = durations.weights
        size = np.ones(len(person)) if weights is None else weights
        n_people = int(person.max(initial=-1)) + 1
        held = coo_array((size, (person, number)), shape=(n_people, len(found))).tocsr()
        cell, entry, end, route = np.unravel_index(found, shape)
        return cls(
            cell=cell,
            entry=entry,
            end=end,
            route=route,
            pairs=(held.T @ held).tocsr(),
            n_people=n_people,
        )

    def covariance(self, one: Array, other: Array) -> Array:
        r"""Return covariances of estimates with these influences.

        :math:`G / (G - 1) \sum_i u_i v_i` over the G people, with the sums
        :math:`u_i, v_i` of the influences of a person's rows.

        Parameters
        ----------
        one, other
            Influence of each history on two estimates: history x any number of these.

        Returns
        -------
        ndarray
            Covariance of each column of `one` with the same of `other`; NaN for one
            person.
        """
        if self.n_people < 2:  # noqa: PLR2004  (one says nothing about variation)
            return np.full(one.shape[1], math.nan)
        factor = self.n_people / (self.n_people - 1)
        return np.asarray(factor * (one * (self.pairs @ other)).sum(axis=0))

    def total(self, jump: Array, hazard: Array) -> Array:
        """Return what each history adds up to, beyond what was to be expected.

        Parameters
        ----------
        jump
            What an exit in the week adds: cell x route x week.
        hazard
            Share of those at risk who leave in the week: cell x route x week.
        """
        expected = self._expected(jump, hazard)
        spent = expected[self.cell, self.end] - expected[self.cell, self.entry]
        return self._exits(jump) - spent

    def by_week(self, jump: Array, hazard: Array) -> Array:
        """Return the same, of the part of a history until each week: history x week."""
        weeks = np.arange(1, jump.shape[2] + 1)
        end, entry, cell = self.end[:, None], self.entry[:, None], self.cell[:, None]
        expected = self._expected(jump, hazard)
        spent = (
            expected[cell, np.minimum(end, weeks)]
            - expected[cell, np.minimum(entry, weeks)]
        )
        return np.where(end <= weeks, self._exits(jump)[:, None], 0.0) - spent

    def _exits(self, jump: Array) -> Array:
        added = np.zeros(len(self.cell))
        left = np.flatnonzero(self.route)
        place = (self.cell[left], self.route[left] - 1, self.end[left] - 1)
        added[left] = jump[place]
        return added

    def _expected(self, jump: Array, hazard: Array) -> Array:
        """Return what weeks at risk add up to by chance, week 0 first: cell x week."""
        per_week = (jump * hazard).sum(axis=1)
        return np.pad(np.cumsum(per_week, axis=1), ((0, 0), (1, 0)))
