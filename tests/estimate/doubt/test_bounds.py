"""Worst-case bounds: critical values against R, identities, coverage."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.doubt.bounds import (
    Pair,
    imbens_manski_quantiles,
    stoye_quantiles,
    worst_case_bounds,
)
from evalkit.estimate.months.comparison import compare


@pytest.fixture
def some_unknown(people) -> pd.DataFrame:
    """The same people; the outcome of every seventeenth is unknown."""
    unknown = np.arange(1, len(people) + 1) % 17 == 0
    return people.assign(left=people["left"].astype(float).mask(unknown))


def test_critical_values_agree_with_r(reference) -> None:
    for row in reference("bounds").to_dict("records"):
        pair = Pair(
            low=0.1,
            high=0.1 + row["width"],
            se_low=row["se_low"],
            se_high=row["se_high"],
            correlation=row["rho"],
        )
        critical, same = imbens_manski_quantiles(pair, row["level"])
        assert critical == same == pytest.approx(row["imbens_manski"], abs=1e-8)
        low, high = stoye_quantiles(pair, row["level"])
        length = low * row["se_low"] + high * row["se_high"]
        assert length == pytest.approx(row["stoye_length"], abs=1e-8)
        # Near the shortest interval the length hardly changes, and the ends may.
        assert low == pytest.approx(row["stoye_low"], abs=1e-5)
        assert high == pytest.approx(row["stoye_high"], abs=1e-5)


def test_pooled_agrees_with_r(reference, some_unknown, make_cohort) -> None:
    expected = reference("bounds_pooled").iloc[0]
    cohort = make_cohort(some_unknown)
    row = worst_case_bounds(cohort, interval="imbens-manski").to_frame().iloc[-1]
    for name in ("low", "high", "ci_low", "ci_high"):
        assert row[name] == pytest.approx(expected[name], abs=1e-8)


def test_a_month_s_bounds_by_hand(some_unknown, make_cohort) -> None:
    table = worst_case_bounds(make_cohort(some_unknown)).to_frame()
    for row in table.iloc[:-1].itertuples():
        month = some_unknown[some_unknown["month"] == row.month]
        pilot, control = (month[month["pilot"] == g]["left"] for g in (1, 0))
        assert row.low == pytest.approx(
            pilot.fillna(0).mean() - control.fillna(1).mean()
        )
        assert row.high == pytest.approx(
            pilot.fillna(1).mean() - control.fillna(0).mean()
        )
        assert (row.unknown_pilot, row.unknown_control) == (
            pilot.isna().sum(),
            control.isna().sum(),
        )
        assert (row.n_pilot, row.n_control) == (len(pilot), len(control))
        assert row.ci_low < row.low <= row.estimate <= row.high < row.ci_high


@pytest.mark.parametrize("interval", ["stoye", "imbens-manski"])
def test_without_unknown_outcomes_they_are_the_comparison(
    people, make_cohort, interval
) -> None:
    cohort = make_cohort(people)
    bounds = worst_case_bounds(cohort, interval=interval).to_frame()
    table = compare(cohort).to_frame()
    assert list(bounds["month"]) == list(table["month"])
    for name in ("low", "high", "estimate"):
        np.testing.assert_allclose(bounds[name], table["estimate"], atol=1e-12)
    for name in ("ci_low", "ci_high"):
        np.testing.assert_allclose(bounds[name], table[name], atol=1e-8)


def test_the_order_of_rows_and_the_groups_names(some_unknown, make_cohort) -> None:
    table = worst_case_bounds(make_cohort(some_unknown)).to_frame()
    shuffled = some_unknown.sample(frac=1, random_state=3)
    again = worst_case_bounds(make_cohort(shuffled)).to_frame()
    pd.testing.assert_frame_equal(table, again, atol=1e-7)
    swapped = some_unknown.assign(pilot=1 - some_unknown["pilot"])
    back = worst_case_bounds(make_cohort(swapped)).to_frame()
    np.testing.assert_allclose(back["low"], -table["high"], atol=1e-12)
    np.testing.assert_allclose(back["ci_high"], -table["ci_low"], atol=1e-5)


def test_far_apart_either_end_is_one_sided() -> None:
    pair = Pair(low=0.0, high=1.0, se_low=0.05, se_high=0.04, correlation=0.2)
    for quantiles in (stoye_quantiles, imbens_manski_quantiles):
        assert quantiles(pair, 0.95) == pytest.approx((1.644854, 1.644854), abs=1e-5)


def test_without_variation_and_with_an_empty_group(make_cohort) -> None:
    people = pd.DataFrame(
        {
            "person": list("abcdefgh"),
            "month": ["2021-01"] * 5 + ["2021-02"] * 3,
            "pilot": [1, 1, 0, 0, 0, 0, 0, 0],
            "left": [1, None, 0, 0, 0, 1, 0, None],
            "place": "x",
        }
    )
    table = worst_case_bounds(make_cohort(people)).to_frame().set_index("month")
    assert (table.loc["2021-01", "low"], table.loc["2021-01", "high"]) == (0.5, 1)
    assert table.loc["2021-01", "ci_low"] < 0.5
    assert math.isnan(table.loc["2021-02", "low"])
    assert table.loc["2021-02", "note"] == "one group is empty"
    assert table.loc["2021-02", "unknown_control"] == 1
    assert table.loc["pooled", "n_control"] == 3
    alone = people[people["pilot"] == 0]
    assert worst_case_bounds(make_cohort(alone)).to_frame()["low"].isna().all()


def test_unlawful_arguments(people, make_cohort) -> None:
    with pytest.raises(EstimationError, match="stoye, imbens-manski"):
        worst_case_bounds(make_cohort(people), interval="manski")
    with pytest.raises(EstimationError, match="no worst case"):
        worst_case_bounds(make_cohort(people, "weeks"))


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0.0, 0.02, 0.15])
def test_either_end_is_covered(replicates, lost) -> None:
    """The truth at its worst place: all unknown pilots unemployed, no control."""
    from evalkit.cohort.cohort import Cohort

    random = np.random.default_rng(11)
    share1, share0, n1, n0 = 0.55, 0.4, 120, 300
    truth = share1 * (1 - lost) - (share0 * (1 - lost) + lost)
    covered = 0
    for _ in range(replicates):
        pilot = np.arange(n1 + n0) < n1
        left = (random.random(n1 + n0) < np.where(pilot, share1, share0)).astype(float)
        left[random.random(n1 + n0) < lost] = np.nan
        cohort = Cohort.from_frame(
            pd.DataFrame({"p": pilot.astype(int), "y": left}), group="p", outcome="y"
        )
        row = worst_case_bounds(cohort).to_frame().iloc[-1]
        covered += row["ci_low"] <= truth <= row["ci_high"]
    chance = math.sqrt(0.95 * 0.05 / replicates)
    assert covered / replicates == pytest.approx(0.95, abs=0.01 + 3 * chance)
