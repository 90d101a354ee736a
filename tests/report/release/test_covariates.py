"""Covariates: few people are never described."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.estimate.groups.balance import balance
from evalkit.report.release.covariates import OTHER_SMALL
from evalkit.report.release.release import release
from tests.report.release.people import cohort, table


def released_levels(towns: list[str], **options) -> list[tuple[str, bool]]:
    people = table(n=len(towns)).assign(town=towns, treat=[1, 0] * (len(towns) // 2))
    shown = release(balance(cohort(people)), **options).to_frame()
    rows = shown[shown["covariate"] == "town"]
    return list(zip(rows["value"], rows["masked"], strict=True))


def test_levels_of_enough_people_stay():
    towns = ["A"] * 40 + ["B"] * 40
    assert released_levels(towns) == [("A", False), ("B", False)]


def test_levels_of_few_are_one_level():
    towns = ["A"] * 40 + ["B"] * 40 + ["C"] * 6 + ["D"] * 6
    shown = released_levels(towns)
    assert shown == [("A", False), ("B", False), (OTHER_SMALL, False)]


def test_one_level_of_few_takes_the_next_smallest_with_it():
    towns = ["A"] * 40 + ["B"] * 30 + ["C"] * 6
    assert released_levels(towns) == [("A", False), (OTHER_SMALL, False)]


def test_a_covariate_that_nearly_all_share_is_masked():
    towns = ["A"] * 60 + ["B"] * 4
    assert released_levels(towns) == [(OTHER_SMALL, True)]


def test_the_smallest_cell_decides():
    towns = ["A"] * 40 + ["B"] * 40 + ["C"] * 8
    assert len(released_levels(towns, min_cell=3)) == 3
    assert len(released_levels(towns, min_cell=5)) == 2


@pytest.mark.parametrize("few", [0, 2])
def test_a_share_written_as_a_number_is_a_share(few):
    people = table(n=200).assign(treat=[1, 0] * 100, age=0.0)
    people.loc[people.index[people["treat"] == 1][:few], "age"] = 1.0
    people.loc[people.index[people["treat"] == 0][:50], "age"] = 1.0
    shown = release(balance(cohort(people))).to_frame()
    row = shown[shown["covariate"] == "age"].iloc[0]
    assert row["masked"]
    assert np.isnan([row["pilot"], row["control"], row["smd"]]).all()


def test_few_without_a_number_are_not_counted():
    people = table(n=200).assign(treat=[1, 0] * 100)
    people["age"] = people["age"].astype(float)
    people.loc[people.index[:4], "age"] = np.nan
    shown = release(balance(cohort(people))).to_frame()
    ages = shown[shown["covariate"] == "age"].set_index("value")["masked"]
    assert ages.to_dict() == {"": False, "missing": True}


def test_the_longest_unemployment_is_never_told():
    people = table(n=200)
    found = balance(cohort(people.assign(weeks_before=people["age"])))
    assert release(found).further == {}
