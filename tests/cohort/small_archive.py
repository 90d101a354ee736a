"""Tiny studies on disk, drawn and kept without the batch: thousands run in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.archive import DrawArchive
from evalkit.cohort.chain import said_of
from evalkit.cohort.commitment import promise
from evalkit.cohort.draw import draw_controls
from evalkit.register.register import open_register
from evalkit.study.plan_file import commented_plan, read_protocol
from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from pathlib import Path

SNAPSHOTS = ("2021-01", "2021-02", "2021-03", "2021-04")
MONTHS = ("2021-02", "2021-03", "2021-04")
PEOPLE, REFERRED, SIZE = 40, 8, 6
COLUMNS = {
    "person_id": "henkilö", "weeks": "kesto", "employment_code": "koodi",
    "office": "toimisto", "age": "ikä",
}  # fmt: skip


def tiny_plan(seed="a tiny seed", **draw):
    return Protocol.model_validate(
        {
            "study": {"title": "Tiny", "synthetic": True},
            "data": {
                "snapshots": "register/*.csv",
                "pilot": "pilot.csv",
                "columns": COLUMNS,
                "pilot_columns": {"person_id": "henkilö", "referral_date": "ohjattu"},
            },
            "draw": {"seed": seed, "seed_source": "a test", "size": SIZE, **draw},
            "estimate": {"covariates": ["age"]},
        }
    )


def write_tiny_study(folder: Path, number: int = 0) -> Path:
    """Write a register of forty people in four months, and a plan; return its path."""
    chance = np.random.default_rng(number)
    (folder / "register").mkdir(parents=True)
    ids = [f"p{number % 97:02d}{i:03d}" for i in range(PEOPLE)]
    weeks = chance.integers(1, 60, PEOPLE)
    age = chance.integers(18, 64, PEOPLE)
    for step, month in enumerate(SNAPSHOTS):
        rows = pd.DataFrame(
            {
                "henkilö": ids,
                "kesto": weeks + 4 * step,
                "koodi": chance.choice(["02", "02", "02", "01", "07"], PEOPLE),
                "toimisto": chance.choice(["Pori", "Rauma"], PEOPLE),
                "ikä": age,
            }
        )
        rows.to_csv(folder / "register" / f"{month}.csv", sep=";", index=False)
    referred = pd.date_range("2021-01-11", periods=REFERRED, freq="10D")
    pilot = pd.DataFrame(
        {"henkilö": ids[:REFERRED], "ohjattu": referred.strftime("%-d.%-m.%Y")}
    )
    pilot.to_csv(folder / "pilot.csv", sep=";", index=False)
    plan = folder / "plan.toml"
    plan.write_text(commented_plan(tiny_plan(f"seed {number}")), encoding="utf-8")
    return plan


def draw_tiny_study(plan: Path, months=MONTHS, *, commit: bool = True) -> DrawArchive:
    """Draw the months of a study in this order, and say so in its log."""
    protocol = read_protocol(plan)
    archive = DrawArchive(protocol.results / "draws")
    if commit:
        archive.keep_promise(promise(protocol))
    register = open_register(protocol=protocol)
    last, lines = None, []
    for month in months:
        draw = draw_controls(
            register,
            month,
            after=last,
            replaces=archive.current().get(month),
            promise=archive.promise(),
        )
        archive.write(draw)
        last = draw.certificate
        lines.append(f"2021-05-01T06:30:00 INFO {said_of(last)}\n")
    register.engine.close()
    (protocol.results / "monthly.log").write_text("".join(lines), encoding="utf-8")
    return archive
