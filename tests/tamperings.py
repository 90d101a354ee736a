"""Ways to tamper with a tiny study: each makes one change and says what must be found.

A way returns the months and the kinds that a verification has to name, or None if what
it did changed nothing (a bit in a comment, a space beside a number).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

from evalkit.cohort.certificate import Certificate
from evalkit.errors import EvalkitError
from evalkit.study.plan_file import read_protocol
from tests.cohort.small_archive import MONTHS, PEOPLE, SNAPSHOTS

if TYPE_CHECKING:
    import random
    from pathlib import Path

    Expected = tuple[set[str], set[str]]

ALL = set(MONTHS)
LISTED = {"list", "person added", "person removed"}
_BITS = 8
_IN_NAMES = {"month", "sequence", "snapshot_month"}
_DRAWN_AFTER = dict(zip(SNAPSHOTS, MONTHS, strict=False))


@dataclasses.dataclass
class Study:
    """A study on disk that can be put back as it was."""

    plan: Path
    kept: dict[Path, bytes] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        files = [file for file in self.plan.parent.rglob("*") if file.is_file()]
        self.kept = {file: file.read_bytes() for file in files}

    def restore(self) -> None:
        for file in self.plan.parent.rglob("*"):
            if file.is_file() and file not in self.kept:
                file.unlink()
        for file, content in self.kept.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)

    def draw_file(self, month: str, kind: str) -> Path:
        folder = self.plan.parent / "results" / "draws"
        return folder / f"{MONTHS.index(month) + 1:04d}-{month}.{kind}"

    def snapshot(self, month: str) -> Path:
        return self.plan.parent / "register" / f"{month}.csv"

    @property
    def pilot(self) -> Path:
        return self.plan.parent / "pilot.csv"

    @property
    def commitment(self) -> Path:
        return self.plan.parent / "results" / "draws" / "commitment.json"


def flip(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(_BITS)
    file.write_bytes(content)


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def write_lines(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


# Certificates.


def bit_of_a_certificate(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    flip(study.draw_file(month, "json"), chance)
    return {month}, {"certificate"}


def field_of_a_certificate(study: Study, chance: random.Random) -> Expected | None:
    month, file, values = _certificate(study, chance)
    name = chance.choice(list(values))
    values[name] = _other(values[name])
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return {month}, {"certificate"}


def sealed_certificate(study: Study, chance: random.Random) -> Expected | None:
    """Edit a certificate as somebody would who knows how it is sealed."""
    month, file, values = _certificate(study, chance)
    del values["checksum"]
    name = chance.choice([n for n in values if n not in _IN_NAMES])
    values[name] = _other(values[name])
    file.write_text(Certificate(**values).text, encoding="utf-8")
    later = MONTHS[MONTHS.index(month) + 1 : MONTHS.index(month) + 2]
    kinds = {"certificate", "chain", "commitment", "plan", "seed", "snapshot"}
    return {month, *later}, kinds


def swapped_certificates(study: Study, chance: random.Random) -> Expected | None:
    one, other = chance.sample(MONTHS, 2)
    files = [study.draw_file(month, "json") for month in (one, other)]
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, reversed(contents), strict=True):
        file.write_bytes(content)
    return {one, other}, {"order"}


def certificate_gone(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    study.draw_file(month, "json").unlink()
    return {month}, {"missing"}


def draw_gone(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    for kind in ("json", "persons.csv", "attrition.csv"):
        study.draw_file(month, kind).unlink()
    return {month}, {"missing"}


def _certificate(study: Study, chance: random.Random) -> tuple[str, Path, dict]:
    month = chance.choice(MONTHS)
    file = study.draw_file(month, "json")
    return month, file, json.loads(file.read_text(encoding="utf-8"))


def _other(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    return f"{value}x" if value else "0" * 64


# Lists of persons, and of who met the criteria.


def bit_of_a_list(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    flip(study.draw_file(month, "persons.csv"), chance)
    return {month}, LISTED


def person_removed(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _list(study, chance)
    del lines[chance.randrange(1, len(lines))]
    write_lines(file, lines)
    return {month}, {"person removed"}


def person_added(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _list(study, chance)
    place = chance.randrange(1, len(lines) + 1)
    lines.insert(place, f"{place},{_stranger(study, lines, chance)}")
    write_lines(file, lines)
    return {month}, {"person added"}


def person_exchanged(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _list(study, chance)
    place = chance.randrange(1, len(lines))
    lines[place] = f"{place},{_stranger(study, lines, chance)}"
    write_lines(file, lines)
    return {month}, {"list"}


def order_of_persons(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _list(study, chance)
    one, other = chance.sample(range(1, len(lines)), 2)
    ids = [line.split(",")[1] for line in lines]
    lines[one], lines[other] = f"{one},{ids[other]}", f"{other},{ids[one]}"
    write_lines(file, lines)
    return {month}, {"order"}


def list_gone(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    study.draw_file(month, "persons.csv").unlink()
    return {month}, {"missing"}


def lists_exchanged(study: Study, chance: random.Random) -> Expected | None:
    one, other = chance.sample(MONTHS, 2)
    files = [study.draw_file(month, "persons.csv") for month in (one, other)]
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, reversed(contents), strict=True):
        file.write_bytes(content)
    return {one, other}, {"list"}


def bit_of_an_attrition(study: Study, chance: random.Random) -> Expected | None:
    month = chance.choice(MONTHS)
    flip(study.draw_file(month, "attrition.csv"), chance)
    return {month}, {"attrition"}


def _list(study: Study, chance: random.Random) -> tuple[str, Path, list[str]]:
    month = chance.choice(MONTHS)
    file = study.draw_file(month, "persons.csv")
    return month, file, lines_of(file)


def _stranger(study: Study, lines: list[str], chance: random.Random) -> str:
    """Return somebody of the register who is not in the list."""
    listed = {line.split(",")[1] for line in lines}
    people = [line.split(";")[0] for line in lines_of(study.snapshot("2021-01"))[1:]]
    return chance.choice([person for person in people if person not in listed])


# The commitment.


def bit_of_the_commitment(study: Study, chance: random.Random) -> Expected | None:
    flip(study.commitment, chance)
    return ALL, {"commitment"}


def commitment_gone(study: Study, chance: random.Random) -> Expected | None:  # noqa: ARG001
    study.commitment.unlink()
    return ALL, {"commitment"}


# The plan.


def rule_of_the_plan(study: Study, chance: random.Random) -> Expected | None:
    old, new = chance.choice(
        [
            ("size = 6", "size = 5"),
            ("weeks = [1, 104]", "weeks = [1, 103]"),
            ('"Tiny"', '"Tinier"'),
            ("months = 3", "months = 2"),
            ("smallest_cell = 5", "smallest_cell = 10"),
            ('"a test"', '"another test"'),
        ]
    )
    text = study.plan.read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(old)
    study.plan.write_text(text.replace(old, new), encoding="utf-8")
    return ALL, {"plan"}


def seed_of_the_plan(study: Study, chance: random.Random) -> Expected | None:
    text = study.plan.read_text(encoding="utf-8")
    new = text.replace('seed = "seed ', f'seed = "seed {chance.randrange(10)}')
    study.plan.write_text(new, encoding="utf-8")
    return ALL, {"seed"}


def bit_of_the_plan(study: Study, chance: random.Random) -> Expected | None:
    before = read_protocol(study.plan)
    flip(study.plan, chance)
    try:
        after = read_protocol(study.plan)
    except EvalkitError:
        return ALL, {"plan"}
    if after.rules != before.rules or after.output.folder != before.output.folder:
        return ALL, {"plan"}
    return (ALL, {"seed"}) if after.draw != before.draw else None


# The register and the list of clients.


def bit_of_a_snapshot(study: Study, chance: random.Random) -> Expected | None:
    month, file, _ = _snapshot(study, chance)
    before = _content(file)
    flip(file, chance)
    return _changed(month) if _content(file) != before else None


def row_removed(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _snapshot(study, chance)
    del lines[chance.randrange(1, len(lines))]
    write_lines(file, lines)
    return _changed(month)


def row_twice(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _snapshot(study, chance)
    lines.append(chance.choice(lines[1:]))
    write_lines(file, lines)
    return _changed(month)


def row_added(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _snapshot(study, chance)
    lines.insert(
        chance.randrange(1, len(lines)), f"new{chance.randrange(999)};9;02;X;9"
    )
    write_lines(file, lines)
    return _changed(month)


def value_of_a_row(study: Study, chance: random.Random) -> Expected | None:
    month, file, lines = _snapshot(study, chance)
    place = chance.randrange(1, len(lines))
    cells = lines[place].split(";")
    column = chance.randrange(len(cells))
    others = {0: "someone else", 1: "77", 2: "03", 3: "Kankaanpää", 4: "17"}
    cells[column] = others[column]
    lines[place] = ";".join(cells)
    write_lines(file, lines)
    return _changed(month)


def snapshot_gone(study: Study, chance: random.Random) -> Expected | None:
    month, file, _ = _snapshot(study, chance)
    file.unlink()
    return _changed(month)


def snapshots_exchanged(study: Study, chance: random.Random) -> Expected | None:
    one, other = chance.sample(list(_DRAWN_AFTER), 2)
    aside = study.plan.parent / "aside"
    shutil.move(study.snapshot(one), aside)
    shutil.move(study.snapshot(other), study.snapshot(one))
    shutil.move(aside, study.snapshot(other))
    return {_DRAWN_AFTER[one], _DRAWN_AFTER[other]}, {"snapshot"}


def referral_moved(study: Study, chance: random.Random) -> Expected | None:
    lines = lines_of(study.pilot)
    place = chance.randrange(1, len(lines))
    person, day = lines[place].split(";")
    was = dt.datetime.strptime(day, "%d.%m.%Y").date()
    now = was + dt.timedelta(days=chance.choice([-40, -20, 20, 40]))
    lines[place] = f"{person};{now.day}.{now.month}.{now.year}"
    write_lines(study.pilot, lines)
    months = {m for m in MONTHS if (was <= _opening(m)) != (now <= _opening(m))}
    return (months, {"snapshot"}) if months else None


def client_exchanged(study: Study, chance: random.Random) -> Expected | None:
    lines = lines_of(study.pilot)
    place = chance.randrange(1, len(lines))
    _, day = lines[place].split(";")
    was = dt.datetime.strptime(day, "%d.%m.%Y").date()
    other = lines_of(study.snapshot("2021-01"))[chance.randrange(20, PEOPLE)]
    lines[place] = f"{other.split(';')[0]};{day}"
    write_lines(study.pilot, lines)
    months = {month for month in MONTHS if was <= _opening(month)}
    return (months, {"snapshot"}) if months else None


def _snapshot(study: Study, chance: random.Random) -> tuple[str, Path, list[str]]:
    month = chance.choice(list(_DRAWN_AFTER))
    file = study.snapshot(month)
    return month, file, lines_of(file)


def _changed(month: str) -> Expected:
    return {_DRAWN_AFTER[month]}, {"snapshot"}


def _opening(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _content(file: Path) -> object:
    """Return what a snapshot says: padding, a header's case, codes' zeros apart."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError:
        return file.read_bytes()
    head, *rows = (line.split(";") for line in text.split("\n"))
    header = [name.strip().lower() for name in head]
    return header, sorted([cell.strip().lstrip("0") for cell in row] for row in rows)


OF_FILES = (
    bit_of_a_certificate, field_of_a_certificate, sealed_certificate,
    swapped_certificates, certificate_gone, draw_gone, bit_of_a_list, person_removed,
    person_added, person_exchanged, order_of_persons, list_gone, lists_exchanged,
    bit_of_an_attrition, bit_of_the_commitment, commitment_gone,
)  # fmt: skip
"""Ways that leave plan and register alone."""

OF_DATA = (
    rule_of_the_plan, seed_of_the_plan, bit_of_the_plan, bit_of_a_snapshot,
    row_removed, row_twice, row_added, value_of_a_row, snapshot_gone,
    snapshots_exchanged, referral_moved, client_exchanged,
)  # fmt: skip
