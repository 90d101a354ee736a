"""The key of the pseudonyms: outside every folder of the study, for its owner only."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_KEY_BYTES = 32
_FEWEST_CHARACTERS = 32
_OTHERS = 0o077
_OWN_NAME = "evalkit: which key"


@dataclass(frozen=True, slots=True, repr=False)
class SecretKey:
    """A key, which never shows itself."""

    key: bytes

    def pseudonym(self, person: str) -> str:
        """Return the HMAC-SHA-256 of an id, as 64 lower-case hexadecimals."""
        return hmac.new(self.key, person.encode(), hashlib.sha256).hexdigest()

    @property
    def fingerprint(self) -> str:
        """What tells two keys apart and tells nothing of either."""
        return self.pseudonym(_OWN_NAME)[:16]


def secret_key(file: Path, *, outside: Iterable[Path]) -> SecretKey:
    """Return the key of a file, which is made if it is not there.

    Parameters
    ----------
    file
        The key's file.
    outside
        Folders that it may not be in, however deep.

    Returns
    -------
    SecretKey
        The key.

    Raises
    ------
    StudyError
        If the file is in one of the folders, can be read by others, or holds no key.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "key"
    >>> key = secret_key(file, outside=[])
    >>> key.pseudonym("a") == secret_key(file, outside=[]).pseudonym("a")
    True
    """
    place = file.resolve()
    for folder in outside:
        if place.is_relative_to(folder.resolve()):
            raise StudyError(
                f"The key may not be kept in {folder}, where the study is.",
                hint="Who has the files may not have the key: name another folder, "
                "best on another drive.",
            )
    try:
        if not place.exists():
            _make(place)
        return SecretKey(_read(place))
    except OSError as error:
        raise StudyError(
            f"The key {file} cannot be used: {error.strerror or error}."
        ) from error


def _make(file: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    handle = os.open(file, flags, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(secrets.token_hex(_KEY_BYTES) + "\n")


def _read(file: Path) -> bytes:
    if os.name != "nt" and file.stat().st_mode & _OTHERS:
        raise StudyError(
            f"The key {file} can be read by others.", hint=f"Run: chmod 600 {file}"
        )
    key = file.read_bytes().strip()
    if len(key) < _FEWEST_CHARACTERS:
        raise StudyError(
            f"{file} holds no key.",
            hint="A key has 32 characters or more; name a file that is not there yet, "
            "and one is made.",
        )
    return key
