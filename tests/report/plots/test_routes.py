"""Figures of exit routes, by what is on their panels."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.survival.exit_routes import exit_routes
from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.routes import exit_areas, exit_comparison, exit_trap
from evalkit.report.plots.style import figure_bytes

FIGURES = [exit_areas, exit_comparison, exit_trap]
ROUTES = ("work", "training", "entrepreneur", "service", "other", "unknown")


def routes_of(names=ROUTES, n=600, clock="entry"):
    random = np.random.default_rng(7)
    weeks, open_weeks = random.geometric(0.06, n), random.integers(10, 60, n)
    people = pd.DataFrame(
        {
            "treat": random.integers(0, 2, n),
            "weeks": np.minimum(weeks, open_weeks),
            "left": weeks <= open_weeks,
            "to": random.choice(names, n),
            "before": random.integers(0, 60, n),
        }
    )
    cohort = Cohort.from_frame(
        people.assign(to=people["to"].where(people["left"])),
        group="treat",
        outcome="left",
        weeks="weeks",
        exited="left",
        exit_to="to",
        weeks_before="before",
    )
    return exit_routes(cohort, clock=clock)


@pytest.fixture(scope="module")
def found():
    return routes_of()


def texts(ax, gid):
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def drawn(panel, gid):
    (one,) = [art for art in panel.get_children() if art.get_gid() == gid]
    return one


def heights(panel, gid):
    """Return the lowest and the highest of an area at the panel's last week."""
    corners = drawn(panel, gid).get_paths()[0].vertices
    last = corners[corners[:, 0] == panel.get_xlim()[1]]
    return last[:, 1].min(), last[:, 1].max()


def test_areas_are_the_shares_and_fill_the_panel(found):
    ax = exit_areas(found, weeks=26)
    at = found.at(26)
    for panel, group in zip(ax.child_axes, ("pilot", "control"), strict=True):
        own = at[at["group"] == group].set_index("exit_to")["incidence"]
        top = 0.0
        for route in ROUTES:
            low, high = heights(panel, f"area {route}")
            # A step at the last week has no width, so both of its ends are there.
            assert high == pytest.approx(top + own[route])
            top += own[route]
            assert low < high
        assert heights(panel, "area unemployed")[1] == 1
        assert panel.get_xlim() == (0, 26)


def test_labels_carry_the_shares(found):
    ax = exit_areas(found, weeks=26, language="en")
    at = found.at(26)
    share = at[(at["group"] == "control") & (at["exit_to"] == "work")]["incidence"]
    words = read_language("en")
    labels = texts(ax.child_axes[1], "label")
    assert labels[0] == f"Work {words.percent(share.item())}"
    assert labels[-1].startswith("Still unemployed")
    assert len(labels) == len(ROUTES) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_of_our_own_is_cut_short(found, language):
    axes = exit_areas(found, weeks=13, language=language)
    labels = [label for panel in axes.child_axes for label in texts(panel, "label")]
    assert labels
    assert not [label for label in labels if "…" in label]


def test_lines_and_bands_are_shares_and_intervals(found):
    ax = exit_comparison(found, routes=("training", "unknown"), weeks=26)
    shown = found.table[found.table["weeks"] <= 26]
    for panel, route in zip(ax.child_axes, ("training", "unknown"), strict=True):
        for group in ("pilot", "control"):
            own = shown[(shown["group"] == group) & (shown["exit_to"] == route)]
            line = drawn(panel, f"line {group}")
            np.testing.assert_allclose(line.get_ydata(), [0, *own["incidence"]])
            band = drawn(panel, f"band {group}").get_paths()[0].vertices
            assert band[:, 1].max() == pytest.approx(own["ci_high"].max())
    one, other = ax.child_axes
    assert one.get_ylim() == other.get_ylim()


def test_the_difference_is_written_with_its_interval(found):
    ax = exit_comparison(found, weeks=26, language="en")
    row = found.difference(26).set_index("exit_to").loc["work"]
    words = read_language("en")
    (text,) = texts(ax.child_axes[0], "gap")
    assert words.points(row["estimate"], unit=False) in text
    assert words.points_interval(row["ci_low"], row["ci_high"]) in text


def test_work_and_the_most_frequent_other_route_are_compared(found):
    ax = exit_comparison(found, weeks=26, language="en")
    heads = [panel.get_title(loc="left") for panel in ax.child_axes]
    shares = found.at(26).groupby("exit_to")["incidence"].sum().drop("work")
    other = read_language("en").text(f"routes.{shares.idxmax()}")
    assert heads == ["Work", other.capitalize()]
    without = routes_of(("alpha", "beta", "gamma"))
    heads = [p.get_title(loc="left") for p in exit_comparison(without).child_axes]
    assert set(heads) < {"Alpha", "Beta", "Gamma"}


def test_one_route_has_one_panel():
    one, other = exit_comparison(routes_of(("work",), 80)).child_axes
    assert one.get_visible()
    assert not other.get_visible()


def test_the_trap_adds_up_to_more_than_have_left(found):
    ax = exit_trap(found, weeks=26, language="en", group="pilot")
    wrong, right = ax.child_axes
    at = found.at(26)
    left = at[at["group"] == "pilot"]["incidence"].sum()
    assert drawn(right, "total").get_ydata()[-1] == pytest.approx(left)
    assert heights(right, "area unknown")[1] == pytest.approx(left)
    assert heights(wrong, "area unknown")[1] > left + 0.2
    assert wrong.get_ylim() == right.get_ylim()
    assert read_language("en").percent(left) in right.get_title(loc="left")


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_people_are_named_so(figure, language, found):
    label = read_language(language).text("data.synthetic")
    assert texts(figure(found, synthetic=True, language=language), "tag") == [label]
    assert texts(figure(found, language=language), "tag") == []


@pytest.mark.parametrize("figure", FIGURES)
def test_the_start_of_the_clock_is_told(figure):
    late = routes_of(clock="registration")
    ax = figure(late, language="en")
    (caption,) = texts(ax, "caption")
    assert f"unemployed for {late.start} weeks" in caption.replace("\n", " ")
    assert ax.child_axes[0].get_xlim()[0] == late.start
    assert ax.child_axes[0].get_xlabel() == "weeks since unemployment began"


@pytest.mark.parametrize("figure", FIGURES)
def test_ones_own_axes_and_title_are_used(figure, found):
    ax = Figure(figsize=(12, 6)).add_axes((0.1, 0.2, 0.8, 0.6))
    assert figure(found, ax=ax, title="Ours") is ax
    assert ax.get_title(loc="left") == "Ours"


@pytest.mark.parametrize("figure", FIGURES)
def test_a_week_beyond_the_follow_up_is_refused(figure, found):
    with pytest.raises(EstimationError, match="Both are followed"):
        figure(found, weeks=900)


CASES = {
    "six routes": (ROUTES, 600),
    "few people": (ROUTES, 40),
    "one route": (("work",), 80),
    "own names": ((*ROUTES, "x" * 300, "a place of one's own", "y"), 600),
}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("case", "language"),
    [*((case, "fi") for case in CASES), ("six routes", "sv"), ("six routes", "en")],
)
def test_no_text_leaves_the_figure_or_runs_into_another(figure, case, language):
    names, n = CASES[case]
    ax = figure(routes_of(names, n), language=language, synthetic=True)
    ax.figure.draw_without_rendering()
    whole = ax.figure.bbox
    written = [*ax.texts, ax._left_title]
    for panel in filter(Artist.get_visible, ax.child_axes):
        ticks = [
            tick.label1
            for axis in (panel.xaxis, panel.yaxis)
            for tick in axis._update_ticks()
        ]
        written += [*panel.texts, *ticks, panel.xaxis.label, panel._left_title]
    boxes = {
        # The text alone, without the line that leads to it.
        f"{number} {text.get_text()}": Text.get_window_extent(text)
        for number, text in enumerate(written)
        if text.get_text()
    }
    for name, box in boxes.items():
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, name
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, name
    for (one, box), (other, next_box) in itertools.combinations(boxes.items(), 2):
        assert not box.padded(-1).overlaps(next_box.padded(-1)), (one, other)


@pytest.mark.parametrize("figure", FIGURES)
def test_files_are_the_same_each_time(figure, found):
    first, second = (figure_bytes(figure(found), "svg") for _ in range(2))
    assert first == second
