"""Sealed files: JSON that tells by itself whether it was changed since it was written.

The last key is the SHA-256 of the text without it. Who edits the file by hand, copies
it badly or loses a byte of it breaks the seal; who makes a new seal breaks the chain,
since the next file carries the hash of the whole text.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from evalkit.errors import DrawError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEAL = "checksum"


def sealed(values: Mapping[str, Any]) -> str:
    """Return values as JSON text with its seal, the same bytes for the same values."""
    return _written({**values, _SEAL: hash_of(_written(values))})


def unsealed(
    text: str, kinds: Mapping[str, tuple[type, ...]], name: str, *, what: str
) -> dict[str, Any]:
    """Return the values of a sealed text.

    Parameters
    ----------
    text
        The file's text.
    kinds
        Keys that it must have, with the types that their values may have.
    name
        The file that an error names.
    what
        What it should be, for an error: ``"certificate"``.

    Raises
    ------
    DrawError
        If it is not such a text, or not as it was written.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise _changed(name, what) from None
    if not isinstance(values, dict) or set(values) != {*kinds, _SEAL}:
        raise DrawError(f"{name}: not a {what} of this version.")
    del values[_SEAL]
    fitting = all(type(values[key]) in types for key, types in kinds.items())
    if not fitting or sealed(values) != text:
        raise _changed(name, what)
    return values


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _written(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _changed(name: str, what: str) -> DrawError:
    return DrawError(
        f"{name}: this {what} was changed since it was written.",
        hint=f"Restore the file from a backup; a {what} is never edited. If a run was "
        "stopped while it was being written, and nothing was drawn since, delete it "
        "and run again.",
    )
