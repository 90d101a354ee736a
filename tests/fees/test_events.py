"""Events as offices write them, and everything that is wrong with them at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from evalkit import EvalkitError
from evalkit.fees.contract import EVENT_COLUMNS, read_contract
from evalkit.fees.events import read_events
from evalkit.fees.invoice import invoice
from tests.fees.small_contract import make_contract

FINNISH = """\
tapahtuma;henkilö;laji;päivä;työnantaja;oma yritys;yritys;tuntia viikossa;alkoi;\
päättyi;toistaiseksi;palkkatuki;todennettu;sovittu;henkilöitä;päiviä
t2;0012;Työ;4.2.2020;Firma Öy;E;K;37,5;1.2.2020;30.4.2020;E;E;K;;;
t1;0012;kartoitus;2.1.2020;;;;;;;;;;;;

t3;;rekrykoulutus koottu;1.3.2020;Firma;K;K;;;;;;;;11;10
"""


@pytest.fixture
def finnish(root):
    return read_contract(root / "sampling" / "fees_satakunta.toml")


def frame(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=EVENT_COLUMNS)


def mapping(event_id: str, **more) -> dict:
    row = {"kind": "mapping", "date": "1.2.2020", "person_id": "p"}
    return {"event_id": event_id, **row, **more}


def job_row(event_id: str, **more) -> dict:
    row = {"kind": "job", "employer": "firm", "hours": 40, "start": "1.2.2020"}
    return {**mapping(event_id), **row, "end": "30.4.2020", **more}


def complaint(*rows: dict) -> str:
    with pytest.raises(EvalkitError) as caught:
        read_events(frame(*rows), make_contract())
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_finnish_file(tmp_path, finnish, encoding) -> None:
    file = tmp_path / "events.csv"
    file.write_bytes(FINNISH.encode(encoding))
    mapped, employed, assembled = read_events(file, finnish)
    assert (mapped.event_id, mapped.kind, mapped.person_id) == ("t1", "mapping", "0012")
    assert employed.hours == Decimal("37.5")
    assert (employed.start, employed.end) == (dt.date(2020, 2, 1), dt.date(2020, 4, 30))
    assert (employed.company, employed.own_firm, employed.verified) == (
        True,
        False,
        True,
    )
    assert employed.employer == "Firma Öy"
    assert (assembled.persons, assembled.days, assembled.own_firm) == (11, 10, True)


def test_rows_without_any_value_are_passed_over(tmp_path, finnish) -> None:
    file = tmp_path / "events.csv"
    file.write_text(FINNISH + ";" * 15 + "\n", encoding="utf-8")
    assert len(read_events(file, finnish)) == 3


def test_an_invoice_from_a_file(tmp_path, finnish) -> None:
    file = tmp_path / "events.csv"
    file.write_text(FINNISH, encoding="utf-8")
    made = invoice(file, finnish, through="2020-03")
    amounts = {line.event_id: line.net for line in made.lines if line.event_id}
    assert amounts == {"t1": 75, "t2": 300, "t3": 6000}


def test_several_files_are_one_list(tmp_path) -> None:
    frame(mapping("a")).to_csv(tmp_path / "1.csv", index=False)
    frame(mapping("b")).to_csv(tmp_path / "2.csv", index=False)
    found = read_events(str(tmp_path / "*.csv"), make_contract())
    assert [event.event_id for event in found] == ["a", "b"]


def test_types_of_a_data_frame() -> None:
    table = frame(job_row("a", hours=18.5, own_firm=True))
    table["date"] = pd.to_datetime(["2020-02-01"])
    (event,) = read_events(table, make_contract())
    assert (event.date, event.hours) == (dt.date(2020, 2, 1), Decimal("18.5"))
    assert event.own_firm is True


def test_rows_are_numbered_as_the_file_shows_them(tmp_path, finnish) -> None:
    file = tmp_path / "events.csv"
    file.write_text(FINNISH.replace("1.3.2020", "31.2.2020"), encoding="utf-8")
    with pytest.raises(EvalkitError, match=r"events.csv, column 'päivä' \(row 5\)"):
        read_events(file, finnish)


def test_everything_wrong_is_said_at_once() -> None:
    text = complaint(
        mapping("a"),
        mapping("a", person_id=None),
        mapping("b", kind="kartoitus", date="31.2.2020"),
        job_row("c", employer=None, hours="many", start="2.5.2020"),
        mapping(None),
        {**mapping("d"), "kind": "training_assembled", "persons": "x", "days": 1.5},
    )
    assert text.startswith("10 problems in the events.")
    for part in (
        "'event_id' (row 5): the value is missing",
        "'event_id' (rows 1 and 2): events share an id",
        "'person_id' (row 2): the value is missing",
        "'kind' (row 3): no kind of event",
        "'date' (row 3): no date",
        "'employer' (row 4): the value is missing",
        "'hours' (row 4): no number of hours",
        "'end' (row 4): the end is before the start",
        "'persons' (row 6): no whole number",
        "'days' (row 6): no whole number",
    ):
        assert part in text


@pytest.mark.parametrize("column", ["event_id", "person_id", "employer"])
def test_no_identity_code_is_taken_or_shown(column) -> None:
    code = "010190-" + "123D"
    text = complaint({**job_row("a"), column: code})
    assert "an identity code" in text
    assert code not in text


def test_no_value_is_shown() -> None:
    text = complaint(
        mapping("secret1", date="secret2"), mapping("secret1", kind="secret3")
    )
    assert "secret" not in text


def test_a_permanent_job_needs_no_end() -> None:
    row = job_row("a", end=None)
    assert "'end' (row 1): the value is missing" in complaint(row)
    (event,) = read_events(frame({**row, "permanent": "K"}), make_contract())
    assert event.permanent
    assert event.end is None


def test_a_column_that_is_not_mapped_is_named() -> None:
    names = ["event_id", "kind", "date", "person_id"]
    contract = make_contract(events={"columns": {name: name for name in names}})
    assert len(read_events(frame(mapping("a")), contract)) == 1
    with pytest.raises(EvalkitError, match=r"'hours'.*\[events.columns\]"):
        read_events(frame(job_row("a")), contract)


def test_a_missing_header_is_named() -> None:
    with pytest.raises(EvalkitError, match="no column is headed 'kind'"):
        read_events(frame(mapping("a")).drop(columns="kind"), make_contract())


def test_no_events_are_no_error() -> None:
    assert read_events(frame(mapping("a")).iloc[:0], make_contract()) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("t4;0013;kartoitus;2.1.2020" + ";x" * 20, "more columns than the headers"),
        ("t4;0013", "fewer columns than the headers"),
        ('t4;"0013;kartoitus;2.1.2020' + ";" * 12, "quotation mark|damaged"),
    ],
)
def test_an_uneven_row_is_never_passed_over(tmp_path, finnish, line, said) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    files[0].write_text(FINNISH + line + "\n", encoding="utf-8")
    files[1].write_text(FINNISH.replace("\nt", "\ns"), encoding="utf-8")
    with pytest.raises(EvalkitError, match=said) as caught:
        read_events(list(map(str, files)), finnish)
    assert "a.csv" in str(caught.value)
    assert "b.csv: the row" not in str(caught.value)
