"""What the provider's own firms may take: both limits by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.fees.limits import most_allowed
from tests.fees.small_contract import job, make_contract, paid, reason, training


def jobs(prefix: str, number: int, start: str = "2020-02-01", **more) -> list:
    """Return permanent jobs of as many people."""
    return [job(f"{prefix}{i}", start, None, **more) for i in range(number)]


@pytest.mark.parametrize(
    ("others", "most"), [(0, 0), (2, 0), (3, 1), (5, 1), (6, 2), (9, 3), (300, 100)]
)
def test_a_quarter_of_all(others, most) -> None:
    """One in four: a third of the others."""
    assert most_allowed(Decimal("0.25"), others, 1000) == most


@given(st.integers(0, 100), st.integers(0, 2000), st.integers(0, 2000))
def test_the_largest_number_that_fits(percent, others, own) -> None:
    most = most_allowed(Decimal(percent) / 100, others, own)
    assert 0 <= most <= own
    assert 100 * most <= percent * (others + most)
    assert most == own or 100 * (most + 1) > percent * (others + most + 1)


def test_own_jobs_beyond_a_quarter_are_refused() -> None:
    """Six with others and three own: two of eight are a quarter."""
    events = jobs("other", 6) + jobs("own", 3, own_firm=True)
    amounts = paid(events)
    assert [amounts[f"own{i}"] for i in range(3)] == [700, 700, 0]
    assert reason(events) == (
        "beyond 25% of employments with own firms in 2020: 2 beside 6 others"
    )


def test_the_first_by_date_then_by_event_id_stay() -> None:
    late = job("a", "2020-03-01", None, own_firm=True)
    early = [job(i, "2020-02-01", None, own_firm=True) for i in ("c", "b")]
    amounts = paid([late, *early, *jobs("other", 6)])
    assert (amounts["b"], amounts["c"], amounts["a"]) == (700, 700, 0)


def test_jobs_that_are_not_realised_are_no_base() -> None:
    """Six others, but one too short: five let one own job in."""
    short = [job("short", "2020-02-01", "2020-03-01")]
    amounts = paid(jobs("other", 5) + short + jobs("own", 2, own_firm=True))
    assert (amounts["own0"], amounts["own1"]) == (700, 0)


def test_each_year_has_its_own_limit() -> None:
    events = [
        *jobs("other", 3, "2020-12-31"),
        *jobs("old", 2, "2020-12-31", own_firm=True),
        *jobs("new", 2, "2021-01-01", own_firm=True),
    ]
    in_years = paid(events)
    assert [in_years[i] for i in ("old0", "old1", "new0", "new1")] == [700, 0, 0, 0]
    more = [*events, *jobs("later", 3, "2021-06-01")]
    whole = paid(more, make_contract(own_jobs={"window": "contract"}))
    assert [whole[i] for i in ("old0", "old1", "new0", "new1")] == [700, 700, 0, 0]
    by_year = paid(more)
    assert [by_year[i] for i in ("old0", "old1", "new0", "new1")] == [700, 0, 700, 0]


def test_all_terms_of_a_refused_employment_are_refused() -> None:
    terms = [
        job("a", "2020-02-01", "2020-04-30", person_id="p", own_firm=True),
        job("b", "2020-05-01", "2020-07-31", person_id="p", own_firm=True),
    ]
    assert paid(terms) == {"a": 0, "b": 0}
    amounts = paid(terms + jobs("other", 3))
    assert (amounts["a"], amounts["b"]) == (300, 400)


def test_an_employment_is_an_own_firms_if_any_of_its_terms_is() -> None:
    """The employer joined the provider's group, or left it, on the way."""
    for flags in ((True, False), (False, True)):
        terms = [
            job("a", "2020-02-01", "2020-04-30", person_id="p", own_firm=flags[0]),
            job("b", "2020-05-01", "2020-07-31", person_id="p", own_firm=flags[1]),
        ]
        assert paid(terms) == {"a": 0, "b": 0}


def test_a_refused_own_job_leaves_the_fee_for_another_employer() -> None:
    events = [
        job("own", "2020-02-01", None, person_id="p", own_firm=True),
        job("other", "2020-06-01", None, person_id="p", employer="another firm"),
    ]
    assert paid(events) == {"own": 0, "other": 700}


def test_no_limit_where_none_was_agreed() -> None:
    events = jobs("own", 2, own_firm=True)
    assert paid(events, make_contract(own_jobs=None)) == {"own0": 700, "own1": 700}
    assert sum(paid(events, make_contract(own_jobs={"share": 1})).values()) == 1400


def test_own_trainings_up_to_a_share_of_the_target() -> None:
    """35 % of 18 are 6.3: six a year, whatever the number of others."""
    events = [training(f"t{i}", "2020-03-01", own_firm=True) for i in range(7)]
    new_year = [training("u", "2021-01-01", own_firm=True), training("v", "2020-12-31")]
    amounts = paid(events + new_year)
    assert [amounts[f"t{i}"] for i in range(7)] == [4000] * 6 + [0]
    assert (amounts["u"], amounts["v"]) == (4000, 4000)
    assert reason(events) == "beyond 35% of 18 trainings with own firms in 2020: 6"


def test_own_trainings_over_the_whole_contract() -> None:
    days = [f"{year}-03-01" for year in (2020, 2021) for _ in range(4)]
    events = [training(f"t{i}", d, own_firm=True) for i, d in enumerate(days)]
    contract = make_contract(own_trainings={"window": "contract"})
    assert sum(amount > 0 for amount in paid(events, contract).values()) == 6
    assert sum(amount > 0 for amount in paid(events).values()) == 8


def test_a_training_that_is_refused_for_itself_takes_no_place() -> None:
    events = [training("short", "2020-01-01", days=9, own_firm=True)]
    events += [training(f"t{i}", "2020-03-01", own_firm=True) for i in range(6)]
    assert sum(paid(events).values()) == 6 * 4000


def test_a_limit_is_the_one_in_force_when_its_window_opened() -> None:
    half = {"terms": {"own_jobs": {"share": 0.5}}}
    changes = [
        {"first": make_contract().contract.first.replace(year=2020, month=7), **half}
    ]
    events = jobs("other", 2, "2020-08-01") + jobs(
        "own", 2, "2020-08-01", own_firm=True
    )
    later = jobs("other", 2, "2021-08-01") + jobs("own", 2, "2021-08-01", own_firm=True)
    contract = make_contract(changes=changes)
    assert sum(paid(events, contract).values()) == 2 * 700
    assert sum(paid(later, contract).values()) == 4 * 700
