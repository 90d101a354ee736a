"""The gate: each check against its threshold, on both sides of it and on it."""

import math

import pytest

from evalkit.evaluation.gate import DOORS, detectable_difference
from tests.evaluation.constructed import constructed


def states(**given):
    return {check.code: check.state for check in constructed(**given).gate.checks}


def test_everything_holds_in_the_study_that_cases_depart_from() -> None:
    gate = constructed().gate
    assert gate.is_open
    assert gate.states == dict.fromkeys(DOORS, "passed")
    assert not gate.not_passed()
    assert list(gate.to_frame()["code"]) == [
        "share", "unknown", "unknown_apart", "days_apart", "time_zero", "support",
        "weight", "means", "products", "pilots", "controls", "detectable",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "holds", "fails"),
    [
        ("unknown", {"unknown": (0.1, 0.1)}, {"unknown": (0.101, 0.1)}),
        ("unknown_apart", {"unknown": (0.05, 0.0)}, {"unknown": (0.0, 0.051)}),
        ("days_apart", {"days": (94.0, 91.0)}, {"days": (91.0, 94.1)}),
        ("support", {"outside": 0.1}, {"outside": 0.11}),
        ("support", {"unmatched": 10}, {"unmatched": 200}),
        ("weight", {"weight": 0.1}, {"weight": 0.11}),
        ("means", {"means": (0.1, 0.0, 0.2)}, {"means": (0.25, 0.11, 0.4)}),
        ("means", {"means": (-0.1, -0.2, 0.0)}, {"means": (-0.25, -0.4, -0.11)}),
        ("products", {"products": (0.25, 0.1, 0.4)}, {"products": (0.4, 0.26, 0.5)}),
        ("pilots", {"pilots": 30}, {"pilots": 29}),
        ("controls", {"controls": 50}, {"controls": 49.9}),
        ("detectable", {"se": 0.0535}, {"se": 0.0536}),
        ("time_zero", {"time_zero": "aligned"}, {"time_zero": "report"}),
        ("share", {"share": True}, {"share": False}),
    ],
)
def test_a_threshold_itself_is_allowed(code, holds, fails) -> None:
    assert states(**holds)[code] == "passed"
    assert states(**fails)[code] == "failed"


@pytest.mark.parametrize("code", ["means", "products"])
def test_what_straddles_the_threshold_cannot_be_told(code) -> None:
    assert states(**{code: (0.3, 0.05, 0.55)})[code] == "undetermined"
    assert states(**{code: (-0.3, -0.55, -0.05)})[code] == "undetermined"


def test_without_weights_a_small_difference_of_few_people_may_be_luck() -> None:
    few, many = {"means": (0.05, -0.06, 0.16)}, {"means": (0.05, -0.04, 0.14)}
    assert states(**few)["means"] == states(**many)["means"] == "passed"
    assert states(**few, weighted=False)["means"] == "undetermined"
    assert states(**many, weighted=False)["means"] == "passed"
    assert "weight" not in states(weighted=False)


def test_what_is_not_known_is_not_passed() -> None:
    found = states(means=None, products=None, se=math.nan)
    assert found["means"] == found["detectable"] == "undetermined"
    assert not {"products", "support"} & set(found)


def test_what_a_table_cannot_tell_is_not_asked() -> None:
    assert not {"days_apart", "time_zero"} & set(states(days=None, time_zero=None))


def test_the_worst_check_is_the_state_of_the_door() -> None:
    gate = constructed(outside=0.5, means=(0.15, 0.0, 0.3)).gate
    assert gate.states["comparable"] == "failed"
    assert [check.code for check in gate.not_passed("comparable")] == [
        "support",
        "means",
    ]
    assert not gate.not_passed("data", "size")


def test_the_largest_difference_is_named() -> None:
    checks = {
        check.code: check for check in constructed(means=(-0.3, -0.4, -0.2)).gate.checks
    }
    assert (checks["means"].where, checks["means"].measured) == ("age", 0.3)
    assert checks["products"].where == "age * age"


def test_the_smallest_detectable_difference() -> None:
    found = detectable_difference(0.1, power=0.8, level=0.95)
    assert found == pytest.approx(0.2801585, abs=1e-6)  # 2.8 standard errors
    assert math.isnan(detectable_difference(0.0, power=0.8, level=0.95))
