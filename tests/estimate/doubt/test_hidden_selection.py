"""Sensitivity to hidden selection against R, published values, and identities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.adjusted import adjusted_difference
from evalkit.estimate.doubt.e_value import e_value, e_value_of_interval, e_values
from evalkit.estimate.doubt.hidden_selection import hidden_selection
from evalkit.estimate.doubt.omitted_variables import (
    benchmark_strength,
    bias,
    omitted_variables,
    robustness_value,
    se_beside,
)
from tests.estimate.adjusted_people import adjusted_people, cohort_of


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return adjusted_people()


def agree(found, expected: dict, *, leave: tuple[str, ...] = (), rel=1e-7) -> None:
    for name, value in expected.items():
        if name not in leave:
            near = pytest.approx(value, rel=rel, abs=1e-8)
            assert found[name] == near, (name, expected)


def test_the_linear_model_agrees_with_r(reference, people) -> None:
    for row in reference("hidden_linear").to_dict("records"):
        found = omitted_variables(cohort_of(people, row["outcome"]))
        agree({name: getattr(found, name) for name in row if name != "outcome"}, row,
              leave=("outcome",))  # fmt: skip
    for row in reference("hidden_linear_benchmarks").to_dict("records"):
        table = omitted_variables(cohort_of(people, row["outcome"])).to_frame()
        one = table.set_index(["covariate", "times"]).loc[
            row["covariate"], row["times"]
        ]
        agree(one, row, leave=("outcome", "covariate", "times"))


def test_the_effect_on_the_served_agrees_with_r(reference, people) -> None:
    """R differentiates the whole estimation numerically, to about 1e-9."""
    for row in reference("hidden_served").to_dict("records"):
        found = hidden_selection(cohort_of(people, row["outcome"]))
        names = [
            name
            for name in list(row)[1:]
            if "ratio" not in name and "other" not in name
        ]
        agree({n: getattr(found, n) for n in names}, {n: row[n] for n in names})
    for row in reference("hidden_served_benchmarks").to_dict("records"):
        table = hidden_selection(cohort_of(people, row["outcome"])).to_frame()
        one = table.set_index("covariate").loc[row["covariate"]]
        agree(one, row, leave=("outcome", "covariate"))


def test_adjusted_ratios_agree_with_r(reference, people) -> None:
    row = reference("hidden_served").set_index("outcome").loc["left"]
    table = e_values(cohort_of(people)).to_frame().set_index("outcome")
    for value, name in ((1, "ratio"), (0, "other")):
        found = table.loc[value, ["ratio", "ci_low", "ci_high"]].to_list()
        expected = row[[name, f"{name}_low", f"{name}_high"]].to_list()
        assert found == pytest.approx(expected, rel=1e-7)


# Cinelli and Hazlett (2020), section 5: exposure to violence in Darfur, with the digits
# that the authors' own software is tested by; a hidden one as strong as "female".
DARFUR, DARFUR_SE, DARFUR_DF = 0.09731582, 0.02325654, 783
AS_FEMALE = (0.00916428667504862, 0.12464092303637)
ESTIMATE_THEN, SE_THEN = 0.0752202712144491, 0.0218733277437572


def test_robustness_values_of_darfur() -> None:
    t = DARFUR / DARFUR_SE
    assert t**2 / (t**2 + DARFUR_DF) == pytest.approx(0.022, abs=0.0005)
    assert robustness_value(t, DARFUR_DF) == pytest.approx(0.139, abs=0.0005)
    critical = 1.963  # of t with 782 degrees of freedom
    found = robustness_value(t, DARFUR_DF, critical=critical)
    assert found == pytest.approx(0.076, abs=0.0005)


def test_darfur_with_a_hidden_variable_as_strong_as_a_seen_one() -> None:
    found = DARFUR - bias(DARFUR_SE, DARFUR_DF, *AS_FEMALE)
    assert found == pytest.approx(ESTIMATE_THEN, abs=1e-7)
    assert se_beside(DARFUR_SE, DARFUR_DF, *AS_FEMALE) == pytest.approx(
        SE_THEN, abs=1e-8
    )


@pytest.mark.parametrize(("times", "published"), [(1, 0.075), (2, 0.053), (3, 0.030)])
def test_darfur_with_stronger_hidden_variables(times, published) -> None:
    of_pilot, of_outcome = AS_FEMALE
    r2_pilot = of_pilot / (1 + of_pilot)
    rho = r2_pilot**2 / (1 - r2_pilot) ** 2
    ratio = of_outcome * (1 - rho) / (1 + math.sqrt(rho)) ** 2
    strength = benchmark_strength(r2_pilot, ratio / (1 + ratio), times)
    found = DARFUR - bias(DARFUR_SE, DARFUR_DF, *strength)
    assert found == pytest.approx(published, abs=0.0005)


def test_a_characteristic_that_explains_more_than_there_is_cannot_exist(people) -> None:
    assert all(math.isnan(value) for value in benchmark_strength(0.4, 0.1, 2))
    close = people.assign(age=people["age"] + 60 * people["pilot"])
    table = omitted_variables(cohort_of(close), times=[1, 3]).to_frame()
    age = table[table["covariate"] == "age"]
    assert age["estimate"].isna().any()
    assert age["tipping"].notna().all()


def test_the_bias_is_what_omitting_really_does() -> None:
    """In a linear model with an orthogonal hidden one, the formula is an identity."""
    random = np.random.default_rng(5)
    n = 500
    age, hidden = random.normal(size=(2, n))
    served = random.random(n) < 1 / (1 + np.exp(-age - hidden))
    y = served + age + hidden + random.normal(size=n)
    table = pd.DataFrame({"pilot": served, "y": y, "age": age, "hidden": hidden})
    names = {"person": None, "month": None}
    short = omitted_variables(cohort_of(table, "y", covariates=["age"], **names))
    long = omitted_variables(
        cohort_of(table, "y", covariates=["age", "hidden"], **names)
    )

    def left(value, *columns):
        x = np.column_stack([np.ones(n), *columns])
        return value - x @ np.linalg.lstsq(x, value, rcond=None)[0]

    r2_pilot = np.corrcoef(left(served, age), left(hidden, age))[0, 1] ** 2
    both = (age, served)
    r2_outcome = np.corrcoef(left(y, *both), left(hidden, *both))[0, 1] ** 2
    residual = left(y, *both)
    spread = left(served, age)
    se = math.sqrt(residual @ residual / short.df / (spread @ spread))
    off = bias(se, short.df, r2_pilot, r2_outcome)
    assert short.estimate - long.estimate == pytest.approx(off, rel=1e-9)


def test_the_bound_on_the_served_holds_when_the_hidden_one_is_shown() -> None:
    """Cell by cell, the bound with the true strengths covers the true change."""
    random = np.random.default_rng(6)
    n = 60_000
    seen, hidden = random.integers(0, 2, size=(2, n))
    served = random.random(n) < 0.15 + 0.2 * seen + 0.25 * hidden
    left = random.random(n) < 0.2 + 0.2 * seen + 0.3 * hidden + 0.1 * served
    table = pd.DataFrame(
        {"pilot": served, "left": left, "seen": seen, "hidden": hidden}
    )
    names = {"person": None, "month": None, "covariates": ["seen", "hidden"]}
    whole = hidden_selection(cohort_of(table, **names))
    short = hidden_selection(cohort_of(table, **{**names, "covariates": ["seen"]}))
    one = whole.to_frame().set_index("covariate").loc["hidden"]
    explained = one["outcome_strength"] / (1 + one["outcome_strength"])
    strength = math.sqrt(explained * one["selection_strength"])
    change = short.estimate - whole.estimate
    assert 0 < change <= strength * short.scale * 1.02
    assert change == pytest.approx(one["left_out"], abs=1e-12)
    assert change > 0.8 * strength * short.scale  # and is no idle bound here


def test_headline_and_tipping(people) -> None:
    cohort = cohort_of(people)
    found, headline = hidden_selection(cohort), adjusted_difference(cohort)
    for name in ("estimate", "ci_low", "ci_high"):
        assert getattr(found, name) == pytest.approx(getattr(headline, name), abs=1e-12)
    assert found.tipping * found.scale == pytest.approx(abs(found.estimate))
    r = found.robustness
    assert r / math.sqrt(1 - r) == pytest.approx(found.tipping)
    assert 0 < found.robustness_ci < found.robustness
    table = found.to_frame()
    strong = table[table["bias"] > 0]
    at_tipping = strong["times"] * strong["bias"]
    assert list(strong["covariate"]) == ["weeks_before", "place"]
    assert at_tipping.to_list() == pytest.approx([abs(found.estimate)] * 2)
    assert table["times"][table["bias"] == 0].to_list() == [math.inf]


def test_an_interval_around_zero_is_tipped_by_nothing(people) -> None:
    found = hidden_selection(cohort_of(people, "earned"))
    assert found.ci_low < 0 < found.ci_high
    assert found.robustness_ci == pytest.approx(0, abs=1e-12)
    assert found.robustness > 0


def test_a_negative_effect_is_as_robust_as_its_mirror(people) -> None:
    there = hidden_selection(cohort_of(people))
    back = hidden_selection(cohort_of(people.assign(left=1 - people["left"])))
    assert back.estimate == pytest.approx(-there.estimate, abs=1e-10)
    for name in ("robustness", "robustness_ci", "scale"):
        assert getattr(back, name) == pytest.approx(getattr(there, name), abs=1e-9)


def test_e_values_of_the_paper() -> None:
    """VanderWeele and Ding (2017): bottle-fed infants, risk ratio 3.9 (1.8 to 8.7)."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_interval(1.8, 8.7) == pytest.approx(3.0, abs=0.005)


def test_e_values_know_no_direction() -> None:
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert e_value_of_interval(0.4, 0.5) == pytest.approx(e_value_of_interval(2.0, 2.5))
    assert e_value(1.0) == e_value_of_interval(0.9, 1.1) == 1.0


def test_e_values_belong_to_the_adjusted_shares(people) -> None:
    cohort = cohort_of(people)
    headline = adjusted_difference(cohort)
    one, other = e_values(cohort).to_frame().to_dict("records")
    assert one["ratio"] == pytest.approx(headline.pilot / headline.control)
    assert other["ratio"] == pytest.approx(
        (1 - headline.pilot) / (1 - headline.control)
    )


def test_no_e_values_of_euros(people) -> None:
    with pytest.raises(EstimationError, match="need an outcome of 0 and 1"):
        e_values(cohort_of(people, "earned"))


def test_an_outcome_that_does_not_vary_leaves_nothing_to_tip(people) -> None:
    cohort = cohort_of(people.assign(left=1))
    linear, served = omitted_variables(cohort), hidden_selection(cohort)
    for found in (linear, served):
        assert math.isnan(found.robustness)
        assert "leave nothing of the outcome" in found.note
    assert served.benchmarks["bias"].to_list() == [0, 0, 0]


def test_a_share_of_zero_has_no_ratio(people) -> None:
    nobody = people.assign(left=np.where(people["pilot"] == 1, people["left"], 0))
    found = e_values(cohort_of(nobody))
    assert found.table["ratio"].isna().to_list() == [True, False]
    assert "no ratio" in found.note


def test_covariates_that_tell_the_groups_apart(people) -> None:
    told = people.assign(told=people["pilot"])
    with pytest.raises(EstimationError, match="without error"):
        omitted_variables(cohort_of(told, covariates=["told"]))


def test_what_is_shown_names_the_robustness(people) -> None:
    cohort = cohort_of(people)
    for found in (omitted_variables(cohort), hidden_selection(cohort)):
        text = str(found)
        assert "robustness" in text
        assert "weeks_before" in text


def test_an_overwhelming_t_needs_only_what_moves_the_outcome() -> None:
    """Beyond 1 / f* the value follows another formula; both meet there."""
    df, critical = 50, 2.0
    edge = math.sqrt(df) / (critical / math.sqrt(df - 1))
    below, above = (
        robustness_value(edge * factor, df, critical=critical)
        for factor in (1 - 1e-9, 1 + 1e-9)
    )
    assert below == pytest.approx(above, abs=1e-6)
    assert robustness_value(10 * edge, df, critical=critical) < 1
