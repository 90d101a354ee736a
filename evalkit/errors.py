"""Every error that evalkit raises on purpose, and its one warning.

An error names the file, the column, the rows, the rule that was broken and what
to do about it. It never contains a personal identity code.
"""

from __future__ import annotations

import re

_IDENTITY_CODE = re.compile(
    r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
    re.IGNORECASE | re.ASCII,
)


class EvalkitError(ValueError):
    """Something in the input has to be mended before evalkit can go on."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = _without_codes(message)
        self.hint = _without_codes(hint)
        super().__init__(f"{self.message}\n  {self.hint}" if hint else self.message)


class ProtocolError(EvalkitError):
    """The study plan is wrong."""


class RegisterError(EvalkitError):
    """The register or the pilot list cannot be read, or breaks a rule."""


class DrawError(EvalkitError):
    """A control sample cannot be drawn, or a drawn one cannot be used."""


class EstimationError(EvalkitError):
    """An estimate was asked for that these people or arguments cannot give."""


class StudyError(EvalkitError):
    """The study folder cannot be used: locked, unwritable or damaged."""


def _without_codes(text: str) -> str:
    """Take Finnish identity codes out, even where a value is quoted by mistake."""
    return _IDENTITY_CODE.sub("(an identity code)", text)


class EvalkitWarning(UserWarning):
    """The result stands, but something about it should be known."""
