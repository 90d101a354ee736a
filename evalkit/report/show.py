"""What may leave of a result, to be looked at: in a notebook, in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.report.language.catalogue import (
    MASKED,
    MISSING,
    read_language,
)
from evalkit.report.release.publication import Publication
from evalkit.report.release.release import release
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.released import Released

_DECIMALS = 3
_SECTIONS = ("group", "covariate", "routes", "block", "specification", "month")
_HEADS = ("head", "table", "group")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown(Result):
    """Released tables in words and numbers of a language.

    Attributes
    ----------
    released
        What may leave: of one result, or of a whole evaluation.
    language
        ``fi``, ``sv`` or ``en``.
    """

    released: Released | Publication
    language: str

    def to_frame(self) -> pd.DataFrame:
        """Return the released table (of an evaluation, the list of its tables)."""
        return self.released.to_frame()

    def __str__(self) -> str:
        tables = [
            f"{name}\n{table.to_string(index=False)}"
            for name, table in self._written().items()
        ]
        return "\n\n".join([*self._above(), *tables, self._below()])

    def _repr_html_(self) -> str:
        above = [f"<p><strong>{escape(text)}</strong></p>" for text in self._above()]
        tables = [
            f"<p>{escape(name)}</p>{table.to_html(index=False, escape=True)}"
            for name, table in self._written().items()
        ]
        return "\n".join([*above, *tables, f"<p>{escape(self._below())}</p>"])

    def _written(self) -> dict[str, pd.DataFrame]:
        words = read_language(self.language)
        return {name: _written(table, words) for name, table in self._tables().items()}

    def _tables(self) -> Mapping[str, pd.DataFrame]:
        if isinstance(self.released, Publication):
            return self.released.frames()
        return {self.released.kind: self.released.table, **self.released.further}

    def _above(self) -> list[str]:
        synthetic = isinstance(self.released, Publication) and self.released.synthetic
        words = read_language(self.language)
        return [words.text("data.synthetic").upper()] if synthetic else []

    def _below(self) -> str:
        words = read_language(self.language)
        return words.text("table.masked", min_cell=self.released.min_cell)


def show(result: Result, *, language: str = "fi", min_cell: int | None = None) -> Shown:
    """Show what may leave the building of a result.

    The result itself, displayed in a notebook, shows everything: that is for the
    analyst. This is what may be copied from the screen into a message.

    Parameters
    ----------
    result
        An evaluation, or any answer that `release` knows.
    language
        ``fi``, ``sv`` or ``en``.
    min_cell
        Smallest count that is shown. None: the plan's, where the result knows its
        plan, else 5.

    Returns
    -------
    Shown
        Tables as HTML in a notebook, as text in a terminal. Masked numbers are
        three dots, missing ones a dash.

    Raises
    ------
    EstimationError
        If nothing is decided about releasing such a result.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "y": [1, 0, 0, 1] * 10})
    >>> comparison = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> print(show(comparison, language="en").to_frame()[["month", "n_pilot"]])
        month  n_pilot
    0     all     20.0
    1  pooled     20.0
    """
    read_language(language)
    return Shown(released=release(result, min_cell=min_cell), language=language)


def _written(table: pd.DataFrame, words: Language) -> pd.DataFrame:
    """Return a table as it is read: its heads, its words and its numbers."""
    masked = table["masked"].to_numpy(bool)
    shown = table.drop(columns="masked")
    columns = {
        _head(str(name), words): [
            _cell(value, hidden, words)
            for value, hidden in zip(shown[name], masked, strict=True)
        ]
        for name in shown
    }
    return pd.DataFrame(columns)


def _head(name: str, words: Language) -> str:
    """Return the head of a column, its own name where there is no word for it."""
    for group in ("pilot", "control"):
        if name == f"n_{group}":
            short = words.text(f"group.{group}_short")
            return words.text("group.size", group=short)
    keys = [f"{section}.{name}" for section in _HEADS]
    found = [words.texts[key] for key in keys if key in words.texts]
    plain = [text for text in found if "{" not in text]
    return plain[0] if plain else name


def _cell(value: object, masked: bool, words: Language) -> str:  # noqa: FBT001  (a cell's)
    """Return a number with its signs, or a word in the language."""
    if isinstance(value, str):
        return _word(value, words)
    if isinstance(value, bool | np.bool_) or not isinstance(
        value, int | float | np.number
    ):
        return MISSING if value is None or value is pd.NA else str(value)
    number = float(value)
    if np.isnan(number):
        return MASKED if masked else MISSING
    if np.isinf(number):
        return "\N{INFINITY}"
    return words.number(number, decimals=0 if number.is_integer() else _DECIMALS)


def _word(value: str, words: Language) -> str:
    keys = [f"{section}.{value}" for section in _SECTIONS]
    found = [words.texts[key] for key in keys if key in words.texts]
    plain = [text for text in found if "{" not in text]
    return plain[0] if plain else words.month(value)
