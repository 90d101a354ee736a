"""The raw gap taken apart, against R, and identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.adjustment.estimators import ESTIMATORS
from evalkit.estimate.decomposition.decomposition import decompose
from tests.estimate.adjusted_people import adjusted_people, cohort_of


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return adjusted_people()


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Index the rows by block, or by part where there is no block."""
    return table.set_index(table["block"].where(table["block"] != "", table["part"]))


def test_blocks_agree_with_every_order_in_r(reference, people) -> None:
    runs = reference("decomposition").groupby(["outcome", "method"])
    assert len(runs) == 5
    for (outcome, method), expected in runs:
        found = named(decompose(cohort_of(people, outcome), method=method).to_frame())
        for row in expected.to_dict("records"):
            for name in ("estimate", "se"):
                near = pytest.approx(row[name], rel=1e-7, abs=1e-8)
                assert found.loc[row["part"], name] == near, row


def test_the_reweighted_parts_agree_with_r(reference, people) -> None:
    for row in reference("decomposition_reweighted").to_dict("records"):
        found = decompose(cohort_of(people, row["outcome"]), method=row["method"])
        part = found.linear.set_index("part").loc[row["part"]]
        scale = 1e-8 if row["outcome"] == "left" else 1e-6  # of about 1000 euros
        assert part["estimate"] == pytest.approx(row["estimate"], abs=scale), row
        assert part["se"] == pytest.approx(row["se"], rel=1e-6, abs=scale), row


def test_the_linear_blocks_agree_with_r(reference, people) -> None:
    for row in reference("decomposition_linear").to_dict("records"):
        found = named(decompose(cohort_of(people, row["outcome"])).to_frame())
        near = pytest.approx(row["linear"], rel=1e-8, abs=1e-10)
        assert found.loc[row["block"], "linear"] == near


@pytest.mark.parametrize("method", ESTIMATORS)
def test_the_parts_sum_up_and_what_remains_is_the_adjusted_difference(
    people, method
) -> None:
    cohort = cohort_of(people)
    table = named(decompose(cohort, method=method).to_frame())
    blocks = table[table["part"] == "block"]
    raw = people.groupby("pilot")["left"].mean().diff().iloc[-1]
    adjusted = adjusted_difference(cohort, method=method)
    assert list(blocks.index) == ["duration", "age", "place", "month"]
    for name in ("estimate", "linear"):
        total = blocks[name].sum() + table.loc["remains", name]
        assert total == pytest.approx(raw, abs=1e-12)
        assert table.loc["raw", name] == pytest.approx(raw, abs=1e-12)
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
        expected = pytest.approx(getattr(adjusted, name), abs=1e-12)
        assert table.loc["remains", name] == expected


def test_the_four_linear_parts_sum_to_the_gap(people) -> None:
    for method in ("aipw", "entropy"):
        found = decompose(cohort_of(people, "earned"), method=method)
        raw = found.table["estimate"].iloc[0]
        assert found.linear["estimate"].sum() == pytest.approx(raw, abs=1e-9)
    left_unbalanced = found.linear.set_index("part").loc["reweighting"]
    assert left_unbalanced["estimate"] == pytest.approx(0, abs=1e-7)  # entropy


def test_a_covariate_that_does_not_differ_explains_nothing(people) -> None:
    half = pd.concat([people, people], ignore_index=True)
    half["coin"] = np.repeat([0, 1], len(people))  # the same people with both faces
    covariates = ["weeks_before", "coin"]
    cohort = cohort_of(half, "earned", covariates=covariates)
    for method in ESTIMATORS:
        table = named(decompose(cohort, method=method).to_frame())
        assert table.loc["coin", "estimate"] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("is_bent", [True, False])
def test_the_curve_that_a_line_misses_is_a_specification_error(is_bent) -> None:
    random = np.random.default_rng(3)
    age = random.uniform(20, 60, 6000)
    served = random.random(6000) < 1 / (1 + np.exp(1 - 0.06 * (age - 40)))
    years = (age - 40) / 10
    value = (years**2 if is_bent else years) + random.normal(size=6000)
    people = pd.DataFrame({"pilot": served, "y": value, "age": age})
    cohort = cohort_of(people, "y", covariates=["age"], person=None, month=None)
    parts = decompose(cohort, method="ipw").linear.set_index("part")
    assert (parts.loc["specification", "p_value"] < 1e-6) == is_bent
    assert parts.loc["reweighting", "p_value"] > 0.01


def test_blocks_may_be_named(people) -> None:
    cohort = cohort_of(people)
    blocks = {"who": ["weeks_before", "age"], "where and when": ["place", "month"]}
    coarse, fine = decompose(cohort, blocks=blocks), decompose(cohort)
    assert list(coarse.blocks["block"]) == ["who", "where and when"]
    assert coarse.blocks["covariates"].iloc[0] == "weeks_before, age"
    totals = [d.blocks["estimate"].sum() for d in (coarse, fine)]
    assert totals[0] == pytest.approx(totals[1], abs=1e-12)


def test_one_month_is_no_block(people) -> None:
    table = decompose(cohort_of(people[people["month"] == "2021-01"])).to_frame()
    assert "month" not in set(table["block"])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "matching"}, "aipw, ipw, entropy, regression"),
        ({"blocks": {"who": ["shoe_size"]}}, "not adjusted for: shoe_size"),
        ({"blocks": {"a": ["age"], "b": ["age"]}}, "a covariate twice: age"),
    ],
)
def test_what_cannot_be_asked_for(people, choices, message) -> None:
    with pytest.raises(EstimationError, match=message):
        decompose(cohort_of(people), **choices)


def test_too_many_blocks(people) -> None:
    random = np.random.default_rng(1)
    more = {f"v{i}": random.normal(size=len(people)) for i in range(9)}
    cohort = cohort_of(people.assign(**more), covariates=list(more))
    with pytest.raises(EstimationError, match="10 blocks of covariates"):
        decompose(cohort)


def test_no_variation_has_no_intervals(people) -> None:
    table = decompose(cohort_of(people.assign(left=1))).to_frame()
    assert table["estimate"].to_list() == pytest.approx([0] * len(table), abs=1e-12)
    assert table["ci_low"].isna().all()
