"""A synthetic Satakunta: a simulated register as a Finnish office would write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.examples.contract import EVENT_HEADERS, EVENT_KINDS, contract_text
from evalkit.examples.preset import read_preset
from evalkit.examples.service import service_text
from evalkit.examples.simulator import simulate
from evalkit.storage import write_whole
from evalkit.study.months import month_text
from evalkit.study.plan_file import commented_plan
from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from evalkit.examples.preset import Preset

_ENCODING = "cp1252"
_COLUMNS = {
    "month": "laskentapäivä",
    "person_id": "henkilö",
    "registration_date": "työttömyys alkoi",
    "deregistration_date": "työttömyys päättyi",
    "registered_at_month_end": "voimassa kuukauden lopussa",
    "employment_code": "työllisyyskoodi",
    "in_service": "palvelussa",
    "service_line": "palvelulinja",
    "office": "toimisto",
    "municipality": "kunta",
    "sex": "sukupuoli",
    "age": "ikä",
    "education": "koulutusaste",
    "exit_reason": "päättymissyy",
}
_PILOT_COLUMNS = {
    "person_id": "henkilö",
    "referral_date": "ohjauspäivä",
    "start_date": "aloituspäivä",
    "end_date": "lopetuspäivä",
    "result": "tulos",
    "way": "aloitustapa",
}
_WORDS = {
    "sex": {"woman": "nainen", "man": "mies"},
    "result": {"work": "työ", "training": "koulutus", "entrepreneur": "yrittäjä"},
    "way": {"group": "ryhmä", "individual": "yksilö"},
    "kind": {kind: word for word, kind in EVENT_KINDS.items()},
}
_PLAN_NOTE = (
    "The pilot of Satakunta, 2019-2022, as its report describes the control group. The "
    "register that comes with this plan is synthetic: nobody in it is real, and no "
    "result from it is a finding about Satakunta."
)
_PLAN = {
    "study": {
        "title": "Rekrytoiva Satakunta (synteettinen aineisto)",
        "language": "fi",
        "synthetic": True,
    },
    "data": {
        "snapshots": "register/*.csv",
        "pilot": "pilot.csv",
        "encoding": "windows-1252",
        "columns": _COLUMNS,
        "pilot_columns": _PILOT_COLUMNS,
    },
    "frame": {
        "kind": "opening",
        "weeks": (1, 104),
        "exclude": ["in_service"],
        "offices": [
            {"names": ["Satakunnan TE-toimisto"]},
            {"names": ["Porin kuntakokeilu"], "first": "2021-03"},
        ],
    },
    "draw": {
        "size": 500,
        "seed": "Satakunta 2018-12-21",
        "seed_source": "Public value: the day of the pilot's contract notice, "
        "21 December 2018. The study is retrospective, so compare with redraws "
        "under other seeds.",
        "first": "2020-01",
        "last": "2021-12",
        "skip": ["2020-04", "2020-05"],
    },
    "follow_up": {
        "lag": {"months": 3},
        "pool_weeks": (1, 120),
        "time_zero": "aligned",
    },
    "estimate": {
        "headline": "aipw",
        "covariates": [
            "weeks_before",
            "laid_off",
            "age",
            "sex",
            "education",
            "municipality",
            "months_unemployed_24",
            "services_24",
        ],
        "subgroups": {"sex": [], "age": [30, 50], "way": []},
    },
    "breaks": [
        {
            "label": "Palvelu keskeytyksissä",
            "first": "2020-04",
            "last": "2020-05",
        },
        {"label": "Palkkiomalli muuttui", "first": "2021-01"},
        {"label": "Porin kuntakokeilu alkoi", "first": "2021-03"},
    ],
}


def example_plan() -> Protocol:
    """Return the plan of the Satakunta study.

    Returns
    -------
    Protocol
        The report's own rules where it states them (500 controls a month, 1-104
        weeks, three months, a pool of 1-120 weeks), and evalkit's where it does not.

    Examples
    --------
    >>> plan = example_plan()
    >>> plan.draw.size, plan.frame.weeks, plan.study.synthetic
    (500, (1, 104), True)
    """
    return Protocol.model_validate(_PLAN)


def write_satakunta(
    folder: str | Path, *, seed: int | None = None, preset: Preset | None = None
) -> Path:
    """Write the study: monthly register files, the pilot's list, events and plans.

    The files are what a Finnish office exports: semicolons, Windows-1252, days as
    ``d.m.yyyy``, K and E for yes and no. The events that the provider is paid for,
    a file a month, stand in ``events``, the contract in ``fees.toml`` and the plan of
    the service in ``service.toml``. The study's plan is written last: where it
    stands, all stands.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    seed
        Seed of the simulation; None: the preset's own.
    preset
        Settings of the simulation; None: evalkit's own.

    Returns
    -------
    Path
        The plan, ``satakunta.toml``.

    Examples
    --------
    >>> import tempfile
    >>> small = read_preset("county").with_size(0.01)
    >>> write_satakunta(tempfile.mkdtemp(), preset=small).name
    'satakunta.toml'
    """
    home, preset = Path(folder), preset or read_preset("satakunta")
    simulation = simulate(preset, seed=preset.seed if seed is None else seed)
    snapshots = simulation.snapshots
    for month in simulation.preset.months:
        rows = snapshots[snapshots["month"] == month]
        office = rows.assign(month=rows["counting_day"])
        file = home / "register" / f"{month_text(month)}.csv"
        write_whole(file, _finnish_csv(office, _COLUMNS))
    write_whole(home / "pilot.csv", _finnish_csv(simulation.pilot, _PILOT_COLUMNS))
    for month, events in simulation.events.groupby(_month_of(simulation.events)):
        file = home / "events" / f"{month}.csv"
        write_whole(file, _finnish_csv(events, EVENT_HEADERS))
    write_whole(home / "fees.toml", contract_text().encode())
    write_whole(home / "service.toml", service_text().encode())
    plan = home / "satakunta.toml"
    write_whole(plan, plan_text().encode())
    return plan


def plan_text() -> str:
    """Return the plan as the text of its file."""
    return commented_plan(example_plan(), note=_PLAN_NOTE)


def _month_of(events: pd.DataFrame) -> pd.Series:
    months: pd.Series = events["date"].dt.strftime("%Y-%m")
    return months


def _finnish_csv(table: pd.DataFrame, headers: dict[str, str]) -> bytes:
    """Return a table as a Finnish office's CSV file."""
    columns = {header: _finnish(table[name], name) for name, header in headers.items()}
    text = pd.DataFrame(columns).to_csv(sep=";", index=False, lineterminator="\r\n")
    return text.encode(_ENCODING)


def _finnish(values: pd.Series, name: str) -> pd.Series:
    """Write days as d.m.yyyy, yes and no as K and E, and categories in Finnish."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return _days(values)
    if pd.api.types.is_bool_dtype(values.dropna()):
        return values.map({True: "K", False: "E"})
    return values.map(_WORDS[name]) if name in _WORDS else values


def _days(values: pd.Series) -> pd.Series:
    known = values.dropna().drop_duplicates()
    text = {day: f"{day.day}.{day.month}.{day.year}" for day in known}
    return values.map(text)
