"""The catalogues use the glossary's words for the terms of the domain, and no others.

Read are the words of `docs/glossary.md`. Where an English text uses one of the terms
below, the same text in Finnish and Swedish must use the glossary's word for it, in any
of its forms; and words that mean something else are used nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalkit.report.language.catalogue import LANGUAGES, read_language

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"
TERMS = (
    "pilot group", "control group", "follow-up pool", "seed", "random sample",
    "jobseeker", "not unemployed", "laid off", "employment code", "service line",
    "confidence interval", "percentage point", "standard error",
    "standard deviation", "p-value", "standardised difference", "propensity score",
    "statistically significant", "labour market training", "municipality",
)  # fmt: skip
"""Terms whose words must be the glossary's wherever they are used."""

FORBIDDEN = {
    "fi": (
        r"vertailuryhm", r"kontrolliryhm", r"koeryhm", r"hoitoryhm", r"virheväli",
        r"prosenttipiste", r"(?<![\d,])5\s?%",
    ),
    "sv": (
        r"jämförelsegrupp", r"behandlingsgrupp", r"försöksgrupp", r"interventionsgrupp",
        r"procentpoäng", r"(?<![\d,])5\s?%",
    ),
    "en": (
        r"comparison group", r"treatment group", r"experimental group", r"\btreated\b",
        r"percent points", r"(?<![\d.])5\s?%",
    ),
}  # fmt: skip
"""Other words for a group, for percentage points, and the level of an interval called
by what it leaves out."""

WORK = {
    "fi": r"työllisyy(?!skood|salue)|^(?!.*\b(ei|eivät)\b).*\btyöllisty(?!mistä edis)",
    "sv": r"\bsysselsättning(?!skod|sområde|sfrämjande)|\bsysselsatt",
    "en": r"\bemployment(?! code| area| service)|\bemployed\b",
}
"""Words for having a job: only what a contract pays for is that. That leaving
unemployment is not finding work may be said."""


@pytest.fixture(scope="module")
def glossary() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the glossary's words by English term and language."""
    text = GLOSSARY.read_text(encoding="utf-8")
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE):
        columns = [re.sub(r" \(.*?\)|95 %(:n)? ", "", cell).split(", ") for cell in row]
        english, finnish, swedish = columns
        for number, term in enumerate(english):
            pair = len(english) == len(finnish) == len(swedish)
            words[term] = {
                "fi": (finnish[number],) if pair else tuple(finnish),
                "sv": (swedish[number],) if pair else tuple(swedish),
            }
    return words


def form_of(term: str) -> str:
    """Return a pattern of a term in any of its forms: the beginnings of its words."""
    stems = [word[: max(2, len(word) - 3)] for word in term.split()]
    return r"\w*( \w+)? ".join(map(re.escape, stems))


def used(term: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(term)}(s|ies)?\b", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_terms_are_the_glossary_s(code, glossary) -> None:
    english, other = read_language("en").texts, read_language(code).texts
    against = [
        (term, key)
        for term in TERMS
        for key, text in english.items()
        if used(term, text)
        and not any(
            re.search(form_of(word), other[key], re.IGNORECASE)
            for word in glossary[term][code]
        )
    ]
    assert against == []


def test_most_terms_are_used(glossary) -> None:
    texts = read_language("en").texts.values()
    assert set(TERMS) <= set(glossary)
    found = [term for term in TERMS if any(used(term, text) for text in texts)]
    assert len(found) >= 15


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_that_mean_something_else_are_not_used(code) -> None:
    against = [
        (key, word)
        for key, text in read_language(code).texts.items()
        for word in FORBIDDEN[code]
        if re.search(word, text, re.IGNORECASE)
    ]
    assert against == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_not_unemployed_is_not_called_employed(code) -> None:
    texts = read_language(code).texts.items()
    against = [key for key, text in texts if re.search(WORK[code], text, re.IGNORECASE)]
    assert {key for key in against if not key.startswith("fees.")} == set()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("fi", "Ero vertailuryhmään"),
        ("fi", "5 %:n luottamusväli"),
        ("sv", "i jämförelsegruppen"),
        ("en", "The treatment group"),
        ("en", "5% confidence interval"),
    ],
)
def test_they_would_be_found(code, text) -> None:
    assert any(re.search(word, text, re.IGNORECASE) for word in FORBIDDEN[code])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("fi", "Työllistyneiden osuus"),
        ("fi", "työllisyyden ero"),
        ("sv", "Sysselsättningen"),
        ("en", "Share employed"),
    ],
)
def test_a_word_for_having_a_job_would_be_found(code, text) -> None:
    assert re.search(WORK[code], text, re.IGNORECASE)
