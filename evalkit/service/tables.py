"""The service's people counted: in all, by month, year, age, way and result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.shares.share_intervals import wilson_limits
from evalkit.service.clients import MEASURES, ROUTES, UNKNOWN, age_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalkit.service.plan import ServicePlan

COLUMNS = (
    "table", "group", "measure", "count", "base", "base_n", "share", "ci_low",
    "ci_high", "note",
)  # fmt: skip

_STEPS = ("referred", "started", "completed")
BASES: dict[str, tuple[str, ...]] = {
    "referred": (),
    "started": _STEPS[:1],
    "completed": _STEPS[:2],
    "positive": _STEPS,
    "counted": _STEPS,
    **dict.fromkeys(ROUTES, (*_STEPS, "positive")),
}
"""Of whom each measure is a share."""

HAPPENED = {
    "referred": "referred_in",
    "started": "started_in",
    **dict.fromkeys(MEASURES[2:], "completed_in"),
}
"""The month in which each measure happened; a result, when the service ended."""


def all_tables(clients: pd.DataFrame, plan: ServicePlan, level: float) -> pd.DataFrame:
    """Return every table below one another, with the columns `COLUMNS`."""
    service = plan.service
    months = service.months(referrals=True)
    years = list(dict.fromkeys(month[:4] for month in months))
    everybody = pd.Series("all", index=clients.index)
    rows = [
        *_became(clients, "all", everybody, ["all"]),
        *_became(clients, "referral_year", clients["referred_in"].str[:4], years),
        *_became(
            clients, "referral_month", clients["referred_in"], months, service.pauses
        ),
        *_composed(clients, "way", sorted(set(clients["way"]) - {UNKNOWN})),
        *_composed(clients, "age", age_labels(service.age_classes)),
        *_routes(clients),
        *_happened(clients, "year", plan),
        *_happened(clients, "month", plan),
    ]
    return _with_shares(pd.DataFrame(rows), level)


@dataclass(frozen=True, slots=True)
class Count:
    """A count, NaN where there was no service, and what it is a part of."""

    table: str
    group: str
    measure: str
    count: float
    base: str = ""
    base_n: float = np.nan
    note: str = ""


def _became(
    clients: pd.DataFrame,
    table: str,
    groups: pd.Series[str],
    names: Sequence[str],
    pauses: Sequence[str] = (),
) -> Iterator[Count]:
    """Count what became of the people of each group, on every base."""
    found = clients[list(MEASURES)].astype(float).groupby(groups).sum().T.to_dict()
    still = (clients["started"] & ~clients["completed"]).groupby(groups).sum()
    for name in _with_unknown(names, groups):
        missing = name in pauses and name not in found
        row = found.get(name, dict.fromkeys(MEASURES, np.nan if missing else 0.0))
        note = "no service" if missing else ""
        if still.get(name, 0):
            note = f"{still[name]} not yet through the service"
        for measure in MEASURES:
            for base in BASES[measure] or ("",):
                base_n = row[base] if base else np.nan
                yield Count(table, name, measure, row[measure], base, base_n, note)


def _with_unknown(names: Sequence[str], groups: pd.Series[str]) -> list[str]:
    """Return the names of groups, and the unknown one if somebody is in it."""
    return [*names, UNKNOWN] if (groups == UNKNOWN).any() else list(names)


def _composed(clients: pd.DataFrame, by: str, names: Sequence[str]) -> Iterator[Count]:
    """Count as `_became` does, and what part each group is of all."""
    if not names:
        return
    groups = clients[by]
    yield from _became(clients, by, groups, names)
    for measure in MEASURES:
        inside = groups[clients[measure]]
        counts = inside.value_counts()
        for name in _with_unknown(names, groups):
            all_of_them = f"all {measure}"
            count = int(counts.get(name, 0))
            yield Count(by, name, measure, count, all_of_them, len(inside))


def _routes(clients: pd.DataFrame) -> Iterator[Count]:
    """Count the positive results by where they led."""
    for route in ROUTES:
        for base in BASES[route]:
            count, base_n = clients[route].sum(), clients[base].sum()
            yield Count("route", route, "positive", count, base, base_n)


def _happened(clients: pd.DataFrame, table: str, plan: ServicePlan) -> Iterator[Count]:
    """Count what happened in each month or year, whoever it happened to.

    These counts have no base: who starts in a month may have been referred before it.
    What did not happen in a month without service is missing, not zero.
    """
    width = len("2020") if table == "year" else len("2020-01")
    names = sorted({month[:width] for month in _span(clients, plan)})
    for measure in MEASURES:
        months = clients.loc[clients[measure], HAPPENED[measure]]
        counts = months.str[:width].value_counts()
        running = plan.service.active(referrals=measure == "referred")
        active = {month[:width] for month in running}
        for name in names:
            count = int(counts.get(name, 0))
            note = "" if name in active else "no service"
            missing = not count and name not in active
            yield Count(table, name, measure, np.nan if missing else count, note=note)


def _span(clients: pd.DataFrame, plan: ServicePlan) -> list[str]:
    """Return every month of the service, and further ones in which something was."""
    seen = {month for name in set(HAPPENED.values()) for month in clients[name]}
    return sorted({*plan.service.months(), *seen} - {""})


def averages(clients: pd.DataFrame, plan: ServicePlan) -> pd.DataFrame:
    """Return what happened a month in each year: year, measure, count and means.

    `a_month` divides by the months of the year in which there was a service, pauses
    included; `an_active_month` leaves the pauses out.
    """
    rows = []
    for measure in MEASURES:
        months = clients.loc[clients[measure], HAPPENED[measure]]
        is_referral = measure == "referred"
        every = pd.Series(plan.service.months(referrals=is_referral)).str[:4]
        active = pd.Series(plan.service.active(referrals=is_referral)).str[:4]
        for year, number in every.value_counts(sort=False).items():
            count, running = int((months.str[:4] == year).sum()), (active == year).sum()
            mean = count / running if running else np.nan
            rows.append((year, measure, count, number, running, count / number, mean))
    names = ("year", "measure", "count", "months", "active_months", "a_month")
    return pd.DataFrame(rows, columns=[*names, "an_active_month"])


def _with_shares(counts: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add the share of the base, with the score interval of Wilson."""
    known = counts["base_n"] > 0
    x = counts["count"].where(known).to_numpy(dtype=float)
    n = counts["base_n"].where(known).to_numpy(dtype=float)
    low, high = wilson_limits(x, n, normal_quantile(level))
    shares = counts.assign(share=x / n, ci_low=low, ci_high=high)
    whole = dict.fromkeys(("count", "base_n"), "Int64")
    return shares[list(COLUMNS)].astype(whole)
