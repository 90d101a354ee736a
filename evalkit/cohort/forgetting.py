"""The note that a study's lists of persons were deleted, the last link of its chain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from evalkit.cohort.seal import hash_of, sealed, unsealed
from evalkit.errors import DrawError
from evalkit.results import Result

if TYPE_CHECKING:
    import pandas as pd

NOTE = (
    "The lists of persons were deleted. The certificates stand; whether a list is the "
    "one that was certified can no longer be looked up."
)
_KINDS: dict[str, tuple[type, ...]] = {
    "sequence": (int,), "previous": (str,), "draws": (int,), "note": (str,),
    "evalkit": (str,),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting(Result):
    """That the lists of persons were deleted; no clock time and no person.

    Attributes
    ----------
    sequence
        Its number within the study's chain.
    previous
        SHA-256 of the certificate before it.
    draws
        Draws whose lists were deleted.
    note
        What that means.
    evalkit
        Version that deleted.
    """

    sequence: int
    previous: str
    draws: int
    note: str
    evalkit: str

    @property
    def text(self) -> str:
        """The note as sealed JSON text."""
        return sealed(asdict(self))

    @property
    def sha256(self) -> str:
        """Hash of the note's text."""
        return hash_of(self.text)

    @property
    def name(self) -> str:
        """Number and word, which its file is named by."""
        return f"{self.sequence:04d}-forgotten"

    def to_frame(self) -> pd.DataFrame:
        """Return the note as a table of one row."""
        import pandas as pd

        return pd.DataFrame([asdict(self)])

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Read a note back; `name` is the file that an error names."""
        found = cls(**unsealed(text, _KINDS, name, what="note"))
        if found.sequence < 1:
            raise DrawError(f"{name}: not a note of this version.")
        return found
