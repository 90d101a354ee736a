"""The certificate of a draw: what anybody needs to make it again and compare."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Self

from evalkit.errors import DrawError
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

ALGORITHM = (
    "SHA-256 of seed|month|person_id as lower-case hexadecimal, in ascending order; "
    "the sample is the first of the frame"
)


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
    evalkit
        Version that drew.
    """

    month: str
    sequence: int
    previous: str | None
    replaces: str | None
    plan_sha256: str
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
    evalkit: str

    @property
    def text(self) -> str:
        """The certificate as JSON text, the same bytes for the same draw."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @property
    def sha256(self) -> str:
        """Hash of the certificate's text, which the next certificate carries."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return the certificate as a table of one row."""
        import pandas as pd

        return pd.DataFrame([asdict(self)])

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Read a certificate back; `name` is the file that an error names."""
        try:
            values = json.loads(text)
            known = {field.name for field in fields(cls)}
            if not isinstance(values, dict) or set(values) != known:
                raise DrawError(f"{name}: not a certificate of this version.")
            return cls(**values)
        except json.JSONDecodeError as error:
            raise DrawError(
                f"{name}: not a certificate: {error}.",
                hint="Restore the file from a backup; a certificate is never edited.",
            ) from error


def hash_of_ids(person_ids: Iterable[str]) -> str:
    """Return the SHA-256 of ids, one a line, in the given order."""
    return hashlib.sha256("".join(f"{i}\n" for i in person_ids).encode()).hexdigest()
