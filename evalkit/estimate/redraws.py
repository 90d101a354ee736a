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
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from evalkit.cohort.whole_frame import WholeFrame
    from evalkit.estimate.comparison import Comparison

    Array = NDArray[np.float64]


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
    >>> from evalkit.estimate.comparison import compare
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
    tables = [_exact(row, level) for row in months.to_dict("records")]
    simulated = _simulated(months, redraws, np.random.default_rng(seed))
    pooled = _pooled(months, pd.DataFrame(tables), simulated["pooled"], level)
    return Redraws(
        table=pd.DataFrame([*tables, pooled])[_COLUMNS],
        simulated=simulated,
        level=level,
    )


_COLUMNS = [
    "month", "estimate", "whole_frame", "redraw_mean", "redraw_sd", "redraw_low",
    "redraw_high", "position", "unusual", "n_pilot", "n_control", "frame", "note",
]  # fmt: skip


def _months(comparison: Comparison, whole: WholeFrame) -> pd.DataFrame:
    """Return the counts of the draw and of the whole frame side by side."""
    drawn = comparison.months
    if comparison.outcome != "outcome" or drawn["pilot_events"].isna().any():
        raise EstimationError(
            "Redraws are made from counts of the outcome 'outcome', "
            f"the comparison is of {comparison.outcome!r}.",
            hint="Compare with the default outcome.",
        )
    counts = whole.counts.rename(
        columns={
            "stratum": "month",
            "n_control": "frame",
            "control_events": "frame_events",
            "n_pilot": "pilots_there",
        }
    )
    months = drawn.merge(counts.drop(columns="pilot_events"), on="month", how="left")
    lost = months["month"][months["frame"].isna()]
    if len(lost):
        raise EstimationError(
            f"The whole frame lacks {', '.join(lost)}.",
            hint="Follow up the whole frame for the same months.",
        )
    _require_same_people(months)
    return months.astype({"frame": int, "frame_events": int})


def _require_same_people(months: pd.DataFrame) -> None:
    """Refuse a sample that cannot have come from the frame beside it."""
    events, controls = months["control_events"], months["n_control"]
    wrong = (
        (months["pilots_there"] != months["n_pilot"])
        | (events > months["frame_events"])
        | (controls - events > months["frame"] - months["frame_events"])
    )
    if wrong.any():
        raise EstimationError(
            "The sample and the whole frame do not belong together in "
            f"{', '.join(months['month'][wrong])}.",
            hint="Use the same register, plan and reading of time zero for both.",
        )


def _exact(month: dict[Hashable, Any], level: float) -> dict[str, object]:
    """Return the distribution of a month's redraws in closed form."""
    from scipy.stats import hypergeom

    n1, n0 = int(month["n_pilot"]), int(month["n_control"])
    frame, events = int(month["frame"]), int(month["frame_events"])
    names = ("month", "estimate", "n_pilot", "n_control")
    row: dict[str, object] = {name: month[name] for name in names}
    if not n1 or not n0:
        nothing = dict.fromkeys(_COLUMNS[1:9], math.nan)
        return row | nothing | {"frame": frame, "note": "one group is empty"}
    pilot, drawn = month["pilot_events"] / n1, int(month["control_events"])
    redrawn = hypergeom(frame, events, n0)
    # More events among the controls make the estimate smaller.
    above, equal = redrawn.sf(drawn), redrawn.pmf(drawn)
    tail = (1 - level) / 2
    return row | {
        "whole_frame": pilot - events / frame,
        "redraw_mean": pilot - events / frame,
        "redraw_sd": _sd(n0, frame, events),
        "redraw_low": pilot - redrawn.ppf(1 - tail) / n0,
        "redraw_high": pilot - redrawn.ppf(tail) / n0,
        "position": above + equal / 2,
        "unusual": min(1.0, 2 * min(above + equal, redrawn.cdf(drawn))),
        "frame": frame,
        "note": "the sample is the whole frame" if n0 == frame else "",
    }


def _sd(n0: int, frame: int, events: int) -> float:
    """Return the standard deviation of a sample's share."""
    share = events / frame
    return math.sqrt(share * (1 - share) / n0 * (frame - n0) / max(frame - 1, 1))


def _simulated(
    months: pd.DataFrame, redraws: int, random: np.random.Generator
) -> pd.DataFrame:
    """Return the estimates of simulated redraws, by month and pooled."""
    n1, n0, frame, events = (
        months[name].to_numpy(dtype=np.int64)
        for name in ("n_pilot", "n_control", "frame", "frame_events")
    )
    with np.errstate(invalid="ignore"):
        pilot = months["pilot_events"].to_numpy(dtype=float) / n1
        drawn = random.hypergeometric(events, frame - events, n0, (redraws, n0.size))
        estimates = pilot - drawn / n0
    simulated = pd.DataFrame(estimates, columns=list(months["month"]))
    both = (n1 > 0) & (n0 > 0)
    pooled = estimates[:, both] @ _weights(months[both]) if both.any() else math.nan
    return simulated.assign(pooled=pooled)


def _weights(months: pd.DataFrame) -> Array:
    """Return the Mantel-Haenszel weights, which sum to one."""
    n1, n0 = (months[name].to_numpy(dtype=float) for name in ("n_pilot", "n_control"))
    raw = n1 * n0 / (n1 + n0)
    return np.asarray(raw / raw.sum())


def _pooled(
    months: pd.DataFrame, tables: pd.DataFrame, simulated: pd.Series, level: float
) -> dict[str, object]:
    """Return the row of all months: moments from the months, the rest simulated."""
    both = ((months["n_pilot"] > 0) & (months["n_control"] > 0)).to_numpy()
    row: dict[str, object] = {
        "month": "pooled",
        "n_pilot": int(months["n_pilot"][both].sum()),
        "n_control": int(months["n_control"][both].sum()),
        "frame": int(months["frame"][both].sum()),
        "note": "limits and position are simulated",
    }
    if not both.any():
        return row | dict.fromkeys(_COLUMNS[1:9], math.nan)
    weights, used = _weights(months[both]), tables[both]
    estimate = float(weights @ used["estimate"].astype(float))
    # Equal estimates may differ in their last bit.
    apart = np.where(np.isclose(simulated, estimate), 0, simulated - estimate)
    below, above = (apart < 0).mean(), (apart > 0).mean()
    tail = (1 - level) / 2
    return row | {
        "estimate": estimate,
        "whole_frame": float(weights @ used["whole_frame"].astype(float)),
        "redraw_mean": float(weights @ used["redraw_mean"].astype(float)),
        "redraw_sd": float(np.sqrt(weights**2 @ used["redraw_sd"].astype(float) ** 2)),
        "redraw_low": float(np.quantile(simulated, tail)),
        "redraw_high": float(np.quantile(simulated, 1 - tail)),
        "position": float(below + (1 - below - above) / 2),
        "unusual": float(min(1.0, 2 * min(1 - below, 1 - above))),
    }
