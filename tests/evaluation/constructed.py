"""Evaluations made to measure: one real one whose parts are exchanged."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.effect import interval_and_p_value
from evalkit.evaluation.evaluation import Evaluation, evaluate
from evalkit.examples.satakunta import example_plan


@functools.cache
def base() -> Evaluation:
    """A study of 1500 people over two months in which everything holds."""
    random = np.random.default_rng(3)
    age = random.integers(20, 64, 1500)
    served = random.random(1500) < 0.35 - 0.002 * (age - 40)
    people = pd.DataFrame(
        {
            "treat": served,
            "y": random.random(1500) < 0.5 - 0.003 * (age - 40) + 0.1 * served,
            "month": random.choice(["2021-01", "2021-02"], 1500),
            "age": age,
            "sex": random.choice(["woman", "man"], 1500),
        }
    )
    cohort = Cohort.from_frame(
        people, group="treat", outcome="y", month="month", covariates=["age", "sex"]
    )
    return evaluate(cohort)


def constructed(  # noqa: PLR0913  (one argument for each thing that can be otherwise)
    *,
    estimate: float = 0.08,
    se: float = 0.02,
    strict: float | None = 0.05,
    pilots: int = 300,
    controls: float = 700,
    unknown: tuple[float, float] = (0.0, 0.0),
    days: tuple[float, float] | None = (91.0, 91.0),
    time_zero: str | None = "aligned",
    outside: float = 0.0,
    unmatched: int = 0,
    weight: float = 0.01,
    means: tuple[float, float, float] | None = (0.02, -0.05, 0.09),
    products: tuple[float, float, float] | None = (0.1, 0.0, 0.2),
    weighted: bool = True,
    hidden: tuple[float, float, float] | None = (1.2, 0.04, 0.02),
    relevant: float = 0.05,
    looks: tuple[str, ...] = (),
    level: float = 0.95,
    share: bool = True,
    synthetic: bool = False,
) -> Evaluation:
    """Return the study with some things otherwise.

    `means` and `products` are the largest standardised difference and its interval;
    `hidden` is scale, tipping point of the interval, and the bias that age would bring.
    """
    found = base()
    ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=level)
    headline = dataclasses.replace(
        found.headline,
        estimate=estimate,
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        level=level,
        pilot=0.45 + (0 if math.isnan(estimate) else estimate),
        control=0.45,
        n_pilot=pilots,
        n_control=2 * pilots,
        ess=controls,
    )
    return dataclasses.replace(
        found,
        cohort=_cohort(found.cohort, time_zero, relevant, looks, share=share),
        card=dataclasses.replace(found.card, synthetic=synthetic),
        headline=headline,
        headline_strict=None
        if strict is None
        else dataclasses.replace(headline, estimate=strict),
        quality=_quality(found, unknown, days),
        support=None
        if means is None
        else dataclasses.replace(
            found.support, share_outside=outside, largest_share=weight
        ),
        weights=dataclasses.replace(found.weights, dropped=tuple(range(unmatched)))
        if weighted
        else None,
        balance=_balance(found.balance, means),
        products=_balance(found.products, products),
        hidden=_hidden(found.hidden, hidden),
        skipped={}
        if means
        else dict.fromkeys(["balance", "products"], "no_covariates"),
    )


def _cohort(cohort, time_zero, relevant, looks, *, share):
    plan = example_plan()
    decision = plan.decision.model_copy(
        update={"relevant_difference": relevant, "looks": list(looks)}
    )
    people = cohort.people if share else cohort.people.assign(outcome=12.5)
    return dataclasses.replace(
        cohort,
        people=people,
        protocol=plan.model_copy(update={"decision": decision}),
        time_zero=time_zero,
    )


def _quality(found, unknown, days):
    table = found.quality.table.assign(unknown_share=unknown)
    table["days_mean"] = np.nan if days is None else days
    return dataclasses.replace(found.quality, table=table)


def _balance(balance, largest):
    if largest is None:
        return None
    first = balance.table.index[0]
    table = balance.table.assign(smd=0.0, smd_low=-0.01, smd_high=0.01)
    table.loc[first, ["smd", "smd_low", "smd_high"]] = largest
    return dataclasses.replace(balance, table=table)


def _hidden(found, hidden):
    if hidden is None:
        return None
    scale, tipping_ci, bias = hidden
    benchmarks = found.benchmarks.assign(bias=0.0)
    benchmarks.loc[benchmarks["covariate"] == "age", "bias"] = bias
    return dataclasses.replace(
        found, scale=scale, tipping_ci=tipping_ci, benchmarks=benchmarks
    )
