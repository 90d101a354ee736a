"""Plans as files: read one, with every problem named; write one, with comments."""

from __future__ import annotations

import difflib
import json
import textwrap
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from evalkit.errors import ProtocolError
from evalkit.study.protocol import Protocol, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

_WIDTH = 78


def read_protocol(path: str | Path) -> Protocol:
    """Read and validate a study's plan.

    Parameters
    ----------
    path
        A TOML file. Its data locations and output folder are relative to it.

    Returns
    -------
    Protocol
        The plan, complete with the defaults of the keys that it leaves out.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem
        with its key, what was found and what is allowed.

    Examples
    --------
    >>> import tempfile
    >>> from evalkit.examples.satakunta import example_plan
    >>> file = Path(tempfile.mkdtemp()) / "plan.toml"
    >>> _ = file.write_text(commented_plan(example_plan()), encoding="utf-8")
    >>> read_protocol(file).draw.size
    500
    """
    file = Path(path)
    plan = _parse(file)
    try:
        return Protocol.model_validate(plan).at(file.parent)
    except ValidationError as error:
        problems = _problems(error.errors(include_url=False))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    listed = "\n".join(f"  - {problem}" for problem in problems)
    raise ProtocolError(f"{file}: {count} in the plan.\n{listed}")


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise ProtocolError(
            f"{file}: there is no such plan.",
            hint="`evalkit init FOLDER --from FILE` writes one for your own files.",
        ) from error
    except OSError as error:
        raise ProtocolError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{file} is not UTF-8.", hint="Save the plan as UTF-8 text."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(
            f"{file} is not valid TOML: {error}.",
            hint='Texts stand in quotes (title = "Pilot"); paths use /.',
        ) from error


def _problems(details: list[ErrorDetails]) -> list[str]:
    """Say in one line per key what is wrong with it, and what is allowed."""
    by_key: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for detail in details:
        where = tuple(step for step in detail["loc"] if not _is_branch(step))
        by_key.setdefault(where, []).append(detail)
    return [_problem(list(where), found) for where, found in by_key.items()]


def _problem(where: list[int | str], details: list[ErrorDetails]) -> str:
    key = ".".join(str(step) for step in where)
    kinds = {detail["type"]: detail for detail in details}
    if "value_error" in kinds:
        reason = " ".join(str(kinds["value_error"]["ctx"]["error"]).split()).rstrip(".")
        return f"{key}: {reason}." if key else f"{reason}."
    if "extra_forbidden" in kinds:
        return f"{key}: unknown key. {_nearest(where)}"
    if "missing" in kinds:
        return f"{key}: missing. {_rule(where)}".rstrip()
    found = json.dumps(details[0]["input"], ensure_ascii=False, default=str)
    allowed = " or ".join(
        detail["msg"].removeprefix("Input should be ") for detail in details
    )
    return f"{key}: found {found}; allowed is {allowed}. {_rule(where)}".rstrip()


def _is_branch(step: int | str) -> bool:
    """Tell the names that pydantic gives to the members of a union from keys."""
    return isinstance(step, str) and (
        step in {"str", "int", "Table", "constrained-int"}
        or step.startswith(("list[", "literal[", "function-"))
    )


def _nearest(where: list[int | str]) -> str:
    """Name the allowed keys, the most alike first where one is."""
    known = list(_fields(_section(where[:-1])))
    alike = difflib.get_close_matches(str(where[-1]), known, n=1)
    allowed = f"Allowed: {', '.join(known)}."
    return f"Did you mean {alike[0]}? {allowed}" if alike else allowed


def _rule(where: list[int | str]) -> str:
    """Quote the description of a key, which says what is allowed."""
    names = [step for step in where if isinstance(step, str)]
    for length in range(len(names), 0, -1):
        fields = _fields(_section(list(names[: length - 1])))
        field = fields.get(names[length - 1])
        if field is not None and field.description:
            return f"({field.description})"
    return ""


def _section(where: list[int | str]) -> type[BaseModel]:
    """Return the class of the section that a path of keys leads to."""
    section: type[BaseModel] = Protocol
    for step in where:
        field = _fields(section).get(str(step))
        if field is not None:
            section = _model_in(field.annotation) or section
    return section


def _fields(section: type[BaseModel]) -> dict[str, Any]:
    """Return a section's fields under the names that the file uses."""
    fields = section.model_fields
    return {field.alias or name: field for name, field in fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401
    """Return the section class within an annotation such as ``list[Break]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for part in get_args(annotation) if (m := _model_in(part))), None)


def commented_plan(protocol: Protocol, *, note: str = "") -> str:
    """Return the plan as TOML text, each key under the comment that explains it.

    Parameters
    ----------
    protocol
        The plan.
    note
        Opening comment: what this plan is for.

    Returns
    -------
    str
        Text that `read_protocol` reads back as the same plan.
    """
    lines = [*_comment(note)] if note else []
    for name, field in _fields(Protocol).items():
        value = getattr(protocol, "register_" if name == "register" else name)
        if isinstance(value, Section):
            lines += ["", *_comment(type(value).__doc__ or ""), f"[{name}]"]
            lines += _keys(value)
        else:
            lines += ["", *_comment(field.description or "")]
            lines += _tables(name, value)
    return "\n".join(lines).strip() + "\n"


def _keys(section: Section) -> Iterator[str]:
    """Write a section's keys; a key that is left out stands as a comment."""
    tables = []
    for name, field in _fields(type(section)).items():
        value = getattr(section, name)
        if isinstance(value, dict) and value:
            tables.append((name, field, value))
            continue
        yield from _comment(field.description or "")
        yield f"# {name} =" if value is None else f"{name} = {_toml(value)}"
    for name, field, value in tables:
        yield ""
        yield from _comment(field.description or "")
        yield f"[{_path(section)}.{name}]"
        yield from (f"{_key(key)} = {_toml(item)}" for key, item in value.items())


def _path(section: Section) -> str:
    """Return the name under which the plan holds a section."""
    return next(
        name
        for name, field in _fields(Protocol).items()
        if field.annotation is type(section)
    )


def _tables(name: str, items: list[Section]) -> Iterator[str]:
    if not items:  # written out, it would belong to the section before it
        yield f"# {name} = []"
    for item in items:
        yield f"[[{name}]]"
        written = item.model_dump(exclude_none=True)
        yield from (f"{key} = {_toml(value)}" for key, value in written.items())


def _comment(text: str) -> Iterator[str]:
    words = " ".join(text.split()).replace("`", "")
    yield from textwrap.wrap(words, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else json.dumps(name)


def _toml(value: object) -> str:
    """Write a value as TOML; text as a basic string, whose escapes are JSON's."""
    if isinstance(value, Section):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
