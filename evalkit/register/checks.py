"""What a register may not say: rules on whole rows, persons and months."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.register.engine import DuckDB
    from evalkit.register.loading import Loaded
    from evalkit.register.problems import Problem
    from evalkit.study.protocol import Protocol


def check_tables(
    engine: DuckDB,
    loaded: Sequence[Loaded],
    months: tuple[int, ...],
    protocol: Protocol,
) -> list[Problem]:
    """Return every rule that the loaded tables break."""
    return []
