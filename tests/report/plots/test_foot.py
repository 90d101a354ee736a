"""The line at the foot of a figure that is saved alone."""

from __future__ import annotations

import pytest

from evalkit.examples.satakunta import example_plan
from evalkit.report.card_text import rules_line
from evalkit.report.language.catalogue import LANGUAGES, read_language
from evalkit.report.plots.foot import with_foot
from evalkit.report.plots.months import monthly_differences, monthly_shares
from evalkit.report.plots.style import axes_size, whole_figure
from tests.report.plots.layout import overflowing
from tests.report.tables import satakunta

FIGURES = [monthly_shares, monthly_differences]


def line(language: str) -> str:
    return rules_line(example_plan(), time_zero="aligned", language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_says_by_which_rules_the_people_were_followed(language) -> None:
    words, said = read_language(language), line(language)
    assert words.text("card.lag_months", number=3) in said
    assert words.text("card.time_zero_aligned") in said
    assert words.text("card.outcome_codes", codes="02, 03") in said
    assert words.text("data.synthetic") in said
    assert "{" not in said
    assert ".." not in said


def test_the_report_s_reading_is_named() -> None:
    said = rules_line(
        example_plan(), time_zero="report", outcome="outcome_report", language="en"
    )
    assert "the report's rule" in said
    assert "descriptive only" in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("draw", FIGURES)
def test_the_foot_stands_below_everything_else(draw, language) -> None:
    ax = draw(satakunta(), language=language, synthetic=True)
    size = axes_size(ax)
    figure = whole_figure(with_foot(ax, line(language)))
    assert axes_size(ax) == pytest.approx(size)
    (foot,) = figure.texts
    top = foot.get_window_extent().y1
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert all(box.y0 >= top for box in boxes)
    assert ax.get_tightbbox().y0 >= top
    assert overflowing(figure) == []


def test_nothing_is_added_for_no_line() -> None:
    ax = monthly_shares(satakunta())
    before = whole_figure(ax).get_size_inches().tolist()
    assert whole_figure(with_foot(ax, "")).get_size_inches().tolist() == before
