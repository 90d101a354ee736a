"""A comparison's table, made ready for being shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import EstimationError

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.report.language.catalogue import Language
    from evalkit.results import Result


def monthly_table(result: Result) -> pd.DataFrame:
    """Return the table of a `Comparison` or of its `Released` form, to be shown.

    Parameters
    ----------
    result
        A comparison of shares, released or not.

    Returns
    -------
    pandas.DataFrame
        One row per month and a last row ``pooled``, with a column ``masked``.

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.comparison import compare
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> result = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> monthly_table(result)["masked"].tolist()
    [False, False]
    """
    table = result.to_frame().reset_index(drop=True)
    if table["pilot_events"].isna().all() and table["estimate"].notna().any():
        raise EstimationError(
            "These tables and figures show shares, but the outcome is another number.",
            hint="Give `compare` an outcome of 0 and 1, or read `to_frame()`.",
        )
    if "masked" not in table:
        table["masked"] = False
    return table


def level_text(table: pd.DataFrame, words: Language) -> str:
    """Return the level of the confidence intervals as per cent, such as ``95 %``."""
    level = float(table["level"].iloc[-1])
    decimals = 0 if round(100 * level, 6).is_integer() else 1
    return words.percent(level, decimals=decimals)
