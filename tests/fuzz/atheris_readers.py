"""The readers under a fuzzer that follows their branches (not part of the tests).

It needs the library `atheris`:

    python -m pip install atheris
    python -m tests.fuzz.atheris_readers plan.toml -max_total_time=3600

The first argument names a reader of `readers.py`; the others are libFuzzer's own. A
file that gives neither a result nor an `EvalkitError` ends the run and is kept.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["evalkit"]):
        from evalkit.errors import EvalkitError, EvalkitWarning
        from tests.fuzz.readers import all_readers

    folder = Path(tempfile.mkdtemp())
    found = {reader.name: reader for reader in all_readers(folder)}
    name, *options = sys.argv[1:]
    reader = found[name]
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "lawful").write_bytes(reader.content)
    file = folder / name

    def try_one(content: bytes) -> None:
        file.write_bytes(content)
        with contextlib.suppress(EvalkitError), warnings.catch_warnings():
            warnings.simplefilter("ignore", EvalkitWarning)
            reader.read(file)

    atheris.Setup([sys.argv[0], *options, str(corpus)], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
