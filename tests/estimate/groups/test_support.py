"""Whether a comparison is possible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.groups.support import support
from evalkit.estimate.groups.weights import weigh


def cohort(pilot_ages, control_ages, **more) -> Cohort:
    people = pd.DataFrame(
        {
            "t": [1] * len(pilot_ages) + [0] * len(control_ages),
            "y": 0,
            "age": [*pilot_ages, *control_ages],
            **more,
        }
    )
    month = "m" if "m" in more else None
    return Cohort.from_frame(
        people, group="t", outcome="y", month=month, covariates=["age"]
    )


def test_alike_groups_can_be_compared(weighted_cohort) -> None:
    for method in ("entropy", "ipw", "matching"):
        weights = weigh(weighted_cohort, method=method)
        found = support(weighted_cohort, weights=weights)
        assert found.comparable
        assert found.reason == ""
        assert found.ess == weights.ess["control"]
        assert found.ess_ratio == pytest.approx(found.ess / 747)
        assert found.largest_share == weights.to_frame()["largest_share"][1]
        assert found.share_outside == found.n_outside / 153


def test_pilots_beyond_all_controls_are_counted() -> None:
    found = support(cohort([30, 31, 70, 80], list(range(20, 60))))
    assert found.n_outside == 2
    assert not found.comparable
    assert "2 of 4 pilots (50 %)" in found.reason
    assert np.isnan(found.ess)


def test_the_range_is_that_of_the_own_month() -> None:
    ages = [*range(20, 60), *range(60, 100)]
    months = ["a", "b", *["a"] * 40, *["b"] * 40]
    assert support(cohort([30, 70], ages, m=months)).n_outside == 0
    assert support(cohort([70, 30], ages, m=months)).n_outside == 2


def test_people_who_are_alike_are_within_the_range() -> None:
    assert support(cohort([30, 30, 40], [30, 40, 30, 40])).n_outside == 0


def test_one_control_that_carries_the_comparison() -> None:
    people = cohort([50] * 30, [*[20] * 400, *range(60, 64), 20])
    found = support(people, weights=weigh(people))
    assert not found.comparable
    assert "one control carries" in found.reason
    assert "effective ones" in found.reason


def test_no_month_with_both_groups() -> None:
    found = support(cohort([30], [40], m=["a", "b"]))
    assert not found.comparable
    assert found.reason == "no month has both groups"
    assert np.isnan(found.share_outside)


def test_the_answer_is_one_row(weighted_cohort) -> None:
    table = support(weighted_cohort).to_frame()
    assert len(table) == 1
    assert bool(table["comparable"].item())
