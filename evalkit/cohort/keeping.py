"""A month drawn and kept: after the last draw, and never silently a second time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from evalkit import __version__
from evalkit.cohort.certificate import Certificate
from evalkit.cohort.chain import said_in, said_of
from evalkit.cohort.commitment import Promise, promise
from evalkit.cohort.draw import draw_controls
from evalkit.cohort.forgetting import NOTE, Forgetting
from evalkit.errors import DrawError

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.cohort.archive import DrawArchive, Link
    from evalkit.cohort.draw import Draw
    from evalkit.register.register import Register
    from evalkit.study.protocol import Protocol

LOG = logging.getLogger("evalkit")


def draw_and_keep(
    register: Register,
    month: str,
    archive: DrawArchive,
    log: Path,
    *,
    again: bool = False,
) -> Draw:
    """Draw a month after the study's last draw, keep it, and say so in the log.

    Parameters
    ----------
    register
        The register.
    month
        Cohort month, ``YYYY-MM``.
    archive
        The study's draws.
    log
        The study's log, which tells of every draw that was kept.
    again
        Replace a draw of this month.

    Raises
    ------
    DrawError
        If the month was drawn before, by the archive or by the log, and `again` is
        False; or if the study was closed.
    """
    links = archive.links()
    require_open(links)
    known = {link.month: link for link in links if isinstance(link, Certificate)}
    if month in known and not again:
        raise DrawError(
            f"{month} has been drawn already (number {known[month].sequence}).",
            hint="A drawn sample stays. With --again it is replaced, and the new "
            "certificate says so.",
        )
    draw = draw_controls(
        register,
        month,
        after=links[-1] if links else None,
        replaces=known.get(month),
        promise=archive.promise(),
    )
    if not again:
        _require_first(draw, log)
    archive.write(draw)
    LOG.info(said_of(draw.certificate))
    return draw


def require_open(links: list[Link]) -> None:
    """Refuse to go on with a study whose lists of persons were deleted."""
    if links and isinstance(links[-1], Forgetting):
        raise DrawError(
            "The lists of persons of this study were deleted (evalkit forget): nobody "
            "can be followed up any more.",
            hint="A new study needs an [output] folder of its own.",
        )


def commit_to(protocol: Protocol, archive: DrawArchive) -> Promise:
    """Commit to a plan before its first draw; a study commits once.

    Parameters
    ----------
    protocol
        The plan.
    archive
        The study's draws: there may be none yet.

    Returns
    -------
    Promise
        The commitment. The same one again, if the plan is still the same.

    Raises
    ------
    DrawError
        If something was drawn, or the plan has changed since it was committed to.
    """
    made = archive.promise()
    if made is not None and made.kept_by(protocol):
        return made
    if made is not None:
        raise DrawError(
            f"{archive.folder} holds the commitment to another plan or seed.",
            hint="If it was not published yet, delete commitment.json there and run "
            "again; what was published stays.",
        )
    if archive.links():
        raise DrawError(
            "Samples were drawn already: a commitment after the draw is none.",
            hint="Commit before the first snapshot exists.",
        )
    made = promise(protocol)
    archive.keep_promise(made)
    return made


def forget_persons(archive: DrawArchive) -> int:
    """Delete the lists of persons of a study, after a note in its chain.

    Parameters
    ----------
    archive
        The study's draws.

    Returns
    -------
    int
        Lists that were deleted. None are left: what a stopped run left over goes too.

    Raises
    ------
    DrawError
        If nothing was drawn, or the chain is broken.
    """
    links = archive.links()
    if not links:
        raise DrawError(f"Nothing was drawn in {archive.folder}.")
    last = links[-1]
    if not isinstance(last, Forgetting):
        last = Forgetting(
            sequence=last.sequence + 1,
            previous=last.sha256,
            draws=len(links),
            note=NOTE,
            evalkit=__version__,
        )
    lists = archive.lists()
    archive.forget(last)
    return len(lists)


def _require_first(draw: Draw, log: Path) -> None:
    """Refuse to draw anew what the log tells of; the same draw is no new one."""
    told = {sha256 for _, month, sha256 in said_in(log) if month == draw.month}
    if told and draw.certificate.sha256 not in told:
        raise DrawError(
            f"{draw.month} was drawn before, as {log} tells, and its certificate is "
            "gone.",
            hint="Restore the folder draws from a backup. With --again the month is "
            "drawn anew, and the log keeps both.",
        )
