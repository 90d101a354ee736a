"""The histogram of elapsed weeks, by what is on its axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.durations import duration_histogram


def cohort(pilot: list[float], control: list[float]) -> Cohort:
    people = pd.DataFrame(
        {
            "t": [1] * len(pilot) + [0] * len(control),
            "y": 0,
            "weeks": [*pilot, *control],
        }
    )
    return Cohort.from_frame(people, group="t", outcome="y", weeks_before="weeks")


def stairs(ax, gid: str):
    (found,) = [patch for patch in ax.patches if patch.get_gid() == gid]
    return found.get_data()


def test_a_quarter_of_a_year_is_thirteen_whole_weeks():
    pilot, control = [*range(1, 27)], [13] * 10 + [14] * 30
    ax = duration_histogram(cohort(pilot, control))
    for group, shares in (("pilot", [0.5, 0.5]), ("control", [0.25, 0.75])):
        data = stairs(ax, group)
        assert data.edges.tolist() == [0, 13, 26]
        np.testing.assert_allclose(data.values * 13, shares)  # noqa: PD011


def test_the_longest_of_the_frame_end_the_axis():
    ax = duration_histogram(cohort([0, 104] * 5, [1, 104] * 5))
    assert ax.get_xlim() == (0, 104)


def test_small_classes_are_merged():
    ax = duration_histogram(cohort([5] * 9 + [20], [5] * 9 + [20] * 9))
    assert stairs(ax, "pilot").edges.tolist() == [0, 26]
    ax = duration_histogram(cohort([5] * 9 + [20], [5] * 9 + [20] * 9), smallest_cell=1)
    assert stairs(ax, "pilot").edges.tolist() == [0, 13, 26]


def test_the_key_counts_those_whose_weeks_are_known():
    people = cohort([5.0] * 9 + [np.nan], [5] * 1200)
    ax = duration_histogram(people, language="en")
    key = [text.get_text() for text in ax.get_legend().get_texts()]
    assert key == ["pilot group (n = 9)", "control group (n = 1,200)"]


def test_ticks_are_labelled_as_they_are():
    for pilot in ([5] * 9 + [60] * 9, list(range(104)) * 3):
        ax = duration_histogram(cohort(pilot, pilot), language="en")
        ax.figure.canvas.draw()
        for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
            assert float(label.get_text().strip("%")) == pytest.approx(100 * place)


@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_people_are_named_so(language):
    people = cohort([5] * 9, [6] * 9)
    ax = duration_histogram(people, synthetic=True, language=language)
    label = read_language(language).text("data.synthetic")
    assert label in [text.get_text() for text in ax.texts]


def test_weeks_must_be_known_in_both_groups():
    without = cohort([np.nan] * 3, [5] * 9)
    for people in (without, Cohort(people=without.people.drop(columns="weeks_before"))):
        with pytest.raises(EstimationError, match="not known in both groups"):
            duration_histogram(people)
