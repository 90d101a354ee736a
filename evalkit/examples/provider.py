"""How a simulated provider reports what it is paid for: settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from evalkit.study.months import Month
from evalkit.study.sections import Section

Share = Annotated[float, Field(ge=0, le=1)]

_HOURS = {"37,5": 0.60, "30": 0.15, "25": 0.12, "20": 0.06, "18": 0.04, "15": 0.03}


class Course(Section):
    """A recruitment training, assembled for people who are in the service."""

    month: Month
    persons: PositiveInt
    days: PositiveInt
    own_firm: bool = False


_COURSES = [
    Course(month="2020-02", persons=8, days=20),
    Course(month="2020-10", persons=3, days=15),
    Course(month="2021-02", persons=12, days=25),
    Course(month="2021-04", persons=7, days=10, own_firm=True),
    Course(month="2021-09", persons=9, days=15),
    Course(month="2021-10", persons=5, days=8),
]


class Jobs(Section):
    """Jobs that end a client's unemployment.

    Nobody works longer than until registering again. Everything here is assumed.
    """

    permanent: Share = 0.40
    mean_days: PositiveInt = 260
    in_two_terms: Share = 0.25
    second_employer: Share = 0.10
    employers: PositiveInt = 150
    own_firms: PositiveInt = 3
    with_own_firms: Share = 0.28
    apprenticeships: Share = 0.03
    hours: dict[str, Share] = Field(default=_HOURS)
    verified: Share = 0.96
    subsidised: Share = 0.05
    in_companies: Share = 0.80
    agreed: Share = 0.60


class Provider(Section):
    """What the provider does and reports, beside referring and serving.

    Attributes
    ----------
    mapped
        Share of those who start whose skills are mapped.
    mapped_again
        Share of those mapped whose mapping is reported at the end once more.
    labour_trainings
        Year = how many start in a labour market training.
    courses
        Recruitment trainings.
    started_again
        Share of a course whose start is reported with its last day once more.
    jobs
        Jobs.
    reports_until
        Last month with events.
    """

    mapped: Share = 0.98
    mapped_again: Share = 0.01
    labour_trainings: dict[str, int] = Field(default={"2020": 10, "2021": 27})
    courses: list[Course] = Field(default=_COURSES)
    started_again: Share = 0.10
    jobs: Jobs = Jobs()
    reports_until: Month = "2022-05"
