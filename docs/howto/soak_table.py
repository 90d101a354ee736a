"""How often intervals cover and tests reject in the simulations of the tests.

The tests only say that nothing is amiss; this writes down the numbers, from the same
simulated studies. Run it in the folder of the project, with the number of studies:

    PYTHONPATH=. python docs/howto/soak_table.py 1000
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.months.clustering import clustered_difference
from evalkit.estimate.survival.contamination import later_referrals
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.discrete_time import discrete_time_hazard
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.estimate.survival.horizon_difference import (
    rmst_difference,
    survival_difference,
)
from evalkit.estimate.survival.log_rank import log_rank
from evalkit.estimate.survival.proportional_hazards import proportional_hazards
from evalkit.storage import write_whole
from tests.estimate.adjustment import test_adjusted_coverage as selection
from tests.estimate.months import test_coverage as recurring
from tests.estimate.survival import test_coverage as curves
from tests.estimate.survival import test_cox_coverage as cox
from tests.estimate.survival import test_routes_coverage as routes
from tests.estimate.survival.stock import stock_register, survival

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalkit.estimate.effect import Effect

COLUMNS = ("what", "studies", "holds or keeps, %", "error, %", "bias, sd", "se / sd")
MEASURES = {"restricted mean": rmst_difference, "survival": survival_difference}
ALPHA = 0.05
CLOCKS = ("entry", "registration")

Row = tuple[str, str, str, str, str, str]


def effects_row(
    what: str, effects: list[Effect], truths: list[float], *, log: bool = False
) -> Row:
    """Return coverage, bias and typical standard error of estimates of one kind."""
    inside = [e.ci_low <= t <= e.ci_high for e, t in zip(effects, truths, strict=True)]
    estimates = np.array([effect.estimate for effect in effects])
    ses = np.array([effect.se for effect in effects])
    errors = estimates - truths
    if log:
        ses, errors = ses / estimates, np.log(estimates) - np.log(truths)
    spread = errors.std(ddof=1)
    return (
        *shares_row(what, inside)[:4],
        f"{errors.mean() / spread:+.2f}",
        f"{ses.mean() / spread:.2f}",
    )


def shares_row(what: str, inside: list[bool]) -> Row:
    """Return how often something was so, with the error of the simulation."""
    share = float(np.mean(inside))
    error = np.sqrt(share * (1 - share) / len(inside))
    return what, str(len(inside)), f"{100 * share:.1f}", f"{100 * error:.1f}", "", ""


def pooled(studies: int) -> Iterator[Row]:
    """Pooled differences of people who recur."""
    random = np.random.default_rng(20210301)
    people = [recurring.recurring_people(random) for _ in range(studies)]
    truth = [recurring.TRUE_DIFFERENCE] * studies
    honest = [clustered_difference(one, level=0.95) for one in people]
    yield effects_row("pooled difference, clustered on person", honest, truth)
    ignoring = [
        clustered_difference(one.assign(cluster=one.index), level=0.95)
        for one in people
    ]
    yield effects_row("the same, ignoring that people recur", ignoring, truth)


def adjusted(studies: int) -> Iterator[Row]:
    """Adjust differences where people are selected for the pilot, and recur."""
    cohorts = [
        selection.recurring_people(np.random.default_rng([20210501, seed]))
        for seed in range(studies)
    ]
    truth = [selection.TRUE_EFFECT] * studies
    yield effects_row("raw difference under selection", raw(cohorts), truth)
    for name, choices in selection.METHODS.items():
        found = [adjusted_difference(cohort, **choices) for cohort in cohorts]
        yield effects_row(f"adjusted difference, {name}", found, truth)


def raw(cohorts: list[Cohort]) -> list[Effect]:
    """Return the pooled differences without any adjustment."""
    names = {"month": "stratum", "outcome": "value", "person": "cluster"}
    return [
        clustered_difference(
            cohort.people.rename(columns=names).assign(pilot=cohort.is_pilot),
            level=0.95,
        )
        for cohort in cohorts
    ]


def reused(studies: int) -> Iterator[Row]:
    """Match with replacement, whose error takes rows as independent."""
    for keep, rows in ((False, "independent rows"), (True, "rows of recurring people")):
        found = [
            adjusted_difference(
                selection.recurring_people(
                    np.random.default_rng([20210502, seed]), keep_their_luck=keep
                ),
                **selection.REUSED,
            )
            for seed in range(studies)
        ]
        truth = [selection.TRUE_EFFECT] * studies
        yield effects_row(f"matching with replacement, {rows}", found, truth)


def curves_cover(studies: int) -> Iterator[Row]:
    """Survival curves and their differences, on both clocks."""
    for clock in CLOCKS:
        random = np.random.default_rng(1958)
        hazard = curves.HAZARDS[clock]
        cohorts = [
            stock_register(random, hazard, ratio=curves.RATIO) for _ in range(studies)
        ]
        yield from curve_rows(cohorts, clock)
        horizon = 20 if clock == "registration" else 13
        for name, measure in MEASURES.items():
            found = [
                measure(cohort, horizon=horizon, clock=clock) for cohort in cohorts
            ]
            truth = [
                curves.true_difference(measure, hazard, horizon, one.start)
                for one in found
            ]
            what = f"difference of {name}, week {horizon}, by {clock}"
            yield effects_row(what, found, truth)


def curve_rows(cohorts: list[Cohort], clock: str) -> Iterator[Row]:
    """Return the coverage of the control group's curve where 30 are at risk."""
    inside: dict[int, list[bool]] = {week: [] for week in curves.WEEKS[clock]}
    for cohort in cohorts:
        found = survival_curves(cohort, clock=clock)
        rows = found.at(curves.WEEKS[clock])
        rows = rows[(rows["group"] == "control") & (rows["weeks"] > found.start)]
        for row in rows.itertuples():
            truth = survival(curves.HAZARDS[clock], [row.weeks], start=found.start)[0]
            inside[row.weeks].append(row.ci_low <= truth <= row.ci_high)
    for week, hits in inside.items():
        yield shares_row(f"survival curve at week {week}, by {clock}", hits)


def ranks(studies: int) -> Iterator[Row]:
    """Keep the level of the log-rank test where nothing is to be found."""
    for clock in CLOCKS:
        random = np.random.default_rng(1966)
        kept = [
            log_rank(
                stock_register(random, curves.HAZARDS[clock]),
                clock=clock,
                strata="month",
            ).p_value
            >= ALPHA
            for _ in range(studies)
        ]
        yield shares_row(f"log-rank test by month, by {clock}, no effect", kept)


def ratios(studies: int) -> Iterator[Row]:
    """Hazard ratios, from weeks and from four weeks, and the check that goes along."""
    random = np.random.default_rng(1972)
    cohorts = [
        stock_register(random, cox.constant, ratio=cox.FASTER) for _ in range(studies)
    ]
    truth = [cox.true_ratio()] * studies
    for clock in CLOCKS:
        of = partial(hazard_ratio, clock=clock, strata="month")
        found = [of(cohort) for cohort in cohorts]
        yield effects_row(f"hazard ratio by month, by {clock}", found, truth, log=True)
        found = [of(cohort, errors="model") for cohort in cohorts]
        what = f"the same, ignoring that people recur, by {clock}"
        yield effects_row(what, found, truth, log=True)
        found = [
            discrete_time_hazard(cohort, interval=4, clock=clock) for cohort in cohorts
        ]
        what = f"discrete-time hazard, four weeks, by {clock}"
        yield effects_row(what, found, truth, log=True)
        kept = [
            proportional_hazards(cohort, clock=clock).table["p_value"].iloc[0] >= ALPHA
            for cohort in cohorts
        ]
        yield shares_row(f"check of a constant ratio, by {clock}", kept)


def incidence(studies: int) -> Iterator[Row]:
    """Exit routes: intervals of incidence, and the level of Gray's test."""
    for clock in CLOCKS:
        random = np.random.default_rng(1995)
        told = [
            np.mean(
                routes.hits(
                    exit_routes(
                        routes.cohort_of(routes.draws(random, routes.FASTER)),
                        clock=clock,
                    )
                )
            )
            for _ in range(studies)
        ]
        error = np.std(told) / np.sqrt(studies)
        yield (
            f"incidence of exit routes, all intervals, by {clock}",
            str(studies),
            f"{100 * np.mean(told):.1f}",
            f"{100 * error:.1f}",
            "",
            "",
        )
    random = np.random.default_rng(1988)
    people = [routes.draws(random, 1.0) for _ in range(studies)]
    for name, person in (("clustered on person", "person"), ("ignoring", None)):
        tests = [exit_routes(routes.cohort_of(p, person=person)).gray for p in people]
        kept = [
            float((one.set_index("exit_to")["p_value"] >= ALPHA)["work"])
            for one in tests
        ]
        yield shares_row(f"Gray's test of work, {name}, no effect", kept)


def weighted(studies: int) -> Iterator[Row]:
    """Weighted curves: people are drawn again and weighed again."""
    for method in ("entropy", "ipw"):
        random = np.random.default_rng(2016)
        found = []
        for _ in range(studies // 10):
            cohort = curves.confounded(random)
            weights = weigh(cohort, method=method)
            again = Bootstrap(replicates=100)
            found.append(
                rmst_difference(cohort, horizon=13, weights=weights, bootstrap=again)
            )
        what = f"difference of restricted mean, weighted by {method}"
        yield effects_row(what, found, [0.0] * len(found))


def later_joiners(studies: int) -> Iterator[Row]:
    """Compare in both readings of controls who join later; the truth is zero."""
    random = np.random.default_rng(2000)
    tables = []
    for _ in range(studies):
        cohort = Cohort.from_frame(
            routes.joining(random),
            group="pilot",
            outcome="outcome",
            weeks="weeks",
            exited="exited",
            covariates=["old", "weeks_to_referral"],
        )
        tables.append(later_referrals(cohort, horizon=routes.HORIZON).to_frame())
    for key, found in pd.concat(tables).groupby(["reading", "measure"]):
        reading, measure = key
        if measure != "outcome":
            what = f"later joiners {reading}, {measure} at week {routes.HORIZON}"
            yield effects_row(what, list(found.itertuples()), [0.0] * len(found))


SIMULATIONS: tuple[Callable[[int], Iterator[Row]], ...] = (
    pooled,
    adjusted,
    reused,
    curves_cover,
    ranks,
    ratios,
    incidence,
    later_joiners,
    weighted,
)


def main(studies: int) -> None:
    """Write the table, after each simulation what there is of it."""
    rows: list[Row] = []
    for simulate in SIMULATIONS:
        rows += simulate(studies)
        write_whole(Path(__file__).with_suffix(".txt"), table(rows).encode())


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    rule = ("---", *["---:"] * (len(COLUMNS) - 1))
    return "".join(f"| {' | '.join(row)} |\n" for row in (COLUMNS, rule, *rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
