"""The columns that evalkit knows, and how offices head them.

A plan maps each of these names to a header of its own files. Headers are compared
after Unicode normalisation (NFC) and without regard to case.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "id", "month", "date", "weeks", "number", "flag", "code", "municipality",
    "education", "sex", "text",
]  # fmt: skip


Language = Literal["fi", "sv", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name in evalkit, its kind, and how it is headed by language."""

    name: str
    kind: Kind
    meaning: str
    headed: dict[Language, tuple[str, ...]]

    def languages(self, header: str) -> list[Language]:
        """Return the languages in which a header stands for this column."""
        wanted = same_header(header)
        return [
            language
            for language, headers in self.headed.items()
            if wanted in map(same_header, headers)
        ]


def _column(
    name: str, kind: Kind, meaning: str, fi: str, sv: str, en: str
) -> tuple[str, Column]:
    headed: dict[Language, tuple[str, ...]] = {
        "fi": tuple(fi.split(", ")),
        "sv": tuple(sv.split(", ")),
        "en": tuple(dict.fromkeys([*en.split(", "), name])),
    }
    return name, Column(name=name, kind=kind, meaning=meaning, headed=headed)


_PERSON = (
    (
        "henkilö, henkilötunniste, tunniste, asiakasnumero, asiakas_id, hakija_id, "
        "pseudotunniste, shnro, hid_e"
    ),
    "person, personnummer",
    "person, id",
)

SNAPSHOT_COLUMNS: dict[str, Column] = dict(
    [
        _column(
            "month", "month", "month of the snapshot, or its counting day",
            "kuukausi, tilastokuukausi, laskentapäivä, tilastopäivä, kk",
            "månad, beräkningsdag",
            "snapshot_month, date",
        ),
        _column(
            "person_id", "id", "pseudonym of the person, the same in every file",
            *_PERSON,
        ),
        _column(
            "weeks", "weeks", "weeks of unemployment on the counting day",
            "työttömyyden kesto, työttömyyden kesto (viikkoa), kesto, kesto_vk, "
            "kesto viikkoa, tyottomyyden_kesto",
            "arbetslöshetens längd, veckor",
            "duration, duration_weeks",
        ),
        _column(
            "registration_date", "date", "day on which the unemployment began",
            "alkupvm, työttömyys alkoi, työttömyyden alkupäivä, alkamispäivä",
            "inledningsdatum, start av arbetslöshet",
            "registered",
        ),
        _column(
            "deregistration_date", "date", "last day of the unemployment, if it ended",
            "loppupvm, työttömyys päättyi, työttömyyden loppupäivä, päättymispäivä",
            "slutdatum",
            "deregistered",
        ),
        _column(
            "registered_at_month_end", "flag", "still registered on the counting day",
            "voimassa kuukauden lopussa, haku voimassa, hakijalopussa",
            "registrerad i slutet av månaden",
            "registered at month end",
        ),
        _column(
            "employment_code", "code", "employment code of the register (two digits)",
            "työllisyyskoodi, tyollkoodi, tyollisyyskoodi",
            "sysselsättningskod",
            "employment code",
        ),
        _column(
            "unemployed", "flag", "unemployed on the counting day (yes or no)",
            "työtön, tyoton", "arbetslös", "unemployed",
        ),
        _column(
            "in_service", "flag", "in an employment service (yes or no)",
            "palvelussa, palveluissa", "i service", "in service",
        ),
        _column(
            "service_line", "code", "service line of the office (two digits)",
            "palvelulinja, segmenttikoodi", "servicelinje", "service line",
        ),
        _column(
            "office", "text", "office or employment area",
            "toimisto, te-toimisto, toimipaikka, työllisyysalue",
            "byrå, sysselsättningsområde",
            "office",
        ),
        _column(
            "municipality", "municipality", "municipality of residence (three digits)",
            "kunta, kuntakoodi, asuinkunta", "kommun, kommunkod", "municipality",
        ),
        _column("sex", "sex", "sex", "sukupuoli", "kön", "gender"),
        _column("age", "number", "age in years on the counting day",
                "ikä, ika", "ålder", "age"),
        _column("birth_year", "number", "year of birth (gives the age)",
                "syntymävuosi, syntymavuosi", "födelseår", "birth year"),
        _column(
            "education", "education", "level of education (ISCED, first digit)",
            "koulutusaste, koulutus, koulutuskoodi", "utbildningsnivå", "education",
        ),
        _column("occupation", "text", "occupation code",
                "ammatti, ammattikoodi", "yrke, yrkeskod", "occupation"),
        _column(
            "exit_reason", "code", "reason for the end of the unemployment",
            "psyy, päättymissyy, päättymisen syy", "avslutningsorsak", "exit reason",
        ),
    ]
)  # fmt: skip
"""Columns of a snapshot of the register."""

PILOT_COLUMNS: dict[str, Column] = dict(
    [
        _column(
            "person_id", "id", "pseudonym of the person, as in the register",
            *_PERSON,
        ),
        _column(
            "referral_date", "date", "day of the referral to the pilot",
            "ohjauspäivä, ohjauspvm, ohjattu", "anvisningsdatum, anvisad", "referred",
        ),
        _column(
            "start_date", "date", "day on which the service began; empty: it did not",
            "aloituspäivä, aloituspvm, aloitti", "startdatum", "started",
        ),
        _column(
            "end_date", "date", "day on which the service ended",
            "lopetuspäivä, lopetuspvm, päättyi", "slutdatum", "ended",
        ),
        _column("result", "text", "result that the provider reported",
                "tulos, lopputulos", "resultat", "result"),
    ]
)  # fmt: skip
"""Columns of the pilot's list of clients."""

_MADE_OF_PEOPLE = frozenset(
    {"person", "group", "month", "time_zero", "entrant", "in_pilot", "first_referral",
     "began", "unemployed_then", "in_snapshot", "outside", "linked", "started",
     "laid_off", "laid_off_then", "weeks", "weeks_before", "weeks_to_referral",
     "referred_then", "weeks_seen", "exit_day", "exit_code", "exit_in_service",
     "by_code", "reason_of_exit", "exited", "exit_to", "status", "outcome",
     "outcome_strict", "outcome_report", "outcome_laid_off", "measured",
     "days_observed"}
)  # fmt: skip
"""Names that the follow-up gives to columns of its own."""

MADE_OF_SNAPSHOTS = _MADE_OF_PEOPLE | frozenset(
    {"registered", "registration_day", "deregistration_day", "counting_day",
     "first_day", "last_day", "start_day", "piece", "place", "wrong", "look",
     "found_absent", "in_pool", "goes_on", "goes_back", "spell", "spell_of_month",
     "origin_month"}
)  # fmt: skip
"""Names that evalkit gives to columns of its own beside those of the snapshots."""

MADE_OF_PILOT = _MADE_OF_PEOPLE | frozenset(
    {"referral_day", "start_day", "end_day", "piece", "place", "wrong"}
)
"""Names that evalkit gives to columns of its own beside those of the pilot's list."""


def same_header(text: str) -> str:
    """Return the form in which two headers are compared: NFC, case and spaces apart."""
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().split())


def recognise(header: str, columns: dict[str, Column]) -> str | None:
    """Return the name of the column that a header stands for, or None.

    Examples
    --------
    >>> recognise("Työllisyyskoodi", SNAPSHOT_COLUMNS)
    'employment_code'
    """
    for column in columns.values():
        if column.languages(header):
            return column.name
    return None
