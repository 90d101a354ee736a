"""Every public name loads from its home and is documented with an example."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import evalkit

HEAVY = (
    "duckdb", "lifelines", "matplotlib", "numpy", "pandas", "pydantic", "scipy",
    "sqlalchemy", "statsmodels",
)  # fmt: skip
ERRORS = {"EvalkitError", "EvalkitWarning"}
PUBLIC = sorted(set(evalkit.__all__))


@pytest.mark.parametrize("name", PUBLIC)
def test_name_loads_from_its_home(name) -> None:
    home = evalkit._HOMES[name]
    assert getattr(evalkit, name) is getattr(import_module(home), name)
    assert getattr(evalkit, name).__module__ == home


@pytest.mark.parametrize("name", PUBLIC)
def test_name_is_documented(name) -> None:
    text = inspect.getdoc(getattr(evalkit, name)) or ""
    assert text
    if name not in ERRORS:
        assert ">>> " in text or _made_by(name), f"{name} has no example"


def _made_by(name: str) -> bool:
    """Tell whether a result's example stands with the function that makes it."""
    member = getattr(evalkit, name)
    makers = [getattr(evalkit, other) for other in PUBLIC if other.islower()]
    return inspect.isclass(member) and any(
        inspect.signature(maker).return_annotation == name
        and ">>> " in (maker.__doc__ or "")
        for maker in makers
    )


def test_the_lists_agree() -> None:
    assert sorted(evalkit.__all__) == sorted(evalkit._HOMES)
    assert set(evalkit.__all__) < set(dir(evalkit))


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        _ = evalkit.nonesuch


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after a statement."""
    script = f"""
import contextlib, io, sys
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    {statement}
print(*sorted({{name.split('.')[0] for name in sys.modules}}))
"""
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import evalkit", "from evalkit.cli import main; main(['--help'])"],
    ids=["import", "help"],
)
def test_nothing_heavy_is_loaded(statement) -> None:
    loaded = loaded_by(statement)
    assert "evalkit" in loaded
    assert not loaded & set(HEAVY)


def test_what_is_heavy_would_be_noticed() -> None:
    assert "pandas" in loaded_by("import evalkit; evalkit.Cohort")
