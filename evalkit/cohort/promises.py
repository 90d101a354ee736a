"""Whether the draws keep to the plan and the seed that were promised."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from evalkit.cohort.archive import COMMITMENT, read_utf8
from evalkit.cohort.commitment import Commitment
from evalkit.errors import DrawError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from evalkit.cohort.certificate import Certificate
    from evalkit.cohort.findings import Slot


def check_commitment(folder: Path, slots: Sequence[Slot]) -> None:
    """Note where a draw has something else than the folder's commitment promised."""
    file = folder / COMMITMENT
    commitment = None
    if file.exists():
        try:
            commitment = Commitment.read(read_utf8(file), str(file))
        except DrawError:
            for slot in slots:
                slot.found("commitment", "The commitment was changed.")
            return
    for slot in slots:
        if slot.certificate is not None:
            _check_kept(slot, slot.certificate, commitment)


def check_steady(slots: Sequence[Slot]) -> None:
    """Note where plan or seed are not those of the draw before."""
    filled = [(slot, slot.certificate) for slot in slots if slot.certificate]
    for (_, before), (slot, certificate) in pairwise(filled):
        if certificate.rules_sha256 != before.rules_sha256:
            slot.found("plan", f"The plan was changed after draw {before.sequence}.")
        if certificate.seed != before.seed:
            slot.found("seed", f"The seed was changed after draw {before.sequence}.")


def check_rules(slots: Sequence[Slot], rules_sha256: str) -> None:
    """Note where a draw was not made by this plan."""
    for slot in slots:
        if slot.certificate and slot.certificate.rules_sha256 != rules_sha256:
            slot.found(
                "plan",
                "The plan is not the one that this sample was drawn by (evalkit "
                f"{slot.certificate.evalkit}).",
            )


def _check_kept(
    slot: Slot, certificate: Certificate, commitment: Commitment | None
) -> None:
    if commitment is None:
        if certificate.commitment is not None:
            text = "The commitment that the certificate names is not there."
            slot.found("commitment", text, "cannot be checked")
        return
    if certificate.commitment != commitment.sha256:
        slot.found("commitment", "The certificate does not name this commitment.")
        return
    if certificate.rules_sha256 != commitment.rules_sha256:
        slot.found("plan", "The plan is not the one that was committed to.")
    if not commitment.holds_for(certificate.seed, certificate.salt):
        slot.found("seed", "The seed is not the one that was committed to.")
