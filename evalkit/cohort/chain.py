"""The chain of certificates, read without stopping at what is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalkit.cohort.archive import FILE_NAME, FORGOTTEN, read_link
from evalkit.cohort.certificate import Certificate
from evalkit.cohort.findings import Slot
from evalkit.errors import DrawError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from evalkit.cohort.archive import Link

    Said = tuple[int, str, str]

LOG_NAME = "monthly.log"
"""The study's log, in the folder of its results."""

_DRAWN = "draw {sequence}, {month}: certificate {sha256}"
_SAID = re.compile(r"draw (\d+), (\d{4}-\d{2}): certificate ([0-9a-f]{64})", re.ASCII)


def said_of(certificate: Certificate) -> str:
    """Return what a study's log says of a draw; it is only ever added to."""
    return _DRAWN.format(
        sequence=certificate.sequence,
        month=certificate.month,
        sha256=certificate.sha256,
    )


def said_in(log: Path | None) -> list[Said]:
    """Return number, month and certificate's hash of each draw that a log tells of."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace") if log else ""
    except OSError:
        return []
    return [(int(number), month, sha) for number, month, sha in _SAID.findall(text)]


def read_chain(folder: Path, log: Path | None = None) -> list[Slot]:
    """Return the place of every draw, with what is wrong in the chain itself.

    Parameters
    ----------
    folder
        Holds the certificates, and the lists where they are.
    log
        The study's log, which tells of draws that may be gone.

    Returns
    -------
    list of Slot
        In the order of the draws; one that is missing has a place too.
    """
    found = _slots(folder)
    links = [link for slot in found if (link := _filled(folder, slot)) is not None]
    notes = [slot for slot in found if slot.month == FORGOTTEN]
    draws = [slot for slot in found if slot.month != FORGOTTEN]
    said = said_in(log)
    draws += _absent(found, said)
    draws.sort(key=lambda slot: (slot.sequence, slot.month))
    _check_links(draws, links)
    _check_replacements(draws)
    _check_log(draws, said)
    for slot in draws:
        slot.forgotten = bool(notes)
        if any(note.findings for note in notes):
            slot.found("chain", "The note of what was forgotten was changed.")
    return draws


def _slots(folder: Path) -> list[Slot]:
    """Return a place for each number and month that the names of files carry."""
    files = folder.iterdir() if folder.is_dir() else iter(())
    names = filter(None, (FILE_NAME.fullmatch(file.name) for file in files))
    keys = {(int(name["sequence"]), name["month"]) for name in names}
    return [Slot(sequence=number, month=month) for number, month in sorted(keys)]


def _filled(folder: Path, slot: Slot) -> Link | None:
    """Put the certificate into its place, or say why it cannot be there."""
    file = folder / f"{slot.sequence:04d}-{slot.month}.json"
    if not file.exists():
        slot.found(
            "missing",
            "There are files of this draw without its certificate: it was deleted, or "
            "a run was stopped and has not been repeated.",
        )
        return None
    try:
        link = read_link(file)
    except DrawError:
        slot.found("certificate", "The certificate was changed since it was written.")
        return None
    if isinstance(link, Certificate):
        slot.certificate = link
    if file.stem != link.name:
        slot.found("order", f"The file {file.name} holds what {link.name}.json should.")
    return link


def _absent(found: Sequence[Slot], said: Sequence[Said]) -> list[Slot]:
    """Return places for draws of which nothing is left."""
    named = {(slot.sequence, slot.month) for slot in found}
    gone = {(number, month) for number, month, _ in said} - named
    there = {number for number, _ in named | gone}
    numbers = range(1, max(there, default=0) + 1)
    gone |= {(number, "unknown") for number in numbers if number not in there}
    absent = [Slot(sequence=number, month=month) for number, month in gone]
    for slot in absent:
        slot.found("missing", f"Nothing is left of draw {slot.sequence}.")
    return absent


def _check_links(slots: Iterable[Slot], links: Iterable[Link]) -> None:
    """Note where a certificate does not continue from the one before it."""
    before = {link.sequence: link.sha256 for link in links}
    seen: set[int] = set()
    for slot in slots:
        link = slot.certificate
        if link is None or not slot.intact:
            continue
        known = before.get(link.sequence - 1, link.previous)
        right = link.previous == (None if link.sequence == 1 else known)
        if not right or link.sequence in seen:
            slot.found(
                "chain",
                "It does not continue from the certificate before it: one of the two "
                "was made anew.",
            )
        seen.add(link.sequence)


def _check_replacements(slots: Iterable[Slot]) -> None:
    """Note where a month was drawn again without a word."""
    last: dict[str, str | None] = {}
    for slot in slots:
        if slot.certificate is None or not slot.intact:
            last[slot.month] = None
            continue
        before = last.get(slot.month, "")
        if before is not None and (slot.certificate.replaces or "") != before:
            slot.found("chain", "It does not name the draw of this month before it.")
        last[slot.month] = slot.certificate.sha256


def _check_log(slots: Iterable[Slot], said: Iterable[Said]) -> None:
    """Note where the log tells of another certificate of the same draw."""
    told = {(number, month): sha256 for number, month, sha256 in said}
    for slot in slots:
        if slot.certificate is None or not slot.intact:
            continue
        sha256 = slot.certificate.sha256
        if told.get((slot.sequence, slot.month), sha256) != sha256:
            slot.found("certificate", "The study's log tells of another certificate.")
