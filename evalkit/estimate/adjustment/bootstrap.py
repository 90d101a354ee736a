"""Standard errors from resampled people, for those who distrust formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evalkit.estimate.adjustment.sample import Sample

_FAILED = (EstimationError, np.linalg.LinAlgError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """How to resample.

    Attributes
    ----------
    replicates
        How often.
    seed
        Number that decides everything random.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.adjustment.adjusted import adjusted_difference
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 0] * 40,
    ...         "age": [20 + i % 11 for i in range(80)],
    ...         "y": [i % 3 == 0 for i in range(80)],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> again = Bootstrap(replicates=99, seed=7)
    >>> found = adjusted_difference(cohort, method="ipw", errors=again)
    >>> 0.05 < found.se < 0.2
    True
    """

    replicates: int = 499
    seed: int = 1

    def se(
        self, sample: Sample, estimate: Callable[[Sample], float]
    ) -> tuple[float, str]:
        """Return the standard deviation of the estimate over resampled clusters.

        Whole clusters (people with all of their rows) are drawn with replacement, and
        everything is estimated anew.

        Parameters
        ----------
        sample
            Rows to resample.
        estimate
            The whole estimation, from rows to a number.

        Returns
        -------
        tuple
            The standard error, and a note on replicates that had no estimate.
        """
        random = np.random.default_rng(self.seed)
        found = np.array(
            [
                _estimate_or_nan(sample.of(rows), estimate)
                for rows in _resampled(sample.cluster, self.replicates, random)
            ]
        )
        known = found[np.isfinite(found)]
        lost = self.replicates - known.size
        note = f"{lost} of {self.replicates} bootstrap replicates had no estimate"
        spread = float(known.std(ddof=1)) if known.size > 1 else math.nan
        return spread, note if lost else ""


def _resampled(
    cluster: NDArray[np.intp], replicates: int, random: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Give the rows of each replicate."""
    _, code = np.unique(cluster, return_inverse=True)
    n_clusters = int(code.max()) + 1
    rows = np.arange(len(code))
    even = np.full(n_clusters, 1 / n_clusters)
    for _ in range(replicates):
        times = random.multinomial(n_clusters, even)
        yield np.repeat(rows, times[code])


def _estimate_or_nan(sample: Sample, estimate: Callable[[Sample], float]) -> float:
    """Estimate from the months that still have both groups; NaN if that fails."""
    pilots = np.bincount(sample.month, weights=sample.pilot)
    both = (pilots > 0) & (pilots < np.bincount(sample.month))
    usable = sample.of(np.flatnonzero(both[sample.month]))
    try:
        return estimate(usable.independent())
    except _FAILED:
        return math.nan
