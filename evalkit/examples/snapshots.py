"""Snapshots of a simulated register: what it says of everybody, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.examples.careers import (
    Careers,
    Chances,
    ServiceChance,
    SpellChance,
    serving,
)
from evalkit.examples.movements import dates, movements
from evalkit.examples.population import DAYS_A_YEAR
from evalkit.study.codes import MERGED_MUNICIPALITIES
from evalkit.study.months import (
    CountingDay,
    first_day,
    last_day,
    month_number,
    parse_month,
)

if TYPE_CHECKING:
    from evalkit.examples.preset import Preset

_COUNTING_DAY: CountingDay = "last_working_day"
_MERGER = month_number(2021, 1)


def touching(careers: Careers, months: range) -> np.ndarray:
    """Tell which spells touch some months."""
    within: np.ndarray = (careers.registered <= last_day(months[-1])) & (
        careers.left >= first_day(months[0])
    )
    return within


def spells_of(
    people: pd.DataFrame, chances: Chances, careers: Careers, preset: Preset
) -> pd.DataFrame:
    """Return every spell that touches the register's months, with its person."""
    row, number = np.nonzero(touching(careers, preset.months))
    laid_off = careers.laid_off[row, number]
    spells = people.iloc[row].reset_index(drop=True)
    return spells.assign(
        row=row,
        number=number,
        registered=careers.registered[row, number],
        left=careers.left[row, number],
        laid_off=laid_off,
        exit_reason=reasons(chances, row, number, laid_off, preset),
    )


def reasons(
    chances: Chances,
    row: np.ndarray,
    number: np.ndarray,
    laid_off: np.ndarray,
    preset: Preset,
) -> np.ndarray:
    """Return why each of some spells ends."""
    chance = chances.spell[row, number, SpellChance.REASON]
    exits = preset.exits
    return np.where(
        laid_off,
        _pick(exits.laid_off_reasons, chance),
        _pick(exits.reasons, chance),
    )


def _pick(weights: dict[str, float], chance: np.ndarray) -> np.ndarray:
    """Choose by weight with given uniform numbers."""
    shares = np.cumsum(list(weights.values())) / sum(weights.values())
    at = np.searchsorted(shares[:-1], chance, side="right")
    return np.array(list(weights))[at]


def chance_of(weights: dict[str, float], name: str) -> float:
    """Return a uniform number that makes `_pick` choose a name: its interval's middle.

    Examples
    --------
    >>> chance_of({"01": 3, "04": 1}, "04")
    0.875
    """
    names = list(weights)
    edges = np.cumsum([0.0, *weights.values()]) / sum(weights.values())
    at = names.index(name)
    return float((edges[at] + edges[at + 1]) / 2)


def spell_table(spells: pd.DataFrame, end: int) -> pd.DataFrame:
    """Return the spells as the register knew them on its last day."""
    left = spells["left"].to_numpy()
    return pd.DataFrame(
        {
            "person_id": spells["person_id"],
            "registration_date": dates(spells["registered"]),
            "deregistration_date": dates(left, left <= end),
            "laid_off": spells["laid_off"],
            "exit_reason": spells["exit_reason"].where(left <= end),
        }
    )


def snapshots_of(
    spells: pd.DataFrame, chances: Chances, careers: Careers, preset: Preset
) -> pd.DataFrame:
    """Return what the register says of everybody who was in it in each month."""
    rows = movements(spells, preset.months, _COUNTING_DAY)
    ended = rows["ended"].to_numpy()
    code = _codes(rows, chances, careers, preset.services.training)
    return pd.DataFrame(
        {
            "month": rows["month"],
            "counting_day": dates(rows["counting_day"]),
            "person_id": rows["person_id"],
            "registration_date": dates(rows["registered"]),
            "deregistration_date": dates(rows["left"], ended),
            "registered_at_month_end": rows["registered_at_month_end"],
            "employment_code": code,
            "in_service": np.isin(code, ["07", "08"]),
            "service_line": rows["service_line"],
            "office": _office_then(rows, preset),
            "municipality": _municipality_then(rows),
            "sex": rows["sex"],
            "age": ((rows["counting_day"] - rows["birth"]) // DAYS_A_YEAR).astype(int),
            "education": rows["education"],
            "exit_reason": rows["exit_reason"].where(ended),
        }
    )


def _codes(
    rows: pd.DataFrame, chances: Chances, careers: Careers, training: float
) -> np.ndarray:
    """Return the employment code on the counting day, or on the last day before it."""
    day = np.clip(rows["counting_day"], rows["registered"], rows["left"]).to_numpy()
    row, number = rows["row"].to_numpy(), rows["number"].to_numpy()
    service = serving(careers.services[row, number], day)
    kind = chances.service[row, number, service, ServiceChance.TRAINING]
    in_service = np.where(kind < training, "08", "07")
    unemployed = np.where(rows["laid_off"], "03", "02")
    return np.where(service < 0, unemployed, in_service)


def _office_then(rows: pd.DataFrame, preset: Preset) -> pd.Series:
    begun = rows["month"] >= parse_month(preset.experiment.first)
    return rows["office"].where(begun, preset.office)


def _municipality_then(rows: pd.DataFrame) -> pd.Series:
    """Return the municipality, merged ones under their new code from the merger on."""
    merged = rows["municipality"].replace(MERGED_MUNICIPALITIES)
    return merged.where(rows["month"] >= _MERGER, rows["municipality"])
