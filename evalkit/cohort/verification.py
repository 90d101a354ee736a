"""Every draw of a study made again, and compared with what was kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cohort.archive import FILE_NAME, DrawArchive
from evalkit.cohort.chain import LOG_NAME, read_chain, said_in
from evalkit.cohort.promises import check_commitment, check_rules, check_steady
from evalkit.cohort.remaking import Remaking
from evalkit.cohort.seal import hash_of
from evalkit.errors import EvalkitError, StudyError
from evalkit.register.register import examine_register
from evalkit.results import Result
from evalkit.study.plan_file import read_protocol
from evalkit.study.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from evalkit.cohort.findings import Slot

RULES = "rules.json"
"""The plan as it is published: its hash is `rules_sha256` of the certificates."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verification(Result):
    """What became of each draw.

    Attributes
    ----------
    draws
        One row per draw: ``month``, ``draw`` (its number), ``status`` ("same",
        "differs", "cannot be checked" or "forgotten"), ``kind`` (what differs first:
        "missing", "certificate", "order", "chain", "commitment", "plan", "seed",
        "snapshot", "person added", "person removed", "list" or "attrition"; empty where
        nothing does) and ``detail``.
    notes
        What else should be known.
    """

    draws: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether there is a draw, and every one is the same."""
        return len(self.draws) > 0 and bool(self.draws["status"].eq("same").all())

    def to_frame(self) -> pd.DataFrame:
        """Return ``month, draw, status, kind, detail``, one row per draw."""
        return self.draws.copy()

    def __str__(self) -> str:
        lines = []
        for row in self.draws.to_dict("records"):
            kind = f" ({row['kind']})" if row["kind"] else ""
            detail = f" {row['detail']}" if row["detail"] else ""
            head = f"{row['month']}  draw {row['draw']}: {row['status']}{kind}."
            lines.append(head + detail)
        return "\n".join([*lines, *self.notes])


def verify(plan: str | Path | Protocol) -> Verification:
    """Make every draw of a study again, and compare it with what was kept.

    The certificates' chain is checked first, then the commitment and the plan; then the
    sample is drawn again from the snapshot and compared with the certificate, the list
    of persons and the table of who met the criteria [1]_. Of everything that differs
    the cause is named, not what follows from it.

    Parameters
    ----------
    plan
        The study's plan, or the path of its file.

    Returns
    -------
    Verification
        One row per draw; no person is named. A study that was tampered with is no
        error: its rows say where.

    Raises
    ------
    StudyError
        If there is no draw to verify.

    References
    ----------
    .. [1] Haber, S., and Stornetta, W. S. (1991). How to time-stamp a digital document.
       Journal of Cryptology, 3(2), 99-111.

    Examples
    --------
    >>> import tempfile
    >>> from evalkit.cohort.archive import DrawArchive
    >>> from evalkit.cohort.draw import draw_controls
    >>> from evalkit.examples.small import small_study
    >>> from evalkit.register.register import open_register
    >>> plan = small_study(tempfile.mkdtemp())
    >>> register = open_register(protocol=read_protocol(plan))
    >>> archive = DrawArchive(register.protocol.results / "draws")
    >>> archive.write(draw_controls(register, "2021-02"))
    >>> print(verify(plan))
    2021-02  draw 1: same.
    """
    protocol = _plan(plan)
    home = protocol.results if isinstance(protocol, Protocol) else None
    results = _results(plan, home)
    folder = results / "draws"
    slots = read_chain(folder, results / LOG_NAME)
    if not slots:
        raise StudyError(
            f"There is no draw in {folder}.",
            hint="`evalkit draw` and `evalkit monthly` make them.",
        )
    check_commitment(folder, slots)
    notes: list[str] = []
    if isinstance(protocol, Protocol):
        notes = _remade(slots, protocol, folder)
    else:
        _without_plan(slots, protocol)
    if home is not None and results != home:
        for slot in slots:
            slot.found("plan", f"The plan names {home.name}, where no draw is.")
    return _verification(slots, notes)


def verify_published(folder: str | Path) -> Verification:
    """Check published certificates, without any personal data.

    Checked are each certificate's seal, the chain, and whether plan or seed were
    changed between draws. A commitment and the plan's rules that stand beside the
    certificates (``commitment.json``, ``rules.json``) are checked too.

    Parameters
    ----------
    folder
        Holds the certificates, ``0001-2021-02.json`` and so on.

    Returns
    -------
    Verification
        One row per draw.

    Raises
    ------
    StudyError
        If there is no certificate.

    Examples
    --------
    >>> import tempfile
    >>> from evalkit.cohort.archive import DrawArchive
    >>> from evalkit.cohort.draw import draw_controls
    >>> from evalkit.examples.small import small_register
    >>> folder = tempfile.mkdtemp()
    >>> DrawArchive(Path(folder)).write(draw_controls(small_register(), "2021-02"))
    >>> print(verify_published(folder))
    2021-02  draw 1: same.
    No commitment was published: the plan may have been written after the data.
    """
    place = Path(folder)
    slots = read_chain(place)
    if not slots:
        raise StudyError(
            f"There is no certificate in {place}.",
            hint="They are named by number and month: 0001-2021-02.json.",
        )
    check_steady(slots)
    check_commitment(place, slots)
    rules = place / RULES
    if rules.exists():
        text = rules.read_bytes().decode(errors="replace")
        check_rules(slots, hash_of(text))
    committed = any(slot.certificate and slot.certificate.commitment for slot in slots)
    note = "No commitment was published: the plan may have been written after the data."
    return _verification(slots, [] if committed else [note])


def _plan(plan: str | Path | Protocol) -> Protocol | EvalkitError:
    """Return the plan, or what is wrong with it."""
    if isinstance(plan, Protocol):
        return plan
    try:
        return read_protocol(plan)
    except EvalkitError as error:
        if not Path(plan).is_file():
            raise
        return error


def _results(plan: str | Path | Protocol, home: Path | None) -> Path:
    """Return the folder of results: the plan's, or the one beside it that has draws."""
    beside = plan.folder if isinstance(plan, Protocol) else Path(plan).parent
    tried = [home] if home else []
    tried += [beside / "results", *sorted(p.parent for p in beside.glob("*/draws"))]
    for place in tried:
        if _has_draws(place / "draws") or _has_draws_in_log(place):
            return place
    return tried[0]


def _has_draws(folder: Path) -> bool:
    files = folder.iterdir() if folder.is_dir() else iter(())
    return any(FILE_NAME.fullmatch(file.name) for file in files)


def _has_draws_in_log(folder: Path) -> bool:
    return bool(said_in(folder / LOG_NAME))


def _remade(slots: Sequence[Slot], protocol: Protocol, folder: Path) -> list[str]:
    """Compare each draw with the plan, then with the draw made again."""
    check_rules(slots, protocol.rules_sha256)
    for slot in slots:
        if slot.certificate and slot.certificate.seed != protocol.draw.seed:
            slot.found("seed", "The seed of the plan is not the certificate's.")
    register, problems = examine_register(protocol)
    try:
        remaking = Remaking(register, DrawArchive(folder))
        for slot in slots:
            remaking.check(slot)
    finally:
        if register is not None:
            register.engine.close()
    if not problems:
        return []
    return ["The register breaks rules; `evalkit check` says which."]


def _without_plan(slots: Sequence[Slot], error: EvalkitError) -> None:
    first = str(error).splitlines()[0]
    for slot in slots:
        slot.found("plan", f"The plan cannot be read: {first}", "cannot be checked")


def _verification(slots: Sequence[Slot], notes: Sequence[str]) -> Verification:
    import pandas as pd

    return Verification(
        draws=pd.DataFrame([slot.row() for slot in slots]), notes=tuple(notes)
    )
