"""What files hold by accident: nobody sees it in Excel, and people get lost by it."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit import open_register
from evalkit.cohort.frame import office_counts
from tests.register.small_register import (
    finnish,
    make_plan,
    message,
    rows_of,
    write_csv,
)


def people_of(register) -> set[str]:
    return {row[1] for row in rows_of(register, "snapshots")}


@pytest.fixture
def workbook(stock, tmp_path):
    """A workbook whose formulas failed in three cells of two columns."""
    file = tmp_path / "stock.xlsx"
    with pd.ExcelWriter(file, engine="xlsxwriter") as writer:
        pd.DataFrame({"note": ["#N/A"]}).to_excel(writer, sheet_name="First")
        table = finnish(stock).assign(Muuta="x")
        table.to_excel(writer, sheet_name="Kanta", index=False, startrow=2)
        sheet = writer.sheets["Kanta"]
        for row, header, error in (
            (4, "Ikä", "#N/A"),
            (9, "Ikä", "#DIV/0!"),
            (5, "Alkupvm", "#REF!"),
            (6, "Muuta", "#NAME?"),
        ):
            column = list(table.columns).index(header)
            sheet.write_formula(row - 1, column, "=NA()", None, error)
    return file


def test_excel_errors_are_no_empty_cells(workbook, pilot) -> None:
    told = message(workbook, pilot, make_plan(data={"sheet": "Kanta"}))
    assert "2 problems" in told
    assert "stock.xlsx, column 'Ikä' (rows 4 and 9): an Excel error (#N/A" in told
    assert "stock.xlsx, column 'Alkupvm' (row 5): an Excel error" in told
    assert "Muuta" not in told


def test_excel_errors_on_another_sheet_do_no_harm(stock, pilot, plan, tmp_path) -> None:
    file = tmp_path / "stock.xlsx"
    with pd.ExcelWriter(file, engine="xlsxwriter") as writer:
        finnish(stock).to_excel(writer, sheet_name="Kanta & muuta", index=False)
        pd.DataFrame({"a": [1]}).to_excel(writer, sheet_name="Laskut")
        writer.sheets["Laskut"].write_formula(1, 1, "=NA()", None, "#N/A")
    assert len(people_of(open_register(file, pilot, protocol=plan))) == 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_lines_that_end_in_two_ways(stock, pilot, plan, tmp_path, encoding) -> None:
    """A month's rows are pasted below those of another program."""
    file = write_csv(stock, tmp_path / "stock.csv", encoding)
    lines = file.read_bytes().splitlines()
    ends = [b"\r\n" if number % 3 else b"\n" for number in range(len(lines))]
    mixed = b"".join(a + b for a, b in zip(lines, ends, strict=True))
    plain = open_register(file, pilot, protocol=plan)
    expected = rows_of(plain, "snapshots")
    file.write_bytes(mixed)
    register = open_register(file, pilot, protocol=plan)
    assert rows_of(register, "snapshots") == expected


def test_rows_keep_their_numbers_where_lines_end_in_two_ways(
    stock, pilot, plan, tmp_path
) -> None:
    table = finnish(stock)
    table.loc[10, "Ikä"] = "vanha"
    file = write_csv(table, tmp_path / "stock.csv")
    first, rest = file.read_bytes().split(b"\n", 1)
    file.write_bytes(first + b"\r\n" + rest)
    assert "column 'Ikä' (row 12)" in message(file, pilot, plan)


def test_a_month_that_the_file_s_name_denies(stock, pilot, plan, tmp_path) -> None:
    months = stock["Laskentapäivä"].astype(str).str[:7]
    for month, part in stock.groupby(months):
        named = {"2021-02": "2021-03", "2021-03": "2021-04"}.get(month, month)
        write_csv(part, tmp_path / f"stock_{named}.csv")
    told = message(tmp_path, pilot, plan)
    assert "2 problems" in told
    assert (
        "stock_2021-03.csv, column 'Laskentapäivä': the rows are of 2021-02, and the "
        "file's name says 2021-03" in told
    )


def test_a_file_of_several_months_may_be_named_after_one(stock, pilot, plan, tmp_path):
    file = write_csv(stock, tmp_path / "until_2021-03.csv")
    assert len(open_register(file, pilot, protocol=plan).months) == 3


INVISIBLE = ["\u200b", "\ufeff", "\u2060", "\u00ad"]


@pytest.mark.parametrize("mark", [*INVISIBLE, "\u00a0", "\u202f"])
def test_an_id_with_what_cannot_be_seen_is_refused(stock, pilot, plan, mark) -> None:
    """Two ids that look alike would be two people."""
    table = finnish(stock)
    table.loc[3, "Tunniste"] = f"00{mark}04"
    told = message(table, pilot, plan)
    assert "column 'Tunniste' (row 4)" in told
    assert "cannot be seen" in told
    assert mark not in told


@pytest.mark.parametrize("mark", [*INVISIBLE, "\u00a0", " "])
def test_around_an_id_it_is_taken_off(stock, pilot, plan, mark) -> None:
    table = finnish(stock)
    table["Tunniste"] = mark + table["Tunniste"] + mark
    expected = people_of(open_register(stock, pilot, protocol=plan))
    assert people_of(open_register(table, pilot, protocol=plan)) == expected


@pytest.mark.parametrize("between", ["  ", "\u00a0", " \u200b", "\u202f ", "\t"])
def test_words_of_an_office_are_one_space_apart(stock, pilot, between) -> None:
    table = finnish(stock)
    table["Toimisto"] = ["Porin toimisto", f"Porin{between}toimisto", "Rauma"] * 9
    register = open_register(table, pilot, protocol=make_plan())
    offices = register.engine.rows("SELECT DISTINCT office FROM snapshots ORDER BY 1")
    assert offices == [("Porin toimisto",), ("Rauma",)]


def test_offices_of_the_plan_are_read_in_the_same_way() -> None:
    plan = make_plan(frame={"offices": [{"names": ["Porin \u00a0toimisto"]}]})
    assert "'Porin toimisto'" in office_counts(plan, 24253)


@pytest.mark.parametrize("time", [" 0:00:00", " 00:00", " 0.00.00", "T00:00:00"])
def test_a_finnish_day_with_its_time_names_a_month(stock, pilot, plan, time) -> None:
    table = finnish(stock)
    table["Laskentapäivä"] += time
    assert len(open_register(table, pilot, protocol=plan).months) == 3
