"""Real people: the published and the reference numbers of the Pennsylvania experiment.

Bilias (2000), Sequential testing of duration data, Journal of Applied Econometrics 15,
575-594.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.horizon_difference import (
    rmst_difference,
    survival_difference,
)
from evalkit.estimate.survival.log_rank import log_rank
from evalkit.examples.pennsylvania import read_pennsylvania

SOURCE = Path(__file__).parents[4] / "shared" / "data" / "pennsylvania" / "penn_jae.dat"
PILOT, CONTROL = 4, 0
EXHAUSTED = 27  # benefits end; for exits a censoring

pytestmark = pytest.mark.skipif(
    not SOURCE.exists(), reason=f"{SOURCE.name} of Bilias (2000) is not at hand"
)


@pytest.fixture(scope="module")
def people():
    table = read_pennsylvania(SOURCE)
    table = table[table["arm"].isin([PILOT, CONTROL])].reset_index(drop=True)
    return table.assign(
        pilot=table["arm"] == PILOT,
        until=table["weeks"].clip(upper=EXHAUSTED),
        exited=table["weeks"] < EXHAUSTED,
    )


@pytest.fixture(scope="module")
def cohort(people):
    return Cohort.from_frame(
        people, group="pilot", outcome="exited", weeks="until", exited="exited"
    )


def in_stock(people):
    """Return those whom a month-end snapshot has, from the first that has them on."""
    first = pd.to_datetime(people["registered"], unit="D")
    month_end = (first + pd.offsets.MonthEnd(0)).astype("int64") // (24 * 3600 * 10**9)
    stock = people.assign(days_before=month_end - people["registered"])
    return stock[stock["left"] > month_end]


@pytest.mark.parametrize(
    ("group", "survival", "low", "high", "median"),
    [
        ("control", 0.4425, 0.4256, 0.4592, 11),
        ("pilot", 0.3983, 0.3753, 0.4212, 10),
    ],
)
def test_survival(cohort, group, survival, low, high, median):
    curves = survival_curves(cohort)
    row = curves.at(13).set_index("group").loc[group]
    assert row["survival"] == pytest.approx(survival, abs=5e-5)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=5e-5)
    assert curves.medians.set_index("group").loc[group, "median"] == median


def test_restricted_mean(cohort):
    ours = rmst_difference(cohort, horizon=26)
    assert ours.control == pytest.approx(12.860, abs=5e-4)
    assert ours.pilot == pytest.approx(12.072, abs=5e-4)
    assert ours.ci_high < 0


def test_difference_of_survival(cohort):
    ours = survival_difference(cohort, horizon=13)
    assert ours.estimate == pytest.approx(0.3983 - 0.4425, abs=1e-4)


def test_log_rank(cohort):
    ours = log_rank(cohort)
    assert ours.statistic == pytest.approx(4.670, abs=5e-4)
    assert ours.p_value == pytest.approx(0.0307, abs=5e-5)


def test_a_stock_needs_delayed_entry(people):
    """0.538 if entry is ignored, 0.433 with it, 0.4425 in truth."""
    stock = in_stock(people)
    before = stock["days_before"] // 7
    seen = stock.assign(before=before, since=stock["until"] - before)
    names = {"group": "pilot", "outcome": "exited", "exited": "exited"}
    assert 1 - len(stock) / len(people) == pytest.approx(0.19, abs=0.01)

    naive = Cohort.from_frame(seen, weeks="until", **names)
    honest = Cohort.from_frame(seen, weeks="since", weeks_before="before", **names)
    ignoring = survival_curves(naive).at(13).set_index("group")
    entering = survival_curves(honest, clock="registration")
    late = entering.at(13).set_index("group")
    assert entering.start == 0
    assert ignoring.loc["control", "survival"] == pytest.approx(0.538, abs=5e-4)
    assert late.loc["control", "survival"] == pytest.approx(0.433, abs=5e-4)
    truth = 0.4425
    assert late.loc["control", "ci_low"] < truth < late.loc["control", "ci_high"]
    assert not ignoring.loc["control", "ci_low"] < truth


def test_parts_of_weeks_on_the_two_clocks_add_up(people):
    """Days in a snapshot, rounded as in a cohort, are the weeks of the file."""
    stock = in_stock(people)
    days = stock["left"] - stock["registered"] - stock["days_before"]
    cohort = Cohort.from_frame(
        stock.assign(before=stock["days_before"] / 7, since=days / 7, out=1),
        group="pilot",
        outcome="out",
        weeks="since",
        exited="out",
        weeks_before="before",
    )
    curves = survival_curves(cohort, clock="registration", start=0)
    table = curves.to_frame()
    assert table["events"].sum() == len(stock)
    exits = table.groupby("weeks")["events"].sum()
    counted = stock["weeks"].value_counts()
    assert (exits[exits > 0] == counted.sort_index()).all()
    assert np.isfinite(curves.medians["median"]).all()
