"""Notebooks tell a story, run from nothing, and are stored without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST_CELLS = 25

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
    trees = [ast.parse(cell.source) for cell in code_of(path)]
    assert not [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, definitions)
    ]


def test_is_short(path) -> None:
    assert len(nbformat.read(path, as_version=4).cells) <= MOST_CELLS


def test_opens_with_what_it_is_about(path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


def test_is_stored_without_outputs(path) -> None:
    assert all(not c.outputs and c.execution_count is None for c in code_of(path))
