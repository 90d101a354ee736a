"""A study's plan as a file: read with every problem named, written with comments."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import ProtocolError
from evalkit.study.protocol import Protocol
from evalkit.study.sections import commented_sections, read_sections


def read_protocol(path: str | Path) -> Protocol:
    """Read and validate a study's plan.

    Parameters
    ----------
    path
        A TOML file. Its data locations and output folder are relative to it.

    Returns
    -------
    Protocol
        The plan, complete with the defaults of the keys that it leaves out.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or breaks a rule: one error names every problem
        with its key, what was found and what is allowed.

    Examples
    --------
    >>> import tempfile
    >>> from evalkit.examples.satakunta import example_plan
    >>> file = Path(tempfile.mkdtemp()) / "plan.toml"
    >>> _ = file.write_text(commented_plan(example_plan()), encoding="utf-8")
    >>> read_protocol(file).draw.size
    500
    """
    file = Path(path)
    if not file.exists():
        raise ProtocolError(
            f"{file}: there is no such plan.",
            hint="`evalkit init FOLDER --from FILE` writes one for your own files.",
        )
    return read_sections(file, Protocol).at(file.parent)


def commented_plan(protocol: Protocol, *, note: str = "") -> str:
    """Return the plan as TOML text, each key under the comment that explains it.

    Parameters
    ----------
    protocol
        The plan.
    note
        Opening comment: what this plan is for.

    Returns
    -------
    str
        Text that `read_protocol` reads back as the same plan.
    """
    return commented_sections(protocol, note=note)
