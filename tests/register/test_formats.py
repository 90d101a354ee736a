"""The same people come out of every format, encoding and order of rows."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import Protocol, open_register
from evalkit.study.months import counting_day, parse_month
from evalkit.study.protocol import Table
from tests.register.small_register import (
    SNAPSHOT_HEADERS,
    finnish,
    make_plan,
    message,
    pilot_frame,
    rows_of,
    stock_frame,
    write_csv,
)

FIRST_ROWS = [
    # month, id, registered, weeks, registration and deregistration day, code
    (24252, "0001", True, 34, 18414, None, "02", True, True, None, "Pori", "609"),
    (24252, "0002", True, 33, 18425, None, "03", True, False, None, "Säkylä-Köyliö",
     "050"),
    (24252, "0003", True, 31, 18436, None, "07", False, True, None, "Rauma €", "214"),
]  # fmt: skip


@pytest.fixture
def expected(stock: pd.DataFrame, pilot: pd.DataFrame, plan: Protocol):
    register = open_register(stock, pilot, protocol=plan)
    return rows_of(register, "snapshots"), rows_of(register, "pilot")


def same(expected, snapshots, pilot, plan: Protocol) -> bool:
    register = open_register(snapshots, pilot, protocol=plan)
    got = rows_of(register, "snapshots"), rows_of(register, "pilot")
    return got == expected


def test_the_canonical_rows(expected):
    snapshots, pilot = expected
    assert [row[:12] for row in snapshots[:3]] == FIRST_ROWS
    # sex, age, education, occupation, exit reason, the plan's own two columns
    assert snapshots[0][12:] == ("woman", 20, "3", None, None, False, "1.5")
    assert snapshots[1][12:] == ("man", 25, "6", None, None, False, "2")
    assert snapshots[2][12:] == (None, 30, None, None, None, False, None)
    assert pilot == [
        ("0002", 18661, 18673, 18762, "työ"),
        ("0007", 18687, None, None, None),
    ]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_text_files(expected, stock, pilot, plan, tmp_path, encoding, name, packed):
    file = write_csv(stock, tmp_path / "stock.csv", encoding)
    if packed:
        content = file.read_bytes()
        file = tmp_path / "stock.csv.gz"
        file.write_bytes(gzip.compress(content))
    clients = write_csv(pilot, tmp_path / "pilot.csv", encoding)
    register = open_register(file, clients, protocol=plan)
    assert (rows_of(register, "snapshots"), rows_of(register, "pilot")) == expected
    assert register.reading["encoding"].tolist() == [name, name]
    assert register.reading["delimiter"].tolist() == [";", ";"]


def test_latin_1_is_read_when_the_plan_names_it(stock, pilot, tmp_path):
    stock["Toimisto"] = "Säkylä"
    file = write_csv(stock, tmp_path / "stock.csv", "iso-8859-1")
    plan = make_plan(data={"encoding": "iso-8859-1"})
    register = open_register(file, pilot, protocol=plan)
    assert register.reading["encoding"][0] == "ISO-8859-1"
    assert register.engine.value("SELECT DISTINCT office FROM snapshots") == "Säkylä"


@pytest.mark.parametrize("delimiter", [",", "\t", "|", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_delimiters_and_line_ends(
    expected, stock, pilot, plan, tmp_path, delimiter, line_end
):
    file = tmp_path / "stock.txt"
    finnish(stock).to_csv(file, sep=delimiter, index=False, lineterminator=line_end)
    assert same(expected, file, pilot, plan)


def test_excel_with_its_header_further_down(expected, stock, pilot, plan, tmp_path):
    files = [tmp_path / "stock.xlsx", tmp_path / "pilot.xlsx"]
    with pd.ExcelWriter(files[0], engine="xlsxwriter") as writer:
        stock.to_excel(writer, index=False, startrow=6)
        writer.sheets["Sheet1"].write(1, 0, "Työnhakijat, Satakunta")
    pilot.to_excel(files[1], engine="xlsxwriter", index=False)
    assert same(expected, *files, plan)


def test_excel_codes_that_lost_their_zero(expected, stock, pilot, plan, tmp_path):
    for header in ("Työllisyyskoodi", "Kunta", "Koulutus"):
        stock[header] = pd.to_numeric(stock[header])
    stock["Alkupvm"] = [(day - pd.Timestamp("1899-12-30").date()).days
                        for day in stock["Alkupvm"]]  # fmt: skip
    file = tmp_path / "stock.xlsx"
    stock.to_excel(file, engine="xlsxwriter", index=False)
    assert same(expected, file, pilot, plan)


def test_the_sheet_of_the_plan(expected, stock, pilot, tmp_path):
    file = tmp_path / "stock.xlsx"
    with pd.ExcelWriter(file, engine="xlsxwriter") as writer:
        pd.DataFrame({"a": [1]}).to_excel(writer, sheet_name="Ohje")
        stock.to_excel(writer, sheet_name="Kanta", index=False)
    assert same(expected, file, pilot, make_plan(data={"sheet": "Kanta"}))


def test_csv_with_its_header_further_down(expected, stock, pilot, plan, tmp_path):
    file = write_csv(stock, tmp_path / "stock.csv")
    text = 'Työnhakijat;"kuukausittain,\nPori"\n\n' + file.read_text("utf-8")
    file.write_text(text, "utf-8")
    assert same(expected, file, pilot, plan)


def test_headers_in_any_case_and_unicode_form(expected, stock, pilot, plan):
    stock.columns = [name.upper().replace("Ö", "O\u0308") for name in stock.columns]
    assert same(expected, stock, pilot, plan)


def test_codes_in_apostrophes(expected, stock, pilot, plan, tmp_path):
    stock["Kunta"] = "'" + stock["Kunta"] + "'"
    assert same(expected, write_csv(stock, tmp_path / "stock.csv"), pilot, plan)


def test_blank_rows_are_no_people(expected, stock, pilot, plan, tmp_path):
    file = write_csv(stock, tmp_path / "stock.csv")
    lines = file.read_text("utf-8").splitlines()
    lines[3:3] = ["", ";" * (len(stock.columns) - 1), ""]
    file.write_text("\n".join([*lines, "", ""]), "utf-8")
    assert same(expected, file, pilot, plan)


def test_iso_dates_and_times(expected, stock, pilot, plan, tmp_path):
    text = stock.astype({"Alkupvm": str})
    text["Alkupvm"] += "T00:00:00.000"
    assert same(expected, text, pilot, plan)
    times = stock.assign(Alkupvm=pd.to_datetime(stock["Alkupvm"]))
    assert same(expected, times, pilot, plan)
    local = times.assign(Alkupvm=times["Alkupvm"].dt.tz_localize("Europe/Helsinki"))
    assert same(expected, local, pilot, plan)
    local.to_parquet(tmp_path / "stock.parquet")
    assert same(expected, tmp_path / "stock.parquet", pilot, plan)


def test_frames_of_other_types(expected, stock, pilot, plan):
    typed = stock.astype({"Kesto": "float", "Sukupuoli": "category", "Ikä": "Int64"})
    typed["Palvelussa"] = typed["Palvelussa"].astype("boolean")
    typed["Toimisto"] = typed["Toimisto"].astype("string")
    assert same(expected, typed, pilot, plan)


def months_of(stock: pd.DataFrame) -> dict[str, pd.DataFrame]:
    parts = stock.groupby("Laskentapäivä", sort=True)
    return {f"{day:%Y-%m}": part.drop(columns="Laskentapäivä") for day, part in parts}


def plan_without_month() -> Protocol:
    columns = {k: v for k, v in SNAPSHOT_HEADERS.items() if k != "month"}
    return make_plan(data={"columns": columns})


def test_months_from_file_names_in_a_folder(expected, stock, pilot, tmp_path):
    folder = tmp_path / "register"
    folder.mkdir()
    for month, part in months_of(stock).items():
        write_csv(part, folder / f"kanta_{month}.csv", "cp1252")
    (folder / "~$kanta_2021-01.xlsx").write_bytes(b"a lock of Excel's")
    (folder / ".hidden.csv").write_text("a;b\n")
    (folder / "readme.md").write_text("no data")
    plan = plan_without_month()
    assert same(expected, folder, pilot, plan)
    assert same(expected, str(folder / "kanta_*.csv"), pilot, plan)
    assert same(expected, sorted(folder.glob("kanta*"))[::-1], pilot, plan)


@pytest.mark.parametrize("mapped", [True, False], ids=["mapped", "not mapped"])
def test_hive_partitions(expected, stock, pilot, plan, tmp_path, mapped):
    for month, part in months_of(stock).items():
        folder = tmp_path / "register" / f"Laskentapäivä={month}"
        folder.mkdir(parents=True)
        part.to_parquet(folder / "part-0.parquet")
    used = plan if mapped else plan_without_month()
    assert same(expected, tmp_path / "register", pilot, used)


def test_file_names_that_look_like_patterns(expected, stock, pilot, plan, tmp_path):
    stock.to_parquet(tmp_path / "stock [1].parquet")
    assert same(expected, tmp_path / "stock [1].parquet", pilot, plan)


def test_a_table_and_a_query_of_a_duckdb_file(expected, stock, pilot, plan, tmp_path):
    with duckdb.connect(tmp_path / "office.duckdb") as office:
        office.register("frame", stock.astype({"Palvelussa": "boolean"}))
        office.execute("CREATE TABLE kanta AS FROM frame")
    database = str(tmp_path / "office.duckdb")
    assert same(expected, Table(database=database, table="kanta"), pilot, plan)
    query = Table(database=database, query="SELECT * FROM kanta WHERE Kesto > 0;")
    assert same(expected, query, pilot, plan)


def test_the_plans_own_locations(expected, stock, pilot, plan, tmp_path):
    write_csv(stock, tmp_path / "stock.csv")
    write_csv(pilot, tmp_path / "pilot.csv")
    assert same(expected, None, None, plan.at(tmp_path))


FRAME, CLIENTS = stock_frame(), pilot_frame()
EXPECTED = tuple(
    rows_of(open_register(FRAME, CLIENTS, protocol=make_plan()), table)
    for table in ("snapshots", "pilot")
)


@settings(max_examples=12)
@given(order=st.permutations(range(len(FRAME))), kind=st.sampled_from(["csv", "xlsx"]))
def test_the_order_of_rows_changes_nothing(order, kind):
    shuffled = FRAME.iloc[list(order)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"stock.{kind}"
        if kind == "csv":
            write_csv(shuffled, file)
        else:
            shuffled.to_excel(file, engine="xlsxwriter", index=False)
        assert same(EXPECTED, file, CLIENTS, make_plan())


def test_status_by_flag_and_by_registration(stock, pilot):
    columns = {**SNAPSHOT_HEADERS, "unemployed": "Palvelussa"}
    by_flag = make_plan(data={"columns": columns}, register={"unemployed": "flag"})
    register = open_register(stock, pilot, protocol=by_flag)
    flagged = "SELECT count(*) FROM snapshots WHERE unemployed"
    assert register.engine.value(flagged) == 9
    everybody = make_plan(register={"unemployed": "registered"})
    register = open_register(stock, pilot, protocol=everybody)
    assert register.engine.value(flagged) == len(stock)


def test_what_is_not_mapped_follows_from_the_rest(stock, pilot):
    columns = {k: SNAPSHOT_HEADERS[k] for k in ("month", "person_id", "weeks")}
    columns["birth_year"] = "Vuosi"
    stock["Vuosi"] = 1980
    sections = {"frame": {"exclude": []}, "register": {"unemployed": "registered"}}
    plan = make_plan(data={"columns": columns}, **sections)
    register = open_register(stock, pilot, protocol=plan)
    month, weeks, began, age, service, sex = register.engine.rows(
        "SELECT month, weeks, registration_day, age, in_service, sex FROM snapshots "
        "ORDER BY month, person_id"
    )[0]
    day = counting_day(month, "last_working_day")
    assert (began, age, service, sex) == (day - 7 * weeks, 41, False, None)


def test_a_movement_register(pilot):
    columns = {
        "month": "month",
        "person_id": "id",
        "registration_date": "began",
        "deregistration_date": "ended",
    }
    rows = [
        ("2021-01", "0002", "2021-01-01", "2021-01-10"),
        ("2021-01", "0002", "2021-01-20", None),
        ("2021-01", "0007", "2021-01-30", None),
        ("2021-01", "0008", "2020-12-01", "2021-01-29"),
    ]
    frame = pd.DataFrame(rows, columns=list(columns.values()))
    sections = {"frame": {"exclude": []}, "register": {"unemployed": "registered"}}
    plan = make_plan(data={"columns": columns}, **sections)
    register = open_register(frame, pilot, protocol=plan)
    assert register.has_dates
    status = register.engine.rows(
        "SELECT registered, weeks FROM snapshots ORDER BY person_id, registration_day"
    )
    # The counting day is Friday the 29th: whoever came on the 30th has no week yet.
    assert status == [(False, 4), (True, 1), (True, 0), (True, 8)]


def test_the_report_of_what_was_read(stock, pilot, plan, tmp_path):
    file = write_csv(stock, tmp_path / "stock.csv", "cp1252")
    register = open_register(file, pilot, protocol=plan)
    report = register.to_frame()
    assert report["rows"].tolist() == [27, 2]
    assert report["people"].tolist() == [9, 2]
    assert report["first_month"].tolist() == ["2021-01", "2021-02"]
    assert report["last_month"].tolist() == ["2021-03", "2021-03"]
    assert report["empty_flags_read_as_no"].tolist() == [9, 0]
    assert "weeks = Kesto" in report["columns"][0]
    assert register.months == tuple(map(parse_month, ["2021-01", "2021-02", "2021-03"]))
    assert register.extra == ("other_programme", "score")
    assert not register.has_dates
    text = str(register)
    assert "27 rows" in text
    assert "Windows-1252" in text
    assert "9 empty yes/no values were read as no" in text


def test_counting_days_reach_thirteen_months_further(stock, pilot, plan):
    register = open_register(stock, pilot, protocol=plan)
    days = register.engine.rows("SELECT * FROM counting_days ORDER BY month")
    months = range(register.months[0], register.months[-1] + 14)
    assert days == [(m, counting_day(m, "last_working_day")) for m in months]


def test_a_pilot_list_may_be_empty_and_name_people_twice(stock, pilot, plan):
    register = open_register(stock, pilot.head(0), protocol=plan)
    assert register.engine.value("SELECT count(*) FROM pilot") == 0
    again = pilot.assign(Ohjattu=pilot["Ohjattu"].map(lambda d: d.replace(day=2)))
    register = open_register(stock, pd.concat([pilot, again]), protocol=plan)
    assert register.engine.value("SELECT count(*) FROM pilot") == 4


def test_missing_months_that_the_plan_knows(stock, pilot):
    some = stock[stock["Laskentapäivä"].astype(str) != "2021-02-26"]
    plan = make_plan(register={"missing_months": ["2021-02"]})
    register = open_register(some, pilot, protocol=plan)
    assert [month % 12 + 1 for month in register.months] == [1, 3]


def test_clients_that_the_plan_lets_be_unknown(stock, pilot):
    pilot["Tunniste"] = ["0002", "9999"]
    plan = make_plan(register={"unlinked_pilots": "unknown"})
    register = open_register(stock, pilot, protocol=plan)
    assert register.engine.value("SELECT count(*) FROM pilot") == 2


def test_an_engine_that_there_is_not(stock, pilot, plan):
    expected = "`engine` must be 'duckdb' or 'spark', got 'oracle'"
    with pytest.raises(ValueError, match=expected):
        open_register(stock, pilot, protocol=plan, engine="oracle")


def test_the_database_goes_with_a_refused_register(
    stock, pilot, plan, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert "age is not" in message(stock.assign(Ikä=7), pilot, plan)
    assert not list(tmp_path.iterdir())
