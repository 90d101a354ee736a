"""The certificate of a draw: what anybody needs to make it again and compare."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from evalkit.cohort.seal import hash_of, sealed, unsealed
from evalkit.errors import DrawError
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

ALGORITHM = (
    "SHA-256 of seed|month|person_id as lower-case hexadecimal, in ascending order; "
    "the sample is the first of the frame"
)
_TEXT, _NUMBER, _MAYBE = (str,), (int,), (str, type(None))
_KINDS = {
    "month": _TEXT, "sequence": _NUMBER, "previous": _MAYBE, "replaces": _MAYBE,
    "plan_sha256": _TEXT, "rules_sha256": _TEXT, "commitment": _MAYBE, "salt": _MAYBE,
    "seed": _TEXT, "seed_source": _TEXT, "algorithm": _TEXT, "snapshot_month": _TEXT,
    "snapshot_rows": _NUMBER, "snapshot_sha256": _TEXT, "frame": _NUMBER,
    "size": _NUMBER, "drawn": _NUMBER, "persons_sha256": _TEXT,
    "attrition_sha256": _TEXT, "evalkit": _TEXT,
}  # fmt: skip
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Result):
    """What was drawn from what, by which rule; no clock time and no person.

    Attributes
    ----------
    month
        Cohort month, ``YYYY-MM``.
    sequence
        Number of the draw within its study, from 1.
    previous
        SHA-256 of the certificate before (its file's bytes), or None for the first.
    replaces
        SHA-256 of the certificate that this draw replaces, where a month was drawn
        again on request.
    plan_sha256
        Hash of the resolved plan without its data and output locations.
    rules_sha256
        Hash of the same without the seed: of the plan as it may be published.
    commitment, salt
        Hash of the commitment that was published before the draw, and what opens its
        hash of the seed; None where there is none.
    seed, seed_source
        The seed, and where it comes from.
    algorithm
        How the seed and the frame give the sample.
    snapshot_month, snapshot_rows, snapshot_sha256
        The snapshot drawn from. Its hash covers every canonical row together with
        whether the person had been referred to the pilot, in no particular order.
    frame
        People in the frame.
    size
        Sample size that the plan asks for.
    drawn
        People drawn: `size`, or the whole frame where it is smaller.
    persons_sha256
        Hash of the drawn ids in ranking order, one a line.
    attrition_sha256
        Hash of the table of who met the criteria, as it is kept.
    evalkit
        Version that drew.
    """

    month: str
    sequence: int
    previous: str | None
    replaces: str | None
    plan_sha256: str
    rules_sha256: str
    commitment: str | None
    salt: str | None
    seed: str
    seed_source: str
    algorithm: str
    snapshot_month: str
    snapshot_rows: int
    snapshot_sha256: str
    frame: int
    size: int
    drawn: int
    persons_sha256: str
    attrition_sha256: str
    evalkit: str

    @property
    def text(self) -> str:
        """The certificate as sealed JSON text, the same bytes for the same draw."""
        return sealed(asdict(self))

    @property
    def sha256(self) -> str:
        """Hash of the certificate's text, which the next certificate carries."""
        return hash_of(self.text)

    @property
    def name(self) -> str:
        """Number and month, which the files of the draw are named by."""
        return f"{self.sequence:04d}-{self.month}"

    def to_frame(self) -> pd.DataFrame:
        """Return the certificate as a table of one row."""
        import pandas as pd

        return pd.DataFrame([asdict(self)])

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Read a certificate back; `name` is the file that an error names.

        Raises
        ------
        DrawError
            If it is no certificate, or not as it was written.
        """
        found = cls(**unsealed(text, _KINDS, name, what="certificate"))
        months = (found.month, found.snapshot_month)
        # Number and month become part of a path.
        if not all(map(_MONTH.fullmatch, months)) or found.sequence < 1:
            raise DrawError(f"{name}: not a certificate of a month.")
        return found


def hash_of_ids(person_ids: Iterable[str]) -> str:
    """Return the SHA-256 of ids, one a line, in the given order."""
    return hashlib.sha256("".join(f"{i}\n" for i in person_ids).encode()).hexdigest()
