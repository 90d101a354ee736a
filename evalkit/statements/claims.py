"""Statements of a report as data: what each one says, as a rule that can be checked.

A file of statements is TOML. Every statement is told in words of one's own and has one
reading or more: where a report can be understood in two ways, or says two things, each
of them is a reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from evalkit.study.months import Month, month_text, parse_month
from evalkit.study.sections import Section, read_sections

if TYPE_CHECKING:
    from pathlib import Path

Share = Annotated[float, Field(ge=0, le=1)]
Measure = Literal[
    "referred", "started", "completed", "positive", "counted", "work", "training",
    "entrepreneur",
]  # fmt: skip


class Reading(Section):
    """A statement as a rule, and in which sense it is one."""

    reading: str = Field(
        default="", description="In which sense, where a statement has several."
    )


class _OfMonths(Reading):
    """A claim about the cohort months of a period."""

    first: Month = Field(description="First start month of the period.")
    last: Month = Field(description="Last start month of the period.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first > self.last:
            raise ValueError("`first` is after `last`")
        return self

    def covers(self, month: str) -> bool:
        """Tell whether a month is in the period."""
        return self.first <= month <= self.last

    @property
    def months_of_period(self) -> list[str]:
        """Every month of the period."""
        span = range(parse_month(self.first), parse_month(self.last) + 1)
        return [month_text(month) for month in span]


class HigherIn(_OfMonths):
    """The pilot's share was higher in these months of the period, and in no others."""

    kind: Literal["higher in"]
    months: list[Month] = Field(description="The months.")


class MonthsCounted(_OfMonths):
    """In so many months of the period the pilot's share was higher, equal or lower."""

    kind: Literal["months counted"]
    higher: NonNegativeInt | None = Field(default=None, description="Months.")
    equal: NonNegativeInt | None = Field(default=None, description="Months.")
    lower: NonNegativeInt | None = Field(default=None, description="Months.")
    not_lower: NonNegativeInt | None = Field(
        default=None, description="Months in which it was higher or equal."
    )


class LowestIn(_OfMonths):
    """Of all starters of the period, this month's were unemployed least often."""

    kind: Literal["lowest in"]
    month: Month = Field(description="The month.")
    unemployed: Share = Field(description="Their share: 0.51 is 51 %.")


class OnAverage(_OfMonths):
    """Over the months of the period one group had the higher share."""

    kind: Literal["on average"]
    higher: Literal["pilot", "control"] = Field(description="Which group.")


class Alike(Reading):
    """The groups were alike in something known at time zero."""

    kind: Literal["alike"]
    covariate: str = Field(description="Column of the cohort.")


class CountIs(Reading):
    """The service had so many of something."""

    kind: Literal["count"]
    measure: Measure = Field(description="What is counted.")
    table: str = Field(default="all", description="Table of the service's results.")
    group: str = Field(default="all", description="Group in it.")
    count: NonNegativeInt = Field(description="The number.")


class ShareIs(Reading):
    """Something was so large a part of something else."""

    kind: Literal["share"]
    measure: Measure = Field(description="What is counted.")
    base: str = Field(description="Of whom: completed, referred, all positive ...")
    table: str = Field(default="all", description="Table of the service's results.")
    group: str = Field(default="all", description="Group in it.")
    share: Share = Field(description="The share: 0.37 is 37 %.")


class AMonth(Reading):
    """So many a month on average in a year, pauses included."""

    kind: Literal["a month"]
    measure: Measure = Field(description="What is counted.")
    year: str = Field(description="The year.")
    number: NonNegativeInt = Field(description="The average, to a whole number.")


class MostIn(Reading):
    """The largest number of all months."""

    kind: Literal["most in"]
    measure: Measure = Field(description="What is counted.")
    month: Month = Field(description="The month.")
    count: NonNegativeInt = Field(description="The number.")


class AboveTheRest(Reading):
    """One group had a larger share than all others together."""

    kind: Literal["above the rest"]
    measure: Measure = Field(description="What is counted.")
    base: str = Field(description="Of whom.")
    table: str = Field(description="Table of the service's results.")
    group: str = Field(description="Group in it.")


MonthlyClaim = HigherIn | MonthsCounted | LowestIn | OnAverage
ServiceClaim = CountIs | ShareIs | AMonth | MostIn | AboveTheRest
Claim = Annotated[MonthlyClaim | Alike | ServiceClaim, Field(discriminator="kind")]


class Statement(Section):
    """One statement of a report."""

    name: str = Field(description="Short name, by which it is found again.")
    section: str = Field(description="Section of the report.")
    en: str = Field(description="The statement in English, in words of one's own.")
    fi: str = Field(default="", description="The same in Finnish.")
    readings: Annotated[list[Claim], Field(min_length=1)]


class Activity(Section):
    """Something of which a report says how often it was done; no register holds it."""

    en: str = Field(description="What was done, in English.")
    fi: str = Field(default="", description="The same in Finnish.")
    sv: str = Field(default="", description="The same in Swedish.")
    count: NonNegativeInt = Field(description="How often.")
    more: bool = Field(default=False, description="true: more than that.")

    def text(self, language: str) -> str:
        """Return what was done in a language, or in English if there is no text."""
        return {"fi": self.fi, "sv": self.sv}.get(language, "") or self.en


class Published(Section):
    """All statements of a report.

    Examples
    --------
    >>> report = Published.model_validate(
    ...     {
    ...         "title": "A report",
    ...         "statements": [
    ...             {
    ...                 "name": "size",
    ...                 "section": "2",
    ...                 "en": "A hundred people were referred.",
    ...                 "readings": [
    ...                     {"kind": "count", "measure": "referred", "count": 100}
    ...                 ],
    ...             }
    ...         ],
    ...     }
    ... )
    >>> report.statements[0].readings[0].count
    100
    """

    title: str = Field(description="Name of the report.")
    statements: list[Statement]
    activities: list[Activity] = Field(
        default=[], description="What it says was done; data cannot check this."
    )

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [statement.name for statement in self.statements]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two statements are called {', '.join(twice)}")
        return self


def read_statements(path: str | Path) -> Published:
    """Read a file of statements.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    Published
        The statements.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "statements.toml"
    >>> _ = file.write_text('''
    ... title = "A report"
    ... [[statements]]
    ... name = "spring"
    ... section = "4"
    ... en = "Those who started in April were unemployed least often."
    ... [[statements.readings]]
    ... kind = "lowest in"
    ... month = "2021-04"
    ... unemployed = 0.4
    ... first = "2021-01"
    ... last = "2021-06"
    ... ''')
    >>> read_statements(file).statements[0].readings[0].month
    '2021-04'
    """
    return read_sections(path, Published)
