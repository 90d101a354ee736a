"""Everybody who could have been drawn, followed up by the same rule, as counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.exits import durations
from evalkit.cohort.follow_up import measurable_months, require_measurable
from evalkit.cohort.frame import frame, require_drawable
from evalkit.cohort.histories import build_histories_of_drawn
from evalkit.cohort.lookups import count_states, count_weeks
from evalkit.cohort.person_table import are_kept, hurdles_of, readings_of
from evalkit.cohort.week_counts import WeekCounts, alike
from evalkit.errors import DrawError
from evalkit.results import Result
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalkit.cohort.time_zero import TimeZero
    from evalkit.register.register import Register

_READINGS = {
    "events": "outcome",
    "strict_events": "outcome_strict",
    "report_events": "outcome_report",
}
_COUNTS = ["people", "left_out", "unknown", "known", *_READINGS]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeFrame(Result):
    """The pilot's people and everybody in the frame, month by month, as counts.

    Attributes
    ----------
    table
        One row per month and group: month, group, people, left_out (of whom not
        followed, since they do not meet the criteria at time zero), unknown (followed,
        with an unknown outcome), known, events (known and not unemployed),
        strict_events (nor in a service or training), report_events (by the report's
        rule).
    time_zero
        The reading of time zero.
    """

    table: pd.DataFrame
    time_zero: TimeZero

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def counts(self) -> pd.DataFrame:
        """Events and people by month, as `pooled_difference` takes them."""
        by_month = self.table.set_index("month")
        pilot, control = (
            by_month[by_month["group"] == group] for group in ("pilot", "control")
        )
        counts = pd.DataFrame(
            {
                "pilot_events": pilot["events"],
                "n_pilot": pilot["known"],
                "control_events": control["events"],
                "n_control": control["known"],
            }
        )
        return counts.rename_axis("stratum").reset_index()


def whole_frame(
    register: Register,
    months: Sequence[str] | None = None,
    *,
    time_zero: TimeZero | None = None,
) -> WholeFrame:
    """Follow up everybody who could have been drawn, and return counts.

    What a sample estimates, the whole frame shows: the same criteria, time zero and
    lag, and the very SQL of `follow_up`. Only counts leave the engine, so that a
    national register takes no more memory than a small one. It removes the chance of
    the draw, and nothing else: the frame's people are no more like the pilot's than
    the sample's are.

    Parameters
    ----------
    register
        The register, reaching beyond the lag.
    months
        Cohort months. None: all that can be measured.
    time_zero
        As in `follow_up`. None: the plan's.

    Returns
    -------
    WholeFrame
        Two rows for each month, the pilot's and the frame's.

    Raises
    ------
    DrawError
        If a month cannot be drawn or measured.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> whole = whole_frame(small_register(), ["2021-02"])
    >>> table = whole.to_frame().set_index("group")
    >>> int(table.loc["control", "people"]) > 300
    True
    """
    reading = time_zero or register.protocol.follow_up.time_zero
    table = _month_by_month(register, months, reading, _count_outcomes)
    return WholeFrame(table=table, time_zero=reading)


def whole_frame_weeks(
    register: Register,
    months: Sequence[str] | None = None,
    *,
    time_zero: TimeZero | None = None,
) -> WeekCounts:
    """Follow up everybody who could have been drawn until they leave, as counts.

    The people of `whole_frame`, with the weeks and exits that `follow_up` gives them.
    Curves, rank tests and exit routes of a whole country need no more; errors take its
    rows for different people, since counts do not tell who recurs. The counts are for
    whoever computes with them, not for publication: many stand for one person.

    Parameters
    ----------
    register
        The register, reaching beyond the lag.
    months
        Cohort months. None: all that can be measured.
    time_zero
        As in `follow_up`. None: the plan's.

    Returns
    -------
    WeekCounts
        People who are alike in group, month, weeks_before, weeks, exited and exit_to,
        counted.

    Raises
    ------
    DrawError
        If a month cannot be drawn or measured.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> counts = whole_frame_weeks(small_register(), ["2021-02"])
    >>> sorted(set(counts.to_frame()["group"]))
    ['control', 'pilot']
    """
    reading = time_zero or register.protocol.follow_up.time_zero
    table = _month_by_month(register, months, reading, _count_weeks)
    return WeekCounts(people=alike(table), level=register.protocol.estimate.level)


def _month_by_month(
    register: Register,
    months: Sequence[str] | None,
    time_zero: TimeZero,
    count: Callable[[Register, TimeZero], pd.DataFrame],
) -> pd.DataFrame:
    """Count everybody of each month; one at a time, so that little is held at once."""
    chosen = measurable_months(register) if months is None else list(months)
    if not chosen:
        raise DrawError("There is no month to follow up.")
    numbers = {
        month_text(n): n for n in (require_drawable(register, m) for m in chosen)
    }
    require_measurable(register, list(numbers))
    tables = []
    for text, number in numbers.items():
        _build_histories(register, number, time_zero)
        counts = count(register, time_zero)
        counts.insert(0, "month", text)
        tables.append(counts)
    return pd.concat(tables, ignore_index=True)


def _build_histories(register: Register, month: int, time_zero: TimeZero) -> None:
    """Make the tables of the follow-up with everybody in the frame as drawn."""
    in_frame = frame(register.protocol, month)
    register.engine.table(
        "drawn",
        f"SELECT CAST({month} AS INTEGER) AS month, person_id FROM ({in_frame}) f",
    )
    seed = register.protocol.draw.seed
    build_histories_of_drawn(register, {month: seed}, time_zero)


def _count_outcomes(register: Register, time_zero: TimeZero) -> pd.DataFrame:
    """Sum up people who are alike, by the rules of the person table."""
    found = count_states(register)
    kept = are_kept(hurdles_of(found), time_zero)
    readings = readings_of(register, found)
    known = kept & readings["outcome"].notna()
    people = found["people"]
    parts = {
        "people": people,
        "left_out": people.where(~kept, 0),
        "unknown": people.where(kept & ~known, 0),
        "known": people.where(known, 0),
    } | {
        name: people.where(known & readings[reading].eq(1), 0)
        for name, reading in _READINGS.items()
    }
    sums = pd.DataFrame(parts)[_COUNTS].groupby(found["in_pilot"]).sum()
    both = sums.reindex([True, False], fill_value=0).astype(int)
    both.index = pd.Index(["pilot", "control"], name="group")
    return both.reset_index()


def _count_weeks(register: Register, time_zero: TimeZero) -> pd.DataFrame:
    """Sum up those who are followed and alike, by the rules of the person table."""
    found = count_weeks(register)
    followed = are_kept(hurdles_of(found), time_zero)
    people = pd.DataFrame(
        {
            "group": np.where(found["in_pilot"], "pilot", "control"),
            "weeks_before": found["weeks_before"].astype(float),
            **durations(register, found),
            "n": found["people"],
        }
    )
    return alike(people[followed])
