"""The draws of a study on disk: written once, never changed, never overwritten.

A draw is three files in the folder ``draws``, named by its number and month:
``0014-2021-02.persons.csv`` (the list of persons: personal data),
``0014-2021-02.attrition.csv`` and, last, the certificate ``0014-2021-02.json``. Without
its certificate a draw does not exist. A month drawn again gets a new number; the newest
counts, and its certificate names the one that it replaces.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.cohort.certificate import Certificate, hash_of_ids
from evalkit.cohort.draw import Draw
from evalkit.errors import DrawError
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

_NAME = re.compile(r"(\d{4,})-(\d{4}-\d{2})\.json")
_FROM_BACKUP = "Restore the file from a backup; a draw is never edited."


@dataclass(frozen=True, slots=True)
class DrawArchive:
    """The folder in which a study keeps its draws."""

    folder: Path

    def certificates(self) -> list[Certificate]:
        """Return every certificate in the order of the draws.

        Raises
        ------
        DrawError
            If one is missing, edited or not a certificate.
        """
        files = sorted(f for f in self.folder.glob("*.json") if _NAME.fullmatch(f.name))
        found: list[Certificate] = []
        for file in files:
            certificate = Certificate.read(file.read_text(encoding="utf-8"), str(file))
            _require_next(certificate, found[-1] if found else None, file)
            found.append(certificate)
        return found

    def current(self) -> dict[str, Certificate]:
        """Return the certificate that counts for each drawn month."""
        return {certificate.month: certificate for certificate in self.certificates()}

    def read(self, certificate: Certificate) -> Draw:
        """Return an archived draw, its list of persons checked against its hash."""
        persons = self._file(certificate, "persons.csv")
        person_ids = tuple(row["person_id"] for row in _read_rows(persons))
        if hash_of_ids(person_ids) != certificate.persons_sha256:
            raise DrawError(
                f"{persons}: not the persons that the certificate was made for.",
                hint=_FROM_BACKUP,
            )
        return Draw(
            month=certificate.month,
            person_ids=person_ids,
            attrition=_read_attrition(self._file(certificate, "attrition.csv")),
            certificate=certificate,
        )

    def write(self, draw: Draw) -> None:
        """Keep a draw: its persons, its attrition, and last its certificate."""
        certificate = draw.certificate
        persons = ((str(r), i) for r, i in enumerate(draw.person_ids, start=1))
        steps = draw.attrition.astype(str).itertuples(index=False, name=None)
        write_whole(
            self._file(certificate, "persons.csv"),
            _csv_bytes(("rank", "person_id"), persons),
            private=True,
        )
        write_whole(
            self._file(certificate, "attrition.csv"),
            _csv_bytes(tuple(draw.attrition.columns), steps),
        )
        write_whole(self._file(certificate, "json"), certificate.text.encode())

    def _file(self, certificate: Certificate, kind: str) -> Path:
        return self.folder / f"{certificate.sequence:04d}-{certificate.month}.{kind}"


def _require_next(
    certificate: Certificate, before: Certificate | None, file: Path
) -> None:
    """Refuse a chain that was broken: every certificate names the one before it."""
    expected = (before.sequence + 1, before.sha256) if before else (1, None)
    if (certificate.sequence, certificate.previous) != expected:
        raise DrawError(
            f"{file}: the certificate before it is missing or was changed.",
            hint=_FROM_BACKUP,
        )


def _csv_bytes(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _read_rows(file: Path) -> list[dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise DrawError(f"{file} cannot be read.", hint=_FROM_BACKUP) from error
    return list(csv.DictReader(io.StringIO(text)))


def _read_attrition(file: Path) -> pd.DataFrame:
    import pandas as pd

    steps = pd.DataFrame(_read_rows(file))
    return steps.astype(dict.fromkeys(("before", "removed", "left"), "int64"))
