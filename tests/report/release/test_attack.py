"""An attacker with every released number tries to get back what was hidden.

Linear programming bounds each hidden count by all that was released; enumeration tries
which whole numbers fit it, the rounded standard error and the rule of joining included.
Neither may leave fewer than `MIN_CELL` values, or only small ones. The same attacks
find the small months of releases that are weaker than ours.
"""

from __future__ import annotations

import dataclasses
import os
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from evalkit.report.release.log import report_of
from evalkit.report.release.months import release_months
from evalkit.report.release.periods import periods_of
from evalkit.report.release.pooled import design_effect
from tests.report.tables import hand_made

MIN_CELL = 5
FAST, FULL = 12, 500
TRIES, BATCHES = 250, 40
STUDIES = min(FULL, int(os.environ.get("EVALKIT_REPLICATES", FAST)))
COUNTS = ["pilot_events", "n_pilot", "control_events", "n_control"]


def random_study(seed: int) -> list[tuple]:
    """Months of which about half are small, now and then without a pilot group."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(int(random.integers(3, 9))):
        n1 = int(
            random.integers(1, 9)
            if random.random() < 0.5
            else 15 + 30 * random.random()
        )
        n0 = int(random.integers(10, 80))
        if random.random() < 0.1:
            n1 = 0
        x1, x0 = random.binomial(n1, 0.5), random.binomial(n0, 0.5)
        rows.append((f"2021-{number + 1:02d}", int(x1), n1, int(x0), n0))
    return rows


class Attack:
    """What the released tables of a study say about its months."""

    def __init__(self, rows: list[tuple], reports: list) -> None:
        self.months = [row[0] for row in rows]
        self.truth = {row[0]: row[1:] for row in rows}
        self.reports = reports

    def shown(self) -> set[str]:
        """Months that a report shows by themselves."""
        return {
            names[0]
            for released in self.reports
            for names, _ in self._rows(released)
            if len(names) == 1
        }

    @staticmethod
    def _rows(released) -> list[tuple[tuple[str, ...], pd.Series]]:
        table = released.to_frame()
        rows = table[~table["masked"] & (table["month"] != "pooled")]
        return [(released.periods[row["month"]], row) for _, row in rows.iterrows()]

    def _constraints(self, group: str) -> tuple[list[np.ndarray], list[float]]:
        """Return sums of events, and of the others, over months, as equations."""
        sums, values = [], []
        for released in self.reports:
            pooled_months: list[str] = []
            for names, row in self._rows(released):
                self._add(sums, values, names, row, group)
                if row["n_pilot"] and row["n_control"]:
                    pooled_months += names
            pooled = released.to_frame().iloc[-1]
            if not pooled["masked"]:
                self._add(sums, values, self.pooled(pooled_months), pooled, group)
        return sums, values

    def pooled(self, shown: list[str]) -> list[str]:
        """Return the months behind the pooled row: the published ones."""
        return shown

    def _add(self, sums, values, names, row, group: str) -> None:
        for part, value in enumerate(
            (row[f"{group}_events"], row[f"n_{group}"] - row[f"{group}_events"])
        ):
            equation = np.zeros(2 * len(self.months))
            for name in names:
                equation[2 * self.months.index(name) + part] = 1
            sums.append(equation)
            values.append(float(value))

    def bounds(self, group: str, month: str, cell: str) -> tuple[float, float]:
        """Return the least and most that a hidden count can be."""
        sums, values = self._constraints(group)
        place = 2 * self.months.index(month)
        wanted = np.zeros(2 * len(self.months))
        wanted[[place, place + 1]] = {"events": (1, 0), "rest": (0, 1), "n": (1, 1)}[
            cell
        ]
        there = self._not_empty()
        ends = []
        for sign in (1, -1):
            found = linprog(
                sign * wanted,
                A_eq=np.array(sums) if sums else None,
                b_eq=values or None,
                A_ub=-there,
                b_ub=-np.ones(len(there)),
                bounds=(0, 200),
            )
            assert found.success
            ends.append(sign * found.fun)
        return round(ends[0], 6), round(ends[1], 6)

    def _not_empty(self) -> np.ndarray:
        """Return equations of people in each month: nobody's month would be missing."""
        rows = [
            [float(place // 2 == number) for place in range(2 * len(self.months))]
            for number, name in enumerate(self.months)
            if self.truth[name][1]
        ]
        return np.array(rows)

    def pinned(self) -> list[tuple]:
        """Return hidden counts that can have few values, or small ones only."""
        found = []
        hidden = [m for m in self.months if m not in self.shown() and self.truth[m][1]]
        for month, group, cell in product(
            hidden, ("pilot", "control"), ("events", "rest", "n")
        ):
            low, high = self.bounds(group, month, cell)
            if high - low + 1 < MIN_CELL or high < MIN_CELL:
                found.append((month, group, cell, low, high))
        return found


class AttackOnTotals(Attack):
    """The same where the pooled row counts months that are not shown."""

    def pooled(self, shown: list[str]) -> list[str]:
        del shown
        return [name for name in self.months if self.truth[name][1]]


@pytest.mark.parametrize("seed", range(STUDIES))
def test_no_hidden_count_is_found_by_linear_programming(seed):
    rows = random_study(seed)
    assert Attack(rows, [release_months(hand_made(*rows))]).pinned() == []


@pytest.mark.parametrize("seed", range(STUDIES))
def test_no_hidden_count_is_found_from_two_reports(seed):
    rows = random_study(seed)
    first = release_months(hand_made(*rows[:-1]))
    second = release_months(hand_made(*rows), earlier=[report_of(first)])
    assert Attack(rows, [first, second]).pinned() == []


def test_attacks_find_a_month_in_the_difference_of_reports_cut_anew():
    rows = [
        ("2021-01", 20, 40, 30, 60),
        ("2021-02", 22, 42, 31, 61),
        ("2021-03", 2, 4, 32, 62),
        ("2021-04", 21, 41, 33, 63),
    ]
    first = release_months(hand_made(*rows[:-1]))
    forgetful = release_months(hand_made(*rows))
    pinned = Attack(rows, [first, forgetful]).pinned()
    assert ("2021-03", "pilot", "n", 4, 4) in pinned
    mindful = release_months(hand_made(*rows), earlier=[report_of(first)])
    assert Attack(rows, [first, mindful]).pinned() == []


def test_attacks_find_a_month_that_is_only_masked():
    """A release without joining, its pooled row of all months, hides nothing."""
    rows = [
        ("2021-01", 20, 40, 30, 60),
        ("2021-02", 22, 42, 31, 61),
        ("2021-03", 2, 4, 32, 62),
    ]
    table = hand_made(*rows).to_frame()
    weak = _with_table(
        release_months(hand_made(*rows)), table.assign(masked=table["n_pilot"] < 5)
    )
    pinned = AttackOnTotals(rows, [weak]).pinned()
    assert ("2021-03", "pilot", "events", 2, 2) in pinned
    assert ("2021-03", "pilot", "n", 4, 4) in pinned


def _with_table(released, table: pd.DataFrame):
    names = {name: (name,) for name in table["month"]}
    return dataclasses.replace(released, table=table, periods=names)


def candidates(
    truth: np.ndarray, months: list[int], random: np.random.Generator
) -> np.ndarray:
    """Return studies that divide a period's counts otherwise among its months.

    Nobody's month is empty.
    """
    studies = np.repeat(truth[None], TRIES, axis=0)
    for group in (0, 2):
        events, people = truth[months, group].sum(), truth[months, group + 1].sum()
        parts = [int(events), int(people - events)]
        shares = random.dirichlet([0.3] * len(months), size=(2, TRIES))
        split = [
            np.array([random.multinomial(n, p) for p in own])
            for n, own in zip(parts, shares, strict=True)
        ]
        studies[:, months, group] = split[0]
        studies[:, months, group + 1] = split[0] + split[1]
    there = (studies[:, months][:, :, [1, 3]] > 0).all(axis=(1, 2))
    return studies[there]


def periods_as(study: np.ndarray, names: list[str]) -> list:
    """Return the periods that the months of a study are joined into."""
    months = pd.DataFrame(study, columns=COUNTS).assign(month=names)
    return periods_of(months, min_cell=MIN_CELL)


def effect_of(study: np.ndarray, names: list[str]) -> float:
    """Return the design effect of a study, for independent people."""
    months = pd.DataFrame(study, columns=COUNTS).assign(month=names)
    p1, p0 = study[:, 0] / study[:, 1], study[:, 2] / study[:, 3]
    n1, n0 = study[:, 1], study[:, 3]
    weights = n1 * n0 / (n1 + n0)
    variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    error = float(np.sqrt((weights**2 * variance).sum()) / weights.sum())
    return design_effect(months, error)


@pytest.mark.parametrize("seed", range(STUDIES))
def test_whole_numbers_that_fit_all_that_is_released_are_many(seed):
    """Every released number is a function of the periods' sums and the design effect.

    So the studies that fit are those with the same sums that are joined alike.
    """
    rows = [row for row in random_study(seed) if row[2]]
    names = [row[0] for row in rows]
    truth = np.array([row[1:] for row in rows], dtype=float)
    periods, effect = periods_as(truth, names), effect_of(truth, names)
    random = np.random.default_rng(seed)
    for period in periods:
        if len(period.rows) == 1 or period.held:
            continue
        months = list(period.rows)
        found = (
            fitting_values(truth, names, months, periods, effect, random)
            for _ in range(BATCHES)
        )
        values = next(found)
        for more in found:
            if are_many(values):
                break
            values = [seen | own for seen, own in zip(values, more, strict=True)]
        assert are_many(values)


def fitting_values(truth, names, months, periods, effect, random) -> list[set[float]]:
    """Return the values of each hidden count among the candidates that fit."""
    fitting = np.array(
        [
            study[months]
            for study in candidates(truth, months, random)
            if periods_as(study, names) == periods and effect_of(study, names) == effect
        ]
    ).reshape(-1, len(months), len(COUNTS))
    cells = []
    for group in (0, 2):
        events, n = fitting[:, :, group], fitting[:, :, group + 1]
        cells += [*events.T, *n.T, *(n - events).T]
    return [set(cell) for cell in cells]


def are_many(values: list[set[float]]) -> bool:
    """Tell whether each count may be one of many numbers, large ones among them."""
    return all(len(own) >= MIN_CELL and max(own) >= MIN_CELL for own in values)


def test_few_values_or_small_ones_only_are_not_many():
    assert are_many([{1.0, 2.0, 3.0, 4.0, 5.0}])
    assert not are_many([{4.0, 5.0, 6.0, 7.0}])
    assert not are_many([{0.0, 1.0, 2.0, 3.0, 4.0}])
