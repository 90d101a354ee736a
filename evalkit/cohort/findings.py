"""What a verification may find in a draw, and how a draw's row is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evalkit.cohort.certificate import Certificate

Kind = Literal[
    "", "missing", "certificate", "order", "chain", "commitment", "plan", "seed",
    "snapshot", "person added", "person removed", "list", "attrition",
]  # fmt: skip
Status = Literal["same", "differs", "cannot be checked", "forgotten"]

KINDS: tuple[Kind, ...] = (
    "missing", "certificate", "order", "chain", "commitment", "plan", "seed",
    "snapshot", "person added", "person removed", "list", "attrition",
)  # fmt: skip
"""Kinds of findings, the cause before what follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    kind: Kind
    detail: str
    status: Status = "differs"


@dataclass(slots=True, kw_only=True)
class Slot:
    """The place of one draw in the chain, what stands in it, and what was found.

    `certificate` is None where there is none that can be read.
    """

    sequence: int
    month: str
    certificate: Certificate | None = None
    forgotten: bool = False
    findings: list[Finding] = field(default_factory=list)

    def found(self, kind: Kind, detail: str, status: Status = "differs") -> None:
        """Note a finding."""
        self.findings.append(Finding(kind=kind, detail=detail, status=status))

    @property
    def intact(self) -> bool:
        """Whether the slot holds the certificate that its name promises."""
        return self.certificate is not None and not self.findings

    def row(self) -> dict[str, object]:
        """Return the draw's row: its first cause, and everything that was found."""
        found = sorted(self.findings, key=lambda one: KINDS.index(one.kind))
        status: Status = "forgotten" if self.forgotten else "same"
        if found:
            differs = any(one.status == "differs" for one in found)
            status = "differs" if differs else found[0].status
        return {
            "month": self.month,
            "draw": self.sequence,
            "status": status,
            "kind": found[0].kind if found else "",
            "detail": " ".join(dict.fromkeys(one.detail for one in found)),
        }
