"""What the README shows is there, and runs."""

from __future__ import annotations

import re
import shutil

import pytest

LONGEST_EXAMPLE = 10


@pytest.fixture(scope="module")
def readme(root) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_python_runs(readme, satakunta_plan, tmp_path, monkeypatch, capsys) -> None:
    (program,) = blocks(readme, "python")
    demo = tmp_path / "build" / "demo"
    shutil.copytree(satakunta_plan.parent, demo)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out
    assert "pooled" in printed
    assert list(tmp_path.glob("*.png"))


def test_the_python_is_short(readme) -> None:
    (program,) = blocks(readme, "python")
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= LONGEST_EXAMPLE


def test_commands_are_the_makefiles(readme, root) -> None:
    goals = re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"(?:^|`)make (\w+)", readme, re.MULTILINE))
    assert {"demo", "test"} <= named <= set(goals)


def test_commands_of_the_demo_are_the_same_everywhere(readme, root) -> None:
    """PowerShell and conda do what `make demo` does."""
    makefile = (root / "Makefile").read_text().replace("$(DEMO)", "build/demo")
    for command in (
        "evalkit example satakunta --to build/demo",
        "evalkit monthly build/demo/satakunta.toml --all",
    ):
        assert command in makefile
        assert readme.count(command) >= 2


def test_links_lead_somewhere(readme, root) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", readme)
    local = [target for target in targets if "://" not in target]
    assert local
    assert not [target for target in local if not (root / target).exists()]
