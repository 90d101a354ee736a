"""Smallest detectable differences and sample sizes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.power import (
    minimum_detectable_difference,
    power_of,
    sample_size,
)
from evalkit.estimate.shares.share_intervals import Z

COUNTS = ((14, 40, 140, 500), (9, 31, 120, 500), (22, 55, 171, 480), (11, 38, 155, 500))


@pytest.fixture
def comparison(make_cohort):
    """Four months of people who never recur."""
    rows = [
        (f"2021-{month:02d}", pilot, value)
        for month, (x1, n1, x0, n0) in enumerate(COUNTS, start=1)
        for pilot, x, n in ((1, x1, n1), (0, x0, n0))
        for value in [1] * x + [0] * (n - x)
    ]
    people = pd.DataFrame(rows, columns=["month", "pilot", "left"])
    people = people.assign(place="a", person=people.index.astype(str))
    return compare(make_cohort(people))


def test_agrees_with_r(reference) -> None:
    for row in reference("power").to_dict("records"):
        expected = row.pop("detectable")
        found = minimum_detectable_difference(**row)
        assert found == pytest.approx(expected, abs=1e-10)


def test_sample_sizes_agree_with_r(reference) -> None:
    for row in reference("sample_size").to_dict("records"):
        size = sample_size(
            difference=row["difference"],
            control_share=row["control_share"],
            controls_per_pilot=row["ratio"],
        )
        assert size.n_pilot == row["n_pilot"]
        assert size.n_control == row["ratio"] * row["n_pilot"]


def test_pooled_agrees_with_r(reference, comparison) -> None:
    table = reference("power_pooled")
    plain = dataclasses.replace(
        comparison, pooled=dataclasses.replace(comparison.pooled, se=plain_se())
    )
    clustered = dataclasses.replace(
        comparison,
        pooled=dataclasses.replace(comparison.pooled, se=plain_se() * math.sqrt(1.3)),
    )
    for row, given in zip(table.to_dict("records"), (plain, clustered), strict=True):
        found = power_of(given).to_frame().iloc[-1]
        for name, expected in row.items():
            assert found[name] == pytest.approx(expected, abs=1e-10), name


def plain_se() -> float:
    x1, n1, x0, n0 = np.array(COUNTS, dtype=float).T
    w = n1 * n0 / (n1 + n0)
    p1, p0 = x1 / n1, x0 / n0
    variances = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    return math.sqrt((w**2 * variances).sum()) / w.sum()


def test_the_numbers_of_the_report() -> None:
    """A month of 100 against 500, and a year of 1,100 against 6,000."""
    month = minimum_detectable_difference(
        n_pilot=100, n_control=500, control_share=0.45
    )
    year = minimum_detectable_difference(
        n_pilot=1100, n_control=6000, control_share=0.45
    )
    assert round(month, 2) == 0.15
    assert round(year, 3) == 0.046


@pytest.mark.parametrize("n_pilot", [40, 100])
@pytest.mark.parametrize("share", [0.3, 0.45])
def test_it_is_found_as_often_as_promised(n_pilot, share) -> None:
    """The power of the score test, by listing all tables."""
    delta = minimum_detectable_difference(
        n_pilot=n_pilot, n_control=500, control_share=share
    )
    x1, x0 = np.arange(n_pilot + 1.0)[:, None], np.arange(501.0)[None, :]
    table = [np.asarray(a) for a in np.broadcast_arrays(x1, float(n_pilot), x0, 500.0)]
    found = Z["score"](*table) > 1.959964
    chances = binom.pmf(x1[:, 0], n_pilot, share + delta), binom.pmf(x0[0], 500, share)
    assert chances[0] @ found @ chances[1] == pytest.approx(0.8, abs=0.02)


def test_size_and_difference_are_each_other_s_converse() -> None:
    size = sample_size(difference=0.08, control_share=0.4, n_control=2000, power=0.9)
    arguments = {"n_control": 2000, "control_share": 0.4, "power": 0.9}
    n = int(size.n_pilot)
    assert minimum_detectable_difference(n_pilot=n, **arguments) <= 0.08
    assert minimum_detectable_difference(n_pilot=n - 1, **arguments) > 0.08
    up = sample_size(difference=0.1, control_share=0.3)
    down = sample_size(difference=-0.1, control_share=0.7)
    assert up.n_pilot == down.n_pilot


def test_more_people_find_smaller_differences() -> None:
    base = {"n_pilot": 100, "n_control": 500, "control_share": 0.4}
    found = minimum_detectable_difference(**base)
    for more in ({"n_pilot": 120}, {"n_control": 600}):
        assert minimum_detectable_difference(**base | more) < found
    assert minimum_detectable_difference(**base, power=0.9) > found
    assert minimum_detectable_difference(**base, level=0.9) < found


def test_what_cannot_be_found_is_nan() -> None:
    few = minimum_detectable_difference(n_pilot=2, n_control=3, control_share=0.6)
    assert math.isnan(few)
    size = sample_size(difference=0.02, control_share=0.45, n_control=500)
    assert math.isnan(size.n_pilot)
    assert "500 controls are too few" in size.to_frame().loc[0, "note"]


def test_more_controls_have_a_limit(comparison) -> None:
    table = power_of(comparison).to_frame()
    assert list(table["month"]) == [
        "2021-01",
        "2021-02",
        "2021-03",
        "2021-04",
        "pooled",
    ]
    assert (table["endless_controls"] < table["twice_controls"]).all()
    assert (table["twice_controls"] < table["detectable"]).all()
    assert (table["twice_pilots"] < table["endless_controls"]).all()
    first = table.iloc[0]
    expected = minimum_detectable_difference(
        n_pilot=40, n_control=500, control_share=140 / 500
    )
    assert first["detectable"] == pytest.approx(expected, abs=1e-12)
    endless = minimum_detectable_difference(
        n_pilot=40, n_control=10**12, control_share=140 / 500
    )
    assert first["endless_controls"] == pytest.approx(endless, abs=1e-6)
    assert table["design_effect"].iloc[-1] == pytest.approx(1, abs=0.01)


def test_people_who_recur_cost_power(people, make_cohort) -> None:
    doubled = pd.concat([people, people.assign(month=people["month"] + "b")])
    effect = [
        power_of(compare(make_cohort(p))).to_frame()["design_effect"].iloc[-1]
        for p in (people, doubled)
    ]
    assert effect[1] == pytest.approx(2 * effect[0], rel=0.01)


def test_a_month_without_a_group_has_no_power(people, make_cohort) -> None:
    alone = people[(people["month"] != "2021-06") | (people["pilot"] == 0)]
    row = power_of(compare(make_cohort(alone))).to_frame().iloc[5]
    assert math.isnan(row["detectable"])
    assert row["note"] == "one group is empty"


def test_unlawful_arguments(people, make_cohort) -> None:
    good = {"n_pilot": 9, "n_control": 9, "control_share": 0.4}
    for wrong, message in (
        ({"n_pilot": 0}, "`n_pilot` must be at least 1"),
        ({"control_share": 40}, "`control_share` must be between 0 and 1"),
        ({"power": 80}, "`power` must be between 0.05 and 1"),
        ({"power": 0.04}, "`power` must be between"),
        ({"level": 95}, "`level`"),
    ):
        with pytest.raises(EstimationError, match=message):
            minimum_detectable_difference(**good | wrong)
    for wrong, message in (
        ({"difference": 0}, "no number of people"),
        ({"difference": 0.7}, "control_share \\+ difference"),
        ({"difference": 0.1, "controls_per_pilot": 0}, "above 0"),
        ({"difference": 0.1, "n_control": 0}, "`n_control`"),
    ):
        with pytest.raises(EstimationError, match=message):
            sample_size(control_share=0.4, **wrong)
    with pytest.raises(EstimationError, match="not 0 or 1"):
        power_of(compare(make_cohort(people, "weeks")))
