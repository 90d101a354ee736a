"""How each kind of column becomes a value of evalkit: SQL, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.register.engine import literal, texts
from evalkit.register.our_time import FIRST_YEAR, LAST_YEAR
from evalkit.study import codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.study.columns import Kind

IDENTITY_CODE = (
    "(?i)(^|[^0-9a-z])(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{2}"
    "[-+a-fu-y][0-9]{3}[0-9a-fhj-npr-y]($|[^0-9a-z])"
)
"""A Finnish identity code, alone or within a text."""

_IDENTITY_LENGTH = 11
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT"}  # fmt: skip
_REAL = {"FLOAT", "DOUBLE"}
DAYS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
         "TIMESTAMP WITH TIME ZONE"}  # fmt: skip
_NUMBERS_AS_TEXT = {"code", "municipality", "sex", "text"}
_EXCEL_EPOCH = 25_569
"""Excel's number of 1970-01-01."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Marks without width: soft hyphen, zero-width space and joiners, byte order mark."""

_NO_BREAK = "\u00a0\u202f"
"""Spaces that look like any other."""

_PADDING = f" \t\r\n{_NO_BREAK}{_INVISIBLE}'\""
"""Space, and the marks that protect a leading zero: ``'050'``."""

_PADDED = f"^[{_PADDING}]|[{_PADDING}]$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One kind of column: how it is converted, and the rule when that fails.

    `sql` writes the conversion of an expression of a given type. Types that a recipe
    `keeps` are converted as they are; all others become text first.
    """

    sql: Callable[[str, str], str]
    type: str
    rule: str
    remedy: str = ""
    keeps: frozenset[str] = frozenset()


def written(expression: str, type_: str, kind: Kind) -> str:
    """Return SQL for a value as the source writes it: its text, without padding."""
    if type_ in RECIPES[kind].keeps:
        return expression
    text = expression if type_ == "VARCHAR" else f"CAST({expression} AS VARCHAR)"
    return _trimmed(text)


def present(x: str, type_: str, kind: Kind) -> str:
    """Return SQL for a written value, NULL where it says that there is none.

    Numbers that are compared as text are written in one way.
    """
    if type_ in RECIPES[kind].keeps:
        return x
    real = type_ in _REAL or type_.startswith("DECIMAL")
    value = _plain_number(x) if real or kind in _NUMBERS_AS_TEXT else x
    return f"CASE WHEN lower({x}) NOT IN {texts(codes.MISSING)} THEN {value} END"


def _trimmed(x: str) -> str:
    """Take the padding off; to look for some first is five times as fast."""
    return (
        f"CASE WHEN regexp_matches({x}, {literal(_PADDED)}) "
        f"THEN trim({x}, {literal(_PADDING)}) ELSE {x} END"
    )


def _plain_number(x: str) -> str:
    """Write ``1,50`` as ``1.5`` and ``2.0`` as ``2``; leave any other text alone."""
    shorter = f"rtrim(rtrim(replace({x}, ',', '.'), '0'), '.')"
    return (
        f"CASE WHEN regexp_full_match({x}, '[-+]?[0-9]+[.,][0-9]+') "
        f"THEN {shorter} ELSE {x} END"
    )


def _id(x: str, _: str) -> str:
    return f"CASE WHEN NOT {identity(x)} AND NOT {unfit(x)} THEN {x} END"


def identity(x: str) -> str:
    """Return SQL that tells whether a text holds a Finnish identity code."""
    return (
        f"(length({x}) >= {_IDENTITY_LENGTH} "
        f"AND regexp_matches({x}, {literal(IDENTITY_CODE)}))"
    )


def unfit(x: str) -> str:
    """Return SQL that tells whether an id holds what the draw's hash may not.

    Nor may it hold what cannot be seen: ids that look alike would be two people.
    """
    return rf"regexp_matches({x}, '[|\x00-\x1f\x7f{_NO_BREAK}{_INVISIBLE}]')"


def _date(x: str, type_: str) -> str:
    if type_ in DAYS:
        date = f"CASE WHEN isfinite({x}) THEN CAST({x} AS DATE) END"
    else:
        day = f"regexp_replace({x}, '[ T][0-9]{{1,2}}[:.][0-9]{{2}}.*$', '')"
        date = f"CAST(try_strptime({day}, ['%Y-%m-%d', '%d.%m.%Y']) AS DATE)"
    return f"CAST({date} - DATE '1970-01-01' AS INTEGER)"


def serial_date(x: str) -> str:
    """Return SQL for a date that may also be a bare day of Excel's calendar."""
    return f"COALESCE({_date(x, 'VARCHAR')}, {_number(x, '')} - {_EXCEL_EPOCH})"


def _month(x: str, _: str) -> str:
    number = f"CAST(12 * year({x}) + month({x}) - 1 AS INTEGER)"
    years = f"{FIRST_YEAR} AND {LAST_YEAR}"
    return f"CASE WHEN year({x}) BETWEEN {years} THEN {number} END"


def _number(x: str, type_: str) -> str:
    if type_ in _WHOLE:
        return f"TRY_CAST({x} AS INTEGER)"
    number = f"TRY_CAST(replace({x}, ',', '.') AS DOUBLE)"
    return f"TRY_CAST(floor({number}) AS INTEGER)"


def _flag(x: str, type_: str) -> str:
    if type_ == "BOOLEAN":
        return x
    word = f"lower({x})"
    yes, no = texts(codes.YES), texts(codes.NO)
    return f"CASE WHEN {word} IN {yes} THEN true WHEN {word} IN {no} THEN false END"


def _text(x: str, _: str) -> str:
    return f"CASE WHEN NOT {identity(x)} THEN {_tidy(_iso_date(x))} END"


def _tidy(x: str) -> str:
    """Put words one space apart, and take out what cannot be seen."""
    seen = f"regexp_replace({x}, '[{_INVISIBLE}]', '', 'g')"
    return rf"regexp_replace({seen}, '[\s{_NO_BREAK}]+', ' ', 'g')"


def _iso_date(x: str) -> str:
    """Write a date within a text column as every format would: ISO, no midnight."""
    finnish = f"strftime(try_strptime({x}, '%d.%m.%Y'), '%Y-%m-%d')"
    return (
        f"CASE WHEN {x} LIKE '%.%.____' THEN COALESCE({finnish}, {x}) "
        f"WHEN {x} LIKE '____-__-__ 00:00:00' THEN left({x}, 10) ELSE {x} END"
    )


def _code(x: str, _: str) -> str:
    padded = f"CASE WHEN length({x}) = 1 THEN '0' || {x} ELSE {x} END"
    return f"CASE WHEN NOT {identity(x)} THEN {padded} END"


def employment_code(x: str, known: frozenset[str]) -> str:
    """Return SQL for an employment code that is on the list."""
    code = _code(x, "")
    return f"CASE WHEN {code} IN {texts(known)} THEN {code} END"


def _municipality(x: str, _: str) -> str:
    code = f"lpad({x}, 3, '0')"
    merged = " ".join(
        f"WHEN {literal(old)} THEN {literal(new)}"
        for old, new in codes.MERGED_MUNICIPALITIES.items()
    )
    return (
        f"CASE WHEN regexp_full_match({x}, '[0-9]{{1,3}}') "
        f"THEN CASE {code} {merged} ELSE {code} END END"
    )


def _education(x: str, _: str) -> str:
    return f"CASE WHEN left({x}, 1) BETWEEN '0' AND '9' THEN left({x}, 1) END"


def _sex(x: str, _: str) -> str:
    cases = " ".join(
        f"WHEN lower({x}) IN {texts(words)} THEN {literal(sex)}"
        for sex, words in _SEX_WORDS.items()
    )
    return f"CASE {cases} END"


_SEX_WORDS = {
    sex: [word for word, meaning in codes.SEXES.items() if meaning == sex]
    for sex in ("woman", "man")
}

RECIPES: dict[Kind, Recipe] = {
    "id": Recipe(
        sql=_id,
        type="VARCHAR",
        rule="an id may not hold | or a line break, nor a space or mark that cannot "
        "be seen",
        remedy="Ids are text without these.",
    ),
    "month": Recipe(
        sql=_month,
        type="INTEGER",
        rule="no month",
        remedy="Write it as 2021-02, 202102, 2/2021 or as a day of it.",
        keeps=frozenset(DAYS),
    ),
    "date": Recipe(
        sql=_date,
        type="INTEGER",
        rule="no date",
        remedy="Write it as 1.2.2021 or 2021-02-01.",
        keeps=frozenset(DAYS),
    ),
    "weeks": Recipe(
        sql=_number,
        type="INTEGER",
        rule="no number of weeks",
        remedy="Write a plain number.",
        keeps=frozenset(_WHOLE),
    ),
    "number": Recipe(
        sql=_number,
        type="INTEGER",
        rule="no number",
        remedy="Write a plain number.",
        keeps=frozenset(_WHOLE),
    ),
    "flag": Recipe(
        sql=_flag,
        type="BOOLEAN",
        rule="neither yes nor no",
        remedy="Write Kyllä/Ei, K/E, 1/0 or true/false; empty is no.",
        keeps=frozenset({"BOOLEAN"}),
    ),
    "code": Recipe(
        sql=_code,
        type="VARCHAR",
        rule="no code of the list",
        remedy="Employment codes are 00 to 09.",
    ),
    "municipality": Recipe(
        sql=_municipality,
        type="VARCHAR",
        rule="no municipality code",
        remedy="Write its three digits.",
    ),
    "education": Recipe(
        sql=_education,
        type="VARCHAR",
        rule="no education code",
        remedy="It begins with the digit of the level (0 to 9).",
    ),
    "sex": Recipe(
        sql=_sex,
        type="VARCHAR",
        rule="no sex that is known",
        remedy="Write nainen/mies, N/M or 2/1.",
    ),
    "text": Recipe(sql=_text, type="VARCHAR", rule="no text"),
}
"""The conversion of each kind."""
