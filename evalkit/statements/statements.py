"""Published statements, each checked against data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.results import Result
from evalkit.statements.claims import Alike, MonthlyClaim
from evalkit.statements.counted import check_alike, check_service
from evalkit.statements.finding import unknown
from evalkit.statements.monthly import check_months

if TYPE_CHECKING:
    from evalkit.estimate.groups.balance import Balance
    from evalkit.estimate.months.comparison import Comparison
    from evalkit.statements.claims import Claim, Published, Statement
    from evalkit.statements.counted import ServiceCounts
    from evalkit.statements.finding import Finding

_SHOWN = ["statement", "reading", "holds", "published", "found", "support"]
_WORDS = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statements(Result):
    """What data say of the statements of a report.

    Attributes
    ----------
    table
        One row per statement and reading: statement, section, reading, holds (True,
        False, missing where the data cannot tell), published, found, by (by how much
        it holds; negative: by how much it fails), unit (share, months, people, smd),
        estimate, ci_low, ci_high, p_value, detectable (smallest difference that
        groups of this size can be relied to show), support (``clear``, ``within
        chance``, ``counted``: all were counted, or empty), note.
    title
        Name of the report.
    texts
        The statements in words: name, en, fi.
    level
        Level of the intervals and tests.
    """

    table: pd.DataFrame
    title: str
    texts: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()

    @property
    def failing(self) -> list[str]:
        """Statements of which no reading holds, though one could be checked."""
        readings = self.table.dropna(subset="holds").groupby("statement", sort=False)
        holds = readings["holds"].any()
        return [str(name) for name in holds.index[~holds.astype(bool)]]

    @property
    def unchecked(self) -> list[str]:
        """Statements about which these data say nothing."""
        known = self.table["holds"].notna().groupby(self.table["statement"], sort=False)
        return [str(name) for name, any_known in known.any().items() if not any_known]

    def __str__(self) -> str:
        shown = self.table[_SHOWN].copy()
        shown["holds"] = [_WORDS.get(holds, "-") for holds in self.table["holds"]]
        return f"{self.title}\n{shown.to_string(index=False)}"


def check_statements(
    comparison: Comparison,
    statements: Published,
    *,
    balance: Balance | None = None,
    service: ServiceCounts | None = None,
) -> Statements:
    """Check what a report says, or is about to say, against data.

    A statement can be true of the numbers and yet say nothing: a month of a hundred
    people differs from the next one by chance. So each is checked twice: whether it is
    so, and whether chance alone would do as much. Monthly differences are judged after
    Holm's allowance for their number; counts of months by the sign test, beside the
    difference over all of them.

    Parameters
    ----------
    comparison
        What `compare` returned: for a report's figures, of the outcome
        ``outcome_report`` of a cohort followed with ``time_zero="report"``.
    statements
        What `read_statements` returned.
    balance
        What `balance` returned for the same cohort, for statements about how alike
        the groups are. None: these stay unchecked.
    service
        What `service_results` returned, for statements about the service. None: these
        stay unchecked.

    Returns
    -------
    Statements
        One row per statement and reading.

    Raises
    ------
    EstimationError
        If the outcome is not 0 or 1.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> from evalkit.statements.claims import Published
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": ([1] * 20 + [0] * 40) * 2,
    ...         "y": [1] * 12 + [0] * 8 + [1, 0] * 20 + [1, 0] * 30,
    ...         "month": ["2021-01"] * 60 + ["2021-02"] * 60,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y", month="month")
    >>> report = Published.model_validate(
    ...     {
    ...         "title": "A report",
    ...         "statements": [
    ...             {
    ...                 "name": "january",
    ...                 "section": "4",
    ...                 "en": "In January more of the pilot's people had left.",
    ...                 "readings": [
    ...                     {
    ...                         "kind": "higher in",
    ...                         "months": ["2021-01"],
    ...                         "first": "2021-01",
    ...                         "last": "2021-02",
    ...                     }
    ...                 ],
    ...             }
    ...         ],
    ...     }
    ... )
    >>> print(check_statements(compare(cohort), report))
    A report
    statement reading holds published   found       support
      january           yes   2021-01 2021-01 within chance
    """
    rows = [
        {
            "statement": statement.name,
            "section": statement.section,
            "reading": claim.reading,
            **asdict(_finding(claim, comparison, balance, service)),
        }
        for statement in statements.statements
        for claim in statement.readings
    ]
    table = pd.DataFrame(rows).astype({"holds": "boolean"})
    return Statements(
        table=table,
        title=statements.title,
        texts=pd.DataFrame(map(_texts, statements.statements)),
        level=comparison.level,
    )


def _finding(
    claim: Claim,
    comparison: Comparison,
    balance: Balance | None,
    service: ServiceCounts | None,
) -> Finding:
    if isinstance(claim, MonthlyClaim):
        return check_months(claim, comparison)
    if isinstance(claim, Alike):
        if balance is None:
            return unknown("alike", "no balance was given")
        return check_alike(claim, balance)
    if service is None:
        return unknown("", "no results of the service were given")
    return check_service(claim, service)


def _texts(statement: Statement) -> dict[str, str]:
    return {"statement": statement.name, "en": statement.en, "fi": statement.fi}
