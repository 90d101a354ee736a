"""The person table of a study: everything after it reads this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from evalkit.study.protocol import Protocol

_PILOT = {"pilot", "1", "1.0", "true"}
_CONTROL = {"control", "0", "0.0", "false"}
_SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort(Result):
    """Both groups, followed up by one rule.

    Attributes
    ----------
    people
        One row per person and cohort month: ``person`` (text), ``group`` (``pilot`` or
        ``control``), ``month`` (``YYYY-MM``), ``outcome`` (a number; for a register
        1 is not unemployed at the lag, 0 unemployed, NaN unknown), where known
        ``weeks_before``, ``weeks``, ``exited``, ``exit_to``, further readings of the
        outcome, and the covariates.
    covariates
        Names of the columns that describe people at time zero.
    protocol
        The plan, or None for a table that came from elsewhere.
    attrition
        ``group, criterion, before, removed, left``: who was left out on the way.
    notes
        What should be known about this follow-up, in sentences.
    has_persons
        Whether ``person`` identifies people (else every row counts as one person).
    time_zero
        The reading of time zero, as `evalkit.follow_up` has it; None for a table that
        came from elsewhere.
    """

    people: pd.DataFrame
    covariates: tuple[str, ...] = ()
    protocol: Protocol | None = None
    attrition: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()
    has_persons: bool = True
    time_zero: Literal["aligned", "report"] | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return the person table (a copy)."""
        return self.people.copy()

    @property
    def level(self) -> float:
        """Level of confidence intervals: the plan's, or 0.95."""
        return self.protocol.estimate.level if self.protocol else 0.95

    @property
    def months(self) -> tuple[str, ...]:
        """Cohort months in order."""
        return tuple(sorted(self.people["month"].unique()))

    @property
    def is_pilot(self) -> pd.Series[bool]:
        """True for the rows of the pilot group."""
        # Numpy compares texts several times as fast as pandas.
        pilot = self.people["group"].to_numpy() == "pilot"
        return pd.Series(pilot, index=self.people.index, name="group")

    def __str__(self) -> str:
        sizes = self.people["group"].value_counts()
        known = int(self.people["outcome"].notna().sum())
        counted = (
            f"{sizes.get('pilot', 0)} pilot and {sizes.get('control', 0)} control rows "
            f"in {len(self.months)} month(s), {self.people['person'].nunique()} people,"
            f" outcome known for {known}"
        )
        return "\n".join([counted, *self.notes])

    def _repr_html_(self) -> str:
        return f"<p>{str(self).replace(chr(10), '<br>')}</p>"

    @classmethod
    def from_frame(  # noqa: PLR0913  (it names columns)
        cls,
        df: pd.DataFrame,
        *,
        group: str,
        outcome: str,
        person: str | None = None,
        month: str | None = None,
        weeks: str | None = None,
        exited: str | None = None,
        weeks_before: str | None = None,
        exit_to: str | None = None,
        covariates: Sequence[str] = (),
    ) -> Cohort:
        """Make a cohort from any table of people.

        Parameters
        ----------
        df
            One row per person (and month, where people recur).
        group
            Column that tells the groups apart: 1, True or ``"pilot"`` is the pilot
            group; 0, False or ``"control"`` the control group.
        outcome
            Column of the outcome: any number; a missing one is unknown.
        person
            Column of person ids, where people may recur. None: every row is a person.
        month
            Column of cohort months, or of any other stratum. None: one stratum.
        weeks
            Column of the weeks observed after time zero.
        exited
            Column that tells whether the person left unemployment at the end of
            `weeks` (True) or was still in it (False).
        weeks_before
            Column of the weeks of unemployment before time zero.
        exit_to
            Column of exit routes.
        covariates
            Columns that describe people at time zero.

        Returns
        -------
        Cohort
            The same people under evalkit's names, in the same order.

        Raises
        ------
        EstimationError
            If a column is missing or holds values that it may not.

        Examples
        --------
        >>> table = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 0]})
        >>> cohort = Cohort.from_frame(table, group="treat", outcome="y")
        >>> print(cohort)
        2 pilot and 2 control rows in 1 month(s), 4 people, outcome known for 4
        """
        named = {
            "person": person,
            "group": group,
            "month": month,
            "outcome": outcome,
            "weeks_before": weeks_before,
            "weeks": weeks,
            "exited": exited,
            "exit_to": exit_to,
        }
        sources = {name: source for name, source in named.items() if source is not None}
        _require_columns(df, [*sources.values(), *covariates])
        people = pd.DataFrame(
            {name: _READ[name](df[source], source) for name, source in sources.items()}
        )
        people = people.assign(**{name: df[name] for name in covariates})
        people = people.reset_index(drop=True)
        if person is None:
            people.insert(0, "person", people.index.astype(str))
        if month is None:
            people.insert(2, "month", "all")
        return cls(
            people=people,
            covariates=tuple(covariates),
            has_persons=person is not None,
        )


def _require_columns(df: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in df.columns]
    if missing:
        raise EstimationError(
            f"The table has no column {', '.join(missing)}.",
            hint=f"It has: {', '.join(map(str, df.columns))}.",
        )
    if df.empty:
        raise EstimationError("The table has no rows.")


def _groups(values: pd.Series, source: str) -> pd.Series:
    codes, spellings = pd.factorize(values.astype(str), use_na_sentinel=False)
    words = spellings.str.strip().str.casefold()
    known = np.select(
        [words.isin(_PILOT), words.isin(_CONTROL)], ["pilot", "control"], ""
    )
    groups = pd.Series(known.astype(object)[codes], index=values.index)
    _refuse(groups == "", source, "1, True or 'pilot', or 0, False or 'control'")
    return groups


def _numbers(values: pd.Series, source: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    _refuse(
        (numbers.isna() & values.notna()) | np.isinf(numbers),
        source,
        "a finite number, or empty for unknown",
    )
    return numbers


def _durations(values: pd.Series, source: str) -> pd.Series:
    numbers = _numbers(values, source)
    _refuse(numbers < 0, source, "a number of weeks, not negative")
    return numbers


def _flags(values: pd.Series, source: str) -> pd.Series:
    numbers = _numbers(values, source)
    _refuse(~numbers.isin([0, 1]), source, "True or False (1 or 0)")
    return numbers == 1


def _texts(values: pd.Series, source: str) -> pd.Series:
    _refuse(values.isna(), source, "not empty")
    return values.astype(str)


def _routes(values: pd.Series, source: str) -> pd.Series:  # noqa: ARG001
    return values


_READ = {
    "person": _texts,
    "group": _groups,
    "month": _texts,
    "outcome": _numbers,
    "weeks_before": _durations,
    "weeks": _durations,
    "exited": _flags,
    "exit_to": _routes,
}


def _refuse(wrong: pd.Series, source: str, rule: str) -> None:
    """Name the rows that break a rule; never their values, which may be personal."""
    if not wrong.any():
        return
    rows: list[Hashable] = list(wrong.index[wrong.to_numpy()][:_SHOWN_ROWS])
    raise EstimationError(
        f"Column {source!r}: {int(wrong.sum())} value(s) are not {rule}.",
        hint=f"Mend them, for example in row(s) {', '.join(map(str, rows))}.",
    )
