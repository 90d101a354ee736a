"""Texts and number formats in three languages."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import evalkit
from evalkit.cohort.findings import KINDS, Status
from evalkit.errors import EvalkitError
from evalkit.estimate.adjustment.specifications import SPECIFICATIONS
from evalkit.estimate.decomposition.blocks import BROAD_BLOCKS, KNOWN_BLOCKS
from evalkit.estimate.survival.durations import Clock
from evalkit.evaluation.card import EstimandCard
from evalkit.evaluation.gate import DOORS, State
from evalkit.evaluation.verdict import Code
from evalkit.report.changes import Reason
from evalkit.report.chapters import method
from evalkit.report.criterion_text import CRITERIA
from evalkit.report.language.catalogue import (
    LANGUAGES,
    calendar_month,
    placeholders,
    read_language,
)
from evalkit.report.note_text import NOTES
from evalkit.report.step_text import STEPS
from evalkit.study.codes import Route
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.protocol import HISTORY

CHECKS = (
    "share", "unknown", "unknown_apart", "days_apart", "time_zero", "support",
    "weight", "means", "products", "pilots", "controls", "detectable",
)  # fmt: skip
REMEDIES = (
    "use_share", "find", "same_lag", "align", "narrow", "describe", "adjust",
    "more_people", "more_pilots", "more_controls",
)  # fmt: skip
READINGS = (
    "primary", "services_fail", "report_rule", "without_laid_off",
    "laid_off_other_way", "later_clients_dropped", "later_clients_weighted",
    "unknown_worst", "unknown_best",
)  # fmt: skip
MADE = {
    f"{stem}.{ending}"
    for stem, endings in {
        "group": ["pilot", "control", "pilot_short", "control_short"],
        "month": ["all", "pooled"],
        "differences": ["lower", "higher"],
        "block": [*KNOWN_BLOCKS, *BROAD_BLOCKS, "month"],
        "waterfall": ["raw"],
        "specification": ["raw", *SPECIFICATIONS],
        "routes": [*get_args(Route), *get_args(Clock), "naive", "incidence"],
        "ages": ["referred", "completed", "positive", "of_referred", "of_completed"],
        "covariate": [*HISTORY, "laid_off", "age", "sex", "education", "municipality"],
        "sex": ["woman", "man"],
        "joiners": ["pilot", "kept", "censored"],
        "verdict": [
            *get_args(Code),
            "interim_without_interval",
            "cannot_tell_without_interval",
        ],
        "gate": [*DOORS, *get_args(State), *CHECKS, *REMEDIES],
        "card": [
            *(field.name for field in fields(EstimandCard)),
            *(f"population_{kind}" for kind in ("opening", "closing", "inflow")),
            *(f"time_zero_{rule}" for rule in ("aligned", "report")),
            *(f"lag_{unit}" for unit in ("months", "weeks", "days")),
            *(f"outcome_{rule}" for rule in ("codes", "flag", "registered")),
            *(f"absent_{status}" for status in ("not_unemployed", "unknown")),
            *(f"estimand_{whose}" for whose in ("ATT", "matched", "unadjusted")),
            *(f"cluster_{unit}" for unit in ("person", "row")),
            "return_rule_status_at_lag",
            "contamination_kept",
            "unknowns_left_out",
        ],
        "answer": ["door", "check", "measured", "allowed", "state", "remedy"],
        "changes": [
            *get_args(Reason),
            *(f"code_{code}" for code in get_args(Code)),
        ],
        "criterion": [*CRITERIA.values(), "kept", "weeks"],
        "note": [*NOTES],
        "step": [*STEPS],
        "excluded": [n for n, c in SNAPSHOT_COLUMNS.items() if c.kind == "flag"],
        "register": ["snapshots", "pilot"],
        "guess": [
            *("csv", "excel", "flag", "registered", "codes", "aligned", "report"),
        ],
        "verified": [kind.replace(" ", "_") for kind in (*KINDS, *get_args(Status))],
        "doubt": ["robustness", "robustness_ci"],
        "lag": ["months", "weeks", "days"],
        "months": ["shares", "differences"],
        "reading": ["headline", "strict", "unadjusted", *READINGS],
        "subgroup": ["below", "between", "above", "unknown", "other"],
        "word": [*(f"{word}{end}" for word in method._WORDS for end in ("", "_means"))],
    }.items()
    for ending in endings
}
"""Keys that code puts together from parts: a group, a month, a side, a method."""
SAME_IN_ALL = {
    *("group.size", "flow.first", "group.pilot_short", "sex.man"),
    *("register.span", "verified.plan"),
}
"""Texts that may be spelt alike in two languages."""


SAID = {"guess", "known", "finding"}
"""Sections whose English is what other rooms say, to be known again by it."""


def source() -> str:
    folder = Path(evalkit.__file__).parent
    files = sorted([*folder.rglob("*.py"), *folder.rglob("*.jinja")])
    text = "\n".join(path.read_text("utf-8") for path in files)
    return re.sub(r"^ *>>>.*$", "", text, flags=re.MULTILINE)


def used_keys() -> set[str]:
    return set(re.findall(r'\btext\(\s*"([a-z_.]+)"', source()))


def named_keys() -> set[str]:
    """Return the keys that the code holds whole, in a dict or a condition."""
    return set(re.findall(r'"([a-z_]+\.[A-Za-z0-9_-]+)"', source()))


def test_no_two_files_hold_the_same_section():
    folder = Path(evalkit.__file__).parent / "report" / "language"
    for code in LANGUAGES:
        files = sorted((folder / code).glob("*.toml"))
        sections = [
            name for file in files for name in tomllib.loads(file.read_text("utf-8"))
        ]
        assert len(sections) == len(set(sections))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_catalogue_has_the_same_keys_and_placeholders(code):
    english, other = read_language("en"), read_language(code)
    assert other.texts.keys() == english.texts.keys()
    assert other.rules.keys() == english.rules.keys()
    for key, text in other.texts.items():
        assert placeholders(text) == placeholders(english.texts[key]), key
        assert text.strip() == text != "", key


def said_keys() -> set[str]:
    """Return the keys of the lines that other rooms say in English, word for word."""
    said = re.sub(r'"\s*\n\s*f?"', "", source())
    said = re.sub(r"\{[^{}]*\}", "{}", said)
    return {
        key
        for key, text in read_language("en").texts.items()
        if key.split(".")[0] in SAID
        and re.sub(r"\{[^{}]*\}", "{}", text).removesuffix(".") in said
    }


def test_every_text_is_used_and_every_used_text_exists():
    known = set(read_language("en").texts)
    assert used_keys() - known == set()
    assert known - used_keys() - named_keys() - said_keys() - MADE == set()


@pytest.mark.parametrize(("one", "other"), [("fi", "en"), ("sv", "en"), ("fi", "sv")])
def test_nothing_is_left_untranslated(one, other):
    texts, others = read_language(one).texts, read_language(other).texts
    same = {key for key in texts if texts[key] == others[key]}
    assert same <= SAME_IN_ALL


def test_swedish_says_that_nobody_has_reviewed_it():
    reviewed = {code: read_language(code).reviewed for code in LANGUAGES}
    assert reviewed == {"fi": True, "sv": False, "en": True}


@pytest.mark.parametrize(
    ("code", "word"), [("fi", "vertailuryhm"), ("sv", "jämförelsegrupp")]
)
def test_the_ambiguous_word_for_a_group_is_not_used(code, word):
    assert not any(word in text.lower() for text in read_language(code).texts.values())


@pytest.mark.parametrize(
    ("code", "expected"),
    [("fi", "2\u00a0138,3"), ("sv", "2\u00a0138,3"), ("en", "2,138.3")],
)
def test_numbers(code, expected):
    words = read_language(code)
    assert words.number(2138.25, decimals=1) == expected
    assert words.number(-2138.25, decimals=1) == f"\u2212{expected}"
    assert words.number(math.nan) == "\u2013"


def test_zero_has_no_sign():
    assert read_language("fi").number(-0.04, decimals=1, signed=True) == "0,0"


def test_halves_are_rounded_away_from_zero():
    words = read_language("en")
    shown = [words.percent(share) for share in (0.005, 0.015, 0.025, 0.285, 0.575)]
    assert shown == ["1%", "2%", "3%", "29%", "58%"]


@pytest.mark.parametrize(
    ("code", "percent", "points", "interval"),
    [
        ("fi", "42\u00a0%", "\u22123,2\u00a0prosenttiyksikköä", "\u22122,0\u20264,1"),
        ("sv", "42\u00a0%", "\u22123,2\u00a0procentenheter", "\u22122,0 till 4,1"),
        ("en", "42%", "\u22123.2\u00a0percentage points", "\u22122.0 to 4.1"),
    ],
)
def test_shares_and_differences(code, percent, points, interval):
    words = read_language(code)
    interval = interval.replace("\u2026", "\N{HORIZONTAL ELLIPSIS}")
    assert words.percent(0.42) == percent
    assert words.points(-0.032) == points
    assert words.points_interval(-0.02, 0.041) == interval


def test_one_point_is_singular():
    assert read_language("fi").points(0.01, decimals=0) == "+1\u00a0prosenttiyksikkö"


def test_what_is_not_known_is_a_dash():
    words = read_language("sv")
    assert words.percent(math.nan) == words.points(math.nan) == "\u2013"
    assert words.points_interval(math.nan, 1) == "\u2013"


@pytest.mark.parametrize(
    ("code", "month", "short", "pooled"),
    [
        ("fi", "maaliskuu 2021", "maalis 2021", "kaikki kuukaudet"),
        ("sv", "mars 2021", "mars 2021", "alla månader"),
        ("en", "March 2021", "Mar 2021", "all months"),
    ],
)
def test_months(code, month, short, pooled):
    words = read_language(code)
    assert words.month("2021-03") == month
    assert words.month("2021-03", short=True) == short
    assert words.month("pooled") == pooled
    assert words.month("north") == "north"


@pytest.mark.parametrize("other", ["202103", "2021", "2021-13", "all", "20211"])
def test_other_strata_are_no_months(other):
    assert calendar_month(other) is None


def test_a_text_without_its_value_is_an_error():
    with pytest.raises(KeyError):
        read_language("en").text("group.size")


def test_an_unknown_language_is_an_error():
    with pytest.raises(EvalkitError, match="fi, sv, en"):
        read_language("de")
