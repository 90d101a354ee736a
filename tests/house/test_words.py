"""What no file of the project may contain."""

from __future__ import annotations

import re

import pytest

# Letters in brackets keep this file from containing what it looks for.
FORBIDDEN = {
    "path of one machine": r"(?<![\w.])/(?:[h]ome|[U]sers|[r]oot|[w]ork|[o]pt)/\w",
    "folder of one machine": r"(?<![\w.])/[t]mp/\w|\b[C]:\\+Users\\+\w",
    "address of a package registry": (
        r"\b(?:[p]ypi\.org|[p]ythonhosted\.org|[a]naconda\.(?:org|com)"
        r"|[n]pmjs\.(?:org|com)|[d]ebian\.org|[c]ran\.r-project\.org)\b"
    ),
    "number of an issue": r"(?i)\b[i]ssues?\s+#?\d|(?<![\w&/#'\"(])#\d{1,4}\b(?!['\"])",
    "talk of who wrote it": (
        r"(?i)\b(?:[c]odex|[c]laude|[c]opilot|[c]hatbot|[l]anguage [m]odel"
        r"|[A]I [a]ssistant|[c]oding [a]gents?|[s]ub-?agents?|[b]y [a]n [a]gent"
        r"|[t]his [s]ession|[n]ext [s]ession|[o]ther [s]essions?|[a]nother [s]ession)\b"
    ),
}
MARKS = {name: re.compile(pattern) for name, pattern in FORBIDDEN.items()}

EXAMPLES = {
    "path of one machine": "/ho" + "me/anna/plan.toml",
    "folder of one machine": "/t" + "mp/plan.toml",
    "address of a package registry": "https://py" + "pi.org/simple",
    "number of an issue": "see iss" + "ue 12",
    "talk of who wrote it": "done in th" + "is session",
}
LAWFUL = (
    'fill = "#1f77b4"; n = "#333"; path = "data/home/x"; R session; file.py:12; /tmp'
)


@pytest.mark.parametrize("name", MARKS)
def test_no_file_contains(name, tracked, root) -> None:
    found = []
    for path in tracked:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(root)}:{number}"
            for number, line in enumerate(lines, start=1)
            if MARKS[name].search(line)
        ]
    assert not found


@pytest.mark.parametrize("name", MARKS)
def test_it_would_be_found(name) -> None:
    assert MARKS[name].search(EXAMPLES[name])
    assert not MARKS[name].search(LAWFUL)


def test_no_list_of_persons_is_in_git(tracked, root) -> None:
    """Tables are lawful among the tests' own references, and nowhere else."""
    tables = re.compile(r"\.(csv|tsv|xlsx?|parquet|duckdb|dat)(\.gz)?$", re.IGNORECASE)
    names = [path.relative_to(root).as_posix() for path in tracked]
    outside = [name for name in names if not name.startswith("tests/")]
    assert not [name for name in outside if tables.search(name)]
