"""An evaluation that may leave the building: all that a report is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.report.release.attrition import release_attrition
from evalkit.report.release.covariates import release_products
from evalkit.report.release.curves import release_curves, steps_of_curves
from evalkit.report.release.estimates import release_sensitivity
from evalkit.report.release.judgement import release_gate, release_verdict
from evalkit.report.release.kinds import RELEASES
from evalkit.report.release.months import release_months
from evalkit.report.release.people import People, few
from evalkit.report.release.quality import release_quality
from evalkit.report.release.released import (
    DEFAULT_CELL,
    Released,
    checked_cell,
    names_of,
)
from evalkit.report.release.routes import release_routes
from evalkit.results import Result
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalkit.cohort.certificate import Certificate
    from evalkit.cohort.cohort import Cohort
    from evalkit.evaluation.card import EstimandCard
    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.evaluation.gate import Gate
    from evalkit.evaluation.verdict import Verdict
    from evalkit.report.release.months import Report
    from evalkit.study.protocol import Break, Protocol

MASKED = "masked"
"""Why a part is not in a publication: it would tell of few people."""

_PLAIN = (
    "headline", "headline_strict", "balance", "support", "estimators",
    "decomposition", "log_rank", "hazard_ratio", "rmst", "bounds", "hidden",
    "e_values", "later", "redraws", "power",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication(Result):
    """What of an evaluation may leave the building.

    Pages, workbooks and files are made from this and from nothing else.

    Attributes
    ----------
    tables
        What was released of each part, by the name that it has in the evaluation:
        ``months`` (the comparison), ``attrition``, ``headline``, ``balance``,
        ``curves`` and so on; ``further.6_months`` and ``subgroups.age``.
    card
        What exactly is estimated; its numbers of people are those of the months.
    min_cell
        Smallest count that is published.
    skipped
        Why a part is not here, by its name: as in the evaluation, or ``masked``.
    breaks
        Declared breaks in time, for the figures.
    language
        Language of the plan.
    certificates
        Certificates of the draws, in their order.
    plan
        Hash of the plan; empty without one.
    labels
        How the office heads the plan's own columns, by their names.
    gate, verdict
        What speaks for and against the headline, and what follows; None where nothing
        but the months leaves.

    Examples
    --------
    >>> import evalkit as ek
    >>> people = pd.DataFrame({"treat": [1] * 4 + [0] * 36, "y": [1, 0] * 20})
    >>> cohort = ek.Cohort.from_frame(people, group="treat", outcome="y")
    >>> ek.release(ek.evaluate(cohort)).to_frame()
        table  rows  masked
    0  months     2       2
    """

    tables: Mapping[str, Released]
    card: EstimandCard
    min_cell: int
    skipped: Mapping[str, str]
    breaks: Sequence[Break] = ()
    language: str = "fi"
    certificates: Sequence[Certificate] = ()
    plan: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    gate: Gate | None = None
    verdict: Verdict | None = None

    def __getitem__(self, name: str) -> Released:
        """Return what was released of a part."""
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether anything was released of a part."""
        return name in self.tables

    @property
    def synthetic(self) -> bool:
        """Whether the people are simulated."""
        return self.card.synthetic

    def shape(self, name: str) -> Any:  # noqa: ANN401  (any result)
        """Return a part's released numbers in their former shape; None without any."""
        return self.tables[name].result if name in self.tables else None

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return every released table by name: ``curves``, ``curves.medians``, ..."""
        found = {}
        for name, released in self.tables.items():
            found[name] = released.to_frame()
            for other, table in released.further.items():
                found[f"{name}.{other}"] = table.copy()
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return one row per table: name, rows, masked (rows)."""
        rows = [
            (name, len(table), int(table["masked"].sum()))
            for name, table in self.frames().items()
        ]
        return pd.DataFrame(rows, columns=["table", "rows", "masked"])


def publish(
    evaluation: Evaluation,
    *,
    min_cell: int | None = None,
    earlier: Sequence[Report] = (),
    certificates: Sequence[Certificate] = (),
) -> Publication:
    """Return what of an evaluation may leave the building, its tables in one piece.

    Parameters
    ----------
    evaluation
        What `evalkit.evaluate` returned.
    min_cell
        Smallest count that is published. None: the plan's, or 5.
    earlier
        Earlier reports of the same study, as the log has them.
    certificates
        Certificates of the draws: they hold no personal data.

    Returns
    -------
    Publication
        All tables tell the same people with the same number.

    Raises
    ------
    EstimationError
        If `min_cell` is below 1.

    Notes
    -----
    Where the pooled row of the months is masked, no estimate leaves at all.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 200 + [0] * 800, "y": [1, 0] * 100 + [1, 0, 0, 0] * 200}
    ... )
    >>> found = evaluate(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> publish(found)["headline"].to_frame()[["estimate", "n_pilot", "masked"]]
       estimate  n_pilot  masked
    0      0.25    200.0   False
    """
    plan = evaluation.cohort.protocol
    if min_cell is None:
        min_cell = plan.publish.smallest_cell if plan else DEFAULT_CELL
    months = release_months(
        evaluation.comparison,
        min_cell=checked_cell(min_cell),
        breaks=plan.breaks if plan else (),
        earlier=earlier,
    )
    people = People.of(months)
    tables = {"months": months}
    judged: dict[str, Any] = {}
    if not math.isnan(people.pilot):
        tables |= _parts(evaluation, months, people)
        judged["gate"] = release_gate(evaluation.gate, tables, people)
        judged["verdict"] = release_verdict(evaluation.verdict, tables, people)
    return Publication(
        tables=tables,
        card=replace(
            evaluation.card,
            n_pilot=people.pilot,  # type: ignore[arg-type]
            n_control=people.control,  # type: ignore[arg-type]
        ),
        min_cell=min_cell,
        skipped=_skipped(evaluation, tables),
        breaks=tuple(plan.breaks) if plan else (),
        language=plan.study.language if plan else "fi",
        certificates=tuple(certificates),
        plan=plan.sha256 if plan else "",
        labels=_labels(plan) if plan else {},
        **judged,
    )


def _labels(plan: Protocol) -> dict[str, str]:
    """Return the headers of the plan's own columns."""
    mapped = {**plan.data.pilot_columns, **plan.data.columns}
    known = {*PILOT_COLUMNS, *SNAPSHOT_COLUMNS}
    return {name: header for name, header in mapped.items() if name not in known}


def _parts(
    evaluation: Evaluation, months: Released, people: People
) -> dict[str, Released]:
    """Return what is released of every part beside the months."""
    found = {"attrition": release_attrition(evaluation.attrition, people)}
    hidden = _few_changed(evaluation.cohort, people.min_cell) | _withheld(months)
    for name in _PLAIN:
        part = getattr(evaluation, name)
        if part is not None and not hidden.get(name, False):
            found[name] = RELEASES[type(part).__name__](part, people)
    found["quality"] = release_quality(
        evaluation.quality, people, hide_unknown=hidden["bounds"]
    )
    if evaluation.products is not None:
        found["products"] = release_products(evaluation.products, people)
    if evaluation.sensitivity is not None:
        found["sensitivity"] = release_sensitivity(
            evaluation.sensitivity, people, hidden=hidden
        )
    if hidden["strict"]:
        _blank_shares(found)
    found |= _over_time(evaluation, people)
    found |= _declared(evaluation, people, hidden)
    return found


def _declared(
    evaluation: Evaluation, people: People, hidden: Mapping[str, bool]
) -> dict[str, Released]:
    """Return the plan's subgroups and later lags."""
    found = {
        f"subgroups.{column}": RELEASES["SubgroupComparison"](groups, people)
        for column, groups in evaluation.subgroups.items()
    }
    for lag, effect in evaluation.further.items():
        if not hidden.get(f"after_{lag}", False):
            found[f"further.{lag}"] = RELEASES[type(effect).__name__](effect, people)
    return found


def _over_time(evaluation: Evaluation, people: People) -> dict[str, Released]:
    """Return curves and routes; all of them in steps of the plain curves."""
    curves, found = evaluation.curves, {}
    if curves is None:
        return {}
    weeks = steps_of_curves(curves, people.min_cell)
    found["curves"] = release_curves(curves, people, weeks=weeks)
    if evaluation.routes is not None:
        found["routes"] = release_routes(evaluation.routes, people, among=weeks)
    return found


def _withheld(months: Released) -> dict[str, bool]:
    """Tell what would give away a number that the months' table withholds.

    Its months and a total over them, whichever table the total is in, are one equation.
    """
    table = months.table[~months.table["masked"]]
    unknown = bool(np.isnan(table["n_unknown"].iloc[-1]))
    both = table[(table[["n_pilot", "n_control"]] > 0).all(axis=1)]
    return {
        "bounds": unknown,
        "unknown_worst": unknown,
        "unknown_best": unknown,
        "strict": bool(both["strict"].isna().any()),
    }


def _blank_shares(found: dict[str, Released]) -> None:
    """Take the groups' own shares from the strict readings: a month's would follow."""
    blank = {"pilot": np.nan, "control": np.nan}
    if "headline_strict" in found:
        released = found["headline_strict"]
        found["headline_strict"] = replace(
            released,
            table=released.table.assign(**blank),
            result=replace(released.result, **blank),
        )
    if "sensitivity" in found:
        released = found["sensitivity"]
        shown = released.table.copy()
        shown.loc[shown["reading"] == "services_fail", [*blank]] = np.nan
        kept = shown[~shown["masked"]].drop(columns="masked").reset_index(drop=True)
        found["sensitivity"] = replace(
            released, table=shown, result=replace(released.result, table=kept)
        )


_READINGS = {
    "outcome_strict": ("headline_strict", "services_fail"),
    "outcome_report": ("report_rule",),
    "outcome_laid_off": ("laid_off_other_way",),
}


def _few_changed(cohort: Cohort, min_cell: int) -> dict[str, bool]:
    """Tell of which readings few people's outcomes differ from the primary one."""
    people = cohort.people
    hidden: dict[str, bool] = {}
    for column in names_of(people):
        if not column.startswith("outcome_"):
            continue
        lag = f"after_{column.removeprefix('outcome_')}"
        differs = people[column].notna() & people["outcome"].notna()
        differs &= people[column] != people["outcome"]
        counts = differs.groupby(people["group"]).sum()
        is_few = bool(few(counts, min_cell).any())
        hidden |= dict.fromkeys(_READINGS.get(column, (lag,)), is_few)
    return hidden


def _skipped(evaluation: Evaluation, tables: Mapping[str, Released]) -> dict[str, str]:
    """Return why a part is not there: by the evaluation, or since it is masked."""
    names = [*_PLAIN, "attrition", "products", "sensitivity", "curves", "routes"]
    masked = {
        name: MASKED
        for name in names
        if getattr(evaluation, name) is not None and name not in tables
    }
    return dict(evaluation.skipped) | masked
