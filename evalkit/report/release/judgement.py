"""The gate and the verdict, with numbers that tell of nobody."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.report.release.rounding import POINT, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.evaluation.gate import Check, Gate
    from evalkit.evaluation.verdict import Verdict
    from evalkit.report.release.people import People
    from evalkit.report.release.released import Released

_DECIMALS = {
    "detectable": POINT,
    "days_apart": 1,
}
_FEW_PEOPLE = {
    "unknown": "quality",
    "unknown_apart": "quality",
    "support": "support",
}
"""Shares that are a few people where the table of this name is masked."""


def release_gate(gate: Gate, tables: Mapping[str, Released], people: People) -> Gate:
    """Return the gate; what was measured is rounded, or left out where it is few."""
    checks = tuple(release_check(check, tables, people) for check in gate.checks)
    return replace(gate, checks=checks)


def release_verdict(
    verdict: Verdict, tables: Mapping[str, Released], people: People
) -> Verdict:
    """Return the verdict with rounded numbers; its code stays."""
    numbers: dict[str, Any] = {
        field.name: round(float(getattr(verdict, field.name)), POINT)
        for field in fields(verdict)
        if isinstance(getattr(verdict, field.name), float | int)
        and field.name not in {"level", "synthetic", "relevant_difference"}
    }
    numbers["n_more"] = nearest(verdict.n_more, people.min_cell).item()
    numbers["benchmark_times"] = round(float(verdict.benchmark_times), 1)
    if "headline_strict" not in tables:
        numbers["strict"] = np.nan
    reasons = tuple(release_check(check, tables, people) for check in verdict.reasons)
    return replace(verdict, reasons=reasons, **numbers)


def release_check(
    check: Check, tables: Mapping[str, Released], people: People
) -> Check:
    """Return a check whose measured value may be told."""
    if check.code == "pilots":
        measured = people.counted(check.measured, "pilot").item()
    elif check.code == "controls":
        measured = nearest(check.measured, people.min_cell).item()
    else:
        measured = round(float(check.measured), _DECIMALS.get(check.code, 2))
    source = tables.get(_FEW_PEOPLE.get(check.code, ""))
    if source is not None and source.table["masked"].any():
        measured = np.nan
    return replace(check, measured=measured, where=_place(check, tables))


def _place(check: Check, tables: Mapping[str, Released]) -> str:
    """Return the covariate, or product, that is furthest apart, unless few have it."""
    balance = tables.get("balance")
    if balance is None:
        return ""
    shown = balance.table[~balance.table["masked"]]
    names = set(shown["covariate"]) | {
        f"{covariate} = {value}"
        for covariate, value in zip(shown["covariate"], shown["value"], strict=True)
    }
    return check.where if names.issuperset(check.where.split(" * ")) else ""
