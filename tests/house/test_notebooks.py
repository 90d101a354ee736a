"""Notebooks tell a story, run from nothing, and are stored without outputs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST_CELLS = 25
ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:[/\\]")
"""How a path begins that is somewhere else on another machine."""
JOINED = re.compile(r"[^\s*]*[/\\][^\s*]*")
"""A path put together by hand; `pathlib` does it on every system."""
NOT_EVERYWHERE = {"os", "subprocess", "shlex", "fcntl", "pwd", "resource", "signal"}
FILES = {"open", "read_text", "write_text"}

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_of(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def test_runs_from_top_to_bottom(path, tmp_path) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    last = code_of(path)[-1].id
    assert next(cell for cell in notebook.cells if cell.id == last).outputs


def test_defines_nothing(path) -> None:
    """What deserves a name belongs to the package, where it is tested."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    assert not [node for node in nodes(path) if isinstance(node, definitions)]


def nodes(path: Path) -> list[ast.AST]:
    trees = [ast.parse(cell.source) for cell in code_of(path)]
    return [node for tree in trees for node in ast.walk(tree)]


def test_agrees_with_the_text_beside_it(path) -> None:
    """Change one, and `make format` brings the other into line."""
    cells = [
        [(cell.cell_type, cell.source) for cell in jupytext.read(file).cells]
        for file in (path, path.with_suffix(".md"))
    ]
    assert cells[0] == cells[1]


def test_names_no_path_that_only_one_machine_has(path) -> None:
    texts = [
        node.value
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [text for text in texts if ABSOLUTE.match(text)] == []
    assert [text for text in texts if JOINED.fullmatch(text)] == []


def test_calls_nothing_that_only_one_system_has(path) -> None:
    imported = {
        name.name.split(".")[0]
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [*node.names, ast.alias(getattr(node, "module", None) or "")]
    }
    assert not imported & NOT_EVERYWHERE


def test_reads_and_writes_text_in_a_named_encoding(path) -> None:
    """Without one, Windows reads its own."""
    calls = [
        node
        for node in nodes(path)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in FILES
    ]
    for call in calls:
        assert "encoding" in {keyword.arg for keyword in call.keywords}


def test_is_short(path) -> None:
    assert len(nbformat.read(path, as_version=4).cells) <= MOST_CELLS


def test_opens_with_what_it_is_about(path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


def test_is_stored_without_outputs(path) -> None:
    assert all(not c.outputs and c.execution_count is None for c in code_of(path))
