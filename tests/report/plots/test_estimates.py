"""The waterfall and the specification curve, by what is on their axes."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from evalkit.estimate.adjustment.specifications import Specifications, all_estimators
from evalkit.estimate.decomposition.decomposition import Decomposition, decompose
from evalkit.report.language.catalogue import LANGUAGES, MISSING, read_language
from evalkit.report.plots.specifications import specification_curve
from evalkit.report.plots.style import figure_bytes
from evalkit.report.plots.waterfall import waterfall
from tests.estimate.adjusted_people import adjusted_people, cohort_of


@pytest.fixture(scope="module")
def decomposition() -> Decomposition:
    return decompose(cohort_of(adjusted_people()))


@pytest.fixture(scope="module")
def in_euros() -> Decomposition:
    return decompose(cohort_of(adjusted_people(), "earned"))


@pytest.fixture(scope="module")
def specifications() -> Specifications:
    return all_estimators(cohort_of(adjusted_people()))


@pytest.fixture(params=["waterfall", "specification_curve"])
def drawn(request, decomposition, specifications):
    """Draw either figure, with the choices given."""
    figures = {
        "waterfall": (waterfall, decomposition),
        "specification_curve": (specification_curve, specifications),
    }
    figure, result = figures[request.param]
    return lambda **choices: figure(result, **choices)


def texts(ax, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def names(ax) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def bars(ax, gid: str) -> list[tuple[float, float]]:
    """Return where each bar of a part begins and ends."""
    found = [patch for patch in ax.patches if patch.get_gid() == gid]
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in found]


def test_the_waterfall_falls_from_the_raw_gap_to_what_remains(decomposition) -> None:
    ax = waterfall(decomposition, language="en")
    table = decomposition.table.set_index("part")["estimate"]
    assert bars(ax, "raw") == [(0, pytest.approx(100 * table["raw"]))]
    assert bars(ax, "remains") == [(0, pytest.approx(100 * table["remains"]))]
    steps = [(100 * table["raw"],) * 2, *bars(ax, "block")]
    for (_, before), (start, end) in itertools.pairwise(steps):
        assert start == pytest.approx(before)
        assert end != start
    assert steps[-1][1] == pytest.approx(100 * table["remains"])


def test_the_waterfall_names_its_rows(decomposition) -> None:
    assert names(waterfall(decomposition, language="en")) == [
        "raw gap", "weeks of unemployment", "age", "place", "month", "what remains",
    ]  # fmt: skip
    own = decompose(cohort_of(adjusted_people()), blocks={"people": ["age", "place"]})
    assert "people" in names(waterfall(own, language="fi"))


def test_numbers_are_points_for_shares_and_plain_for_the_rest(
    decomposition, in_euros
) -> None:
    shares, euros = (waterfall(d, language="en") for d in (decomposition, in_euros))
    assert texts(shares, "cell")[0].startswith("+16.1 (")
    assert shares.get_xlabel() == "difference, percentage points"
    assert texts(euros, "cell")[0].startswith("+69.4 (")
    assert euros.get_xlabel() == "difference, in the unit of the outcome"


def test_the_curve_is_sorted_with_the_raw_difference_on_top(specifications) -> None:
    ax = specification_curve(specifications, language="en")
    (points,) = [line for line in ax.lines if line.get_gid() == "adjusted"]
    estimates = specifications.table["estimate"]
    np.testing.assert_allclose(points.get_xdata(), 100 * np.sort(estimates[1:]))
    (raw,) = [line for line in ax.lines if line.get_gid() == "raw"]
    assert raw.get_xdata() == pytest.approx([100 * estimates[0]])
    assert list(raw.get_ydata()) == [0]


def test_the_declared_estimate_is_bold_and_its_interval_a_band(specifications) -> None:
    ax = specification_curve(specifications, language="en")
    bold = [
        label.get_text()
        for label in ax.get_yticklabels()
        if label.get_fontweight() == "bold"
    ]
    assert bold == ["weights and prediction (AIPW)"]
    (band,) = ax.patches
    own = specifications.table.set_index("specification").loc["aipw"]
    assert band.get_x() == pytest.approx(100 * own["ci_low"])
    end = band.get_x() + band.get_width()
    assert end == pytest.approx(100 * own["ci_high"])


def test_what_cannot_be_estimated_stands_last_without_a_number() -> None:
    people = adjusted_people()
    people["age"] += 100 * people["pilot"]
    ax = specification_curve(all_estimators(cohort_of(people)), language="en")
    assert texts(ax, "cell")[-1] == MISSING
    assert "entropy balancing" in names(ax)[-3:]


def test_sets_of_covariates_are_named() -> None:
    sets = {"few": ["age"], "all": ["age", "place"]}
    found = all_estimators(cohort_of(adjusted_people()), covariates=sets)
    shown = names(specification_curve(found, language="en"))
    assert "weights (IPW): few" in shown
    assert len(shown) == 23


def test_every_specification_has_a_name_in_every_language(specifications) -> None:
    for language in LANGUAGES:
        words = read_language(language)
        known = {words.text(f"specification.{s}") for s in specifications.table[
            "specification"
        ]}  # fmt: skip
        assert len(known) == 12


def test_zero_and_every_interval_are_in_sight(drawn) -> None:
    ax = drawn()
    low, high = ax.get_xlim()
    ends = [np.array(c.get_segments())[:, :, 0] for c in ax.collections]
    assert low < min(0, *(e.min() for e in ends))
    assert high > max(0, *(e.max() for e in ends))


def test_synthetic_people_are_named_so(drawn) -> None:
    for language in LANGUAGES:
        label = read_language(language).text("data.synthetic")
        assert texts(drawn(synthetic=True, language=language), "tag") == [label]
    assert texts(drawn(), "tag") == []


def test_ones_own_axes_and_title_are_used(drawn) -> None:
    ax = Figure(figsize=(10, 6)).add_axes((0.3, 0.3, 0.4, 0.4))
    assert drawn(ax=ax, title="Ours") is ax
    assert ax.get_title(loc="left") == "Ours"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_leaves_the_figure_or_runs_into_another(drawn, language) -> None:
    ax = drawn(language=language, synthetic=True)
    ax.figure.draw_without_rendering()
    key = ax.get_legend().get_texts()
    written = [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label, ax._left_title, *key]
    boxes = {text.get_text(): text.get_window_extent() for text in written}
    whole = ax.figure.bbox
    for name, box in boxes.items():
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, name
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, name
    for (one, box), (other, next_box) in itertools.combinations(boxes.items(), 2):
        assert not box.padded(-1).overlaps(next_box.padded(-1)), (one, other)


def test_the_figure_is_the_same_each_time(drawn) -> None:
    first, second = (figure_bytes(drawn(), "svg") for _ in range(2))
    assert first == second


def test_nothing_explained_is_drawn_too(decomposition) -> None:
    table = decomposition.table
    numbers = ["estimate", "se", "ci_low", "ci_high"]
    flat = dataclasses.replace(
        decomposition, table=table.assign(**dict.fromkeys(numbers, 0.0))
    )
    waterfall(flat).figure.draw_without_rendering()
