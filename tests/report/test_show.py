"""What is shown is what may leave, in words of a language."""

from __future__ import annotations

import pytest

from evalkit.errors import EvalkitError
from evalkit.estimate.groups.balance import balance
from evalkit.estimate.survival.curves import survival_curves
from evalkit.evaluation.evaluation import evaluate
from evalkit.report.show import show
from tests.report.release.people import cohort, table
from tests.report.tables import hand_made

SMALL = ("south", 2, 4, 250, 500)
EAST = ("east", 40, 80, 250, 500)
WEST = ("west", 50, 90, 260, 1500)


@pytest.mark.parametrize(
    ("language", "head", "number"),
    [
        ("fi", "n, pilotti", "1 500"),
        ("sv", "n, pilot", "1 500"),
        ("en", "n, pilot", "1,500"),
    ],
)
def test_heads_and_numbers_are_of_the_language(language, head, number):
    text = str(show(hand_made(SMALL, EAST, WEST), language=language))
    assert head in text
    assert number in text.replace("\N{NO-BREAK SPACE}", " ")


def test_masked_numbers_are_dots_and_missing_ones_dashes():
    html = show(hand_made(SMALL, EAST, WEST), language="en")._repr_html_()
    assert "…" in html
    assert "below 5" in html
    assert "0.5000" not in html


def test_a_text_is_no_markup():
    evil = "<script>alert(1)</script>"
    shown = show(hand_made((evil, 40, 80, 250, 500), EAST), language="en")
    assert "<script" not in shown._repr_html_()
    assert evil in str(shown)


def test_the_smallest_cell_is_the_callers():
    rows = hand_made(("south", 4, 80, 250, 500), EAST, WEST)
    assert show(rows, min_cell=5).to_frame()["masked"].any()
    assert not show(rows, min_cell=3).to_frame()["masked"].any()


def test_further_tables_are_shown_too():
    people = cohort(table())
    text = str(show(survival_curves(people), language="en"))
    assert "medians" in text
    assert "Jämijärvi" not in str(show(balance(people), language="en"))


def test_an_evaluation_is_shown_as_a_whole():
    shown = show(evaluate(cohort(table(n=300))), language="sv")
    assert "headline" in str(shown)
    assert shown._repr_html_().count("<table") == len(shown.released.frames())


def test_an_unknown_language_is_refused():
    with pytest.raises(EvalkitError, match="language"):
        show(hand_made(EAST), language="de")
