"""The workbook holds real numbers, no formula, and nothing about who made it."""

from __future__ import annotations

import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from evalkit.report.language.catalogue import MISSING
from evalkit.report.workbook import workbook
from tests.report.documents import HOSTILE, document


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def sheet(content: bytes, name: str) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def test_a_sheet_for_each_table_and_one_for_the_texts() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(document())))
    assert book.sheet_names == ["Text", "flow", "first", "second", "months"]


def test_numbers_are_numbers_and_points_are_points() -> None:
    rows = sheet(workbook(document(text="1/2021")), "months")
    assert rows[2] == [
        "month", "n", "share", "difference", "95% CI, lower end", "95% CI, upper end",
        "p",
    ]  # fmt: skip
    assert rows[3] == ["1/2021", 1234.0, 0.4231, 3.0, -1.0, pytest.approx(7.0), 0.0001]
    assert rows[4][1:] == ["…"] * 6
    assert rows[5] == ["3/2021", 2.0, *[MISSING] * 5]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_never_a_formula_or_a_link(text) -> None:
    content = workbook(document(text=text))
    sheets = {n: t for n, t in parts(content).items() if n.startswith("xl/worksheets")}
    assert not any("<f>" in t or "<hyperlink" in t for t in sheets.values())
    assert sheet(content, "months")[3][0] == text
    assert [text] in [row[:1] for row in sheet(content, "Text")]


def test_it_says_nothing_of_who_made_it_or_when() -> None:
    properties = parts(workbook(document()))["docProps/core.xml"]
    assert "<dc:creator></dc:creator>" in properties
    assert "<cp:lastModifiedBy></cp:lastModifiedBy>" in properties
    assert "1980-01-01" in properties


def test_the_same_document_gives_the_same_bytes() -> None:
    assert workbook(document()) == workbook(document())


def test_heads_stay_in_sight() -> None:
    assert 'state="frozen"' in parts(workbook(document()))["xl/worksheets/sheet2.xml"]


def test_the_warning_stands_on_every_sheet() -> None:
    content = workbook(document(warning="Synthetic data"))
    names = ["Text", "flow", "first", "second", "months"]
    assert all(
        any("Synthetic data" in row for row in sheet(content, name)) for name in names
    )
