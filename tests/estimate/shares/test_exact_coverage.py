"""Coverage of a month's intervals, exactly: by listing every table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def script():
    """The script that writes the page on coverage."""
    spec = importlib.util.spec_from_file_location("_", DOCS / "coverage_table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("n_pilot", [20, 50, 120])
@pytest.mark.parametrize("method", ["newcombe", "score"])
def test_a_month_s_interval_covers_as_it_says(script, method, n_pilot) -> None:
    covered = script.coverage(method, n_pilot, 500)
    assert 0.94 <= covered.mean() <= 0.96
    assert covered.min() > 0.94


def test_the_plain_interval_is_too_narrow_for_few(script) -> None:
    assert script.coverage("wald", 10, 500).mean() < 0.9


def test_coverage_is_that_of_simulated_months(script) -> None:
    exact = script.coverage(
        "newcombe", 15, 60, shares=np.array([0.3]), differences=np.array([0.2])
    )
    random = np.random.default_rng(2)
    x1 = random.binomial(15, 0.5, 20_000).astype(float)
    x0 = random.binomial(60, 0.3, 20_000).astype(float)
    sizes = np.full_like(x1, 15), np.full_like(x0, 60)
    low, high = script.LIMITS["newcombe"](x1, sizes[0], x0, sizes[1], 1.959964)
    simulated = ((low <= 0.2) & (high >= 0.2)).mean()
    assert exact.item() == pytest.approx(simulated, abs=4 * 0.0016)


def test_the_page_is_what_the_script_writes(script) -> None:
    page = (DOCS / "coverage.md").read_text(encoding="utf-8")
    small = script.table((5, 10)).splitlines()
    assert len(small) == 4
    assert all(line in page for line in small)
    before, after = page.split(script.table((5,)))
    assert script.PAGE.split("{table}")[1] == after[after.index("\n\n- **") :]
    assert before.startswith("# How often")
