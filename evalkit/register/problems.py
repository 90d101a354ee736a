"""Everything that is wrong with a register, said in one error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import RegisterError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_ROWS = 5
_SHOWN_PROBLEMS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One rule that one column of one file breaks.

    `rows` are the first few of `count` rows, numbered as the file shows them.
    """

    where: str
    rule: str
    remedy: str = ""
    column: str = ""
    rows: tuple[int, ...] = ()
    count: int = 0

    def __str__(self) -> str:
        place = f"{self.where}, column {self.column!r}" if self.column else self.where
        return f"{place}{self._rows()}: {self.rule}. {self.remedy}".rstrip()

    def _rows(self) -> str:
        if not self.count:
            return ""
        shown = [str(row) for row in self.rows[:SHOWN_ROWS]]
        more = self.count - len(shown)
        word = "row" if self.count == 1 else "rows"
        if more:
            return f" ({word} {', '.join(shown)} and {more} more)"
        return f" ({word} {_joined(shown)})"


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that names every problem, if there is any.

    Raises
    ------
    RegisterError
        With one line per problem.
    """
    if not problems:
        return
    lines = [f"  - {problem}" for problem in problems[:_SHOWN_PROBLEMS]]
    left = len(problems) - len(lines)
    if left:
        lines.append(f"  - and {left} more problems.")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise RegisterError("\n".join([f"{count} in the register's data.", *lines]))
