"""Balance of covariates before and after weighting."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.distributions import kolmogorov_smirnov, ordered, overlap
from evalkit.estimate.groups.moments import Members
from evalkit.estimate.groups.weights import weigh

Z = 1.959963984540054


@pytest.fixture
def expected(reference) -> pd.DataFrame:
    """R's table, one row for each covariate and level, before and after."""
    table = reference("balance")
    table[["covariate", "value"]] = table["name"].str.split(":", expand=True)
    return table


def in_order(expected: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    keys = ["covariate", "value"]
    return found[keys].merge(expected, on=keys, how="left", validate="1:1")


@pytest.mark.parametrize(
    ("denominator", "smd", "se"),
    [("pilot", "smd", "se"), ("pooled", "smd_pooled", "se_pooled")],
)
def test_before_weighting_agrees_with_r(
    expected, weighted_cohort, denominator, smd, se
) -> None:
    found = balance(weighted_cohort, denominator=denominator).to_frame()
    rows = in_order(expected.query("weighted == 0"), found)
    assert len(found) == 9
    for name in ("pilot", "control", "variance_ratio", "ks"):
        np.testing.assert_allclose(found[name], rows[name], atol=1e-8)
    np.testing.assert_allclose(found["smd"], rows[smd], atol=1e-8)
    np.testing.assert_allclose(found["difference"], rows["pilot"] - rows["control"])
    np.testing.assert_allclose(found["overlap"], rows["overlap"], atol=1e-3)
    reach = (found["smd_high"] - found["smd_low"]) / (2 * Z)
    share = found["variance_ratio"].isna()
    np.testing.assert_allclose(reach[share], rows[se][share], rtol=1e-6)
    # of a number R's moments divide by n throughout, ours by n - 1 in variances
    np.testing.assert_allclose(reach[~share], rows[se][~share], rtol=1e-2)


def test_after_weighting_agrees_with_r(expected, weighted_cohort) -> None:
    weights = weigh(weighted_cohort, method="ipw")
    found = balance(weighted_cohort, weights=weights).to_frame()
    rows = in_order(expected.query("weighted == 1"), found)
    for name in ("pilot", "control", "smd", "variance_ratio", "ks"):
        np.testing.assert_allclose(found[name], rows[name], atol=1e-7)
    np.testing.assert_allclose(found["overlap"], rows["overlap"], atol=1e-3)
    before = balance(weighted_cohort).to_frame()
    for name in ("smd", "variance_ratio", "ks", "overlap"):
        np.testing.assert_allclose(found[f"{name}_before"], before[name], rtol=1e-12)


def test_durations_agree_with_r(reference, weighted_cohort) -> None:
    table = balance(weighted_cohort).durations()
    assert table["month"].tolist() == [*sorted(table["month"][:8]), "all", "all"]
    found = table[table["month"] == "all"]
    for name in ("n", "mean", "ci_low", "ci_high", "median"):
        np.testing.assert_allclose(found[name], reference("durations")[name], atol=1e-8)
    assert (found["n_missing"] == 0).all()


def test_weights_of_one_change_nothing(weighted_cohort) -> None:
    weights = weigh(weighted_cohort, method="ipw")
    ones = replace(weights, values=pd.Series(1.0, index=weighted_cohort.people.index))
    found = balance(weighted_cohort, weights=ones).to_frame()
    before = balance(weighted_cohort).to_frame()
    for name in before.columns.drop("verdict"):
        if name in {"covariate", "value"}:
            assert (found[name] == before[name]).all()
        else:
            np.testing.assert_allclose(found[name], before[name], atol=1e-12)


def test_swapped_groups_change_the_sign(weighted_cohort) -> None:
    people = weighted_cohort.people
    other = people.assign(
        group=people["group"].map({"pilot": "control", "control": "pilot"})
    )
    swapped = replace(weighted_cohort, people=other)
    one, two = (
        balance(each, denominator="pooled").to_frame()
        for each in (weighted_cohort, swapped)
    )
    np.testing.assert_allclose(one["smd"], -two["smd"], atol=1e-12)
    np.testing.assert_allclose(one["smd_low"], -two["smd_high"], atol=1e-12)
    np.testing.assert_allclose(one["variance_ratio"], 1 / two["variance_ratio"])
    np.testing.assert_allclose(one["ks"], two["ks"], atol=1e-12)
    np.testing.assert_allclose(one["overlap"], two["overlap"], atol=1e-6)


def test_units_and_order_do_not_matter(weighted_cohort) -> None:
    people = weighted_cohort.people
    days = people.assign(weeks_before=7 * people["weeks_before"] + 3)
    mixed = replace(weighted_cohort, people=days.sample(frac=1, random_state=2))
    one, two = (balance(each).to_frame() for each in (weighted_cohort, mixed))
    for name in ("smd", "smd_low", "variance_ratio", "ks", "overlap"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-6, atol=1e-12)


def table_of(pilot, control, **options) -> pd.DataFrame:
    people = pd.DataFrame(
        {"t": [1] * len(pilot) + [0] * len(control), "y": 0, "x": [*pilot, *control]}
    )
    cohort = Cohort.from_frame(people, group="t", outcome="y", covariates=["x"])
    return balance(cohort, **options).to_frame()


def test_the_verdict_tests_against_the_threshold() -> None:
    rng = np.random.default_rng(1)
    many = rng.normal(size=20_000)
    verdicts = {
        "within": table_of(many[:10_000] + 0.02, many[10_000:]),
        "beyond": table_of(many[:10_000] + 0.3, many[10_000:]),
        "undetermined": table_of(many[:40] + 0.05, many[10_000:]),
    }
    for verdict, table in verdicts.items():
        assert table["verdict"].item() == verdict


def test_forty_pilots_vary_by_chance_alone_by_sixteen_hundredths() -> None:
    rng = np.random.default_rng(2)
    table = table_of(rng.normal(size=40), rng.normal(size=100_000))
    se = (table["smd_high"] - table["smd_low"]).item() / (2 * Z)
    assert se == pytest.approx(0.16, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["skewed", "share"])
@pytest.mark.parametrize("denominator", ["pilot", "pooled"])
def test_intervals_cover_without_normality(replicates, kind, denominator) -> None:
    rng = np.random.default_rng(11)
    draw = {
        "skewed": lambda n, more: rng.gamma(2, 1, n) + more,
        "share": lambda n, more: (rng.random(n) < 0.3 + 0.2 * more).astype(float),
    }[kind]
    difference, v1, v0 = {
        "skewed": (0.8, 2.0, 2.0), "share": (0.16, 0.46 * 0.54, 0.3 * 0.7),
    }[kind]  # fmt: skip
    true = difference / np.sqrt(v1 if denominator == "pilot" else (v1 + v0) / 2)
    hits = 0
    for _ in range(replicates):
        row = table_of(
            draw(150, 0.8), draw(500, 0), denominator=denominator, distributions=False
        )
        hits += (row["smd_low"] <= true).item() and (row["smd_high"] >= true).item()
    share = hits / replicates
    assert abs(share - 0.95) < 0.01 + 3 * np.sqrt(0.95 * 0.05 / replicates)


def test_balanced_by_weights_is_within(weighted_cohort) -> None:
    found = balance(weighted_cohort, weights=weigh(weighted_cohort)).to_frame()
    assert found["smd"].abs().max() < 1e-6
    assert (found["verdict"] == "within").all()


def test_missing_is_a_level_and_numbers_are_those_known() -> None:
    table = table_of([1.0, 2.0, np.nan], [1.0, 2.0, 3.0, np.nan])
    assert table["value"].tolist() == ["", "missing"]
    assert table["pilot"].tolist() == pytest.approx([1.5, 1 / 3])
    assert table["control"].tolist() == pytest.approx([2.0, 1 / 4])


def test_numbers_that_are_zero_or_one_are_shares() -> None:
    table = table_of([1, 1, 0, 0], [1, 0, 0, 0])
    assert table["smd"].item() == pytest.approx(0.25 / 0.5)
    assert table["ks"].item() == 0.25
    assert table["overlap"].item() == 0.75
    assert np.isnan(table["variance_ratio"].item())


def test_where_no_pilot_varies_the_pooled_deviation_stands_in() -> None:
    table = table_of([0, 0, 0], [1, 0, 0, 0])
    assert table["smd"].item() == pytest.approx(-0.25 / np.sqrt(0.25 * 0.75 / 2))
    # A mean of many equal numbers may be rounded, their variance is still zero.
    alike = table_of([0.1] * 1000, [0.0, 0.2, 0.3, 0.5])
    pooled = np.sqrt(np.var([0.0, 0.2, 0.3, 0.5], ddof=1) / 2)
    assert alike["smd"].item() == pytest.approx(-0.15 / pooled)


@pytest.mark.parametrize("offset", [0, 1e6])
def test_moments_of_many_numbers(offset) -> None:
    """More than a block of them, far from zero, with weights and without."""
    rng = np.random.default_rng(8)
    x, weights = rng.gamma(2, 3, 20_000), rng.random(20_000)
    members = Members.of_groups(rng.random(20_000) < 0.3, weights)
    columns = [x + offset, 2 * x]
    for column, by_weighting in zip(columns, members.moments(columns), strict=True):
        masses = members.masses.swapaxes(0, 1)
        for pair, both in zip(by_weighting, masses, strict=True):
            for found, own in zip(pair, both, strict=True):
                mean = np.average(column, weights=own)
                central = [
                    np.average((column - mean) ** k, weights=own) for k in (2, 3, 4)
                ]
                central[0] *= found.size / (found.size - 1)
                assert found.size == pytest.approx(own.sum() ** 2 / (own**2).sum())
                assert found.mean == pytest.approx(mean, rel=1e-12)
                assert list(found[1:4]) == pytest.approx(central, rel=1e-7)


@pytest.mark.parametrize("others", [[1.0, 2.0], [np.inf, 2.0], [np.inf] * 2])
def test_infinite_numbers_are_refused(others) -> None:
    with pytest.raises(EstimationError, match="infinite"):
        table_of([1.0, np.inf, np.nan], others)


def test_where_nobody_varies() -> None:
    same, other = table_of([1, 1, 1], [1, 1]), table_of([5, 5, 5], [4, 4])
    assert same["smd"].item() == 0
    assert np.isnan(other["smd"].item())
    assert other["verdict"].item() == "undetermined"
    assert other["ks"].item() == 1
    assert other["overlap"].item() == 0


def test_months_without_a_group_are_left_out_and_named(weighted_cohort) -> None:
    people = weighted_cohort.people
    extra = people.head(5).assign(month="2021-09", group="control", age=90.0)
    extended = pd.concat([people, extra], ignore_index=True)
    cohort = replace(weighted_cohort, people=extended)
    one, two = balance(weighted_cohort), balance(cohort)
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
    assert "2021-09" in two.note
    weighted = balance(cohort, weights=weigh(cohort))
    assert weighted.table["smd"].abs().max() < 1e-6
    september = two.durations().query("month == '2021-09'")
    assert september["n"].tolist() == [0, 5]
    assert september["mean"].isna().tolist() == [True, False]


@pytest.mark.parametrize("group", ["pilot", "control"])
def test_one_group_alone(weighted_cohort, group) -> None:
    people = weighted_cohort.people
    alone = replace(weighted_cohort, people=people[people["group"] == group])
    found = balance(alone)
    assert found.note == "no month has both groups"
    assert found.table["smd"].isna().all()
    assert found.table[group].notna().all()
    assert (found.table["verdict"] == "undetermined").all()


def test_distributions_can_be_left_alone(weighted_cohort) -> None:
    fast, full = (
        balance(weighted_cohort, distributions=whole).to_frame()
        for whole in (False, True)
    )
    numbers = fast["variance_ratio"].notna()
    assert fast["ks"][numbers].isna().all()
    np.testing.assert_array_equal(fast["smd"], full["smd"])


def test_level_of_the_intervals(weighted_cohort) -> None:
    wide, narrow = (balance(weighted_cohort, level=at).table for at in (0.99, 0.8))
    assert (wide["smd_low"] < narrow["smd_low"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"denominator": "control"}, "`denominator` must be"),
        ({"covariates": ["shoe"]}, "no column shoe"),
    ],
)
def test_unlawful_calls(weighted_cohort, options, message) -> None:
    with pytest.raises(EstimationError, match=message):
        balance(weighted_cohort, **options)


def test_weights_of_other_people_are_refused(
    weighted_cohort, people, make_cohort
) -> None:
    weights = weigh(weighted_cohort)
    with pytest.raises(EstimationError, match="another cohort"):
        balance(make_cohort(people), weights=weights)


def test_durations_need_weeks(people, make_cohort) -> None:
    with pytest.raises(EstimationError, match="no weeks of unemployment"):
        balance(make_cohort(people)).durations()


def test_kolmogorov_smirnov_agrees_with_scipy() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(4)
    for n, m in ((3, 200), (50, 7), (80, 80)):
        one, other = rng.integers(0, 9, n).astype(float), rng.normal(4, 3, m).round()
        found = kolmogorov_smirnov(ordered(one), ordered(other))
        assert found == pytest.approx(ks_2samp(one, other).statistic)


def test_overlap_of_counts_is_the_sum_of_smaller_shares() -> None:
    table = table_of([0, 0, 1, 2], [0, 1, 1, 3])
    assert table["overlap"].item() == pytest.approx(0.25 + 0.25)
    same = table_of([0] * 90 + [5] * 10, [0] * 900 + [5] * 100)
    assert same["overlap"].item() == pytest.approx(1)


def test_overlap_of_known_densities() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=200_000), rng.normal(1, 1, size=200_000)
    true = NormalDist().overlap(NormalDist(1, 1))
    assert overlap(ordered(one), ordered(other)) == pytest.approx(true, abs=0.01)
    assert overlap(ordered(one), ordered(other + 100)) < 1e-6
