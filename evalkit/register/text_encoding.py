"""The encodings of text files: declared, marked, or found by reading them."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

from evalkit.register.pieces import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16", "utf-8": "UTF-8",
          "cp1252": "Windows-1252", "iso8859-1": "ISO-8859-1"}  # fmt: skip


def name_of(encoding: str) -> str:
    """Return the name by which people know an encoding."""
    return _NAMES.get(encoding, encoding)


def find_encoding(path: Path, name: str, declared: str | None) -> str:
    """Return the encoding of a text file: declared, marked, or found by reading it."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((known for bom, known in _BOMS if start.startswith(bom)), None)
    if marked:
        encodings = [marked]
    elif declared:
        encodings = [_known(declared, name)]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        if _decodes(path, encoding):
            return encoding
    raise unreadable(
        name,
        f"the file is not {' nor '.join(name_of(e) for e in encodings)}",
        "Name its encoding in the plan ([data] encoding), or save it as UTF-8.",
    )


def _known(encoding: str, name: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise unreadable(
            name,
            f"the plan's encoding {encoding!r} is not known",
            'Known are, among others, "utf-8", "windows-1252" and "iso-8859-1".',
        ) from None


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeError:
        return False
    return True


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    """Decode a file piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def as_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """Return the file, or a copy in UTF-8 whose lines all end alike.

    DuckDB's wheel knows no other encoding, and takes lines to end as the first does.
    """
    if encoding in {"utf-8", "utf-8-sig"} and not _ends_lines_in_two_ways(path):
        return path
    copy = folder / "transcoded.csv"
    line_ends = io.IncrementalNewlineDecoder(None, translate=True)
    with copy.open("w", encoding="utf-8", newline="") as file:
        file.writelines(map(line_ends.decode, _decoded(path, encoding)))
        file.write(line_ends.decode("", final=True))
    return copy


def _ends_lines_in_two_ways(path: Path) -> bool:
    """Tell whether some lines end as on Windows and others as on Linux."""
    windows = all_lines = 0
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            windows += (before + chunk).count(b"\r\n")
            all_lines += chunk.count(b"\n")
            before = chunk[-1:] if chunk.endswith(b"\r") else b""
    return 0 < windows < all_lines
