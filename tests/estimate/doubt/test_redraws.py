"""Where a draw stands among redraws."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.whole_frame import WholeFrame
from evalkit.errors import EstimationError
from evalkit.estimate.doubt.redraws import _Redrawn, redraw_distribution
from evalkit.estimate.months.comparison import compare


def cohort_of(*months: tuple[int, int, int, int]) -> Cohort:
    """Make a cohort of events and people of both groups, month by month."""
    rows = [
        (f"2021-{month:02d}", pilot, value)
        for month, (x1, n1, x0, n0) in enumerate(months, start=1)
        for pilot, x, n in ((1, x1, n1), (0, x0, n0))
        for value in [1] * x + [0] * (n - x)
    ]
    people = pd.DataFrame(rows, columns=["month", "pilot", "y"])
    return Cohort.from_frame(people, group="pilot", outcome="y", month="month")


def frame_of(*months: tuple[int, int, int, int]) -> WholeFrame:
    """Make the whole frame of events and people, month by month."""
    rows = [
        (f"2021-{month:02d}", group, x, n)
        for month, (x1, n1, x0, n0) in enumerate(months, start=1)
        for group, x, n in (("pilot", x1, n1), ("control", x0, n0))
    ]
    columns = ["month", "group", "events", "known"]
    return WholeFrame(table=pd.DataFrame(rows, columns=columns), time_zero="aligned")


DRAWN = [(14, 40, 140, 500), (9, 31, 160, 480)]
FRAME = [(14, 40, 2500, 8000), (9, 31, 2400, 7600)]


def test_months_agree_with_r(reference) -> None:
    for row in reference("redraws").to_dict("records"):
        x1, n1, x0, n0, frame, events = (int(row.pop(name)) for name in list(row)[:6])
        comparison = compare(cohort_of((x1, n1, x0, n0)))
        whole = frame_of((x1, n1, events, frame))
        found = redraw_distribution(comparison, whole, redraws=5).to_frame().iloc[0]
        for name, expected in row.items():
            assert found[name] == pytest.approx(expected, abs=1e-10), name


def test_simulation_and_closed_form_agree() -> None:
    comparison = compare(cohort_of(*DRAWN))
    found = redraw_distribution(comparison, frame_of(*FRAME), redraws=40_000)
    table, simulated = found.to_frame().set_index("month"), found.simulated
    assert list(simulated.columns) == ["2021-01", "2021-02", "pooled"]
    for name in simulated:
        row = table.loc[name]
        assert simulated[name].mean() == pytest.approx(row["redraw_mean"], abs=4e-4)
        assert simulated[name].std() == pytest.approx(row["redraw_sd"], rel=0.02)
        below = (simulated[name] < row["estimate"] - 1e-12).mean()
        equal = np.isclose(simulated[name], row["estimate"]).mean()
        assert below + equal / 2 == pytest.approx(row["position"], abs=0.01)
        inside = simulated[name].between(
            row["redraw_low"] - 1e-12, row["redraw_high"] + 1e-12
        )
        assert 0.945 < inside.mean() < 0.97


def test_pooled_is_the_comparison_s() -> None:
    comparison = compare(cohort_of(*DRAWN))
    row = redraw_distribution(comparison, frame_of(*FRAME)).to_frame().iloc[-1]
    assert row["estimate"] == pytest.approx(comparison.pooled.estimate)
    assert row["redraw_mean"] == pytest.approx(row["whole_frame"])
    assert row["frame"] == 15_600


def test_the_same_seed_gives_the_same_redraws() -> None:
    comparison, whole = compare(cohort_of(*DRAWN)), frame_of(*FRAME)
    one, same, other = (
        redraw_distribution(comparison, whole, seed=seed).simulated
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    assert len(one) == 1000


def test_a_chosen_seed_gives_itself_away() -> None:
    lucky = compare(cohort_of((14, 40, 110, 500)))
    row = redraw_distribution(lucky, frame_of((14, 40, 2500, 8000))).to_frame().iloc[0]
    assert row["position"] > 0.999
    assert row["unusual"] < 0.002


def test_the_whole_frame_as_sample_cannot_vary() -> None:
    comparison = compare(cohort_of((14, 40, 140, 500)))
    row = (
        redraw_distribution(comparison, frame_of((14, 40, 140, 500))).to_frame().iloc[0]
    )
    assert row["redraw_sd"] == 0
    assert row["estimate"] == row["redraw_low"] == row["redraw_high"]
    assert row["position"] == 0.5
    assert row["note"] == "the sample is the whole frame"


def test_a_month_without_a_group_is_kept() -> None:
    comparison = compare(cohort_of((14, 40, 140, 500), (0, 0, 140, 500)))
    whole = frame_of((14, 40, 2500, 8000), (0, 0, 2500, 8000))
    table = redraw_distribution(comparison, whole).to_frame().set_index("month")
    assert math.isnan(table.loc["2021-02", "position"])
    assert table.loc["2021-02", "note"] == "one group is empty"
    first, pooled = table.loc["2021-01"], table.loc["pooled"]
    assert pooled["redraw_sd"] == pytest.approx(first["redraw_sd"])
    nobody = compare(cohort_of((0, 0, 140, 500)))
    row = redraw_distribution(nobody, frame_of((0, 0, 2500, 8000))).to_frame().iloc[-1]
    assert math.isnan(row["estimate"])


def test_what_does_not_fit_together_is_refused() -> None:
    comparison = compare(cohort_of(*DRAWN))
    with pytest.raises(EstimationError, match="lacks 2021-02"):
        redraw_distribution(comparison, frame_of(FRAME[0]))
    for wrong in ((13, 39, 2500, 8000), (14, 40, 130, 8000), (14, 40, 7900, 8000)):
        with pytest.raises(EstimationError, match="do not belong together in 2021-01"):
            redraw_distribution(comparison, frame_of(wrong, FRAME[1]))
    with pytest.raises(EstimationError, match="`redraws`"):
        redraw_distribution(comparison, frame_of(*FRAME), redraws=0)
    strict = dataclasses.replace(comparison, outcome="outcome_strict")
    with pytest.raises(EstimationError, match="outcome_strict"):
        redraw_distribution(strict, frame_of(*FRAME))


@pytest.mark.parametrize(
    ("frame", "events", "n"), [(9000, 2500, 500), (40, 30, 20), (7, 7, 3), (5, 0, 5)]
)
def test_chances_of_a_month_are_hypergeometric(frame, events, n) -> None:
    redrawn = _Redrawn.of(frame, events, n)
    counts = range(n + 1)
    expected = hypergeom(frame, events, n)
    found = [redrawn.at_most(min(count, events)) for count in counts]
    assert found == pytest.approx(expected.cdf(counts), abs=1e-12)
    chances = [0.025, 0.3, 0.5, 0.975]
    assert redrawn.events(chances).tolist() == expected.ppf(chances).tolist()
