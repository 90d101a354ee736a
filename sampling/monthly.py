"""Carry out the monthly batch of every plan beside this script, or of those named.

For cron and the Windows Task Scheduler; safe to repeat, safe to kill. The exit status
is the worst of the plans'.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evalkit.cli import main

HERE = Path(__file__).parent


def carry_out(plan: Path) -> int:
    """Run one plan and return its exit status, whichever way the command ends."""
    try:
        return main(["monthly", str(plan), "--all"]) or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


if __name__ == "__main__":
    plans = [Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.toml"))
    sys.exit(max([carry_out(plan) for plan in plans], default=0))
