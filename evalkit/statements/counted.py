"""Claims about what a service did, and about how alike the groups were."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from evalkit.statements.claims import (
    AboveTheRest,
    Alike,
    AMonth,
    CountIs,
    MostIn,
    ServiceClaim,
    ShareIs,
)
from evalkit.statements.finding import Finding, percent, unknown, whole

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.estimate.groups.balance import Balance


class ServiceCounts(Protocol):
    """What statements read of a service's results; see `evalkit.service_results`."""

    @property
    def counts(self) -> pd.DataFrame:
        """One row a count and base."""

    @property
    def averages(self) -> pd.DataFrame:
        """What happened a month in each year."""


def check_service(claim: ServiceClaim, service: ServiceCounts) -> Finding:
    """Return what a service's results say of a claim about them."""
    if isinstance(claim, CountIs):
        return _count(claim, service.counts)
    if isinstance(claim, ShareIs):
        return _share(claim, service.counts)
    if isinstance(claim, AMonth):
        return _a_month(claim, service.averages)
    if isinstance(claim, MostIn):
        return _most(claim, service.counts)
    return _above(claim, service.counts)


def check_alike(claim: Alike, balance: Balance) -> Finding:
    """Look at the standardised difference; alike is what is within the threshold."""
    limit = f"within {balance.threshold}"
    rows = balance.table[balance.table["covariate"] == claim.covariate]
    if rows.empty:
        return unknown(limit, f"the balance has no {claim.covariate}")
    row = rows.loc[rows["smd"].abs().idxmax()]
    inside = balance.threshold - abs(float(row["smd"]))
    return Finding(
        holds=inside >= 0,
        published=limit,
        found=f"{row['pilot']:.1f} and {row['control']:.1f}",
        by=inside,
        unit="smd",
        estimate=float(row["smd"]),
        ci_low=float(row["smd_low"]),
        ci_high=float(row["smd_high"]),
        support="clear" if row["verdict"] == "within" else "within chance",
        note="means of the pilot and the control group; the estimate is the "
        "standardised difference; that intervals overlap would not show it",
    )


def _rows(
    counts: pd.DataFrame, claim: CountIs | ShareIs | AboveTheRest
) -> pd.DataFrame:
    """Return the rows of a claim's table, group and measure, one for each base."""
    is_it = (
        (counts["table"] == claim.table)
        & (counts["group"] == claim.group)
        & (counts["measure"] == claim.measure)
    )
    return counts[is_it & counts["count"].notna()]


def _count(claim: CountIs, counts: pd.DataFrame) -> Finding:
    rows = _rows(counts, claim)
    if rows.empty:
        return unknown(str(claim.count), "the results have no such count")
    found = int(rows["count"].iloc[0])
    return Finding(
        holds=found == claim.count,
        published=str(claim.count),
        found=str(found),
        by=0.0 - abs(found - claim.count),
        unit="people",
        support="counted",
    )


def _share(claim: ShareIs, counts: pd.DataFrame) -> Finding:
    rows = _rows(counts, claim)
    rows = rows[(rows["base"] == claim.base) & rows["share"].notna()]
    if rows.empty:
        return unknown(percent(claim.share), f"the results have no base {claim.base}")
    row = rows.iloc[0]
    found = float(row["share"])
    return Finding(
        holds=whole(found) == whole(claim.share),
        published=percent(claim.share),
        found=f"{percent(found)} ({row['count']} of {row['base_n']})",
        by=0.0 - abs(whole(found) - whole(claim.share)) / 100,
        unit="share",
        estimate=found,
        ci_low=float(row["ci_low"]),
        ci_high=float(row["ci_high"]),
        support="counted",
        note=f"of the {claim.base}"
        if not claim.base.startswith("all ")
        else f"of {claim.base}",
    )


def _a_month(claim: AMonth, averages: pd.DataFrame) -> Finding:
    rows = averages[
        (averages["year"] == claim.year) & (averages["measure"] == claim.measure)
    ]
    if rows.empty:
        return unknown(str(claim.number), f"no results in {claim.year}")
    row = rows.iloc[0]
    found = float(row["a_month"])
    rounded = math.floor(found + 0.5)
    return Finding(
        holds=rounded == claim.number,
        published=str(claim.number),
        found=f"{found:.1f}",
        by=0.0 - abs(rounded - claim.number),
        unit="people",
        estimate=found,
        support="counted",
        note=f"{row['count']} in {row['months']} calendar months",
    )


def _most(claim: MostIn, counts: pd.DataFrame) -> Finding:
    published = f"{claim.count} in {claim.month}"
    rows = counts[(counts["table"] == "month") & (counts["measure"] == claim.measure)]
    months = rows.dropna(subset="count").set_index("group")["count"].astype(int)
    if claim.month not in months.index:
        return unknown(published, f"no results in {claim.month}")
    own, others = int(months[claim.month]), months.drop(claim.month)
    ahead = float(own - others.max()) if len(others) else math.nan
    off = abs(own - claim.count)
    return Finding(
        holds=off == 0 and not ahead <= 0,
        published=published,
        found=f"{months.max()} in {months.idxmax()}",
        by=min(ahead, -float(off)) if off else ahead,
        unit="people",
        support="counted",
    )


def _above(claim: AboveTheRest, counts: pd.DataFrame) -> Finding:
    published = f"{claim.group} above the rest"
    base = (
        (counts["table"] == claim.table)
        & (counts["measure"] == claim.measure)
        & (counts["base"] == claim.base)
    )
    numbers = counts[base].set_index("group")[["count", "base_n"]].astype(float)
    if claim.group not in numbers.index:
        return unknown(published, "the results have no such group")
    own = numbers[numbers.index == claim.group].sum()
    rest = numbers[numbers.index != claim.group].sum()
    if not own["base_n"] or not rest["base_n"]:
        return unknown(published, "nobody to compare")
    return _difference(claim, own, rest)


def _difference(claim: AboveTheRest, own: pd.Series, rest: pd.Series) -> Finding:
    """Compare two shares of the same service."""
    from evalkit.estimate.shares.differences import difference_in_shares
    from evalkit.statements.finding import beyond_chance

    pairs = [(int(part["count"]), int(part["base_n"])) for part in (own, rest)]
    effect = difference_in_shares(pairs[0], pairs[1])
    return Finding(
        holds=effect.estimate > 0,
        published=f"{claim.group} above the rest",
        found=f"{percent(effect.pilot)} and {percent(effect.control)}",
        by=effect.estimate,
        unit="share",
        estimate=effect.estimate,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        p_value=effect.p_value,
        support=beyond_chance(effect.p_value, effect.level),
        note=f"of the {claim.base}",
    )
