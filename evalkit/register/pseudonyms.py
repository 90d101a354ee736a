"""A study's files with pseudonyms in the place of ids, and no column it does not use.

A pseudonym is the HMAC-SHA-256 of the id under a secret key [1]_: the same person has
the same one in every file, and nobody without the key finds it by trying all identity
codes, as anybody could with a plain hash. Only the columns that the plan maps are
copied.

References
----------
.. [1] Krawczyk, H., Bellare, M., and Canetti, R. (1997). HMAC: keyed-hashing for
   message authentication. RFC 2104.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from evalkit.errors import StudyError
from evalkit.register import canonical
from evalkit.register.engine import DuckDB, identifier, literal
from evalkit.register.locations import find_sources
from evalkit.register.own_files import location_of
from evalkit.register.pieces import UnreadableError, pilot_layout, snapshot_layout
from evalkit.register.problems import Problem, refuse
from evalkit.register.secret_key import secret_key
from evalkit.register.staging import Batch
from evalkit.results import Result
from evalkit.storage import write_whole
from evalkit.study.plan_file import commented_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from evalkit.register.locations import Source
    from evalkit.register.pieces import Layout, Piece
    from evalkit.register.secret_key import SecretKey
    from evalkit.study.protocol import Protocol

NEW_KEY = (
    "Another key makes other pseudonyms, which draw other people: it is another study."
)
_PLAN, _MARK = "plan.toml", "pseudonyms.json"
_FOLDERS = {"snapshots": "register", "pilot": "clients"}
_ENDINGS = {"CSV": ".csv", "Excel": ".xlsx"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pseudonymised(Result):
    """What was written.

    Attributes
    ----------
    plan
        Path of the new study's plan.
    files
        ``file, rows, people``, one row per file.
    """

    plan: Path
    files: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``file, rows, people``, one row per file."""
        return self.files.copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copier:
    """Copies sources into a folder, ids replaced by pseudonyms."""

    engine: DuckDB
    key: SecretKey
    folder: Path

    def copy(self, source: Source, layout: Layout) -> dict[str, Any]:
        """Copy one source; return what was written."""
        piece = source.read(layout, self.engine)
        batch = Batch.for_piece(piece, layout, self.engine, 0)
        batch.add(piece, 0)
        self._refuse_codes(piece, batch)
        ids = self._replace_ids(batch)
        file = self.folder / _FOLDERS[layout.table] / _name(piece)
        self._write(file, piece, layout)
        return {
            "table": layout.table,
            "file": file.relative_to(self.folder).as_posix(),
            "rows": batch.rows,
            "people": ids,
        }

    def _refuse_codes(self, piece: Piece, batch: Batch) -> None:
        """Refuse identity codes where no id belongs: they would stay as they are."""
        for name, header in batch.layout.columns.items():
            text = f"CAST({identifier(name)} AS VARCHAR)"
            found = f"SELECT count(*) FROM staged WHERE {canonical.identity(text)}"
            if name != "person_id" and self.engine.value(found):
                raise UnreadableError(
                    Problem(
                        where=piece.name,
                        column=header,
                        rule="Finnish identity codes in a column that is no id",
                        remedy="Take them out, or take the column out of the plan.",
                    )
                )

    def _replace_ids(self, batch: Batch) -> int:
        """Make the table `pseudonyms` of every id of the batch, and count them."""
        import pandas as pd

        type_ = batch.types["person_id"]
        text = canonical.written(identifier("person_id"), type_, "id")
        inner = f"(SELECT DISTINCT person_id, {text} AS id FROM staged)"
        known = canonical.present("id", type_, "id")
        rows = self.engine.rows(f"SELECT person_id, {known} FROM {inner}")
        made = [(old, self.key.pseudonym(_plain(new))) for old, new in rows if new]
        table = pd.DataFrame(made, columns=["old", "pseudonym"])
        self.engine.upload("pseudonyms", table)
        return len({pseudonym for _, pseudonym in made})

    def _write(self, file: Path, piece: Piece, layout: Layout) -> None:
        columns = [
            f"{'pseudonym' if name == 'person_id' else identifier(name)} "
            f"AS {identifier(header)}"
            for name, header in layout.columns.items()
        ]
        query = (
            f"SELECT {', '.join(columns)} "
            "FROM (SELECT *, rowid AS place FROM staged) s "
            "LEFT JOIN pseudonyms ON CAST(old AS VARCHAR) = CAST(person_id AS VARCHAR) "
            "ORDER BY place"
        )
        made = self.engine.folder / f"copied{file.suffix}"
        if piece.kind == "Excel":
            frame = self.engine.frame(query)
            frame.to_excel(made, index=False, engine="xlsxwriter")
        else:
            form = "parquet" if file.suffix == ".parquet" else "csv, DELIMITER ';'"
            self.engine.run(f"COPY ({query}) TO {literal(str(made))} (FORMAT {form})")
        write_whole(file, made.read_bytes(), private=True)


def pseudonymise(protocol: Protocol, *, key: Path, folder: Path) -> Pseudonymised:
    """Copy a study's files with pseudonyms in the place of ids.

    Parameters
    ----------
    protocol
        The plan, whose own paths are read. Ids may be identity codes.
    key
        File of the secret key, outside the study and the new folder; made if it is not
        there.
    folder
        Folder for the copies and their plan.

    Returns
    -------
    Pseudonymised
        The new plan, and what was copied.

    Raises
    ------
    StudyError
        If the key is in either folder, can be read by others, or is not the one that
        the folder's files were made with.
    RegisterError
        If a file cannot be read, or holds identity codes in another column.
    """
    import pandas as pd

    secret = secret_key(key, outside=[protocol.folder, protocol.results, folder])
    _require_same_key(folder, secret)
    engine = DuckDB()
    try:
        copier = Copier(engine=engine, key=secret, folder=folder)
        copied = [
            _copied(copier, source, layout)
            for layout in (snapshot_layout(protocol), pilot_layout(protocol))
            for source in find_sources(
                getattr(protocol.data, layout.table), protocol.folder
            )
        ]
    finally:
        engine.close()
    files = pd.DataFrame(copied)
    if files["file"].duplicated().any():
        raise StudyError(
            "Two files have one name, in different folders.",
            hint="Give each a name of its own, then run again.",
        )
    plan = _plan(protocol, files, folder)
    write_whole(folder / _PLAN, commented_plan(plan, note=NEW_KEY).encode())
    return Pseudonymised(plan=folder / _PLAN, files=files[["file", "rows", "people"]])


def _copied(copier: Copier, source: Source, layout: Layout) -> dict[str, Any]:
    try:
        return copier.copy(source, layout)
    except UnreadableError as error:
        refuse(error.problems)
        raise


def _plan(protocol: Protocol, files: pd.DataFrame, folder: Path) -> Protocol:
    """Return the plan of the copies: the same but for where they are."""
    places: dict[str, object] = {}
    for table, home in _FOLDERS.items():
        names = files.loc[files["table"] == table, "file"]
        paths: Sequence[Path] = [folder / name for name in names]
        places[table] = location_of(folder / home, paths, [], folder)
    data = protocol.data.model_copy(
        update={**places, "encoding": None, "header_row": None, "sheet": None}
    )
    return protocol.model_copy(update={"data": data})


def _require_same_key(folder: Path, key: SecretKey) -> None:
    """Refuse to mix the pseudonyms of two keys in one folder."""
    mark = folder / _MARK
    text = json.dumps({"key": key.fingerprint}) + "\n"
    if mark.exists() and mark.read_bytes() != text.encode():
        raise StudyError(
            f"The files in {folder} were made with another key. {NEW_KEY}",
            hint="Name another folder for it, or the old key for this one.",
        )
    write_whole(mark, text.encode())


def _name(piece: Piece) -> PurePosixPath:
    """Return the copy's name: the source's, as far as it stays within the folder."""
    ending = _ENDINGS.get(piece.kind, ".parquet")
    plain = re.sub(r"(\.gz)$", "", piece.name.replace("\\", "/"), flags=re.IGNORECASE)
    parts = [part for part in PurePosixPath(plain).parts if part not in {"..", "/"}]
    folders = [part for part in parts[:-1] if "=" in part]
    name = re.sub(r"[^\w.=-]", "_", parts[-1])
    return PurePosixPath(*folders, name).with_suffix(ending)


def _plain(person: str) -> str:
    """Write an identity code in one way; it is the same person in any letters."""
    return person.upper() if re.fullmatch(canonical.IDENTITY_CODE, person) else person
