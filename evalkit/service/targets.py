"""Targets against what was achieved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.estimate.effect import joined, normal_quantile
from evalkit.estimate.shares.share_intervals import wilson_limits
from evalkit.service.tables import HAPPENED
from evalkit.study.months import month_text, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.service.plan import ServicePlan, ShareTarget, YearlyTarget

COLUMNS = (
    "target", "period", "least", "most", "count", "base", "base_n", "share", "ci_low",
    "ci_high", "agreed_base", "met", "verdict", "note",
)  # fmt: skip

_BASES = ("referred", "started", "completed")
_MONTHS_A_YEAR = 12


def target_table(
    clients: pd.DataFrame,
    trainings: pd.DataFrame | None,
    plan: ServicePlan,
    level: float,
) -> pd.DataFrame:
    """Return one row a target, period and base, with the columns `COLUMNS`."""
    rows: list[dict[str, Any]] = []
    for number in plan.yearly:
        rows += _numbers(number, _dated(number, clients, trainings), plan)
    for share in plan.shares:
        rows += _shares(share, clients, plan, level)
    whole = dict.fromkeys(("count", "base_n"), "Int64")
    return pd.DataFrame(rows, columns=COLUMNS).astype({**whole, "met": "boolean"})


def checked_trainings(trainings: pd.DataFrame) -> pd.DataFrame:
    """Return the trainings that started: ``month`` and ``persons`` of each."""
    lost = [name for name in ("date", "persons") if name not in trainings.columns]
    if lost:
        raise EvalkitError(
            f"`trainings` has no column {', '.join(lost)}.",
            hint="It has one row per training: the day it began, and its persons.",
        )
    months = trainings["date"].map(_month)
    persons = pd.to_numeric(trainings["persons"], errors="coerce")
    wrong = months.eq("") | ~(persons >= 0)
    if wrong.any():
        rows = ", ".join(str(place + 1) for place in np.flatnonzero(wrong)[:5])
        raise EvalkitError(
            f"`trainings` has no date or no number of persons in {wrong.sum()} rows "
            f"(the first: {rows})."
        )
    return pd.DataFrame({"month": months, "persons": persons})


def _month(day: object) -> str:
    """Return the month of a day as people write it, empty where there is none."""
    try:
        return month_text(parse_month(str(day)))
    except EvalkitError:
        return ""


def _dated(
    target: YearlyTarget, clients: pd.DataFrame, trainings: pd.DataFrame | None
) -> pd.Series[Any] | None:
    """Return what a target counts: numbers by month, None where it is not known."""
    if target.measure in HAPPENED:
        months = clients[HAPPENED[target.measure]]
        return months[clients[target.measure]].value_counts()
    if trainings is None:
        return None
    how = "sum" if target.measure == "trainees" else "size"
    counts: pd.Series[Any] = trainings.groupby("month")["persons"].agg(how)
    return counts


def _numbers(
    target: YearlyTarget, counts: pd.Series[Any] | None, plan: ServicePlan
) -> Iterator[dict[str, Any]]:
    """Compare a number with the target's part for the months of each year."""
    referrals = target.measure == "referred"
    active = plan.service.active(referrals=referrals)
    years = dict.fromkeys(month[:4] for month in active)
    for period in (*years, "all"):
        months = [m for m in active if period in {m[:4], "all"}]
        part = len(months) / _MONTHS_A_YEAR
        row: dict[str, Any] = {
            "target": target.name,
            "period": period,
            "least": target.least * part,
            "most": np.nan if target.most is None else target.most * part,
            "note": f"{len(months)} months of service",
        }
        if counts is None:
            row["note"] = joined("no list of trainings was given", row["note"])
        else:
            inside = counts.index.str[:4] == period
            row["count"] = int(
                counts[inside].sum() if period != "all" else counts.sum()
            )
            row["met"] = row["count"] >= row["least"]
            row["verdict"] = "reached" if row["met"] else "missed"
        yield row


def _shares(
    target: ShareTarget, clients: pd.DataFrame, plan: ServicePlan, level: float
) -> Iterator[dict[str, Any]]:
    """Compare a share with the target on every base, by year of referral and in all."""
    hits = clients["route"].isin(target.routes)
    if target.lasting:
        hits &= (clients["route"] != "work") | clients["lasting"]
    years = clients["referred_in"].str[:4]
    for period in (*sorted(years.unique()), "all"):
        inside = (years == period) | (period == "all")
        note = _share_note(target, clients[inside], plan)
        for base in _BASES:
            of = inside & clients[base]
            yield {
                "target": target.name,
                "period": period,
                "least": target.share,
                "base": base,
                "agreed_base": base == target.base,
                **_compared(int((hits & of).sum()), int(of.sum()), target.share, level),
                "note": note,
            }


def _compared(count: int, n: int, goal: float, level: float) -> dict[str, Any]:
    """Compare a share with its goal: by itself, and with its interval."""
    if not n:
        return {"count": count, "base_n": n, "verdict": "undetermined"}
    x, size = np.array(float(count)), np.array(float(n))
    low, high = map(float, wilson_limits(x, size, normal_quantile(level)))
    verdict = "reached" if low >= goal else "missed" if high < goal else "undetermined"
    share = count / n
    return {
        "count": count,
        "base_n": n,
        "share": share,
        "ci_low": low,
        "ci_high": high,
        "met": share >= goal,
        "verdict": verdict,
    }


def _share_note(target: ShareTarget, clients: pd.DataFrame, plan: ServicePlan) -> str:
    """Say what the share leaves open."""
    unlasting = target.lasting and plan.service.lasting is None
    still = int((clients["started"] & ~clients["completed"]).sum())
    return joined(
        "how long jobs lasted is not known: at most" if unlasting else "",
        f"{still} not yet through the service" if still else "",
    )
