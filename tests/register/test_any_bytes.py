"""Whatever stands in a file, it gives a register or an error of evalkit's own."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import EvalkitError, open_register
from tests.register.small_register import (
    finnish,
    make_plan,
    message,
    pilot_frame,
    stock_frame,
)

PLAN = make_plan()
CSV = finnish(stock_frame()).to_csv(sep=";", index=False).encode()


def read(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        with contextlib.suppress(EvalkitError):  # any other error fails the test
            open_register(file, pilot_frame(), protocol=PLAN).engine.close()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.xlsx", "a.xls", "a.parquet"])
@settings(max_examples=12)
@given(content=st.binary(max_size=300))
def test_any_bytes(name, content):
    read(content, name)


@settings(max_examples=40)
@given(
    place=st.integers(0, len(CSV)),
    gone=st.integers(0, 40),
    put=st.one_of(
        st.binary(max_size=6), st.sampled_from([b'"', b"\x00", b"\n", b"\r", b";"])
    ),
)
def test_a_csv_with_other_bytes_in_it(place, gone, put):
    read(CSV[:place] + put + CSV[place + gone :], "stock.csv")


@settings(max_examples=25)
@given(
    row=st.integers(0, 26),
    column=st.integers(0, 12),
    value=st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.dates(),
                    st.datetimes(), st.booleans(), st.binary(max_size=5),
                    st.lists(st.integers(), max_size=2)),
)  # fmt: skip
def test_a_frame_with_any_value_in_it(row, column, value):
    stock = stock_frame().astype(object)
    stock.iat[row, column] = value
    with contextlib.suppress(EvalkitError):
        open_register(stock, pilot_frame(), protocol=PLAN).engine.close()


def test_text_that_no_file_could_hold():
    stock = stock_frame().assign(Toimisto="\ud800")
    text = message(stock, pilot_frame(), PLAN)
    assert "a column holds what is neither text nor number" in text


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=6))
def test_any_header(header):
    stock = stock_frame().rename(columns={"Kesto": header})
    plan = make_plan(
        data={"columns": {**PLAN.data.columns, "weeks": header}},
        frame={"exclude": []},
    )
    try:
        open_register(stock, pilot_frame(), protocol=plan).engine.close()
    except EvalkitError as error:
        assert header in str(error) or repr(header) in str(error)  # noqa: PT017


def test_any_header_is_quoted_everywhere(tmp_path):
    header = 'o\'clock "x"; DROP TABLE snapshots --'
    stock = stock_frame().rename(columns={"Kesto": header})
    plan = make_plan(data={"columns": {**PLAN.data.columns, "weeks": header}})
    files = [tmp_path / "stock.parquet", tmp_path / "stock.csv"]
    stock.to_parquet(files[0])
    finnish(stock).to_csv(files[1], sep=";", index=False)
    for place in (stock, *files):
        register = open_register(place, pilot_frame(), protocol=plan)
        assert register.reading["rows"][0] == len(stock)


def test_binary_columns_are_no_text(tmp_path):
    stock = stock_frame().assign(Toimisto=b"Pori")
    stock.to_parquet(tmp_path / "stock.parquet")
    register = open_register(tmp_path / "stock.parquet", pilot_frame(), protocol=PLAN)
    assert register.engine.value("SELECT DISTINCT office FROM snapshots") == "Pori"
