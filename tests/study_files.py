"""A small study on disk: register files, a list of clients and a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.examples.preset import read_preset
from evalkit.examples.satakunta import write_satakunta

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = "2020-12", "2021-06"
MONTHS = ["2021-01", "2021-02", "2021-03"]
"""Months that can be measured."""


def write_small_study(folder: Path) -> Path:
    """Write seven months of a small synthetic register; return the plan's path.

    Every month about 40 of 1,000 people are referred and 60 controls are drawn, so that
    no group is masked.
    """
    preset = read_preset("county").with_size(0.08)
    crowd = preset.referral.people_a_month * 5
    referral = preset.referral.model_copy(update={"people_a_month": crowd})
    preset = preset.model_copy(
        update={"first": FIRST, "last": LAST, "referral": referral}
    )
    plan = write_satakunta(folder, preset=preset)
    change(plan, "size = 500", "size = 60")
    text = plan.read_text("utf-8")
    covariates = next(line for line in text.splitlines() if line.startswith("covariat"))
    change(plan, covariates, 'covariates = ["weeks_before", "laid_off", "age", "sex"]')
    return plan


def change(file: Path, old: str, new: str) -> None:
    """Replace a text in a file, which must be there; the encoding is kept."""
    content = file.read_bytes()
    encoding = "utf-8" if file.suffix == ".toml" else "cp1252"
    before = content.decode(encoding)
    if old not in before:
        raise ValueError(f"{file.name} does not contain {old!r}")
    file.write_bytes(before.replace(old, new, 1).encode(encoding))


def contents(folder: Path) -> dict[str, bytes]:
    """Return every result file with its bytes, the log and the lock apart."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in {"monthly.log", ".lock"}
    }
