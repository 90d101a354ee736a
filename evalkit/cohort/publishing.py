"""What an outsider needs to check the draws, gathered in a folder without persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.archive import COMMITMENT, DrawArchive
from evalkit.cohort.verification import RULES
from evalkit.errors import StudyError
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.study.protocol import Protocol


def publish_certificates(protocol: Protocol, folder: Path) -> list[Path]:
    """Write the certificates, the commitment and the plan's rules into a folder.

    No list of persons, no table of who met the criteria (its counts may be small), no
    log, and of the plan neither locations nor the seed: the certificates tell the seed.

    Parameters
    ----------
    protocol
        The plan.
    folder
        Folder to publish; it may hold earlier certificates of the same study.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    DrawError
        If the chain is broken.
    StudyError
        If there is nothing to publish, or the folder holds another study's.
    """
    archive = DrawArchive(protocol.results / "draws")
    promise, links = archive.promise(), archive.links()
    if promise is None and not links:
        raise StudyError(f"There is neither commitment nor draw in {archive.folder}.")
    texts = {f"{link.name}.json": link.text for link in links}
    if promise is not None:
        texts[COMMITMENT] = promise.commitment.text
    texts[RULES] = protocol.rules
    for name, text in texts.items():
        file = folder / name
        if name != RULES and file.exists() and file.read_bytes() != text.encode():
            raise StudyError(
                f"{file} is another one than this study's.",
                hint="What was published stays: name another folder.",
            )
    for name, text in texts.items():
        write_whole(folder / name, text.encode())
    return [folder / name for name in texts]
