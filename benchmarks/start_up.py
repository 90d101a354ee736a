"""How long people wait: fresh starts, and one month of one region with its report."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

REPEATS = 7
STARTS = {
    "Python itself": "pass",
    "import evalkit": "import evalkit",
    "import typer": "import typer",
    "evalkit --help": "from evalkit.cli import main; main(['--help'])",
}
LIBRARIES = (
    "import duckdb, jinja2, matplotlib.pyplot, numpy, pandas, pydantic, rich, "
    "scipy.stats, scipy.optimize, statsmodels.api, typer, xlsxwriter"
)
MONTH = "2021-02"


def seconds(statement: str, repeats: int = REPEATS) -> float:
    """Return the best time of a fresh Python that runs a statement."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", statement], capture_output=True, check=True
        )
        times.append(perf_counter() - start)
    return min(times)


def month_with_report() -> float:
    """Return the time of the batch of one month of the synthetic Satakunta study."""
    from evalkit.examples.satakunta import write_satakunta

    with tempfile.TemporaryDirectory() as folder:
        plan = write_satakunta(Path(folder))
        batch = (
            f"from evalkit.cli import main; main(['monthly', {str(plan)!r}, '{MONTH}'])"
        )
        return seconds(batch, repeats=1)


if __name__ == "__main__":
    cost = {name: seconds(statement) for name, statement in STARTS.items()}
    cost["importing the libraries"] = seconds(LIBRARIES)
    cost["a month with its report"] = month_with_report()
    for name, value in cost.items():
        print(f"{name:28}{value:8.3f} s")
    for one, other, most in (
        ("evalkit --help", "import typer", 1.6),
        ("a month with its report", "importing the libraries", 1.6),
    ):
        ratio = cost[one] / cost[other]
        print(f"{one} / {other}: {ratio:.2f}, {most} wanted")
