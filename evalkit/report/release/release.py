"""The one decision: what of an answer may leave the building."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from evalkit.errors import EstimationError
from evalkit.report.release.kinds import RELEASES
from evalkit.report.release.months import release_months
from evalkit.report.release.people import People
from evalkit.report.release.publication import Publication, publish
from evalkit.report.release.released import DEFAULT_CELL, Released, checked_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.results import Result
    from evalkit.study.protocol import Break

_MONTHS = {"month", "pilot_events", "strict_pilot_events", "n_people"}


@overload
def release(  # type: ignore[overload-overlap]
    result: Evaluation, *, min_cell: int | None = None
) -> Publication: ...


@overload
def release(
    result: Result, *, min_cell: int | None = None, breaks: Iterable[Break] = ()
) -> Released: ...


def release(
    result: Result, *, min_cell: int | None = None, breaks: Iterable[Break] = ()
) -> Released | Publication:
    """Return what of an answer may leave the building.

    The tables of one study tell about the same people. Release its `Evaluation`, which
    holds them all, so that none can be subtracted from another.

    Parameters
    ----------
    result
        An evaluation; or one answer by itself: a comparison, balance, curves, routes,
        effect, the service's results ...
    min_cell
        Smallest count that is published; many offices use 3 or 10. None: the plan's,
        where the answer knows its plan, else 5.
    breaks
        Declared breaks, across which months are joined last; an evaluation has its
        plan's.

    Returns
    -------
    Released or Publication
        The table with a column ``masked``, and the released numbers in their former
        shape for the figures; of an evaluation all of its tables.

    Raises
    ------
    EstimationError
        If `min_cell` is below 1, or nothing is decided about such an answer: lists of
        persons, weights of rows and models' innards do not leave at all.

    References
    ----------
    .. [1] Hundepool A, Domingo-Ferrer J, Franconi L, Giessing S, Schulte Nordholt E,
       Spicer K, de Wolf PP (2012). Statistical disclosure control. Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame(
    ...     {
    ...         "group": [1] * 3 + [0] * 40 + [1] * 80 + [0] * 80,
    ...         "y": [1, 0, 1] + [1, 0] * 100,
    ...         "month": ["2021-01"] * 43 + ["2021-02"] * 160,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(people, group="group", outcome="y", month="month")
    >>> print(release(compare(cohort)).to_frame()[["month", "n_pilot", "masked"]])
                 month  n_pilot  masked
    0  2021-01/2021-02     83.0   False
    1           pooled     83.0   False
    """
    name = type(result).__name__
    if name == "Evaluation":
        return publish(result, min_cell=min_cell)  # type: ignore[arg-type]
    least = checked_cell(DEFAULT_CELL if min_cell is None else min_cell)
    if name in RELEASES:
        return RELEASES[name](result, People(min_cell=least))
    if _is_by_month(result):
        return release_months(result, min_cell=least, breaks=breaks)
    raise EstimationError(
        f"Nothing is decided about releasing a {name}: it does not leave the building.",
        hint=f"These can be released: Comparison, Evaluation, {', '.join(RELEASES)}.",
    )


def _is_by_month(result: Result) -> bool:
    """Tell whether a result is the comparison of months and pooled."""
    has_table = type(result).__name__ not in {"Cohort", "Draw", "Weights"}
    return has_table and set(result.to_frame().columns) >= _MONTHS
