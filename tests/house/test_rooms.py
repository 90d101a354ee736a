"""The rooms stand in order: each uses only those before it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evalkit

PACKAGE = Path(evalkit.__file__).parent

ORDER = (
    {"errors", "results", "storage"},
    {"study"},
    {"register"},
    {"cohort"},
    {"estimate"},
    {"evaluation", "service", "fees", "statements"},
    {"report"},
    {"examples"},
    {"batch"},
    {"cli"},
    {"__main__"},
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}

# The order within the largest room.
ESTIMATES = (
    "effect",
    "shares",
    "months",
    "groups",
    "adjustment",
    "decomposition",
    "doubt",
    "survival",
)

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [path.relative_to(PACKAGE).as_posix() for path in MODULES]
OTHER_FOLDERS = ("sampling/", "figures/", "notebooks/", "benchmarks/", "tests/")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """Return the dotted names that a module imports, from evalkit or elsewhere."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def uses(tree: ast.AST) -> set[str]:
    """Return the rooms that a module imports from; a public name counts as its home."""
    rooms = set()
    for name in imported(tree):
        top, _, rest = name.partition(".")
        if top == "evalkit" and rest != "__version__":
            home = evalkit._HOMES.get(rest, name)
            rooms.add(home.split(".")[1])
    return rooms


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def forbidden(room: str, used: set[str]) -> set[str]:
    """Return those of the used rooms that come after the room, or beside it."""
    return {
        other
        for other in used - {room}
        if RANK.get(other, len(ORDER)) > RANK[room]
        or (RANK[other] == RANK[room] and RANK[room] > 0)
    }


def test_every_module_stands_in_a_room() -> None:
    unknown = {room_of(path) for path in MODULES} - {"__init__", *RANK}
    assert not unknown, f"give these a place in ORDER: {sorted(unknown)}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_room_uses_only_rooms_before_it(path) -> None:
    room = room_of(path)
    if room != "__init__":
        assert not forbidden(room, uses(parsed(path)))


@pytest.mark.parametrize("place", ESTIMATES)
def test_estimates_use_only_those_before_them(place) -> None:
    home = PACKAGE / "estimate" / place
    used = {
        name.split(".")[2]
        for path in (home.rglob("*.py") if home.is_dir() else [home.with_suffix(".py")])
        for name in imported(parsed(path))
        if name.startswith("evalkit.estimate.")
    }
    assert used <= set(ESTIMATES[: ESTIMATES.index(place) + 1])


def test_every_place_of_the_estimates_is_in_the_order() -> None:
    places = {path.stem for path in (PACKAGE / "estimate").glob("[!_]*")}
    assert places == set(ESTIMATES)


def test_a_step_back_would_be_noticed() -> None:
    used = uses(ast.parse("from evalkit.report.release import release"))
    assert forbidden("estimate", used) == {"report"}
    assert not forbidden("cli", used)
    assert uses(ast.parse("from evalkit import cli, compare")) == {"cli", "estimate"}


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_relative_import(path) -> None:
    nodes = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.ImportFrom)]
    assert not [node.lineno for node in nodes if node.level]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_only_the_commands_print(path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert room_of(path) == "cli" or not calls


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_assertion_as_validation(path) -> None:
    nodes = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.Assert)]
    assert not [node.lineno for node in nodes]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_the_package_does_not_know_the_other_folders(path) -> None:
    """It holds how; sampling, figures and notebooks hold which.

    Docstrings may point there; names that the code runs on may not.
    """
    tree = parsed(path)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docs
    ]
    assert not [text for text in texts if text.startswith(OTHER_FOLDERS)]
