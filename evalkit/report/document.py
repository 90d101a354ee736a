"""A report before it has a form: chapters of texts, facts, tables and figures.

The page, the workbook and the files of numbers are made from one `Document`, so that
they cannot tell different things. A document holds only what may leave the building.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from evalkit.report.language.catalogue import MASKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.report.language.catalogue import Language

Kind = Literal[
    "text", "count", "share", "points", "interval", "weeks", "ratio", "number", "chance"
]


class Mark(Enum):
    """What a cell holds in place of a number that may not leave."""

    MASKED = "masked"


Pair = tuple[float, float]
Cell = str | float | Pair | Mark


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    label
        Its head, in the language of the document.
    kind
        What its cells are, and so how they are written: ``share`` and ``points`` are
        shares, shown in per cent and percentage points; ``interval`` is a pair of
        points, ``chance`` a p-value.
    """

    label: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes
    ----------
    name
        Name of its sheet and its file: lower-case letters and underscores.
    caption
        What it shows.
    columns
        Its columns; the first names the rows.
    rows
        A cell for each column; NaN is missing.
    note
        What its signs mean, or how it was made.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture and, for those who cannot see it or need the numbers, its table.

    Attributes
    ----------
    name
        Name of its file.
    alternative
        What it shows, in a sentence.
    svg
        The picture.
    table
        The numbers in it.
    """

    name: str
    alternative: str
    svg: str
    table: Table


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph.

    Attributes
    ----------
    text
        Its words.
    tone
        ``plain``, ``lead`` for what matters most, ``caution`` for what must not be
        overlooked.
    """

    text: str
    tone: Literal["plain", "lead", "caution"] = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they stand for: a glossary, an estimand, a certificate."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Who came in, who was left out and who remained, a path for each group.

    Attributes
    ----------
    paths
        For each group its name and its steps; a step has what it is called, how many
        were left out by it and how many remained.
    table
        The same as a table.
    """

    paths: tuple[tuple[str, tuple[tuple[str, Cell, Cell], ...]], ...]
    table: Table


Block = Text | Facts | Table | Figure | Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Part of a document.

    Attributes
    ----------
    name
        Its address within the page.
    title
        Its heading.
    blocks
        What stands in it, in order.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report in one language.

    Attributes
    ----------
    title
        Name of the study.
    subtitle
        Which months it covers.
    language
        Its texts and how it writes numbers.
    chapters
        Its parts, in reading order.
    warning
        What must stand on every page, such as that the data are synthetic.
    foot
        What was evaluated and by which rules, in a line that goes with every figure.
    """

    title: str
    subtitle: str
    language: Language
    chapters: tuple[Chapter, ...]
    warning: str = ""
    foot: str = field(default="")

    @property
    def blocks(self) -> Iterator[Block]:
        """Everything in it, in reading order."""
        for chapter in self.chapters:
            yield from chapter.blocks

    @property
    def figures(self) -> list[Figure]:
        """Its figures, in reading order."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    @property
    def tables(self) -> list[Table]:
        """Its tables, those of figures and flows too, in reading order."""
        return [
            block if isinstance(block, Table) else block.table
            for block in self.blocks
            if isinstance(block, Table | Figure | Flow)
        ]


def written(cell: Cell, kind: Kind, words: Language) -> str:
    """Return a cell as it is read.

    Parameters
    ----------
    cell
        A text, a number, a pair of numbers or a mark.
    kind
        What the number is.
    words
        The language.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> words = read_language("en")
    >>> written(0.123, "share", words), written((0.02, 0.03), "interval", words)
    ('12.3%', '2.0 to 3.0')
    >>> written(Mark.MASKED, "count", words)
    '…'
    """
    if isinstance(cell, Mark):
        return MASKED
    if isinstance(cell, str):
        return cell
    if isinstance(cell, tuple):
        return words.points_interval(*cell)
    return _number(cell, kind, words)


def _number(value: float, kind: Kind, words: Language) -> str:
    if kind == "share":
        return words.percent(value, decimals=1)
    if kind == "points":
        return words.points(value, unit=False)
    if kind == "chance":
        small = 0 <= value < _LEAST_CHANCE
        return (
            f"< {words.number(_LEAST_CHANCE, decimals=3)}"
            if small
            else (words.number(value, decimals=3))
        )
    return words.number(value, decimals=DECIMALS[kind])


DECIMALS: dict[Kind, int] = {
    "text": 0,
    "count": 0,
    "share": 1,
    "points": 1,
    "interval": 1,
    "weeks": 1,
    "ratio": 2,
    "number": 2,
    "chance": 3,
}
"""Digits after the decimal sign; shares and points are counted in hundredths."""

_LEAST_CHANCE = 0.001
