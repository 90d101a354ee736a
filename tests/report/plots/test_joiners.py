"""The figure of controls who joined the pilot later, by what is on it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.contamination import later_referrals
from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.joiners import later_referral_curves
from evalkit.report.plots.style import figure_bytes

LINES = {
    "pilot": ("pilot", "kept"),
    "kept": ("control", "kept"),
    "censored": ("control", "censored"),
}


def compared(referred):
    random = np.random.default_rng(3)
    n = 300
    pilot = random.random(n) < 0.4
    weeks = random.geometric(0.07, n)
    people = pd.DataFrame(
        {
            "treat": pilot,
            "weeks": np.minimum(weeks, 20),
            "left": weeks <= 20,
            "weeks_to_referral": np.where(pilot, np.nan, referred(random, n)),
        }
    )
    cohort = Cohort.from_frame(
        people,
        group="treat",
        outcome="left",
        weeks="weeks",
        exited="left",
        covariates=["weeks_to_referral"],
    )
    return later_referrals(cohort, horizon=13)


@pytest.fixture(scope="module")
def found():
    return compared(lambda random, n: random.geometric(0.06, n) - 1.0)


def texts(ax, gid):
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def test_lines_and_bands_are_the_curves(found):
    ax = later_referral_curves(found)
    for name, (group, reading) in LINES.items():
        table = found.curves
        own = table[(table["group"] == group) & (table["reading"] == reading)]
        (line,) = [drawn for drawn in ax.lines if drawn.get_gid() == f"line {name}"]
        np.testing.assert_allclose(line.get_ydata(), [1, *own["survival"]])
        (band,) = [
            drawn for drawn in ax.collections if drawn.get_gid() == f"band {name}"
        ]
        assert band.get_paths()[0].vertices[:, 1].min() == own["ci_low"].min()


def test_who_joined_is_counted_in_the_caption(found):
    (caption,) = texts(later_referral_curves(found, language="en"), "caption")
    assert f"{found.n_referred} control rows" in caption.replace("\n", " ")
    assert "within 13 weeks" in caption.replace("\n", " ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_people_are_named_so(found, language):
    label = read_language(language).text("data.synthetic")
    ax = later_referral_curves(found, synthetic=True, language=language)
    assert texts(ax, "tag") == [label]
    assert texts(later_referral_curves(found, language=language), "tag") == []


def test_ones_own_axes_and_title_are_used(found):
    ax = Figure(figsize=(12, 6)).add_axes((0.1, 0.2, 0.6, 0.6))
    assert later_referral_curves(found, ax=ax, title="Ours") is ax
    assert ax.get_title(loc="left") == "Ours"


def test_a_curve_that_breaks_off_has_no_label():
    """All controls who last beyond week 8 are referred then."""
    ax = later_referral_curves(compared(lambda _, n: np.full(n, 8.0)), language="en")
    assert len(texts(ax, "label")) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_leaves_the_figure_or_runs_into_another(found, language):
    ax = later_referral_curves(found, synthetic=True, language=language)
    ax.figure.draw_without_rendering()
    whole = ax.figure.bbox
    ticks = [
        tick.label1 for axis in (ax.xaxis, ax.yaxis) for tick in axis._update_ticks()
    ]
    written = [*ax.texts, *ticks, ax.xaxis.label, ax._left_title]
    boxes = [Text.get_window_extent(text) for text in written if text.get_text()]
    for box in boxes:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.padded(-1).overlaps(other.padded(-1))


def test_files_are_the_same_each_time(found):
    first, second = (figure_bytes(later_referral_curves(found), "svg") for _ in "ab")
    assert first == second
