"""The gate in words: what was measured against what is allowed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evalkit.report.language.catalogue import MISSING, read_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evalkit.evaluation.gate import Check, Gate
    from evalkit.report.language.catalogue import Language

_YES_OR_NO = {"share", "time_zero"}
_MOST_DECIMALS = 3


class GateRow(NamedTuple):
    """One check of the gate, as it is shown."""

    door: str
    check: str
    measured: str
    allowed: str
    state: str
    remedy: str


def gate_rows(gate: Gate, language: str = "fi") -> list[GateRow]:
    """Return the checks of a gate in words.

    Parameters
    ----------
    gate
        What was measured.
    language
        ``fi``, ``sv`` or ``en``.

    Returns
    -------
    list of GateRow
        A row for each check in order: door, check, measured, allowed, state, and what
        would open the door (empty where the check has passed).

    Raises
    ------
    EvalkitError
        If evalkit does not speak the language.

    Examples
    --------
    >>> from evalkit.evaluation.gate import Check, Gate
    >>> check = Check(
    ...     door="size",
    ...     code="pilots",
    ...     measured=20,
    ...     allowed=30,
    ...     at_most=False,
    ...     state="failed",
    ...     remedy="more_pilots",
    ... )
    >>> print(", ".join(gate_rows(Gate(checks=(check,)), "en")[0][1:5]))
    people in the pilot group, 20, at least 30, failed
    """
    words = read_language(language)
    return [
        GateRow(
            door=words.text(f"gate.{check.door}"),
            check=_name(check, words),
            measured=_number(check.measured, check, words),
            allowed=_allowed(check, words),
            state=words.text(f"gate.{check.state}"),
            remedy=""
            if check.state == "passed"
            else words.text(f"gate.{check.remedy}"),
        )
        for check in gate.checks
    ]


def check_reason(check: Check, words: Language) -> str:
    """Return why a check has not passed, as a part of a sentence."""
    name = words.text(f"gate.{check.code}")
    if math.isnan(check.measured):
        return words.text("gate.not_measured", check=name)
    if check.code in _YES_OR_NO:
        return words.text("gate.not_so", check=name)
    shown = {
        "check": name,
        "measured": _number(check.measured, check, words),
        "allowed": _allowed(check, words),
    }
    if check.where:
        where = _where(check.where, words)
        reason = words.text("gate.measured_at", where=where, **shown)
    else:
        reason = words.text("gate.measured", **shown)
    if check.state == "undetermined":
        return words.text("gate.not_told", reason=reason)
    return reason


def covariate_name(name: str, words: Language) -> str:
    """Return a covariate in words, where the catalogue has it."""
    return words.texts.get(f"covariate.{name}", name)


def relevant_points(share: float, words: Language) -> str:
    """Return a declared difference in points, with no more digits than it has."""
    decimals = 0 if math.isclose(100 * share, round(100 * share)) else 1
    return words.points(share, decimals=decimals).removeprefix("+")


def decimals_apart(value: float, marks: Iterable[float]) -> int:
    """Return how many decimals show that a number is not one of the marks."""
    for decimals in range(1, _MOST_DECIMALS):
        rounded = round(value, decimals)
        if not any(rounded == round(m, decimals) and value != m for m in marks):
            return decimals
    return _MOST_DECIMALS


def _name(check: Check, words: Language) -> str:
    name = words.text(f"gate.{check.code}")
    return f"{name} ({_where(check.where, words)})" if check.where else name


def _where(where: str, words: Language) -> str:
    """Return a covariate, a level of one, or a product of both in words."""
    parts = []
    for part in where.split(" * "):
        name, sign, value = part.partition(" = ")
        shown = words.texts.get(f"{name}.{value}", value)
        parts.append(f"{covariate_name(name, words)}{sign}{shown}")
    return " \N{MULTIPLICATION SIGN} ".join(parts)


def _allowed(check: Check, words: Language) -> str:
    if check.code in _YES_OR_NO:
        return words.text("gate.yes")
    number = _number(check.allowed, check, words)
    if check.at_most:
        return words.text("gate.at_most", number=number)
    return words.text("gate.at_least", number=number)


def _number(value: float, check: Check, words: Language) -> str:
    """Return a number of a check, with as many digits as tell it from the threshold."""
    if math.isnan(value):
        return MISSING
    if check.code in _YES_OR_NO:
        return words.text("gate.yes") if value >= 1 else words.text("gate.no")
    return _WRITTEN[check.code](value, check.allowed, words)


def _share(value: float, mark: float, words: Language) -> str:
    decimals = 0 if value == mark else decimals_apart(100 * value, [100 * mark])
    return words.percent(value, decimals=decimals)


def _points(value: float, mark: float, words: Language) -> str:
    decimals = 0 if value == mark else decimals_apart(100 * value, [100 * mark])
    return words.number(100 * value, decimals=decimals)


def _count(value: float, mark: float, words: Language) -> str:
    decimals = 0 if round(value) != mark or value == mark else 1
    return words.number(value, decimals=decimals)


def _units(value: float, mark: float, words: Language) -> str:
    return words.number(value, decimals=max(2, decimals_apart(value, [mark])))


def _days(value: float, mark: float, words: Language) -> str:
    decimals = 0 if value == mark == round(mark) else decimals_apart(value, [mark])
    return words.number(value, decimals=decimals)


_WRITTEN: dict[str, Callable[[float, float, Language], str]] = {
    "unknown": _share,
    "unknown_apart": _points,
    "days_apart": _days,
    "support": _share,
    "weight": _share,
    "means": _units,
    "products": _units,
    "pilots": _count,
    "controls": _count,
    "detectable": _points,
}
