"""The raw gap taken apart: who the people are, and what remains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.adjustment.control_weights import odds_weights
from evalkit.estimate.adjustment.estimators import ESTIMATORS, effect_by, models_of
from evalkit.estimate.adjustment.influence import few_clusters_note
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.decomposition.blocks import blocks_of
from evalkit.estimate.decomposition.reweighted import (
    linear_parts,
    raw_gap,
    reweighted_parts,
)
from evalkit.estimate.decomposition.shapley import coalitions, shapley_weights
from evalkit.estimate.effect import (
    checked_level,
    checked_method,
    interval_and_p_value,
    joined,
)
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.estimators import Estimator
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]
    Estimate = tuple[float, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition(Result):
    """The raw gap, what each block of covariates explains of it, and what remains.

    Attributes
    ----------
    table
        A row for the raw gap (`part` ``raw``), for each block (``block``, its name in
        `block`), for all blocks together (``explained``) and for what remains
        (``remains``): estimate, se, ci_low, ci_high, p_value, linear (the same by the
        controls' linear model), covariates (names of the block).
    linear
        The gap by the linear model before and after weighting: composition,
        specification (what a straight line misses of it), structure, reweighting (what
        the weights leave unbalanced); estimate, se, ci_low, ci_high, p_value.
    method
        Estimator of what remains.
    level
        Level of the confidence intervals.
    shares
        Whether the outcome is 0 or 1, so that all of it is in shares.
    n_pilot, n_control
        Rows behind it.
    note
        What should be known; empty when there is nothing.
    """

    table: pd.DataFrame
    linear: pd.DataFrame
    method: str
    level: float
    shares: bool
    n_pilot: int
    n_control: int
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def blocks(self) -> pd.DataFrame:
        """The rows of the blocks."""
        return self.table[self.table["part"] == "block"].copy()


def decompose(
    cohort: Cohort,
    *,
    method: Estimator = "aipw",
    covariates: Sequence[str] | None = None,
    blocks: Mapping[str, Sequence[str]] | None = None,
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
) -> Decomposition:
    r"""Take the raw gap apart into who the people are and what remains.

    What remains is the adjusted difference by the same method, so that the two can
    never disagree; the rest is shared among blocks of covariates fairly, whatever the
    order in which one thinks of them. Explained is not caused: a block counts for all
    that goes with it. Not for two groups that hardly overlap.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes. Unknown ones are left out.
    method
        Estimator of what remains, as in `adjusted_difference`; matching cannot be
        taken apart.
    covariates
        Characteristics at time zero. None: the cohort's. The month is always one.
    blocks
        Covariates that belong together, by name. None: by the usual names of
        covariates (duration, history, age, sex, education, occupation, place, month);
        others stand alone.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the confidence intervals. None: the cohort's.
    outcome
        Column of the outcome: any number.

    Returns
    -------
    Decomposition
        In the unit of the outcome.

    Raises
    ------
    EstimationError
        If columns or blocks are unlawful, there are too many blocks, or no month has
        both groups.

    Notes
    -----
    Let :math:`\hat\theta(S)` be the estimate adjusted for the blocks in S alone:
    nothing is the raw gap, everything is what remains. Block b explains

    .. math::
        \sum_{S \not\ni b} \frac{|S|! \, (B - |S| - 1)!}{B!}
        \big[ \hat\theta(S) - \hat\theta(S \cup b) \big],

    its Shapley value [1]_, in the spirit of the reweighting of [2]_. All of them sum
    to the raw gap less what remains. Every :math:`\hat\theta(S)` brings the influence
    of each row along, so that intervals follow as in `adjusted_difference`.

    `linear` is the reweighted decomposition of Oaxaca and Blinder [3]_ with the odds
    of having been served (entropy: its own weights). A specification error that is not
    near zero says that straight lines are not enough; a reweighting error that is not,
    that the weights are not.

    References
    ----------
    .. [1] Shorrocks AF (2013). Decomposition procedures for distributional analysis: a
       unified framework based on the Shapley value. Journal of Economic Inequality 11,
       99-126.
    .. [2] DiNardo J, Fortin NM, Lemieux T (1996). Labor market institutions and the
       distribution of wages, 1973-1992: a semiparametric approach. Econometrica 64,
       1001-1044.
    .. [3] Firpo SP, Fortin NM, Lemieux T (2018). Decomposing wage distributions using
       recentered influence function regressions. Econometrics 6, 28.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> weeks = random.integers(1, 105, 4000)
    >>> served = random.random(4000) < 0.4 - 0.003 * weeks
    >>> left = random.random(4000) < 0.6 - 0.005 * weeks + 0.05 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "weeks_before": weeks})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["weeks_before"]
    ... )
    >>> decompose(cohort).to_frame()[["part", "block", "estimate"]].round(3)
            part     block  estimate
    0        raw               0.117
    1      block  duration     0.067
    2  explained               0.067
    3    remains               0.050
    """
    checked_method(method, ESTIMATORS)
    level = checked_level(cohort.level if level is None else level)
    sample = sample_of(cohort, covariates=covariates, outcome=outcome, cluster=cluster)
    named = blocks_of(sample.terms[1:], blocks)
    shares, remains, note = _shapley(sample, named, method)
    weighting = models_of(method, sample)[0] if method == "entropy" else None
    parts = reweighted_parts(sample, weighting or odds_weights(sample))
    return Decomposition(
        table=_table(sample, named, shares, remains, level),
        linear=pd.DataFrame(
            {"part": part} | _measures(found, sample, level)
            for part, found in parts.items()
        ),
        method=method,
        level=level,
        shares=sample.is_binary,
        n_pilot=sample.n_pilot,
        n_control=sample.n_control,
        note=joined(sample.note, note, few_clusters_note(sample.cluster)),
    )


def _table(
    sample: Sample,
    named: dict[str, tuple[str, ...]],
    shares: dict[str, Estimate],
    remains: Estimate,
    level: float,
) -> pd.DataFrame:
    """Return the rows of the table, with the linear model's share in each."""
    gap, line = raw_gap(sample), linear_parts(sample)
    explained = gap[0] - remains[0], gap[1] - remains[1]
    by_line = {name: sum(line[term] for term in own) for name, own in named.items()}
    straight = sum(by_line.values())
    rows = [
        ("raw", "", gap, gap[0]),
        *(("block", name, shares[name], by_line[name]) for name in named),
        ("explained", "", explained, straight),
        ("remains", "", remains, gap[0] - straight),
    ]
    return pd.DataFrame(
        {"part": part, "block": name}
        | _measures(found, sample, level)
        | {"linear": linear, "covariates": ", ".join(named.get(name, ()))}
        for part, name, found, linear in rows
    )


def _shapley(
    sample: Sample, named: dict[str, tuple[str, ...]], method: Estimator
) -> tuple[dict[str, Estimate], Estimate, str]:
    """Return each block's share, what remains, and what should be known about that."""
    players = list(named)
    estimates = np.zeros(len(players))
    influence = np.zeros((len(players), len(sample.pilot)))
    for coalition in coalitions(players):
        terms = [term for name in coalition for term in named[name]]
        effect = effect_by(method, sample.of_terms(terms))
        counts = np.array([*shapley_weights(coalition, players).values()])
        estimates -= counts * effect.estimate
        influence -= counts[:, None] * effect.influence
    found = zip(estimates.tolist(), influence, strict=True)
    shares = dict(zip(players, found, strict=True))
    return shares, (effect.estimate, effect.influence), effect.note


def _measures(found: Estimate, sample: Sample, level: float) -> dict[str, float]:
    estimate, influence = found
    se = sample.se(influence)
    ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=level)
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "p_value": p_value,
    }
