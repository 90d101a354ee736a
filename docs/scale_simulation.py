"""Ten offices whose registers never meet, and the answer of all of them joined.

Run it to see both answers: python docs/scale_simulation.py
"""

from __future__ import annotations

import hashlib
import math
import sys
import tempfile
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

import evalkit as ek
from evalkit.cohort.follow_up import measurable_months
from evalkit.errors import DrawError
from evalkit.examples.small import small_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalkit.estimate.months.pooling import PooledDifference
    from evalkit.register.register import Register
    from evalkit.study.protocol import Protocol

    Thresholds = Mapping[str, int]
    Counts = NDArray[np.int64]

OFFICES = 10
HASHES = 16**64  # a SHA-256 is a whole number below this
CELLS = (("pilot", 1), ("pilot", 0), ("control", 1), ("control", 0))
TIME_ZERO: Final = "report"  # needs no referral date of another office
_TEXT_FILES: dict[str, Any] = {"sep": ";", "encoding": "windows-1252"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Office:
    """A register that stays where it is and answers questions with whole numbers.

    Nothing but `below`, `cells` and `pairs` is asked of it from outside.
    """

    register: Register

    def below(self, month: str, threshold: int) -> int:
        """Count the people of the frame whose hash is below a threshold."""
        return bisect_left(self._ranking(month)[1], threshold)

    def cells(self, thresholds: Thresholds) -> Counts:
        """Count people by month, group and outcome."""
        return np.diag(self.pairs(thresholds))

    def pairs(self, thresholds: Thresholds) -> Counts:
        """Count the people who are in one cell and in another; the last: all people."""
        people = self._people(tuple(thresholds.items()))
        within = [
            people["month"].eq(month) & people["group"].eq(group) & people["y"].eq(y)
            for month in thresholds
            for group, y in CELLS
        ]
        table = pd.DataFrame(dict(enumerate(within))).groupby(people["person"]).sum()
        known = table.to_numpy(dtype=np.int64)
        known = np.column_stack([known, known.any(axis=1)])
        return np.asarray(known.T @ known)

    def drawn(self, month: str, threshold: int) -> ek.Draw:
        """Return the people of this office's frame whose hash is below a threshold."""
        everybody, _ = self._ranking(month)
        first = everybody.person_ids[: self.below(month, threshold)]
        return replace(everybody, person_ids=first)

    @cache  # noqa: B019  (an office lives as long as the simulation)
    def _ranking(self, month: str) -> tuple[ek.Draw, list[int]]:
        """Return everybody in the frame in ranking order, and their hashes."""
        everybody = ek.draw_controls(self.register, month)
        seed = everybody.certificate.seed
        return everybody, [hash_of(seed, month, i) for i in everybody.person_ids]

    @cache  # noqa: B019
    def _people(self, thresholds: tuple[tuple[str, int], ...]) -> pd.DataFrame:
        draws = [self.drawn(month, threshold) for month, threshold in thresholds]
        cohort = ek.follow_up(self.register, draws, time_zero=TIME_ZERO)
        return cohort.to_frame().rename(columns={"outcome": "y"}).dropna(subset="y")


def hash_of(seed: str, month: str, person: str) -> int:
    """Return the number that ranks a person in the draw of a month."""
    return int(hashlib.sha256(f"{seed}|{month}|{person}".encode()).hexdigest(), 16)


def common_threshold(offices: Sequence[Office], month: str, size: int) -> int:
    """Return a number below which exactly `size` hashes of all frames lie.

    Found by halving the space of hashes: every question follows from the sums before
    it, so that nobody can choose one that singles out a person.
    """
    low, high = 0, HASHES
    if sum(office.below(month, high) for office in offices) <= size:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        below = sum(office.below(month, middle) for office in offices)
        if below == size:
            return middle
        low, high = (middle, high) if below < size else (low, middle)
    raise DrawError(
        f"No threshold draws {size} people for {month}: one stands in two frames.",
        hint="Agree on one office for everybody who is registered in two.",
    )


def counts_of(months: Iterable[str], cells: Counts) -> pd.DataFrame:
    """Write summed cells as `pooled_difference` takes them."""
    by_month = cells.reshape(-1, len(CELLS))
    return pd.DataFrame(
        {
            "stratum": list(months),
            "pilot_events": by_month[:, 0],
            "n_pilot": by_month[:, :2].sum(axis=1),
            "control_events": by_month[:, 2],
            "n_control": by_month[:, 2:].sum(axis=1),
        }
    )


def clustered_se(pairs: Counts) -> float:
    """Return the standard error clustered on persons, from counts of pairs of cells.

    A person's score is a sum of one term for each cell the person is in, so that the
    sum of squared scores needs only how many people share each pair of cells.
    """
    people, pairs = int(pairs[-1, -1]), pairs[:-1, :-1]
    events, others = np.diag(pairs).reshape(-1, 2, 2).transpose(2, 0, 1)
    sizes = events + others  # month by group
    weights = sizes.prod(axis=1) / sizes.sum(axis=1)
    signed = (weights / weights.sum())[:, None] * np.array([1, -1]) / sizes
    shares = events / sizes
    scores = np.stack([signed * (1 - shares), -signed * shares], axis=2).ravel()
    return math.sqrt(people / (people - 1) * float(scores @ pairs @ scores))


@dataclass(frozen=True, kw_only=True, eq=False)
class Federation:
    """What the offices say together."""

    thresholds: Thresholds
    counts: pd.DataFrame
    pooled: PooledDifference
    clustered_se: float


def federated(
    offices: Sequence[Office], months: Sequence[str], size: int
) -> Federation:
    """Draw, follow up and pool; only whole numbers come from the offices."""
    thresholds = {month: common_threshold(offices, month, size) for month in months}
    cells = np.sum([office.cells(thresholds) for office in offices], axis=0)
    counts = counts_of(months, cells[:-1])
    both = counts[["n_pilot", "n_control"]].gt(0).all(axis=1)
    compared = {m: thresholds[m] for m in counts.loc[both, "stratum"]}
    pairs = np.sum([office.pairs(compared) for office in offices], axis=0)
    return Federation(
        thresholds=thresholds,
        counts=counts,
        pooled=ek.pooled_difference(counts),
        clustered_se=clustered_se(pairs),
    )


def offices_of(plan: Path, folder: Path) -> list[Office]:
    """Divide a study's people among offices, each with files of its own."""
    for path in [plan.parent / "pilot.csv", *(plan.parent / "register").iterdir()]:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, **_TEXT_FILES)
        homes = rows["henkilö"].map(
            lambda person: hash_of("home", "", person) % OFFICES
        )
        for number in range(OFFICES):
            there = folder / str(number) / path.relative_to(plan.parent)
            there.parent.mkdir(parents=True, exist_ok=True)
            rows[homes == number].to_csv(there, index=False, **_TEXT_FILES)
    protocol = whole_frame_of(ek.read_protocol(plan))
    return [
        Office(register=ek.open_register(protocol=protocol.at(folder / str(number))))
        for number in range(OFFICES)
    ]


def whole_frame_of(protocol: Protocol) -> Protocol:
    """Let an office rank its whole frame: the size is that of all offices together."""
    draw = protocol.draw.model_copy(update={"size": "all"})
    return protocol.model_copy(update={"draw": draw})


def main() -> None:
    """Print the answer of ten offices and that of their registers joined."""
    with tempfile.TemporaryDirectory() as name:
        plan = small_study(Path(name, "joined"))
        joined = ek.open_register(protocol=ek.read_protocol(plan))
        months, size = measurable_months(joined), joined.protocol.draw.size
        draws = [ek.draw_controls(joined, month) for month in months]
        comparison = ek.compare(ek.follow_up(joined, draws, time_zero=TIME_ZERO))
        offices = offices_of(plan, Path(name, "offices"))
        apart = federated(offices, months, int(size))
    sys.stdout.write(
        f"joined   {comparison.pooled.estimate!r}, se {comparison.pooled.se!r}\n"
        f"offices  {apart.pooled.estimate!r}, se {apart.clustered_se!r}\n"
    )


if __name__ == "__main__":
    main()
