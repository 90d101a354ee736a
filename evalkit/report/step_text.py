"""What a command is doing, in words of the plan's language."""

from __future__ import annotations

import re

from evalkit.report.language.catalogue import read_language

_MONTH = r"(?P<month>\d{4}-\d{2})"
STEPS = {
    "reading": "reading the register",
    "drawing": rf"drawing {_MONTH}",
    "following": "following both groups",
    "evaluating": "evaluating",
    "comparison": "writing the comparison",
    "month": rf"writing {_MONTH}",
    "report": "writing the report",
}
"""What the steps of the batch look like, by their keys in the catalogues."""


def step_text(step: str, *, language: str = "fi") -> str:
    """Return a step of the batch in a language; what is not known stays as it is.

    Examples
    --------
    >>> step_text("drawing 2021-02", language="fi")
    'arvotaan helmikuu 2021'
    """
    words = read_language(language)
    for key, pattern in STEPS.items():
        if found := re.fullmatch(pattern, step):
            month = {k: words.month(v) for k, v in found.groupdict().items()}
            return words.text(f"step.{key}", **month)
    return step
