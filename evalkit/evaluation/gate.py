"""The gate before the verdict: data sound, groups comparable, study large enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.months.comparison import are_shares
from evalkit.results import Result
from evalkit.study.protocol import Decision, GateRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalkit.estimate.groups.balance import Balance
    from evalkit.evaluation.evaluation import Evaluation

State = Literal["passed", "failed", "undetermined"]
Door = Literal["data", "comparable", "size"]
DOORS: tuple[Door, ...] = ("data", "comparable", "size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to hold.

    Attributes
    ----------
    door
        ``data``, ``comparable`` or ``size``.
    code
        What is measured, see `Gate`.
    measured
        Its value; NaN where it cannot be measured.
    allowed
        The plan's threshold.
    at_most
        Whether the threshold is the largest value allowed, or the smallest.
    state
        ``passed``, ``failed``, or ``undetermined``: not measured, or there are too few
        people to tell.
    remedy
        What would open the door, as a code.
    where
        Covariate (or product) with the largest difference, where that is measured.
    """

    door: Door
    code: str
    measured: float
    allowed: float
    at_most: bool
    state: State
    remedy: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Result):
    """What has to hold before a difference is read as the pilot's doing.

    The doors stand in order: ``data`` (the outcomes are known, and looked up alike),
    ``comparable`` (the groups are alike in what is known of them), ``size`` (the study
    is large enough to show anything). All are measured, also behind a closed one.

    Attributes
    ----------
    checks
        In the order of the doors. Their codes: ``share`` (the outcome is one that a
        person has or has not), ``unknown`` (largest share of unknown outcomes),
        ``unknown_apart`` (difference of that share between the groups), ``days_apart``
        (difference of mean days to the outcome); ``time_zero`` (the same for both
        groups), ``support`` (share of pilots who have controls like them),
        ``weight`` (largest share of one control), ``means`` and ``products`` (largest
        standardised difference after weighting); ``pilots``, ``controls`` (people;
        effective number), ``detectable`` (smallest detectable difference).

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame({"treat": [1] * 20 + [0] * 80, "y": [1, 0] * 50})
    >>> gate = evaluate(Cohort.from_frame(people, group="treat", outcome="y")).gate
    >>> gate.states
    {'data': 'passed', 'comparable': 'undetermined', 'size': 'failed'}
    >>> [check.code for check in gate.not_passed("size")]
    ['pilots', 'detectable']
    """

    checks: tuple[Check, ...]

    @property
    def states(self) -> dict[Door, State]:
        """The state of each door: that of its worst check."""
        return {
            door: _worst(c for c in self.checks if c.door == door) for door in DOORS
        }

    @property
    def is_open(self) -> bool:
        """Whether every door is open."""
        return set(self.states.values()) == {"passed"}

    def not_passed(self, *doors: Door) -> tuple[Check, ...]:
        """Return the checks of some doors (of all) that have not passed."""
        chosen = doors or DOORS
        return tuple(
            check
            for check in self.checks
            if check.door in chosen and check.state != "passed"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each check."""
        names = list(Check.__dataclass_fields__)
        rows = [[getattr(check, name) for name in names] for check in self.checks]
        return pd.DataFrame(rows, columns=names)


def gate_of(evaluation: Evaluation) -> Gate:
    r"""Measure a study against the thresholds of its plan.

    Parameters
    ----------
    evaluation
        The estimates of the study.

    Returns
    -------
    Gate
        What was measured, what is allowed, and what would open a closed door.

    Notes
    -----
    A standardised difference fails where its whole confidence interval lies beyond the
    threshold t, and passes where it is itself within: what biases an estimate is how
    these very people differ [1]_. Where neither holds, people are too few to tell, and
    the check is undetermined: with 40 pilots chance alone makes differences of 0.16.
    Without weights a small difference may be luck, so that the interval must not reach
    farther than t to either side either: the true difference is then below 2 t.

    The smallest detectable difference is :math:`(z_{1 - \alpha/2} + z_{power})` times
    the headline's standard error [2]_; it does not depend on the estimate.

    References
    ----------
    .. [1] Imai K, King G, Stuart EA (2008). Misunderstandings between experimentalists
       and observationalists about causal inference. Journal of the Royal Statistical
       Society, Series A 171, 481-502.
    .. [2] Bloom HS (1995). Minimum detectable effects: a simple way to report the
       statistical power of experimental designs. Evaluation Review 19, 547-556.
    """
    plan = evaluation.cohort.protocol
    rules = plan.gate if plan else GateRules()
    decision = plan.decision if plan else Decision()
    return Gate(
        checks=(
            *_data(evaluation, rules),
            *_comparable(evaluation, rules),
            *_size(evaluation, rules, decision),
        )
    )


def detectable_difference(se: float, *, power: float, level: float) -> float:
    """Return the smallest difference that an estimate with this error can show.

    NaN where no variation was seen, which is not the same as certainty.
    """
    if not se > 0:
        return math.nan
    return (normal_quantile(level) + normal_quantile(2 * power - 1)) * se


def _data(evaluation: Evaluation, rules: GateRules) -> Iterator[Check]:
    """Check that outcomes are known, and were looked up alike in both groups."""
    found = evaluation.quality
    share = float(are_shares(evaluation.cohort.people["outcome"]))
    apart = rules.most_unknown_apart
    yield _check("data", "share", share, 1, "use_share", at_most=False)
    yield _check("data", "unknown", found.most_unknown, rules.most_unknown, "find")
    yield _check("data", "unknown_apart", found.unknown_apart, apart, "find")
    if not math.isnan(found.days_apart):
        most = rules.most_days_apart
        yield _check("data", "days_apart", found.days_apart, most, "same_lag")


def _comparable(evaluation: Evaluation, rules: GateRules) -> Iterator[Check]:
    """Check that the groups are alike in what is known of them."""
    door: Door = "comparable"
    weighted = evaluation.weights is not None
    if evaluation.cohort.time_zero is not None:
        aligned = float(evaluation.cohort.time_zero == "aligned")
        yield _check(door, "time_zero", aligned, 1, "align", at_most=False)
    if evaluation.support is not None:
        share, least = _supported(evaluation), rules.least_support
        yield _check(door, "support", share, least, "narrow", at_most=False)
    if evaluation.support is not None and weighted:
        largest = evaluation.support.largest_share
        yield _check(door, "weight", largest, rules.largest_weight, "narrow")
    yield _alike("means", evaluation.balance, rules.largest_smd, weighted=weighted)
    if "products" not in evaluation.skipped:
        most = rules.largest_smd_of_products
        yield _alike("products", evaluation.products, most, weighted=weighted)


def _size(
    evaluation: Evaluation, rules: GateRules, decision: Decision
) -> Iterator[Check]:
    """Check that the study is large enough to show anything."""
    headline = evaluation.headline
    controls = float(getattr(headline, "ess", headline.n_control))
    smallest = detectable_difference(
        headline.se, power=decision.power, level=headline.level
    )
    for code, number, least in (
        ("pilots", _pilots(evaluation), rules.fewest_pilots),
        ("controls", controls, rules.fewest_controls),
    ):
        yield _check("size", code, number, least, f"more_{code}", at_most=False)
    most = rules.largest_detectable
    yield _check("size", "detectable", smallest, most, "more_pilots")


def _pilots(evaluation: Evaluation) -> float:
    """Return how many people of the pilot stand behind the headline, at most."""
    people = evaluation.cohort.people
    known = people[evaluation.cohort.is_pilot & people["outcome"].notna()]
    return float(min(known["person"].nunique(), evaluation.headline.n_pilot))


def _supported(evaluation: Evaluation) -> float:
    """Return the share of pilots with controls like them, or with a matched one."""
    inside = 1 - evaluation.support.share_outside if evaluation.support else math.nan
    weights, pilots = evaluation.weights, int(evaluation.cohort.is_pilot.sum())
    if weights is None or not pilots:
        return inside
    return min(inside, 1 - len(weights.dropped) / pilots)


def _alike(code: str, found: Balance | None, most: float, *, weighted: bool) -> Check:
    """Check the largest standardised difference of a table."""
    if found is None or found.table["smd"].isna().all():
        return Check(
            door="comparable",
            code=code,
            measured=math.nan,
            allowed=most,
            at_most=True,
            state="undetermined",
            remedy="describe",
        )
    largest = found.table.iloc[int(np.nanargmax(found.table["smd"].abs()))]
    state = _state_of(found.table, most, weighted=weighted)
    return Check(
        door="comparable",
        code=code,
        measured=float(abs(largest["smd"])),
        allowed=most,
        at_most=True,
        state=state,
        remedy="adjust" if state == "failed" else "more_people",
        where=_named(largest),
    )


def _state_of(table: pd.DataFrame, most: float, *, weighted: bool) -> State:
    """Tell whether all differences are within a threshold, or one is beyond it."""
    known = table[table["smd"].notna()]
    low, high = known["smd_low"].to_numpy(), known["smd_high"].to_numpy()
    if ((low > most) | (high < -most)).any():
        return "failed"
    within = known["smd"].abs().to_numpy() <= most
    if not weighted:
        within &= (high - low) / 2 <= most
    return "passed" if np.all(within) else "undetermined"


def _named(row: pd.Series) -> str:
    return f"{row['covariate']} = {row['value']}" if row["value"] else row["covariate"]


def _check(
    door: Door,
    code: str,
    measured: float,
    allowed: float,
    remedy: str,
    *,
    at_most: bool = True,
) -> Check:
    """Compare a number with its threshold; an unknown one is undetermined."""
    state: State = "undetermined"
    if not math.isnan(measured):
        holds = measured <= allowed if at_most else measured >= allowed
        state = "passed" if holds else "failed"
    return Check(
        door=door,
        code=code,
        measured=measured,
        allowed=allowed,
        at_most=at_most,
        state=state,
        remedy=remedy,
    )


def _worst(checks: Iterable[Check]) -> State:
    """Return the worst state: failed before undetermined before passed."""
    states = {check.state for check in checks}
    order: tuple[State, ...] = ("failed", "undetermined")
    return next((state for state in order if state in states), "passed")
