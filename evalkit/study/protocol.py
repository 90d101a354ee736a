"""The plan of a study: what is drawn, followed and estimated, said beforehand.

A plan is a TOML file. Its sections are the classes below, its keys their fields;
each field's description is the comment that `commented_plan` writes above the key
and the rule that an error quotes.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    PositiveInt,
    PrivateAttr,
    field_validator,
    model_validator,
)

from evalkit.study.codes import Route
from evalkit.study.columns import (
    MADE_OF_PILOT,
    MADE_OF_SNAPSHOTS,
    PILOT_COLUMNS,
    SNAPSHOT_COLUMNS,
)
from evalkit.study.months import CountingDay, Month, add_months
from evalkit.study.sections import Section

HISTORY = (
    "weeks_before",
    "laid_off",
    "months_unemployed_24",
    "spells_24",
    "services_24",
)
"""Covariates that evalkit makes from the register's own past."""

SEED_TO_REPLACE = "replace me"
"""How the seed of a plan begins that nobody has chosen yet."""

DAYS_A_WEEK = 7
_DAYS_A_YEAR = 366
_MONTHS_A_YEAR = 12


class Study(Section):
    """What is evaluated."""

    title: str = Field(description="Name of the study, as commands print it.")
    language: Literal["fi", "sv", "en"] = Field(
        default="fi",
        description='Language of figures and command output: "fi", "sv" or "en".',
    )
    synthetic: bool = Field(
        default=False,
        description="true: the people are simulated; every table and figure says so.",
    )


class Table(Section):
    """A table or a query of a database."""

    database: str = Field(
        description="SQLAlchemy address, or a DuckDB file. $NAME is read from the "
        "environment, so that no password stands here."
    )
    table: str | None = Field(default=None, description="Name of the table or view.")
    query: str | None = Field(default=None, description="Or a query in its place.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("name either a table or a query")
        return self


Location = str | list[str] | Table


class Data(Section):
    """Where the people are. Locations are relative to this file."""

    snapshots: Location = Field(
        description="Monthly snapshots of the register: a file, a folder, a pattern "
        "(register/*.csv), a list of these, or { database, table }. CSV, Excel, "
        "Parquet, each also gzipped; DuckDB; SQL."
    )
    pilot: Location = Field(
        description="List of the pilot's clients: who was referred, and when."
    )
    encoding: str | None = Field(
        default=None,
        description='Encoding of text files ("utf-8", "windows-1252", "iso-8859-1"). '
        "Left out: found by reading them.",
    )
    header_row: PositiveInt | None = Field(
        default=None,
        description="Row of the headers in the snapshots (1 is the first). Left out: "
        "the row that holds the most mapped headers, as in the pilot's list.",
    )
    sheet: str | None = Field(
        default=None,
        description="Sheet of the snapshots where they are Excel files. Left out: the "
        "first, as in the pilot's list.",
    )
    columns: dict[str, str] = Field(
        description="Columns of the snapshots: name in evalkit = header in the files. "
        "Any further name on the left brings in a column of your own. Without "
        "`month`, the month is read from each file's name."
    )
    pilot_columns: dict[str, str] = Field(
        description="Columns of the pilot's list, in the same manner."
    )

    @field_validator("columns")
    @classmethod
    def _snapshots_named(cls, columns: dict[str, str]) -> dict[str, str]:
        _require(columns, "person_id")
        if not {"weeks", "registration_date"} & set(columns):
            raise ValueError("map `weeks` or `registration_date`")
        _refuse_reserved(columns, SNAPSHOT_COLUMNS, MADE_OF_SNAPSHOTS)
        return columns

    @field_validator("pilot_columns")
    @classmethod
    def _pilot_named(cls, columns: dict[str, str]) -> dict[str, str]:
        _require(columns, "person_id")
        if not {"referral_date", "start_date"} & set(columns):
            raise ValueError("map `referral_date` or `start_date`")
        _refuse_reserved(columns, PILOT_COLUMNS, MADE_OF_PILOT)
        return columns


class RegisterRules(Section):
    """How the register is to be read."""

    counting_day: CountingDay = Field(
        default="last_working_day",
        description='Day of a month\'s snapshot: "last_working_day" (Finnish '
        'employment statistics) or "last_day".',
    )
    unemployed: list[str] | Literal["registered", "flag"] = Field(
        default=["02", "03"],
        description="Employment codes that count as unemployed (02 unemployed, 03 "
        'laid off full-time); "flag": the yes/no column `unemployed` says it; '
        '"registered": everybody in the register is.',
    )
    services: list[str] = Field(
        default=["07", "08"],
        description="Employment codes that are services or training: not unemployed, "
        "but no success in the strict reading of the outcome.",
    )
    complete: bool = Field(
        default=True,
        description="true: who is absent has ended the job search and is not "
        "unemployed. false: the status of the absent is unknown.",
    )
    missing_months: list[Month] = Field(
        default=[], description="Months whose snapshot is known not to exist."
    )
    unknown_exits: list[str] = Field(
        default=[],
        description="Exit reasons after which the status is unknown (death, move to "
        "another region), as the register writes them.",
    )
    exit_routes: dict[str, Route] = Field(
        default={},
        description="Where an exit reason leads, where it differs from evalkit's list: "
        "work, training, entrepreneur, service, other or unknown.",
    )
    unlinked_pilots: Literal["error", "unknown"] = Field(
        default="error",
        description='A pilot client whose id is not in the register: "error" stops, '
        '"unknown" follows the person with an unknown outcome.',
    )


class Office(Section):
    """Offices whose people count, from a month on."""

    names: list[str] = Field(description="Names, as the office column writes them.")
    first: Month | None = Field(default=None, description="First month they count in.")
    last: Month | None = Field(default=None, description="Last month they count in.")


class Frame(Section):
    """Who could be drawn as a control."""

    kind: Literal["opening", "closing", "inflow"] = Field(
        default="opening",
        description='"opening": the stock at the opening of the month (the snapshot '
        'before it); "closing": the stock at its end; "inflow": everybody whose '
        "unemployment began in it.",
    )
    weeks: tuple[int, int] = Field(
        default=(1, 104),
        strict=False,
        description="Least and most weeks of unemployment, by the snapshot.",
    )
    exclude: list[str] = Field(
        default=[],
        description="Yes/no columns whose yes excludes a person. Clients referred to "
        "the pilot by the frame's day are always excluded.",
    )
    offices: list[Office] = Field(
        default=[],
        description="Offices whose people count, each with its first and last month. "
        "Empty: all.",
    )

    @field_validator("weeks")
    @classmethod
    def _ordered(cls, weeks: tuple[int, int]) -> tuple[int, int]:
        if not 0 <= weeks[0] <= weeks[1]:
            raise ValueError("the least may not exceed the most, nor be negative")
        return weeks


class DrawRules(Section):
    """How the control sample is drawn."""

    size: PositiveInt | Literal["pilot", "all"] = Field(
        default=500,
        description='Controls a month: a number, "pilot" (as many as the pilot\'s '
        'clients of that month) or "all" (the whole frame).',
    )
    seed: str = Field(
        min_length=1,
        description="Seed of the draw: any text without |. Fix it before the first "
        "snapshot exists, or take it from a public value.",
    )
    seed_source: str = Field(
        default="", description="Where the seed comes from, so that others can check."
    )

    first: Month | None = Field(
        default=None, description="First month that a sample is drawn for."
    )
    last: Month | None = Field(
        default=None, description="Last month that a sample is drawn for."
    )
    skip: list[Month] = Field(
        default=[],
        description="Months without a draw (a pause): they stay missing, never zero.",
    )

    @field_validator("seed")
    @classmethod
    def _no_bar(cls, seed: str) -> str:
        if "|" in seed or seed != seed.strip() or not seed.isprintable():
            raise ValueError("no |, no line break and no space at either end")
        return seed

    def includes(self, month: str) -> bool:
        """Tell whether a sample is to be drawn for a month (``YYYY-MM``)."""
        after_first = self.first is None or month >= self.first
        before_last = self.last is None or month <= self.last
        return after_first and before_last and month not in self.skip


class Lag(Section):
    """A time after time zero, in one unit."""

    months: PositiveInt | None = Field(default=None, description="Calendar months.")
    weeks: PositiveInt | None = Field(default=None, description="Weeks of seven days.")
    days: PositiveInt | None = Field(default=None, description="Days.")

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("name one unit: months, weeks or days")
        return self

    def after(self, day: int) -> int:
        """Return the day number on which the lag ends that began on `day`."""
        if self.months is not None:
            return add_months(day, self.months)
        return day + (self.days or DAYS_A_WEEK * (self.weeks or 0))

    @property
    def most_weeks(self) -> int:
        """Whole weeks that the lag can add to a duration."""
        days = (self.months or 0) * _DAYS_A_YEAR / _MONTHS_A_YEAR + (self.days or 0)
        return math.ceil(days) // DAYS_A_WEEK + (self.weeks or 0)

    @property
    def name(self) -> str:
        """Unit and number, as a column name carries it: ``3_months``."""
        ((unit, number),) = self.model_dump(exclude_none=True).items()
        return f"{number}_{unit}"


class FollowUp(Section):
    """When and how the outcome is looked up."""

    lag: Lag = Field(
        default=Lag(months=3),
        description="Time from time zero to the outcome: { months = 3 }, "
        "{ weeks = 27 } or { days = 91 }.",
    )
    further_lags: list[Lag] = Field(
        default=[Lag(months=6), Lag(months=12)],
        description="Later looks, made where the register reaches so far.",
    )
    pool_weeks: tuple[int, int] = Field(
        default=(1, 120),
        strict=False,
        description="Least and most weeks of unemployment in the follow-up pool that "
        "the report's reading of the outcome uses.",
    )
    time_zero: Literal["aligned", "report"] = Field(
        default="aligned",
        description='"aligned": the referral, for controls a referral date of the same '
        'month; "report": the start of the service, for controls the draw '
        "(descriptive only).",
    )
    censor_weeks: PositiveInt | None = Field(
        default=None,
        description="Weeks of unemployment at which the observation ends, such as the "
        "exhaustion of benefits: who leaves then or later is not counted as leaving. "
        "For durations only, not for the status at the lag. Left out: no end.",
    )


class Estimate(Section):
    """What is estimated, declared before the data are seen."""

    headline: Literal[
        "mantel-haenszel", "aipw", "ipw", "entropy", "matching", "regression"
    ] = Field(
        default="aipw",
        description="The one estimator that the conclusion rests on.",
    )
    covariates: list[str] = Field(
        default=["weeks_before"],
        description="Characteristics at time zero that the groups are compared and "
        "adjusted on: column names, or made from the register's past: "
        + ", ".join(HISTORY)
        + ".",
    )
    subgroups: dict[str, list[float]] = Field(
        default={},
        description="Subgroups that are compared too: a covariate, one made from the "
        "register's past, or a column of your own in the pilot's list, = where its "
        "numbers are cut ([30, 50]: below 30, 30 to below 50, 50 and above), or [] for "
        "one that has levels.",
    )
    level: float = Field(
        default=0.95, gt=0.5, lt=1, description="Level of the confidence intervals."
    )


class GateRules(Section):
    """What has to hold before a difference is read as the pilot's doing."""

    most_unknown: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Largest share of unknown outcomes in either group.",
    )
    most_unknown_apart: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Largest difference of that share between the groups.",
    )
    most_days_apart: float = Field(
        default=3.0,
        ge=0,
        description="Largest difference between the groups' mean days from time zero "
        "to the outcome.",
    )
    least_support: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="Smallest share of the pilot's people who have controls like them "
        "in their month.",
    )
    largest_smd: float = Field(
        default=0.1,
        gt=0,
        description="Largest standardised difference of a covariate's mean after "
        "weighting.",
    )
    largest_smd_of_products: float = Field(
        default=0.25,
        gt=0,
        description="The same of squares and interactions.",
    )
    largest_weight: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="Largest share of one control in all weight.",
    )
    fewest_pilots: PositiveInt = Field(
        default=30, description="Fewest people of the pilot."
    )
    fewest_controls: PositiveInt = Field(
        default=50,
        description="Fewest controls, as equally weighted ones that would tell as "
        "much (effective sample size).",
    )
    largest_detectable: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="Largest smallest detectable difference, in shares (0.15 is 15 "
        "points): a study that can only see more than this tells nothing about less, "
        "and exaggerates what it finds.",
    )


class Decision(Section):
    """What the verdict is measured by."""

    relevant_difference: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Smallest difference that would matter, in shares (0.05 is five "
        "points): costs and alternatives decide it, not the data.",
    )
    power: float = Field(
        default=0.8,
        gt=0.5,
        lt=1,
        description="Chance of finding a difference of the smallest detectable size.",
    )
    looks: list[Month] = Field(
        default=[],
        description="Cohort months after which a verdict was promised. Before the "
        "last of them every verdict is interim, since repeated looks find differences "
        "by chance. Empty: each evaluation is final.",
    )


class Publish(Section):
    """What may leave the building."""

    smallest_cell: Literal[3, 5, 10] = Field(
        default=5, description="Counts below this are masked in every table and figure."
    )


class Output(Section):
    """Where the results go. Relative to this file."""

    folder: str = Field(default="results", description="Folder of the results.")
    csv: Literal["finnish", "international"] = Field(
        default="finnish",
        description='CSV files: "finnish" (; and decimal comma, opens in a Finnish '
        'Excel) or "international" (comma and decimal point).',
    )


class Break(Section):
    """A known break in time that tables and figures mark."""

    label: str = Field(description="What happened, in a few words.")
    first: Month = Field(description="First month of it.")
    last: Month | None = Field(
        default=None, description="Last month, where it was a time and not a change."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("`last` is before `first`")
        return self


class Protocol(Section):
    """A study's plan, complete and validated.

    Examples
    --------
    >>> plan = Protocol.model_validate(
    ...     {
    ...         "study": {"title": "A pilot"},
    ...         "data": {
    ...             "snapshots": "register/*.csv",
    ...             "pilot": "pilot.csv",
    ...             "columns": {
    ...                 "person_id": "id",
    ...                 "weeks": "weeks",
    ...                 "employment_code": "code",
    ...             },
    ...             "pilot_columns": {"person_id": "id", "referral_date": "referred"},
    ...         },
    ...         "draw": {"seed": "2019-12-19 closing index"},
    ...     }
    ... )
    >>> plan.frame.weeks
    (1, 104)
    """

    study: Study
    data: Data
    register_: RegisterRules = Field(default=RegisterRules(), alias="register")
    frame: Frame = Frame()
    draw: DrawRules
    follow_up: FollowUp = FollowUp()
    estimate: Estimate = Estimate()
    gate: GateRules = GateRules()
    decision: Decision = Decision()
    publish: Publish = Publish()
    output: Output = Output()
    breaks: list[Break] = Field(
        default=[], description="Known breaks in time that tables and figures mark."
    )

    _folder: Path = PrivateAttr(default=Path())
    outside_hash: ClassVar[set[str]] = {"data", "output"}

    @property
    def folder(self) -> Path:
        """Folder that the plan's locations are relative to."""
        return self._folder

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self._folder / self.output.folder

    @property
    def sha256(self) -> str:
        """Hash of the resolved plan without its data and output locations."""
        plan = self.model_dump(mode="json", by_alias=True, exclude=self.outside_hash)
        text = json.dumps(
            plan, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def rules(self) -> str:
        """The plan as it may be published: without locations and without its seed."""
        hidden: Any = {**dict.fromkeys(self.outside_hash, True), "draw": {"seed"}}
        plan = self.model_dump(mode="json", by_alias=True, exclude=hidden)
        return json.dumps(plan, sort_keys=True, ensure_ascii=False, indent=2) + "\n"

    @property
    def rules_sha256(self) -> str:
        """Hash of the plan's `rules`, which a secret seed cannot be guessed from."""
        return hashlib.sha256(self.rules.encode()).hexdigest()

    def at(self, folder: Path) -> Self:
        """Return the same plan with its locations relative to `folder`."""
        plan = self.model_copy()
        plan._folder = folder  # noqa: SLF001
        return plan

    @model_validator(mode="after")
    def _without_contradiction(self) -> Self:
        found = [text for rule in _CONTRADICTIONS if (text := rule(self))]
        if found:
            raise ValueError("; ".join(found))
        return self


def _require(columns: dict[str, str], name: str) -> None:
    if name not in columns:
        raise ValueError(f"map `{name}`")


def _refuse_reserved(
    columns: dict[str, str], known: dict[str, Any], made: frozenset[str]
) -> None:
    """Refuse names of one's own that are no plain names, taken, or alike but for case.

    SQL does not tell upper from lower case.
    """
    own = [name for name in columns if name not in known]
    taken = {*known, *made, *HISTORY}
    folded = [name.casefold() for name in own]
    wrong = [
        name
        for name, lower in zip(own, folded, strict=True)
        if not name.isidentifier() or lower in taken or folded.count(lower) > 1
    ]
    if wrong:
        raise ValueError(
            f"{', '.join(wrong)}: a column of your own needs a name of letters, digits "
            "and _, one that no other column has, and none that evalkit makes itself"
        )


def _pool_too_short(plan: Protocol) -> str:
    most = plan.frame.weeks[1] + plan.follow_up.lag.most_weeks
    if most <= plan.follow_up.pool_weeks[1] or plan.frame.kind == "inflow":
        return ""
    return (
        f"frame.weeks ends at {plan.frame.weeks[1]}, which the lag makes {most} weeks, "
        f"but follow_up.pool_weeks ends at {plan.follow_up.pool_weeks[1]}: people "
        f"still unemployed would leave the pool; let it end at {most} or later"
    )


def _closing_aligned(plan: Protocol) -> str:
    if plan.frame.kind != "closing" or plan.follow_up.time_zero != "aligned":
        return ""
    return (
        'frame.kind = "closing" draws people who lasted to the month\'s end; with '
        'follow_up.time_zero = "aligned" they would be followed from before it; use '
        '"opening", or "report"'
    )


def _inflow_weeks(plan: Protocol) -> str:
    if plan.frame.kind != "inflow" or plan.frame.weeks[0] == 0:
        return ""
    return 'frame.kind = "inflow" has everybody at 0 weeks: let frame.weeks begin at 0'


def _unknown_exclusions(plan: Protocol) -> str:
    lost = [name for name in plan.frame.exclude if name not in plan.data.columns]
    # The employment code alone can say who is in a service.
    by_code = {"in_service"} if "employment_code" in plan.data.columns else set()
    lost = [name for name in lost if name not in by_code]
    return f"frame.exclude: {', '.join(lost)} not in data.columns" if lost else ""


def _unknown_covariates(plan: Protocol) -> str:
    known = {*plan.data.columns, *HISTORY}
    if "birth_year" in known:
        known.add("age")
    lost = [name for name in plan.estimate.covariates if name not in known]
    return f"estimate.covariates: {', '.join(lost)} not in data.columns" if lost else ""


def _unknown_subgroups(plan: Protocol) -> str:
    own = set(plan.data.pilot_columns) - set(PILOT_COLUMNS)
    known = {*plan.estimate.covariates, *HISTORY, *own}
    lost = [name for name in plan.estimate.subgroups if name not in known]
    if not lost:
        return ""
    return (
        f"estimate.subgroups: {', '.join(lost)} neither a covariate nor a column of "
        "your own in data.pilot_columns"
    )


def _no_covariates(plan: Protocol) -> str:
    if plan.estimate.headline == "mantel-haenszel" or plan.estimate.covariates:
        return ""
    return (
        f'estimate.headline = "{plan.estimate.headline}" adjusts, but '
        'estimate.covariates is empty; name some, or use "mantel-haenszel"'
    )


def _status_column(plan: Protocol) -> str:
    rule, columns = plan.register_.unemployed, plan.data.columns
    if rule == "flag" and "unemployed" not in columns:
        return 'register.unemployed = "flag" needs data.columns.unemployed'
    if isinstance(rule, list) and "employment_code" not in columns:
        return (
            "register.unemployed lists employment codes, but data.columns has no "
            '`employment_code`; map it, or use "flag" or "registered"'
        )
    return ""


def _codes_overlap(plan: Protocol) -> str:
    rule = plan.register_.unemployed
    both = set(rule if isinstance(rule, list) else ()) & set(plan.register_.services)
    return (
        f"register.services and register.unemployed share {', '.join(sorted(both))}"
        if both
        else ""
    )


def _offices_without_column(plan: Protocol) -> str:
    if not plan.frame.offices or "office" in plan.data.columns:
        return ""
    return "frame.offices needs data.columns.office"


def _month_end_without_date(plan: Protocol) -> str:
    columns = plan.data.columns
    if "registered_at_month_end" in columns and "deregistration_date" not in columns:
        return "data.columns.registered_at_month_end needs `deregistration_date`"
    return ""


def _inflow_without_date(plan: Protocol) -> str:
    if plan.frame.kind != "inflow" or "registration_date" in plan.data.columns:
        return ""
    return 'frame.kind = "inflow" needs data.columns.registration_date'


def _aligned_without_date(plan: Protocol) -> str:
    rule = plan.follow_up.time_zero
    wanted = "referral_date" if rule == "aligned" else "start_date"
    if wanted in plan.data.pilot_columns:
        return ""
    return f'follow_up.time_zero = "{rule}" needs data.pilot_columns.{wanted}'


_CONTRADICTIONS = (
    _pool_too_short,
    _closing_aligned,
    _inflow_weeks,
    _inflow_without_date,
    _aligned_without_date,
    _unknown_exclusions,
    _unknown_covariates,
    _unknown_subgroups,
    _no_covariates,
    _status_column,
    _codes_overlap,
    _offices_without_column,
    _month_end_without_date,
)
