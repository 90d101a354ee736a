"""Times of ours and of another's code, taken in turns in one run.

Each turn is a process of its own, a copy of this one, so that neither works in memory
that the other has made ready; its first call, which prepares its own, does not count.
"""

from __future__ import annotations

import multiprocessing
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    Run = Callable[[], object]

WIDTH = 44


def heading(what: str) -> None:
    """Print what the columns are."""
    print(f"{what:{WIDTH}}{'evalkit':>11}{'other':>11}{'ratio':>8}")


def compare(name: str, ours: Run, theirs: Run, most: float, *, turns: int = 5) -> None:
    """Take turns, and print the best of each and their ratio."""
    taken = [(seconds(ours), seconds(theirs)) for _ in range(turns)]
    own, other = (min(times) for times in zip(*taken, strict=True))
    show(name, own, other, most)


def alone(name: str, ours: Run) -> None:
    """Print what a call costs that nothing stands beside."""
    print(f"{name:{WIDTH}}{best(ours):9.4f} s", flush=True)


def skipped(name: str, why: str) -> None:
    """Say what was not compared."""
    print(f"{name:{WIDTH}}skipped: {why}")


def show(name: str, own: float, other: float, most: float) -> None:
    """Print one line: both times, and their ratio beside the most that we allow."""
    ratio = own / other
    verdict = "" if ratio <= most else "   too slow"
    times = f"{own:9.4f} s{other:9.4f} s"
    print(f"{name:{WIDTH}}{times}{ratio:8.4f} (most {most}){verdict}", flush=True)


def best(run: Run, *, turns: int = 5) -> float:
    """Return the least seconds of a few turns."""
    return min(seconds(run) for _ in range(turns))


def seconds(run: Run) -> float:
    """Return the seconds of the second call in a process of its own."""
    read, write = _APART.Pipe(duplex=False)
    turn = _APART.Process(target=_second_call, args=(run, write))
    turn.start()
    write.close()
    taken = float(read.recv())
    turn.join()
    return taken


_APART = multiprocessing.get_context("fork")


def _second_call(run: Run, write: Connection) -> None:
    for _ in range(2):
        start = perf_counter()
        run()
    write.send(perf_counter() - start)
