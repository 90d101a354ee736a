"""Every kind of broken input gives its own clear error, and never a person."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pytest

from evalkit import open_register
from evalkit.errors import RegisterError
from evalkit.register.shapes import SNAPSHOT_TYPES
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.protocol import Protocol, Table
from tests.register.small_register import (
    PILOT_HEADERS,
    SNAPSHOT_HEADERS,
    finnish,
    make_plan,
    message,
    pilot_frame,
    stock_frame,
    write_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = "131052-308T"
"""The identity code that the authorities give as an example; nobody's."""


def changed(header: str, value: Any, row: int = 4) -> pd.DataFrame:
    """The small register as text, with one value of it changed."""
    frame = finnish(stock_frame())
    frame.loc[row, header] = value
    return frame


def clients(header: str, value: Any) -> pd.DataFrame:
    frame = finnish(pilot_frame())
    frame.loc[0, header] = value
    return frame


VALUES = {
    "a date that is none": (
        changed("Alkupvm", "31.2.2020"),
        "column 'Alkupvm' (row 5): '31.2.2020' is no date. Write it as 1.2.2021",
    ),
    "a date in the American way": (
        changed("Alkupvm", "12/31/2020"),
        "column 'Alkupvm' (row 5): '12/31/2020' is no date",
    ),
    "a duration that is no number": (
        changed("Kesto", "vuosi"),
        "column 'Kesto' (row 5): a value is no number of weeks",
    ),
    "an age that is no number": (changed("Ikä", "n. 40"), "a value is no number"),
    "a flag that is none": (
        changed("Palvelussa", "ehkä"),
        "column 'Palvelussa' (row 5): 'ehkä' is neither yes nor no. Write Kyllä/Ei",
    ),
    "an own flag that is none": (
        changed("Muu hanke", "5"),
        "column 'Muu hanke' (row 5): '5' is neither yes nor no",
    ),
    "an employment code that is not on the list": (
        changed("Työllisyyskoodi", "42"),
        "column 'Työllisyyskoodi' (row 5): '42' is no code of the list",
    ),
    "a municipality by name": (
        changed("Kunta", "Pori"),
        "column 'Kunta' (row 5): 'Pori' is no municipality code. Write its three",
    ),
    "an education without code": (
        changed("Koulutus", "keskiaste"),
        "a value is no education code",
    ),
    "a sex that is not known": (changed("Sukupuoli", "3"), "'3' is no sex that is"),
    "a month that is none": (
        changed("Laskentapäivä", "2021-13"),
        "column 'Laskentapäivä' (row 5): '2021-13' is no month",
    ),
    "a month of another age": (changed("Laskentapäivä", "1021-01"), "is no month"),
    "a month left out": (
        changed("Laskentapäivä", ""),
        "column 'Laskentapäivä' (row 5): the value is missing",
    ),
    "an id left out": (
        changed("Tunniste", ""),
        "column 'Tunniste' (row 5): the value is missing. Every row needs one",
    ),
    "an id with a bar": (
        changed("Tunniste", "00|05"),
        "column 'Tunniste' (row 5): an id may not hold | or a line break",
    ),
    "an id with a line break": (
        changed("Tunniste", "00\n05"),
        "an id may not hold | or a line break",
    ),
    "an identity code as id": (
        changed("Tunniste", CODE),
        "column 'Tunniste' (row 5): Finnish identity codes, where a pseudonym",
    ),
    "an identity code within an office's name": (
        changed("Toimisto", f"Pori ({CODE.lower()})"),
        "column 'Toimisto' (row 5): Finnish identity codes",
    ),
    "an identity code in a column of one's own": (
        changed("Pisteet", "010190A123B"),
        "column 'Pisteet' (row 5): Finnish identity codes",
    ),
    "an identity code where a date belongs": (
        changed("Alkupvm", CODE),
        "column 'Alkupvm' (row 5): Finnish identity codes",
    ),
    "a registration before 1950": (
        changed("Alkupvm", "1.6.1020"),
        "column 'Alkupvm' (row 5): the date is before 1950",
    ),
    "a registration after the snapshot": (
        changed("Alkupvm", "2.2.2021"),
        "column 'Alkupvm' (row 5): the date is after the month of the snapshot",
    ),
    "a negative duration": (
        changed("Kesto", "-3"),
        "column 'Kesto' (row 5): the duration is negative",
    ),
    "an impossible duration": (
        changed("Kesto", "9000"),
        "column 'Kesto' (row 5): the duration is longer than sixty years",
    ),
    "a duration longer than the age allows": (
        changed("Kesto", "1500"),
        "column 'Kesto' (row 5): the duration is longer than the age allows",
    ),
    "a duration far from the registration": (
        changed("Kesto", "12"),
        "column 'Kesto' (row 5): the duration is more than a week away",
    ),
    "an age out of range": (
        changed("Ikä", "7"),
        "column 'Ikä' (row 5): the age is not 14-100",
    ),
    "a person twice": (
        changed("Tunniste", "0001"),
        "column 'Tunniste' (row 5): a person is twice in the snapshot of 2021-01",
    ),
    "no rows": (stock_frame().head(0), "there are no rows below the headers"),
    "a month missing between others": (
        stock_frame()[stock_frame()["Laskentapäivä"] != dt.date(2021, 2, 26)],
        "the snapshots: there is none of 2021-02. Add them, or name them",
    ),
    "a missing column": (
        stock_frame().drop(columns="Kesto"),
        "no column is headed 'Kesto'. The headers are: Laskentapäivä, Tunniste, Alku",
    ),
    "a header twice": (
        pd.concat([stock_frame(), stock_frame()[["Kesto"]]], axis=1),
        "column 'Kesto': 2 columns have this header",
    ),
}

CLIENTS = {
    "a client unknown to the register": (
        clients("Tunniste", "9999"),
        "column 'Tunniste' (row 1): the register does not know this client",
    ),
    "an identity code as client": (
        clients("Tunniste", CODE),
        "column 'Tunniste' (row 1): Finnish identity codes",
    ),
    "a start before the referral": (
        clients("Aloitti", "1.2.2021"),
        "column 'Aloitti' (row 1): the service began before the referral",
    ),
    "an end before the start": (
        clients("Lopetti", "14.2.2021"),
        "column 'Lopetti' (row 1): the service ended before it began",
    ),
    "a referral in another age": (
        clients("Ohjattu", "3.2.2201"),
        "column 'Ohjattu' (row 1): the date is before 1950 or after 2100",
    ),
    "a referral that is no date": (clients("Ohjattu", "pian"), "'pian' is no date"),
    "neither referral nor start": (
        finnish(pilot_frame()).assign(Ohjattu="", Aloitti="", Lopetti=""),
        "the data frame (rows 1 and 2): there is neither a referral nor a start",
    ),
    "the same row twice": (
        pd.concat([pilot_frame(), pilot_frame().head(1)]),
        "the data frame (row 3): the row repeats another in every column",
    ),
    "a result that holds an identity code": (
        clients("Tulos", f"töissä, {CODE}"),
        "column 'Tulos' (row 1): Finnish identity codes",
    ),
}


@pytest.mark.parametrize(("stock", "said"), VALUES.values(), ids=VALUES.keys())
def test_a_broken_register(stock, said, plan):
    text = message(stock, pilot_frame(), plan)
    assert said in text
    assert_nobody_is_named(text)


@pytest.mark.parametrize(("pilot", "said"), CLIENTS.values(), ids=CLIENTS.keys())
def test_a_broken_pilot_list(pilot, said, plan):
    text = message(stock_frame(), pilot, plan)
    assert said in text
    assert_nobody_is_named(text)


def assert_nobody_is_named(text: str) -> None:
    assert CODE.lower() not in text.lower()
    assert "010190A123B" not in text
    assert "00|05" not in text
    assert "9999" not in text
    assert not any(f"{n:04d}" in text for n in range(1, 10))


MOVEMENTS = {
    "an end before the beginning": (
        [("a", "2021-01-20", "2021-01-10", "ei")],
        "column 'ended' (row 1): the date is before the registration",
    ),
    "an end in another month": (
        [("a", "2020-12-20", "2021-02-01", "ei")],
        "column 'ended' (row 1): the date is outside the month of the snapshot",
    ),
    "ended, yet registered at the month's end": (
        [("a", "2020-12-20", "2021-01-20", "kyllä")],
        "column 'last' (row 1): registered at the month's end, but deregistered",
    ),
    "the same spell twice": (
        [("a", "2021-01-05", "2021-01-10", "ei"), ("a", "2021-01-05", "", "kyllä")],
        "column 'id' (row 2): a person is twice in the snapshot of 2021-01, in spells",
    ),
    "two spells at the month's end": (
        [("a", "2021-01-05", "", "kyllä"), ("a", "2021-01-12", "", "kyllä")],
        "in spells that overlap",
    ),
    "spells that overlap": (
        [("a", "2021-01-12", "", "kyllä"), ("a", "2021-01-05", "2021-01-15", "ei")],
        "column 'id' (row 1): a person is twice",
    ),
    "a year of birth that makes no jobseeker": (
        [("a", "2021-01-12", "", "kyllä", "2019")],
        "column 'born' (row 1): the year makes an age that is not 14-100",
    ),
}


@pytest.mark.parametrize(("rows", "said"), MOVEMENTS.values(), ids=MOVEMENTS.keys())
def test_a_broken_movement_register(rows, said):
    columns = {
        "person_id": "id",
        "registration_date": "began",
        "deregistration_date": "ended",
        "registered_at_month_end": "last",
        "birth_year": "born",
        "month": "month",
    }
    table = [(*row, "1980")[:5] for row in rows]
    frame = pd.DataFrame(table, columns=list(columns.values())[:5])
    plan = make_plan(
        data={"columns": columns},
        frame={"exclude": []},
        register={"unemployed": "registered"},
    )
    text = message(frame.assign(month="2021-01"), pilot_frame().head(0), plan)
    assert said in text


FILES: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a row with too many values": (
        lambda lines: [*lines[:3], lines[3] + ";x", *lines[4:]],
        "stock.csv (row 4): the row has more columns than the headers",
    ),
    "a row with far too many values": (
        lambda lines: [*lines[:6], lines[6] + ";one;more", *lines[7:]],
        "stock.csv (row 7): the row has more columns than the headers",
    ),
    "a row with too few values": (
        lambda lines: [*lines[:5], lines[5].rpartition(";")[0], *lines[6:]],
        "stock.csv (row 6): the row has fewer columns than the headers",
    ),
    "a quotation mark that is not closed": (
        lambda lines: [*lines[:4], lines[4].replace(";Pori", ';"Pori'), *lines[5:]],
        "a quotation mark is not closed",
    ),
    "no row of headers": (
        lambda lines: lines[1:],
        "no column is headed 'Tunniste'. The file seems to have no row of headers",
    ),
    "headers only": (lambda lines: lines[:1], "there are no rows below the headers"),
    "nothing at all": (lambda _: [], "stock.csv: the file is empty"),
    "blank lines count as rows": (
        lambda lines: [lines[0], "", *lines[1:3], "", lines[3].replace("31;", "x;")],
        "column 'Kesto' (row 6): 'x' is no number of weeks",
    ),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize(("break_", "said"), FILES.values(), ids=FILES.keys())
def test_a_broken_csv(break_, said, line_end, plan, tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv")
    lines = file.read_text("utf-8").splitlines()
    file.write_text(line_end.join(break_(lines)), "utf-8", newline="")
    text = message(file, pilot_frame(), plan)
    assert said in text
    assert_nobody_is_named(text)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize("values", [";x", ";x;y;z"], ids=["one more", "three more"])
def test_rows_too_wide_below_a_title(values, line_end, encoding, plan, tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv", encoding)
    lines = ["Työnhakijat", "", *file.read_text(encoding).splitlines()]
    for row in (6, 20):
        lines[row - 1] += values
    file.write_text(line_end.join(lines), encoding, newline="")
    text = message(file, pilot_frame(), plan)
    assert "stock.csv (rows 6 and 20): the row has more columns than the head" in text
    assert_nobody_is_named(text)


CONTENTS = {
    "stock.xlsx": "the file is no workbook that can be read",
    "stock.parquet": "the file is no Parquet file that can be read",
    "stock.csv.gz": "the file is damaged: it cannot be unpacked",
    "stock.csv": "no column is headed 'Tunniste'",
    "stock.pdf": "files ending in .pdf cannot be read. Save it as CSV",
    "stock": "files ending in nothing cannot be read",
}


@pytest.mark.parametrize(("name", "said"), CONTENTS.items())
def test_a_file_that_is_not_what_it_seems(name, said, plan, tmp_path):
    (tmp_path / name).write_bytes(b"PK\x03\x04 nothing that was ever a register")
    assert said in message(tmp_path / name, pilot_frame(), plan)


def test_a_parquet_file_cut_short_inside(plan, tmp_path):
    file = tmp_path / "stock.parquet"
    pd.concat([stock_frame()] * 50).to_parquet(file, compression="snappy")
    content = bytearray(file.read_bytes())
    content[100:2000] = bytes(1900)
    file.write_bytes(content)
    assert "the file is damaged" in message(file, pilot_frame(), plan)


def test_bytes_that_no_encoding_knows(plan, tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv", "cp1252")
    file.write_bytes(file.read_bytes().replace(b"Pori", b"Po\x81i"))
    said = "stock.csv: the file is not UTF-8 nor Windows-1252. Name its encoding"
    assert said in message(file, pilot_frame(), plan)


def test_an_encoding_that_the_file_has_not(tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv", "cp1252")
    plan = make_plan(data={"encoding": "utf-8"})
    assert "the file is not UTF-8" in message(file, pilot_frame(), plan)


def test_an_encoding_that_nobody_knows(tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv")
    plan = make_plan(data={"encoding": "suomi-8"})
    assert "encoding 'suomi-8' is not known" in message(file, pilot_frame(), plan)


def test_a_gzip_file_that_would_fill_the_disk(plan, tmp_path):
    file = tmp_path / "stock.csv.gz"
    with gzip.open(file, "wb", compresslevel=1) as packed:
        for _ in range(80):
            packed.write(bytes(1 << 20))
    assert "would unpack to an absurd size" in message(file, pilot_frame(), plan)


def test_a_sheet_that_is_not_there(tmp_path):
    stock_frame().to_excel(tmp_path / "stock.xlsx", engine="xlsxwriter")
    plan = make_plan(data={"sheet": "Kanta"})
    said = "there is no sheet 'Kanta'. The sheets are: Sheet1"
    assert said in message(tmp_path / "stock.xlsx", pilot_frame(), plan)


def test_a_file_name_that_names_a_person(plan, tmp_path):
    file = write_csv(stock_frame(), tmp_path / f"{CODE}.csv")
    text = message(file, pilot_frame(), plan)
    assert "names of files may not name people" in text
    assert_nobody_is_named(text)


def test_a_header_row_of_the_plan_that_holds_none(tmp_path):
    file = write_csv(stock_frame(), tmp_path / "stock.csv")
    plan = make_plan(data={"header_row": 3})
    text = message(file, pilot_frame(), plan)
    assert "no row of headers" in text
    assert_nobody_is_named(text)


def test_no_month_anywhere(tmp_path):
    columns = {k: v for k, v in SNAPSHOT_HEADERS.items() if k != "month"}
    plan = make_plan(data={"columns": columns})
    file = write_csv(stock_frame(), tmp_path / "stock.csv")
    assert "neither a column nor the file's name says its month" in message(
        file, pilot_frame(), plan
    )


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ("nowhere/stock.csv", "nowhere/stock.csv: there is no such file or folder."),
        ("nowhere/*.csv", "No file fits the pattern nowhere/*.csv."),
        ([], "The list of files is empty."),
        (7, "7 is nothing that can be read."),
    ],
)
def test_places_without_a_register(places, said, plan):
    assert said in message(places, pilot_frame(), plan)


def test_an_empty_folder(plan, tmp_path):
    (tmp_path / "~$stock.xlsx").touch()
    assert "holds no file that evalkit can read" in message(
        tmp_path, pilot_frame(), plan
    )


MADE = {*SNAPSHOT_TYPES, "counting_day", "place", "wrong"} - set(SNAPSHOT_COLUMNS)


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_column_of_ones_own_that_evalkit_makes(name):
    with pytest.raises(ValueError, match=f"{name}: a column of your own"):
        make_plan(data={"columns": {**SNAPSHOT_HEADERS, name: "Ikä"}})


def test_all_problems_are_in_one_error(plan):
    stock = changed("Kesto", "vuosi")
    stock.loc[[1, 7, 8, 13, 20, 25], "Ikä"] = "7"
    stock.loc[2, "Toimisto"] = CODE
    pilot = clients("Aloitti", "1.2.2021")
    text = message(stock, pilot, plan)
    assert text.startswith("4 problems in the register's data.\n  - ")
    assert "column 'Ikä' (rows 2, 8, 9, 14, 21 and 1 more): the age is not" in text
    assert text.count("\n") == 4


def test_a_long_list_of_problems_is_cut(plan, tmp_path):
    folder = tmp_path / "register"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.csv").write_text("Tunniste;Kesto\n")
    text = message(folder, pilot_frame(), plan)
    assert text.startswith("440 problems in the register's data.")
    assert text.endswith("  - and 410 more problems.")


def test_an_unreadable_file_hides_no_clients(plan, tmp_path):
    """A client may be in the file that could not be read: no second error."""
    file = write_csv(stock_frame(), tmp_path / "stock.csv")
    pilot = clients("Tunniste", "9999")
    text = message([file, tmp_path / "stock.csv.pdf"], pilot, plan)
    assert "there is no such file" in text
    (tmp_path / "stock.csv.pdf").touch()
    text = message([file, tmp_path / "stock.csv.pdf"], pilot, plan)
    assert "does not know this client" not in text


@pytest.mark.parametrize("column", ["Ohjattu", "Aloitti"])
@pytest.mark.parametrize(
    ("date", "known"),
    [
        ("31.12.2020", True),
        ("1.1.2021", False),
        ("31.3.2021", False),
        ("1.4.2021", True),
    ],
)
def test_clients_older_or_newer_than_the_snapshots_may_be_unknown(date, known, column):
    pilot = finnish(pilot_frame()).head(1)
    pilot = pilot.assign(Tunniste="9999", Ohjattu="", Aloitti="", Lopetti="")
    pilot[column] = date
    if known:
        register = open_register(stock_frame(), pilot, protocol=make_plan())
        assert register.engine.value("SELECT person_id FROM pilot") == "9999"
    else:
        text = message(stock_frame(), pilot, make_plan())
        assert "(row 1): the register does not know this client" in text


def test_nothing_is_written_beside_the_files(plan, tmp_path):
    file = write_csv(changed("Kesto", "vuosi"), tmp_path / "stock.csv")
    with pytest.raises(RegisterError):
        open_register(file, pilot_frame(), protocol=plan)
    assert list(tmp_path.iterdir()) == [file]


def test_a_duckdb_file_that_is_none(plan, tmp_path):
    file = tmp_path / "office.duckdb"
    table = Table(database=str(file), table="kanta")
    assert "there is no file" in message(table, pilot_frame(), plan)
    file.write_bytes(b"no database" * 1000)
    assert "the file is no DuckDB database" in message(table, pilot_frame(), plan)


def test_headers_of_the_pilot_list(plan):
    pilot = pilot_frame().drop(columns=PILOT_HEADERS["end_date"])
    assert "no column is headed 'Lopetti'" in message(stock_frame(), pilot, plan)


def test_blank_lines_in_a_file_that_was_unpacked_before_others(tmp_path):
    columns = {k: v for k, v in SNAPSHOT_HEADERS.items() if k != "month"}
    plan = make_plan(data={"columns": columns})
    january = finnish(stock_frame().head(9))
    january.loc[5, "Ikä"] = "7"
    for name, frame in (("2021-01", january), ("2021-02", january.drop(index=5))):
        lines = frame.to_csv(sep=";", index=False).splitlines()
        text = "\n".join([lines[0], "" if name == "2021-01" else lines[1], *lines[1:]])
        file = tmp_path / f"kanta_{name}.csv.gz"
        file.write_bytes(gzip.compress(text.encode()))
    text = message(tmp_path, pilot_frame().head(0), plan)
    assert "kanta_2021-01.csv.gz, column 'Ikä' (row 8): the age is not 14-100" in text
    assert "kanta_2021-02.csv.gz, column 'Tunniste' (row 3): a person is twice" in text


def test_a_value_too_long_for_some_readers_hides_no_problem(plan, tmp_path):
    stock = changed("Ikä", "7").assign(Huomautus="")
    stock.loc[20, "Huomautus"] = "x" * 200_000
    file = tmp_path / "stock.csv"
    stock.to_csv(file, sep=";", index=False)
    text = message(file, pilot_frame(), plan)
    assert "column 'Ikä' (row 6): the age is not 14-100" in text


def test_an_empty_sheet(plan, tmp_path):
    pd.DataFrame().to_excel(tmp_path / "stock.xlsx", engine="xlsxwriter", index=False)
    text = message(tmp_path / "stock.xlsx", pilot_frame(), plan)
    assert "stock.xlsx, sheet 'Sheet1': the sheet is empty" in text


@pytest.mark.parametrize("sheet", [None, "Kanta"])
def test_a_column_that_a_sheet_has_not(tmp_path, sheet):
    with pd.ExcelWriter(tmp_path / "stock.xlsx", engine="xlsxwriter") as writer:
        for name in ("Ohje", "Kanta"):
            wrong = stock_frame().rename(columns={"Kesto": name})
            wrong.to_excel(writer, sheet_name=name, index=False)
    plan = make_plan(data={"sheet": sheet} if sheet else {})
    text = message(tmp_path / "stock.xlsx", pilot_frame(), plan)
    assert f"stock.xlsx, sheet {sheet or 'Ohje'!r}: no column is headed" in text


def test_a_workbook_that_would_fill_the_memory(plan, tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.register.unpacked_size._MOST_UNPACKED", 1000)
    stock_frame().to_excel(tmp_path / "stock.xlsx", engine="xlsxwriter")
    text = message(tmp_path / "stock.xlsx", pilot_frame(), plan)
    assert "the file would unpack to an absurd size" in text


def test_a_file_that_may_not_be_read(plan, tmp_path, monkeypatch):
    file = write_csv(stock_frame(), tmp_path / "stock.csv")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("evalkit.register.text_encoding._decodes", refused)
    text = message(file, pilot_frame(), plan)
    assert "the file cannot be read (Permission denied)" in text


def test_a_table_that_a_duckdb_file_has_not(plan, tmp_path):
    duckdb.connect(tmp_path / "office.duckdb").close()
    table = Table(database=str(tmp_path / "office.duckdb"), table="kanta")
    text = message(table, pilot_frame(), plan)
    assert "kanta of office.duckdb: the database refuses to read it (Catalog" in text
    stock = write_csv(stock_frame(), tmp_path / "stock.csv")
    assert open_register(stock, pilot_frame(), protocol=plan).months


@pytest.mark.parametrize("name", ["weeks", "age", "sex", "month", "employment_code"])
def test_ids_in_the_wrong_column_are_not_shown(name):
    stock = stock_frame()
    stock["Tunniste"] = "P" + stock["Tunniste"]
    columns = {**SNAPSHOT_HEADERS, name: SNAPSHOT_HEADERS["person_id"]}
    text = message(stock, pilot_frame().head(0), make_plan(data={"columns": columns}))
    assert "column 'Tunniste' (rows 1, 2, 3, 4, 5 and 22 more): a value is no" in text
    assert_nobody_is_named(text)


def test_a_month_that_lacks_most_people_is_refused():
    """A file cut short, or ids written otherwise, must not look like exits."""
    people = [f"P{i:03d}" for i in range(80)]
    rows = pd.DataFrame(
        [
            {"Laskentapäivä": month, "Tunniste": person, "Kesto": 9}
            for month in ("2021-01", "2021-02")
            for person in people
        ]
    )
    pilot = pd.DataFrame({"Tunniste": ["P000"], "Ohjaus": ["2021-02-01"]})
    plan = Protocol.model_validate(
        {
            "study": {"title": "x"},
            "data": {
                "snapshots": "-",
                "pilot": "-",
                "columns": {
                    "month": "Laskentapäivä", "person_id": "Tunniste", "weeks": "Kesto",
                },
                "pilot_columns": {"person_id": "Tunniste", "referral_date": "Ohjaus"},
            },
            "register": {"unemployed": "registered"},
            "draw": {"seed": "x"},
        }
    )  # fmt: skip
    open_register(rows, pilot, protocol=plan).engine.close()
    later = rows["Laskentapäivä"] == "2021-02"
    renamed = rows.assign(
        Tunniste=rows["Tunniste"].where(~later, "x" + rows["Tunniste"])
    )
    with pytest.raises(RegisterError, match=r"only 0% of the people.*2021-01"):
        open_register(renamed, pilot, protocol=plan)
    short = rows[~later | rows["Tunniste"].isin(people[:20])]
    with pytest.raises(RegisterError, match=r"only 25% of the people.*2021-01"):
        open_register(short, pilot, protocol=plan)
