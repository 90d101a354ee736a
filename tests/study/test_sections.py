"""Sections as TOML: whatever plan they belong to."""

from __future__ import annotations

import pytest
from pydantic import Field

from evalkit.errors import ProtocolError
from evalkit.examples.satakunta import example_plan
from evalkit.study.plan_file import commented_plan
from evalkit.study.protocol import Protocol
from evalkit.study.sections import Section, commented_sections, read_sections


class Fruit(Section):
    """A fruit."""

    name: str = Field(description="What it is called.")
    weights: dict[str, int] = Field(default={}, description="Weights in `grams`.")
    number: int | str = Field(default=1, description="How many.")


class Basket(Section):
    """A basket."""

    best: Fruit
    other: Fruit | None = None
    rest: list[Fruit] = Field(default=[], description="What else there is.")


BASKET = Basket(
    best=Fruit(name='an "apple"\\', weights={"öljy puu": 3}),
    rest=[Fruit(name="plum"), Fruit(name="pear", number="many")],
)
TEXT = """\
# For the market.

# A fruit.
[best]
# What it is called.
name = "an \\"apple\\"\\\\"
# How many.
number = 1

# Weights in grams.
[best.weights]
"öljy puu" = 3

# A fruit.
# [other]

# What else there is.
[[rest]]
# What it is called.
name = "plum"
# Weights in grams.
weights = {}
# How many.
number = 1

[[rest]]
name = "pear"
weights = {}
number = "many"
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "basket.toml"


def complaint(file, content: bytes | None) -> str:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ProtocolError) as caught:
        read_sections(file, Basket)
    return str(caught.value)


def test_each_key_stands_under_its_comment(file) -> None:
    assert commented_sections(BASKET, note="For the market.") == TEXT
    file.write_text(TEXT, encoding="utf-8")
    assert read_sections(file, Basket) == BASKET


def test_a_list_that_is_empty_is_a_comment(file) -> None:
    text = commented_sections(Basket(best=Fruit(name="fig")))
    assert text.endswith("# What else there is.\n# [[rest]]\n")
    file.write_text(text, encoding="utf-8")
    assert read_sections(file, Basket).rest == []


def test_every_problem_is_named_with_its_key(file) -> None:
    text = """
    [best]
    nam = "fig"
    weights = { a = "heavy" }
    [[rest]]
    name = "plum"
    number = 1.5
    """
    message = complaint(file, text.encode())
    assert "4 problems" in message
    assert "best.name: missing. (What it is called.)" in message
    assert "best.nam: unknown key. Did you mean name?" in message
    assert 'best.weights.a: found "heavy"; allowed is a valid integer' in message
    assert "rest.0.number: found 1.5; allowed is a valid integer or a valid string" in (
        message
    )


def test_what_is_no_toml(file) -> None:
    assert "there is no such file" in complaint(file, None)
    assert "is not UTF-8" in complaint(file, "ä = 1".encode("cp1252"))
    assert "is not valid TOML" in complaint(file, b"best = fig")
    assert "cannot be read" in complaint(file.parent, None)


def test_it_writes_and_reads_a_study_too(file) -> None:
    plan = example_plan()
    text = commented_sections(plan)
    assert text == commented_plan(plan)
    file.write_text(text, encoding="utf-8")
    assert read_sections(file, Protocol) == plan
