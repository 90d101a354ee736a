"""The two tables that the study reads, and how they follow from mapped columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.register.canonical import RECIPES
from evalkit.register.engine import identifier, texts
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS

if TYPE_CHECKING:
    from evalkit.register.pieces import Layout
    from evalkit.study.protocol import Protocol

SNAPSHOT_TYPES = {
    "month": "INTEGER",
    "person_id": "VARCHAR",
    "registered": "BOOLEAN",
    "weeks": "INTEGER",
    "registration_day": "INTEGER",
    "deregistration_day": "INTEGER",
    "employment_code": "VARCHAR",
    "unemployed": "BOOLEAN",
    "in_service": "BOOLEAN",
    "service_line": "VARCHAR",
    "office": "VARCHAR",
    "municipality": "VARCHAR",
    "sex": "VARCHAR",
    "age": "INTEGER",
    "education": "VARCHAR",
    "occupation": "VARCHAR",
    "exit_reason": "VARCHAR",
}
"""The table `snapshots`, before the plan's own columns."""

PILOT_TYPES = {
    "person_id": "VARCHAR",
    "referral_day": "INTEGER",
    "start_day": "INTEGER",
    "end_day": "INTEGER",
    "result": "VARCHAR",
}
"""The table `pilot`, before the plan's own columns."""


def types_of(layout: Layout) -> dict[str, str]:
    """Return the columns and types of the table that a layout leads to."""
    snapshots = layout.table == "snapshots"
    known = SNAPSHOT_COLUMNS if snapshots else PILOT_COLUMNS
    types = SNAPSHOT_TYPES if snapshots else PILOT_TYPES
    own = {
        name: RECIPES[layout.kinds[name]].type
        for name in layout.columns
        if name not in known
    }
    return types | own


def stored_columns(layout: Layout, protocol: Protocol) -> dict[str, str]:
    """Return SQL for each column of the table that may hold anything: mapped, or made.

    It reads the converted columns (`got`) and, for snapshots, the month's
    `counting_day`.
    """
    made = (
        _snapshot_columns(layout, protocol)
        if layout.table == "snapshots"
        else _pilot_columns(layout)
    )
    found = {name: got(layout, name) for name in layout.columns} | made
    return {name: found[name] for name in types_of(layout) if name in found}


def _snapshot_columns(layout: Layout, protocol: Protocol) -> dict[str, str]:
    """Return SQL for the columns of `snapshots` that are more than one value."""
    month = identifier("got month")
    registration, weeks = got(layout, "registration_date"), got(layout, "weeks")
    since = f"CAST(floor((counting_day - {registration}) / 7.0) AS INTEGER)"
    born = got(layout, "birth_year")
    columns = {
        "month": month,
        "registered": _registered(layout),
        # Somebody registered after the counting day has no negative duration.
        "weeks": f"COALESCE({weeks}, greatest({since}, 0))",
        "registration_day": f"COALESCE({registration}, counting_day - 7 * {weeks})",
        "deregistration_day": got(layout, "deregistration_date"),
        "unemployed": _unemployed(layout, protocol),
        "in_service": _in_service(layout, protocol),
        "age": f"COALESCE({got(layout, 'age')}, floor({month} / 12.0) - {born})",
    }
    own = [name for name in layout.columns if name not in SNAPSHOT_COLUMNS]
    flags = [name for name in own if layout.kinds[name] == "flag"]
    return columns | {name: _flag(layout, name) for name in flags}


def _pilot_columns(layout: Layout) -> dict[str, str]:
    """Return SQL for the columns of `pilot` that have another name."""
    return {
        "referral_day": got(layout, "referral_date"),
        "start_day": got(layout, "start_date"),
        "end_day": got(layout, "end_date"),
    }


def got(layout: Layout, name: str, otherwise: str = "NULL") -> str:
    """Return SQL for a converted column, or for what stands in its place."""
    return identifier(f"got {name}") if name in layout.columns else otherwise


def _flag(layout: Layout, name: str) -> str:
    """Return SQL for a yes/no column whose empty values are no."""
    return f"COALESCE({got(layout, name)}, false)"


def _registered(layout: Layout) -> str:
    """Return SQL that tells who was registered on the counting day."""
    if "registered_at_month_end" in layout.columns:
        return _flag(layout, "registered_at_month_end")
    return f"COALESCE({got(layout, 'deregistration_date')} >= counting_day, true)"


def _unemployed(layout: Layout, protocol: Protocol) -> str:
    """Return SQL for the status of the row, whether or not still registered."""
    rule = protocol.register_.unemployed
    if isinstance(rule, list):
        return _code_in(layout, rule)
    return _flag(layout, "unemployed") if rule == "flag" else "true"


def _in_service(layout: Layout, protocol: Protocol) -> str:
    by_code = _code_in(layout, protocol.register_.services)
    return f"({_flag(layout, 'in_service')} OR {by_code})"


def _code_in(layout: Layout, listed: list[str]) -> str:
    if not listed or "employment_code" not in layout.columns:
        return "false"
    return f"COALESCE({got(layout, 'employment_code')} IN {texts(listed)}, false)"
