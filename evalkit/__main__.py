"""``python -m evalkit``: the commands, where no script of theirs is on the path."""

from __future__ import annotations

import sys

from evalkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
