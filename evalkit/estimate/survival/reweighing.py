"""Errors of weighted curves: people are drawn again, and their weights made again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.week_counts import people_of
from evalkit.errors import EstimationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.adjustment.bootstrap import Bootstrap
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Durations

    Array = NDArray[np.float64]

_FAILED = (EstimationError, np.linalg.LinAlgError)

MATCHING_NOTE = "the error takes the matches as given: a bootstrap is wrong for them"
"""What an estimate with weights from matching has to say."""


def reweighed(
    cohort: Cohort | WeekCounts, weights: Weights, bootstrap: Bootstrap
) -> Iterator[Array | None]:
    """Give the weight of each row of the cohort in each replicate.

    Whole people, with all of their rows in both groups, are drawn with replacement
    [1]_ and weighed anew, by the same method. A row drawn twice has the sum of its two
    weights, one not drawn has 0. None where the people drawn cannot be weighed.

    References
    ----------
    .. [1] Austin PC (2016). Variance estimation when using inverse probability of
       treatment weighting (IPTW) with survival analysis. Statistics in Medicine 35,
       5642-5655.
    """
    cohort = people_of(cohort, "Weights")
    n_rows = len(cohort.people)
    person = np.arange(n_rows)
    if cohort.has_persons:
        person = pd.factorize(cohort.people["person"])[0]
    n_people = int(person.max()) + 1
    random = np.random.default_rng(bootstrap.seed)
    even = np.full(n_people, 1 / n_people)
    for _ in range(bootstrap.replicates):
        times = random.multinomial(n_people, even)
        rows = np.repeat(np.arange(n_rows), times[person])
        try:
            values = weights.again(cohort, rows).values  # noqa: PD011  (not pandas)
        except _FAILED:
            yield None
            continue
        yield np.asarray(np.bincount(rows, values, n_rows), dtype=float)


def replicated(
    replicates: Iterator[Array | None],
    durations: Durations,
    estimate: Callable[[Durations], Array],
) -> tuple[Array, str]:
    """Return the standard deviation of an estimate over replicates, and a note.

    `durations` are those of all rows that are at risk, whatever their first weight.
    """
    found, lost = [], 0
    for values in replicates:
        if values is None:
            lost += 1
        else:
            drawn = replace(durations, weights=values[durations.rows])
            found.append(estimate(drawn))
    note = f"{lost} of {lost + len(found)} bootstrap replicates had no weights"
    if len(found) < 2:  # noqa: PLR2004  (a standard deviation needs two)
        return np.full(np.shape(estimate(durations)), np.nan), note
    return np.std(found, axis=0, ddof=1), note if lost else ""
