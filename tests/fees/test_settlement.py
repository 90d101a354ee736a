"""Each rule of the contract by hand, on both sides of its edge."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fees.small_contract import event, job, make_contract, paid, reason, training


def test_mapping_is_paid_once_a_person() -> None:
    events = [
        event("m2", "mapping", "2020-02-01", person_id="p"),
        event("m1", "mapping", "2020-01-01", person_id="p"),
        event("m3", "mapping", "2020-02-01", person_id="q"),
    ]
    assert paid(events) == {"m1": 75, "m2": 0, "m3": 75}
    assert reason(events[1:2]) == "skills mapped"
    assert reason([events[1], events[0]]) == "this person was paid for with m1"


def test_mapping_may_be_paid_every_time() -> None:
    events = [event(i, "mapping", "2020-01-01", person_id="p") for i in "ab"]
    assert paid(events, make_contract(mapping={"once": False})) == {"a": 75, "b": 75}


def test_a_refused_event_does_not_use_up_the_once() -> None:
    events = [
        event("early", "mapping", "2019-08-31", person_id="p"),
        event("timely", "mapping", "2019-09-01", person_id="p"),
    ]
    assert paid(events) == {"early": 0, "timely": 75}


def test_start_in_recruitment_training() -> None:
    assert paid([event("s", "training_start", "2020-05-05")]) == {"s": 300}


@pytest.mark.parametrize(
    ("on", "amount"),
    [("2019-08-31", 0), ("2019-09-01", 75), ("2022-03-31", 80), ("2022-04-01", 0)],
)
def test_days_of_the_contract(on, amount) -> None:
    assert paid([event("m", "mapping", on)]) == {"m": amount}


@pytest.mark.parametrize(
    ("kind", "on", "amount"),
    [
        ("mapping", "2020-12-31", 75),
        ("mapping", "2021-01-01", 80),
        ("labour_training_start", "2020-12-31", 0),
        ("labour_training_start", "2021-01-01", 250),
    ],
)
def test_a_change_is_in_force_from_its_first_day(kind, on, amount) -> None:
    assert paid([event("e", kind, on)]) == {"e": amount}


def test_what_was_not_agreed_is_said() -> None:
    early = event("e", "labour_training_start", "2020-12-31")
    assert reason([early]) == "no fee was agreed for this kind of event on this day"
    assert reason([event("e", "mapping", "2022-04-01")]) == (
        "the day is outside the contract"
    )


@pytest.mark.parametrize(
    ("persons", "days", "amount"),
    [(3, 10, 0), (4, 10, 4000), (10, 10, 4000), (11, 10, 6000), (11, 9, 0)],
)
def test_size_and_length_of_a_training(persons, days, amount) -> None:
    assert paid([training("t", "2020-01-01", persons, days)]) == {"t": amount}


@pytest.mark.parametrize(
    ("start", "end", "amount"),
    [
        ("2020-01-01", "2020-03-30", 0),
        ("2020-01-01", "2020-03-31", 300),
        ("2020-01-15", "2020-04-13", 0),
        ("2020-01-15", "2020-04-14", 300),
        ("2020-11-30", "2021-02-26", 0),
        ("2020-11-30", "2021-02-27", 300),  # February has no 30th
        ("2020-01-01", "2020-06-29", 300),
        ("2020-01-01", "2020-06-30", 700),
        ("2020-01-01", None, 700),
    ],
)
def test_length_of_a_job_to_the_day(start, end, amount) -> None:
    assert paid([job("j", start, end)]) == {"j": amount}


@pytest.mark.parametrize(("hours", "amount"), [("18", 0), ("18.5", 700), ("0", 0)])
def test_more_than_eighteen_hours(hours, amount) -> None:
    assert paid([job("j", "2020-01-01", None, hours=Decimal(hours))]) == {"j": amount}


def test_the_register_must_verify_the_job() -> None:
    unverified = [job("j", "2020-01-01", None, verified=False)]
    assert paid(unverified) == {"j": 0}
    assert paid(unverified, make_contract(job={"verified": False})) == {"j": 700}


@pytest.mark.parametrize(
    ("rule", "company", "agreed", "amount"),
    [
        ("never", True, True, 0),
        ("agreed", True, False, 0),
        ("agreed", True, True, 700),
        ("agreed", False, True, 0),
        ("always", True, False, 700),
        ("always", False, False, 0),
    ],
)
def test_wage_subsidy(rule, company, agreed, amount) -> None:
    one = job("j", "2020-01-01", None, subsidised=True, company=company, agreed=agreed)
    assert paid([one], make_contract(job={"subsidised": rule})) == {"j": amount}


def test_wage_subsidy_outside_companies_if_the_contract_says_so() -> None:
    one = job("j", "2020-01-01", None, subsidised=True, agreed=True)
    open_to_all = make_contract(job={"subsidised_companies_only": False})
    assert paid([one], open_to_all) == {"j": 700}


@pytest.mark.parametrize("kind", ["apprenticeship", "entrepreneurship"])
@pytest.mark.parametrize(
    ("rule", "agreed", "amount"),
    [
        ("never", True, 0),
        ("agreed", False, 0),
        ("agreed", True, 700),
        ("always", False, 700),
    ],
)
def test_what_needs_an_agreement(kind, rule, agreed, amount) -> None:
    one = job("j", "2020-01-01", None, kind=kind, agreed=agreed)
    assert paid([one], make_contract(job={kind: rule})) == {"j": amount}


def test_entrepreneurs_keep_their_own_hours() -> None:
    one = job(
        "j", "2020-01-01", None, kind="entrepreneurship", agreed=True, hours=Decimal(0)
    )
    assert paid([one]) == {"j": 700}


TWO_MONTHS_TWICE = [
    job("a", "2020-01-01", "2020-02-29", person_id="p"),
    job("b", "2020-03-01", "2020-04-30", person_id="p"),
]
"""Four months in all."""


@pytest.mark.parametrize(
    ("joined", "amounts"),
    [
        ("together", {"a": 0, "b": 300}),
        ("each", {"a": 0, "b": 0}),
        ("never", {"a": 0, "b": 0}),
    ],
)
def test_short_successive_terms(joined, amounts) -> None:
    contract = make_contract(job={"joined": joined})
    assert paid(TWO_MONTHS_TWICE, contract) == amounts


THREE_MONTHS_TWICE = [
    job("a", "2020-01-01", "2020-03-31", person_id="p"),
    job("b", "2020-04-01", "2020-06-30", person_id="p"),
]
"""Six months in all."""


@pytest.mark.parametrize(
    ("joined", "higher", "amounts"),
    [
        ("together", "replaces", {"a": 300, "b": 400}),
        ("together", "adds", {"a": 300, "b": 700}),
        ("each", "replaces", {"a": 300, "b": 400}),
        ("each", "adds", {"a": 300, "b": 700}),
        ("never", "replaces", {"a": 300, "b": 0}),
    ],
)
def test_terms_that_reach_the_next_step(joined, higher, amounts) -> None:
    contract = make_contract(job={"joined": joined, "higher": higher})
    assert paid(THREE_MONTHS_TWICE, contract) == amounts


def test_a_permanent_job_reaches_both_steps() -> None:
    one = [job("j", "2020-01-01", None)]
    assert paid(one, make_contract(job={"higher": "replaces"})) == {"j": 700}
    assert paid(one, make_contract(job={"higher": "adds"})) == {"j": 1000}


def test_a_short_term_between_long_ones_does_not_join_where_each_must_last() -> None:
    events = [
        job("a", "2020-01-01", "2020-03-31", person_id="p"),
        job("short", "2020-04-01", "2020-04-30", person_id="p"),
        job("b", "2020-05-01", "2020-07-31", person_id="p"),
    ]
    each = make_contract(job={"joined": "each"})
    assert paid(events, each) == {"a": 300, "short": 0, "b": 0}
    inside = [events[0], job("short", "2020-03-01", "2020-03-15", person_id="p"),
              job("b", "2020-04-01", "2020-06-30", person_id="p")]  # fmt: skip
    assert paid(inside, each) == {"a": 300, "short": 0, "b": 400}


def test_terms_with_another_employer_do_not_join() -> None:
    a, _ = TWO_MONTHS_TWICE
    b = job("b", "2020-03-01", "2020-04-30", person_id="p", employer="another firm")
    assert paid([a, b]) == {"a": 0, "b": 0}
    assert reason([a, b]) == "shorter than 3 months"


@pytest.mark.parametrize(("days_allowed", "amount"), [(1, 0), (2, 300)])
def test_a_weekend_between_terms(days_allowed, amount) -> None:
    events = [
        job("a", "2020-01-01", "2020-02-28", person_id="p"),
        job("b", "2020-03-02", "2020-04-30", person_id="p"),
    ]
    contract = make_contract(job={"most_days_between": days_allowed})
    assert paid(events, contract) == {"a": 0, "b": amount}


def test_days_between_terms_are_no_employment() -> None:
    """With the weekend it would be three months to the day, without it it is not."""
    contract = make_contract(job={"most_days_between": 2})
    first = job("a", "2020-01-01", "2020-02-28", person_id="p")
    short = job("b", "2020-03-02", "2020-03-31", person_id="p")
    long = job("b", "2020-03-02", "2020-04-02", person_id="p")
    assert paid([first, short], contract) == {"a": 0, "b": 0}
    assert paid([first, long], contract) == {"a": 0, "b": 300}


def test_overlapping_terms_count_once() -> None:
    events = [
        job("a", "2020-01-01", "2020-02-29", person_id="p"),
        job("b", "2020-02-01", "2020-03-15", person_id="p"),
    ]
    assert paid(events) == {"a": 0, "b": 0}


def test_a_term_within_another_neither_ends_nor_breaks_it() -> None:
    first = job("a", "2020-01-01", "2020-03-31", person_id="p")
    inside = job("b", "2020-02-01", "2020-02-10", person_id="p")
    after = job("c", "2020-04-01", "2020-06-30", person_id="p")
    assert paid([first, inside, after]) == {"a": 300, "b": 0, "c": 400}
    assert reason([first, inside]) == "employment of 3 months was paid with a"


def test_the_earlier_employment_is_paid_whatever_the_employers_name() -> None:
    events = [
        job("late", "2020-06-01", "2020-08-31", person_id="p", employer="a"),
        job("early", "2020-01-01", "2020-03-31", person_id="p", employer="z"),
    ]
    assert paid(events) == {"early": 300, "late": 0}


def test_a_client_is_paid_for_once_or_for_each_employment() -> None:
    events = [
        job("a", "2020-01-01", "2020-03-31", person_id="p"),
        job("b", "2020-05-01", "2020-07-31", person_id="p", employer="another firm"),
        job("c", "2020-09-01", None, person_id="p", employer="a third firm"),
    ]
    assert paid(events) == {"a": 300, "b": 0, "c": 400}
    each = make_contract(job={"per": "employment"})
    assert paid(events, each) == {"a": 300, "b": 300, "c": 700}
    assert reason(events[:2]) == "employment of 3 months was paid with a"


def test_a_changed_sum_replaces_what_was_paid() -> None:
    """700 becomes 800 from 2021 on: 300 was paid, 500 is left."""
    steps = [{"months": 3, "amount": 300}, {"months": 6, "amount": 800}]
    changes = [{"first": THE_CHANGE, "terms": {"job": {"steps": steps}}}]
    events = [
        job("a", "2020-10-01", "2020-12-31", person_id="p"),
        job("b", "2021-01-01", "2021-03-31", person_id="p"),
    ]
    assert paid(events, make_contract(changes=changes)) == {"a": 300, "b": 500}


THE_CHANGE = make_contract().changes[0].first


def test_reasons_name_the_event_that_a_term_counts_towards() -> None:
    assert reason(TWO_MONTHS_TWICE[::-1]) == "counts towards b, same employer"
    assert reason(THREE_MONTHS_TWICE) == (
        "employment of 6 months, less 300 paid with a"
    )
