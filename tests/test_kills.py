"""A monthly run killed at any moment, then run again, equals one clean run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.study_files import contents, write_small_study

KILLS = int(os.environ.get("EVALKIT_KILLS", "20"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL"),
]


def monthly(plan):
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "evalkit.cli", "monthly", str(plan), "--all"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A study after one clean run, and how long the run took."""
    plan = write_small_study(tmp_path_factory.mktemp("clean"))
    began = time.monotonic()
    assert monthly(plan).wait() == 0
    return plan, time.monotonic() - began


def test_killed_at_random_moments_and_run_again(clean, tmp_path):
    plan, seconds = clean
    expected = contents(plan.parent / "results")
    moments = random.Random(20210228)  # noqa: S311
    halves = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        shutil.copytree(plan.parent, folder, ignore=shutil.ignore_patterns("results"))
        run = monthly(folder / plan.name)
        time.sleep(moments.uniform(0.2, 1.0) * seconds)
        run.kill()
        run.wait()
        results = folder / "results"
        if results.exists():
            part = contents(results)
            left_aside = {name for name in part if ".evalkit-" in name}
            whole = {name: part[name] for name in part if name not in left_aside}
            assert whole.items() <= expected.items(), "a half-written file"
            halves += len(whole) < len(expected)
        assert monthly(folder / plan.name).wait() == 0
        assert contents(results) == expected
        shutil.rmtree(folder)
    assert halves, "no kill came while the results were being written"
