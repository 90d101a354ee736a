"""Goals of the synthetic study, and that it has reached them."""

from __future__ import annotations

import pytest

from evalkit.errors import EvalkitError
from evalkit.examples import tuning
from evalkit.examples.preset import read_preset
from evalkit.examples.tuning import GOALS, Goal, tune

BEST = 49


@pytest.mark.parametrize(
    ("goal", "pilot", "control", "missed"),
    [
        (Goal(2, 9), 44, 40, 0),
        (Goal(2, 9), 41, 40, -1),
        (Goal(2, 5), 46, 40, 1),
        (Goal(2, 9), 49, 45, 1),  # as high as the best month
        (Goal(0, 0), 40, 40, 0),
        (Goal(-9, -2), 40, 40, 2),
        (Goal(-9, -2), 28, 40, -3),
        (Goal(2, 9, level=49), 49, 44, 0),
        (Goal(2, 9, level=49), 50, 44, 1),
        (Goal(2, 9, level=49), 49, 48, -1),
    ],
)
def test_how_far_a_goal_is_missed(goal, pilot, control, missed) -> None:
    assert goal.missed_by(pilot, control, BEST) == missed


def test_goals_are_what_is_printed() -> None:
    in_2020 = {m[-2:] for m, goal in GOALS.items() if m < "2021" and goal.least > 0}
    assert in_2020 == {"03", "08", "09", "10"}
    in_2021 = [goal for month, goal in GOALS.items() if month > "2021"]
    assert sum(goal.least > 0 for goal in in_2021) == 9
    assert sum(goal.least == goal.most == 0 for goal in in_2021) == 1
    assert sum(goal.most < 0 for goal in in_2021) == 2
    levels = {month: goal.level for month, goal in GOALS.items() if goal.level}
    assert levels == {"2020-09": 100 - 51, "2021-02": 100 - 42}
    assert not {"2020-04", "2020-05"} & set(GOALS)


@pytest.fixture
def slope(monkeypatch):
    """A world in which every start month's miss is known: 10 per cent a factor."""
    seen = []

    def missed(preset):
        seen.append(preset)
        factors = {month: preset.effect.months.get(month, 1.0) for month in GOALS}
        above = {m: round(50 * (factor - 1.1)) for m, factor in factors.items()}
        return {month: off for month, off in above.items() if off}

    monkeypatch.setattr(tuning, "study_comparison", lambda preset, **_: preset)
    monkeypatch.setattr(tuning, "_missed", missed)
    return seen


def test_factors_move_until_every_goal_is_reached(slope) -> None:
    tuned = tune(read_preset("county"))
    assert all(abs(tuned.effect.months[month] - 1.1) < 0.02 for month in GOALS)
    assert 1 < len(slope) < 20
    assert tune(tuned) == tuned


@pytest.mark.usefixtures("slope")
def test_a_goal_out_of_reach_is_an_error(monkeypatch) -> None:
    monkeypatch.setattr(tuning, "_missed", lambda _: {"2020-09": 1})
    with pytest.raises(EvalkitError, match="2020-09"):
        tune(read_preset("county"))


@pytest.mark.slow
def test_the_study_is_tuned() -> None:
    preset = read_preset("satakunta")
    assert tune(preset) == preset
