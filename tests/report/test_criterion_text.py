"""Why somebody was left out, in words."""

from __future__ import annotations

import pytest

from evalkit.report.criterion_text import CRITERIA, criterion_text
from evalkit.report.language.catalogue import LANGUAGES, read_language


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_steps_that_are_published_as_one_are_in_words(code) -> None:
    words = read_language(code)
    name = "not in_service; unemployed; outcome known, in a published month"
    text = criterion_text(name, words)
    assert text.count("; ") == 2
    assert not any(part in text for part in name.split("; "))
    assert "in_service" not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_column_of_the_plan_s_own_is_quoted(code) -> None:
    text = criterion_text("not on_leave", read_language(code))
    assert any(f"{mark}on_leave" in text for mark in "“”")


@pytest.mark.parametrize("name", CRITERIA)
def test_no_criterion_stays_english(name) -> None:
    assert criterion_text(name, read_language("sv")) != name
