"""Comparisons made by hand, in the shape that `compare` gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.shares.differences import difference_in_shares
from evalkit.report.release.log import report_of
from evalkit.report.release.months import release_months
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.report.release.released import Released

NAN = math.nan
COLUMNS = (
    "month", "pilot", "control", "estimate", "se", "ci_low", "ci_high", "p_value",
    "n_pilot", "n_control", "n_people", "n_unknown", "pilot_events", "control_events",
    "level", "method", "note", "strict", "strict_ci_low", "strict_ci_high",
    "strict_pilot_events", "strict_control_events",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HandMade(Result):
    """A comparison from counts: (month, pilot events, n, control events, n)."""

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        return self.table.copy()


def hand_made(*counts: tuple[str, int, int, int, int], **columns: Sequence) -> HandMade:
    """Make a comparison whose pooled row is the Mantel-Haenszel one.

    `columns` replace or add columns, pooled row included.
    """
    rows = [_row(*count) for count in counts]
    both = [row for row in rows if row["n_pilot"] and row["n_control"]]
    table = pd.DataFrame([*rows, _pooled(both)])
    table = table.assign(**columns)
    return HandMade(table=table[[*COLUMNS, *sorted(set(table) - set(COLUMNS))]])


def _row(month: str, x1: int, n1: int, x0: int, n0: int) -> dict:
    row = dict.fromkeys(COLUMNS, NAN) | {
        "month": month,
        "n_pilot": n1,
        "n_control": n0,
        "n_people": n1 + n0,
        "n_unknown": 0,
        "pilot_events": x1,
        "control_events": x0,
        "pilot": x1 / n1 if n1 else NAN,
        "control": x0 / n0 if n0 else NAN,
        "level": 0.95,
        "method": "newcombe",
        "note": "",
    }
    if not n1 or not n0:
        return row | {"note": "one group is empty"}
    found = difference_in_shares((x1, n1), (x0, n0))
    numbers = ("estimate", "se", "ci_low", "ci_high", "p_value")
    row |= {name: getattr(found, name) for name in numbers}
    strict = ("estimate", "ci_low", "ci_high", "pilot_events", "control_events")
    names = (
        "strict",
        "strict_ci_low",
        "strict_ci_high",
        "strict_pilot_events",
        "strict_control_events",
    )
    return row | {name: row[source] for name, source in zip(names, strict, strict=True)}


def _pooled(rows: list[dict]) -> dict:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    counts = ["n_pilot", "n_control", "n_people", "n_unknown"]
    counts += ["pilot_events", "control_events"]
    if not rows:
        said = {"month": "pooled", "level": 0.95, "method": "mantel-haenszel"}
        none = dict.fromkeys(counts, 0)
        return dict.fromkeys(COLUMNS, NAN) | said | none | {"note": "no month has both"}
    weights = table["n_pilot"] * table["n_control"]
    weights = weights / (table["n_pilot"] + table["n_control"])
    pilot, control = (
        float(np.average(table[name], weights=weights)) for name in ("pilot", "control")
    )
    spread = float(np.sqrt(np.sum((weights * table["se"]) ** 2)) / weights.sum())
    estimate, half = pilot - control, 1.96 * spread
    return dict.fromkeys(COLUMNS, NAN) | {
        "month": "pooled",
        "pilot": pilot,
        "control": control,
        "estimate": estimate,
        "se": spread,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": 0.5,
        "level": 0.95,
        "method": "mantel-haenszel",
        "note": "",
        "strict": estimate,
        "strict_ci_low": estimate - half,
        "strict_ci_high": estimate + half,
        "strict_pilot_events": table["pilot_events"].sum(),
        "strict_control_events": table["control_events"].sum(),
        **table[counts].sum().to_dict(),
    }


def with_a_masked_month(small: tuple, *others: tuple) -> Released:
    """Release months of which the others were published before: `small` is held."""
    before = report_of(release_months(hand_made(*others)))
    return release_months(hand_made(small, *others), earlier=[before])


def months(first: str, count: int) -> list[str]:
    """Return `count` months from `first` on."""
    return pd.period_range(first, periods=count, freq="M").astype(str).tolist()


def satakunta(count: int = 24) -> HandMade:
    """Synthetic monthly cohorts from January 2020, without pilots in the spring."""
    rng = np.random.default_rng(1)
    counts = []
    for month in months("2020-01", count):
        n1 = 0 if month in {"2020-04", "2020-05"} else int(rng.integers(70, 130))
        x1, x0 = rng.binomial(n1, 0.56), rng.binomial(500, 0.52)
        counts.append((month, int(x1), n1, int(x0), 500))
    return hand_made(*counts)
