"""The pilot's clients: what became of each referral."""

# ruff: noqa: S608  (names are quoted by `identifier`)

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import RegisterError
from evalkit.register.engine import identifier
from evalkit.study.codes import YES
from evalkit.study.columns import same_header
from evalkit.study.months import date_of, month_of, month_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evalkit.register.register import Register
    from evalkit.service.plan import ServicePlan

ROUTES = ("work", "training", "entrepreneur")
MEASURES = ("referred", "started", "completed", "positive", "counted", *ROUTES)
UNKNOWN = "unknown"

_NEEDED = ("start_date", "end_date", "result")


def read_clients(register: Register, plan: ServicePlan) -> pd.DataFrame:
    """Return one row per referral.

    Parameters
    ----------
    register
        Its pilot's list tells starts, ends and results; its snapshots tell ages.
    plan
        The words of the list, and which results count when.

    Returns
    -------
    pandas.DataFrame
        ``person``; ``referred, started, completed, positive, counted, work, training,
        entrepreneur, lasting`` (true or false; a result is one of the completed);
        ``referred_in, started_in, completed_in`` (months, empty if it did not happen);
        ``way``, ``age``, ``route`` (empty without a result); ``undated`` (a result
        without a start or an end).

    Raises
    ------
    RegisterError
        If the list lacks a column, or holds a word that the plan does not know.
    """
    rows = _rows(register, plan)
    start, end = rows["start_day"], rows["end_day"]
    said = _named(rows["result"], plan.words.results)
    started = start.notna()
    completed = started & end.notna()
    route = said.where(completed, "")
    counted = [
        bool(result) and plan.counts(result, date_of(int(day)))
        for result, day in zip(route, end.fillna(0), strict=True)
    ]
    return pd.DataFrame(
        {
            "person": rows["person_id"],
            "referred": True,
            "started": started,
            "completed": completed,
            "positive": route != "",
            "counted": counted,
            **{name: route == name for name in ROUTES},
            "lasting": _lasting(rows, route),
            "referred_in": _months(rows["referral_day"]),
            "started_in": _months(start),
            "completed_in": _months(end.where(completed)),
            "way": _ways(rows, plan),
            "age": _age_classes(register, rows, plan.service.age_classes),
            "route": route,
            "undated": (said != "") & ~completed,
        }
    )


def _rows(register: Register, plan: ServicePlan) -> pd.DataFrame:
    """Return the pilot's list, with the columns that the plan names."""
    mapped = register.protocol.data.pilot_columns
    own = {"way": plan.service.way, "lasting": plan.service.lasting}
    named = {name: column for name, column in own.items() if column}
    lost = [name for name in (*_NEEDED, *named.values()) if name not in mapped]
    if lost:
        raise RegisterError(
            f"The pilot's list has no {', '.join(lost)}, which the service's results "
            "need.",
            hint="Map it in the study's plan ([data.pilot_columns]).",
        )
    columns = [f"{identifier(column)} AS {name}" for name, column in named.items()]
    return register.engine.frame(
        "SELECT person_id, COALESCE(referral_day, start_day) AS referral_day, "
        f"start_day, end_day, result{''.join(f', {c}' for c in columns)} FROM pilot "
        "ORDER BY referral_day NULLS LAST, person_id, start_day NULLS LAST"
    )


def _named(texts: pd.Series[Any], words: Mapping[str, str]) -> pd.Series[str]:
    """Return evalkit's names of the list's results, empty where there is none."""
    known = {same_header(word): name for word, name in words.items()}
    known |= {route: route for route in ROUTES}
    names = texts.map(lambda text: known.get(same_header(text)), na_action="ignore")
    strange = int((texts.notna() & names.isna()).sum())
    if strange:
        raise RegisterError(
            f"{strange} rows of the pilot's list hold a result that is not known.",
            hint="Name the list's words in the service's plan ([words.results]).",
        )
    return names.fillna("").astype(str)


def _ways(rows: pd.DataFrame, plan: ServicePlan) -> pd.Series[str]:
    """Return how each client was to start, in the plan's words."""
    if "way" not in rows:
        return pd.Series(UNKNOWN, index=rows.index)
    words = {same_header(word): name for word, name in plan.words.ways.items()}
    ways = rows["way"].map(
        lambda text: words.get(same_header(text), text), na_action="ignore"
    )
    return ways.fillna(UNKNOWN).astype(str)


def _lasting(rows: pd.DataFrame, route: pd.Series[str]) -> pd.Series[bool]:
    """Tell which results were jobs that lasted; all jobs where that is not known."""
    jobs = route == "work"
    if "lasting" not in rows:
        return jobs
    yes = rows["lasting"].fillna("").astype(str).map(same_header).isin(YES)
    return jobs & yes


def _months(days: pd.Series[Any]) -> pd.Series[str]:
    """Return the months of days, empty where there is no day."""
    return _each(days, lambda day: month_text(month_of(day)))


def _each(days: pd.Series[Any], text: Callable[[int], str]) -> pd.Series[str]:
    found = {day: text(int(day)) for day in days.dropna().unique()}
    return days.map(found).fillna("").astype(str)


def _age_classes(
    register: Register, rows: pd.DataFrame, bounds: list[int]
) -> pd.Series[str]:
    """Return each client's class of age in the snapshot nearest to the referral."""
    ages = register.engine.frame(
        "SELECT DISTINCT person_id, month, age FROM snapshots WHERE age IS NOT NULL "
        "AND person_id IN (SELECT person_id FROM pilot) ORDER BY month, person_id"
    ).astype({"month": "int64"})
    months = rows["referral_day"].map(lambda day: month_of(int(day)))
    referrals = pd.DataFrame({"person_id": rows["person_id"], "month": months})
    nearest = pd.merge_asof(
        referrals.sort_values("month", kind="stable").reset_index(),
        ages,
        on="month",
        by="person_id",
        direction="nearest",
    ).set_index("index")["age"]
    names = np.array([*age_labels(bounds), UNKNOWN])
    known = nearest.reindex(rows.index)
    place = np.searchsorted(bounds, known.to_numpy(dtype=float), side="right")
    return pd.Series(names[np.where(known.isna(), -1, place)], index=rows.index)


def age_labels(bounds: list[int]) -> list[str]:
    """Return the names of classes of age.

    Examples
    --------
    >>> age_labels([30, 40, 60])
    ['<30', '30-39', '40-59', '60+']
    """
    if not bounds:
        return ["all"]
    middle = [f"{low}-{high - 1}" for low, high in pairwise(bounds)]
    return [f"<{bounds[0]}", *middle, f"{bounds[-1]}+"]
