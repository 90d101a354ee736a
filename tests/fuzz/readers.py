"""Every reader of files, with a lawful file to start from."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cohort.archive import read_link
from evalkit.cohort.attrition_table import attrition_of
from evalkit.cohort.chain import said_in
from evalkit.cohort.commitment import Commitment
from evalkit.cohort.forgetting import Forgetting
from evalkit.cohort.verification import verify_published
from evalkit.fees.contract import read_contract
from evalkit.fees.events import read_events
from evalkit.register.recognition import recognise_files
from evalkit.register.register import open_register
from evalkit.service.plan import read_service_plan
from evalkit.statements.claims import read_statements
from evalkit.study.plan_file import commented_plan, read_protocol
from tests.cohort.small_archive import draw_tiny_study, write_tiny_study
from tests.fees.test_events import FINNISH
from tests.fuzz.mutations import mutated, mutated_archive
from tests.register.small_register import (
    finnish,
    make_plan,
    pilot_frame,
    stock_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = make_plan()
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reader:
    """A lawful file, what reads it, and how it is changed."""

    name: str
    content: bytes
    read: Callable[[Path], object]
    mutate: Callable = mutated


def register(file: Path) -> None:
    open_register(file, pilot_frame(), protocol=PLAN).engine.close()


def clients(file: Path) -> None:
    open_register(stock_frame(), file, protocol=PLAN).engine.close()


def recognised(file: Path) -> None:
    recognise_files(file.parent, file, None)


def snapshot_readers(folder: Path) -> list[Reader]:
    text = finnish(stock_frame()).to_csv(sep=";", index=False)
    stock_frame().to_excel(folder / "s.xlsx", index=False, engine="xlsxwriter")
    stock_frame().to_parquet(folder / "s.parquet", index=False)
    pilot = finnish(pilot_frame()).to_csv(sep=";", index=False)
    workbook = (folder / "s.xlsx").read_bytes()
    parquet = (folder / "s.parquet").read_bytes()
    return [
        Reader("stock.csv", text.encode(), register),
        Reader("stock_cp1252.csv", text.encode("cp1252"), register),
        Reader("stock.tsv", text.replace(";", "\t").encode("utf-16"), register),
        Reader("stock.csv.gz", gzip.compress(text.encode(), mtime=0), register),
        Reader("stock.xlsx", workbook, register, mutated_archive),
        Reader("stock.parquet", parquet, register),
        Reader("clients.csv", pilot.encode(), clients),
        Reader("stock_2021-01.csv", text.encode(), recognised),
        Reader("stock_2021-01.xlsx", workbook, recognised, mutated_archive),
    ]


def events(file: Path) -> object:
    return read_events(file, read_contract(ROOT / "sampling" / "fees_satakunta.toml"))


def plan_readers() -> list[Reader]:
    plan = commented_plan(PLAN).encode()
    found = [
        Reader("plan.toml", plan, read_protocol),
        Reader("events.csv", FINNISH.encode(), events),
    ]
    for pattern, read in (
        ("sampling/service_*.toml", read_service_plan),
        ("sampling/fees_*.toml", read_contract),
        ("figures/published.toml", read_statements),
    ):
        for file in sorted(ROOT.glob(pattern))[:1]:
            found.append(Reader(file.name, file.read_bytes(), read))  # noqa: PERF401
    return found


def chain_readers(folder: Path) -> list[Reader]:
    """The files of a study's draws; each is read where its neighbours are lawful."""
    plan = write_tiny_study(folder / "study")
    archive = draw_tiny_study(plan)
    draws = archive.folder
    note = Forgetting(sequence=4, previous="0" * 64, draws=3, note="-", evalkit="-")
    rules = read_protocol(plan).rules.encode()
    (draws / "rules.json").write_bytes(rules)
    certificate = archive.certificates()[1]

    def among(name: str) -> Callable[[Path], object]:
        def read(file: Path) -> None:
            kept = (draws / name).read_bytes()
            (draws / name).write_bytes(file.read_bytes())
            try:
                verify_published(draws)
                archive.links()
                archive.promise()
                archive.read(certificate)
            finally:
                (draws / name).write_bytes(kept)

        return read

    names = [
        "0002-2021-03.json",
        "0002-2021-03.persons.csv",
        "0002-2021-03.attrition.csv",
        "commitment.json",
        "commitment.salt",
        "rules.json",
    ]
    log = draws.parent / "monthly.log"
    return [
        *(Reader(name, (draws / name).read_bytes(), among(name)) for name in names),
        Reader("0004-forgotten.json", note.text.encode(), read_link),
        Reader("commitment", (draws / names[3]).read_bytes(), read_commitment),
        Reader("attrition", (draws / names[2]).read_bytes(), read_attrition),
        Reader("monthly.log", log.read_bytes(), said_in),
    ]


def read_commitment(file: Path) -> object:
    return Commitment.read(file.read_bytes().decode(errors="replace"), file.name)


def read_attrition(file: Path) -> object:
    return attrition_of(file.read_bytes().decode(errors="replace"))


def all_readers(folder: Path) -> list[Reader]:
    """Return every reader; `folder` takes what they need beside their file."""
    return [*snapshot_readers(folder), *plan_readers(), *chain_readers(folder)]
