"""The figure of a hazard ratio over the weeks, by what is on its axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EvalkitError
from evalkit.estimate.survival.proportional_hazards import (
    ProportionalHazards,
    proportional_hazards,
)
from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.plots.hazards import hazard_ratio_plot
from evalkit.report.plots.style import figure_bytes


@pytest.fixture(scope="module")
def check() -> ProportionalHazards:
    """Return the check of invented people whose ratio falls from week to week."""
    random = np.random.default_rng(8)
    pilot = random.random(600) < 0.5
    shape = np.where(pilot, 0.8, 1.3)
    weeks = np.ceil(12 * random.exponential(size=600) ** (1 / shape))
    people = pd.DataFrame(
        {
            "pilot": pilot,
            "weeks": np.minimum(weeks, 30),
            "left": weeks <= 30,
            "age": random.integers(20, 60, 600),
        }
    )
    cohort = Cohort.from_frame(
        people,
        group="pilot",
        outcome="left",
        weeks="weeks",
        exited="left",
        covariates=["age"],
    )
    return proportional_hazards(cohort, covariates=None)


def by_gid(artists, gid: str):
    (found,) = [artist for artist in artists if artist.get_gid() == gid]
    return found


def test_the_line_is_the_trend(check) -> None:
    ax = hazard_ratio_plot(check, language="en")
    trend = check.trend[check.trend["term"] == "pilot"]
    weeks, ratio = by_gid(ax.lines, "line").get_data()
    np.testing.assert_array_equal(weeks, trend["weeks"])
    np.testing.assert_allclose(ratio, np.exp(trend["coef"].astype(float)))
    constant = by_gid(ax.lines, "constant").get_ydata()
    assert constant[0] == pytest.approx(np.exp(check.coefficients["coef"].iloc[0]))
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize("smallest_cell", [1, 5, 40])
def test_no_dot_is_of_few_exits(check, smallest_cell) -> None:
    ax = hazard_ratio_plot(check, smallest_cell=smallest_cell)
    dots = by_gid(ax.collections, "weeks")
    exits = check.residuals.loc[check.residuals["term"] == "pilot", "exits"]
    sizes = dots.get_sizes() / 900 * exits.sum()
    assert sizes.min() >= min(smallest_cell, exits.sum()) - 1e-6
    assert sizes.sum() == pytest.approx(exits.sum())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language(check, language) -> None:
    ax = hazard_ratio_plot(check, language=language, synthetic=True)
    (caption,) = [text for text in ax.texts if text.get_gid() == "caption"]
    assert "p < 0" in caption.get_text()
    assert by_gid(ax.texts, "tag")
    width, _ = ax.figure.get_size_inches() * ax.figure.dpi
    ax.figure.draw_without_rendering()
    box = ax.yaxis.label.get_window_extent(ax.figure.canvas.get_renderer())
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 < width


def test_the_same_bytes(check) -> None:
    one, other = (figure_bytes(hazard_ratio_plot(check), "svg") for _ in range(2))
    assert one == other


def test_another_term(check) -> None:
    assert hazard_ratio_plot(check, term="age").get_ylabel() == "age"
    with pytest.raises(EvalkitError, match="no ratio of 'shoes'"):
        hazard_ratio_plot(check, term="shoes")
