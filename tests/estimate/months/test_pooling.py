"""Pooled differences against R, and identities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import EstimationError
from evalkit.estimate.months.pooling import pooled_difference
from evalkit.estimate.shares.differences import difference_in_shares

METHODS = ["mantel-haenszel", "score", "fixed", "random"]
VALUES = ["estimate", "se", "ci_low", "ci_high", "p_value"]


def counts_of(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    names = ["pilot_events", "n_pilot", "control_events", "n_control"]
    counts = pd.DataFrame(rows, columns=names)
    return counts.assign(stratum=[f"2021-{i + 1:02d}" for i in range(len(rows))])


YEAR = counts_of((14, 40, 140, 500), (9, 31, 120, 500), (22, 55, 171, 500))


@st.composite
def strata(draw):
    rows = []
    for _ in range(draw(st.integers(2, 6))):
        n1, n0 = draw(st.integers(1, 80)), draw(st.integers(1, 80))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n0)), n0))
    return counts_of(*rows)


@pytest.mark.parametrize("method", METHODS)
def test_agrees_with_r(reference, method) -> None:
    counts = reference("pooling_counts")
    table = reference("pooling").query("method == @method")
    assert len(table) >= 8
    for row in table.to_dict("records"):
        pooled = pooled_difference(
            counts[counts["study"] == row["study"]], method=method, level=row["level"]
        )
        for name in table.columns[3:]:
            found = getattr(pooled, name)
            assert found == pytest.approx(row[name], abs=1e-8, nan_ok=True), name


@given(counts=strata(), method=st.sampled_from(METHODS))
def test_estimate_is_pilot_minus_control(counts, method) -> None:
    pooled = pooled_difference(counts, method=method)
    assert pooled.estimate == pytest.approx(pooled.pilot - pooled.control, abs=1e-12)
    assert -1 <= pooled.estimate <= 1
    if not math.isnan(pooled.ci_low):
        assert pooled.ci_low - 1e-12 <= pooled.estimate <= pooled.ci_high + 1e-12


@given(counts=strata(), method=st.sampled_from(METHODS))
def test_swapping_the_groups_flips_the_signs(counts, method) -> None:
    swapped = counts.rename(
        columns={
            "pilot_events": "control_events",
            "control_events": "pilot_events",
            "n_pilot": "n_control",
            "n_control": "n_pilot",
        }
    )
    there = pooled_difference(counts, method=method)
    back = pooled_difference(swapped, method=method)
    found = (back.estimate, back.ci_low, back.ci_high, back.p_value)
    expected = (-there.estimate, -there.ci_high, -there.ci_low, there.p_value)
    assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_strata_does_not_matter(method) -> None:
    one, other = (pooled_difference(c, method=method) for c in (YEAR, YEAR[::-1]))
    for name in VALUES:
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-12)


def test_one_stratum_is_a_plain_difference() -> None:
    counts = counts_of((14, 40, 140, 500))
    plain = difference_in_shares((14, 40), (140, 500), method="score")
    pooled = pooled_difference(counts, method="score")
    for name in (*VALUES, "pilot", "control", "n_pilot", "n_control"):
        assert getattr(pooled, name) == pytest.approx(getattr(plain, name), abs=1e-12)
    sato = pooled_difference(counts)
    assert sato.se == pytest.approx(plain.se, abs=1e-12)


def test_equal_strata_give_the_difference_of_one() -> None:
    pooled = pooled_difference(counts_of(*[(14, 40, 140, 500)] * 4), method="fixed")
    one = difference_in_shares((14, 40), (140, 500), method="wald")
    assert pooled.estimate == pytest.approx(one.estimate)
    assert pooled.se == pytest.approx(one.se / 2)
    assert pooled.q == pytest.approx(0, abs=1e-20)
    assert pooled.i2 == pytest.approx(0, abs=1e-12)
    assert pooled.q_p_value == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_a_stratum_with_an_empty_group_is_named_and_changes_nothing(method) -> None:
    longer = pd.concat(
        [YEAR, counts_of((0, 0, 100, 500), (3, 9, 0, 0)).assign(stratum=["07", "08"])],
        ignore_index=True,
    )
    pooled, plain = (pooled_difference(c, method=method) for c in (longer, YEAR))
    assert "one group is empty: 07, 08" in pooled.note
    assert pooled.n_strata == 3
    assert pooled.n_pilot == plain.n_pilot == 126
    for name in VALUES:
        assert getattr(pooled, name) == getattr(plain, name)


@pytest.mark.parametrize("method", METHODS)
def test_no_usable_stratum(method) -> None:
    pooled = pooled_difference(counts_of((0, 0, 100, 500)), method=method)
    assert math.isnan(pooled.estimate)
    assert math.isnan(pooled.ci_low)
    assert pooled.n_strata == 0
    assert "no stratum has both groups" in pooled.note


def test_zero_cells_are_corrected_and_named_where_a_variance_is_needed() -> None:
    counts = counts_of((0, 6, 3, 20), (4, 9, 6, 15))
    assert "half a person" not in pooled_difference(counts).note
    note = pooled_difference(counts, method="fixed").note
    assert "2021-01" in note
    assert "2021-02" not in note


def test_no_variation_has_no_interval_but_for_the_score() -> None:
    counts = counts_of((10, 10, 0, 20), (5, 5, 0, 9))
    pooled = pooled_difference(counts)
    assert pooled.estimate == 1
    assert pooled.se == 0
    assert math.isnan(pooled.ci_low)
    assert "no variation" in pooled.note
    score = pooled_difference(counts, method="score")
    assert 0 < score.ci_low < score.ci_high <= 1


def test_one_stratum_tells_nothing_of_the_variation_between() -> None:
    pooled = pooled_difference(counts_of((14, 40, 140, 500)), method="random")
    assert pooled.estimate == pytest.approx(0.07)
    assert math.isnan(pooled.se)
    assert math.isnan(pooled.tau2)
    assert "standard error cannot be computed" in pooled.note
    fixed = pooled_difference(counts_of((14, 40, 140, 500)), method="fixed")
    assert math.isnan(fixed.q)
    assert fixed.se > 0


def test_strata_that_agree_too_well_are_pointed_out(reference) -> None:
    counts = reference("pooling_counts")
    alike, differing = (
        pooled_difference(counts[counts["study"] == study], method="random")
        for study in ("alike", "differing")
    )
    assert "too narrow" in alike.note
    assert differing.note == ""
    assert differing.prediction_low < differing.ci_low


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_pilot": [40, 31, -1]}, "whole numbers.*\n.*row\\(s\\) 2"),
        ({"n_pilot": [40, 31.5, 55]}, "whole numbers.*\n.*row\\(s\\) 1"),
        ({"n_control": [np.nan, 500, 500]}, "whole numbers.*\n.*row\\(s\\) 0"),
        ({"n_control": [np.inf, 500, 500]}, "whole numbers"),
        ({"control_events": ["many", 1, 1]}, "whole numbers"),
        ({"pilot_events": [41, 9, 22]}, "no more events than people"),
        ({"stratum": ["a", "b", "a"]}, "a stratum occurs once.*\n.*row\\(s\\) 2"),
    ],
)
def test_unlawful_counts(change, message) -> None:
    with pytest.raises(EstimationError, match=message):
        pooled_difference(YEAR.assign(**change))


def test_missing_columns_are_named() -> None:
    with pytest.raises(EstimationError, match="no column stratum, n_control"):
        pooled_difference(YEAR.drop(columns=["stratum", "n_control"]))


def test_unknown_method() -> None:
    with pytest.raises(EstimationError, match="mantel-haenszel, score, fixed, random"):
        pooled_difference(YEAR, method="peto")
