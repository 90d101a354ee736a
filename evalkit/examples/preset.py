"""The settings of a simulated register: a TOML file, validated."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from evalkit.errors import EvalkitError
from evalkit.study.months import Month, parse_month
from evalkit.study.protocol import Section

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Twelve = Annotated[list[Positive], Field(min_length=12, max_length=12)]
Shares = Annotated[dict[str, Positive], Field(min_length=1)]
"""Weights of the values of a category; they need not sum to one."""


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


class Referral(Section):
    """Who is referred to the pilot, when, and who starts."""

    first: Month
    last: Month
    pauses: list[Month] = Field(default=[])
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


class Effect(Section):
    """What the pilot does: it multiplies the hazard of leaving for some weeks."""

    hazard_ratio: Positive
    weeks: Positive
    since: Literal["start", "referral"]


class Preset(Section):
    """All settings of a simulated register.

    Examples
    --------
    >>> preset = read_preset("satakunta")
    >>> preset.first, preset.last
    ('2019-09', '2022-03')
    """

    title: str
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
                "inflow": _scaled(self.inflow, share),
                "lay_offs": self.lay_offs.model_copy(update={"waves": waves}),
                "referral": _scaled(self.referral, share),
            }
        )

    def with_effect(self, hazard_ratio: float) -> Preset:
        """Return the same world, in which the pilot does more, less or nothing."""
        effect = self.effect.model_copy(update={"hazard_ratio": hazard_ratio})
        return self.model_copy(update={"effect": effect})

    def with_hidden_selection(self, log_odds: float) -> Preset:
        """Return the same world, in which a trait that no register shows is selected.

        The trait speeds its people's exits, too: no adjustment on covariates can
        then recover the truth.
        """
        traits = self.referral.traits.model_copy(update={"trait": log_odds})
        referral = self.referral.model_copy(update={"traits": traits})
        return self.model_copy(update={"referral": referral})


def _scaled(flow: Inflow | Referral, share: float) -> Inflow | Referral:
    return flow.model_copy(update={"people_a_month": flow.people_a_month * share})


def read_preset(source: str | Path) -> Preset:
    """Read the settings of a simulated register.

    Parameters
    ----------
    source
        Name of a preset of evalkit (``"satakunta"``), or the path of a TOML file.

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
    >>> read_preset("satakunta").with_effect(1.0).effect.hazard_ratio
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
