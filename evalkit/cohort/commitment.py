"""The commitment of a study: plan and seed promised before there is anything to see.

The commitment is a small file to publish before the first snapshot exists. It holds
the hash of the plan's rules, which may be published any day, and a hash of the seed,
which has to stay secret until then: with a salt, since a seed that somebody remembers
would be found by trying. Every certificate names the commitment and carries the salt,
so that whoever has both can tell that neither plan nor seed was changed in between.

A seed that nobody knows yet needs no secret. The plan then names the public value that
it will be taken from (`seed_source`), and the commitment leaves the seed open.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from evalkit import __version__
from evalkit.cohort.seal import hash_of, sealed, unsealed
from evalkit.errors import ProtocolError
from evalkit.results import Result
from evalkit.study.protocol import SEED_TO_REPLACE

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.study.protocol import Protocol

_SALT_BYTES = 32
_RULE = "seed_sha256 is the SHA-256 of salt|seed; rules_sha256 that of rules.json"
_OPEN = "the seed is left open: it will be taken from seed_source; " + _RULE
_KINDS: dict[str, tuple[type, ...]] = {
    "rules_sha256": (str,), "seed_sha256": (str, type(None)), "seed_source": (str,),
    "rule": (str,), "evalkit": (str,),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment(Result):
    """A promise of plan and seed; no clock time: the day of publication is its date.

    Attributes
    ----------
    rules_sha256
        Hash of the plan without its seed and its locations.
    seed_sha256
        Hash of ``salt|seed``, or None where the seed is a public value of a later day.
    seed_source
        Where the seed comes from.
    rule
        How the hashes are made.
    evalkit
        Version that wrote it.
    """

    rules_sha256: str
    seed_sha256: str | None
    seed_source: str
    rule: str
    evalkit: str

    @property
    def text(self) -> str:
        """The commitment as sealed JSON text."""
        return sealed(asdict(self))

    @property
    def sha256(self) -> str:
        """Hash of the commitment's text, which every certificate carries."""
        return hash_of(self.text)

    def to_frame(self) -> pd.DataFrame:
        """Return the commitment as a table of one row."""
        import pandas as pd

        return pd.DataFrame([asdict(self)])

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Read a commitment back; `name` is the file that an error names."""
        return cls(**unsealed(text, _KINDS, name, what="commitment"))

    def holds_for(self, seed: str, salt: str | None) -> bool:
        """Tell whether a seed is the one that was committed to, or was left open."""
        return self.seed_sha256 is None or self.seed_sha256 == _salted(salt or "", seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a certificate says of the commitment: its hash, and the salt of the seed."""

    commitment: Commitment
    salt: str | None

    def kept_by(self, protocol: Protocol) -> bool:
        """Tell whether a plan is still the one that was committed to."""
        return (
            self.commitment.rules_sha256 == protocol.rules_sha256
            and self.commitment.holds_for(protocol.draw.seed, self.salt)
        )


def promise(protocol: Protocol) -> Promise:
    """Commit to a plan, with a new salt unless its seed is still to come.

    Parameters
    ----------
    protocol
        The plan. A seed that begins with ``replace me`` is left open.

    Returns
    -------
    Promise
        The commitment, and the salt to keep secret until the first certificate.

    Raises
    ------
    ProtocolError
        If the seed is left open and the plan does not say where it will come from.

    Examples
    --------
    >>> from evalkit.examples.satakunta import example_plan
    >>> plan = example_plan()
    >>> made = promise(plan)
    >>> made.kept_by(plan), made.commitment.holds_for("another seed", made.salt)
    (True, False)
    """
    draw = protocol.draw
    left_open = draw.seed.startswith(SEED_TO_REPLACE)
    if left_open and not draw.seed_source:
        raise ProtocolError(
            "The plan has no seed yet, and does not say where it will come from.",
            hint="Write a seed in [draw] seed, or in seed_source the public value of a "
            "later day that it will be taken from.",
        )
    salt = None if left_open else secrets.token_hex(_SALT_BYTES)
    commitment = Commitment(
        rules_sha256=protocol.rules_sha256,
        seed_sha256=_salted(salt, draw.seed) if salt else None,
        seed_source=draw.seed_source,
        rule=_RULE if salt else _OPEN,
        evalkit=__version__,
    )
    return Promise(commitment=commitment, salt=salt)


def _salted(salt: str, seed: str) -> str:
    return hash_of(f"{salt}|{seed}")
