"""The settings of a simulated register: a TOML file, validated."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from evalkit.errors import EvalkitError
from evalkit.examples.provider import Provider, Share
from evalkit.study.months import Month, month_number, parse_month
from evalkit.study.sections import Section

Positive = Annotated[float, Field(gt=0)]
Twelve = Annotated[list[Positive], Field(min_length=12, max_length=12)]
Shares = Annotated[dict[str, Positive], Field(min_length=1)]
"""Weights of the values of a category; they need not sum to one."""

_EPOCH = month_number(1970, 1)


class Change(Section):
    """A factor that holds from one month to another."""

    first: Month
    last: Month
    factor: Positive


class Pattern(Section):
    """A rhythm of the year, January first, and what broke it."""

    seasonal: Twelve
    changes: list[Change] = Field(default=[])

    def factors(self, months: range) -> np.ndarray:
        """Return the factor of each month."""
        factors = np.array([self.seasonal[month % 12] for month in months])
        for change in self.changes:
            first, last = parse_month(change.first), parse_month(change.last)
            within = [first <= month <= last for month in months]
            factors[within] *= change.factor
        return factors


class Inflow(Pattern):
    """People who register for the first time."""

    people_a_month: Positive

    def scaled(self, share: float) -> Inflow:
        """Return the same inflow of a share of the people."""
        return self.model_copy(update={"people_a_month": self.people_a_month * share})


class LayOff(Section):
    """A month in which many were laid off besides."""

    month: Month
    people: Positive


class LayOffs(Section):
    """People laid off full-time: code 03, and shorter spells."""

    share: Share
    waves: list[LayOff] = Field(default=[])


class People(Section):
    """Who they are on the day of their first registration."""

    women: Share
    ages: Shares
    education: Shares
    municipality: Shares
    service_line: Shares


class Traits(Section):
    """Effects on a logarithmic scale: of a hazard, or of the odds of a referral."""

    age_10_years: float
    woman: float
    basic_education: float
    higher_education: float
    trait: float
    weeks_52: float = 0.0


class Exits(Pattern):
    """How fast people leave the register, and where they go."""

    weeks: list[float]
    weekly: list[Positive]
    laid_off_weekly: list[Positive]
    in_service: Positive
    traits: Traits
    reasons: Shares
    laid_off_reasons: Shares

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if not len(self.weeks) == len(self.weekly) == len(self.laid_off_weekly):
            raise ValueError("weeks, weekly and laid_off_weekly differ in length")
        if self.weeks[0] != 0 or self.weeks != sorted(set(self.weeks)):
            raise ValueError("weeks must begin at 0 and rise")
        return self


class Returns(Section):
    """Who comes back after having left."""

    share: Share
    least_weeks: Positive
    mean_weeks: Positive


class Services(Section):
    """Services in the midst of a spell: codes 07 and 08."""

    mean_wait_weeks: Positive
    least_weeks: Positive
    mean_weeks: Positive
    training: Share
    leaves: Share


class Experiment(Section):
    """A municipal experiment that takes over part of an area's people."""

    first: Month
    office: str
    municipalities: list[str]
    under_age: float
    share_of_older: Share


class Way(Section):
    """A way of starting the service, up to a month."""

    name: str
    last: Month
    takes_up: Share
    delay_days: Annotated[list[int], Field(min_length=2, max_length=2)]
    traits: Traits | None = None


class Referral(Section):
    """Who is referred to the pilot, when, and who starts.

    A way of starting may attract other people than the rest: it has traits of its own.
    """

    first: Month
    last: Month
    pauses: list[Month] = Field(default=[])
    starts_pause: bool = False
    people_a_month: Positive
    weeks: Annotated[list[int], Field(min_length=2, max_length=2)]
    traits: Traits
    ways: Annotated[list[Way], Field(min_length=1)]
    service_days: int
    service_last: Month
    entrepreneur: Share

    @model_validator(mode="after")
    def _always_a_way(self) -> Self:
        if self.ways[-1].last < self.last:
            raise ValueError("no way of starting reaches the last month")
        return self

    def way(self, month: str) -> Way:
        """Return the way of starting in a month."""
        return next(way for way in self.ways if month <= way.last)

    def traits_in(self, month: str) -> Traits:
        """Return the effects on the odds of a referral in a month."""
        return self.way(month).traits or self.traits

    def scaled(self, share: float) -> Referral:
        """Return the same rules for a share of the people."""
        return self.model_copy(update={"people_a_month": self.people_a_month * share})


class Effect(Section):
    """What the pilot does: it multiplies the hazard of leaving for some weeks.

    `months` are factors by the month in which the effect on a person begins.
    """

    hazard_ratio: Positive
    weeks: Positive
    since: Literal["start", "referral"]
    months: dict[Month, Positive] = Field(default={})

    def ratios(self, days: np.ndarray) -> np.ndarray:
        """Return the hazard ratio of people on whom the effect begins on some days."""
        dates = days.astype("int64").astype("datetime64[D]")
        months = dates.astype("datetime64[M]").astype("int64") + _EPOCH
        ratios = np.full(days.shape, self.hazard_ratio)
        for month, factor in self.months.items():
            ratios[months == parse_month(month)] *= factor
        return ratios


class Results(Section):
    """How many results the pilot's list has within some months."""

    first: Month
    last: Month
    people: Annotated[int, Field(ge=0)]


class Totals(Section):
    """Numbers that the pilot's list is held to, since a report prints them.

    Who makes them up is left to chance. `ages` are shares of the referred and of those
    who complete by the classes' first year, `starts` shares of those referred in each
    way. Of the periods of `results`, the first that a month lies in takes it;
    `result_ages` and `routes` are shares of all results.
    """

    referred: Annotated[int, Field(ge=1)]
    ages: Shares
    starts: dict[str, Share]
    completed: Annotated[int, Field(ge=0)]
    results: list[Results]
    result_ages: Shares
    routes: Shares

    @model_validator(mode="after")
    def _same_classes(self) -> Self:
        if list(self.ages) != list(self.result_ages):
            raise ValueError("ages and result_ages differ in their classes")
        return self

    def scaled(self, share: float) -> Totals:
        """Return the same totals for a share of the people."""
        results = [
            period.model_copy(update={"people": round(period.people * share)})
            for period in self.results
        ]
        numbers = {
            "referred": max(1, round(self.referred * share)),
            "completed": round(self.completed * share),
        }
        return self.model_copy(update={**numbers, "results": results})


class Preset(Section):
    """All settings of a simulated register.

    Examples
    --------
    >>> preset = read_preset("satakunta")
    >>> preset.first, preset.last
    ('2019-09', '2022-03')
    """

    title: str
    seed: Annotated[int, Field(ge=0)]
    first: Month
    last: Month
    warm_up_months: Annotated[int, Field(ge=1)]
    office: str
    inflow: Inflow
    lay_offs: LayOffs
    people: People
    exits: Exits
    returns: Returns
    services: Services
    experiment: Experiment
    referral: Referral
    effect: Effect
    provider: Provider = Provider()
    totals: Totals | None = None

    @property
    def months(self) -> range:
        """Months of the register."""
        return range(parse_month(self.first), parse_month(self.last) + 1)

    def with_size(self, share: float) -> Preset:
        """Return the same world with a share of its people."""
        waves = [
            wave.model_copy(update={"people": wave.people * share})
            for wave in self.lay_offs.waves
        ]
        return self.model_copy(
            update={
                "inflow": self.inflow.scaled(share),
                "lay_offs": self.lay_offs.model_copy(update={"waves": waves}),
                "referral": self.referral.scaled(share),
                "totals": self.totals and self.totals.scaled(share),
            }
        )

    def with_effect(self, hazard_ratio: float) -> Preset:
        """Return the same world, in which the pilot does more, less or nothing.

        It then does the same in every month.
        """
        effect = self.effect.model_copy(
            update={"hazard_ratio": hazard_ratio, "months": {}}
        )
        return self.model_copy(update={"effect": effect})

    def with_hidden_selection(self, log_odds: float) -> Preset:
        """Return the same world, in which a trait that no register shows is selected.

        The trait speeds its people's exits, too: no adjustment on covariates can
        then recover the truth.
        """
        hidden = {"trait": log_odds}
        traits = self.referral.traits.model_copy(update=hidden)
        ways = [
            way.model_copy(
                update={"traits": way.traits and way.traits.model_copy(update=hidden)}
            )
            for way in self.referral.ways
        ]
        referral = self.referral.model_copy(update={"traits": traits, "ways": ways})
        return self.model_copy(update={"referral": referral})


def read_preset(source: str | Path) -> Preset:
    """Read the settings of a simulated register.

    Parameters
    ----------
    source
        Name of a preset of evalkit (``"satakunta"``, ``"county"``), or the path of a
        TOML file.

    Returns
    -------
    Preset
        The validated settings.

    Raises
    ------
    EvalkitError
        If there is no such preset, or it breaks a rule.

    Examples
    --------
    >>> read_preset("county").with_effect(1.0).effect.hazard_ratio
    1.0
    """
    path = Path(source)
    own = files("evalkit.examples") / "presets" / f"{source}.toml"
    try:
        text = (path if path.suffix else own).read_text(encoding="utf-8")
        return Preset.model_validate(tomllib.loads(text))
    except OSError as error:
        raise EvalkitError(f"{source}: there is no such preset.") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise EvalkitError(f"{source}: not a preset. {error}") from error
