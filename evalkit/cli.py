"""The commands. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from evalkit import __version__
from evalkit.errors import EvalkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evalkit.cohort.verification import Verification
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication
    from evalkit.study.protocol import Protocol

DONE, FAILED = 0, 1
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Linear algebra on one thread: matrices are small, and sums have one order."""

app = typer.Typer(
    help="Tell whether the people whom a pilot served left unemployment more often.",
    epilog="Start with: evalkit example satakunta --to demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

PlanFile = Annotated[
    Path, typer.Argument(metavar="PROTOCOL", help="The study's plan, a TOML file.")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 (done), 1 (input or study error) or 2 (usage)."""
    for variable in _THREADS:
        os.environ.setdefault(variable, "1")
    try:
        app(args=arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    except EvalkitError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(
            f"{error.strerror or type(error).__name__}. Nothing half-written is left.\n"
            "  See that the disk has room and the drive is there, then run again."
        )
    except Exception as error:  # noqa: BLE001  (a traceback may show personal data)
        return _fail(_where(error))
    return DONE


def _fail(text: str) -> int:
    typer.echo(f"evalkit: {text}", err=True)
    return FAILED


def _where(error: Exception) -> str:
    """Say where something unforeseen happened, without any value of the data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    name = Path(place.filename).name
    return (
        f"an unforeseen {type(error).__name__} in {name}, line {place.lineno}.\n"
        f"  Nothing half-written is left. Please report this; evalkit {__version__}."
    )


@app.callback(invoke_without_command=True)
def evalkit(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.")
    ] = False,
) -> None:
    """Tell whether the people whom a pilot served left unemployment more often."""
    if version:
        typer.echo(f"evalkit {__version__}")


@app.command(
    epilog="Examples: evalkit example satakunta --to demo"
    " | evalkit example pennsylvania --source penn_jae.dat --to penn"
)
def example(
    name: Annotated[
        Literal["satakunta", "pennsylvania"],
        typer.Argument(help="satakunta: synthetic. pennsylvania: real people."),
    ],
    to: Annotated[Path, typer.Option(help="Folder to write into.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(help="pennsylvania: path or address of the file penn_jae.dat."),
    ] = None,
) -> None:
    """Write a study to try: a register, a list of clients and a plan."""
    plan = _pennsylvania(to, source) if name == "pennsylvania" else _satakunta(to)
    words = _words(_read(plan).study.language)
    typer.echo(words.text("command.wrote", file=plan))
    typer.echo(words.text("command.next_monthly", file=plan))


def _satakunta(folder: Path) -> Path:
    from evalkit.examples.satakunta import example_plan, write_satakunta

    words = _words(example_plan().study.language)
    typer.echo(words.text("command.simulating"))
    return write_satakunta(folder)


def _pennsylvania(folder: Path, source: str | None) -> Path:
    from evalkit.examples.pennsylvania import write_pennsylvania

    if source is None:
        raise EvalkitError(
            "The Pennsylvania example needs the original file.",
            hint="Name it with --source: the path or the address of penn_jae.dat.",
        )
    return write_pennsylvania(folder, source=source)


@app.command(
    epilog="Example: evalkit init study --from register/2021-01.csv --pilot clients.csv"
)
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write the plan into.")],
    snapshots: Annotated[
        Path, typer.Option("--from", help="A snapshot of the register, or a folder.")
    ],
    pilot: Annotated[
        Path | None, typer.Option(help="The list of the pilot's clients.")
    ] = None,
) -> None:
    """Write a commented plan for your own files, its columns recognised by header."""
    from evalkit.register.recognition import recognise_files
    from evalkit.report.study_text import recognition_text
    from evalkit.storage import write_whole
    from evalkit.study.plan_file import commented_plan

    found = recognise_files(folder, snapshots, pilot)
    file = folder / "plan.toml"
    if file.exists():
        raise EvalkitError(f"{file} is already there.", hint="Name another folder.")
    write_whole(file, commented_plan(found.protocol, note=found.note).encode())
    words = _words(found.protocol.study.language)
    typer.echo(recognition_text(found))
    typer.echo(words.text("command.wrote", file=file))
    typer.echo(words.text("command.next_check", file=file))


@app.command(epilog="Example: evalkit check study/plan.toml")
def check(plan: PlanFile) -> None:
    """Read the plan and the register, and say what is there; write nothing."""
    from evalkit.cohort.follow_up import measurable_months
    from evalkit.cohort.frame import drawable_months
    from evalkit.register.register import open_register
    from evalkit.report.study_text import register_text
    from evalkit.study.protocol import SEED_TO_REPLACE

    protocol = _read(plan)
    register = open_register(protocol=protocol)
    typer.echo(register_text(register, language=protocol.study.language))
    words = _words(protocol.study.language)
    drawable = _span(drawable_months(register), words)
    measurable = _span(measurable_months(register), words)
    typer.echo(words.text("command.can_draw", months=drawable))
    typer.echo(words.text("command.can_measure", months=measurable))
    if protocol.draw.seed.startswith(SEED_TO_REPLACE):
        typer.echo(words.text("command.placeholder"))


def _span(months: list[str], words: Language) -> str:
    if not months:
        return words.text("command.no_months")
    number = words.number(len(months))
    return words.text("command.span", first=months[0], last=months[-1], number=number)


@app.command(
    epilog="Examples: evalkit draw study/plan.toml 2021-02"
    " | evalkit draw study/plan.toml (the first month not drawn yet)"
)
def draw(
    plan: PlanFile,
    month: Annotated[str | None, typer.Argument(help="Month, such as 2021-02.")] = None,
    *,
    again: Annotated[
        bool, typer.Option(help="Replace a drawn sample; its certificate says so.")
    ] = False,
) -> None:
    """Draw a month's control sample, and keep it with its certificate."""
    from evalkit.batch import draw_month
    from evalkit.report.criterion_text import criterion_text

    protocol = _read(plan)
    with _told():
        drawn = draw_month(protocol, month, again=again)
    words, made = _words(protocol.study.language), drawn.certificate
    typer.echo(
        words.text(
            "command.drawn", month=made.month, drawn=made.drawn, frame=made.frame
        )
    )
    for row in drawn.attrition.itertuples(index=False):
        typer.echo(f"  {criterion_text(str(row.criterion), words)}: {row.removed}")


@app.command(
    epilog="Examples: evalkit monthly study/plan.toml"
    " | evalkit monthly study/plan.toml 2021-02 2021-03"
    " | evalkit monthly study/plan.toml --all"
)
def monthly(
    plan: PlanFile,
    months: Annotated[
        list[str] | None,
        typer.Argument(help="Months to measure. None: the newest that can be."),
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every month that can be measured.")
    ] = False,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option(help="Where people are joined.")
    ] = "duckdb",
) -> None:
    """Draw, follow up, evaluate: report, tables, figures, certificates and a log."""
    from evalkit.batch import run_monthly
    from evalkit.report.changes import changes_text
    from evalkit.report.note_text import note_text
    from evalkit.report.table import comparison_text, tally_text

    if months and every:
        raise typer.BadParameter("name months or --all, not both")
    protocol = _read(plan)
    language = protocol.study.language
    with _told(), _progress(language) as step:
        batch = run_monthly(
            protocol, months or (), every=every, engine=engine, step=step
        )
    words = _words(language)
    typer.echo(protocol.study.title)
    typer.echo(
        comparison_text(
            batch.released, language=language, synthetic=protocol.study.synthetic
        )
    )
    typer.echo(tally_text(batch.released, language))
    typer.echo(_verdict(batch.publication, language))
    typer.echo(changes_text(batch.changes, language=language))
    for note in batch.cohort.notes:
        typer.echo(note_text(note, language=language))
    for file in batch.figures:
        typer.echo(words.text("command.figure", file=file))
    typer.echo(words.text("command.report", file=batch.report[0]))
    typer.echo(words.text("command.results", folder=protocol.results))


def _verdict(publication: Publication, language: str) -> str:
    """Return the verdict in words; nothing where it may not be told."""
    from evalkit.report.verdict_text import verdict_text

    if publication.verdict is None:
        return ""
    return verdict_text(publication.verdict, language=language)


@app.command(
    epilog="Examples: evalkit report study/plan.toml --language sv --to svenska"
    " | evalkit report study/plan.toml --diff"
)
def report(
    plan: PlanFile,
    *,
    to: Annotated[
        Path | None, typer.Option(help="Folder to write into. None: the results'.")
    ] = None,
    language: Annotated[
        Literal["fi", "sv", "en"] | None,
        typer.Option(help="Language. None: the plan's."),
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only say what is new, and why.")
    ] = False,
) -> None:
    """Write the report of all months that have been drawn; draw nothing."""
    from evalkit.batch import run_report
    from evalkit.report.changes import changes_text

    protocol = _read(plan)
    with _told(), _progress(language or protocol.study.language) as step:
        done = run_report(protocol, folder=to, language=language, diff=diff, step=step)
    spoken = language or protocol.study.language
    typer.echo(_verdict(done.publication, spoken))
    typer.echo(changes_text(done.changes, language=spoken))
    if done.files:
        words = _words(spoken)
        typer.echo(words.text("command.report", file=done.files[0]))


@app.command(
    epilog="Examples: evalkit verify study/plan.toml"
    " | evalkit verify --public certificates"
)
def verify(
    study: Annotated[
        Path, typer.Argument(help="The study's plan or folder; with --public a folder.")
    ],
    *,
    public: Annotated[
        bool, typer.Option(help="Check published certificates, without people.")
    ] = False,
) -> None:
    """Make every draw again and compare; status 0 only if all are the same."""
    from evalkit.cohort import verification
    from evalkit.report.study_text import verification_text

    if public:
        found, language = verification.verify_published(study), "en"
    else:
        found, language = _verified(study)
    typer.echo(verification_text(found, language=language))
    if not found.same:
        raise typer.Exit(FAILED)


def _verified(study: Path) -> tuple[Verification, str]:
    """Return what became of a study's draws, and its plan's language if it is read."""
    from evalkit.cohort.verification import verify

    plans = sorted(study.glob("*.toml")) if study.is_dir() else [study]
    if len(plans) != 1:
        raise EvalkitError(f"{study} holds {len(plans)} plans.", hint="Name the plan.")
    found = verify(plans[0])
    try:
        return found, _read(plans[0]).study.language
    except EvalkitError:  # a draw of an unreadable plan is verified all the same
        return found, "en"


@app.command(epilog="Example: evalkit commit study/plan.toml")
def commit(plan: PlanFile) -> None:
    """Promise plan and seed before the first snapshot: a small file to publish."""
    from evalkit.cohort.archive import COMMITMENT, DrawArchive
    from evalkit.cohort.keeping import commit_to
    from evalkit.storage import only_run

    protocol = _read(plan)
    archive = DrawArchive(protocol.results / "draws")
    with only_run(protocol.results):
        made = commit_to(protocol, archive)
    words = _words(protocol.study.language)
    file = archive.folder / COMMITMENT
    typer.echo(words.text("command.publish_first", file=file))
    if made.salt is not None:
        typer.echo(words.text("command.keep_secret"))


@app.command(epilog="Example: evalkit certificates study/plan.toml --to certificates")
def certificates(
    plan: PlanFile,
    to: Annotated[Path, typer.Option(help="Folder to publish.", show_default=False)],
) -> None:
    """Gather what an outsider needs to check the draws; nothing of it is personal."""
    from evalkit.cohort.publishing import publish_certificates

    protocol = _read(plan)
    files = publish_certificates(protocol, to)
    typer.echo("\n".join(map(str, files)))
    typer.echo(_words(protocol.study.language).text("command.anybody", folder=to))


@app.command(
    epilog="Example: evalkit pseudonymise raw/plan.toml --key ../key --to study"
)
def pseudonymise(
    plan: PlanFile,
    key: Annotated[
        Path, typer.Option(help="File of the secret key, outside both; made if new.")
    ],
    to: Annotated[Path, typer.Option(help="Folder of the copies and their plan.")],
) -> None:
    """Copy a study's files with pseudonyms in the place of ids."""
    from evalkit.register.pseudonyms import pseudonymise as copied
    from evalkit.report.study_text import copies_text

    protocol = _read(plan)
    done = copied(protocol, key=key, folder=to)
    words = _words(protocol.study.language)
    typer.echo(copies_text(done.files, language=words.code))
    typer.echo(words.text("command.wrote", file=done.plan))
    typer.echo(words.text("command.new_key"))


@app.command(epilog="Example: evalkit forget study/plan.toml --yes")
def forget(
    plan: PlanFile,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete the study's lists of persons; certificates and results stay."""
    from evalkit.cohort.archive import DrawArchive
    from evalkit.cohort.keeping import forget_persons
    from evalkit.register.workplace import sweep_workplaces
    from evalkit.storage import only_run, sweep

    protocol = _read(plan)
    words = _words(protocol.study.language)
    archive = DrawArchive(protocol.results / "draws")
    if not yes:
        typer.confirm(words.text("command.forget_ask"), abort=True)
    with only_run(protocol.results):
        sweep(protocol.results)
        deleted = forget_persons(archive)
    sweep_workplaces()
    typer.echo(words.text("command.forgotten", number=deleted))
    typer.echo(words.text("command.yours"))


def _words(language: str) -> Language:
    from evalkit.report.language.catalogue import read_language

    return read_language(language)


def _read(plan: Path) -> Protocol:
    from evalkit.study.plan_file import read_protocol

    return read_protocol(plan)


@contextmanager
def _told() -> Iterator[None]:
    """Say warnings and notes in plain lines on standard error."""
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: record.levelno == logging.WARNING)
    handler.setFormatter(logging.Formatter("evalkit: %(message)s"))
    log = logging.getLogger("evalkit")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


@contextmanager
def _progress(language: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar on a terminal, else a line for each step."""
    from evalkit.report.step_text import step_text

    if not sys.stdout.isatty():
        yield lambda text, done: typer.echo(
            f"{done:4.0%} {step_text(text, language=language)}"
        )
        return
    from rich.progress import Progress

    with Progress(transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda text, done: bar.update(
            task, description=step_text(text, language=language), completed=done
        )


if __name__ == "__main__":
    sys.exit(main())
