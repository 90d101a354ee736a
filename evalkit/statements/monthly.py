"""Claims about the months of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.months.multiplicity import holm
from evalkit.estimate.months.pooling import pooled_difference
from evalkit.estimate.months.power import minimum_detectable_difference, power_of
from evalkit.estimate.months.tally import tally_of, whole_percent
from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.estimate.shares.share_intervals import wilson_limits
from evalkit.statements.claims import (
    HigherIn,
    LowestIn,
    MonthlyClaim,
    MonthsCounted,
    OnAverage,
)
from evalkit.statements.finding import (
    Finding,
    beyond_chance,
    percent,
    unknown,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.estimate.months.comparison import Comparison

_COUNTS = ["pilot_events", "n_pilot", "control_events", "n_control"]
_ROUNDED = "shares compared in whole percent, as published figures show them"
_NOT_EVIDENCE = "the estimate is that of all these months: counting them is no evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """The months of a period that have both groups.

    Attributes
    ----------
    comparison
        The comparison of these months alone.
    table
        One row per month: what the comparison has, ``sign`` (of the difference in
        whole percent), ``holm`` (p-values adjusted for the number of these months)
        and ``detectable``.
    clustered
        Whether the pooled interval allows for people who recur.
    """

    comparison: Comparison
    table: pd.DataFrame
    clustered: bool

    @classmethod
    def of(cls, comparison: Comparison, claim: MonthlyClaim) -> Self:
        """Return the months that a claim is about."""
        months = comparison.months
        if months["pilot_events"].isna().any():
            raise EstimationError(
                f"Statements are about shares: {comparison.outcome!r} is not 0 or 1.",
                hint="Compare an outcome that a person has or has not.",
            )
        known = months["estimate"].notna()
        inside = known & months["month"].map(claim.covers).astype(bool)
        part = comparison if (inside == known).all() else _only(comparison, inside)
        table = months[inside].set_index("month")
        pilot, control = (
            whole_percent(table[f"{group}_events"], table[f"n_{group}"])
            for group in ("pilot", "control")
        )
        able = power_of(part).table.set_index("month")["detectable"]
        table = table.assign(
            sign=np.sign((pilot - control).to_numpy(float)),
            holm=holm(table["p_value"]),
            detectable=able.reindex(table.index),
        )
        return cls(comparison=part, table=table, clustered=part is comparison)

    @property
    def level(self) -> float:
        """Level of the intervals."""
        return self.comparison.level

    def lacking(self, months: Sequence[str]) -> str:
        """Say which of some months have no comparison; empty if all have one."""
        lost = [month for month in months if month not in self.table.index]
        return f"no comparison in {', '.join(lost)}" if lost else ""

    def pooled(self) -> dict[str, float]:
        """Return the difference over all these months, and what they could show."""
        effect = self.comparison.pooled
        return {
            "estimate": effect.estimate,
            "ci_low": effect.ci_low,
            "ci_high": effect.ci_high,
            "p_value": effect.p_value,
            "detectable": float(power_of(self.comparison).table["detectable"].iloc[-1]),
        }


def _only(comparison: Comparison, inside: pd.Series[bool]) -> Comparison:
    """Return the comparison of some of the months; its people are not known."""
    rows = comparison.months[inside]
    counts = rows[["month", *_COUNTS]].rename(columns={"month": "stratum"})
    counts = counts.astype(dict.fromkeys(_COUNTS, int))
    return replace(
        comparison,
        table=pd.concat([rows, comparison.table.iloc[-1:]], ignore_index=True),
        pooled=pooled_difference(counts, level=comparison.level),
    )


def check_months(claim: MonthlyClaim, comparison: Comparison) -> Finding:
    """Return what a comparison says of a claim about its months."""
    months = Months.of(comparison, claim)
    if isinstance(claim, HigherIn):
        return _higher_in(claim, months)
    if isinstance(claim, MonthsCounted):
        return _counted(claim, months)
    if isinstance(claim, LowestIn):
        return _lowest(claim, months)
    return _on_average(claim, months)


def _higher_in(claim: HigherIn, months: Months) -> Finding:
    """Look whether the months, and no others, are above; the closest one decides."""
    published, table = ", ".join(sorted(claim.months)), months.table
    if lost := months.lacking(claim.months):
        return unknown(published, lost)
    named = table.index.isin(claim.months)
    above = (table["sign"] > 0).to_numpy()
    size = table["estimate"].abs().to_numpy()
    margin = np.where(above == named, size, -size)
    closest = table.iloc[int(margin.argmin())]
    clear = int((table["holm"] < 1 - months.level).sum())
    return Finding(
        holds=bool((above == named).all()),
        published=published,
        found=", ".join(table.index[above]) or "none",
        by=float(margin.min()),
        unit="share",
        estimate=float(closest["estimate"]),
        ci_low=float(closest["ci_low"]),
        ci_high=float(closest["ci_high"]),
        p_value=float(closest["holm"]),
        detectable=float(closest["detectable"]),
        support="clear" if clear == len(table) else "within chance",
        note=f"{_ROUNDED}; the closest month is {closest.name}; {clear} of "
        f"{len(table)} monthly differences are clear once their number is allowed for",
    )


def _counted(claim: MonthsCounted, months: Months) -> Finding:
    """Count the months; the estimate is that of all of them."""
    tally = tally_of(months.table["sign"].to_numpy(float))
    found = {
        "higher": tally.wins,
        "equal": tally.ties,
        "lower": tally.losses,
        "not_lower": tally.wins + tally.ties,
    }
    said = {name: getattr(claim, name) for name in found}
    said = {name: number for name, number in said.items() if number is not None}
    published = _counts_text(said)
    if lost := months.lacking(claim.months_of_period):
        return unknown(published, lost)
    off = max(abs(found[name] - number) for name, number in said.items())
    return Finding(
        holds=off == 0,
        published=published,
        found=_counts_text({name: found[name] for name in said}),
        by=0.0 - off,
        unit="months",
        **{**months.pooled(), "p_value": tally.p_value},
        support=beyond_chance(tally.p_value, months.level),
        note=f"{_ROUNDED}; the p-value is the sign test's; {_NOT_EVIDENCE}",
    )


def _counts_text(counts: dict[str, int]) -> str:
    words = {"not_lower": "higher or equal"}
    return ", ".join(f"{words.get(name, name)} {n}" for name, n in counts.items())


def _lowest(claim: LowestIn, months: Months) -> Finding:
    """Look for the starters who were unemployed least often, and for the next."""
    published = f"{percent(claim.unemployed)} in {claim.month}"
    if lost := months.lacking([claim.month]):
        return unknown(published, lost)
    table = months.table
    share = 1 - table["pilot_events"] / table["n_pilot"]
    own, others = float(share[claim.month]), share.drop(claim.month)
    gap = float(others.min()) - own if len(others) else math.nan
    off = whole(own) - whole(claim.unemployed)
    lowest = not gap <= 0
    events, n = _pilots(table, claim.month)
    low, high = wilson_limits(
        np.array([n - events]), np.array([n]), normal_quantile(months.level)
    )
    p_value, detectable = _distinct(table, claim.month)
    return Finding(
        holds=lowest and off == 0,
        published=published,
        found=f"{percent(own)} in {claim.month}"
        + ("" if lowest else f", {percent(own + gap)} in {others.idxmin()}"),
        by=min(gap, -abs(off) / 100) if off else gap,
        unit="share",
        estimate=own,
        ci_low=float(low[0]),
        ci_high=float(high[0]),
        p_value=p_value,
        detectable=detectable,
        support=beyond_chance(p_value, months.level),
        note="the p-value is that of the month which is hardest to tell from this one",
    )


def _distinct(table: pd.DataFrame, month: str) -> tuple[float, float]:
    """Return the p-value of the month most like this one, and what both can show.

    The month is the lowest if it is below every other one, so the largest p-value
    counts, and no allowance for their number is needed.
    """
    own = _pilots(table, month)
    others = [_pilots(table, other) for other in table.index.drop(month)]
    tests = [(difference_in_shares(own, other), other[1]) for other in others]
    if not tests:
        return math.nan, math.nan
    hardest, n_other = max(tests, key=lambda test: test[0].p_value)
    detectable = minimum_detectable_difference(
        n_pilot=own[1], n_control=n_other, control_share=hardest.control
    )
    return hardest.p_value, detectable


def _pilots(table: pd.DataFrame, month: str) -> tuple[int, int]:
    """Return the pilots of a month who were not unemployed, and all of them."""
    row = table.loc[month]
    return int(row["pilot_events"]), int(row["n_pilot"])


def _on_average(claim: OnAverage, months: Months) -> Finding:
    published = f"{claim.higher} higher"
    if months.table.empty:
        return unknown(published, "no comparison in this period")
    pooled = months.pooled()
    sign = 1 if claim.higher == "pilot" else -1
    by = sign * pooled["estimate"]
    higher = "pilot" if pooled["estimate"] > 0 else "control"
    return Finding(
        holds=by > 0,
        published=published,
        found=f"{higher} higher" if pooled["estimate"] else "equal",
        by=by,
        unit="share",
        **pooled,
        support=beyond_chance(pooled["p_value"], months.level),
        note="" if months.clustered else "people who recur are taken as independent",
    )
