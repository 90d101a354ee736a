"""The table that figures and texts are made from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.months.comparison import compare
from evalkit.report.language.catalogue import read_language
from evalkit.report.monthly import level_text, monthly_table, wilson_limits
from evalkit.report.release.release import release
from tests.report.tables import hand_made


def test_an_unreleased_comparison_has_nothing_masked():
    assert not monthly_table(hand_made(("2021-01", 2, 4, 5, 9)))["masked"].any()


def test_an_outcome_that_is_no_share_is_refused():
    people = pd.DataFrame({"group": [1, 1, 0, 0], "weeks": [1.0, 2, 3, 9]})
    result = compare(Cohort.from_frame(people, group="group", outcome="weeks"))
    with pytest.raises(EstimationError, match="shares"):
        monthly_table(result)


def test_a_wholly_masked_comparison_can_still_be_shown():
    table = monthly_table(release(hand_made(("2021-01", 2, 4, 250, 500))))
    assert table["masked"].all()


@pytest.mark.parametrize(
    ("events", "people", "low", "high"),
    [
        # Newcombe RG (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_the_published_ones(events, people, low, high):
    table = pd.DataFrame(
        {"pilot_events": [events], "n_pilot": [people], "level": [0.95]}
    )
    np.testing.assert_allclose(
        np.concatenate(wilson_limits(table, "pilot")), [low, high], atol=5e-5
    )


def test_a_group_without_people_has_no_interval():
    table = pd.DataFrame({"pilot_events": [0], "n_pilot": [0], "level": [0.95]})
    assert np.isnan(np.concatenate(wilson_limits(table, "pilot"))).all()


@pytest.mark.parametrize(("level", "text"), [(0.95, "95%"), (0.995, "99.5%")])
def test_the_level_is_written_as_per_cent(level, text):
    table = pd.DataFrame({"level": [level]})
    assert level_text(table, read_language("en")) == text
