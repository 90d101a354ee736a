"""Survival of a million people in whole weeks, beside the packages that are used.

Each line is one run: the best of a few turns of both, taken alternately, and their
ratio beside the most that we allow ourselves. What the others do not give (an interval,
a check of the columns) they need not compute here. Curves and the log-rank test are
compared from arrays on: the others are handed arrays too. What the whole function
costs, from reading and checking the person table on, stands in a line of its own.
scikit-survival and R take part where they are installed; evalkit never imports them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.estimate.survival.horizon_difference import rmst_difference
from evalkit.estimate.survival.kaplan_meier import KaplanMeier, log_log_interval
from evalkit.estimate.survival.log_rank import GroupWeeks, log_rank
from evalkit.estimate.survival.risk_sets import risk_sets

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE, WEEKS, HORIZON = 1_000_000, 104, 26
ROUTES = np.array(["work", "training", "other"])
COVARIATES = ["age", "months", "spells", "woman"]  # and the pilot: five
TURNS = 3
R_SCRIPT = """
library(survival)
people <- read.csv(commandArgs(TRUE)[1])
seconds <- min(replicate({turns}, system.time({{
  fit <- survfit(Surv(weeks, left) ~ pilot, people)
  summary(fit, rmean = {horizon})$table[, c("rmean", "se(rmean)")]
}})["elapsed"]))
cat(seconds)
"""


def invented_people() -> pd.DataFrame:
    """Return invented people: a hazard that depends on covariates, ties everywhere."""
    random = np.random.default_rng(20)
    table = pd.DataFrame(
        {
            "pilot": random.random(PEOPLE) < 0.3,  # noqa: PLR2004
            "age": random.normal(40, 12, PEOPLE),
            "months": random.gamma(2, 4, PEOPLE),
            "spells": random.poisson(2, PEOPLE).astype(float),
            "woman": (random.random(PEOPLE) < 0.5).astype(float),  # noqa: PLR2004
        }
    )
    risk = 0.1 * table["pilot"] - 0.01 * (table["age"] - 40) - 0.02 * table["months"]
    weeks = np.ceil(random.exponential(30 / np.exp(risk)))
    open_until = random.integers(HORIZON, WEEKS, PEOPLE)
    return table.assign(
        weeks=np.minimum(weeks, open_until),
        left=weeks <= open_until,
        route=pd.Categorical(
            np.where(weeks <= open_until, random.choice(ROUTES, PEOPLE), None)
        ),
    )


def best(run: Callable[[], object]) -> float:
    """Return the seconds of one turn."""
    start = perf_counter()
    run()
    return perf_counter() - start


def compare(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], most: float
) -> None:
    """Take turns, and print the best of each and their ratio."""
    turns = [(best(ours), best(theirs)) for _ in range(TURNS)]
    own, other = (min(seconds) for seconds in zip(*turns, strict=True))
    show(name, own, other, most)


def alone(name: str, ours: Callable[[], object]) -> None:
    """Print what a whole call costs, checks of the table included."""
    print(f"{name:44}{min(best(ours) for _ in range(TURNS)):9.3f} s")


def show(name: str, own: float, other: float, most: float) -> None:
    """Print one line."""
    ratio = own / other
    verdict = "" if ratio <= most else "   too slow"
    print(f"{name:44}{own:9.3f} s{other:9.3f} s{ratio:8.3f} (most {most}){verdict}")


def columns(people: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Return weeks, exits and groups (0 pilot, 1 control) as arrays."""
    weeks = people["weeks"].to_numpy(np.intp)
    return weeks, people["left"].to_numpy(), np.where(people["pilot"], 0, 1)


def kaplan_meier(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare curves from arrays: ours have intervals, those of statsmodels none."""
    import lifelines
    from statsmodels.duration.survfunc import SurvfuncRight

    weeks, left, group = columns(people)
    entry = np.zeros_like(weeks)
    parts = [(weeks[group == g], left[group == g]) for g in (0, 1)]

    def ours() -> None:
        curve = KaplanMeier.of(risk_sets(entry, weeks, left, cell=group, n_cells=2))
        log_log_interval(curve.survival, curve.greenwood, 0.95)

    def by_statsmodels() -> None:
        for part in parts:
            SurvfuncRight(*part)

    def by_lifelines() -> None:
        for part in parts:
            lifelines.KaplanMeierFitter().fit(*part)

    compare("Kaplan-Meier, statsmodels", ours, by_statsmodels, 0.3)
    compare("Kaplan-Meier, lifelines", ours, by_lifelines, 0.1)
    alone("survival_curves, from the person table", lambda: survival_curves(cohort))


def log_rank_test(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare the log-rank test from arrays."""
    from statsmodels.duration.survfunc import survdiff

    weeks, left, group = columns(people)
    entry = np.zeros_like(weeks)

    def ours() -> float:
        sets = risk_sets(entry, weeks, left, cell=group, n_cells=2)
        counted = GroupWeeks.of(sets)
        return counted.excess**2 / counted.variance

    compare("log-rank, statsmodels", ours, lambda: survdiff(weeks, left, group), 0.4)
    alone("log_rank, from the person table", lambda: log_rank(cohort))


def cox(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare Cox's model of the pilot and four covariates, both with errors."""
    import lifelines

    table = people[["weeks", "left", "pilot", *COVARIATES]].astype(float)
    compare(
        "Cox with 5 covariates, lifelines in batches",
        lambda: hazard_ratio(cohort, covariates=COVARIATES),
        lambda: lifelines.CoxPHFitter().fit(table, "weeks", "left", batch_mode=True),
        0.3,
    )
    alone("hazard_ratio without covariates", lambda: hazard_ratio(cohort))


def aalen_johansen(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare cumulative incidences with standard errors."""
    if find_spec("sksurv") is None:
        print(f"{'Aalen-Johansen, scikit-survival':44}skipped: not installed")
        return
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    # Both get numbers of routes: the categories of a column are such.
    cause = people["route"].cat.codes.to_numpy().astype(int) + 1
    weeks, pilot = people["weeks"].to_numpy(), people["pilot"].to_numpy()

    def theirs() -> None:
        for group in (pilot, ~pilot):
            cumulative_incidence_competing_risks(
                cause[group], weeks[group], conf_type="log-log"
            )

    compare(
        "Aalen-Johansen, scikit-survival", lambda: exit_routes(cohort), theirs, 0.05
    )


def restricted_mean(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare the difference of restricted means with R's survfit."""
    if shutil.which("Rscript") is None:
        print(f"{'restricted mean, R survival':44}skipped: no R")
        return
    own = min(
        best(lambda: rmst_difference(cohort, horizon=HORIZON)) for _ in range(TURNS)
    )
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder, "people.csv"), Path(folder, "rmst.R")
        columns = people[["weeks", "left", "pilot"]].astype(int)
        columns.to_csv(table, index=False)
        script.write_text(R_SCRIPT.format(turns=TURNS, horizon=HORIZON))
        told = subprocess.run(  # noqa: S603  (our own script)
            ["Rscript", str(script), str(table)],  # noqa: S607
            capture_output=True,
            check=True,
            text=True,
        )
    show("restricted mean, R survival", own, float(told.stdout), 0.05)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    everybody = invented_people()
    followed = Cohort.from_frame(
        everybody,
        group="pilot",
        outcome="left",
        weeks="weeks",
        exited="left",
        exit_to="route",
        covariates=COVARIATES,
    )
    print(f"{f'{PEOPLE:,} people':44}{'evalkit':>11}{'other':>11}{'ratio':>8}")
    for part in (
        kaplan_meier,
        log_rank_test,
        cox,
        aalen_johansen,
        restricted_mean,
    ):
        part(everybody, followed)
