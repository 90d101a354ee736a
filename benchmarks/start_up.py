"""How long people wait before anything begins: the best of several fresh starts."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

REPEATS = 7
STARTS = {
    "Python itself": "pass",
    "import evalkit": "import evalkit",
    "import typer": "import typer",
    "evalkit --help": "from evalkit.cli import main; main(['--help'])",
}


def seconds(statement: str) -> float:
    """Return the best time of a fresh Python that runs a statement."""
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", statement], capture_output=True, check=True
        )
        times.append(perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    cost = {name: seconds(statement) for name, statement in STARTS.items()}
    for name, value in cost.items():
        print(f"{name:24}{value:8.3f} s")
    ratio = cost["evalkit --help"] / cost["import typer"]
    print(f"{'--help / import typer':24}{ratio:8.2f}")
