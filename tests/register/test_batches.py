"""Many files at once: the same people, and exact files and rows in the errors."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit import open_register
from tests.register.small_register import (
    SNAPSHOT_HEADERS,
    finnish,
    make_plan,
    message,
    rows_of,
    write_csv,
)

COLUMNS = {name: text for name, text in SNAPSHOT_HEADERS.items() if name != "month"}
PLAN = make_plan(data={"columns": COLUMNS})
MONTHS = ["2021-01", "2021-02", "2021-03"]


def parts(stock):
    """The months of the small register, each a frame of nine rows."""
    text = finnish(stock)
    months = [text.iloc[start : start + 9] for start in (0, 9, 18)]
    return [part.reset_index(drop=True) for part in months]


def write(folder, frames, ending="csv"):
    folder.mkdir(exist_ok=True)
    for month, frame in zip(MONTHS, frames, strict=True):
        file = folder / f"stock_{month}.{ending}"
        if ending == "csv":
            write_csv(frame, file, "cp1252")
        elif ending == "xlsx":
            frame.to_excel(file, engine="xlsxwriter", index=False)
        else:
            frame.to_parquet(file)
    return folder


@pytest.fixture(params=[1, 10, 250_000], ids=lambda most: f"up to {most}")
def most_rows(request, monkeypatch):
    """Batches of one file, of two, and of all."""
    for limit in ("staging.MOST_ROWS", "checks._AT_ONCE"):
        monkeypatch.setattr(f"evalkit.register.{limit}", request.param)


@pytest.fixture(params=[0, 10_000], ids=["row by row", "by their texts"])
def few_texts(request, monkeypatch):
    monkeypatch.setattr("evalkit.register.conversion._FEW_TEXTS", request.param)


@pytest.mark.usefixtures("most_rows", "few_texts")
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_batches_hold_the_same_people(stock, pilot, plan, tmp_path, ending):
    expected = open_register(stock, pilot, protocol=plan)
    folder = write(tmp_path / "register", parts(stock), ending)
    register = open_register(folder, pilot, protocol=PLAN)
    for table in ("snapshots", "pilot"):
        assert rows_of(register, table) == rows_of(expected, table)
    report = register.reading.set_index("file")
    assert report["rows"].tolist() == [9, 9, 9, 2]
    assert report["first_month"].tolist()[:3] == MONTHS
    assert report["empty_flags_read_as_no"].tolist() == [3, 3, 3, 0]


@pytest.mark.usefixtures("most_rows", "few_texts")
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_errors_name_the_file_and_the_row(stock, pilot, tmp_path, ending):
    frames = parts(stock)
    frames[0].loc[8, "Ikä"] = "uusi"
    frames[1].loc[0, "Ikä"] = "uusi"
    frames[1].loc[[3, 4], "Kunta"] = "Pori"
    frames[2].loc[8, "Tunniste"] = frames[2].loc[0, "Tunniste"]
    frames[2].loc[2, "Kesto"] = "9000"
    folder = write(tmp_path / "register", frames, ending)
    text = message(folder, pilot, PLAN)
    first = {"csv": 2, "xlsx": 2, "parquet": 1}[ending]
    said = [
        f"01.{ending}, column 'Ikä' (row {first + 8}): 'uusi' is no number",
        f"02.{ending}, column 'Kunta' (rows {first + 3} and {first + 4}): 'Pori' is",
        f"02.{ending}, column 'Ikä' (row {first}): 'uusi' is no number",
        f"03.{ending}, column 'Kesto' (row {first + 2}): the duration is longer than s",
        f"03.{ending}, column 'Tunniste' (row {first + 8}): a person is twice in the",
    ]
    places = [text.find(part) for part in said]
    assert -1 not in places, text
    assert places == sorted(places)  # the order of the files


@pytest.mark.usefixtures("most_rows")
def test_a_refused_file_shifts_no_rows_of_the_next(stock, pilot, tmp_path):
    frames = parts(stock)
    frames[2].loc[4, "Ikä"] = "uusi"
    folder = write(tmp_path / "register", frames)
    second = folder / "stock_2021-02.csv"
    lines = second.read_bytes().splitlines(keepends=True)
    second.write_bytes(b"".join([*lines[:2], b"x;" + lines[2], *lines[3:]]))
    (folder / "stock_2021-04.csv").write_text("nothing;here\n")
    text = message(folder, pilot, PLAN)
    assert "02.csv (row 3): the row has more columns than the headers" in text
    assert "03.csv, column 'Ikä' (row 6): 'uusi' is no number" in text
    assert "04.csv: no column is headed 'Tunniste'" in text
    assert text.index("02.csv (row 3)") < text.index("03.csv, column 'Ikä'")


@pytest.mark.usefixtures("most_rows")
def test_files_of_other_types_and_kinds_side_by_side(stock, pilot, plan, tmp_path):
    expected = open_register(stock, pilot, protocol=plan)
    first, second, third = parts(stock)
    files = [tmp_path / f"{MONTHS[0]}.parquet", tmp_path / f"{MONTHS[1]}.csv"]
    first.astype({"Kesto": int, "Ikä": float}).to_parquet(files[0])
    write_csv(second, files[1])
    places = [*files, third.assign(kk="2021-03")]
    with_month = make_plan(data={"columns": {**COLUMNS, "month": "kk"}})
    places[:2] = [pd.read_csv(files[1], sep=";", dtype=str).assign(kk="2/2021"),
                  pd.read_parquet(files[0]).assign(kk=202101)]  # fmt: skip
    register = open_register(places, pilot, protocol=with_month)
    assert rows_of(register, "snapshots") == rows_of(expected, "snapshots")
    alone = open_register([*files[::-1]], pilot, protocol=PLAN)
    assert rows_of(alone, "snapshots") == rows_of(expected, "snapshots")[:18]


def test_columns_of_nested_types_are_text(stock, pilot, tmp_path):
    values = {
        "lists": [["a", "b"]] * len(stock),
        "structs": [{"x": 1, "y": None}] * len(stock),
        "bytes": [b"a\x00"] * len(stock),
    }
    columns = {**SNAPSHOT_HEADERS, **{name: name for name in values}}
    stock.assign(**values).to_parquet(tmp_path / "stock.parquet")
    plan = make_plan(data={"columns": columns})
    register = open_register(tmp_path / "stock.parquet", pilot, protocol=plan)
    found = register.engine.rows("SELECT DISTINCT lists, structs FROM snapshots")
    assert found == [("[a, b]", "{'x': 1, 'y': NULL}")]


def test_nothing_of_the_files_stays_beside_the_tables(stock, pilot, plan, tmp_path):
    file = write_csv(stock, tmp_path / "stock.csv")
    register = open_register(file, pilot, protocol=plan)
    tables = {row[0] for row in register.engine.rows("SHOW TABLES")}
    assert tables == {"snapshots", "snapshots_rows", "pilot", "pilot_rows",
                      "counting_days", "days_of_months", "reject_errors",
                      "reject_scans"}  # fmt: skip
    assert register.engine.value("SELECT count(*) FROM reject_errors") == 0
