"""What the whole-frame comparison of a national register costs.

A register of synthetic people: 330,000 jobseekers on any day, 27 months. Of 24 of them
everybody in the frame is followed up, 7 million rows in all.
"""

# ruff: noqa: S608  (the numbers are this file's own)

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import duckdb

import evalkit as ek
from evalkit.cohort.whole_frame import whole_frame
from evalkit.study.protocol import Protocol

STOCK = 330_000
ROWS = 10_400_000  # that so many people on any day make in 27 months
MEAN_DAYS = 180
FIRST, DAYS = "2019-09-01", 822  # to 2021-11-30
WARM_UP = 900
REFERRED = 1000  # one person in so many

COLUMNS = (
    "month", "person_id", "registration_date", "deregistration_date",
    "registered_at_month_end", "employment_code",
)  # fmt: skip

PEOPLE = """
    CREATE TABLE people AS
    SELECT lpad(CAST(i AS VARCHAR), 8, '0') AS person_id, began,
           began + CAST(-ln(1 - (hash(i, 1) % 1000003) / 1000003.0) * {mean_days}
                        AS INTEGER) AS ended,
           CASE WHEN hash(i, 2) % 10 = 0 THEN '03' ELSE '02' END AS code
    FROM (SELECT i, DATE '{first}' - {warm_up}
                    + CAST(hash(i, 3) % {span} AS INTEGER) AS began
          FROM range({people}) t(i))
"""
SNAPSHOTS = f"""
    COPY (
        SELECT strftime(m.first, '%Y-%m') AS month, p.person_id,
               p.began AS registration_date,
               CASE WHEN p.ended <= m.last THEN p.ended END AS deregistration_date,
               p.ended > m.last AS registered_at_month_end, p.code AS employment_code
        FROM (SELECT first, first + INTERVAL 1 MONTH - INTERVAL 1 DAY AS last
              FROM range(DATE '{FIRST}', DATE '{FIRST}' + {DAYS}, INTERVAL 1 MONTH)
                   t(first)) m
        JOIN people p ON p.began <= m.last AND p.ended >= m.first
    ) TO 'snapshots' (FORMAT parquet)
"""
PILOT = f"""
    SELECT person_id, CAST(began + 60 AS DATE) AS referral_date FROM people
    WHERE hash(person_id) % {REFERRED} = 0 AND ended > began + 60
      AND began + 60 > DATE '{FIRST}'
"""


def write_register(folder: Path, rows: int = ROWS, ending: str = "parquet") -> Protocol:
    """Write the register and the pilot's list, and return the plan."""
    database = duckdb.connect()
    span = WARM_UP + DAYS
    stock = STOCK * rows // ROWS
    people = PEOPLE.format(
        mean_days=MEAN_DAYS,
        first=FIRST,
        warm_up=WARM_UP,
        span=span,
        people=stock * span // MEAN_DAYS,
    )
    database.execute(people)
    file = folder / f"snapshots.{ending}"
    database.execute(SNAPSHOTS.replace("'snapshots' (FORMAT parquet)", f"'{file}'"))
    database.execute(f"COPY ({PILOT}) TO '{folder / 'pilot.parquet'}' (FORMAT parquet)")
    return plan_of(folder, ending)


def plan_of(folder: Path, ending: str = "parquet") -> Protocol:
    """Return the plan of the study whose register is in a folder."""
    return Protocol.model_validate(
        {
            "study": {"title": "A national register", "synthetic": True},
            "data": {
                "snapshots": f"snapshots.{ending}",
                "pilot": "pilot.parquet",
                "columns": {name: name for name in COLUMNS},
                "pilot_columns": {
                    "person_id": "person_id",
                    "referral_date": "referral_date",
                },
            },
            "register": {"counting_day": "last_day"},
            "draw": {"seed": "benchmark"},
        }
    ).at(folder)


def main() -> None:
    """Write, read, follow up, and print seconds and memory."""
    with tempfile.TemporaryDirectory() as name:
        start = perf_counter()
        protocol = write_register(Path(name))
        print(f"written       {perf_counter() - start:8.1f} s", flush=True)
        start = perf_counter()
        register = ek.open_register(protocol=protocol)
        rows = register.engine.value("SELECT count(*) FROM snapshots")
        print(
            f"opened        {perf_counter() - start:8.1f} s, {rows:,} rows", flush=True
        )
        if len(sys.argv) > 1:
            register.engine.run(f"SET memory_limit = '{sys.argv[1]}'")
        start = perf_counter()
        whole = whole_frame(register)
        people = int(whole.to_frame()["people"].sum())
        print(f"whole frame   {perf_counter() - start:8.1f} s, {people:,} followed")
        print(ek.pooled_difference(whole.counts))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"peak memory   {peak:8.1f} GB")
        register.engine.close()


if __name__ == "__main__":
    main()
