"""What holds for any events under any contract."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.fees.employments import employments
from evalkit.fees.events import Event
from evalkit.fees.invoice import bill
from evalkit.fees.limits import refused_jobs
from evalkit.fees.refusals import JOB_KINDS, refusal
from evalkit.fees.settlement import settle
from tests.fees.small_contract import job, make_contract

if TYPE_CHECKING:
    from evalkit.fees.contract import Contract

FEW = settings(max_examples=60)

days = st.dates(dt.date(2019, 8, 1), dt.date(2022, 5, 1))
kinds = st.sampled_from(
    ["mapping", "training_start", "labour_training_start", "training_assembled",
     *(["job"] * 6), "apprenticeship", "entrepreneurship"]
)  # fmt: skip


@st.composite
def event_lists(draw, kind=kinds) -> list[Event]:
    """Any events: few people and firms, so that they meet each other often."""
    ids = draw(st.lists(st.integers(0, 99), max_size=20, unique=True))
    yes = st.integers(0, 3).map(bool)
    found = []
    for number in ids:
        start = draw(days)
        firm = draw(st.integers(0, 3))
        length = draw(st.integers(0, 250))
        found.append(
            Event(
                event_id=f"e{number:02d}",
                kind=draw(kind),
                date=draw(days) if draw(st.booleans()) else start,
                person_id=f"p{draw(st.integers(0, 3))}",
                employer=f"firm {firm}",
                own_firm=firm == 0,
                company=draw(yes),
                hours=Decimal(draw(st.sampled_from(["18", "18.5", "37.5"]))),
                start=start,
                end=start + dt.timedelta(days=length),
                permanent=draw(st.integers(0, 9)) == 0,
                subsidised=not draw(yes),
                verified=draw(yes),
                agreed=draw(st.booleans()),
                persons=draw(st.integers(0, 15)),
                days=draw(st.integers(8, 12)),
            )
        )
    return found


def contracts_per(*units: str) -> st.SearchStrategy[Contract]:
    """Any of the readings that a contract may take."""
    return st.builds(
        lambda joined, higher, per, window, share, included: make_contract(
            fixed={"a_year": 50_000},
            vat={"rate": 0.24, "included": included},
            job={"joined": joined, "higher": higher, "per": per,
                 "most_days_between": 30},
            own_jobs={"window": window, "share": share},
            own_trainings={"window": window, "of": 4},
        ),
        joined=st.sampled_from(["together", "each", "never"]),
        higher=st.sampled_from(["replaces", "adds"]),
        per=st.sampled_from(units),
        window=st.sampled_from(["year", "contract"]),
        share=st.sampled_from([0, 0.25, 0.5, 1]),
        included=st.booleans(),
    )  # fmt: skip


contracts = contracts_per("person", "employment")


@FEW
@given(event_lists(), contracts, st.randoms(use_true_random=False))
def test_the_order_of_events_makes_no_difference(events, contract, random) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert settle(shuffled, contract) == settle(events, contract)


@FEW
@given(event_lists(), contracts)
def test_every_event_has_one_line_and_a_reason(events, contract) -> None:
    lines = [line for line in bill(events, contract).lines if line.event_id]
    assert Counter(line.event_id for line in lines) == Counter(
        event.event_id for event in events
    )
    assert all(line.reason for line in lines)
    assert all(line.paid or line.gross == 0 for line in lines)
    assert all(line.net >= 0 and line.vat >= 0 for line in lines)


@FEW
@given(event_lists(), contracts)
def test_totals_are_the_sums_of_lines(events, contract) -> None:
    made = bill(events, contract)
    for name in ("net", "vat", "gross"):
        sums = [getattr(line, name) for line in made.lines]
        total = getattr(made, name)
        assert isinstance(total, Decimal)
        assert total == sum(sums)
        assert total == made.by_month()[name].sum() == made.by_kind()[name].sum()
    assert made.gross == made.net + made.vat


@FEW
@given(event_lists(kind=st.just("job")), contracts)
def test_own_jobs_never_exceed_their_share(events, contract) -> None:
    """Counted anew: what is realised and not refused, window by window."""
    apt = [event for event in events if not refusal(event, contract)]
    found = employments([one for one in apt if one.kind in JOB_KINDS], contract)
    refused = refused_jobs(found, contract)
    limit = contract.own_jobs
    left, own = Counter(), Counter()
    for one in found:
        if one.realised and one.realised.event_id not in refused:
            year = one.realised.date.year if limit.window == "year" else 0
            left[year] += 1
            own[year] += one.own_firm
    assert all(own[year] <= limit.share * left[year] for year in left)
    paid = {v.event.event_id for v in settle(events, contract) if v.amount is not None}
    assert not paid & set(refused)


@FEW
@given(event_lists(kind=st.just("training_assembled")), contracts)
def test_own_trainings_never_exceed_their_share(events, contract) -> None:
    limit = contract.own_trainings
    own = Counter(
        verdict.event.date.year if limit.window == "year" else 0
        for verdict in settle(events, contract)
        if verdict.event.own_firm and verdict.amount is not None
    )
    assert all(count <= limit.share * limit.of for count in own.values())


@FEW
@given(event_lists(kind=st.just("job")), contracts_per("person"))
def test_nobody_costs_more_than_was_agreed(events, contract) -> None:
    most = 700 if contract.job.higher == "replaces" else 1000
    sums: Counter[str] = Counter()
    for verdict in settle(events, contract):
        sums[verdict.event.person_id] += verdict.amount or 0
    assert all(total <= most for total in sums.values())


@FEW
@given(event_lists(kind=st.just("job")), contracts_per("employment"), days)
def test_one_more_job_with_others_puts_nobody_out(events, contract, on) -> None:
    more = job("z", on.isoformat(), None, person_id="new", employer="new firm")
    before = {v.event.event_id for v in settle(events, contract) if v.amount}
    after = {v.event.event_id for v in settle([*events, more], contract) if v.amount}
    assert before <= after
