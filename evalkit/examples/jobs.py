"""Jobs of a simulated pilot's clients, as its provider reports them for its fee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from evalkit.examples.provider import Jobs

_HALF_YEAR = 184
_WEEK, _SATURDAY = 7, 5
_REPORTED_AFTER = (10, 40)
"""Days after the start within which a job is reported, with its contract."""

_SHORTEST_OF_TWO = 60


def next_working_day(days: pd.Series) -> pd.Series:
    """Return the Monday to Friday after each day."""
    after = days + pd.Timedelta(days=1)
    weekday = after.dt.weekday
    wait = (_WEEK - weekday).where(weekday >= _SATURDAY, 0)
    return after + pd.to_timedelta(wait, "D")


def job_events(
    clients: pd.DataFrame, jobs: Jobs, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the jobs of everybody who left for work or for a firm of their own.

    Parameters
    ----------
    clients
        The pilot's list, with ``back``: the day of registering again, where known.
    jobs
        How jobs are.
    rng
        Where chance comes from.

    Returns
    -------
    DataFrame
        One row a term of a job.
    """
    people = clients[clients["result"].isin(["work", "entrepreneur"])]
    first = _terms(people, next_working_day(people["end_date"]), jobs, rng)
    first = _with_conditions(first, jobs, rng)
    own_account = first["result"] == "entrepreneur"
    first["kind"] = np.where(own_account, "entrepreneurship", first["kind"])
    first.loc[own_account, ["employer", "hours"]] = None
    first.loc[own_account, ["own_firm", "company", "subsidised"]] = False
    terms = pd.concat(
        [_in_two(first, jobs, rng), _second_jobs(first, jobs, rng)], ignore_index=True
    )
    wait = rng.integers(*_REPORTED_AFTER, size=len(terms), endpoint=True)
    terms["date"] = next_working_day(terms["start"] + pd.to_timedelta(wait, "D"))
    return terms.drop(columns=["result", "back"])


def _terms(
    people: pd.DataFrame, start: pd.Series, jobs: Jobs, rng: np.random.Generator
) -> pd.DataFrame:
    """Let each begin a job, and end it by the day before registering again."""
    left = (people["back"] - start).dt.days.fillna(np.inf)
    permanent = (rng.random(len(people)) < jobs.permanent) & (left > _HALF_YEAR)
    length = np.minimum(np.ceil(rng.exponential(jobs.mean_days, len(people))), left)
    end = start + pd.to_timedelta(np.maximum(length - 1, 0), "D")
    terms = people[["person_id", "result", "back"]].assign(start=start)
    return terms.assign(end=end.where(~permanent), permanent=permanent)


def _with_conditions(
    terms: pd.DataFrame, jobs: Jobs, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw whom people work for, how long a week, and on which conditions."""
    n = len(terms)
    own = rng.random(n) < jobs.with_own_firms
    number = rng.integers(
        1, np.where(own, jobs.own_firms, jobs.employers), endpoint=True
    )
    names = np.where(own, "Oma yritys ", "Työnantaja ")
    apprentice = rng.random(n) < jobs.apprenticeships
    shares = np.array(list(jobs.hours.values()))
    return terms.assign(
        kind=np.where(apprentice, "apprenticeship", "job"),
        employer=[f"{name}{which}" for name, which in zip(names, number, strict=True)],
        own_firm=own,
        company=own | (rng.random(n) < jobs.in_companies),
        hours=rng.choice(list(jobs.hours), size=n, p=shares / shares.sum()),
        subsidised=~own & (rng.random(n) < jobs.subsidised),
        verified=rng.random(n) < jobs.verified,
        agreed=rng.random(n) < jobs.agreed,
    )


def _in_two(terms: pd.DataFrame, jobs: Jobs, rng: np.random.Generator) -> pd.DataFrame:
    """Part some fixed terms into two that follow on one another."""
    days = (terms["end"] - terms["start"]).dt.days
    parted = (rng.random(len(terms)) < jobs.in_two_terms) & (days >= _SHORTEST_OF_TWO)
    middle = terms["start"] + pd.to_timedelta(days.where(parted, 0) // 2, "D")
    first = terms.assign(end=terms["end"].mask(parted, middle))
    second = terms.assign(start=middle + pd.Timedelta(days=1))[parted]
    return pd.concat([first, second], ignore_index=True)


def _second_jobs(
    terms: pd.DataFrame, jobs: Jobs, rng: np.random.Generator
) -> pd.DataFrame:
    """Give some whose job has ended, and who stay away, another employer's."""
    goes_on = (rng.random(len(terms)) < jobs.second_employer) & (
        terms["end"].notna() & (terms["kind"] != "entrepreneurship")
    )
    start = next_working_day(terms["end"])
    goes_on &= (terms["back"] > start) | terms["back"].isna()
    again = _terms(terms[goes_on], start[goes_on], jobs, rng)
    return _with_conditions(again, jobs, rng)
