"""Events and people of both groups, one row per stratum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.shares.score import Tables

_COUNTS = ["pilot_events", "n_pilot", "control_events", "n_control"]
_SHOWN_ROWS = 5


def checked_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the table of counts, or say which rows break which rule."""
    missing = [name for name in ["stratum", *_COUNTS] if name not in counts.columns]
    if missing:
        raise EstimationError(
            f"The counts have no column {', '.join(missing)}.",
            hint=f"They have: {', '.join(map(str, counts.columns))}.",
        )
    numbers = pd.DataFrame(
        {name: pd.to_numeric(counts[name], errors="coerce") for name in _COUNTS}
    )
    whole = (numbers >= 0) & np.isfinite(numbers) & (numbers % 1 == 0)
    wrong_rules = {
        "counts are whole numbers, zero or more": ~whole.all(axis=1),
        "a stratum occurs once": counts["stratum"].duplicated(),
        "there are no more events than people": (
            (numbers["pilot_events"] > numbers["n_pilot"])
            | (numbers["control_events"] > numbers["n_control"])
        ),
    }
    for rule, wrong in wrong_rules.items():
        if wrong.any():
            rows = ", ".join(map(str, counts.index[wrong][:_SHOWN_ROWS]))
            raise EstimationError(
                f"The counts break a rule in {int(wrong.sum())} row(s): {rule}.",
                hint=f"Mend them, for example in row(s) {rows}.",
            )
    return numbers.assign(stratum=counts["stratum"])


def tables_of(counts: pd.DataFrame) -> Tables:
    """Return checked counts as arrays."""
    x1, n1, x0, n0 = (counts[name].to_numpy(dtype=float) for name in _COUNTS)
    return Tables(x1=x1, n1=n1, x0=x0, n0=n0)
