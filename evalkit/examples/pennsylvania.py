"""Real people: the Pennsylvania reemployment bonus experiment as a monthly register.

In 1988 and 1989 people who claimed unemployment insurance in Pennsylvania were assigned
at random to one of several bonuses for finding work soon, or to none. The public-use
extract holds their weeks on the register. Its people stand here for a jobseeker
register, one bonus for the pilot, and those without a bonus for the control frame. The
file is not part of evalkit: its path or address is given by whoever has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.examples.extract import COVARIATES, SIZES, read_extract
from evalkit.examples.movements import dates, movements
from evalkit.storage import write_whole
from evalkit.study.months import month_of, month_text
from evalkit.study.plan_file import commented_plan
from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

_SAS_EPOCH = -3653  # 1960-01-01, from which the extract counts its days
_ADJUSTED = [
    "female", "black", "othrace", "dep", "q2", "q3", "q4", "q5", "q6", "agelt35",
    "agegt54", "durable", "lusd", "husd",
]  # fmt: skip
_WEEK = 7
_PILOT_ARM = 4
_CONTROL_ARM = 0
_PLAN_NOTE = (
    "Real people: the Pennsylvania reemployment bonus experiment (Bilias 2000), read "
    "as a monthly register. The pilot is arm 4, the control frame arm 0; the other "
    "arms are excluded as another programme."
)
_REGISTER_COLUMNS = (
    "month", "person_id", "registration_date", "deregistration_date",
    "registered_at_month_end", "other_programme", *COVARIATES,
)  # fmt: skip
_PLAN: dict[str, dict[str, Any]] = {
    "study": {
        "title": "Pennsylvania reemployment bonus, 1988-1989",
        "language": "en",
    },
    "data": {
        "snapshots": "register/*.csv",
        "pilot": "pilot.csv",
        "encoding": "utf-8",
        "columns": {name: name for name in _REGISTER_COLUMNS},
        "pilot_columns": {
            name: name for name in ("person_id", "referral_date", "start_date")
        },
    },
    "register": {
        "counting_day": "last_day",
        "unemployed": "registered",
        "services": [],
    },
    "frame": {
        "kind": "inflow",
        "weeks": (0, 52),
        "exclude": ["other_programme"],
    },
    "draw": {
        "seed": "10.1002/jae.579",
        "seed_source": "Public value: the DOI of the paper that published the "
        "extract (Bilias 2000). The study is retrospective, so compare with "
        "redraws under other seeds.",
        "first": "1988-06",
        "last": "1989-10",
    },
    "follow_up": {
        "lag": {"weeks": 27},
        "further_lags": [],
        "pool_weeks": (0, 52),
        "time_zero": "aligned",
    },
    "estimate": {"headline": "mantel-haenszel", "covariates": _ADJUSTED},
    "output": {"csv": "international"},
}


def read_pennsylvania(
    source: str | Path, *, sizes: Collection[int] = SIZES
) -> pd.DataFrame:
    r"""Read the original file of the experiment.

    Parameters
    ----------
    source
        Path or http, https or file address of ``penn_jae.dat``: 23 columns divided by
        spaces, with a header.
    sizes
        How many people the file may hold. A shortened file for trying out names its
        own size.

    Returns
    -------
    DataFrame
        One row per person, in the file's order: ``person_id`` (the row number, since
        the file has no identifier), ``arm`` (0: no bonus), ``registered`` and
        ``left`` (first and last day on the register, as day numbers), ``weeks``, and
        the covariates under the file's own names.

    Raises
    ------
    RegisterError
        If the file cannot be read, or is another one.

    References
    ----------
    .. [1] Bilias, Y. (2000). Sequential testing of duration data: the case of the
       Pennsylvania 'reemployment bonus' experiment. Journal of Applied Econometrics
       15(6), 575-594. https://doi.org/10.1002/jae.579

    Examples
    --------
    One made-up person, in the form of the file:

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "penn_jae.dat"
    >>> header = " ".join(["abdt", "tg", "inuidur1", "inuidur2", *COVARIATES])
    >>> _ = file.write_text(f"{header}\n10824 4 18 18 {'0 ' * 19}\n")
    >>> read_pennsylvania(file, sizes=[1])[["person_id", "arm", "weeks"]]
      person_id  arm  weeks
    0  PA000001    4     18
    """
    table = read_extract(str(source), sizes)
    registered = table["abdt"] + _SAS_EPOCH
    people = pd.DataFrame(
        {
            "person_id": [f"PA{row:06d}" for row in range(1, len(table) + 1)],
            "arm": table["tg"],
            "registered": registered,
            "left": registered + _WEEK * table["inuidur1"],
            "weeks": table["inuidur1"],
        }
    )
    return people.join(table[list(COVARIATES)])


def example_plan(size: int | Literal["pilot", "all"] = "pilot") -> Protocol:
    """Return the plan of the Pennsylvania study.

    Parameters
    ----------
    size
        Controls a month: a number, ``"pilot"`` (as many as the pilot's clients) or
        ``"all"`` (the whole frame).

    Returns
    -------
    Protocol
        The plan, with locations relative to the folder that `write_pennsylvania`
        fills.

    Examples
    --------
    >>> example_plan().frame.kind
    'inflow'
    """
    draw = {**_PLAN["draw"], "size": size}
    return Protocol.model_validate({**_PLAN, "draw": draw})


def write_pennsylvania(
    folder: str | Path, *, source: str | Path, sizes: Collection[int] = SIZES
) -> Path:
    r"""Write the study: monthly register files, the pilot's list and the plan.

    Each month's file holds everybody who was on the register on any day of it, so that
    short spells are not lost. The plan is written last: where it stands, all stands.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    source
        Path or address of the original file.
    sizes
        How many people the original file may hold.

    Returns
    -------
    Path
        The plan, ``pennsylvania.toml``.

    Raises
    ------
    RegisterError
        If `source` cannot be read, or is another file.

    Examples
    --------
    One made-up person, in the form of the file:

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> file = folder / "penn_jae.dat"
    >>> header = " ".join(["abdt", "tg", "inuidur1", "inuidur2", *COVARIATES])
    >>> _ = file.write_text(f"{header}\n10824 4 18 18 {'0 ' * 19}\n")
    >>> plan = write_pennsylvania(folder / "study", source=file, sizes=[1])
    >>> sorted(path.name for path in plan.parent.iterdir())
    ['pennsylvania.toml', 'pilot.csv', 'register']
    """
    people, home = read_pennsylvania(source, sizes=sizes), Path(folder)
    for month, rows in _register(people).groupby("month"):
        write_whole(home / "register" / f"{month}.csv", _csv(rows))
    write_whole(home / "pilot.csv", _csv(_pilot(people)))
    plan = home / "pennsylvania.toml"
    write_whole(plan, plan_text().encode())
    return plan


def plan_text() -> str:
    """Return the plan as the text of its file."""
    return commented_plan(example_plan(), note=_PLAN_NOTE)


def _register(people: pd.DataFrame) -> pd.DataFrame:
    """Return everybody's row in every month's file."""
    months = range(
        month_of(int(people["registered"].min())),
        month_of(int(people["left"].max())) + 1,
    )
    rows = movements(people, months, "last_day")
    ended = rows["ended"].to_numpy()
    other = ~rows["arm"].isin([_PILOT_ARM, _CONTROL_ARM])
    known = pd.DataFrame(
        {
            "month": [month_text(month) for month in rows["month"]],
            "person_id": rows["person_id"],
            "registration_date": dates(rows["registered"]),
            "deregistration_date": dates(rows["left"], ended),
            "registered_at_month_end": _yes(rows["registered_at_month_end"]),
            "other_programme": _yes(other),
        }
    )
    return known.join(rows[list(COVARIATES)])


def _yes(flags: pd.Series) -> np.ndarray:
    return np.where(flags, "yes", "no")


def _pilot(people: pd.DataFrame) -> pd.DataFrame:
    """Return the pilot's list: assigned, and reached, on the day of the claim."""
    some = people[people["arm"] == _PILOT_ARM].reset_index(drop=True)
    claimed = dates(some["registered"])
    return pd.DataFrame(
        {
            "person_id": some["person_id"],
            "referral_date": claimed,
            "start_date": claimed,
        }
    )


def _csv(table: pd.DataFrame) -> bytes:
    text = table.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")
    return text.encode()
