"""Each path through the gate and the verdict in three languages, word by word."""

import dataclasses
import re
import tomllib
from math import nan
from pathlib import Path
from typing import get_args

import pytest

from evalkit.errors import EvalkitError
from evalkit.evaluation.card import estimand_card
from evalkit.evaluation.gate import Gate
from evalkit.evaluation.verdict import WITHHELD, Code
from evalkit.report.card_text import card_rows
from evalkit.report.gate_text import decimals_apart, gate_rows
from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.verdict_text import verdict_sentences, verdict_text
from tests.evaluation.constructed import constructed

FILE = Path(__file__).with_name("verdict_cases.toml")
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]
NAMES = [case["name"] for case in CASES]
CAUSAL = {
    "en": r"effect|impact|caus|thanks to|due to|because|than would have been",
    "fi": r"vaikut|syy|johtu|ansio|takia|ilman pilottia",
    "sv": r"effekt|verkan|påverk|orsak|genomslag|tack vare|beror|utan piloten",
}
EMPLOYED = {
    "en": r"(?<!un)(?<!not )employ|in work|found work",
    "fi": r"työllist|työllinen|töihin|työssä",
    "sv": r"sysselsatt|i arbete|fick jobb",
}


def evaluation_of(case):
    given = {
        key: None
        if value == "none"
        else tuple(value)
        if isinstance(value, list)
        else value
        for key, value in case["given"].items()
    }
    return constructed(**given)


def test_there_is_a_case_for_every_verdict() -> None:
    assert len(CASES) >= 40
    assert len(set(NAMES)) == len(CASES)
    assert {case["code"] for case in CASES} == set(get_args(Code))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_words(case) -> None:
    evaluation = evaluation_of(case)
    assert evaluation.verdict.code == case["code"]
    for language in LANGUAGES:
        assert verdict_text(evaluation, language) == case[language]
        assert verdict_text(evaluation.verdict, language) == case[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_causal_word_where_the_verdict_is_withheld(language) -> None:
    for case in CASES:
        found = re.search(CAUSAL[language], case[language], re.IGNORECASE)
        if case["code"] in WITHHELD:
            assert not found, case["name"]
            assert evaluation_of(case).verdict.is_withheld
    assert any(re.search(CAUSAL[language], case[language]) for case in CASES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_unemployed_is_never_employed(language) -> None:
    for case in CASES:
        assert not re.search(EMPLOYED[language], case[language], re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_ends_in_the_caution(language) -> None:
    cautions = {case[language].split(". ")[-1] for case in CASES}
    assert len(cautions) == 1
    sentences = verdict_sentences(constructed(), language)
    assert not sentences[-1].endswith(cautions.pop())


def test_the_gate_in_words() -> None:
    gate = constructed(outside=0.3, pilots=29, days=None, synthetic=True).gate
    rows = gate_rows(gate, "en")
    assert [row.check for row in rows if row.state != "passed"] == [
        "share of the pilot group with controls like them in their month",
        "people in the pilot group",
    ]
    assert [row[2:] for row in rows if row.state == "failed"] == [
        ("70.0%", "at least 90%", "failed", "a population in which both groups occur"),
        ("29", "at least 30", "failed", "more clients of the pilot"),
    ]
    assert not any(row.remedy for row in rows if row.state == "passed")


def test_what_is_not_known_is_a_dash() -> None:
    unknown = [dataclasses.replace(c, measured=nan) for c in constructed().gate.checks]
    rows = gate_rows(Gate(checks=tuple(unknown)), "sv")
    assert {row.measured for row in rows} == {"\u2013"}


def test_a_number_shows_on_which_side_of_the_threshold_it_is() -> None:
    assert decimals_apart(5.04, [5.0]) == 2
    assert decimals_apart(5.0, [5.0]) == 1
    assert decimals_apart(0.0004, [0.0]) == 3
    row = gate_rows(constructed(unknown=(0.1004, 0.1)).gate, "fi")[1]
    assert (row.measured, row.allowed) == ("10,04\u00a0%", "enintään 10\u00a0%")


def test_the_card_in_words() -> None:
    evaluation = constructed(looks=("2021-12",))
    rows = dict(card_rows(evaluation.card, "en"))
    assert rows["Start months"] == "January 2021 \u2013 February 2021 (2 months)"
    assert rows["Alike in"] == "age; sex"
    assert rows["Population"] == rows["Outcome"] == "as the table has it"
    assert "Offices" not in rows
    assert rows["Method, declared beforehand"] == "weights and prediction (AIPW)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_of_a_plan_leaves_nothing_open(language) -> None:
    planned = constructed(looks=("2021-12",))
    card = estimand_card(planned.cohort, "aipw", planned.headline)
    rows = card_rows(card, language)
    assert len(rows) == len({label for label, _ in rows}) == 21
    assert all(text.strip() for _, text in rows)


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(EvalkitError, match="fi, sv, en"):
        verdict_text(constructed(), "de")
