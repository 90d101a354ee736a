"""Both groups, looked up again after the same time and by the same rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.draw import Draw
from evalkit.cohort.frame import drawable_months
from evalkit.cohort.histories import build_histories
from evalkit.cohort.lookups import look_up
from evalkit.cohort.person_table import person_table
from evalkit.errors import DrawError
from evalkit.study.months import last_day, month_of, month_text, parse_month

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.time_zero import TimeZero
    from evalkit.register.register import Register


def follow_up(
    register: Register,
    draws: Draw | Sequence[Draw],
    *,
    time_zero: TimeZero | None = None,
) -> Cohort:
    """Follow the drawn controls and the pilot's clients of the same months.

    Everybody is followed for the plan's lag from a time zero of their own. Where the
    register has dates, the status is that of the very day; where it has snapshots only,
    that of the snapshot of the month in which the lag ends. A person who leaves on the
    day of measurement is still unemployed on it.

    Parameters
    ----------
    register
        The register, reaching beyond the lag.
    draws
        The control sample of one month or more.
    time_zero
        ``"aligned"``: the referral, for controls a referral date of the same month;
        people who do not meet the frame's criteria, or are no longer unemployed at time
        zero, are left out of both groups and counted. ``"report"``: the start of the
        service, for controls the draw; nobody is left out, and the comparison is
        descriptive only. None: the plan's.

    Returns
    -------
    Cohort
        One row per person and cohort month. Readings of the outcome: ``outcome`` (not
        unemployed at the lag), ``outcome_strict`` (nor in a service or training),
        ``outcome_report`` (controls: absent from the follow-up pool),
        ``outcome_laid_off`` (laid off full-time at the lag counted the other way), and
        one ``outcome_...`` for every further lag. ``weeks_before`` is counted down,
        ``weeks`` to an exit up.

    Raises
    ------
    DrawError
        If a month cannot be measured yet, or a month is drawn twice.

    Examples
    --------
    >>> from evalkit.cohort.draw import draw_controls
    >>> from evalkit.examples.small import small_register
    >>> register = small_register()
    >>> cohort = follow_up(register, draw_controls(register, "2021-02"))
    >>> cohort.months
    ('2021-02',)
    """
    chosen = [draws] if isinstance(draws, Draw) else list(draws)
    _require_once([draw.month for draw in chosen])
    require_measurable(register, [draw.month for draw in chosen])
    reading = time_zero or register.protocol.follow_up.time_zero
    build_histories(register, chosen, reading)
    return person_table(register, look_up(register), reading)


def measurable_months(register: Register) -> list[str]:
    """Return the months that can be drawn and whose outcome the register holds."""
    return [
        month
        for month in drawable_months(register)
        if measurement_month(register, month) <= register.months[-1]
    ]


def measurement_month(register: Register, month: str) -> int:
    """Return the number of the month whose snapshot a cohort month has to wait for."""
    lag = register.protocol.follow_up.lag
    return month_of(lag.after(last_day(parse_month(month))))


def require_measurable(register: Register, months: Sequence[str]) -> None:
    """Raise `DrawError` for a month whose lag ends beyond the register."""
    end = register.months[-1]
    for month in months:
        needed = measurement_month(register, month)
        if needed > end:
            raise DrawError(
                f"{month} cannot be measured yet: the lag ends in {month_text(needed)},"
                f" and the register ends with {month_text(end)}.",
                hint=f"Add the snapshot of {month_text(needed)}, then run again.",
            )


def _require_once(months: Sequence[str]) -> None:
    if not months:
        raise DrawError("There is no draw to follow up.")
    twice = sorted({month for month in months if months.count(month) > 1})
    if twice:
        raise DrawError(f"Drawn twice: {', '.join(twice)}. Name one draw a month.")
