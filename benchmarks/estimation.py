"""Balance, matching, weights and redraws, beside the packages that are used for them.

Each line is one run: the best of a few turns of both, taken alternately, and their
ratio beside the most that we allow ourselves. Our part of a line is a whole call of
evalkit wherever there is one, with its checks, intervals and notes. causallib and R's
MatchIt take part where they are installed; evalkit never imports them.
"""

# ruff: noqa: E402  (see the first statement)

from __future__ import annotations

import os

# Hints for the processor of another machine would slow down numpy and scipy, and with
# them both sides of a line. They are read when numpy is loaded.
for hint in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(hint, None)

import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, minimize
from scipy.stats import bootstrap, ks_2samp
from side_by_side import alone, best, compare, heading, show, skipped

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.whole_frame import WholeFrame
from evalkit.estimate.doubt.redraws import redraw_distribution
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.distributions import kolmogorov_smirnov, ordered
from evalkit.estimate.groups.entropy import entropy_balance
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.months.comparison import compare as compare_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PEOPLE, MATCHED, REPLICATES = 1_000_000, 100_000, 10_000
COVARIATES = [f"x{place}" for place in range(20)]
RANDOM = np.random.default_rng(20)
TOLERANCE = 1e-9  # standard deviations; what entropy_balance reaches in any case
R_SCRIPT = """
library(MatchIt)
people <- read.csv(commandArgs(TRUE)[1])
elapsed <- system.time(matchit(pilot ~ score, people, distance = people$score))
cat(elapsed["elapsed"])
"""


def related_columns(n_rows: int) -> Array:
    """Return invented covariates that have something in common."""
    common = RANDOM.normal(size=(n_rows, 1))
    return np.asarray(common + RANDOM.normal(size=(n_rows, len(COVARIATES))))


def invented_people() -> pd.DataFrame:
    """Return invented people; one in ten, by one of the columns, is a pilot."""
    table = pd.DataFrame(related_columns(PEOPLE), columns=COVARIATES)
    leaning = 0.3 * table["x0"] / table["x0"].std()
    pilot = RANDOM.random(PEOPLE) < 0.1 * np.exp(leaning - leaning.var() / 2)
    return table.assign(pilot=pilot, left=RANDOM.random(PEOPLE) < 0.3)  # noqa: PLR2004


def means_and_variances(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare standardised differences before and after weighting.

    Ours have variance ratios, intervals and verdicts, theirs nothing else.
    """
    weights = weigh(cohort)
    alone("balance, before weighting", lambda: balance(cohort, distributions=False))
    name = "balance, before and after, causallib"
    try:
        from causallib.metrics.weight_metrics import calculate_covariate_balance
    except ImportError as missing:
        skipped(name, str(missing))
        return
    x, pilot = people[COVARIATES], people["pilot"].astype(int)
    compare(
        name,
        lambda: balance(cohort, weights=weights, distributions=False),
        lambda: calculate_covariate_balance(x, pilot, weights.values),
        0.05,
    )


def distances(people: pd.DataFrame, cohort: Cohort) -> None:
    """Compare the greatest distances between distribution functions."""
    pilot = people["pilot"].to_numpy()
    columns = [people[name].to_numpy() for name in COVARIATES]

    def ours() -> None:
        for x in columns:
            kolmogorov_smirnov(ordered(x[pilot]), ordered(x[~pilot]))

    def theirs() -> None:
        for x in columns:
            ks_2samp(x[pilot], x[~pilot], method="asymp")

    compare("Kolmogorov-Smirnov, scipy in a loop", ours, theirs, 0.3)
    alone("balance with KS and overlap", lambda: balance(cohort))


def matching(people: pd.DataFrame) -> None:
    """Compare nearest neighbours without replacement on a given score."""
    some = people.head(MATCHED).assign(score=lambda table: table["x0"])
    cohort = Cohort.from_frame(
        some, group="pilot", outcome="left", covariates=COVARIATES
    )

    name = "matching 100,000, R MatchIt"
    if shutil.which("Rscript") is None:
        skipped(name, "no R")
        return
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder, "people.csv"), Path(folder, "matching.R")
        some[["pilot", "score"]].astype(float).to_csv(table, index=False)
        script.write_text(R_SCRIPT)
        told = subprocess.run(  # noqa: S603  (our own script)
            ["Rscript", str(script), str(table)],  # noqa: S607
            capture_output=True,
            check=False,
            text=True,
        )
    if told.returncode:
        skipped(name, told.stderr.splitlines()[0])
        return
    own = best(lambda: weigh(cohort, method="matching", score=some["score"]))
    show(name, own, float(told.stdout), 0.02)


def entropy(name: str, controls: Array) -> None:
    """Compare weights that give the same means, both to the same accuracy."""
    target = controls.mean(axis=0) + 0.1 * controls.std(axis=0)
    compare(
        name,
        lambda: entropy_balance(controls, target),
        lambda: balanced_by_scipy(controls, target),
        1,
    )
    own = np.abs(entropy_balance(controls, target).gap).max()
    other = np.abs(balanced_by_scipy(controls, target).jac).max()
    print(f"{'    the largest gap left':44}{own:9.0e}{other:11.0e} deviations")


def balanced_by_scipy(controls: Array, target: Array) -> OptimizeResult:
    """Minimise the dual of entropy balancing as one would write it."""
    z = (controls - target) / controls.std(axis=0)

    def dual(parameters: Array) -> tuple[float, Array]:
        exponent = z @ parameters
        top = exponent.max()
        weights = np.exp(exponent - top)
        total = weights.sum()
        return float(top + np.log(total)), weights @ z / total

    start = np.zeros(z.shape[1])
    return minimize(dual, start, jac=True, method="BFGS", options={"gtol": TOLERANCE})


def redraws() -> None:
    """Compare 10,000 redraws of one month with as many bootstrap replicates."""
    pilot, control = np.repeat([1.0, 0.0], [14, 26]), np.repeat([1.0, 0.0], [140, 360])
    people = pd.DataFrame(
        {
            "pilot": np.repeat([True, False], [len(pilot), len(control)]),
            "left": np.concatenate([pilot, control]),
        }
    )
    cohort = Cohort.from_frame(people, group="pilot", outcome="left")
    comparison = compare_groups(cohort)
    counts = {"group": ["pilot", "control"], "known": [40, 8000], "events": [14, 2500]}
    whole = WholeFrame(
        table=pd.DataFrame({"month": "all", **counts}), time_zero="aligned"
    )

    def difference(one: Array, other: Array, axis: int) -> Array:
        return np.asarray(one.mean(axis=axis) - other.mean(axis=axis))

    compare(
        "10,000 redraws, scipy's bootstrap",
        lambda: redraw_distribution(comparison, whole, redraws=REPLICATES),
        lambda: bootstrap(
            (pilot, control), difference, n_resamples=REPLICATES, method="percentile"
        ),
        0.1,
        turns=20,
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    everybody = invented_people()
    grouped = Cohort.from_frame(
        everybody, group="pilot", outcome="left", covariates=COVARIATES
    )
    heading(f"{PEOPLE:,} people, {len(COVARIATES)} covariates")
    means_and_variances(everybody, grouped)
    distances(everybody, grouped)
    matching(everybody)
    entropy("entropy balancing, scipy's BFGS", related_columns(PEOPLE))
    unrelated = RANDOM.normal(size=(PEOPLE, len(COVARIATES)))
    entropy("    columns that are not related", unrelated)
    redraws()
