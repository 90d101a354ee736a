"""The public-use extract of the Pennsylvania reemployment bonus experiment.

The file is not part of evalkit: its path or address is given by whoever has it.
"""

from __future__ import annotations

import io
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pandas as pd

from evalkit.errors import RegisterError

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
_ALLOWED = {
    "tg": range(7),
    "inuidur1": range(1, 53),
    "dep": range(3),
    **dict.fromkeys([name for name in COVARIATES if name != "dep"], range(2)),
}
_CLAIMS = range(10_400, 10_900)
_TIMEOUT = 60


def read_extract(source: str, sizes: Collection[int] = SIZES) -> pd.DataFrame:
    """Return the extract's 23 columns as whole numbers, after checking them.

    Parameters
    ----------
    source
        Path or http, https or file address.
    sizes
        How many people the file may hold.

    Returns
    -------
    DataFrame
        One row per person, in the file's order.

    Raises
    ------
    RegisterError
        If the file cannot be read, or is another one.
    """
    table = _parse(_fetch(source), source)
    _check(table, source, sizes)
    return table


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
