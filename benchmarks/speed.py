"""What the draw, the follow-up and the shares of 24 national months cost.

One synthetic register, four ways to the same table, each in a process of its own: ours;
the floor (DuckDB reads the columns that are needed and hashes the frame's keys once);
a plain pandas script; a query that somebody wrote by hand. The ratios are of the times
of one run. Other numbers of rows may be named (`speed.py 200000 7200000 36000000`), to
see how the cost grows; `speed.json` keeps the last run, from which
`docs/howto/speed_table.py` writes the table and the plot of the documentation.
"""

# ruff: noqa: S608  (the numbers are this file's own)

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import national

ROWS = 7_200_000
SIZES = [200_000, ROWS]
RUNS = 2
SEED, SIZE = "benchmark", 500
FIRST, LAST = "2019-10", "2021-08"
RESULTS = Path(__file__).with_name("speed.json")
LEAST = {"floor": 1.3, "pandas": 0.65, "query": 0.65}
"""Most that ours is to take, as a ratio to each of the others."""


def ours(folder: Path, ending: str) -> float:
    """Return the pooled share of the controls, by evalkit."""
    import evalkit as ek
    from evalkit.cohort.follow_up import measurable_months

    register = ek.open_register(protocol=national.plan_of(folder, ending))
    months = [m for m in measurable_months(register) if FIRST <= m <= LAST]
    draws = [ek.draw_controls(register, month) for month in months]
    comparison = ek.compare(ek.follow_up(register, draws))
    return float(comparison.pooled.control)


def floor(folder: Path, ending: str) -> float:
    """Read what is needed and hash the keys of the frame; nothing is checked."""
    database = _duckdb()
    key = f"sha256(concat('{SEED}|', month, '|', person_id))"
    least = database.execute(
        f"""
        SELECT count(deregistration_date), min({key}) FROM {_source(folder, ending)}
        WHERE registered_at_month_end AND month BETWEEN '{FIRST}' AND '{LAST}'
          AND date_diff('day', registration_date,
                        last_day(CAST(month || '-01' AS DATE))) BETWEEN 7 AND 734
        """
    ).fetchone()
    return float(bool(least))


def query(folder: Path, ending: str) -> float:
    """Return the share by one query with row_number, as people write them."""
    share = (
        _duckdb()
        .execute(
            f"""
        WITH stock AS (
            SELECT *, CAST(month || '-01' AS DATE) AS first
            FROM {_source(folder, ending)}
        ), clients AS (
            SELECT person_id, min(referral_date) AS referred
            FROM '{folder / "pilot.parquet"}' GROUP BY person_id
        ), frame AS (
            SELECT s.*, row_number() OVER (
                PARTITION BY s.month
                ORDER BY sha256(concat('{SEED}|', s.month, '|', s.person_id))
            ) AS place
            FROM stock s LEFT JOIN clients c USING (person_id)
            WHERE registered_at_month_end AND s.month BETWEEN '{FIRST}' AND '{LAST}'
              AND date_diff('day', registration_date, last_day(first)) BETWEEN 7 AND 734
              AND (c.referred IS NULL OR c.referred > last_day(first))
        ), sample AS (SELECT * FROM frame WHERE place <= {SIZE})
        SELECT avg(CAST(later.person_id IS NULL AS INTEGER))
        FROM sample LEFT JOIN stock later
          ON later.person_id = sample.person_id AND later.registered_at_month_end
         AND later.first = sample.first + INTERVAL 3 MONTH
        """
        )
        .fetchone()
    )
    return float(share[0]) if share else float("nan")


def pandas(folder: Path, ending: str) -> float:
    """Return the share by a plain script: months as dates, sample, merge."""
    import pandas as pd

    dates = ["registration_date", "deregistration_date"]
    if ending == "csv":
        text = {"person_id": "str", "employment_code": "str"}
        stock = pd.read_csv(folder / "snapshots.csv", dtype=text, parse_dates=dates)
    else:
        stock = pd.read_parquet(folder / "snapshots.parquet")
        stock[dates] = stock[dates].apply(pd.to_datetime)
    pilot = pd.read_parquet(folder / "pilot.parquet")
    referred = pd.to_datetime(pilot.groupby("person_id")["referral_date"].min())
    stock["month"] = pd.to_datetime(stock["month"], format="%Y-%m")
    end = stock["month"] + pd.offsets.MonthEnd(0)
    weeks = (end - stock["registration_date"]).dt.days // 7
    known = stock["person_id"].map(referred)
    frame = stock[
        stock["registered_at_month_end"]
        & stock["month"].between(pd.Timestamp(FIRST), pd.Timestamp(LAST))
        & weeks.between(1, 104)
        & ~(known <= end)
    ]
    sample = frame.groupby("month").sample(n=SIZE, random_state=1)
    later = stock.loc[stock["registered_at_month_end"], ["person_id", "month"]]
    sample = sample.assign(month=sample["month"] + pd.DateOffset(months=3))
    found = sample.merge(later, on=["person_id", "month"], how="left", indicator=True)
    return float((found["_merge"] == "left_only").mean())


def _duckdb() -> national.duckdb.DuckDBPyConnection:
    return national.duckdb.connect()


def _source(folder: Path, ending: str) -> str:
    return f"'{folder / f'snapshots.{ending}'}'"


WAYS = {way.__name__: way for way in (ours, floor, query, pandas)}


def measured(way: str, folder: Path, ending: str) -> dict[str, float]:
    """Run one way in a fresh process; return seconds and its peak memory in MB."""
    environment = {k: v for k, v in os.environ.items() if k not in _OF_THIS_MACHINE}
    done = subprocess.run(  # noqa: S603  (this very script)
        [sys.executable, __file__, "--one", way, str(folder), ending],
        env=environment | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


_OF_THIS_MACHINE = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}


def one(way: str, folder: str, ending: str) -> None:
    """Print what one way takes, imports apart."""
    import evalkit as ek

    _ = ek.compare, ek.follow_up, national.duckdb  # what is imported at leisure
    start = perf_counter()
    share = WAYS[way](Path(folder), ending)
    seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"seconds": seconds, "peak": peak, "share": share}))


def measured_all(rows: int, ending: str) -> dict[str, dict[str, float]]:
    """Measure every way on a register of so many rows; the best of some runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        national.write_register(folder, rows, ending)
        found = {}
        for way in WAYS:
            runs = [measured(way, folder, ending) for _ in range(RUNS)]
            found[way] = min(runs, key=lambda run: run["seconds"])
        return found


def show(rows: int, ending: str, found: dict[str, dict[str, float]]) -> None:
    """Print what every way took, and the ratio of ours to it."""
    print(f"{rows:,} rows of {ending}")
    for way, run in found.items():
        ratio = found["ours"]["seconds"] / run["seconds"]
        wanted = f", {LEAST[way]} wanted" if way in LEAST else ""
        print(
            f"  {way:8}{run['seconds']:8.2f} s{run['peak']:8.0f} MB"
            f"   ours / it {ratio:6.2f}{wanted}",
            flush=True,
        )


def main() -> None:
    """Print the table of every size, and store it for the documentation."""
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    found = {}
    for rows in sizes:
        for ending in ("parquet", "csv") if rows == ROWS else ("parquet",):
            found[f"{rows} {ending}"] = measured_all(rows, ending)
            show(rows, ending, found[f"{rows} {ending}"])
    stored = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": platform.python_version(),
        "versions": {n: version(n) for n in ("duckdb", "pandas", "numpy", "evalkit")},
        "day": datetime.now(UTC).date().isoformat(),
        "runs": found,
    }
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
