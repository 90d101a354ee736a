import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import EvalkitError
from evalkit.study.months import (
    add_months,
    counting_day,
    date_of,
    day_number,
    first_day,
    last_day,
    month_in_file_name,
    month_number,
    month_of,
    month_text,
    parse_month,
)


@pytest.mark.parametrize(
    "text",
    [
        "2021-02",
        "2021M02",
        "202102",
        "2021/2",
        "2/2021",
        "02.2021",
        "helmikuu 2021",
        "Helmikuussa 2021",
        "februari 2021",
        "February 2021",
        "28.2.2021",
        "2021-02-28",
        "2021-02-28 00:00:00",
        " 2021-02 ",
    ],
)
def test_a_month_is_read_as_people_write_it(text):
    assert month_text(parse_month(text)) == "2021-02"


@pytest.mark.parametrize(
    "text", ["", "2021-13", "13/2021", "2021", "next month", "2/21"]
)
def test_what_is_no_month_is_refused_with_an_example(text):
    with pytest.raises(EvalkitError, match="2021-02"):
        parse_month(text)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("tyottomat_2021-02.csv", "2021-02"),
        ("stock202102.parquet", "2021-02"),
        ("2021M02.xlsx", "2021-02"),
        ("register_20210228.csv", None),
        ("register.csv", None),
        ("2021-13.csv", None),
    ],
)
def test_month_in_a_file_name(name, month):
    found = month_in_file_name(name)
    assert (None if found is None else month_text(found)) == month


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)))
def test_days_and_months_agree_with_the_calendar(date):
    day = day_number(date)
    month = month_of(day)
    assert date_of(day) == date
    assert month == month_number(date.year, date.month) == parse_month(str(date))
    assert first_day(month) <= day <= last_day(month)
    assert date_of(last_day(month) + 1).day == 1


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)), st.integers(1, 24))
def test_added_months_keep_the_day_or_end_the_month(date, months):
    day = add_months(day_number(date), months)
    assert month_of(day) == parse_month(str(date)) + months
    assert date_of(day).day == min(date.day, date_of(last_day(month_of(day))).day)


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2021-02", "2021-02-26"),  # the 28th is a Sunday
        ("2021-05", "2021-05-31"),
        ("2018-03", "2018-03-29"),  # Good Friday on the 30th
        ("2024-03", "2024-03-28"),  # Good Friday on the 29th, then the Easter weekend
        ("2027-03", "2027-03-31"),  # Easter Monday on the 29th
        ("2008-04", "2008-04-30"),
        ("2019-05", "2019-05-31"),  # Ascension on the 30th does not end the month
        ("2035-04", "2035-04-30"),
    ],
)
def test_the_counting_day_is_the_last_working_day(month, day):
    number = parse_month(month)
    assert str(date_of(counting_day(number, "last_working_day"))) == day
    assert counting_day(number, "last_day") == last_day(number)
