"""Docstrings keep numpydoc's rules, as chosen in pyproject.toml."""

from __future__ import annotations

import dataclasses
import inspect
import re
from importlib import import_module
from operator import attrgetter

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import evalkit


@pytest.fixture(scope="module")
def rules(pyproject) -> dict:
    return pyproject["tool"]["numpydoc_validation"]


def with_own_methods(name: str) -> list[str]:
    """Return a public name and what its class offers itself: `Cohort.from_frame`."""
    member = getattr(evalkit, name)
    parts = vars(member).items() if isinstance(member, type) else ()
    return [
        name,
        *(
            f"{name}.{part}"
            for part, value in parts
            if not part.startswith(("_", "model_"))
            and (callable(value) or isinstance(value, classmethod | property))
        ),
    ]


def broken_rules(home: str, name: str, rules: dict) -> list[str]:
    """Return the rules in force that a docstring breaks."""
    path = f"{home}.{name}"
    if any(re.search(pattern, path) for pattern in rules["exclude"]):
        return []
    ignored = set(rules["checks"]) - {"all"} | excused(home, name)
    errors = validate(path)["errors"]
    return [f"{path}: {code} {text}" for code, text in errors if code not in ignored]


def excused(home: str, name: str) -> set[str]:
    """Return the rules that have no sense for this object.

    People are handed a result and never make one: its fields stand under Attributes.
    A section of the plan describes its keys in the fields themselves. One line is
    enough for a method whose signature says the rest.
    """
    member = attrgetter(name)(import_module(home))
    text = inspect.getdoc(member) or ""
    if dataclasses.is_dataclass(member):
        fields = {field.name for field in dataclasses.fields(member)}
        return {"PR01"} if fields <= attributes(member) else set()
    if hasattr(member, "model_fields"):
        return {"PR01"}
    return {"PR01", "RT01"} if "." in name and "\n" not in text else set()


def attributes(result: type) -> set[str]:
    """Return the attributes that a result and what it builds on document."""
    texts = [
        inspect.cleandoc(vars(step)["__doc__"] or "") for step in result.__mro__[:-1]
    ]
    entries = [
        each.name for text in texts for each in NumpyDocString(text)["Attributes"]
    ]
    return {name.strip() for entry in entries for name in entry.split(",")}


@pytest.mark.parametrize("name", evalkit.__all__)
def test_docstrings(name, rules) -> None:
    home = evalkit._HOMES[name]
    names = with_own_methods(name)
    assert not [rule for each in names for rule in broken_rules(home, each, rules)]


def test_a_broken_rule_would_be_noticed(rules) -> None:
    assert broken_rules("evalkit.errors", "EvalkitError", {**rules, "exclude": []})
