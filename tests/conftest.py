"""What every test may lean on."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")  # no window, on any machine

settings.register_profile("evalkit", deadline=None, derandomize=True)
settings.load_profile("evalkit")


@pytest.fixture(scope="session")
def satakunta_plan(tmp_path_factory):
    """Path of the plan of the synthetic Satakunta example, its register beside it."""
    from evalkit.examples.satakunta import write_satakunta

    return write_satakunta(tmp_path_factory.mktemp("satakunta"))
