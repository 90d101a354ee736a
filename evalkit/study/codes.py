"""The code lists of the Finnish jobseeker register.

Employment codes, reasons for the end of a spell and service lines follow the
research data catalogue of Statistics Finland (data set KEHA_URA); municipalities
are those of Satakunta after 2021-01-01.
"""

from __future__ import annotations

from typing import Literal

Route = Literal["work", "training", "entrepreneur", "service", "other", "unknown"]

EMPLOYMENT_CODES: dict[str, str] = {
    "00": "in work, placed with support",
    "01": "in work, open labour market",
    "02": "unemployed",
    "03": "laid off full-time",
    "04": "on a shortened work week",
    "05": "outside the labour force",
    "06": "not in use (formerly unemployment pension)",
    "07": "in an employment-promoting service",
    "08": "in education or training",
    "09": "in part-time work",
}

CODE_ROUTES: dict[str, Route] = {
    "00": "service",
    "01": "work",
    "04": "work",
    "05": "other",
    "06": "other",
    "07": "service",
    "08": "training",
    "09": "work",
}
"""Where a person went who stayed registered under a code other than unemployed."""

EXIT_ROUTES: dict[str, Route] = {
    "00": "service",  # placed by a measure: supported work
    "01": "work",
    "02": "work",  # the lay-off or the short week ended
    "03": "work",  # found a job oneself
    "04": "training",
    "05": "other",  # outside the labour force
    "06": "unknown",  # other or unknown
    "07": "other",  # unemployment pension
    "08": "training",
    "09": "other",  # to look for work in the EU or EEA
    "10": "unknown",  # did not renew the job search
    "11": "service",  # coaching or try-out
    "12": "service",  # rehabilitative work
    "13": "training",  # self-motivated study with benefit
    "work": "work",
    "training": "training",
    "entrepreneur": "entrepreneur",
    "service": "service",
    "other": "other",
    "unknown": "unknown",
}
"""Where the reason for the end of a spell (``psyy``) says that a person went."""

MUNICIPALITIES: dict[str, str] = {
    "050": "Eura",
    "051": "Eurajoki",
    "079": "Harjavalta",
    "102": "Huittinen",
    "181": "Jämijärvi",
    "214": "Kankaanpää",
    "230": "Karvia",
    "271": "Kokemäki",
    "484": "Merikarvia",
    "531": "Nakkila",
    "608": "Pomarkku",
    "609": "Pori",
    "684": "Rauma",
    "747": "Siikainen",
    "783": "Säkylä",
    "886": "Ulvila",
}

MERGED_MUNICIPALITIES: dict[str, str] = {"099": "214"}
"""Honkajoki has been part of Kankaanpää since 2021-01-01."""

YES = frozenset({"kyllä", "k", "1", "true", "yes", "y", "ja", "j", "x", "tosi"})
NO = frozenset({"ei", "e", "0", "false", "no", "n", "nej", "epätosi"})

SEXES: dict[str, str] = {
    **dict.fromkeys(
        ("nainen", "n", "2", "kvinna", "k", "female", "woman", "f"), "woman"
    ),
    **dict.fromkeys(("mies", "m", "1", "man", "male"), "man"),
}

MISSING = frozenset(
    {"", ".", "..", "...", "-", "na", "n/a", "nan", "null", "none", "tieto puuttuu"}
)
"""How a missing value is written (lower case)."""
