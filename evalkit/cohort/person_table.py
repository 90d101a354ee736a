"""From what was looked up to the person table: readings, who is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort
from evalkit.cohort.exits import durations
from evalkit.cohort.lookups import described_by, told_of_pilots
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.months import counting_day, month_text
from evalkit.study.protocol import DAYS_A_WEEK

if TYPE_CHECKING:
    from evalkit.cohort.time_zero import TimeZero
    from evalkit.register.register import Register

_NUMERIC = ("number", "weeks", "flag")
_NOT_IN_SNAPSHOT = "in the register on the frame's day"
_NOT_UNEMPLOYED = "unemployed at time zero"
_REFERRED = "not referred to the pilot by time zero"


def person_table(
    register: Register, found: pd.DataFrame, time_zero: TimeZero
) -> Cohort:
    """Make the cohort from one row per entrant of what the register says."""
    people = _described(register, found)
    people = people.assign(**durations(register, found), **_outcomes(register, found))
    covariates = list(register.protocol.estimate.covariates)
    first = [name for name in people if name not in covariates]
    people = people[[*first, *covariates]]
    hurdles = hurdles_of(found)
    kept = are_kept(hurdles, time_zero)
    return Cohort(
        people=people[kept].reset_index(drop=True),
        covariates=tuple(covariates),
        protocol=register.protocol,
        time_zero=time_zero,
        attrition=_attrition(found, hurdles, time_zero),
        notes=(
            *_left_out(hurdles[~kept], found),
            *_notes(register, found[kept], people[kept], time_zero),
        ),
    )


def _described(register: Register, found: pd.DataFrame) -> pd.DataFrame:
    """Return who the people are: identity, group, time zero, covariates."""
    pilot = found["in_pilot"]
    people = pd.DataFrame(
        {
            "person": found["person_id"],
            "group": np.where(pilot, "pilot", "control"),
            "month": [month_text(int(month)) for month in found["month"]],
            "time_zero": _dates(found["time_zero"]),
            "weeks_before": found["weeks_before"].astype(float),
            "started": pilot & found["start_day"].notna(),
            "laid_off": found["laid_off_then"].astype(float),
            "weeks_to_referral": _weeks_to_referral(found),
        }
    )
    past = ("months_unemployed_24", "spells_24", "services_24")
    names = [*described_by(register), *told_of_pilots(register)]
    own = {name: _values(name, found[name]) for name in names}
    return people.assign(**{name: found[name].astype(float) for name in past}, **own)


def _dates(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days.astype("int64"), unit="D")


def _weeks_to_referral(found: pd.DataFrame) -> pd.Series:
    """Weeks from time zero until a control is referred after all; else NaN."""
    days = found["first_referral"].astype(float) - found["time_zero"]
    later = ~found["in_pilot"] & (days > 0)
    return (days // DAYS_A_WEEK).where(later)


def _values(name: str, column: pd.Series) -> pd.Series:
    """Return a covariate as numbers or as text.

    Codes stay text, however numerical they look; a column of the plan's own is numbers
    where all of it is.
    """
    if name in SNAPSHOT_COLUMNS and SNAPSHOT_COLUMNS[name].kind not in _NUMERIC:
        return column
    try:
        return pd.to_numeric(column).astype(float)
    except (TypeError, ValueError):
        return column


def _outcomes(register: Register, found: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the status at the lag, its three readings, and the further lags."""
    lags = register.protocol.follow_up.further_lags
    readings = readings_of(register, found) | {
        "measured": found["lag_month_0"].map(lambda month: month_text(int(month))),
        "days_observed": _days_observed(register, found),
    }
    for number, lag in enumerate(lags, start=1):
        later = _status(register, found, number).map(_NOT_UNEMPLOYED_IS_ONE)
        reached = found[f"lag_month_{number}"] <= register.months[-1]
        readings[f"outcome_{lag.name}"] = later.where(reached)
    return readings


def readings_of(register: Register, found: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the status at the plan's lag and the readings of it."""
    status = _status(register, found, 0)
    outcome = status.map(_NOT_UNEMPLOYED_IS_ONE)
    absent = (~found["in_pool"]).astype(float).where(outcome.notna())
    readings = {
        "status": status,
        "outcome": outcome,
        "outcome_strict": outcome.mask(found["service_0"] & (outcome == 1), 0.0),
        "outcome_report": outcome.where(found["in_pilot"], absent),
    }
    if "employment_code" in register.protocol.data.columns:
        readings["outcome_laid_off"] = outcome.mask(found["laid_off_0"], 1 - outcome)
    return readings


_NOT_UNEMPLOYED_IS_ONE = {"not unemployed": 1.0, "unemployed": 0.0, "unknown": np.nan}


def _status(register: Register, found: pd.DataFrame, number: int) -> pd.Series:
    """Return unemployed, not unemployed or unknown at a lag.

    Unknown is an id that the register does not have, a missing snapshot, a death or a
    move; and an absent person where the register is not complete.
    """
    here, still = found[f"found_{number}"], found[f"still_{number}"]
    seen = found[f"lag_month_{number}"].isin(register.months)
    absent_known = ~found[f"lost_{number}"] & register.protocol.register_.complete
    known = seen & found["linked"] & (here | absent_known)
    status = np.select([~known, still], ["unknown", "unemployed"], "not unemployed")
    return pd.Series(status, index=found.index)


def _days_observed(register: Register, found: pd.DataFrame) -> pd.Series:
    if register.has_dates:
        return found["lag_day_0"] - found["time_zero"]
    rule = register.protocol.register_.counting_day
    days = {m: counting_day(int(m), rule) for m in found["lag_month_0"].unique()}
    return found["lag_month_0"].map(days) - found["time_zero"]


def hurdles_of(found: pd.DataFrame) -> pd.Series:
    """Name the first criterion that each entrant does not meet; empty: meets all."""
    pilot = found["in_pilot"]
    outside = found["outside"].fillna("").mask(~found["in_snapshot"], _NOT_IN_SNAPSHOT)
    hurdle = outside.where(pilot, "")
    hurdle = hurdle.mask((hurdle == "") & ~found["unemployed_then"], _NOT_UNEMPLOYED)
    referred = ~pilot & found["referred_then"]
    return hurdle.mask((hurdle == "") & referred, _REFERRED)


def are_kept(hurdles: pd.Series, time_zero: TimeZero) -> pd.Series:
    """Tell who stays in a reading, by the criteria that people do not meet."""
    if time_zero == "report":
        return hurdles.notna()
    return hurdles == ""


def _attrition(
    found: pd.DataFrame, hurdles: pd.Series, time_zero: TimeZero
) -> pd.DataFrame:
    """Count those left out of each group, criterion by criterion.

    In the report's reading nobody is left out; the pilots outside the frame's criteria
    are counted all the same, under the criterion that they do not meet.
    """
    rows = []
    for group, members in (
        ("pilot", found["in_pilot"]),
        ("control", ~found["in_pilot"]),
    ):
        left = int(members.sum())
        rows.append((group, "followed from time zero", left, 0, left))
        for criterion, count in (
            hurdles[members & (hurdles != "")].value_counts().items()
        ):
            dropped = int(count) if time_zero == "aligned" else 0
            name = f"{criterion}" if dropped else f"{criterion} (kept: {count} not)"
            rows.append((group, name, left, dropped, left - dropped))
            left -= dropped
    return pd.DataFrame(
        rows, columns=["group", "criterion", "before", "removed", "left"]
    )


def _notes(
    register: Register, found: pd.DataFrame, people: pd.DataFrame, time_zero: TimeZero
) -> list[str]:
    """Say in sentences what should be known about this follow-up."""
    notes = [_observed(people)]
    if not (people["group"] == "pilot").any():
        notes.append("Nobody on the pilot's list has a time zero in these months.")
    if time_zero == "aligned" and not register.has_dates:
        notes.append(
            "The register has snapshots only: controls who left between the frame's "
            "day and their time zero cannot be told and stay in, which favours them."
        )
    if time_zero == "report":
        notes.append(
            "Time zero is the start of the service for pilots and the draw for "
            "controls: descriptive only, since starters had to last until they started."
        )
    late = found["in_pilot"] & (found["first_referral"] > found["time_zero"])
    if register.protocol.frame.kind == "inflow" and late.any():
        notes.append(
            f"{int(late.sum())} pilots were referred after their unemployment began; "
            "they had to stay unemployed until then, which counts against the pilot."
        )
    if limit := register.protocol.follow_up.censor_weeks:
        reached = ~people["exited"] & (
            people["weeks_before"] + people["weeks"] >= limit
        )
        notes.append(
            f"Durations end at {limit} weeks of unemployment, and leaving then or "
            f"later is not counted as leaving: {int(reached.sum())} rows reach it."
        )
    joined = int(people["weeks_to_referral"].notna().sum())
    if joined:
        notes.append(f"{joined} control rows were referred to the pilot later; kept.")
    unknown = int(people["outcome"].isna().sum())
    if unknown:
        notes.append(f"The outcome of {unknown} rows is unknown.")
    return notes


def _left_out(hurdles: pd.Series, found: pd.DataFrame) -> list[str]:
    """Say who was left out of each group, and why."""
    said = []
    for group, members in (
        ("pilot", found["in_pilot"]),
        ("control", ~found["in_pilot"]),
    ):
        reasons = hurdles[members.loc[hurdles.index]].value_counts()
        if len(reasons):
            listed = ", ".join(f"{why} ({count})" for why, count in reasons.items())
            said.append(f"Left out of the {group} group, by what is not so: {listed}.")
    return said


def _observed(people: pd.DataFrame) -> str:
    days = people.groupby("group")["days_observed"].agg(["mean", "min", "max"])
    parts = [
        f"{group} {row['mean']:.0f} ({row['min']:.0f}-{row['max']:.0f})"
        for group, row in days.iterrows()
    ]
    return f"Days from time zero to the measurement, mean (range): {', '.join(parts)}."
