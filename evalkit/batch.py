"""The monthly batch: draw, follow up, evaluate and report what can be measured.

Safe to repeat (the same input gives the same bytes, the log apart), safe to kill (each
file is there whole or not at all, and the next run finishes the work), and alone: a
second run in the same folder is told so and leaves.
"""

from __future__ import annotations

import dataclasses
import logging
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.cohort.archive import DrawArchive
from evalkit.cohort.chain import LOG_NAME
from evalkit.cohort.draw import snapshot_hash
from evalkit.cohort.follow_up import (
    follow_up,
    measurable_months,
    require_measurable,
)
from evalkit.cohort.frame import drawable_months, require_drawable
from evalkit.cohort.keeping import draw_and_keep, require_open
from evalkit.errors import DrawError, EvalkitError, EvalkitWarning
from evalkit.evaluation.evaluation import evaluate
from evalkit.register.register import open_register
from evalkit.report.card_text import rules_line
from evalkit.report.changes import STATE, changes_since, write_state
from evalkit.report.plots.foot import with_foot
from evalkit.report.plots.forest import monthly_differences
from evalkit.report.plots.months import monthly_shares
from evalkit.report.plots.style import save_figure
from evalkit.report.release.log import LOG_NAME as LOG_OF_RELEASES
from evalkit.report.release.log import add_to_log, read_log
from evalkit.report.release.publication import publish
from evalkit.report.report import write_publication
from evalkit.report.table import comparison_csv, comparison_parquet
from evalkit.storage import only_run, sweep, write_whole
from evalkit.study.months import month_text, parse_month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from evalkit.cohort.certificate import Certificate
    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.draw import Draw
    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.register.register import EngineName, Register
    from evalkit.report.changes import Changes
    from evalkit.report.files import Style
    from evalkit.report.release.publication import Publication
    from evalkit.report.release.released import Released
    from evalkit.study.protocol import Protocol

    Step = Callable[[str, float], None]

LOG = logging.getLogger("evalkit")
_LINE = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What a run gave.

    Attributes
    ----------
    cohort
        Everybody who was followed.
    evaluation
        The estimates of the whole study; not masked.
    publication
        What of them may leave the building, as written to the results.
    figures
        Paths of the monthly figures of the whole study.
    report
        Paths of the report's page, summary, workbook and tables.
    changes
        What is new since the report before, and why.
    """

    cohort: Cohort
    evaluation: Evaluation
    publication: Publication
    figures: list[Path]
    report: list[Path]
    changes: Changes

    @property
    def released(self) -> Released:
        """The released comparison of the months."""
        return self.publication["months"]


def run_monthly(
    protocol: Protocol,
    months: Sequence[str] = (),
    *,
    every: bool = False,
    engine: EngineName = "duckdb",
    step: Step = lambda text, done: None,  # noqa: ARG005
) -> Batch:
    """Carry out the monthly batch of a study.

    Parameters
    ----------
    protocol
        The plan, as `read_protocol` gives it.
    months
        Cohort months to measure. None named: the newest that can be measured.
    every
        Measure every month that can be.
    engine
        Where the people are joined, as in `open_register`.
    step
        Called before each piece of work with its name and the share done so far.

    Returns
    -------
    Batch
        The comparison of all months measured so far; its files are in the results.

    Raises
    ------
    EvalkitError
        If the input is wrong, a named month cannot be measured, or another run is
        working in the same folder; nothing has been written then.
    """
    try:
        step("reading the register", 0.0)
        register = open_register(protocol=protocol, engine=engine)
        wanted = _wanted(register, months, every=every)
        with only_run(protocol.results), _logged(protocol.results):
            sweep(protocol.results)
            archive = DrawArchive(protocol.results / "draws")
            draws = _draws(register, archive, wanted, step)
            step("following both groups", 0.4)
            cohort = follow_up(register, draws)
            return _kept(cohort, archive.certificates(), step)
    except EvalkitError as error:
        if protocol.results.is_dir():  # a refused study leaves nothing behind
            with _logged(protocol.results):
                LOG.error("%s", error)  # noqa: TRY400  (a traceback may be personal)
        raise


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Add everything that is said, warnings too, to the study's log."""
    handler = _StudyLog(folder / LOG_NAME, encoding="utf-8", delay=True)
    handler.setFormatter(_LINE)
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", EvalkitWarning)
            warnings.showwarning = lambda message, *_, **__: LOG.warning("%s", message)
            yield
    finally:
        LOG.removeHandler(handler)
        with suppress(OSError):
            handler.close()


class _StudyLog(logging.FileHandler):
    """A log that stops no run: where it cannot be written, the results cannot be."""

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line, if the disk takes it."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Keep quiet: a traceback may show personal data."""


def _wanted(register: Register, months: Sequence[str], *, every: bool) -> list[str]:
    """Return the months to measure, each of which can be."""
    named = sorted({month_text(parse_month(month)) for month in months})
    able = measurable_months(register)
    wanted = named or (able if every else able[-1:])
    if not wanted:
        raise DrawError(
            "No month can be measured yet.",
            hint="A month needs the snapshot before it and the one in which its lag "
            "ends; `evalkit check` tells what the register holds.",
        )
    for month in wanted:
        require_drawable(register, month)
    require_measurable(register, wanted)
    return wanted


def _draws(
    register: Register, archive: DrawArchive, wanted: list[str], step: Step
) -> list[Draw]:
    """Return every draw of the study that can be measured, new ones drawn and kept."""
    require_open(archive.links())
    certificates = archive.certificates()
    known = {certificate.month: certificate for certificate in certificates}
    _require_snapshots(register, known)
    log = register.protocol.results / LOG_NAME
    for position, month in enumerate(month for month in wanted if month not in known):
        step(f"drawing {month}", 0.1 + 0.3 * position / len(wanted))
        drawn = draw_and_keep(register, month, archive, log).certificate
        known[month] = drawn
        LOG.info("%s: %s drawn from %s", month, drawn.drawn, drawn.frame)
    _say_what_changed(register, certificates)
    promise = archive.promise()
    if promise is not None and not promise.kept_by(register.protocol):
        LOG.warning("The plan or its seed is not what was committed to.")
    able = set(measurable_months(register))
    return [archive.read(known[month]) for month in sorted(set(known) & able)]


def _require_snapshots(register: Register, known: dict[str, Certificate]) -> None:
    """Refuse to go on without the snapshots that earlier samples were drawn from."""
    needed = {certificate.snapshot_month for certificate in known.values()}
    missing = sorted(m for m in needed if parse_month(m) not in register.months)
    if missing:
        raise DrawError(
            f"Samples were drawn from snapshots that are gone: {', '.join(missing)}.",
            hint="Put them back beside the others.",
        )


def _say_what_changed(register: Register, certificates: list[Certificate]) -> None:
    """Notice a changed plan or a corrected snapshot; neither changes a drawn sample."""
    current = {certificate.month: certificate for certificate in certificates}
    plan = register.protocol.sha256
    other_plan = [m for m, c in sorted(current.items()) if c.plan_sha256 != plan]
    if other_plan:
        LOG.warning(
            "The plan has changed since these months were drawn: %s. Their samples "
            "stay as they were drawn.",
            ", ".join(other_plan),
        )
    corrected = [
        month
        for month, certificate in sorted(current.items())
        if snapshot_hash(register, parse_month(month)) != certificate.snapshot_sha256
    ]
    if corrected:
        LOG.warning(
            "The register has been corrected since these months were drawn: %s. Their "
            "samples stay as they were drawn.",
            ", ".join(corrected),
        )


def _kept(cohort: Cohort, certificates: list[Certificate], step: Step) -> Batch:
    """Evaluate, and write what may leave: of the whole study and of each month."""
    protocol = cohort.protocol
    if protocol is None:
        raise DrawError("A batch needs a cohort that was followed by a plan.")
    step("evaluating", 0.45)
    evaluation = evaluate(cohort)
    publication = _published(evaluation, protocol, certificates)
    released = publication["months"]
    step("writing the comparison", 0.7)
    _write_tables(released, protocol, protocol.results)
    foot = rules_line(
        protocol,
        time_zero=cohort.time_zero or protocol.follow_up.time_zero,
        language=protocol.study.language,
    )
    figures = _write_figures(released, protocol, foot, protocol.results / "figures")
    for position, month in enumerate(cohort.months):
        step(f"writing {month}", 0.75 + 0.15 * position / len(cohort.months))
        folder = protocol.results / "months" / month
        alone = _only(released, month)
        _write_tables(alone, protocol, folder)
        _write_figures(alone, protocol, foot, folder)
    step("writing the report", 0.9)
    report, changes = _report(
        publication, protocol.results / "report", None, protocol.output.csv
    )
    for note in cohort.notes:
        LOG.info("%s", note)
    LOG.info("%s months measured", len(cohort.months))
    return Batch(
        cohort=cohort,
        evaluation=evaluation,
        publication=publication,
        figures=figures,
        report=report,
        changes=changes,
    )


def _published(
    evaluation: Evaluation, protocol: Protocol, certificates: list[Certificate]
) -> Publication:
    """Return what may leave beside all that has left before, and keep that in mind.

    The log has it before the results do: whatever is killed, nothing is published
    that the next report does not know of.
    """
    log = protocol.results / LOG_OF_RELEASES
    publication = publish(evaluation, earlier=read_log(log), certificates=certificates)
    add_to_log(log, publication["months"])
    return publication


def _report(
    publication: Publication, folder: Path, language: str | None, style: Style
) -> tuple[list[Path], Changes]:
    """Write the report, and say what is new since the one before."""
    changes = changes_since(folder / STATE, publication)
    files = write_publication(publication, folder, language=language, style=style)
    write_state(folder / STATE, publication)
    return files, changes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reported:
    """What a report was made of, and where it is.

    Attributes
    ----------
    publication
        What may leave the building.
    files
        Paths of the page, the summary, the workbook and the tables; none where only
        the changes were asked for.
    changes
        What is new since the report before, and why.
    """

    publication: Publication
    files: list[Path]
    changes: Changes


def run_report(
    protocol: Protocol,
    *,
    folder: Path | None = None,
    language: str | None = None,
    diff: bool = False,
    step: Step = lambda text, done: None,  # noqa: ARG005
) -> Reported:
    """Write the report of every month that has been drawn; draw nothing.

    Parameters
    ----------
    protocol
        The plan.
    folder
        Where to. None: the results' own report.
    language
        ``fi``, ``sv`` or ``en``. None: the plan's.
    diff
        Write nothing, and only tell what is new since the report before.
    step
        Called before each piece of work with its name and the share done so far.

    Returns
    -------
    Reported
        What was published, where, and what is new.

    Raises
    ------
    DrawError
        If nothing has been drawn that can be measured.
    """
    step("reading the register", 0.0)
    register = open_register(protocol=protocol)
    own = protocol.results / "report"
    with only_run(protocol.results), _logged(protocol.results):
        archive = DrawArchive(protocol.results / "draws")
        known, able = archive.current(), set(measurable_months(register))
        draws = [archive.read(known[month]) for month in sorted(set(known) & able)]
        if not draws:
            raise DrawError(
                "Nothing has been drawn that can be measured.",
                hint="Run `evalkit monthly` first.",
            )
        step("following both groups", 0.2)
        cohort = follow_up(register, draws)
        step("evaluating", 0.3)
        evaluation = evaluate(cohort)
        log = protocol.results / LOG_OF_RELEASES
        if diff:
            found = publish(evaluation, earlier=read_log(log))
            changes = changes_since(own / STATE, found)
            return Reported(publication=found, files=[], changes=changes)
        found = _published(evaluation, protocol, archive.certificates())
        step("writing the report", 0.8)
        files, changes = _report(found, folder or own, language, protocol.output.csv)
        return Reported(publication=found, files=files, changes=changes)


def _only(released: Released, month: str) -> Released:
    """Return the released row that a month is in: its own, or that of its period."""
    table = released.to_frame()
    holds = [month in released.periods.get(name, (name,)) for name in table["month"]]
    return dataclasses.replace(released, table=table[holds].reset_index(drop=True))


def _write_tables(released: Released, protocol: Protocol, folder: Path) -> None:
    synthetic = protocol.study.synthetic
    text = comparison_csv(released, style=protocol.output.csv, synthetic=synthetic)
    write_whole(folder / "comparison.csv", text)
    table = comparison_parquet(released, synthetic=synthetic)
    write_whole(folder / "comparison.parquet", table)


def _write_figures(
    released: Released, protocol: Protocol, foot: str, folder: Path
) -> list[Path]:
    """Write the monthly figures, at their foot the rules by which they were made."""
    figures = []
    for draw in (monthly_shares, monthly_differences):
        axes = draw(
            released,
            breaks=protocol.breaks,
            language=protocol.study.language,
            synthetic=protocol.study.synthetic,
        )
        figures += save_figure(with_foot(axes, foot), folder / draw.__name__)
    return figures


def draw_month(protocol: Protocol, month: str | None, *, again: bool) -> Draw:
    """Draw one month's sample and keep it; a drawn month only if asked `again`.

    Parameters
    ----------
    protocol
        The plan.
    month
        Cohort month. None: the first that can be drawn and has not been.
    again
        Draw a drawn month again; the certificate names the one that it replaces.

    Returns
    -------
    Draw
        The sample that was drawn.

    Raises
    ------
    DrawError
        If the month cannot be drawn, or has been drawn and `again` is False.
    """
    register = open_register(protocol=protocol)
    if month is not None:
        require_drawable(register, month)
    with only_run(protocol.results), _logged(protocol.results):
        sweep(protocol.results)
        archive = DrawArchive(protocol.results / "draws")
        known = archive.current()
        wanted = month_text(parse_month(month)) if month else _undrawn(register, known)
        log = protocol.results / LOG_NAME
        draw = draw_and_keep(register, wanted, archive, log, again=again)
        LOG.info("%s: %s drawn", wanted, draw.certificate.drawn)
        return draw


def _undrawn(register: Register, known: dict[str, Certificate]) -> str:
    months = [month for month in drawable_months(register) if month not in known]
    if not months:
        raise DrawError(
            "Every month that can be drawn has been drawn.",
            hint="Add the next snapshot, or name a month and --again.",
        )
    return months[0]
