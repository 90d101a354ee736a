"""Faults of the machine: nothing half-written, an exit status, a line that helps.

Each fault strikes a run that draws a month; then the same command, without the fault,
gives what a run without any gives.
"""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import evalkit as ek
from evalkit import storage
from evalkit.cli import main
from evalkit.errors import StudyError
from evalkit.register import locations, workplace
from evalkit.register.engine import DuckDB
from evalkit.register.staging import Batch
from tests.cohort.small_archive import write_tiny_study
from tests.study_files import contents

MONTH = "2021-02"
FILES = 3  # of a draw


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a run without fault writes."""
    plan = write_tiny_study(tmp_path_factory.mktemp("clean") / "study")
    assert main(["draw", str(plan), MONTH]) == 0
    return contents(plan.parent / "results")


@pytest.fixture
def plan(tmp_path):
    return write_tiny_study(tmp_path / "study")


@pytest.fixture
def draw(plan, capsys, expected):
    """Run the command; after a failure, see that nothing half-written is there."""

    def run():
        status = main(["draw", str(plan), MONTH])
        said = capsys.readouterr().err
        if status:
            results = plan.parent / "results"
            there = contents(results) if results.exists() else {}
            assert there.items() <= expected.items(), "something half-written"
            assert said.startswith("evalkit: ")
            assert "unforeseen" not in said
            assert "Traceback" not in said
        return status, said

    return run


@pytest.fixture
def require_whole(plan, draw, expected):
    def run():
        assert draw()[0] == 0
        assert contents(plan.parent / "results") == expected
        assert ek.verify(plan).same

    return run


def at_call(number, function, fault):
    """Return a function that does as the other one, but at one call is struck."""
    calls = iter(range(1_000_000))

    def struck(*arguments, **options):
        if next(calls) == number:
            return fault(*arguments, **options)
        return function(*arguments, **options)

    return struck


def raising(code):
    def fault(*_, **__):
        raise OSError(code, os.strerror(code))

    return fault


# The output.


@pytest.mark.parametrize("number", range(FILES))
def test_full_disk_when_flushed(draw, require_whole, monkeypatch, number):
    with monkeypatch.context() as patch:
        # After each file its folder is flushed.
        struck = at_call(2 * number, os.fsync, raising(errno.ENOSPC))
        patch.setattr(storage.os, "fsync", struck)
        status, said = draw()
    assert status == 1
    assert "cannot be written: No space left" in said
    assert "Free some space" in said
    require_whole()


@pytest.mark.parametrize("number", range(FILES))
def test_full_disk_in_the_middle_of_a_file(draw, require_whole, monkeypatch, number):
    class Half:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, content):
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            raising(errno.ENOSPC)()

    real = os.fdopen
    fault_at = at_call(number, real, lambda handle, mode: Half(real(handle, mode)))
    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fdopen", fault_at)
        status, said = draw()
    assert status == 1
    assert "No space left" in said
    require_whole()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EXDEV, errno.EBUSY])
@pytest.mark.parametrize("number", range(FILES))
def test_a_rename_that_fails(draw, require_whole, monkeypatch, number, code):
    with monkeypatch.context() as patch:
        struck = at_call(number, Path.replace, raising(code))
        patch.setattr(storage.Path, "replace", struck)
        status, said = draw()
    assert status == 1
    assert "cannot be written" in said
    require_whole()


@pytest.mark.parametrize("number", range(FILES))
def test_a_rename_that_copies_and_stops_half_way(
    draw, require_whole, monkeypatch, number
):
    def half(aside, path):
        path.write_bytes(aside.read_bytes()[:20])
        raising(errno.EIO)()

    with monkeypatch.context() as patch:
        patch.setattr(storage.Path, "replace", at_call(number, Path.replace, half))
        status, said = draw()
    assert status == 1
    assert "cannot be written" in said
    require_whole()


def test_what_stood_there_before_is_put_back(tmp_path, monkeypatch):
    file = tmp_path / "table.csv"
    storage.write_whole(file, b"old")

    def half(aside, path):
        path.write_bytes(aside.read_bytes()[:2])
        raising(errno.EIO)()

    with monkeypatch.context() as patch:
        patch.setattr(storage.Path, "replace", half)
        with pytest.raises(StudyError, match="cannot be written"):
            storage.write_whole(file, b"new and longer")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_drive_that_cannot_flush_nor_set_permissions(draw, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", raising(errno.EINVAL))
        patch.setattr(storage.Path, "chmod", raising(errno.EPERM))
        assert draw()[0] == 0


def test_a_read_only_output_folder(draw, require_whole, monkeypatch):
    make = Path.mkdir

    def fault(folder, *arguments, **options):
        if folder.name == "results":
            raising(errno.EROFS)()
        make(folder, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(storage.Path, "mkdir", fault)
        status, said = draw()
    assert status == 1
    assert "cannot be used: Read-only file system" in said
    assert "Name another folder in [output]" in said
    require_whole()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_the_right_to_write(plan, draw, require_whole):
    results = plan.parent / "results"
    results.mkdir()
    results.chmod(0o555)
    status, said = draw()
    assert status == 1
    assert "Permission denied" in said
    results.chmod(0o755)
    require_whole()


def test_a_log_that_cannot_be_written_stops_nothing(plan, draw):
    (plan.parent / "results" / "monthly.log").mkdir(parents=True)
    assert draw() == (0, "")


def test_a_drive_without_locks(draw, require_whole, monkeypatch):
    import filelock

    def fault(*_, **__):
        raise NotImplementedError("no locks here")

    with monkeypatch.context() as patch:
        patch.setattr(filelock.FileLock, "acquire", fault)
        status, said = draw()
    assert status == 1
    assert "no locks here" in said
    require_whole()


# The input.


def test_input_that_cannot_be_read(draw, require_whole, monkeypatch):
    with monkeypatch.context() as patch:
        struck = at_call(1, locations.plain_file, raising(errno.EIO))
        patch.setattr(locations, "plain_file", struck)
        status, said = draw()
    assert status == 1
    assert "2021-02.csv: the file cannot be read (Input/output error)" in said
    require_whole()


def test_a_folder_that_may_not_be_looked_into(draw, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(locations.glob, "glob", raising(errno.EACCES))
        status, said = draw()
    assert status == 1
    assert "cannot be read: Permission denied" in said


@pytest.mark.parametrize("before", ["opening", "reading"])
@pytest.mark.parametrize("victim", ["register/2021-02.csv", "pilot.csv"])
def test_input_that_vanishes_during_the_run(
    plan, draw, require_whole, monkeypatch, before, victim
):
    file = plan.parent / victim
    kept = file.read_bytes()

    def opening(*arguments):
        file.unlink(missing_ok=True)
        return read_file(*arguments)

    def reading(batch, piece, number):
        if piece.name == victim:
            file.unlink()
        return add(batch, piece, number)

    read_file, add = locations._read_file, Batch.add
    with monkeypatch.context() as patch:
        if before == "opening":
            patch.setattr(locations, "_read_file", opening)
        else:
            patch.setattr(Batch, "add", reading)
        status, said = draw()
    assert status == 1
    assert victim in said
    assert "cannot be read" in said or "there is no such file" in said
    assert not (plan.parent / "results").exists()
    file.write_bytes(kept)
    require_whole()


# The clock.


@pytest.mark.parametrize("step", [-(10**8), 10**8])
def test_a_clock_that_jumps(plan, draw, expected, monkeypatch, step):
    real, calls = time.time, iter(range(1_000_000))
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: max(0, real() + step * next(calls)))
        assert draw()[0] == 0
    assert contents(plan.parent / "results") == expected
    assert ek.verify(plan).same


# Other runs.


def start(*arguments):
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "evalkit.cli", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_runs_at_once(plan, expected):
    runs = [start("draw", str(plan), MONTH) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    statuses = sorted(run.returncode for run in runs)
    assert statuses == [0, 1], said
    refused = next(text for text in said if text)
    assert "Another run is working" in refused or "drawn already" in refused
    assert contents(plan.parent / "results") == expected
    assert ek.verify(plan).same


def test_a_half_written_earlier_run(plan, require_whole):
    draws = plan.parent / "results" / "draws"
    draws.mkdir(parents=True)
    (draws / "0001-2021-02.persons.csv").write_text("rank,person_id\n1,p0", "utf-8")
    (draws / ".evalkit-abc").write_bytes(b"half")
    require_whole()


def test_a_certificate_that_was_torn_is_never_taken_for_one(plan, draw, expected):
    assert draw()[0] == 0
    certificate = plan.parent / "results" / "draws" / "0001-2021-02.json"
    certificate.write_bytes(certificate.read_bytes()[:100])
    status = main(["draw", str(plan), MONTH])
    assert status == 1
    certificate.unlink()
    assert draw()[0] == 0
    assert contents(plan.parent / "results") == expected


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_the_folder_of_a_killed_process_is_swept_and_a_living_ones_is_not():
    script = (
        "from evalkit.register.engine import DuckDB; e = DuckDB(); "
        "print(e.folder, flush=True); input()"
    )
    killed, living = (
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    )
    folders = [Path(run.stdout.readline().strip()) for run in (killed, living)]
    killed.kill()
    killed.wait()
    assert all(folder.is_dir() for folder in folders)
    DuckDB().close()
    assert not folders[0].exists()
    assert (folders[1] / "held").exists()
    living.communicate("\n")
    killed.stdin.close()
    killed.stdout.close()
    assert not folders[1].exists()


# The temporary folder.


def test_a_folder_that_goes_while_it_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "evalkit-gone").mkdir()
    (tmp_path / "evalkit-gone" / "held").touch()
    with monkeypatch.context() as patch:
        patch.setattr(workplace, "_is_ours", raising(errno.ENOENT))
        DuckDB().close()
    DuckDB().close()
    assert not (tmp_path / "evalkit-gone").exists()


def test_a_temporary_folder_that_cannot_be_used(draw, require_whole, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", raising(errno.ENOSPC))
        status, said = draw()
    assert status == 1
    assert "No space left" in said
    assert "TMPDIR" in said
    require_whole()


def test_no_room_for_what_does_not_fit_in_memory():
    engine = DuckDB(memory_limit="30MB")
    engine.run("SET max_temp_directory_size = '1MB'")
    with pytest.raises(StudyError, match=r"(?s)is full\..*TMPDIR"):
        engine.value(
            "SELECT count(*) FROM (SELECT sha256(CAST(i AS VARCHAR)) AS h "
            "FROM range(3000000) t(i) ORDER BY h LIMIT 2999999 OFFSET 1)"
        )
    engine.close()
