"""Figures of a service's results: months, ages, routes and activities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.plots.activities import results_and_activities
from evalkit.report.plots.ages import results_by_age
from evalkit.report.plots.results import monthly_results
from evalkit.report.plots.style import figure_bytes
from evalkit.service.results import ServiceResults
from evalkit.statements.claims import Activity
from evalkit.study.protocol import Break

MONTHS = {"2020-11": 10, "2020-12": 3, "2021-01": math.nan, "2021-02": 21}
AGES = {"<30": (40, 30, 12), "30-59": (60, 50, 20), "60+": (9, 8, 2)}
ROUTES = {"work": 30, "training": 8, "entrepreneur": 2}
PAUSE = Break(label="keskeytys", first="2021-01", last="2021-01")
CALLS = [
    Activity(en="calls", fi="soitot", count=9000, more=True),
    Activity(en="letters", count=12000),
]


@pytest.fixture(scope="module")
def service() -> ServiceResults:
    rows = [
        ("month", month, "positive", n, "", math.nan) for month, n in MONTHS.items()
    ]
    for group, counts in AGES.items():
        steps = dict(zip(("referred", "completed", "positive"), counts, strict=True))
        rows += [("age", group, step, n, "", math.nan) for step, n in steps.items()]
    rows += [("route", r, "positive", n, "positive", 40) for r, n in ROUTES.items()]
    counts = pd.DataFrame(
        rows, columns=["table", "group", "measure", "count", "base", "base_n"]
    )
    counts["share"] = counts["count"] / counts["base_n"]
    averages = pd.DataFrame(
        [("2020", "positive", 13, 2, 6.5), ("2021", "positive", 21, 2, 10.5)],
        columns=["year", "measure", "count", "months", "a_month"],
    )
    return ServiceResults(
        counts=counts.astype({"count": "Int64"}),
        targets=pd.DataFrame(),
        averages=averages,
        n_people=109,
        level=0.95,
    )


def texts(ax, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def heights(ax) -> list[float]:
    return sorted(patch.get_height() for patch in ax.patches if patch.get_height() > 0)


# Months.


def test_months_stand_by_the_calendar_with_their_numbers(service) -> None:
    ax = monthly_results(service, smallest_cell=1, language="en")
    assert texts(ax, "number") == ["10", "3", "21"]
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "Nov", "Dec", "Jan", "Feb",
    ]  # fmt: skip
    assert heights(ax) == [3, 10, 21]


def test_a_month_without_service_is_a_gap(service) -> None:
    ax = monthly_results(service, smallest_cell=1)
    places = {round(p.get_x() + p.get_width() / 2) for p in ax.patches}
    assert places == {12 * 2020 + 10, 12 * 2020 + 11, 12 * 2021 + 1}


def test_a_small_count_does_not_show(service) -> None:
    ax = monthly_results(service, smallest_cell=5)
    assert texts(ax, "number") == ["10", "<5", "21"]
    assert heights(ax) == [5, 10, 21]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "peitetty" in labels


def test_averages_run_across_their_years(service) -> None:
    ax = monthly_results(service, smallest_cell=1)
    lines = {
        (round(x0, 2), round(x1, 2), y)
        for lines in ax.collections
        for (x0, y), (x1, _) in lines.get_segments()
    }
    nov, feb = 12 * 2020 + 10, 12 * 2021 + 1
    assert lines == {
        (nov - 0.42, nov + 1.42, 6.5),
        (feb - 1.42, feb + 0.42, 10.5),
    }
    assert texts(ax, "n") == ["7", "11"]


def test_a_pause_is_shaded_and_named(service) -> None:
    ax = monthly_results(service, breaks=[PAUSE], smallest_cell=1)
    assert texts(ax, "break") == ["keskeytys"]


# Ages.


def test_ages_with_both_shares(service) -> None:
    ax = results_by_age(service, smallest_cell=1, language="en")
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "under 30", "30\N{EN DASH}59", "60 or over",
    ]  # fmt: skip
    assert texts(ax, "n") == ["30%", "33%", "22%", "40%", "40%", "25%"]
    assert heights(ax) == [2, 8, 9, 12, 20, 30, 40, 50, 60]


def test_an_age_with_a_small_count_is_masked_whole(service) -> None:
    """From the completed and their share the small number could be worked out."""
    ax = results_by_age(service, smallest_cell=5, language="en")
    assert heights(ax) == [12, 20, 30, 40, 50, 60]
    assert texts(ax, "n") == ["30%", "33%", "…", "40%", "40%", "…"]
    assert texts(ax, "number").count("…") == 3


# Routes and activities.


def test_routes_with_their_shares(service) -> None:
    ax = results_and_activities(service, CALLS, smallest_cell=1, language="en")
    left, right = ax.child_axes
    assert texts(left, "number") == ["75% (30)", "20% (8)", "5% (2)"]
    assert texts(right, "number") == ["12,000", "more than 9,000"]
    assert [bar.get_width() for bar in right.patches] == [12000, 9000]
    assert left.get_title(loc="left") == "Positive results (40)"


def test_one_small_route_hides_another(service) -> None:
    """The total is known, so that one masked count alone could be worked out."""
    ax = results_and_activities(service, CALLS, smallest_cell=5, language="en")
    numbers = texts(ax.child_axes[0], "number")
    assert numbers == ["75% (30)", "…", "…"]


def test_activities_are_named_in_the_language_or_in_english(service) -> None:
    names = {
        code: [
            label.get_text()
            for label in results_and_activities(service, CALLS, language=code)
            .child_axes[1]
            .get_yticklabels()
        ]
        for code in ("fi", "en")
    }
    assert names == {"fi": ["Letters", "Soitot"], "en": ["Letters", "Calls"]}


# All of them.


def drawn(service, **options):
    return [
        monthly_results(service, **options),
        results_by_age(service, **options),
        results_and_activities(service, CALLS, **options),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_synthetic_data_say_so_in_every_language(service, language) -> None:
    for ax in drawn(service, language=language, synthetic=True):
        assert len(texts(ax, "tag")) == 1
        assert texts(ax, "caption")[0]
    for ax in drawn(service, language=language):
        assert not texts(ax, "tag")


def test_the_same_results_give_the_same_bytes(service) -> None:
    for one, other in zip(drawn(service), drawn(service), strict=True):
        for file_format in ("svg", "pdf"):
            assert figure_bytes(one, file_format) == figure_bytes(other, file_format)


def test_into_given_axes(service) -> None:
    for draw in (monthly_results, results_by_age):
        given = Figure(figsize=(12, 6)).add_axes((0.2, 0.3, 0.7, 0.4))
        assert draw(service, ax=given) is given
    assert np.isfinite(given.get_ylim()).all()
