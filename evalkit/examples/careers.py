"""Careers of simulated jobseekers: what chance gives people, and their spells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEVER = 10_000_000
"""A day after every register's end."""

SPELLS = 8
"""Most spells of one person; fewer than one in a hundred people come so far."""

SERVICES = 2
"""Most services in one spell."""


class SpellChance:
    """Columns of the uniform numbers of a spell."""

    THRESHOLD, RETURN, GAP, LAID_OFF, REASON = range(5)


class ServiceChance:
    """Columns of the uniform numbers of a service."""

    WAIT, LENGTH, LEAVES, TRAINING = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Everything drawn for each person beforehand, one row each.

    Attributes
    ----------
    entry
        Day of the first registration.
    pension
        Day on which the person grows too old for the register.
    log_hazard
        Logarithm of the personal hazard ratio of leaving.
    in_wave
        Whether the first spell belongs to a wave of lay-offs.
    spell
        Uniform numbers: people x spells x columns of `SpellChance`.
    service
        Uniform numbers: people x spells x services x columns of `ServiceChance`.
    """

    entry: np.ndarray
    pension: np.ndarray
    log_hazard: np.ndarray
    in_wave: np.ndarray
    spell: np.ndarray
    service: np.ndarray

    def of(self, rows: np.ndarray) -> Chances:
        """Return the chances of some of the people."""
        return Chances(**{name: getattr(self, name)[rows] for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Careers:
    """Spells of each person, in order; days as numbers, `NEVER` where there is none.

    Attributes
    ----------
    registered, left
        First and last day of each spell: people x spells.
    laid_off
        Whether the spell is a full-time lay-off.
    services
        First and last day of each service: people x spells x services x 2.
    """

    registered: np.ndarray
    left: np.ndarray
    laid_off: np.ndarray
    services: np.ndarray

    @classmethod
    def empty(cls, people: int) -> Careers:
        """Return careers without a spell."""
        return cls(
            registered=np.full((people, SPELLS), NEVER),
            left=np.full((people, SPELLS), NEVER),
            laid_off=np.zeros((people, SPELLS), dtype=bool),
            services=np.full((people, SPELLS, SERVICES, 2), NEVER),
        )

    def of(self, rows: np.ndarray) -> Careers:
        """Return the careers of some of the people."""
        return Careers(**{name: getattr(self, name)[rows] for name in self.__slots__})

    def put(self, rows: np.ndarray, others: Careers) -> None:
        """Replace the careers of some of the people."""
        for name in self.__slots__:
            getattr(self, name)[rows] = getattr(others, name)

    def spell_on(self, days: np.ndarray | int) -> np.ndarray:
        """Return the number of each person's spell on a day, -1 for none."""
        day = np.reshape(days, (-1, 1))
        present = (self.registered <= day) & (day <= self.left)
        return np.where(present.any(axis=1), present.argmax(axis=1), -1)

    def unemployed_on(self, days: np.ndarray | int) -> np.ndarray:
        """Tell who is registered, and not in a service, on a day."""
        spell = self.spell_on(days)
        services = self.services[np.arange(len(spell)), spell]
        return (spell >= 0) & (serving(services, days) < 0)


def serving(services: np.ndarray, days: np.ndarray | int) -> np.ndarray:
    """Return which service of a spell runs on a day, -1 for none."""
    day = np.reshape(days, (-1, 1))
    running = (services[..., 0] <= day) & (day <= services[..., 1])
    return np.where(running.any(axis=1), running.argmax(axis=1), -1)
