"""Whatever stands in a file, it gives a result or an error of evalkit's own.

`make soak` takes an hour over it (EVALKIT_FUZZ_SECONDS); the tests a few seconds. A
file that does otherwise is named by the number that makes it again.
"""

import os
import random
import time
import warnings

import pytest

from evalkit.errors import EvalkitError, EvalkitWarning
from tests.fuzz.readers import all_readers

SECONDS = float(os.environ.get("EVALKIT_FUZZ_SECONDS", "30"))
FEWEST = 8
CODE = "131052-308T"


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    return all_readers(tmp_path_factory.mktemp("readers"))


def try_one(reader, number, folder):
    """Read one changed file; anything but a result or an `EvalkitError` fails."""
    chance = random.Random(f"{reader.name} {number}")  # noqa: S311
    file = folder / reader.name
    file.write_bytes(reader.mutate(reader.content, chance))
    said = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EvalkitWarning)
            reader.read(file)
    except EvalkitError as error:
        said = str(error)
    except BaseException as error:
        error.add_note(f"{reader.name}, number {number}")
        raise
    assert CODE not in said, (reader.name, number)


def test_every_lawful_file_is_read(readers, tmp_path):
    for reader in readers:
        file = tmp_path / reader.name
        file.write_bytes(reader.content)
        reader.read(file)


@pytest.mark.slow
def test_readers_take_any_bytes(readers, tmp_path):
    """Each reader gets its share of the time, and a few files at least."""
    for reader in readers:
        end = time.monotonic() + SECONDS / len(readers)
        number = 0
        while number < FEWEST or time.monotonic() < end:
            try_one(reader, number, tmp_path)
            number += 1
