"""Where the drawn estimate stands among those that other draws would have given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalkit.cohort.whole_frame import WholeFrame
    from evalkit.estimate.months.comparison import Comparison

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redraws(Result):
    """The estimate of the draw among those of other draws from the same frames.

    Attributes
    ----------
    table
        One row per month and a last row ``pooled``: month, estimate (of the draw),
        whole_frame (of everybody in the frame as control), redraw_mean, redraw_sd,
        redraw_low, redraw_high (between which the redraws lie with chance `level`),
        position (share of redraws below the draw's estimate, those equal to it by
        half), unusual (chance of a redraw as far out, on either side), n_pilot,
        n_control, frame (known outcomes in the frame), note.
    simulated
        One row per redraw, one column per month and ``pooled``: its estimates.
    level
        Chance with which redraws lie between `redraw_low` and `redraw_high`.
    """

    table: pd.DataFrame
    simulated: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def redraw_distribution(
    comparison: Comparison,
    whole: WholeFrame,
    *,
    redraws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Redraws:
    r"""Show where the drawn estimate stands among those of other seeds.

    A seed that was chosen after looking would give itself away by a draw far out in
    its redraws. The redraws differ by whom the control sample happened to hold and by
    nothing else; the pilot's people are the same in all. Their spread is therefore
    no standard error of the pilot's effect.

    Parameters
    ----------
    comparison
        What `compare` returned of the draws, with the outcome ``"outcome"``.
    whole
        What `evalkit.cohort.whole_frame.whole_frame` returned for the same months
        and the same reading of time zero.
    redraws
        Number of simulated redraws.
    seed
        Number that decides the simulation.
    level
        Chance with which redraws lie between the limits.

    Returns
    -------
    Redraws
        A row for each month and one for all, and the simulated redraws.

    Raises
    ------
    EstimationError
        If a month of the comparison is not in `whole`, if both do not fit together,
        or if a number is out of range.

    Notes
    -----
    With K events among the N known outcomes of a month's frame, the events among n
    controls drawn from it are hypergeometric [1]_: mean :math:`n K / N`, variance

    .. math::
        n \frac{K}{N} \Big(1 - \frac{K}{N}\Big) \frac{N - n}{N - 1},

    from which the months' rows come without simulation. n is the number of drawn
    controls whose outcome is known, given which the distribution is exact. Pooled,
    mean and standard deviation follow from the months, which are drawn independently;
    the rest is simulated. With other seeds the controls would also get other time
    zeros within the month, which is left out of account.

    References
    ----------
    .. [1] Cochran WG (1977). Sampling Techniques, 3rd edition, chapter 3. Wiley.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.cohort.whole_frame import WholeFrame
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 50 + [0] * 100, "y": [1, 0] * 25 + [1, 0, 0, 0] * 25}
    ... )
    >>> frame = {
    ...     "month": "all",
    ...     "group": ["pilot", "control"],
    ...     "known": [50, 800],
    ...     "events": [25, 240],
    ... }
    >>> whole = WholeFrame(table=pd.DataFrame(frame), time_zero="aligned")
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
    >>> found = redraw_distribution(compare(cohort), whole).to_frame()
    >>> found[["month", "estimate", "whole_frame", "position"]].head(1).round(3)
      month  estimate  whole_frame  position
    0   all      0.25          0.2     0.878
    """
    checked_level(level)
    if redraws < 1:
        raise EstimationError(f"`redraws` must be at least 1, got {redraws}.")
    months = _months(comparison, whole)
    redrawn = _redrawn(months)
    estimates = _simulated(months, redrawn, redraws, np.random.default_rng(seed))
    together = months.pooled(estimates)
    exact = _exact(months, redrawn, level)
    last = _last_row(months, exact, together, level)
    return Redraws(
        table=pd.DataFrame({name: [*exact[name], last[name]] for name in _COLUMNS}),
        simulated=pd.DataFrame(
            np.column_stack([estimates, together]), columns=[*months.names, "pooled"]
        ),
        level=level,
    )


_MEASURES = [
    "estimate", "whole_frame", "redraw_mean", "redraw_sd", "redraw_low",
    "redraw_high", "position", "unusual",
]  # fmt: skip
_DRAWN = ["pilot_events", "n_pilot", "control_events", "n_control"]
_COLUMNS = ["month", *_MEASURES, "n_pilot", "n_control", "frame", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Months:
    """Counts by month: of both groups of the draw, and of the whole frame.

    Events and people with a known outcome: x1 of n1 pilots, x0 of n0 controls, and
    `events` of `frame` people in the frame.
    """

    names: list[str]
    x1: Counts
    n1: Counts
    x0: Counts
    n0: Counts
    events: Counts
    frame: Counts

    @property
    def both(self) -> NDArray[np.bool_]:
        """True for the months that have both groups."""
        return (self.n1 > 0) & (self.n0 > 0)

    @property
    def pilot(self) -> Array:
        """The pilots' share in each month, NaN where there are none."""
        return np.where(self.n1 > 0, self.x1, np.nan) / np.maximum(self.n1, 1)

    @property
    def weights(self) -> Array:
        """The Mantel-Haenszel weights of the months with both, which sum to one."""
        n1, n0 = self.n1[self.both], self.n0[self.both]
        raw = n1 * n0 / (n1 + n0)
        return np.asarray(raw / raw.sum())

    def pooled(self, values: Array) -> Array:
        """Return the weighted mean over the months, which are the last axis."""
        if not self.both.any():
            return np.full(values.shape[:-1], np.nan)
        return np.asarray(values[..., self.both] @ self.weights)


def _months(comparison: Comparison, whole: WholeFrame) -> _Months:
    """Return the counts of the draw and of the whole frame side by side."""
    drawn = _checked(comparison).months
    names = drawn["month"].to_list()
    columns = (whole.table[name] for name in ("month", "group", "events", "known"))
    everybody = {
        (month, group): counts for month, group, *counts in zip(*columns, strict=True)
    }
    if lost := [month for month in names if (month, "control") not in everybody]:
        raise EstimationError(
            f"The whole frame lacks {', '.join(lost)}.",
            hint="Follow up the whole frame for the same months.",
        )
    events, frame = _counts(everybody[month, "control"] for month in names)
    _, pilots = _counts(everybody[month, "pilot"] for month in names)
    x1, n1, x0, n0 = (drawn[name].to_numpy(dtype=np.int64) for name in _DRAWN)
    months = _Months(
        names=names, x1=x1, n1=n1, x0=x0, n0=n0, events=events, frame=frame
    )
    _require_same_people(months, pilots)
    return months


def _checked(comparison: Comparison) -> Comparison:
    """Return the comparison if it is one of counts of the default outcome."""
    counted = comparison.table["pilot_events"].notna().all()
    if comparison.outcome != "outcome" or not counted:
        raise EstimationError(
            "Redraws are made from counts of the outcome 'outcome', "
            f"the comparison is of {comparison.outcome!r}.",
            hint="Compare with the default outcome.",
        )
    return comparison


def _counts(pairs: Iterable[Sequence[int]]) -> tuple[Counts, Counts]:
    """Return events and people as arrays."""
    events, people = zip(*pairs, strict=True)
    return np.array(events, dtype=np.int64), np.array(people, dtype=np.int64)


def _require_same_people(months: _Months, pilots: Counts) -> None:
    """Refuse a sample that cannot have come from the frame beside it."""
    wrong = (
        (pilots != months.n1)
        | (months.x0 > months.events)
        | (months.n0 - months.x0 > months.frame - months.events)
    )
    if wrong.any():
        raise EstimationError(
            "The sample and the whole frame do not belong together in "
            f"{', '.join(np.array(months.names)[wrong])}.",
            hint="Use the same register, plan and reading of time zero for both.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redrawn:
    """How many events the redraws of a month hold: fewest, and chances of up to each.

    The chances of so many, one more, and so on; the last one is one.
    """

    fewest: int
    up_to: Array

    @classmethod
    def of(cls, frame: int, events: int, n: int) -> _Redrawn:
        """Return the hypergeometric distribution, each chance from the one before."""
        others = frame - events
        fewest, most = max(0, n - others), min(n, events)
        k = np.arange(fewest, most, dtype=float)
        gain, loss = (events - k) * (n - k), (k + 1) * (others - n + k + 1)
        logs = np.concatenate([[0.0], np.cumsum(np.log(gain / loss))])
        up_to = np.cumsum(np.exp(logs - logs.max()))
        return cls(fewest=fewest, up_to=up_to / up_to[-1])

    def at_most(self, events: int) -> float:
        """Return the chance of so many events or fewer."""
        place = events - self.fewest
        return float(self.up_to[place]) if place >= 0 else 0.0

    def events(self, chances: ArrayLike) -> Counts:
        """Return the fewest events up to which these chances go."""
        return self.fewest + np.searchsorted(self.up_to, chances)


def _redrawn(months: _Months) -> list[_Redrawn]:
    counts = zip(
        months.frame.tolist(), months.events.tolist(), months.n0.tolist(), strict=True
    )
    return [_Redrawn.of(*month) for month in counts]


def _exact(
    months: _Months, redrawn: Sequence[_Redrawn], level: float
) -> dict[str, Iterable[object]]:
    """Return the distribution of each month's redraws in closed form."""
    both, n0, x0 = months.both, np.maximum(months.n0, 1), months.x0
    ends = [(1 - level) / 2, (1 + level) / 2]
    fewest, most = np.transpose([month.events(ends) for month in redrawn])
    below, up_to = (
        np.array([m.at_most(x) for m, x in zip(redrawn, counts.tolist(), strict=True)])
        for counts in (x0 - 1, x0)
    )
    share = months.events / np.maximum(months.frame, 1)
    measures = {
        "estimate": months.pilot - x0 / n0,
        "whole_frame": months.pilot - share,
        "redraw_mean": months.pilot - share,
        "redraw_sd": _sd(share, n0, months.frame),
        "redraw_low": months.pilot - most / n0,
        "redraw_high": months.pilot - fewest / n0,
        # More events among the controls make the estimate smaller.
        "position": 1 - (below + up_to) / 2,
        "unusual": np.minimum(1, 2 * np.minimum(1 - below, up_to)),
    }
    notes = np.where(n0 == months.frame, "the sample is the whole frame", "")
    return {
        **{name: np.where(both, column, np.nan) for name, column in measures.items()},
        "month": months.names,
        "n_pilot": months.n1,
        "n_control": months.n0,
        "frame": months.frame,
        "note": np.where(both, notes, "one group is empty").tolist(),
    }


def _sd(share: Array, n: Counts, frame: Counts) -> Array:
    """Return the standard deviation of a sample's share."""
    left = (frame - n) / np.maximum(frame - 1, 1)
    return np.asarray(np.sqrt(share * (1 - share) / n * np.maximum(left, 0)))


def _simulated(
    months: _Months,
    redrawn: Sequence[_Redrawn],
    redraws: int,
    random: np.random.Generator,
) -> Array:
    """Return the estimates of simulated redraws, one row each, by month."""
    drawn = np.column_stack([m.events(random.random(redraws)) for m in redrawn])
    shares = np.where(months.n0 > 0, drawn, np.nan) / np.maximum(months.n0, 1)
    return months.pilot - shares


def _last_row(
    months: _Months, exact: dict[str, Any], simulated: Array, level: float
) -> dict[str, object]:
    """Return the row of all months: moments from the months, the rest simulated."""
    both = months.both
    row: dict[str, object] = {
        "month": "pooled",
        "n_pilot": int(months.n1[both].sum()),
        "n_control": int(months.n0[both].sum()),
        "frame": int(months.frame[both].sum()),
        "note": "limits and position are simulated",
    }
    if not both.any():
        return row | dict.fromkeys(_MEASURES, math.nan)
    estimate = float(months.pooled(exact["estimate"]))
    # Equal estimates may differ in their last bit.
    apart = np.where(np.isclose(simulated, estimate), 0, simulated - estimate)
    below, above = (apart < 0).mean(), (apart > 0).mean()
    low, high = np.quantile(simulated, [(1 - level) / 2, (1 + level) / 2])
    variance = months.weights**2 @ exact["redraw_sd"][both] ** 2
    return row | {
        "estimate": estimate,
        "whole_frame": float(months.pooled(exact["whole_frame"])),
        "redraw_mean": float(months.pooled(exact["redraw_mean"])),
        "redraw_sd": math.sqrt(variance),
        "redraw_low": float(low),
        "redraw_high": float(high),
        "position": float(below + (1 - below - above) / 2),
        "unusual": float(min(1.0, 2 * min(1 - below, 1 - above))),
    }
