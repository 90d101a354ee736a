"""The small register, as fixtures."""

from __future__ import annotations

import pytest

from tests.register.small_register import make_plan, pilot_frame, stock_frame
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit import Protocol
    import pandas as pd


@pytest.fixture
def plan() -> Protocol:
    return make_plan()


@pytest.fixture
def stock() -> pd.DataFrame:
    return stock_frame()


@pytest.fixture
def pilot() -> pd.DataFrame:
    return pilot_frame()
