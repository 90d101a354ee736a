"""The estimand card: what exactly is estimated, for whom, and by which rules."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.results import Result
from evalkit.study.protocol import Decision

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.effect import Effect
    from evalkit.study.protocol import Protocol

GIVEN = "given"
"""What stands where a table came without a plan: its maker decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimandCard(Result):
    """What is estimated, in codes and numbers; the words are the reports'.

    Attributes
    ----------
    title
        Name of the study; empty without a plan.
    synthetic
        Whether the people are simulated.
    months
        Cohort months in order.
    population
        ``opening``, ``closing`` or ``inflow``, as the plan's frame; ``given`` for a
        table that came without a plan.
    weeks
        Least and most weeks of unemployment of the frame; empty without a plan.
    exclude
        Yes/no columns whose yes excludes a person from the frame.
    offices
        Offices whose people count; empty: all.
    n_pilot, n_control
        Rows of each group.
    time_zero
        ``aligned``, ``report`` or ``given``.
    lag
        Time from time zero to the outcome, such as ``3_months``; empty without a plan.
    outcome
        How unemployment is told: ``codes``, ``flag``, ``registered`` or ``given``.
    unemployed
        Employment codes that count as unemployed, where they decide.
    absent
        Whether who is absent from the register counts as ``not_unemployed`` or as
        ``unknown``; ``given`` without a plan.
    estimand
        ``ATT`` (average over the pilot's people), ``matched`` (over those of them who
        have a control), or ``unadjusted`` (the groups as they are).
    estimator
        Name of the pre-declared estimator.
    covariates
        What it adjusts for, beside the month.
    pooling
        How months are put together: ``pilot`` (each counts as its pilots do) or
        ``mantel-haenszel`` (by n1 n0 / (n1 + n0)).
    return_rule
        Who left and came back: ``status_at_lag`` (what counts is the status on the day
        of measurement); ``given`` without a plan.
    contamination
        Controls who join the pilot later: ``kept``.
    unknowns
        Unknown outcomes: ``left_out``, and bounded beside.
    cluster
        Whose rows depend on each other: ``person``, or ``row`` where people cannot be
        told apart.
    level
        Level of the confidence intervals.
    relevant_difference
        Smallest difference that would matter.
    looks
        Cohort months after which a verdict was promised; empty: any.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> card = evaluate(Cohort.from_frame(people, group="treat", outcome="y")).card
    >>> card.estimator, card.estimand, card.pooling, card.level
    ('mantel-haenszel', 'unadjusted', 'mantel-haenszel', 0.95)
    """

    title: str
    synthetic: bool
    months: tuple[str, ...]
    population: str
    weeks: tuple[int, ...]
    exclude: tuple[str, ...]
    offices: tuple[str, ...]
    n_pilot: int
    n_control: int
    time_zero: str
    lag: str
    outcome: str
    unemployed: tuple[str, ...]
    absent: str
    estimand: str
    estimator: str
    covariates: tuple[str, ...]
    pooling: str
    return_rule: str
    contamination: str
    unknowns: str
    cluster: str
    level: float
    relevant_difference: float
    looks: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each item, its values parted by commas."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        rows = [(name, _listed(value)) for name, value in values.items()]
        return pd.DataFrame(rows, columns=["item", "value"])


def estimand_card(cohort: Cohort, estimator: str, headline: Effect) -> EstimandCard:
    """Fill the card of a study from its plan, its people and its headline."""
    adjusts = estimator != "mantel-haenszel"
    decision = cohort.protocol.decision if cohort.protocol else Decision()
    pilot = cohort.is_pilot
    return EstimandCard(
        **estimand_rules(cohort.protocol),
        months=cohort.months,
        n_pilot=int(pilot.sum()),
        n_control=int((~pilot).sum()),
        time_zero=cohort.time_zero or GIVEN,
        estimand=_estimand(headline) if adjusts else "unadjusted",
        estimator=estimator,
        covariates=cohort.covariates if adjusts else (),
        pooling="pilot" if adjusts else "mantel-haenszel",
        contamination="kept",
        unknowns="left_out",
        cluster="person" if cohort.has_persons else "row",
        level=cohort.level,
        relevant_difference=decision.relevant_difference,
        looks=tuple(decision.looks),
    )


def estimand_rules(plan: Protocol | None) -> dict[str, Any]:
    """Return the items of the card that only a plan has.

    Parameters
    ----------
    plan
        The study's plan; None for a table that came without one.
    """
    if plan is None:
        rules = ("population", "outcome", "absent", "return_rule")
        lists = ("weeks", "exclude", "offices", "unemployed")
        empty = {"title": "", "synthetic": False, "lag": ""}
        return {**empty, **dict.fromkeys(rules, GIVEN), **dict.fromkeys(lists, ())}
    rule = plan.register_.unemployed
    return {
        "title": plan.study.title,
        "synthetic": plan.study.synthetic,
        "lag": plan.follow_up.lag.name,
        "population": plan.frame.kind,
        "weeks": plan.frame.weeks,
        "exclude": tuple(plan.frame.exclude),
        "offices": tuple(
            name for office in plan.frame.offices for name in office.names
        ),
        "outcome": "codes" if isinstance(rule, list) else rule,
        "unemployed": tuple(rule) if isinstance(rule, list) else (),
        "absent": "not_unemployed" if plan.register_.complete else "unknown",
        "return_rule": "status_at_lag",
    }


def _estimand(headline: Effect) -> str:
    """Return whose average it is: matching may leave pilots out."""
    estimand = getattr(headline, "estimand", "ATT")
    return "ATT" if estimand == "ATT" else "matched"


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
