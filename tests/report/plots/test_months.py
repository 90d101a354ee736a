"""Both monthly figures, by what is on their axes."""

from __future__ import annotations

import dataclasses
import itertools
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.months import monthly_differences, monthly_shares
from evalkit.report.plots.style import figure_bytes
from evalkit.report.release.release import release
from evalkit.study.protocol import Break
from tests.report.tables import hand_made, months, satakunta, with_a_masked_month

BREAKS = [
    Break(label="palvelun keskeytys", first="2020-04", last="2020-05"),
    Break(label="palkkioiden muutos", first="2021-01"),
    Break(label="työllisyyden kuntakokeilu alkaa", first="2021-03"),
    Break(label="long before", first="2011-03"),
]
FIGURES = [monthly_shares, monthly_differences]
SMALL = ("2021-01", 2, 4, 250, 500)
LARGE = ("2021-02", 40, 80, 250, 500)
LARGER = ("2021-04", 50, 90, 260, 500)


def texts(ax, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def line(ax, gid: str):
    (found,) = [drawn for drawn in ax.lines if drawn.get_gid() == gid]
    return found


def wide() -> object:
    """A national study whose months have six-figure sizes and long breaks."""
    rows = [
        (month, 60_000, 123_456, 500_000, 1_234_567) for month in months("2019-01", 36)
    ]
    return hand_made(*rows)


def test_shares_stand_at_their_months():
    comparison = satakunta(24)
    ax = monthly_shares(comparison)
    for group in ("pilot", "control"):
        np.testing.assert_array_equal(
            line(ax, group).get_ydata(), comparison.to_frame()[group][:-1]
        )
    pilot, control = (line(ax, group).get_xdata() for group in ("pilot", "control"))
    np.testing.assert_allclose((pilot + control) / 2, 12 * 2020 + np.arange(24))
    assert ax.get_xlim() == (12 * 2020 - 0.5, 12 * 2022 - 0.5)


def test_a_missing_month_is_a_gap_and_never_zero():
    ax = monthly_shares(hand_made(LARGE, LARGER))  # March has no row at all
    assert len(ax.get_xticks()) == 3
    joined = [drawn for drawn in ax.lines if len(drawn.get_xdata()) == 3]
    assert [np.isnan(drawn.get_ydata()).tolist() for drawn in joined] == [
        [False, True, False]
    ] * 2
    assert ax.get_ylim()[0] > 0


def test_a_month_without_pilots_has_only_controls():
    ax = monthly_shares(satakunta(6))
    assert np.isnan(line(ax, "pilot").get_ydata()).tolist() == [
        False, False, False, True, True, False,
    ]  # fmt: skip
    assert np.isfinite(line(ax, "control").get_ydata()).all()


def test_sizes_stand_below_the_months():
    ax = monthly_shares(hand_made(LARGE, LARGER))
    assert texts(ax, "n") == ["80", "90", "500", "500"]


def test_masked_months_are_hatched_and_tell_nothing():
    ax = monthly_shares(with_a_masked_month(SMALL, LARGE, LARGER), language="en")
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert len(hatched) == 1
    assert texts(ax, "n") == ["…", "80", "90", "…", "500", "500"]
    assert np.isnan(line(ax, "pilot").get_ydata()).tolist() == [True, False, False]
    assert "masked" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_intervals_lie_within_the_axis():
    ax = monthly_shares(satakunta(24))
    low, high = ax.get_ylim()
    ends = np.vstack([c.get_segments()[0] for c in ax.collections])[:, 1]
    assert 0 <= low < ends.min() < ends.max() < high <= 1


@pytest.mark.parametrize("figure", FIGURES)
def test_breaks_within_the_months_are_marked(figure):
    ax = figure(satakunta(24), breaks=BREAKS)
    assert sorted(texts(ax, "break")) == sorted(known.label for known in BREAKS[:3])


def test_a_time_is_shaded_and_a_change_is_a_line():
    ax = monthly_shares(satakunta(24), breaks=BREAKS)
    (shade,) = [patch for patch in ax.patches if not patch.get_hatch()]
    assert (shade.get_x(), shade.get_width()) == (12 * 2020 + 2.5, 2.0)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_people_are_named_so(figure, language):
    label = read_language(language).text("data.synthetic")
    assert texts(figure(satakunta(3), synthetic=True, language=language), "tag") == [
        label
    ]
    assert texts(figure(satakunta(3), language=language), "tag") == []


def test_strata_that_are_no_months_stand_side_by_side():
    ax = monthly_shares(hand_made(("north", 40, 80, 250, 500), ("south", 40, 80, 2, 9)))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["north", "south"]
    assert texts(ax, "year") == []


def test_one_stratum_has_its_values_written():
    ax = monthly_shares(hand_made(("all", 40, 80, 250, 500)), language="en")
    assert {"50%"} <= {text.get_text() for text in ax.texts}


@pytest.mark.parametrize("figure", FIGURES)
def test_ones_own_axes_and_title_are_used(figure):
    ax = Figure(figsize=(10, 6)).add_axes((0.2, 0.3, 0.5, 0.4))
    assert figure(satakunta(4), ax=ax, title="Ours") is ax
    assert ax.get_title(loc="left") == "Ours"


def test_differences_are_in_points_with_the_pooled_diamond_below():
    comparison = satakunta(24)
    table = comparison.to_frame()
    ax = monthly_differences(comparison)
    drawn = line(ax, "months")
    np.testing.assert_allclose(drawn.get_xdata(), 100 * table["estimate"][:-1])
    (diamond,) = [patch for patch in ax.patches if patch.get_gid() == "pooled"]
    ends = diamond.get_xy()[:, 0]
    np.testing.assert_allclose(
        [ends.min(), ends.max()], 100 * table[["ci_low", "ci_high"]].iloc[-1]
    )
    assert diamond.get_xy()[:, 1].min() > np.max(drawn.get_ydata())
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_differences_are_written_and_absent_ones_explained():
    ax = monthly_differences(
        with_a_masked_month(SMALL, LARGE, LARGER, ("2021-05", 0, 0, 250, 500)),
        language="en",
    )
    cells = texts(ax, "cell")
    assert cells[0] == "masked"
    assert cells[3] == "no comparison"
    assert cells[2].startswith("+3.6 (")
    assert cells[5:9] == ["…", "80", "90", "0"]


def test_a_period_stands_in_the_middle_of_its_months_and_reaches_over_them():
    released = release(hand_made(SMALL, LARGE, LARGER))
    ax = monthly_shares(released, language="en")
    pilot, control = (line(ax, group).get_xdata() for group in ("pilot", "control"))
    middle = (pilot + control) / 2 - 12 * 2021
    (span,) = [bar for bar in ax.collections if bar.get_gid() == "pilot period"]
    reach = span.get_segments()[0][:, 0]
    # Months count from 0; a line is not drawn over March, which has no row.
    np.testing.assert_allclose(middle, [0.5, 3])
    assert 1 < reach[1] - reach[0] < 2
    assert texts(ax, "n")[:2] == ["84", "90"]


def test_differences_name_the_months_of_a_period():
    ax = monthly_differences(release(hand_made(SMALL, LARGE, LARGER)), language="en")
    assert any(
        "January 2021" in tick.get_text() and "February 2021" in tick.get_text()
        for tick in ax.get_yticklabels()
    )


@pytest.mark.parametrize("figure", FIGURES)
def test_a_month_alone_is_drawn_without_the_pooled_row(figure):
    whole = release(hand_made(LARGE, LARGER))
    alone = dataclasses.replace(whole, table=whole.table[:1])
    ax = figure(alone, language="en")
    ax.figure.draw_without_rendering()
    shown = [text.get_text() for text in [*ax.texts, *ax.get_yticklabels()]]
    assert "all months" not in shown
    assert [patch for patch in ax.patches if patch.get_gid() == "pooled"] == []
    assert "80" in shown


def test_zero_is_always_in_sight():
    rows = hand_made(("2021-01", 450, 500, 50, 500), ("2021-02", 440, 500, 60, 500))
    low, high = monthly_differences(rows).get_xlim()
    assert low < 0 < high


def test_a_wholly_masked_study_is_drawn():
    for figure in FIGURES:
        ax = figure(release(hand_made(SMALL)), language="en")
        assert "…" in [text.get_text() for text in ax.texts]


def written(ax) -> list:
    """Every text that is drawn."""
    ticks = [
        tick.label1
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis._update_ticks()  # the ticks in view
    ]
    key = ax.get_legend().get_texts() if ax.get_legend() else []
    return [*ax.texts, *ticks, ax.xaxis.label, ax._left_title, *key]


CASES = {
    "1 month": lambda: satakunta(1),
    "24 months": lambda: satakunta(24),
    "36 months": lambda: satakunta(36),
    "36 masked": lambda: with_a_masked_month(SMALL, *[
        (month, 50, 99, 260, 500) for month in months("2021-02", 35)
    ]),
    "periods": lambda: release(hand_made(*[
        (month, 3, 6, 260, 500) for month in months("2021-01", 24)
    ])),
    "national": wide,
    "strata": lambda: hand_made(
        *[(f"a rather long name of office {n}", 40, 80, 250, 500) for n in range(8)],
        ("x" * 10_000, 40, 80, 250, 500)
    ),
}  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("case", "language"),
    [*((case, "fi") for case in CASES), ("24 months", "sv"), ("24 months", "en")],
)
def test_no_text_leaves_the_figure_or_runs_into_another(figure, language, case):
    ax = figure(CASES[case](), breaks=BREAKS, language=language, synthetic=True)
    ax.figure.draw_without_rendering()
    whole = ax.figure.bbox
    boxes = {
        f"{number} {text.get_text()}": text.get_window_extent()
        for number, text in enumerate(written(ax))
        if text.get_text()
    }
    for name, box in boxes.items():
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, name
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, name
    for (one, box), (other, next_box) in itertools.combinations(boxes.items(), 2):
        assert not box.padded(-1).overlaps(next_box.padded(-1)), (one, other)


@pytest.mark.parametrize("figure", FIGURES)
def test_svg_is_the_same_each_time_and_holds_nobody(figure):
    first, second = (
        figure_bytes(figure(satakunta(12), breaks=BREAKS, synthetic=True), "svg")
        for _ in range(2)
    )
    assert first == second
    root = ET.fromstring(first)  # noqa: S314  (our own file)
    ids = [element.get("id", "") for element in root.iter()]
    assert {"tag", "caption"} <= set(ids)
    uses = [element for element in root.iter() if element.tag.endswith("}use")]
    assert len(uses) < 3000  # letters and one mark a group and month, none a person


@pytest.mark.parametrize("figure", FIGURES)
def test_png_is_the_same_each_time(figure):
    first, second = (figure_bytes(figure(satakunta(3)), "png") for _ in range(2))
    assert first == second


def test_no_line_runs_through_a_value() -> None:
    """Each value stands before the lines, in a halo that parts it from them."""
    ax = monthly_shares(satakunta(3), language="en")
    values = [text for text in ax.texts if text.get_text().endswith("%")]
    assert len(values) == 6
    for value in values:
        assert value.get_path_effects()
        assert all(value.get_zorder() > line.get_zorder() for line in ax.lines)
