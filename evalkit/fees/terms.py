"""The terms of a contract: what is paid for what, and within which limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from evalkit.fees.money import Hours, Money, Share
from evalkit.study.months import Month
from evalkit.study.sections import Section

Agreement = Literal["never", "agreed", "always"]


class Vat(Section):
    """Value added tax."""

    rate: Share = Field(description="Rate of the tax: 0.24 is 24 %; 0 for none.")
    included: bool = Field(
        default=False,
        description="true: the sums of this file include the tax; false: it is added.",
    )


class FixedFee(Section):
    """The fixed fee."""

    a_year: Money = Field(description="Sum for a calendar year.")
    part_years: Literal["by_month", "whole"] = Field(
        default="by_month",
        description='A year that the contract covers in part: "by_month" pays a '
        'twelfth for every month begun, "whole" the whole sum in its first month.',
    )
    unpaid_months: list[Month] = Field(
        default=[], description="Months without the fee, such as a pause."
    )


class PersonFee(Section):
    """A fee for each person."""

    amount: Money = Field(description="Sum for one person.")
    once: bool = Field(
        default=True,
        description="true: paid once a person, for the first such event; false: for "
        "every event.",
    )


class MappingFee(PersonFee):
    """The fee for mapping a referred jobseeker's skills."""


class TrainingStartFee(PersonFee):
    """The fee for a client who starts in a recruitment training."""


class LabourTrainingFee(PersonFee):
    """The fee for a client who starts in a labour market training."""


class Size(Section):
    """A size of training from which on a sum is paid."""

    persons: PositiveInt
    amount: Money


class AssembledFee(Section):
    """The fee for assembling a recruitment training."""

    sizes: list[Size] = Field(
        min_length=1,
        description="Sums by size: each is paid from its number of persons on, up to "
        "the next. Smaller trainings are not paid.",
    )
    least_days: NonNegativeInt = Field(
        default=0, description="Fewest days that the training lasts."
    )

    @field_validator("sizes")
    @classmethod
    def _ascending(cls, sizes: list[Size]) -> list[Size]:
        _require_ascending([size.persons for size in sizes], "persons")
        return sizes

    def amount(self, persons: int) -> Decimal | None:
        """Return the sum for a training of this many persons; None: too small."""
        sums = [size.amount for size in self.sizes if size.persons <= persons]
        return sums[-1] if sums else None


class Step(Section):
    """A length of employment from which on a sum is paid."""

    months: PositiveInt
    amount: Money


class JobFee(Section):
    """The fee for employment."""

    steps: list[Step] = Field(
        min_length=1,
        description="Sums by length in months to the day. A permanent contract "
        "reaches every step.",
    )
    higher: Literal["replaces", "adds"] = Field(
        default="replaces",
        description='"replaces": the sum of the highest step reached is paid in all, '
        'less what was paid before; "adds": the sums of all steps reached are paid.',
    )
    per: Literal["person", "employment"] = Field(
        default="person",
        description='"person": a step is paid once a client, whatever the number of '
        'employments; "employment": once for each.',
    )
    joined: Literal["together", "each", "never"] = Field(
        default="together",
        description="Successive fixed terms of one person with one employer: "
        '"together": they join, and their sum counts; "each": only terms that reach '
        'the first step by themselves join; "never": each stands alone.',
    )
    most_days_between: NonNegativeInt = Field(
        default=0,
        description="Most days between two terms that are still successive. The days "
        "between do not count as employment.",
    )
    hours_above: Hours = Field(
        default=Decimal(0),
        description="Hours a week that must be exceeded. Not asked of entrepreneurs.",
    )
    verified: bool = Field(
        default=True,
        description="true: the employment must be verified in the register.",
    )
    subsidised: Agreement = Field(
        default="agreed",
        description='Employment with a wage subsidy: "never" paid, paid if "agreed" '
        '(the event says so), or "always".',
    )
    subsidised_companies_only: bool = Field(
        default=True,
        description="true: a wage subsidy is accepted in companies only, not in "
        "associations or municipalities.",
    )
    apprenticeship: Agreement = Field(
        default="agreed", description="Apprenticeship, in the same manner."
    )
    entrepreneurship: Agreement = Field(
        default="agreed", description="Entrepreneurship, in the same manner."
    )

    @field_validator("steps")
    @classmethod
    def _ascending(cls, steps: list[Step]) -> list[Step]:
        _require_ascending([step.months for step in steps], "months")
        return steps


class OwnLimit(Section):
    """A limit on what the provider's own firms may take."""

    share: Share = Field(description="Largest share: 0.25 is 25 %.")
    window: Literal["year", "contract"] = Field(
        default="year",
        description='Where it is counted: in each calendar "year", or in the whole '
        '"contract". The first by date, then by event id, are paid.',
    )


class OwnTrainings(OwnLimit):
    """The limit on trainings whose employer is one of the provider's own firms."""

    of: PositiveInt = Field(
        description="Number of trainings that it is a share of, in one window."
    )


class OwnJobs(OwnLimit):
    """The limit on employment with the provider's own firms.

    It is a share of the employments that are realised; those beyond it are refused,
    and are no part of what it is a share of.
    """


class Terms(Section):
    """What is paid from a day on. A fee that is left out is not paid."""

    vat: Vat
    fixed: FixedFee | None = None
    mapping: MappingFee | None = None
    training_start: TrainingStartFee | None = None
    labour_training: LabourTrainingFee | None = None
    training_assembled: AssembledFee | None = None
    own_trainings: OwnTrainings | None = None
    job: JobFee | None = None
    own_jobs: OwnJobs | None = None


def _require_ascending(numbers: list[int], name: str) -> None:
    if sorted(set(numbers)) != numbers:
        raise ValueError(f"let `{name}` rise from one to the next")
