"""What every answer of evalkit can do: become a table, text, HTML or a dict."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Result(ABC):
    """An answer: a frozen set of values with one method to write, `to_frame`."""

    __slots__ = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the answer as a tidy table, one row per thing estimated."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a dict of columns, each a list."""
        return {str(name): list(column) for name, column in self.to_frame().items()}

    def __str__(self) -> str:
        frame = self.to_frame()
        if len(frame) == 1:
            return frame.iloc[0].rename(None).map(_cell).to_string()
        return frame.map(_cell).to_string(index=False)

    def _repr_html_(self) -> str:
        return self.to_frame().map(_cell).to_html(index=False, escape=True)


def _cell(value: object) -> object:
    """Show a number with four digits after the point, anything else as it is."""
    return f"{value:.4f}" if isinstance(value, float) else value
