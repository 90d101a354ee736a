"""The service's own results, in multiples of the smallest cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.shares.share_intervals import wilson_limits
from evalkit.report.release.released import Released
from evalkit.report.release.rounding import nearest, quiet

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.report.release.people import People
    from evalkit.service.results import ServiceResults


def release_service(results: ServiceResults, people: People) -> Released:
    """Show counts as multiples of the smallest cell, and shares of such counts.

    These tables count the same people by month, year, age, way and route, and step by
    step: rounding each count by itself leaves nothing to subtract. A count that is
    small, none included, or that leaves few of its base, is masked; where there was no
    service it is missing. Shares and their intervals are those of the rounded counts.

    Parameters
    ----------
    results
        What the service counts.
    people
        Smallest cell; these are not the people of the months' table.
    """
    least, level = people.min_cell, results.level
    counts = _coarse(results.counts, least, level)
    targets = _coarse(results.targets, least, level)
    averages = _averages(results.averages, least)

    return Released(
        table=counts,
        min_cell=least,
        kind="service",
        result=replace(
            results,
            n_people=int(nearest(results.n_people, least)),
            note=quiet(results.note),
            counts=counts.drop(columns="masked"),
            targets=targets.drop(columns="masked"),
            averages=averages.drop(columns="masked"),
        ),
        further={"targets": targets, "averages": averages},
        note=quiet(results.note),
    )


def _coarse(table: pd.DataFrame, least: int, level: float) -> pd.DataFrame:
    """Round counts and bases, mask the small ones, and take shares of what is left."""
    count, base = (table[name].astype(float) for name in ("count", "base_n"))
    masked = (count < least) | (base < least) | (base - count < least)
    x = count.where(~masked).map(lambda n: nearest(n, least).item())
    n = base.where(~masked).map(lambda n: nearest(n, least).item())
    has_base = (n > 0).to_numpy()
    share = np.where(has_base, x / n.where(n > 0), np.nan)
    low, high = wilson_limits(
        x.where(has_base).to_numpy(float),
        n.where(has_base).to_numpy(float),
        normal_quantile(level),
    )
    return table.assign(
        count=x.astype("Int64"),
        base_n=n.astype("Int64"),
        share=np.round(share, 2),
        ci_low=np.round(low, 2),
        ci_high=np.round(high, 2),
        note=table["note"].map(quiet),
        masked=masked,
    )


def _averages(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Return what happened a month in each year, from rounded counts."""
    count = table["count"].astype(float)
    masked = count < least
    told = count.where(~masked).map(lambda n: nearest(n, least).item())
    a_month = told / table["months"]
    active = told / table["active_months"].where(table["active_months"] > 0)
    return table.assign(
        count=told.astype("Int64"),
        a_month=a_month.round(1),
        an_active_month=active.round(1),
        masked=masked,
    )
