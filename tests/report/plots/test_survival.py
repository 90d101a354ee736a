"""The survival plot, by its axes."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.horizon_difference import rmst_difference
from evalkit.report.language.catalogue import LANGUAGES, MISSING, read_language
from evalkit.report.plots.style import figure_bytes, new_axes
from evalkit.report.plots.survival import survival_plot


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(8)
    n = 300
    pilot = random.random(n) < 0.4
    weeks = np.ceil(random.exponential(np.where(pilot, 12, 16), n))
    return pd.DataFrame(
        {
            "pilot": pilot,
            "weeks": np.minimum(weeks, 40),
            "exited": weeks <= 40,
            "before": random.integers(0, 20, n),
        }
    )


def cohort_of(people):
    return Cohort.from_frame(
        people,
        group="pilot",
        outcome="exited",
        weeks="weeks",
        exited="exited",
        weeks_before="before",
    )


def line(ax, group):
    return next(item for item in ax.get_lines() if item.get_gid() == group)


def area(ax, gid):
    return [item for item in ax.collections if item.get_gid() == gid]


def numbers(ax):
    return [text.get_text() for text in ax.texts if text.get_gid() == "n"]


def key(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def caption(ax):
    return next(t.get_text() for t in ax.texts if t.get_gid() == "caption")


def test_curves_are_steps_from_one(people):
    curves = survival_curves(cohort_of(people))
    ax = survival_plot(curves, smallest_cell=1, language="en")
    table = curves.to_frame()
    for group in ("pilot", "control"):
        rows = table[(table["group"] == group)]
        weeks, survival = line(ax, group).get_data()
        assert (weeks[0], survival[0]) == (0, 1)
        assert survival[1:].tolist() == rows["survival"].tolist()
        assert line(ax, group).get_drawstyle() == "steps-post"
        assert len(area(ax, f"{group} interval")) == 1
    assert ax.get_ylim() == (0, 1)


def test_how_many_are_at_risk_stands_below_the_weeks(people):
    curves = survival_curves(cohort_of(people))
    ax = survival_plot(curves, smallest_cell=1, language="en")
    table = curves.to_frame().set_index(["group", "weeks"])["at_risk"]
    ticks = ax.get_xticks()
    assert ticks[:3].tolist() == [0, 4, 8]
    written = numbers(ax)
    assert written[0] == str(table["pilot", 1])
    assert written[1] == str(table["pilot", 4])
    assert written[len(ticks)] == str(table["control", 1])
    assert len(written) == 2 * len(ticks)


def test_no_step_and_no_number_shows_a_few_people(people):
    curves = survival_curves(cohort_of(people))
    ax = survival_plot(curves, language="en")
    table = curves.to_frame()
    for group in ("pilot", "control"):
        rows = table[table["group"] == group].set_index("weeks")
        weeks = line(ax, group).get_xdata()
        left = (
            rows["events"].cumsum().reindex([0, *weeks[1:].astype(int)], fill_value=0)
        )
        steps = left.diff().iloc[1:]
        assert ((steps == 0) | (steps >= 5)).all()
        assert (steps >= 5).sum() > 5
    written = [int(text) for text in numbers(ax) if text.isdigit()]
    assert "…" in numbers(ax)
    assert not any(0 < number < 5 for number in written)


def test_the_gap_ends_at_the_horizon_and_is_told(people):
    cohort = cohort_of(people)
    rmst = rmst_difference(cohort, horizon=13)
    ax = survival_plot(survival_curves(cohort), rmst=rmst, language="en")
    (gap,) = area(ax, "gap")
    assert gap.get_paths()[0].vertices[:, 0].max() == 13
    number = read_language("en").number(rmst.estimate, decimals=1, signed=True)
    assert key(ax)[2].startswith(f"difference to week 13: {number} weeks (")


def test_the_gap_lies_between_the_curves(people):
    ax = survival_plot(survival_curves(cohort_of(people)), language="en")
    (gap,) = area(ax, "gap")
    heights = gap.get_paths()[0].vertices
    at_ten = heights[np.isclose(heights[:, 0], 10), 1]
    drawn = []
    for group in ("pilot", "control"):
        weeks, survival = line(ax, group).get_data()
        drawn.append(survival[np.searchsorted(weeks, 10, side="right") - 1])
    assert at_ten.min() <= min(drawn)
    assert at_ten.max() >= max(drawn)
    assert key(ax)[2] == "gap between the curves"


def test_a_conditional_curve_says_so(people):
    curves = survival_curves(cohort_of(people), clock="registration", start=6)
    ax = survival_plot(curves, language="en")
    assert ax.get_xlabel() == "weeks since unemployment began"
    assert line(ax, "pilot").get_xdata()[0] == 6
    assert "end of week 6" in caption(ax).replace("\n", " ")
    assert ax.get_xticks()[0] == 8


def test_a_missing_group_is_not_drawn_as_if_it_were_there(people):
    curves = survival_curves(cohort_of(people[people["pilot"]]))
    ax = survival_plot(curves, language="en")
    assert key(ax) == ["pilot group"]
    assert not area(ax, "gap")
    assert MISSING in numbers(ax)


def test_nobody_leaves(people):
    cohort = cohort_of(people.assign(exited=False, weeks=30))
    rmst = rmst_difference(cohort, horizon=13)
    ax = survival_plot(survival_curves(cohort), rmst=rmst, language="en")
    assert key(ax)[2] == f"difference to week 13: 0.0 weeks ({MISSING})"


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language_texts_stay_in_the_figure(people, language):
    cohort = cohort_of(people)
    curves = survival_curves(cohort, clock="registration", start=3)
    ax = survival_plot(curves, language=language, synthetic=True)
    figure = ax.figure
    figure.draw_without_rendering()
    box = figure.bbox
    for text in [*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label]:
        extent = text.get_window_extent()
        assert box.x0 <= extent.x0, text.get_text()
        assert extent.x1 <= box.x1, text.get_text()
        assert box.y0 <= extent.y0, text.get_text()
    assert read_language(language).text("data.synthetic") in [
        text.get_text() for text in ax.texts
    ]


def test_numbers_stay_apart(people):
    ax = survival_plot(survival_curves(cohort_of(people)), language="en")
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts if t.get_gid() == "n"]
    names = [t.get_window_extent() for t in ax.texts if "at risk, " in t.get_text()]
    row = boxes[: len(boxes) // 2]
    assert all(one.x1 < other.x0 for one, other in pairwise(row))
    assert max(name.x1 for name in names) < row[0].x0


@pytest.mark.parametrize(
    ("last", "ticks"), [(12, [0, 2, 4]), (100, [0, 13, 26]), (300, [0, 26, 52])]
)
def test_weeks_are_labelled_by_how_many_there_are(people, last, ticks):
    longer = people.assign(weeks=people["weeks"] * last / 40)
    ax = survival_plot(survival_curves(cohort_of(longer)), language="en")
    assert ax.get_xticks()[:3].tolist() == ticks


def test_it_is_drawn_into_given_axes_and_always_alike(people):
    curves = survival_curves(cohort_of(people))
    ax = new_axes(width=9, height=5, margins=(120, 24, 90, 140))
    assert survival_plot(curves, language="en", ax=ax) is ax
    files = [figure_bytes(survival_plot(curves, language="en"), "svg") for _ in "12"]
    assert files[0] == files[1]
