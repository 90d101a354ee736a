"""The wheel, installed alone, runs the demo: nothing leans on the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    """Run a command away from the source tree and return what it printed."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COV"))
    }
    ran = subprocess.run(  # noqa: S603
        [str(word) for word in command],
        cwd=cwd,
        env={**environment, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        folder,
        cwd=root,
    )
    (path,) = folder.glob("evalkit-*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel, tmp_path_factory) -> Path:
    """Folder of the commands of an environment that holds the wheel.

    Its libraries are those of the environment that runs the tests, named in a .pth
    file: nothing is downloaded, and that environment's own evalkit, which is known to
    it by a .pth file too, stays out.
    """
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False)
    where = {"base": str(home), "platbase": str(home)}
    site, scripts = (
        Path(sysconfig.get_path(kind, "venv", where)) for kind in ("purelib", "scripts")
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = scripts / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        python,
    ]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    return scripts


def test_wheel_holds_the_package_and_nothing_else(wheel) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"evalkit"}
    assert "evalkit/py.typed" in names
    presets = {f"evalkit/examples/presets/{n}.toml" for n in ("county", "satakunta")}
    assert presets < {*names}
    assert {f"evalkit/report/language/{c}/basics.toml" for c in ("fi", "sv", "en")} < {
        *names
    }


def test_it_is_the_wheel_that_runs(scripts, root, tmp_path) -> None:
    where = run(
        scripts / "python",
        "-c",
        "import evalkit; print(evalkit.__file__)",
        cwd=tmp_path,
    )
    assert Path(where.strip()).is_relative_to(scripts.parent)
    assert not Path(where.strip()).is_relative_to(root)


def test_help(scripts, tmp_path) -> None:
    assert "monthly" in run(scripts / "evalkit", "--help", cwd=tmp_path)


def test_demo(scripts, tmp_path) -> None:
    evalkit = scripts / "evalkit"
    run(evalkit, "example", "satakunta", "--to", "demo", cwd=tmp_path)
    printed = run(evalkit, "monthly", "demo/satakunta.toml", "--all", cwd=tmp_path)
    assert "2021" in printed
    results = tmp_path / "demo" / "results"
    assert list(results.rglob("comparison.csv"))
    assert list(results.rglob("*.svg"))
