"""Lines that other rooms say in English, known again and put into a language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evalkit
from evalkit.report.language.catalogue import read_language
from evalkit.report.said_text import line_text, sentences_text
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS

ROOM = Path(evalkit.__file__).parent / "cohort"
FI, EN = read_language("fi"), read_language("en")


def details() -> list[str]:
    """Return what the cohort's room notes of draws, an X for everything that varies."""
    calls = [
        node
        for file in sorted(ROOM.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "found"
    ]
    texts = [call.args[1] for call in calls]
    return [said(text) for text in texts if not isinstance(text, ast.Name)]


def said(text: ast.expr) -> str:
    if isinstance(text, ast.Constant):
        return str(text.value)
    assert isinstance(text, ast.JoinedStr)
    parts = [part.value if isinstance(part, ast.Constant) else "X"
             for part in text.values]  # fmt: skip
    return "".join(map(str, parts))


def test_every_finding_of_a_verification_is_known():
    assert len(details()) >= 25
    for detail in details():
        assert sentences_text(detail, "finding", FI) != detail
        assert sentences_text(detail, "finding", EN) == detail


@pytest.mark.parametrize("columns", [SNAPSHOT_COLUMNS, PILOT_COLUMNS])
def test_every_column_is_explained(columns):
    for column in columns.values():
        assert line_text(column.meaning, "known", FI) != column.meaning


def test_several_sentences_are_told_apart():
    text = (
        "In the list, but not drawn: 3. The plan was changed after draw 2. "
        "Drawn, but not in the list: 1."
    )
    assert sentences_text(text, "finding", FI) == (
        "Listalla, mutta ei poimittu: 3. Suunnitelmaa muutettiin otoksen 2 jälkeen. "
        "Poimittu, mutta ei listalla: 1."
    )


def test_what_is_not_known_stays_as_it_is():
    assert line_text("  12 wheels", "guess", FI) == "  12 wheels"
    text = "The commitment was changed. Nobody knows why."
    assert sentences_text(text, "finding", FI) == (
        "Sitoumusta on muutettu. Nobody knows why."
    )
