"""The overlap of scores, by what is on its axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.scores import score_overlap


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    rng = np.random.default_rng(1)
    pilot = np.arange(1200) < 300
    age = np.where(pilot, 45.0, 38.0) + rng.normal(0, 8, 1200)
    people = pd.DataFrame({"t": pilot, "y": 0, "age": age})
    return Cohort.from_frame(people, group="t", outcome="y", covariates=["age"])


def stairs(ax, gid: str):
    (found,) = [patch for patch in ax.patches if patch.get_gid() == gid]
    return found.get_data()


def mean(data) -> float:
    heights, edges = np.nan_to_num(data.values), data.edges
    return float((heights * np.diff(edges)) @ (edges[1:] + edges[:-1]) / 2)


def test_weighted_controls_look_like_the_pilots(cohort):
    ax = score_overlap(weigh(cohort, method="ipw"), cohort)
    pilot, control, weighted = (
        mean(stairs(ax, gid)) for gid in ("pilot", "control", "weighted")
    )
    assert pilot > 1.2 * control
    assert weighted == pytest.approx(pilot, abs=0.03)
    for gid in ("pilot", "control", "weighted"):
        data = stairs(ax, gid)
        assert data.values @ np.diff(data.edges) == pytest.approx(1)  # noqa: PD011


def test_no_class_shows_a_person(cohort):
    weights = weigh(cohort, method="matching")
    edges = stairs(score_overlap(weights, cohort), "pilot").edges
    score = weights.score.to_numpy()
    for rows in (cohort.is_pilot.to_numpy(), ~cohort.is_pilot.to_numpy()):
        counts, _ = np.histogram(score[rows], edges)
        assert counts.sum() == rows.sum()
        assert ((counts == 0) | (counts >= 5)).all()
    assert not {score.min(), score.max()} & set(edges)


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_lines_in_each_language(cohort, language):
    weights = weigh(cohort, method="ipw")
    ax = score_overlap(weights, cohort, language=language, synthetic=True)
    words = read_language(language)
    key = [text.get_text() for text in ax.get_legend().get_texts()]
    assert key == [
        words.text("group.pilot"),
        words.text("group.control"),
        words.text("scores.weighted"),
    ]
    assert words.text("data.synthetic") in [text.get_text() for text in ax.texts]


def test_weights_without_a_score(cohort):
    with pytest.raises(EstimationError, match="'entropy' have no score"):
        score_overlap(weigh(cohort), cohort)
