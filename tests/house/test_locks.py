"""What is installed is what the locks say, and the bill of materials says the same."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-dev.lock")
SHA_256 = re.compile(r"[0-9a-f]{64}")
PYTHONS = ("3.11.7", "3.12.9", "3.13.5", "3.14.0")


@pytest.fixture(scope="module")
def sbom(root):
    spec = importlib.util.spec_from_file_location("sbom", root / "docs" / "sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def locks(root, sbom) -> dict[str, list]:
    return {name: sbom.read_lock(root / name) for name in LOCKS}


@pytest.fixture(scope="module")
def wanted(pyproject) -> dict[str, list[Requirement]]:
    """What pyproject.toml asks of each lock."""
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    build = [
        *pyproject["build-system"]["requires"],
        *pyproject["dependency-groups"]["build"],
    ]
    texts = {
        "requirements-build.lock": build,
        "requirements.lock": project["dependencies"],
        "requirements-dev.lock": [
            *project["dependencies"],
            *extras["dev"],
            *extras["docs"],
        ],
    }
    return {
        name: [Requirement(text) for text in asked] for name, asked in texts.items()
    }


def installed(lock, python: str) -> dict[str, str]:
    """Return what a lock installs under a version of Python on Linux."""
    machine = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found: dict[str, str] = {}
    for entry in lock:
        where = Requirement(f"x ; {entry.where}").marker if entry.where else None
        if where is None or where.evaluate(machine):
            assert entry.name not in found, f"{entry.name} twice"
            found[entry.name] = entry.version
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_the_project_asks(name, python, locks, wanted, sbom) -> None:
    found = installed(locks[name], python)
    assert wanted[name]
    for requirement in wanted[name]:
        version = found.get(sbom.normal(requirement.name))
        assert version, f"{requirement.name}: make lock"
        assert requirement.specifier.contains(version), f"{requirement}: make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_has_its_hashes(name, locks) -> None:
    for entry in locks[name]:
        assert entry.hashes, entry.name
        for algorithm, digest in entry.hashes:
            assert algorithm == "sha256"
            assert SHA_256.fullmatch(digest), entry.name


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name, root) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text


def test_tests_run_on_the_libraries_that_people_get(locks) -> None:
    tested = set(locks["requirements-dev.lock"])
    assert {entry[:3] for entry in locks["requirements.lock"]} <= {
        entry[:3] for entry in tested
    }


def test_a_line_that_is_no_pinned_library_is_refused(sbom, tmp_path) -> None:
    lock = tmp_path / "some.lock"
    for line in ("numpy>=2", "--index-url x", "evalkit @ file:///x", "-e ."):
        lock.write_text(line + "\n")
        with pytest.raises(ValueError, match="no library with its version"):
            sbom.read_lock(lock)


@pytest.fixture(scope="module")
def document(root) -> str:
    command = [sys.executable, str(root / "docs" / "sbom.py")]
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


def test_the_bill_of_materials_has_the_fields_of_its_standard(document) -> None:
    bill = json.loads(document)
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == (
        "CycloneDX",
        "1.6",
        1,
    )
    every = [bill["metadata"]["component"], *bill["components"]]
    for component in every:
        assert component["type"] == "library"
        assert component["purl"] == (
            f"pkg:pypi/{component['name']}@{component['version']}"
        )
    references = [component["bom-ref"] for component in every]
    assert len(set(references)) == len(references)
    (relation,) = bill["dependencies"]
    assert relation["ref"] == references[0]
    assert set(relation["dependsOn"]) < set(references[1:])


def test_the_bill_of_materials_is_the_lock(document, locks, wanted, sbom) -> None:
    bill = json.loads(document)
    listed = [
        (
            component["name"],
            component["version"],
            [digest["content"] for digest in component["hashes"]],
        )
        for component in bill["components"]
    ]
    assert listed == [
        (entry.name, entry.version, [digest for _, digest in entry.hashes])
        for entry in locks["requirements.lock"]
    ]
    assert {digest["alg"] for c in bill["components"] for digest in c["hashes"]} == {
        "SHA-256"
    }
    direct = {ref[9:].partition("@")[0] for ref in bill["dependencies"][0]["dependsOn"]}
    assert direct == {sbom.normal(one.name) for one in wanted["requirements.lock"]}


def test_the_bill_of_materials_names_no_machine_and_no_day(document, root) -> None:
    assert "timestamp" not in document
    assert str(root) not in document
