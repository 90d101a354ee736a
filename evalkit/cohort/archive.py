"""The draws of a study on disk: written once, never changed, never overwritten.

A draw is three files in the folder ``draws``, named by its number and month:
``0014-2021-02.persons.csv`` (the list of persons: personal data),
``0014-2021-02.attrition.csv`` and, last, the certificate ``0014-2021-02.json``. Without
its certificate a draw does not exist. A month drawn again gets a new number; the newest
counts, and its certificate names the one that it replaces. Beside them stands the
study's commitment, if it made one, with its salt until the first draw; after them the
note that the lists of persons were deleted, if they were.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.cohort.attrition_table import attrition_of, attrition_text
from evalkit.cohort.certificate import Certificate, hash_of_ids
from evalkit.cohort.commitment import Commitment, Promise
from evalkit.cohort.draw import Draw
from evalkit.cohort.forgetting import Forgetting
from evalkit.errors import DrawError
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Link = Certificate | Forgetting

FILE_NAME = re.compile(
    r"(?P<sequence>\d{4,})-(?P<month>\d{4}-\d{2}|forgotten)"
    r"\.(?P<kind>json|persons\.csv|attrition\.csv)",
    re.ASCII,
)
COMMITMENT, SALT = "commitment.json", "commitment.salt"
FORGOTTEN = "forgotten"
_FROM_BACKUP = "Restore the file from a backup; a draw is never edited."


@dataclass(frozen=True, slots=True)
class DrawArchive:
    """The folder in which a study keeps its draws."""

    folder: Path

    def links(self) -> list[Link]:
        """Return every certificate in the order of the draws, and the note after them.

        Raises
        ------
        DrawError
            If one is missing, edited or not a certificate.
        """
        found: list[Link] = []
        for file in self._link_files():
            link = read_link(file)
            _require_next(link, found[-1] if found else None, file)
            found.append(link)
        return found

    def _link_files(self) -> list[Path]:
        files = [f for f in self.folder.glob("*.json") if FILE_NAME.fullmatch(f.name)]
        return sorted(files, key=lambda file: int(file.name.partition("-")[0]))

    def certificates(self) -> list[Certificate]:
        """Return every certificate in the order of the draws."""
        return [link for link in self.links() if isinstance(link, Certificate)]

    def current(self) -> dict[str, Certificate]:
        """Return the certificate that counts for each drawn month."""
        return {certificate.month: certificate for certificate in self.certificates()}

    def promise(self) -> Promise | None:
        """Return the study's commitment with its salt, or None."""
        file = self.folder / COMMITMENT
        if not file.exists():
            return None
        commitment = Commitment.read(read_utf8(file), str(file))
        if commitment.seed_sha256 is None:
            return Promise(commitment=commitment, salt=None)
        salt = self.folder / SALT
        if not salt.exists():
            raise DrawError(
                f"{salt} is missing: the salt of the commitment.",
                hint="Restore the file from a backup; without it nobody can check the "
                "commitment.",
            )
        return Promise(commitment=commitment, salt=read_utf8(salt).strip())

    def keep_promise(self, promise: Promise) -> None:
        """Keep a new commitment, its salt first and readable by the owner only."""
        if promise.salt is not None:
            salt = f"{promise.salt}\n".encode()
            write_whole(self.folder / SALT, salt, private=True)
        text = promise.commitment.text.encode()
        write_whole(self.folder / COMMITMENT, text)

    def read(self, certificate: Certificate) -> Draw:
        """Return an archived draw, its files checked against their hashes."""
        persons = self.file(certificate, "persons.csv")
        person_ids = tuple(_read_persons(persons))
        if hash_of_ids(person_ids) != certificate.persons_sha256:
            raise DrawError(
                f"{persons}: not the persons that the certificate was made for.",
                hint=_FROM_BACKUP,
            )
        return Draw(
            month=certificate.month,
            person_ids=person_ids,
            attrition=attrition_of(read_utf8(self.file(certificate, "attrition.csv"))),
            certificate=certificate,
        )

    def write(self, draw: Draw) -> None:
        """Keep a draw: its persons, its attrition, and last its certificate."""
        certificate = draw.certificate
        self._clear(certificate)
        write_whole(
            self.file(certificate, "persons.csv"),
            persons_text(draw.person_ids).encode(),
            private=True,
        )
        write_whole(
            self.file(certificate, "attrition.csv"),
            attrition_text(draw.attrition).encode(),
        )
        write_whole(self.file(certificate, "json"), certificate.text.encode())

    def forget(self, note: Forgetting) -> None:
        """Write the note, then delete the lists: what is gone was said to go."""
        write_whole(self.folder / f"{note.name}.json", note.text.encode())
        for file in self.lists():
            file.unlink(missing_ok=True)

    def lists(self) -> list[Path]:
        """Return the lists of persons that are there."""
        return sorted(self.folder.glob("*.persons.csv"))

    def file(self, link: Link, kind: str) -> Path:
        """Return the path of one of a draw's files."""
        return self.folder / f"{link.name}.{kind}"

    def _clear(self, certificate: Certificate) -> None:
        """Take away what a killed run left under this number: no certificate, no draw.

        The run may have been about another month.
        """
        for file in self.folder.glob(f"{certificate.sequence:04d}-*.csv"):
            if not file.name.startswith(certificate.name):
                file.unlink(missing_ok=True)


def read_link(file: Path) -> Link:
    """Return the certificate or note of a file."""
    forgotten = file.name.endswith(f"-{FORGOTTEN}.json")
    kind = Forgetting if forgotten else Certificate
    return kind.read(read_utf8(file), str(file))


def read_utf8(file: Path) -> str:
    """Return a file's text, or say that it cannot be read."""
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise DrawError(f"{file} is damaged.", hint=_FROM_BACKUP) from None
    except OSError as error:
        raise DrawError(
            f"{file} cannot be read: {error.strerror or error}.", hint=_FROM_BACKUP
        ) from error


def _require_next(link: Link, before: Link | None, file: Path) -> None:
    """Refuse a chain that was broken: every certificate names the one before it."""
    expected = (before.sequence + 1, before.sha256) if before else (1, None)
    named = file.name == f"{link.name}.json"
    if not named or (link.sequence, link.previous) != expected:
        raise DrawError(
            f"{file}: the certificate before it is missing or was changed.",
            hint=_FROM_BACKUP,
        )


def persons_text(person_ids: Iterable[str]) -> str:
    """Return the list of persons as it is kept."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("rank", "person_id"))
    writer.writerows(enumerate(person_ids, start=1))
    return text.getvalue()


def _read_persons(file: Path) -> list[str]:
    """Return the ids of a list of persons that has its two columns."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_utf8(file), newline="")))
        return [str(row["person_id"]) for row in rows]
    except (csv.Error, KeyError):
        raise DrawError(f"{file} is damaged.", hint=_FROM_BACKUP) from None
