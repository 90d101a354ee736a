"""Readings side by side."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up
from evalkit.errors import EstimationError
from evalkit.estimate.doubt.sensitivity import pooled_raw, sensitivity
from evalkit.estimate.months.comparison import compare
from evalkit.examples.small import small_register

if TYPE_CHECKING:
    from evalkit.estimate.effect import Effect


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Nine months of the small synthetic register; some outcomes made unknown."""
    register = small_register()
    months = [f"2021-{month:02d}" for month in range(1, 10)]
    made = follow_up(register, [draw_controls(register, month) for month in months])
    register.engine.close()
    people = made.people.copy()
    readings = ["outcome", "outcome_strict", "outcome_report", "outcome_laid_off"]
    people.loc[::40, readings] = np.nan
    return dataclasses.replace(made, people=people)


@pytest.fixture(scope="module")
def table(cohort) -> pd.DataFrame:
    return sensitivity(cohort).to_frame().set_index("reading")


def pooled(cohort: Cohort, kept: pd.Series, outcome: str = "outcome") -> float:
    people = cohort.people[kept].reset_index(drop=True)
    changed = dataclasses.replace(cohort, people=people)
    return compare(changed, outcome=outcome).pooled.estimate


def joined(people: pd.DataFrame) -> pd.Series:
    return people["weeks_to_referral"] * 7 < people["days_observed"]


def test_every_reading_is_there(table) -> None:
    assert list(table.index) == [
        "primary", "services_fail", "report_rule", "without_laid_off",
        "laid_off_other_way", "later_clients_dropped", "unknown_worst", "unknown_best",
        "after_6_months", "after_12_months", "later_clients_weighted",
    ]  # fmt: skip
    assert table.loc["primary", "change"] == 0
    assert table["change"].to_numpy() == pytest.approx(
        (table["estimate"] - table.loc["primary", "estimate"]).to_numpy()
    )
    assert table["se"].notna().all()


def test_readings_are_comparisons_of_their_own(table, cohort) -> None:
    people = cohort.people
    everybody = pd.Series(data=True, index=people.index)
    expected = {
        "primary": pooled(cohort, everybody),
        "services_fail": pooled(cohort, everybody, "outcome_strict"),
        "laid_off_other_way": pooled(
            cohort, people["laid_off"] == 0, "outcome_laid_off"
        ),
        "report_rule": pooled(cohort, everybody, "outcome_report"),
        "without_laid_off": pooled(cohort, people["laid_off"] == 0),
        "later_clients_dropped": pooled(cohort, ~joined(people)),
        "after_6_months": pooled(cohort, everybody, "outcome_6_months"),
    }
    for reading, estimate in expected.items():
        assert table.loc[reading, "estimate"] == pytest.approx(estimate), reading


def test_services_and_lay_offs_move_as_they_must(table, cohort) -> None:
    people = cohort.people
    flipped = people["outcome_laid_off"] != people["outcome"]
    flipped &= people["outcome"].notna()
    assert flipped.any()
    assert (people.loc[flipped, "outcome"] == 0).all()
    assert table.loc["services_fail", "control"] < table.loc["primary", "control"]
    beginning_alike = table.loc["without_laid_off", "control"]
    assert table.loc["laid_off_other_way", "control"] >= beginning_alike


def test_unknown_outcomes_are_the_bounds(table, cohort) -> None:
    from evalkit.estimate.doubt.bounds import worst_case_bounds

    row = worst_case_bounds(cohort).to_frame().iloc[-1]
    assert table.loc["unknown_worst", "estimate"] == pytest.approx(row["low"])
    assert table.loc["unknown_best", "estimate"] == pytest.approx(row["high"])


def test_weighted_controls_stand_for_those_who_join() -> None:
    """One month, one class: the weights are equal, and dropping is the same."""
    base = {"month": "2021-01", "days_observed": 90, "weeks_before": 5.0}
    people = pd.DataFrame(
        {
            "person": [str(i) for i in range(60)],
            "group": ["pilot"] * 20 + ["control"] * 40,
            "outcome": [1.0, 0] * 10 + [1.0, 0, 0, 0] * 10,
            "weeks_to_referral": [np.nan] * 50 + [4.0] * 5 + [30.0] * 5,
        }
    ).assign(**base)
    one = sensitivity(Cohort(people=people)).to_frame().set_index("reading")
    dropped, weighted = (one.loc[f"later_clients_{x}"] for x in ("dropped", "weighted"))
    assert dropped["n_control"] == weighted["n_control"] == 35
    assert weighted["estimate"] == pytest.approx(dropped["estimate"])
    assert weighted["se"] == pytest.approx(dropped["se"])

    # Two classes: those who remain in the second count double.
    second = np.r_[np.zeros(40, bool), np.ones(10, bool), np.ones(10, bool)]
    people = people.assign(
        weeks_before=np.where(second, 60.0, 5.0),
        weeks_to_referral=[np.nan] * 50 + [4.0] * 10,
    )
    weighted = sensitivity(Cohort(people=people)).to_frame().iloc[-1]
    left = people["outcome"].to_numpy()
    expected = (left[20:40].sum() + 2 * left[40:50].sum()) / 40
    assert weighted["control"] == pytest.approx(expected)
    deviations = left[20:50] - expected
    weights = np.r_[np.ones(20), np.full(10, 2.0)] / 40
    pilots = (left[:20] - 0.5) / 20
    scores = (pilots**2).sum() + ((weights * deviations) ** 2).sum()
    assert weighted["se"] == pytest.approx((50 / 49 * scores) ** 0.5)


def test_another_estimator(cohort) -> None:
    asked = []

    def estimator(people: Cohort, outcome: str) -> Effect:
        asked.append(outcome)
        return pooled_raw(people, outcome)

    found = sensitivity(cohort, estimator=estimator).to_frame()
    assert "later_clients_weighted" not in set(found["reading"])
    assert asked[:3] == ["outcome", "outcome_strict", "outcome_report"]
    assert len(asked) == len(found) == 10


def test_a_cohort_from_elsewhere(people, make_cohort) -> None:
    found = sensitivity(make_cohort(people)).to_frame()
    assert list(found["reading"]) == ["primary"]
    with pytest.raises(EstimationError, match="not 0 or 1"):
        sensitivity(make_cohort(people, "weeks"))
