"""Changes that find more than random bytes do: most of a file stays as it was."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

WORDS = [
    b"\x00", b'"', b"'", b";", b",", b"\n", b"\r", b"\t", b"|", b"=", b"[", b"{", b"\\",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xe4", b"-1", b"0", b"1e999", b"nan",
    b"inf",
    b"99999999999999999999", b"../../../x", b"2021-13", b"31.2.2021", b"null", b"true",
    b"131052-308T", b"=1+1", b"\xf0\x9f\x98\x80", b"A" * 300,
]  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to four changes."""
    for _ in range(chance.randrange(1, 5)):
        content = chance.choice(_CHANGES)(content, chance)
    return content


def mutated_archive(content: bytes, chance: random.Random) -> bytes:
    """Return a zip archive with changes within one of its parts, or of its bytes."""
    if chance.random() < 0.3:
        return mutated(content, chance)
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        members = old.infolist()
        victim = chance.choice(members).filename
        for member in members:
            part = old.read(member)
            if member.filename == victim:
                part = mutated(part, chance)
            new.writestr(member.filename, part)
    return made.getvalue()


def _place(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content) + 1)


def _bit(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _word(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    return content[:place] + chance.choice(WORDS) + content[place:]


def _replaced(content: bytes, chance: random.Random) -> bytes:
    place, word = _place(content, chance), chance.choice(WORDS)
    return content[:place] + word + content[place + len(word) :]


def _cut(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    return content[:place] + content[place + chance.randrange(1, 60) :]


def _ended(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    part = content[place : place + chance.randrange(1, 60)]
    return content[:place] + part * chance.randrange(1, 20) + content[place:]


def _noise(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    return content[:place] + chance.randbytes(chance.randrange(1, 9)) + content[place:]


_CHANGES = (_bit, _bit, _word, _replaced, _cut, _ended, _repeated, _noise)
