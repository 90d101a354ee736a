"""Real people: the Pennsylvania reemployment bonus experiment as a monthly register.

In 1988 and 1989 people who claimed unemployment insurance in Pennsylvania were assigned
at random to one of several bonuses for finding work soon, or to none. The public-use
extract holds their weeks on the register. Its people stand here for a jobseeker
register, one bonus for the pilot, and those without a bonus for the control frame. The
file is not part of evalkit: its path or address is given by whoever has it.
"""

from __future__ import annotations

import io
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import pandas as pd

from evalkit.errors import RegisterError
from evalkit.examples.movements import dates, movements
from evalkit.storage import write_whole
from evalkit.study.months import month_of, month_text
from evalkit.study.plan_file import commented_plan
from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

SIZES = (10_200, 13_913)
"""People in the extract without and with the arms 2 and 6."""

COVARIATES = (
    "female", "black", "hispanic", "othrace", "dep", "q1", "q2", "q3", "q4", "q5", "q6",
    "recall", "agelt35", "agegt54", "durable", "nondurable", "lusd", "husd", "muld",
)  # fmt: skip
"""What the extract knows of its people."""

_COLUMNS = ("abdt", "tg", "inuidur1", "inuidur2", *COVARIATES)
_ADJUSTED = [
    "female", "black", "othrace", "dep", "q2", "q3", "q4", "q5", "q6", "agelt35",
    "agegt54", "durable", "lusd", "husd",
]  # fmt: skip
_ALLOWED = {
    "tg": range(7),
    "inuidur1": range(1, 53),
    "dep": range(3),
    **dict.fromkeys([name for name in COVARIATES if name != "dep"], range(2)),
}
_SAS_EPOCH = -3653  # 1960-01-01, from which the extract counts its days
_CLAIMS = range(10_400, 10_900)
_WEEK = 7
_PILOT_ARM = 4
_CONTROL_ARM = 0
_TIMEOUT = 60
_PLAN_NOTE = (
    "Real people: the Pennsylvania reemployment bonus experiment (Bilias 2000), read "
    "as a monthly register. The pilot is arm 4, the control frame arm 0; the other "
    "arms are excluded as another programme."
)


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
    table = _parse(_fetch(str(source)), str(source))
    _check(table, str(source), sizes)
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


def _fetch(source: str) -> bytes:
    """Return the bytes at a path or an address."""
    remote = urlsplit(source).scheme in {"http", "https", "file"}
    try:
        if not remote:
            return Path(source).read_bytes()
        with urlopen(source, timeout=_TIMEOUT) as answer:  # noqa: S310  (schemes above)
            return bytes(answer.read())
    except (OSError, HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
        raise RegisterError(
            f"{source} cannot be read: {reason or error}.",
            hint="Name the path or the address of penn_jae.dat.",
        ) from error


def _parse(content: bytes, source: str) -> pd.DataFrame:
    """Return the file as a table of whole numbers with the 23 known columns."""
    try:
        table = pd.read_csv(io.BytesIO(content), sep=r"\s+", dtype=str)
    except (ValueError, UnicodeDecodeError) as error:
        raise _another(source, "it is no table of columns divided by spaces") from error
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise _another(source, f"it has no column {', '.join(missing)}")
    numbers = table[list(_COLUMNS)].apply(pd.to_numeric, errors="coerce")
    broken = [name for name in _COLUMNS if not (numbers[name] % 1 == 0).all()]
    if broken:
        raise _another(
            source, f"column {', '.join(broken)} holds what is no whole number"
        )
    whole: pd.DataFrame = numbers.astype(int)
    return whole


def _check(table: pd.DataFrame, source: str, sizes: Collection[int]) -> None:
    """Refuse a file that is not whole, or whose values mean something else."""
    if len(table) not in sizes:
        allowed = " or ".join(str(size) for size in sizes)
        raise _another(source, f"it has {len(table)} people, not {allowed}")
    allowed_values = {**_ALLOWED, "abdt": _CLAIMS}
    strange = [
        f"{name} outside {values.start}..{values.stop - 1} in row "
        f"{int((~table[name].isin(values)).to_numpy().argmax()) + 2}"
        for name, values in allowed_values.items()
        if not table[name].isin(values).all()
    ]
    if strange:
        raise _another(source, "; ".join(strange))


def _another(source: str, reason: str) -> RegisterError:
    return RegisterError(
        f"{source} is not the file of the Pennsylvania experiment: {reason}.",
        hint="Wanted is penn_jae.dat, the public-use extract of Bilias (2000), with "
        f"its header and {SIZES[0]} or {SIZES[1]} people.",
    )


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
    known = ("person_id", "registration_date", "deregistration_date")
    own = ("registered_at_month_end", "other_programme", *COVARIATES)
    return Protocol.model_validate(
        {
            "study": {
                "title": "Pennsylvania reemployment bonus, 1988-1989",
                "language": "en",
            },
            "data": {
                "snapshots": "register/*.csv",
                "pilot": "pilot.csv",
                "encoding": "utf-8",
                "columns": {name: name for name in ("month", *known, *own)},
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
                "size": size,
                "seed": "10.1002/jae.579",
                "seed_source": "Public value: the DOI of the paper that published the "
                "extract (Bilias 2000). The study is retrospective, so compare with "
                "redraws under other seeds.",
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
    )


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
    text = commented_plan(example_plan(), note=_PLAN_NOTE)
    # An empty list of tables, written last, would fall into the table before it.
    return text.replace("\nbreaks = []\n", "\n# breaks = []\n")


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
