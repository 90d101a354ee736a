"""An archived draw made again, and what of it is otherwise than it was kept."""

from __future__ import annotations

import csv
import dataclasses
import io
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.cohort.archive import DrawArchive, persons_text, read_utf8
from evalkit.cohort.certificate import hash_of_ids
from evalkit.cohort.draw import draw_controls, snapshot_hash
from evalkit.cohort.findings import Finding, Kind
from evalkit.cohort.seal import hash_of
from evalkit.errors import DrawError, EvalkitError, EvalkitWarning
from evalkit.study.months import parse_month

if TYPE_CHECKING:
    from evalkit.cohort.certificate import Certificate
    from evalkit.cohort.draw import Draw
    from evalkit.cohort.findings import Slot
    from evalkit.register.register import Register

_REMADE = (
    "seed_source", "algorithm", "snapshot_month", "snapshot_rows", "frame", "size",
    "drawn", "persons_sha256", "attrition_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remaking:
    """Makes draws again from a register, which may be gone or partly unreadable."""

    register: Register | None
    archive: DrawArchive

    def check(self, slot: Slot) -> None:
        """Note how a draw differs from what the register gives, and its files too."""
        certificate = slot.certificate
        if certificate is None:
            return
        draw = None
        # Under another plan there is no saying what the snapshot was.
        if not any(one.kind == "plan" for one in slot.findings):
            draw = self._again(slot, certificate)
        if draw is not None:
            _compare(slot, certificate, draw.certificate)
        if not slot.forgotten:
            self._check_list(slot, certificate, draw)
        self._check_attrition(slot, certificate)

    def _again(self, slot: Slot, certificate: Certificate) -> Draw | None:
        """Draw once more, from the same snapshot if it still is that."""
        register = self.register
        snapshot = parse_month(certificate.snapshot_month)
        if register is None or snapshot not in register.months:
            slot.found(
                "snapshot",
                f"The snapshot of {certificate.snapshot_month} is not there or cannot "
                "be read.",
                "cannot be checked",
            )
            return None
        seeded = _by_certificate(register, certificate)
        month = parse_month(certificate.month)
        try:
            if snapshot_hash(seeded, month) != certificate.snapshot_sha256:
                slot.found(
                    "snapshot",
                    "The register has changed since the draw: the snapshot of "
                    f"{certificate.snapshot_month}, or who had been referred by then, "
                    "is not what the sample was drawn from.",
                )
                return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", EvalkitWarning)
                return draw_controls(seeded, certificate.month)
        except EvalkitError as error:
            slot.found(
                "certificate",
                f"This plan could not draw it: {error.message}",
                "cannot be checked",
            )
            return None

    def _check_list(
        self, slot: Slot, certificate: Certificate, draw: Draw | None
    ) -> None:
        """Note how the list of persons differs from the one that was certified."""
        file = self.archive.file(certificate, "persons.csv")
        if not file.exists():
            slot.found("missing", "The list of persons is missing.")
            return
        try:
            text = read_utf8(file)
        except DrawError:
            slot.found("list", "The list of persons is damaged.")
            return
        ids = _ids_in(text)
        kept = text == persons_text(ids)
        if draw is not None:
            if ids != list(draw.person_ids):
                slot.findings.append(_difference(ids, list(draw.person_ids)))
            elif not kept:
                slot.found("list", "The list of persons is not as it was written.")
        elif not kept or hash_of_ids(ids) != certificate.persons_sha256:
            slot.found("list", "The list of persons is not the one certified.")

    def _check_attrition(self, slot: Slot, certificate: Certificate) -> None:
        file = self.archive.file(certificate, "attrition.csv")
        if not file.exists():
            slot.found("missing", "The table of who met the criteria is missing.")
            return
        try:
            same = hash_of(read_utf8(file)) == certificate.attrition_sha256
        except DrawError:
            same = False
        if not same:
            slot.found(
                "attrition",
                "The table of who met the criteria is not the one certified.",
            )


def _by_certificate(register: Register, certificate: Certificate) -> Register:
    """Return the register under the certificate's seed.

    As many controls as clients are as many as there were then: the list grows.
    """
    plan = register.protocol
    change: dict[str, object] = {"seed": certificate.seed}
    if plan.draw.size == "pilot":
        change["size"] = certificate.size
    draw = plan.draw.model_copy(update=change)
    protocol = plan.model_copy(update={"draw": draw})
    return dataclasses.replace(register, protocol=protocol)


def _compare(slot: Slot, kept: Certificate, again: Certificate) -> None:
    """Note which of a certificate's statements the draw made again does not bear."""
    wrong = [name for name in _REMADE if getattr(kept, name) != getattr(again, name)]
    if wrong:
        slot.found(
            "certificate",
            f"The draw made again does not give the certificate's {', '.join(wrong)}.",
        )


def _ids_in(text: str) -> list[str]:
    """Return the ids of a list of persons as far as it can be read."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    except csv.Error:
        return []
    return [row[1] for row in rows if len(row) > 1]


def _difference(kept: list[str], drawn: list[str]) -> Finding:
    """Return how a list differs from the people drawn, without naming any."""
    added, removed = _without(kept, drawn), _without(drawn, kept)
    kind: Kind = "list"
    if added and removed:
        text = f"{added} in the list were not drawn, and {removed} drawn are not in it."
    elif added:
        kind, text = "person added", f"In the list, but not drawn: {added}."
    elif removed:
        kind, text = "person removed", f"Drawn, but not in the list: {removed}."
    else:
        kind, text = "order", "The list is not in the order of the ranking."
    return Finding(kind=kind, detail=text)


def _without(these: list[str], those: list[str]) -> int:
    """Count those entries of a list that another list lacks, repeated ones too."""
    return (Counter(these) - Counter(those)).total()
