"""The results of the service itself, as its provider would count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.estimate.effect import joined
from evalkit.results import Result
from evalkit.service.clients import read_clients
from evalkit.service.tables import all_tables, averages
from evalkit.service.targets import checked_trainings, target_table

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.register.register import Register
    from evalkit.service.plan import ServicePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResults(Result):
    """Referrals, starts, completions and results, each share with its base named.

    Attributes
    ----------
    counts
        One row a count and base: ``table`` (all, referral_year, referral_month, way,
        age, route: what became of people; year, month: what happened then),
        ``group``, ``measure`` (referred, started, completed, positive, counted, work,
        training, entrepreneur), ``count``, ``base``, ``base_n``, ``share``,
        ``ci_low``, ``ci_high``, ``note``. A base ``all positive`` makes the share a
        part of all who have the measure; without a base there is no share. What
        could not happen is missing, not zero.
    targets
        One row a target, period and base: ``target``, ``period``, ``least``,
        ``most``, ``count``, ``base``, ``base_n``, ``share``, ``ci_low``, ``ci_high``,
        ``agreed_base`` (the target's own), ``met`` (by the figure itself),
        ``verdict`` (by its interval: reached, missed or undetermined), ``note``.
    averages
        What happened a month in each year: ``year``, ``measure``, ``count``,
        ``months``, ``active_months``, ``a_month``, ``an_active_month``.
    n_people
        Distinct people among the referrals.
    level
        Level of the intervals.
    note
        What should be known about these figures.
    """

    counts: pd.DataFrame
    targets: pd.DataFrame
    averages: pd.DataFrame
    n_people: int
    level: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return all counts, one row a count and base."""
        return self.counts.copy()

    def table(self, name: str) -> pd.DataFrame:
        """Return one of the tables in `counts`."""
        known = list(dict.fromkeys(self.counts["table"]))
        if name not in known:
            raise EvalkitError(
                f"`name` is unknown: {name!r}.", hint=f"Choose {', '.join(known)}."
            )
        rows = self.counts[self.counts["table"] == name]
        return rows.drop(columns="table").reset_index(drop=True)

    @property
    def totals(self) -> dict[str, int]:
        """Number of each measure in all."""
        rows = self.table("all").drop_duplicates("measure")
        return dict(zip(rows["measure"], map(int, rows["count"]), strict=True))

    def __str__(self) -> str:
        tables = [self.table("all"), self.targets.dropna(axis="columns", how="all")]
        texts = [table.to_string(index=False, na_rep="") for table in tables]
        return "\n\n".join(filter(None, [*texts, self.note]))

    def _repr_html_(self) -> str:
        return self.table("all").to_html(index=False, na_rep="")


def service_results(
    register: Register, *, plan: ServicePlan, trainings: pd.DataFrame | None = None
) -> ServiceResults:
    """Count what the service did, and compare it with its targets.

    These are the provider's own results. They say nothing about what would have
    become of the same people without the service: for that, see `compare`.

    Parameters
    ----------
    register
        Its pilot's list tells referrals, starts, ends and results (`start_date`,
        `end_date` and `result` have to be mapped); its snapshots tell ages.
    plan
        When the service ran, the list's words, which results count from which day on,
        and the targets: what `read_service_plan` returns.
    trainings
        Trainings that started: ``date`` and ``persons`` of each. None: not known.

    Returns
    -------
    ServiceResults
        Shares have score intervals [1]_ at the level of the register's plan; they
        take referrals as independent of one another.

    Raises
    ------
    RegisterError
        If the pilot's list lacks a column, or holds a word that is not known.
    EvalkitError
        If `trainings` lacks a column or a value.

    Notes
    -----
    A result is of the day on which the service ended, and the result of somebody who
    completed it: ``positive`` are all results, ``counted`` those that the rule in
    force on that day counts. Somebody who is referred twice is counted twice.

    References
    ----------
    .. [1] Wilson EB (1927). Probable inference, the law of succession, and
       statistical inference. Journal of the American Statistical Association 22,
       209-212.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> from evalkit.service.plan import ServicePlan
    >>> plan = ServicePlan.model_validate(
    ...     {
    ...         "service": {
    ...             "first": "2019-09",
    ...             "last": "2021-12",
    ...             "closes": "2022-03",
    ...         },
    ...         "words": {
    ...             "results": {
    ...                 "työ": "work",
    ...                 "koulutus": "training",
    ...                 "yrittäjä": "entrepreneur",
    ...             }
    ...         },
    ...     }
    ... )
    >>> results = service_results(small_register(), plan=plan)
    >>> results.totals["referred"] > results.totals["completed"]
    True
    >>> young = results.table("age").query("group == '<30' and measure == 'positive'")
    >>> list(young["base"])
    ['referred', 'started', 'completed', 'all positive']
    """
    clients = read_clients(register, plan)
    level = register.protocol.estimate.level
    known = None if trainings is None else checked_trainings(trainings)
    return ServiceResults(
        counts=all_tables(clients, plan, level),
        targets=target_table(clients, known, plan, level),
        averages=averages(clients, plan),
        n_people=int(clients["person"].nunique()),
        level=level,
        note=_note(clients, register, plan),
    )


def _note(clients: pd.DataFrame, register: Register, plan: ServicePlan) -> str:
    """Say what is simulated, what is left out, and who is counted twice."""
    undated = int(clients["undated"].sum())
    again = len(clients) - clients["person"].nunique()
    outside = int(
        (~clients["referred_in"].isin(plan.service.months(referrals=True))).sum()
    )
    return joined(
        "synthetic: the people are simulated"
        if register.protocol.study.synthetic
        else "",
        f"{undated} results without a start and an end are not counted"
        if undated
        else "",
        f"{again} referrals of people referred before" if again else "",
        f"{outside} referrals outside the plan's months" if outside else "",
    )
