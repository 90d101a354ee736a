"""The tutorial's commands run, print what it shows, and quote errors that exist."""

from __future__ import annotations

import re
import shlex
import shutil

import pytest

import evalkit
from evalkit.cli import main


@pytest.fixture(scope="module")
def tutorial(root) -> str:
    return (root / "docs" / "tutorial.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the lines of all fenced blocks of a language."""
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def words_of(lines: list[str]) -> list[list[str]]:
    """Part lines into words: the commands print spaces at which nothing breaks."""
    return [line.split() for line in lines]


def test_the_commands_do_what_is_shown(
    tutorial, satakunta_plan, tmp_path, monkeypatch, capsys
) -> None:
    """One after the other, in one folder, as somebody would type them."""
    first, *commands = blocks(tutorial, "sh")
    assert first == "evalkit example satakunta --to demo"
    shutil.copytree(satakunta_plan.parent, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "evalkit"
        assert main(arguments) == 0, command
    printed = words_of(capsys.readouterr().out.splitlines())
    shown = words_of(blocks(tutorial, "text"))
    assert len(shown) >= 7
    assert [line for line in shown if line not in printed] == []
    section = tutorial.split("\n## ")[6]
    results = tmp_path / "demo" / "results"
    names = re.findall(
        r"`([^`]+)`", " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    )
    assert len(names) >= 6
    assert [name for name in names if not (results / name).exists()] == []


def test_the_errors_that_it_quotes_exist(tutorial) -> None:
    (folder,) = evalkit.__path__
    section = tutorial.split("\n## ")[8]
    quoted = re.findall(r"^\| `(.*?)` \|", section, re.MULTILINE)
    assert len(quoted) >= 8
    source = said_in(folder)
    assert [text for text in quoted if text not in source] == []


def said_in(folder: str) -> str:
    """Return the source of the register's room, its split texts put together."""
    from pathlib import Path

    files = sorted((Path(folder) / "register").glob("*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", text)
