"""The keys of a plan as Markdown, from the descriptions that errors quote too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def plan_reference() -> str:
    """Return one heading and one table of keys for each section of the plan."""
    sections = (
        _section(field.alias or name, field)
        for name, field in Protocol.model_fields.items()
    )
    return "\n\n".join(sections)


def _section(name: str, field: FieldInfo) -> str:
    (model,) = _models(field.annotation)
    heading = f"[{name}]" if model is field.annotation else f"[[{name}]]"
    words = field.description or " ".join((model.__doc__ or "").split())
    return "\n".join([f"## `{heading}`", "", words, "", *_table(model)])


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | if left out | meaning |"
    yield "| --- | --- | --- |"
    for key, field in model.model_fields.items():
        meaning = (field.description or "").replace("|", r"\|")
        yield f"| `{field.alias or key}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    """Say what a key is when the plan leaves it out."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "none" if default is None else f"`{_toml(default)}`"


def _toml(value: object) -> str:
    if isinstance(value, BaseModel):
        pairs = value.model_dump(exclude_none=True).items()
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _models(annotation: object) -> list[type[BaseModel]]:
    """Return the section within an annotation such as `list[Break]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
