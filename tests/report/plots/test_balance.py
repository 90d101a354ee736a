"""The Love plot, by what is on its axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.groups.weights import weigh
from evalkit.report.language.catalogue import LANGUAGES, MISSING, read_language
from evalkit.report.plots.balance import love_plot
from evalkit.report.plots.style import figure_bytes


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Pilots older than the controls, but as often women."""
    rng = np.random.default_rng(1)
    pilot = np.arange(600) < 200
    age = np.where(pilot, 45.0, 38.0) + rng.normal(0, 8, 600).round()
    age[::50] = np.nan
    sex = np.tile(["woman", "man"], 300)
    people = pd.DataFrame({"t": pilot, "y": 0, "age": age, "sex": sex})
    return Cohort.from_frame(people, group="t", outcome="y", covariates=["age", "sex"])


def texts(ax, gid: str) -> list:
    return [text for text in ax.texts if text.get_gid() == gid]


def line(ax, gid: str):
    (found,) = [drawn for drawn in ax.lines if drawn.get_gid() == gid]
    return found


def test_points_stand_at_the_differences(cohort):
    found = balance(cohort, weights=weigh(cohort))
    ax = love_plot(found, language="en")
    np.testing.assert_array_equal(line(ax, "after").get_xdata(), found.table["smd"])
    np.testing.assert_array_equal(
        line(ax, "before").get_xdata(), found.table["smd_before"]
    )
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["age", "age: not known", "sex: man", "sex: woman"]
    key = [text.get_text() for text in ax.get_legend().get_texts()]
    assert key == ["before weighting", "after weighting"]


def test_without_weights_there_is_nothing_before(cohort):
    ax = love_plot(balance(cohort))
    assert [drawn.get_gid() for drawn in ax.lines if drawn.get_gid()] == ["after"]
    assert ax.get_legend() is None


def test_everything_lies_within_the_axis(cohort):
    found = balance(cohort).table
    low, high = love_plot(balance(cohort)).get_xlim()
    assert low == -high
    assert low < found["smd_low"].min()
    assert high > found["smd_high"].max()


def test_the_band_is_the_threshold(cohort):
    (band,) = love_plot(balance(cohort)).patches
    assert (band.get_x(), band.get_width()) == (-0.1, 0.2)


def test_differences_beyond_the_threshold_stand_out(cohort):
    found = balance(cohort)
    assert found.table["verdict"].tolist()[0] == "beyond"
    weights = [text.get_fontweight() for text in texts(love_plot(found), "cell")]
    assert weights == ["bold", "normal", "normal", "normal"]


def test_numbers_beside_the_axes(cohort):
    first = balance(cohort).table.iloc[0]
    ax = love_plot(balance(cohort), language="en")
    expected = (
        f"+{first['smd']:.2f} ({first['smd_low']:.2f} to {first['smd_high']:.2f})"
    )
    assert texts(ax, "cell")[0].get_text() == expected


def test_ticks_are_labelled_as_they_are(cohort):
    ax = love_plot(balance(cohort), language="en")
    ax.figure.canvas.draw()
    for place, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        shown = float(label.get_text().replace("\N{MINUS SIGN}", "-"))
        assert shown == pytest.approx(place)


@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_people_are_named_so(cohort, language):
    (tag,) = texts(love_plot(balance(cohort), language=language, synthetic=True), "tag")
    assert tag.get_text() == read_language(language).text("data.synthetic")
    assert not texts(love_plot(balance(cohort), language=language), "tag")


def test_a_group_that_is_missing_leaves_an_empty_plot(cohort):
    people = cohort.people[cohort.is_pilot]
    alone = Cohort(people=people, covariates=cohort.covariates)
    ax = love_plot(balance(alone), language="en")
    assert [text.get_text() for text in texts(ax, "cell")] == [MISSING] * 4


def test_the_same_bytes_each_time(cohort):
    one, two = (figure_bytes(love_plot(balance(cohort)), "svg") for _ in range(2))
    assert one == two
