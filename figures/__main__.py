"""Draw every figure of this folder: ``python figures``."""

from importlib import import_module
from pathlib import Path

from study import main

DRAWN = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in {"__main__", "study"}
)

if __name__ == "__main__":
    main({name: import_module(name).draw for name in DRAWN})
