"""A small synthetic register for trying things out, in docstrings and by hand."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from evalkit.examples.preset import read_preset
from evalkit.examples.satakunta import write_satakunta
from evalkit.register.register import open_register
from evalkit.study.plan_file import read_protocol

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.register.register import Register

_SHARE = 0.05
_SIZE = 100


def small_register() -> Register:
    """Return a twentieth of a synthetic county, opened; the same every time.

    Returns
    -------
    Register
        About 600 people a month, 2019-09 to 2022-03, of whom about five a month are
        referred to the pilot; the plan draws 100 controls a month. Synthetic.

    Examples
    --------
    >>> len(small_register().months)
    31
    """
    with tempfile.TemporaryDirectory() as folder:
        return open_register(protocol=read_protocol(small_study(folder)))


def small_study(folder: str | Path) -> Path:
    """Write the files and the plan of `small_register`; return the plan's path.

    Parameters
    ----------
    folder
        Folder to write into.

    Returns
    -------
    pathlib.Path
        Path of the plan.

    Examples
    --------
    >>> small_study(tempfile.mkdtemp()).name
    'satakunta.toml'
    """
    preset = read_preset("county").with_size(_SHARE)
    plan = write_satakunta(folder, preset=preset)
    text = plan.read_text(encoding="utf-8").replace("size = 500", f"size = {_SIZE}")
    plan.write_text(text, encoding="utf-8")
    return plan
