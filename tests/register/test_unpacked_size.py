import re
import struct
import tracemalloc
import zipfile

import pandas as pd
import pytest

from evalkit.register.pieces import UnreadableError, snapshot_layout
from evalkit.register.spreadsheets import find_sheet
from evalkit.register.unpacked_size import refuse_bomb
from tests.register.small_register import make_plan

ABSURD = "would unpack to an absurd size"


@pytest.fixture
def workbook(tmp_path):
    file = tmp_path / "stock.xlsx"
    table = pd.DataFrame({"id": ["a", "b"], "weeks": [1, 2]})
    table.to_excel(file, index=False, engine="xlsxwriter")
    return file


def rewritten(file, change):
    """Write the archive anew, each part changed."""
    copy = file.with_name("changed.xlsx")
    with (
        zipfile.ZipFile(file) as old,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return copy


def in_sheet(old, new):
    def change(name, content):
        if not name.endswith("sheet1.xml"):
            return content
        assert old in content
        return content.replace(old, new)

    return change


def test_an_honest_workbook_is_let_through(workbook):
    refuse_bomb(workbook, "stock.xlsx")
    plan = snapshot_layout(make_plan())
    sheet, rows, header = find_sheet(workbook, "stock.xlsx", plan)
    assert sheet == "Sheet1"
    assert rows[header + 1 :] == [["a", 1.0], ["b", 2.0]]


@pytest.mark.parametrize(
    "place", [b'r="XFD1048576"', b"r='XFD1048576'", b'r = "xfd1048576"']
)
def test_a_cell_far_out(workbook, place):
    bomb = rewritten(workbook, in_sheet(b'r="B3"', place))
    with pytest.raises(UnreadableError, match=ABSURD):
        refuse_bomb(bomb, "stock.xlsx")


def test_a_hidden_place_of_a_cell(workbook):
    bomb = rewritten(workbook, in_sheet(b'r="B3"', b'r="&#88;FD1048576"'))
    with pytest.raises(UnreadableError, match="hides where its cells are"):
        refuse_bomb(bomb, "stock.xlsx")


def test_a_part_that_lies_about_its_size(workbook, monkeypatch):
    zeros = 3_000_000
    bomb = rewritten(workbook, lambda _, content: content + b" " * zeros)
    content = bytearray(bomb.read_bytes())
    for sign, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.find(sign)
        while at >= 0:
            content[at + place : at + place + 4] = struct.pack("<I", 10)
            at = content.find(sign, at + 4)
    bomb.write_bytes(content)
    with zipfile.ZipFile(bomb) as archive:
        assert sum(member.file_size for member in archive.infolist()) < zeros
    monkeypatch.setattr("evalkit.register.unpacked_size._SMALL", zeros)
    with pytest.raises(UnreadableError, match=ABSURD):
        refuse_bomb(bomb, "stock.xlsx")


def test_counting_keeps_nothing(workbook):
    bomb = rewritten(workbook, lambda _, content: content + b" " * 30_000_000)
    tracemalloc.start()
    with pytest.raises(UnreadableError, match=ABSURD):
        refuse_bomb(bomb, "stock.xlsx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_workbook_without_a_sheet(workbook):
    bare = rewritten(
        workbook,
        lambda name, content: (
            re.sub(rb"<sheet .*?/>", b"", content)
            if name.endswith("workbook.xml")
            else content
        ),
    )
    with pytest.raises(UnreadableError, match="no workbook that can be read"):
        find_sheet(bare, "stock.xlsx", snapshot_layout(make_plan()))


def test_a_damaged_archive(workbook):
    content = bytearray(workbook.read_bytes())
    content[60:90] = bytes(30)
    workbook.write_bytes(content)
    with pytest.raises(UnreadableError, match="no workbook that can be read"):
        refuse_bomb(workbook, "stock.xlsx")
