"""Wins, ties and losses over months, and why they are not evidence."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.results import Result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NOTE = (
    "Counting months is not evidence: a month of ten people counts as much as one of "
    "a hundred, how large a difference is goes unused, and months are few. The pooled "
    "difference, with its interval, is the answer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Result):
    """In how many months the pilot's share was the higher one.

    Attributes
    ----------
    wins, ties, losses
        Months in which the pilot's share was higher, the same, or lower.
    p_value
        Two-sided sign test over the months that were not ties; NaN if all were.
    note
        Why the count of months is not evidence.

    Examples
    --------
    Nine months of twelve happen by chance alone, one way or the other, one time in
    seven:

    >>> import numpy as np
    >>> tally = tally_of(np.array([1.0] * 9 + [-1.0] * 3))
    >>> tally.wins, tally.losses, round(tally.p_value, 3)
    (9, 3, 0.146)
    """

    wins: int
    ties: int
    losses: int
    p_value: float
    note: str = _NOTE

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        return pd.DataFrame([asdict(self)])


def tally_of(signs: NDArray[np.float64]) -> Tally:
    """Count the signs of the months' differences."""
    wins, losses = int((signs > 0).sum()), int((signs < 0).sum())
    return Tally(
        wins=wins,
        ties=int((signs == 0).sum()),
        losses=losses,
        p_value=_sign_test(wins, losses),
    )


def whole_percent(events: pd.Series, people: pd.Series) -> pd.Series:
    """Return shares in whole percent, halves rounded up, by whole numbers only."""
    return (200 * events + people) // (2 * people)


def _sign_test(wins: int, losses: int) -> float:
    """Return the exact two-sided p-value of wins and losses that are equally likely."""
    n = wins + losses
    if not n:
        return math.nan
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, tail / 2.0 ** (n - 1))
