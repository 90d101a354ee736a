"""Carry out the monthly batch of the studies that run, or of the plans named.

For cron and the Windows Task Scheduler; safe to repeat, safe to kill. The exit status
is the worst of the studies'.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evalkit.cli import main

STUDIES = ("satakunta.toml",)  # the Pennsylvania experiment ended long ago

if __name__ == "__main__":
    plans = sys.argv[1:] or [str(Path(__file__).parent / name) for name in STUDIES]
    sys.exit(max([main(["monthly", plan, "--all"]) for plan in plans]))
