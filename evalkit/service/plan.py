"""What a service was to achieve, and what counts as achieved, as a TOML file."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, Self

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

from evalkit.study.months import Month, month_text, parse_month
from evalkit.study.sections import Section, commented_sections, read_sections

if TYPE_CHECKING:
    from pathlib import Path

Route = Literal["work", "training", "entrepreneur"]
Base = Literal["referred", "started", "completed"]


class Service(Section):
    """The service: when it ran, and where the pilot's list tells more of it."""

    first: Month = Field(description="First month of referrals.")
    last: Month = Field(description="Last month of referrals.")
    closes: Month = Field(description="Last month of the service.")
    pauses: list[Month] = Field(
        default=[],
        description="Months in which the service was suspended: what did not happen "
        "in them is missing, not zero.",
    )
    way: str | None = Field(
        default=None,
        description="Column of the pilot's list (its name in evalkit) that tells the "
        "way of starting. Left out: not known.",
    )
    lasting: str | None = Field(
        default=None,
        description="Yes/no column of the pilot's list that tells whether a job "
        "lasted as long as the target asks. Left out: not known, and every job counts.",
    )
    age_classes: list[PositiveInt] = Field(
        default=[30, 40, 50, 60],
        description="Ages at which the classes begin, from the second class on.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.first <= self.last <= self.closes:
            raise ValueError("`first`, `last` and `closes` are not in this order")
        if sorted(set(self.age_classes)) != self.age_classes:
            raise ValueError("let `age_classes` rise from one to the next")
        return self

    def months(self, *, referrals: bool = False) -> list[str]:
        """Return the months of the service, or of its referrals, pauses included."""
        last = parse_month(self.last if referrals else self.closes)
        return [month_text(m) for m in range(parse_month(self.first), last + 1)]

    def active(self, *, referrals: bool = False) -> list[str]:
        """Return the same months without the pauses."""
        months = self.months(referrals=referrals)
        return [month for month in months if month not in self.pauses]


class Words(Section):
    """The pilot list's own words."""

    results: dict[str, Route] = Field(
        default={},
        description="Words for results, where they are not evalkit's own: work, "
        "training, entrepreneur.",
    )
    ways: dict[str, str] = Field(
        default={}, description="Words for ways of starting, and how tables name them."
    )


class Counting(Section):
    """Which results count, from a day on."""

    first: dt.date = Field(
        description="First day of the rule; the day of a result is the end of service."
    )
    routes: list[Route] = Field(description="Results that count as achieved.")


class YearlyTarget(Section):
    """A number to be reached in a year; a part of a year has its part of it."""

    name: str = Field(description="Name of the target, as tables show it.")
    measure: Literal["referred", "started", "completed", "trainings", "trainees"] = (
        Field(description="What is counted; trainings and trainees from their list.")
    )
    least: NonNegativeInt = Field(description="Least number in a year.")
    most: NonNegativeInt | None = Field(
        default=None, description="Most, where the target is a span."
    )


class ShareTarget(Section):
    """A share to be reached."""

    name: str = Field(description="Name of the target, as tables show it.")
    routes: list[Route] = Field(description="Results that count towards it.")
    lasting: bool = Field(
        default=False,
        description="true: only jobs that lasted long enough count, where that is "
        "known.",
    )
    share: float = Field(gt=0, lt=1, description="Least share: 0.5 is 50 %.")
    base: Base = Field(
        default="referred",
        description="Of whom: referred, started or completed. The others are shown "
        "beside it.",
    )


class ServicePlan(Section):
    """A service's plan, complete and validated.

    Examples
    --------
    >>> plan = ServicePlan.model_validate(
    ...     {
    ...         "service": {
    ...             "first": "2020-01",
    ...             "last": "2020-06",
    ...             "closes": "2020-09",
    ...             "pauses": ["2020-04"],
    ...         }
    ...     }
    ... )
    >>> plan.service.active(referrals=True)
    ['2020-01', '2020-02', '2020-03', '2020-05', '2020-06']
    """

    service: Service
    words: Words = Words()
    counting: list[Counting] = Field(
        default=[],
        description="Which results count, from a day on. Without a rule, all do.",
    )
    yearly: list[YearlyTarget] = Field(
        default=[],
        description="Numbers to be reached in a year; a part of a year, and a year "
        "with a pause, has its part of them.",
    )
    shares: list[ShareTarget] = Field(default=[], description="Shares to be reached.")

    @field_validator("counting")
    @classmethod
    def _in_order(cls, counting: list[Counting]) -> list[Counting]:
        days = [rule.first for rule in counting]
        if sorted(set(days)) != days:
            raise ValueError("let the rules' first days rise from one to the next")
        return counting

    def counts(self, route: str, day: dt.date) -> bool:
        """Tell whether a result counted on a day."""
        if not self.counting:
            return True
        rules = [rule for rule in self.counting if rule.first <= day]
        return bool(rules) and route in rules[-1].routes


def read_service_plan(path: str | Path) -> ServicePlan:
    """Read and validate a service's plan.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    ServicePlan
        The plan, complete with the defaults of the keys that the file leaves out.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "service.toml"
    >>> _ = file.write_text('''
    ... [service]
    ... first = "2019-09"
    ... last = "2021-12"
    ... closes = "2022-03"
    ... ''')
    >>> len(read_service_plan(file).service.months())
    31
    """
    return read_sections(path, ServicePlan)


def commented_service_plan(plan: ServicePlan, *, note: str = "") -> str:
    """Return a service's plan as TOML text, each key under its comment.

    Parameters
    ----------
    plan
        The plan.
    note
        Opening comment.

    Returns
    -------
    str
        Text that `read_service_plan` reads back as the same plan.
    """
    return commented_sections(plan, note=note)
