"""The small register, as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.register.small_register import make_plan, pilot_frame, stock_frame

if TYPE_CHECKING:
    import pandas as pd

    from evalkit import Protocol


@pytest.fixture
def plan() -> Protocol:
    return make_plan()


@pytest.fixture
def stock() -> pd.DataFrame:
    return stock_frame()


@pytest.fixture
def pilot() -> pd.DataFrame:
    return pilot_frame()
