"""Plans of a service."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from evalkit.examples.small import small_register
from evalkit.service.clients import age_labels
from evalkit.service.plan import commented_service_plan, read_service_plan
from evalkit.service.results import service_results
from tests.service.conftest import make_plan


def test_a_plan_survives_being_written(tmp_path) -> None:
    file = tmp_path / "service.toml"
    file.write_text(commented_service_plan(make_plan(), note="A note."), "utf-8")
    assert read_service_plan(file) == make_plan()


def test_the_pilots_plan_is_written_by_evalkit(root) -> None:
    """Every key stands under its comment, and none is forgotten."""
    file = root / "sampling" / "service_satakunta.toml"
    text = file.read_text(encoding="utf-8")
    head, _ = text.split("\n\n", 1)
    note = "\n".join(line.removeprefix("#").strip() for line in head.splitlines())
    assert commented_service_plan(read_service_plan(file), note=note) == text


def test_the_pilots_targets_are_its_reports(root) -> None:
    plan = read_service_plan(root / "sampling" / "service_satakunta.toml")
    assert [(goal.least, goal.most) for goal in plan.yearly] == [
        (1000, 1200), (18, None), (110, None), (100, None),
    ]  # fmt: skip
    assert [goal.share for goal in plan.shares] == [0.5, 0.6, 0.6]
    assert len(plan.service.active(referrals=True)) == 26
    assert not plan.counts("training", dt.date(2020, 12, 31))
    assert plan.counts("training", dt.date(2021, 1, 1))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"service": {"last": "2019-12"}}, "not in this order"),
        ({"service": {"age_classes": [40, 30]}}, "let `age_classes` rise"),
        (
            {"counting": [{"first": dt.date(2020, 1, 1), "routes": []}] * 2},
            "let the rules' first days rise",
        ),
        ({"shares": [{"name": "x", "routes": ["work"], "share": 50.0}]}, "less than 1"),
    ],
)
def test_what_a_plan_may_not_say(sections, message) -> None:
    with pytest.raises(ValidationError, match=message):
        make_plan(**sections)


def test_nothing_counts_before_the_first_rule() -> None:
    assert not make_plan().counts("work", dt.date(2019, 12, 31))
    assert make_plan(counting=[]).counts("work", dt.date(2019, 12, 31))


def test_one_class_of_age() -> None:
    assert age_labels([]) == ["all"]
    assert age_labels([50]) == ["<50", "50+"]


def test_the_synthetic_satakunta(root) -> None:
    """The pilot's own plan fits the register that comes with it."""
    plan = read_service_plan(root / "sampling" / "service_satakunta.toml")
    found = service_results(small_register(), plan=plan)
    assert found.note.startswith("synthetic")
    referrals = found.targets.query("target == 'referrals' and period == 'all'")
    assert referrals["least"].iloc[0] == pytest.approx(26 / 12 * 1000)
    totals = found.totals
    assert totals["referred"] > totals["started"] >= totals["completed"]
    assert totals["positive"] == sum(
        totals[route] for route in ("work", "training", "entrepreneur")
    )
    pause = found.table("month").query("measure == 'referred' and group == '2020-04'")
    assert pause["count"].isna().all()
