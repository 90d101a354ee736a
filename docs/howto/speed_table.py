"""The table and the plot of what a national register costs, from the last benchmark.

Run it in the folder of the project: python docs/howto/speed_table.py
"""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "benchmarks" / "speed.json"
PLOT = HERE.parent / "images" / "speed.svg"
NAMES = {
    "ours": "evalkit",
    "floor": "floor: DuckDB reads and hashes, nothing else",
    "query": "a query by hand, with `row_number`",
    "pandas": "a plain pandas script",
}


def table(runs: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the runs as Markdown: seconds, memory, and our time by theirs."""
    lines = [
        "| rows | way | seconds | memory, MB | evalkit's time by it |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for size, ways in runs.items():
        rows, ending = size.split()
        for way, run in ways.items():
            ratio = ways["ours"]["seconds"] / run["seconds"]
            lines.append(
                f"| {int(rows) / 1e6:g} million, {ending} | {NAMES[way]} "
                f"| {run['seconds']:.1f} | {run['peak']:.0f} | {ratio:.2f} |"
            )
    return "\n".join(lines) + "\n"


def plot(runs: dict[str, dict[str, dict[str, float]]]) -> None:
    """Draw how the seconds grow with the rows, both on logarithmic scales."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "speed"
    from matplotlib import pyplot as plt

    sizes = [int(size.split()[0]) for size in runs if size.endswith("parquet")]
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for way, name in NAMES.items():
        seconds = [runs[f"{rows} parquet"][way]["seconds"] for rows in sizes]
        axes.plot(sizes, seconds, marker="o", label=name.replace("`", ""))
    axes.set(xscale="log", yscale="log", xlabel="rows of Parquet", ylabel="seconds")
    axes.set_xticks(sizes, [f"{rows / 1e6:g} million" for rows in sizes])
    axes.minorticks_off()
    axes.set_title("24 national months: drawn, followed up, compared", loc="left")
    axes.legend(frameon=False, fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PLOT, metadata={"Date": None})


if __name__ == "__main__":
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    (HERE / "speed_table.txt").write_text(table(results["runs"]), encoding="utf-8")
    plot(results["runs"])
