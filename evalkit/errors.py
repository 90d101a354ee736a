"""Every error that evalkit raises on purpose, and its one warning.

An error names the file, the column, the rows, the rule that was broken and what
to do about it. It never contains a personal identity code.
"""

from __future__ import annotations


class EvalkitError(ValueError):
    """Something in the input has to be mended before evalkit can go on."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n  {hint}" if hint else message)
        self.message = message
        self.hint = hint


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


class EvalkitWarning(UserWarning):
    """The result stands, but something about it should be known."""
