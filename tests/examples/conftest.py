"""One synthetic register of full size, and a world of one person in twenty."""

from __future__ import annotations

import pytest

from evalkit.examples.preset import read_preset
from evalkit.examples.simulator import simulate


@pytest.fixture(scope="session")
def preset():
    return read_preset("county")


@pytest.fixture(scope="session")
def small_preset(preset):
    return preset.with_size(0.05)


@pytest.fixture(scope="session")
def simulation(preset):
    return simulate(preset, seed=7)
