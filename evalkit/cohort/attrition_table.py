"""The table of who met the frame's criteria, as it is kept beside a draw."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from evalkit.errors import DrawError

if TYPE_CHECKING:
    import pandas as pd

_COUNTS = ("before", "removed", "left")


def attrition_text(steps: pd.DataFrame) -> str:
    """Return the table as CSV text, the same bytes for the same counts."""
    return steps.to_csv(index=False, lineterminator="\n")


def attrition_of(text: str) -> pd.DataFrame:
    """Return the table of a CSV text."""
    import pandas as pd

    try:
        table = pd.read_csv(io.StringIO(text))
        return table.astype(dict.fromkeys(_COUNTS, "int64"))
    except (ValueError, KeyError, OverflowError):
        raise DrawError(
            "A table of who met the criteria is damaged.",
            hint="Restore the file from a backup; a draw is never edited.",
        ) from None
