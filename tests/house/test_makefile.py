"""The commands say what to install, and say it in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="make is not installed"
)

TOO_OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = f"""#!/bin/sh
case "$*" in *ensurepip*) exit 1;; esac
exec {sys.executable} "$@"
"""


@pytest.fixture
def python_named(tmp_path):
    def write(name: str, script: str) -> str:
        path = tmp_path / name
        path.write_text(script)
        path.chmod(0o755)
        return str(path)

    return write


def make(root, *words: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(  # noqa: S603
        [shutil.which("make"), "--no-print-directory", *words],
        cwd=root,
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
    )


def own_lines(text: str) -> list[str]:
    """Return the lines that are not make's own word that a step failed."""
    return [line for line in text.splitlines() if not line.startswith("make: ***")]


@pytest.mark.parametrize("goal", ["demo", "test"])
def test_python_without_venv(goal, root, tmp_path, python_named) -> None:
    venv = tmp_path / "venv"
    pythons = f"{python_named('old', TOO_OLD)} {python_named('bare', WITHOUT_VENV)}"
    ran = make(root, goal, f"VENV={venv}", f"PYTHON={pythons}")
    (line,) = own_lines(ran.stderr)
    assert "apt-get install python3-venv" in line
    assert ran.returncode == 2
    assert not ran.stdout
    assert not venv.exists()


def test_python_too_old_or_absent(root, tmp_path, python_named) -> None:
    pythons = f"{python_named('old', TOO_OLD)} no-such-python"
    ran = make(root, "test", f"VENV={tmp_path / 'venv'}", f"PYTHON={pythons}")
    (line,) = own_lines(ran.stderr)
    assert "needs Python 3.11 or newer" in line
    assert ran.returncode == 2


def test_second_run_makes_nothing_anew(root, tmp_path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()
    for stamp in (".made", ".build", ".package", ".dev"):
        (venv / stamp).touch()
    for goal in (f"{venv}/.package", f"{venv}/.dev"):
        assert make(root, "--question", goal, f"VENV={venv}").returncode == 0
    later = (root / "pyproject.toml").stat().st_mtime - 60
    os.utime(venv / ".made", (later, later))
    assert make(root, "--question", f"{venv}/.dev", f"VENV={venv}").returncode == 1


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"]
)
def test_another_lock_makes_the_environment_anew(lock, root, tmp_path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()
    for stamp in (".made", ".build", ".package", ".dev"):
        (venv / stamp).touch()
    asked = ("--question", f"{venv}/.dev", f"VENV={venv}")
    assert make(root, *asked).returncode == 0
    assert make(root, f"--what-if={lock}", *asked).returncode == 1


@pytest.mark.parametrize(
    ("stamp", "lock"),
    [(".package", "requirements.lock"), (".dev", "requirements-dev.lock")],
)
def test_nothing_is_installed_that_no_lock_names(stamp, lock, root, tmp_path) -> None:
    venv = tmp_path / "venv"
    ran = make(root, "--dry-run", f"{venv}/{stamp}", f"VENV={venv}")
    lines = ran.stdout.replace(" && ", "\n").splitlines()
    build, libraries, itself = [line for line in lines if "pip" in line.split()]
    for line, name in ((build, "requirements-build.lock"), (libraries, lock)):
        assert line.rstrip().endswith(f"--requirement {name}")
        assert "--require-hashes" in line
    assert itself.rstrip().endswith("--editable .")
    assert "--no-deps" in itself
    for line in (libraries, itself):
        assert "--no-build-isolation" in line


def test_every_command_is_listed(root) -> None:
    goals = re.findall(
        r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE
    )
    listed = re.findall(r"^make (\w+)", make(root).stdout, re.MULTILINE)
    assert sorted(listed) == sorted(goals[0].split())


def test_check_ends_in_the_tests(root) -> None:
    ran = make(root, "--dry-run", "check", f"VENV={root / '.venv'}")
    assert "pytest" in ran.stdout.splitlines()[-1]


def test_ci_runs_the_same_checks(root) -> None:
    script = root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make check"
    subprocess.run(["bash", "-n", str(script)], check=True)  # noqa: S603, S607
