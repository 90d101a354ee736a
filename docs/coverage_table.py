"""How often each interval of a month covers the truth: exactly, by listing all tables.

Run it to write the page: python docs/coverage_table.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.shares.share_intervals import LIMITS
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PILOTS = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120)
CONTROLS = 500
SHARES = np.arange(10, 61, 5) / 100
DIFFERENCES = np.arange(-5, 31, 5) / 100
LEVEL = 0.95
NAMES = {
    "newcombe": "Newcombe",
    "score": "Miettinen-Nurminen",
    "agresti-caffo": "Agresti-Caffo",
    "wald": "Wald",
}
_ROUNDING = 1e-12

PAGE = """\
# How often the intervals cover

A month has few people of the pilot beside 500 controls. An interval at the 95 % level
should hold the true difference in 95 of 100 such months. Whether it does can be
computed without any simulation: every outcome that the two groups can have is listed,
with its probability and its interval.

Each cell is the average coverage in per cent over control shares from {least:.0f} to
{most:.0f} per cent and differences from {lowest:.0f} to {highest:.0f} points, and after
the stroke the worst of them. `n` is the number of the pilot's people; there are
{controls} controls.

{table}

- **Newcombe**, the default, is within a point of its level from fifteen people on,
  even at its worst; with five or ten it leans to the side of caution on average.
- **Miettinen-Nurminen** covers as well, and costs more to compute.
- **Agresti-Caffo** comes close with a simpler formula, a little below its level.
- **Wald**, the interval of most textbooks and spreadsheets, is too narrow: with five
  people it misses about one month in five, and far more often where shares are low. It
  does not exist where nobody, or everybody, left in both groups, which counts as a
  miss.

The shares of a month are independent here. Pooled over months, where people recur, the
interval is clustered on person; its coverage is simulated in the tests.

Written by `docs/coverage_table.py` from `evalkit.estimate.shares.share_intervals`.
"""


def coverage(
    method: str,
    n_pilot: int,
    n_control: int,
    shares: Array = SHARES,
    differences: Array = DIFFERENCES,
) -> Array:
    """Return the coverage for each difference (rows) and control share (columns)."""
    from scipy.stats import binom

    x1, x0 = np.arange(n_pilot + 1.0), np.arange(n_control + 1.0)
    table = np.broadcast_arrays(x1[:, None], n_pilot, x0[None, :], n_control)
    counts = [np.asarray(part, dtype=float) for part in table]
    with np.errstate(invalid="ignore"):
        low, high = LIMITS[method](*counts, normal_quantile(LEVEL))
    chances0 = binom.pmf(x0, n_control, shares[:, None])
    rows = []
    for difference in differences:
        inside = (low <= difference + _ROUNDING) & (high >= difference - _ROUNDING)
        chances1 = binom.pmf(x1, n_pilot, shares[:, None] + difference)
        rows.append(((chances1 @ inside) * chances0).sum(axis=1))
    return np.array(rows)


def table(pilots: tuple[int, ...] = PILOTS) -> str:
    """Return the table as Markdown."""
    header = f"| n | {' | '.join(NAMES.values())} |\n|---:|{'---:|' * len(NAMES)}"
    return "\n".join([header, *map(_row, pilots)])


def _row(n_pilot: int) -> str:
    cells = [coverage(method, n_pilot, CONTROLS) for method in NAMES]
    shown = [f"{100 * cell.mean():.1f} / {100 * cell.min():.1f}" for cell in cells]
    return f"| {n_pilot} | {' | '.join(shown)} |"


def page() -> str:
    """Return the page."""
    return PAGE.format(
        least=100 * SHARES[0],
        most=100 * SHARES[-1],
        lowest=100 * DIFFERENCES[0],
        highest=100 * DIFFERENCES[-1],
        controls=CONTROLS,
        table=table(),
    )


if __name__ == "__main__":
    write_whole(Path(__file__).with_name("coverage.md"), page().encode())
