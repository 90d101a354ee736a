"""What each step of the synthetic Satakunta study costs."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import evalkit as ek
from evalkit.examples.satakunta import write_satakunta

MONTHS = [f"2021-{month:02d}" for month in range(1, 10)]


@contextmanager
def step(name: str):  # noqa: ANN201
    """Print the seconds that a step takes."""
    start = perf_counter()
    yield
    print(f"{name:24}{perf_counter() - start:8.3f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        with step("simulate and write"):
            plan = write_satakunta(Path(folder))
        with step("open_register"):
            register = ek.open_register(protocol=ek.read_protocol(plan))
        with step(f"draw_controls, {len(MONTHS)} x"):
            draws = [ek.draw_controls(register, month) for month in MONTHS]
        with step("follow_up"):
            cohort = ek.follow_up(register, draws)
        with step("compare"):
            ek.compare(cohort)
