"""The control sample: a ranking by a keyed hash that anybody can make again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit import __version__
from evalkit.cohort.attrition_table import attrition_text
from evalkit.cohort.certificate import ALGORITHM, Certificate, hash_of_ids
from evalkit.cohort.frame import (
    attrition,
    frame,
    not_referred,
    require_drawable,
    snapshot_month,
    snapshot_rows,
)
from evalkit.cohort.seal import hash_of
from evalkit.cohort.time_zero import pilots_of_month
from evalkit.errors import EvalkitWarning
from evalkit.results import Result
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.months import month_text

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.cohort.commitment import Promise
    from evalkit.cohort.forgetting import Forgetting
    from evalkit.register.register import Register

_DERIVED = ("registered", "registration_day", "deregistration_day")
_CONTENT = set(SNAPSHOT_COLUMNS) - {
    "month", "registered_at_month_end", "registration_date", "deregistration_date",
    "birth_year",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draw(Result):
    """The control sample of one month.

    Attributes
    ----------
    month
        Cohort month, ``YYYY-MM``.
    person_ids
        The drawn people in ranking order.
    attrition
        ``criterion, before, removed, left``: from the snapshot to the frame.
    certificate
        What anybody needs to make the draw again and compare.
    """

    month: str
    person_ids: tuple[str, ...]
    attrition: pd.DataFrame
    certificate: Certificate

    def to_frame(self) -> pd.DataFrame:
        """Return the sample as ``rank, person_id``."""
        import pandas as pd

        ranks = range(1, len(self.person_ids) + 1)
        return pd.DataFrame({"rank": ranks, "person_id": list(self.person_ids)})

    def __str__(self) -> str:
        return (
            f"{self.month}: {self.certificate.drawn} drawn from a frame of "
            f"{self.certificate.frame}\n{self.attrition.to_string(index=False)}"
        )


def draw_controls(
    register: Register,
    month: str,
    *,
    after: Certificate | Forgetting | None = None,
    replaces: Certificate | None = None,
    promise: Promise | None = None,
) -> Draw:
    """Draw the control sample of a month, a simple random sample of its frame.

    Everybody in the frame is ranked by the SHA-256 of ``seed|month|person_id``; the
    first are the sample. Given a seed that was fixed before the snapshot existed, this
    is a simple random sample without replacement, independent between months [1]_, and
    the same on every machine and engine and in any order of rows.

    Parameters
    ----------
    register
        The register, opened with the study's plan.
    month
        Cohort month, for example ``"2021-02"``.
    after
        Certificate of the study's draw before this one, which the new one names.
    replaces
        Certificate of the same month that this draw is to replace.
    promise
        The study's commitment, which the certificate names, and its salt.

    Returns
    -------
    Draw
        The sample, how its frame came about, and the certificate.

    Raises
    ------
    DrawError
        If the plan does not draw this month, or the register lacks its snapshot.

    Warns
    -----
    EvalkitWarning
        If the frame is smaller than the sample size; everybody is drawn then.

    References
    ----------
    .. [1] Ohlsson, E. (1995). Coordination of samples using permanent random numbers.
       In Cox, B. G. and others (eds), Business Survey Methods, 153-169. Wiley.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> draw = draw_controls(small_register(), "2021-02")
    >>> len(draw.person_ids) == draw.certificate.drawn
    True
    """
    number = require_drawable(register, month)
    steps = attrition(register, number)
    in_frame = int(steps["left"].iloc[-1])
    size = _size(register, number, in_frame)
    person_ids = _first(register, number, size)
    if in_frame < size:
        warnings.warn(
            f"{month_text(number)}: the frame holds {in_frame} people, fewer than the "
            f"sample size {size}; everybody is drawn. {_most_removed(steps)}",
            EvalkitWarning,
            stacklevel=2,
        )
    certificate = Certificate(
        month=month_text(number),
        sequence=after.sequence + 1 if after else 1,
        previous=after.sha256 if after else None,
        replaces=replaces.sha256 if replaces else None,
        plan_sha256=register.protocol.sha256,
        rules_sha256=register.protocol.rules_sha256,
        commitment=promise.commitment.sha256 if promise else None,
        salt=promise.salt if promise else None,
        seed=register.protocol.draw.seed,
        seed_source=register.protocol.draw.seed_source,
        algorithm=ALGORITHM,
        snapshot_month=month_text(snapshot_month(register.protocol, number)),
        snapshot_rows=int(steps["before"].iloc[0]),
        snapshot_sha256=snapshot_hash(register, number),
        frame=in_frame,
        size=size,
        drawn=len(person_ids),
        persons_sha256=hash_of_ids(person_ids),
        attrition_sha256=hash_of(attrition_text(steps)),
        evalkit=__version__,
    )
    return Draw(
        month=month_text(number),
        person_ids=person_ids,
        attrition=steps,
        certificate=certificate,
    )


def ranking_key(seed: str, month: str, person: str) -> str:
    """Return SQL for the text whose hash ranks a person; `person` is a column."""
    prefix = f"{seed}|{month}|".replace("'", "''")
    return f"concat('{prefix}', {person})"


def snapshot_hash(register: Register, month: int) -> str:
    """Return the hash of everything that the draw of a month looks at.

    Every canonical column of every row of the snapshot, and whether the person had
    been referred by the frame's day; rows in no particular order, so that neither
    their order nor the file format matters.
    """
    engine = register.engine
    known = [name for name in SNAPSHOT_COLUMNS if name in _CONTENT]
    columns = [*_DERIVED, *known, *register.extra]
    texts = ", '|', ".join(
        f"coalesce(CAST(\"{name}\" AS STRING), '~')" for name in columns
    )
    referred = f"NOT ({not_referred(register.protocol, month).condition})"
    row = f"concat({texts}, '|', CAST({referred} AS STRING))"
    hashes = (
        f"SELECT {engine.sha256(row)} AS h "
        f"FROM ({snapshot_rows(register.protocol, month)}) c"
    )
    return str(
        engine.value(f"SELECT {engine.sha256(engine.joined('h'))} FROM ({hashes}) r")
    )


def _most_removed(steps: pd.DataFrame) -> str:
    most = steps.loc[steps["removed"].idxmax()]
    return f"What most did not meet: {most['criterion']} ({most['removed']})."


def _size(register: Register, month: int, in_frame: int) -> int:
    size = register.protocol.draw.size
    if size == "all":
        return in_frame
    return pilots_of_month(register, month) if size == "pilot" else size


def _first(register: Register, month: int, size: int) -> tuple[str, ...]:
    """Return the first ids of the frame by their hash."""
    key = ranking_key(register.protocol.draw.seed, month_text(month), "person_id")
    ranked = register.engine.frame(
        f"""
        SELECT person_id FROM ({frame(register.protocol, month)}) f
        ORDER BY {register.engine.sha256(key)}, person_id LIMIT {size}
        """
    )
    return tuple(ranked["person_id"])
