"""From what a plan or a call names to sources: files, tables, data frames."""

from __future__ import annotations

import glob
import re
import shutil
import zlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EvalkitError, RegisterError
from evalkit.register.canonical import IDENTITY_CODE
from evalkit.register.pieces import Layout, Piece, unreadable
from evalkit.register.spreadsheets import read_workbook
from evalkit.register.tables import read_frame, read_parquet
from evalkit.register.text_files import read_text
from evalkit.study.months import month_in_file_name, parse_month
from evalkit.study.protocol import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evalkit.register.engine import DuckDB

    Place = str | Path | pd.DataFrame | Table
    Places = Place | list[Place] | tuple[Place, ...]

TEXT = (".csv", ".txt", ".tsv")
WORKBOOK = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUET = (".parquet", ".pq")
_READERS: dict[str, Callable[..., Piece]] = {
    **dict.fromkeys(TEXT, read_text),
    **dict.fromkeys(WORKBOOK, read_workbook),
    **dict.fromkeys(PARQUET, read_parquet),
}
_MOST_UNPACKED = 64 << 30
_MOST_RATIO = 100
_SMALL = 64 << 20
_CHUNK = 1 << 20
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, a table or a data frame, and how it becomes a piece."""

    name: str
    read: Callable[[Layout, DuckDB], Piece]


def find_sources(places: Places, folder: Path) -> list[Source]:
    """Return the sources that a location stands for, files in order of their paths.

    Parameters
    ----------
    places
        A path, a folder, a pattern, a table of a database, a data frame, or a list of
        these.
    folder
        What relative paths are relative to.

    Raises
    ------
    RegisterError
        If there is nothing there that could be read.
    """
    if not isinstance(places, list | tuple):
        return list(_sources(places, folder))
    if not places:
        raise RegisterError("The list of files is empty.", hint="Name at least one.")
    return [source for place in places for source in _sources(place, folder)]


def _sources(place: Place, folder: Path) -> Iterator[Source]:
    if isinstance(place, pd.DataFrame):
        read = partial(read_frame, place, "the data frame")
        yield Source(name="the data frame", read=read)
    elif isinstance(place, Table):
        from evalkit.register.databases import read_table

        read = partial(read_table, place, folder)
        yield Source(name=place.table or "the query", read=read)
    elif isinstance(place, str | Path):
        for path in _found(folder / place):
            yield _file_source(path, folder)
    else:
        raise RegisterError(
            f"{place!r:.40} is nothing that can be read.",
            hint="Give a path, a pattern, a list, a pandas DataFrame or a Table.",
        )


def _found(path: Path) -> list[Path]:
    """Return the files of a place that may not be open to everybody."""
    try:
        return find_files(path)
    except (OSError, ValueError) as error:
        if isinstance(error, EvalkitError):
            raise
        reason = getattr(error, "strerror", None) or "no such name"
        raise RegisterError(
            f"{shown_name(str(path))!r:.80} cannot be read: {reason}.",
            hint="Ask for the right to read it, then run the same command again.",
        ) from None


def find_files(path: Path) -> list[Path]:
    """Return the file, or the files of a folder or a pattern, in order."""
    if path.is_dir():
        files = sorted(_in_folder(path))
        rule = f"{shown_name(str(path))} holds no file that evalkit can read."
    elif path.exists():
        return [path]
    elif _MAGIC.search(str(path)):
        found = map(Path, glob.glob(str(path), recursive=True))  # noqa: PTH207
        files = sorted(file for file in found if file.is_file() and _is_visible(file))
        rule = f"No file fits the pattern {shown_name(str(path))}."
    else:
        raise RegisterError(
            f"{shown_name(str(path))}: there is no such file or folder.",
            hint="Locations in a plan are relative to the plan's own folder.",
        )
    if not files:
        raise RegisterError(rule, hint="Expected are CSV, Excel or Parquet files.")
    return files


def _in_folder(folder: Path) -> Iterator[Path]:
    """Yield the readable files of a folder and of its ``key=value`` folders."""
    for path in folder.iterdir():
        if path.is_dir() and "=" in path.name:
            yield from _in_folder(path)
        elif path.is_file() and _is_visible(path) and kind_of(path) in _READERS:
            yield path


def _is_visible(path: Path) -> bool:
    """Tell files from what editors and systems leave beside them."""
    return not path.name.startswith((".", "~", "_"))


def kind_of(path: Path) -> str:
    """Return the ending that tells what a file is: ``.csv`` of ``stock.CSV.gz``."""
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] == ".gz":
        endings.pop()
    return endings[-1] if endings else ""


def _file_source(path: Path, folder: Path) -> Source:
    name = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    name = shown_name(name)
    return Source(name=name, read=partial(_read_file, path, name))


def shown_name(name: str) -> str:
    """Return the name of a file, unless it names a person."""
    coded = re.search(IDENTITY_CODE, name)
    return "a file whose name holds an identity code" if coded else name


def _read_file(path: Path, name: str, layout: Layout, engine: DuckDB) -> Piece:
    """Read a file by its kind; the month may stand in its name or folders."""
    reader = _READERS[readable_kind(path, name)]
    folders = folder_values(path)
    more: dict[str, Any] = {"folders": folders} if reader is read_parquet else {}
    try:
        plain = plain_file(path, name, engine)
        month = _month(path, folders)
        piece = reader(plain, name, layout, engine, month=month, **more)
    except OSError as error:
        raise unreadable(
            name, f"the file cannot be read ({error.strerror or 'damaged'})"
        ) from None
    if plain == path:
        return piece

    def gaps() -> Sequence[int]:
        """Look in a copy made anew: the first may hold another file by then."""
        plain_file(path, name, engine)
        return piece.gaps()

    return replace(piece, gaps=gaps)


def readable_kind(path: Path, name: str) -> str:
    """Return the ending that tells what a file is, or say why it cannot be read."""
    if re.search(IDENTITY_CODE, str(path)):
        raise unreadable(name, "names of files may not name people", "Rename it.")
    kind = kind_of(path)
    if kind not in _READERS:
        raise unreadable(
            name,
            f"files ending in {kind or 'nothing'} cannot be read",
            "Save it as CSV (.csv), Excel (.xlsx) or Parquet (.parquet).",
        )
    return kind


def folder_values(path: Path) -> dict[str, str]:
    """Return what folders named ``key=value`` say."""
    return dict(part.split("=", 1) for part in path.parts[:-1] if "=" in part)


def _month(path: Path, folders: dict[str, str]) -> int | None:
    """Return the month that a file's name or its folders carry."""
    month = month_in_file_name(path.name)
    if month is not None:
        return month
    texts = [f"{folders.get('year', '')}-{folders.get('month', '')}", *folders.values()]
    for text in texts:
        try:
            return parse_month(text)
        except EvalkitError:
            continue
    return None


def plain_file(path: Path, name: str, engine: DuckDB) -> Path:
    """Return the file, or a copy: unpacked, or under a name that is no pattern."""
    if path.suffix.lower() != ".gz" and not _MAGIC.search(str(path)):
        return path
    copy = engine.folder / f"copy{kind_of(path)}"
    if path.suffix.lower() == ".gz":
        _unpack(path, copy, name)
    else:
        shutil.copyfile(path, copy)
    return copy


def _unpack(path: Path, copy: Path, name: str) -> None:
    """Unpack a gzip file, but no small one that would fill the disk."""
    import gzip

    most = min(_MOST_UNPACKED, max(_SMALL, _MOST_RATIO * path.stat().st_size))
    size = 0
    try:
        with gzip.open(path) as packed, copy.open("wb") as file:
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise unreadable(name, "the file would unpack to an absurd size")
                file.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise unreadable(
            name, "the file is damaged: it cannot be unpacked", "Copy it again."
        ) from None
