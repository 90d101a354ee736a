"""What evalkit consists of, as a CycloneDX 1.6 document made from `requirements.lock`.

`make sbom` writes it into build/sbom.json. The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
_LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: *; *(?P<where>.+))?")
_HASH = re.compile(r"--hash=(\w+):([0-9a-f]+)")
_NAME = re.compile(r"[\w.-]+")
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


class Locked(NamedTuple):
    """One line of a lock: a library, its version, where it is installed, its files."""

    name: str
    version: str
    where: str | None
    hashes: tuple[tuple[str, str], ...]

    @property
    def purl(self) -> str:
        """The package's name that every ecosystem understands."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(path: Path) -> list[Locked]:
    """Read every entry of a lock.

    Raises
    ------
    ValueError
        If a line is no library with its version.
    """
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [_locked(line) for line in lines]


def _locked(line: str) -> Locked:
    wanted, *_ = line.partition("--hash")
    found = _LINE.fullmatch(wanted.strip())
    if found is None:
        raise ValueError(f"{wanted.strip()!r} is no library with its version.")
    hashes = tuple(_HASH.findall(line))
    return Locked(normal(found["name"]), found["version"], found["where"], hashes)


def normal(name: str) -> str:
    """Return the one spelling of a library's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill_of_materials(project: dict[str, Any], locked: list[Locked]) -> dict[str, Any]:
    """Return the document; nothing in it depends on the day or the machine."""
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    wanted = {normal(_NAME.match(text)[0]) for text in project["dependencies"]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": own,
            }
        },
        "components": [_component(library) for library in locked],
        "dependencies": [
            {
                "ref": own,
                "dependsOn": [i.purl for i in locked if i.name in wanted],
            }
        ],
    }


def _component(library: Locked) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": library.purl,
        "name": library.name,
        "version": library.version,
        "purl": library.purl,
        "hashes": [
            {"alg": _ALGORITHMS[algorithm], "content": content}
            for algorithm, content in library.hashes
        ],
    }
    if library.where:
        found["properties"] = [{"name": "python:marker", "value": library.where}]
    return found


def main() -> None:
    """Write the document to the standard output."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    document = bill_of_materials(
        pyproject["project"], read_lock(ROOT / "requirements.lock")
    )
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
