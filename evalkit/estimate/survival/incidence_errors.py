"""Standard errors of cumulative incidence: for people who are met once, or often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.survival.durations import GROUPS
from evalkit.estimate.survival.histories import Histories
from evalkit.estimate.survival.incidence import cumulative_incidence
from evalkit.estimate.survival.reweighing import MATCHING_NOTE, replicated, reweighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.bootstrap import Bootstrap
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Durations
    from evalkit.estimate.survival.incidence import Incidence

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IncidenceErrors:
    """Standard errors of both groups' incidence and of their difference.

    Attributes
    ----------
    groups
        Group x route x week.
    difference
        Pilot minus control: route x week.
    method
        ``gray``, ``clustered`` or ``bootstrap``.
    note
        What should be known about them; empty when there is nothing.
    """

    groups: Array
    difference: Array
    method: str
    note: str = ""


def plain_errors(found: Incidence) -> IncidenceErrors:
    """Return the errors for independent rows, see `Incidence.variance`."""
    variance = found.variance
    return IncidenceErrors(
        groups=np.sqrt(variance),
        difference=np.sqrt(variance.sum(axis=0)),
        method="gray",
    )


def clustered_errors(durations: Durations, found: Incidence) -> IncidenceErrors:
    """Return the errors with all rows of a person kept together, in both groups."""
    histories = Histories.of(durations)
    lost = histories.by_week(found.loss, found.hazard)
    pairs = [
        _route_covariance(histories, found, lost, route)
        for route in range(found.exits.shape[1])
    ]
    own = np.stack([pair[0] for pair in pairs], axis=1)
    shared = np.stack([pair[1] for pair in pairs])
    difference = np.maximum(own.sum(axis=0) - 2 * shared, 0)
    return IncidenceErrors(
        groups=np.sqrt(own),
        difference=np.sqrt(difference),
        method="clustered",
        note=MATCHING_NOTE if durations.weights is not None else "",
    )


def _route_covariance(
    histories: Histories, found: Incidence, lost: Array, route: int
) -> tuple[Array, Array]:
    """Return the variance of each group by week, and the covariance of the two."""
    influence = histories.by_week(found.jump(route), found.hazard)
    influence -= found.incidence[histories.cell, route] * lost
    pilot, control = (
        np.where(histories.cell[:, None] == group, influence, 0.0)
        for group in range(len(GROUPS))
    )
    own = [histories.covariance(one, one) for one in (pilot, control)]
    return np.stack(own), histories.covariance(pilot, control)


def reweighed_errors(
    cohort: Cohort, durations: Durations, weights: Weights, bootstrap: Bootstrap
) -> IncidenceErrors:
    """Return the errors over people drawn again and weighed again."""
    replicates = reweighed(cohort, weights, bootstrap)
    spread, note = replicated(replicates, durations, _incidence_and_difference)
    return IncidenceErrors(
        groups=spread[: len(GROUPS)],
        difference=spread[-1],
        method="bootstrap",
        note=note,
    )


def _incidence_and_difference(durations: Durations) -> Array:
    sets = durations.risk_sets(routes=True)
    found = cumulative_incidence(sets.at_risk, sets.routes).incidence
    return np.concatenate([found, found[:1] - found[1:]])
