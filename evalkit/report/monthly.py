"""A comparison's table, made ready for being shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.effect import normal_quantile

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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
        One row per month, then ``pooled`` where the result has it, with a column
        ``masked``.

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
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
    """Return the level of the confidence intervals as per cent.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.report.language.catalogue import read_language
    >>> level_text(pd.DataFrame({"level": [0.95]}), read_language("en"))
    '95%'
    """
    level = float(table["level"].iloc[-1])
    decimals = 0 if round(100 * level, 6).is_integer() else 1
    return words.percent(level, decimals=decimals)


def wilson_limits(
    table: pd.DataFrame, group: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Wilson interval [1]_ of a group's share in each row.

    Parameters
    ----------
    table
        Counts and the level of the interval.
    group
        ``pilot`` or ``control``.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits; NaN where the group has no people or is masked.

    References
    ----------
    .. [1] Wilson, E. B. (1927). "Probable inference, the law of succession, and
       statistical inference". Journal of the American Statistical Association, 22.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"pilot_events": [5], "n_pilot": [10], "level": [0.95]})
    >>> low, high = wilson_limits(table, "pilot")
    >>> print(low.round(4), high.round(4))
    [0.2366] [0.7634]
    """
    people = table[f"n_{group}"].to_numpy(float)
    n = np.where(people > 0, people, np.nan)
    p = table[f"{group}_events"].to_numpy(float) / n
    z = np.array([normal_quantile(level) for level in table["level"]])
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.minimum(centre - reach, p), np.maximum(centre + reach, p)
