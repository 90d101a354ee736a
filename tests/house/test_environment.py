"""One set of libraries and bounds: pyproject.toml's, which conda's file repeats."""

from __future__ import annotations

import re

import pytest
import yaml

CONDA_NAMES = {"duckdb": "python-duckdb"}
"""Libraries that conda-forge carries under another name."""


def requirement(text: str) -> tuple[str, frozenset[str]]:
    """Split `name[extra]>=1,<2` into the name and the set of its bounds."""
    name, _, bounds = re.fullmatch(r"([\w.-]+)(\[[\w,]+\])?(.*)", text).groups()
    parts = bounds.replace(" ", "").split(",")
    return name.lower(), frozenset(part for part in parts if part)


@pytest.fixture(scope="module")
def from_pyproject(pyproject) -> dict[str, frozenset[str]]:
    project = pyproject["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = dict(requirement(text) for texts in lists for text in texts)
    return {CONDA_NAMES.get(name, name): bounds for name, bounds in wanted.items()}


@pytest.fixture(scope="module")
def environment(root) -> dict:
    return yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def from_conda(environment) -> dict[str, frozenset[str]]:
    items = environment["dependencies"]
    texts = [item for item in items if isinstance(item, str)]
    (by_pip,) = [item["pip"] for item in items if isinstance(item, dict)]
    texts += [text for text in by_pip if not text.startswith("--")]
    return dict(requirement(text) for text in texts)


def test_same_libraries(from_pyproject, from_conda) -> None:
    assert set(from_conda) - {"python", "pip"} == set(from_pyproject)


def test_same_bounds(from_pyproject, from_conda) -> None:
    assert {name: from_conda[name] for name in from_pyproject} == from_pyproject


def test_same_python(pyproject, from_conda) -> None:
    assert from_conda["python"] == {pyproject["project"]["requires-python"]}


def test_a_library_in_two_extras_has_one_bound(pyproject) -> None:
    project = pyproject["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    every = {requirement(text) for texts in lists for text in texts}
    assert len(every) == len({name for name, _ in every})


def test_evalkit_itself_comes_from_this_folder(environment) -> None:
    (own,) = [item for item in environment["dependencies"] if isinstance(item, dict)]
    assert own["pip"][-1] == "--editable ."
    assert environment["name"] == "evalkit"


def test_one_version_everywhere(root, pyproject) -> None:
    import evalkit

    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert pyproject["project"]["version"] == evalkit.__version__ == citation["version"]
    assert pyproject["project"]["license"] == citation["license"] == "MIT"


def test_hooks_use_the_projects_bounds(root, pyproject) -> None:
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text("utf-8"))
    wanted = {
        text
        for hook in hooks["repos"][0]["hooks"]
        for text in hook.get("additional_dependencies", [])
    }
    assert wanted
    assert wanted <= set(pyproject["project"]["optional-dependencies"]["dev"])
