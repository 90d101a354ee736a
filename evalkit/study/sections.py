"""Sections as a TOML file: read with every problem named, written with comments.

The root is a `Section` whose fields are sections (tables of the file) or lists of
sections. It serves any plan, be it a study's, a contract's or a service's.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import textwrap
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from evalkit.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


class Section(BaseModel):
    """A table of a file: read-only, and without unknown keys or wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Root = TypeVar("Root", bound=Section)

_WIDTH = 78
_PROSE = ("value_error", "extra_forbidden", "missing")


def read_sections(path: str | Path, kind: type[Root]) -> Root:
    """Read and validate a TOML file of one kind.

    Parameters
    ----------
    path
        The file, in UTF-8.
    kind
        Class of its root.

    Returns
    -------
    Section
        The root, complete with the defaults of the keys that the file leaves out.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem
        with its key, what was found and what is allowed.
    """
    file = Path(path)
    try:
        return kind.model_validate(_parsed(file))
    except ValidationError as error:
        problems = problems_in(error, kind)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    listed = "\n".join(f"  - {problem}" for problem in problems)
    raise ProtocolError(f"{file}: {count}.\n{listed}")


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise ProtocolError(f"{file}: there is no such file.") from error
    except OSError as error:
        raise ProtocolError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{file} is not UTF-8.", hint="Save it as UTF-8 text."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(
            f"{file} is not valid TOML: {error}.",
            hint='Texts stand in quotes (title = "Pilot"), days do not (2021-01-31); '
            "paths use /.",
        ) from error


class Place(NamedTuple):
    """A key of the file, the section that it stands in, and its field if it has one."""

    keys: tuple[int | str, ...]
    section: type[BaseModel]
    field: FieldInfo | None

    def __str__(self) -> str:
        return ".".join(str(key) for key in self.keys)


def problems_in(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """Say in one line per key what is wrong with it, and what is allowed."""
    by_key: dict[tuple[int | str, ...], tuple[Place, list[ErrorDetails]]] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail, kind)
        by_key.setdefault(place.keys, (place, []))[1].append(detail)
    return [_problem(place, details) for place, details in by_key.values()]


def _place(detail: ErrorDetails, kind: type[BaseModel]) -> Place:
    """Follow the keys of a problem; names of a union's branches are no keys."""
    place = Place((), kind, None)
    for step in detail["loc"]:
        known = _fields(place.section).get(str(step))
        inside = place.field is not None and _is_mapping(place.field.annotation)
        if known is not None and not inside:
            section = _section_in(known.annotation) or place.section
            place = Place((*place.keys, step), section, known)
        elif isinstance(step, int) or inside:
            place = place._replace(keys=(*place.keys, step))
    if detail["type"] == "extra_forbidden":
        return place._replace(keys=(*place.keys, detail["loc"][-1]))
    return place


def _problem(place: Place, details: Sequence[ErrorDetails]) -> str:
    kinds = {detail["type"]: detail for detail in details}
    kind = next((known for known in _PROSE if known in kinds), "other")
    description = place.field.description if place.field else None
    rule = f" ({description})" if description else ""
    start = f"{place}: " if place.keys else ""
    if kind == "value_error":
        reason = " ".join(str(kinds[kind]["ctx"]["error"]).split()).rstrip(".")
        return f"{start}{reason}."
    if kind == "extra_forbidden":
        return f"{start}unknown key. {_nearest(place)}"
    if kind == "missing":
        return f"{start}missing.{rule}"
    found = json.dumps(details[0]["input"], ensure_ascii=False, default=str)
    allowed = " or ".join(
        detail["msg"].removeprefix("Input should be ") for detail in details
    )
    return f"{start}found {found}; allowed is {allowed}.{rule}"


def _nearest(place: Place) -> str:
    """Name the allowed keys, the most alike first where one is."""
    known = list(_fields(place.section))
    alike = difflib.get_close_matches(str(place.keys[-1]), known, n=1)
    allowed = f"Allowed: {', '.join(known)}."
    return f"Did you mean {alike[0]}? {allowed}" if alike else allowed


def commented_sections(root: Section, *, note: str = "") -> str:
    """Return a root as TOML text, each key under the comment that explains it.

    Parameters
    ----------
    root
        What is to be written.
    note
        Opening comment, its paragraphs parted by blank lines.

    Returns
    -------
    str
        Text that `read_sections` reads back as the same root.
    """
    lines: list[str] = []
    for paragraph in note.split("\n\n") if note else ():
        lines += [*_comment(paragraph), "#"]
    lines = lines[:-1]
    for name, field, value in _values(root):
        lines += ["", *_table(name, field, value)]
    return "\n".join(lines).strip() + "\n"


def _table(name: str, field: FieldInfo, value: object) -> Iterator[str]:
    """Write one section, or a list of them; one that is left out as a comment."""
    kind = _section_in(field.annotation) or Section
    yield from _comment(field.description or kind.__doc__ or "")
    if isinstance(value, Section):
        yield f"[{name}]"
        yield from _keys(value, name)
    elif not value:
        yield f"# [{name}]" if value is None else f"# [[{name}]]"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from [""] if number else []
            yield f"[[{name}]]"
            yield from _keys(item, name, explained=number == 0)


def _keys(section: Section, path: str, *, explained: bool = True) -> Iterator[str]:
    """Write a section's keys; mappings follow as tables of their own."""
    mappings = []
    for name, field, value in _values(section):
        if isinstance(value, dict) and value:
            mappings.append((name, field, value))
            continue
        if explained:
            yield from _comment(field.description or "")
        if value is not None:
            yield f"{name} = {_toml(value)}"
        elif explained:
            yield f"# {name} ="
    for name, field, value in mappings:
        yield ""
        if explained:
            yield from _comment(field.description or "")
        yield f"[{path}.{name}]"
        yield from (f"{_key(key)} = {_toml(item)}" for key, item in value.items())


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a section's fields under the names that the file uses."""
    fields = section.model_fields
    return {field.alias or name: field for name, field in fields.items()}


def _values(section: Section) -> Iterator[tuple[str, FieldInfo, Any]]:
    """Yield each key's name in the file, its field and its value."""
    for name, field in type(section).model_fields.items():
        yield field.alias or name, field, getattr(section, name)


def _section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401
    """Return the section class within an annotation such as ``list[Change]``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    parts = get_args(annotation)
    return next((found for part in parts if (found := _section_in(part))), None)


def _is_mapping(annotation: Any) -> bool:  # noqa: ANN401
    return get_origin(annotation) is dict


def _comment(text: str) -> Iterator[str]:
    words = " ".join(text.split()).replace("`", "")
    yield from textwrap.wrap(words, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _key(name: str) -> str:
    bare = name.isascii() and name.isidentifier()
    return name if bare else json.dumps(name, ensure_ascii=False)


def _toml(value: object) -> str:
    """Write a value as TOML; text as a basic string, whose escapes are JSON's."""
    if isinstance(value, Section):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, Decimal | dt.date):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
