"""Every kind of broken input: its own clear error, status 1, nothing written."""

import re
import shutil

import pytest

from evalkit.cli import main
from tests.study_files import change, write_small_study

IDENTITY_CODE = "131052-308T"  # the made-up one of the population register's examples


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("small"))


@pytest.fixture
def study(written, tmp_path):
    shutil.copytree(written.parent, tmp_path / "study")
    return tmp_path / "study"


def snapshot(study):
    return study / "register" / "2021-02.csv"


def edit_row(file, row, column, value):
    """Set one field of a Finnish CSV file; row 1 is the header."""
    lines = file.read_bytes().decode("cp1252").split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    header = lines[0].rstrip("\r").split(";")
    fields = lines[row - 1].rstrip("\r").split(";")
    fields[header.index(column)] = value
    lines[row - 1] = ";".join(fields) + end
    file.write_bytes("\n".join(lines).encode("cp1252"))


def field(column, value, row=5):
    return lambda study: edit_row(snapshot(study), row, column, value)


def client(column, value, row=3):
    return lambda study: edit_row(study / "pilot.csv", row, column, value)


def plan(old, new):
    return lambda study: change(study / "satakunta.toml", old, new)


def located(place):
    return plan('snapshots = "register/*.csv"', f'snapshots = "{place}"')


def encoded(name):
    return plan('encoding = "windows-1252"', f'encoding = "{name}"')


def bytes_of(content):
    return lambda study: snapshot(study).write_bytes(content)


def twice(file):
    def repeat(study):
        lines = (study / file).read_bytes().split(b"\n")
        (study / file).write_bytes(b"\n".join([*lines[:3], lines[2], *lines[3:]]))

    return repeat


def without_rows(study):
    header = snapshot(study).read_bytes().split(b"\n")[0]
    snapshot(study).write_bytes(header + b"\n")


def ragged(study):
    lines = snapshot(study).read_bytes().split(b"\n")
    lines[6] = lines[6].rstrip(b"\r") + b";one;more"
    snapshot(study).write_bytes(b"\n".join(lines))


def undefined_byte(study):
    content = snapshot(study).read_bytes().replace(b"TE-toimisto", b"TE\x81toimisto")
    snapshot(study).write_bytes(content)


def unbalanced(study):
    lines = snapshot(study).read_bytes().split(b"\n")
    lines[6] = b'"' + lines[6]
    snapshot(study).write_bytes(b"\n".join(lines))


def renamed(old, new):
    def rename(study):
        change(snapshot(study), old, new)

    return rename


BROKEN = {
    # The plan.
    "no plan": (lambda s: (s / "satakunta.toml").unlink(), "no such plan"),
    "plan is not TOML": (plan("[study]", "[study"), "not valid TOML"),
    "unknown key": (plan("size = 60", "sise = 60"), "draw.sise: unknown key"),
    "wrong type": (plan("size = 60", 'size = "60"'), 'draw.size: found "60"'),
    "contradiction": (plan("[1, 104]", "[1, 118]"), "pool_weeks"),
    "no such folder": (located("nowhere/*.csv"), "nowhere"),
    "no such list": (plan('"pilot.csv"', '"clients.csv"'), "clients.csv"),
    "unknown encoding": (encoded("windows-9"), "windows-9"),
    "unknown header": (plan('"henkilö"', '"asiakas"'), "asiakas"),
    # Files.
    "file without rows": (without_rows, "no rows"),
    "empty file": (bytes_of(b""), "2021-02.csv"),
    "not text": (bytes_of(b"\x00\x01\x02" * 50), "2021-02.csv"),
    "undefined bytes": (undefined_byte, "2021-02.csv"),
    "excel that is none": (
        lambda s: snapshot(s).rename(s / "register" / "2021-02.xlsx"), "Excel|2021-02",
    ),
    "parquet that is none": (
        lambda s: (located("register/2021-02.parquet")(s),
                   snapshot(s).rename(s / "register" / "2021-02.parquet")), "Parquet",
    ),
    "gzip that is none": (
        lambda s: (located("register/*.csv*")(s),
                   snapshot(s).rename(s / "register" / "2021-02.csv.gz")), "gz",
    ),
    "ragged row": (ragged, r"row.* 7"),
    "unbalanced quote": (unbalanced, "quot"),
    "missing column": (renamed("henkilö", "hlö"), "henkilö"),
    "column twice": (renamed("toimisto", "kunta"), "kunta"),
    "missing month": (lambda s: snapshot(s).unlink(), "2021-02"),
    # Values.
    "no such date": (field("työttömyys alkoi", "31.2.2021"), "työttömyys alkoi.*row 5"),
    "American date": (field("työttömyys alkoi", "2/28/2021"), "työttömyys alkoi"),
    "date in the future": (field("työttömyys alkoi", "1.1.2031"), "row 5"),
    "date long ago": (field("työttömyys alkoi", "1.1.1909"), "row 5"),
    "ended before it began": (field("työttömyys päättyi", "1.1.2001"), "row 5"),
    "not a flag": (field("palvelussa", "ehkä"), "palvelussa.*row 5"),
    "not a number": (field("ikä", "nuori"), "ikä.*row 5"),
    "impossible age": (field("ikä", "140"), "ikä.*row 5"),
    "unknown employment code": (
        field("työllisyyskoodi", "42"), "työllisyyskoodi.*row 5",
    ),
    "not a month": (field("laskentapäivä", "kevät"), "laskentapäivä.*row 5"),
    "not a municipality": (field("kunta", "Pori"), "kunta.*row 5"),
    # People.
    "empty id": (field("henkilö", ""), "henkilö.*row 5"),
    "bar in an id": (field("henkilö", "a|b"), "henkilö.*row 5"),
    "person twice": (twice("register/2021-02.csv"), "twice|more than once|again"),
    "identity code": (field("henkilö", IDENTITY_CODE), "row 5.*identity code"),
    "identity code elsewhere": (
        field("toimisto", f"hlö {IDENTITY_CODE}"), "toimisto.*identity code",
    ),
    # The pilot's list.
    "client unknown": (client("henkilö", "nobody"), "pilot.csv.*row 3"),
    "client's identity code": (client("henkilö", IDENTITY_CODE), "pilot.csv.*identity"),
    "client twice": (twice("pilot.csv"), "pilot.csv"),
    "started before referral": (client("aloituspäivä", "1.1.2020"), "pilot.csv.*row 3"),
    "not a referral date": (client("ohjauspäivä", "eilen"), "ohjauspäivä.*row 3"),
    "no dates": (
        lambda s: (client("ohjauspäivä", "")(s), client("aloituspäivä", "")(s)),
        "pilot.csv.*row 3",
    ),
}  # fmt: skip


def said(capsys):
    captured = capsys.readouterr()
    return captured.err


@pytest.mark.parametrize("command", ["check", "monthly"])
@pytest.mark.parametrize(("damage", "rule"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_input_is_told_apart_and_leaves_nothing(
    study, capsys, damage, rule, command
):
    damage(study)
    before = sorted(study.rglob("*"))
    arguments = [command, str(study / "satakunta.toml")]
    assert main([*arguments, "--all"] if command == "monthly" else arguments) == 1
    error = said(capsys)
    assert error.startswith("evalkit: ")
    assert re.search(rule, error, re.DOTALL), error
    assert "unforeseen" not in error
    assert "Traceback" not in error
    assert IDENTITY_CODE not in error
    assert sorted(study.rglob("*")) == before


def test_all_problems_are_told_at_once(study, capsys):
    field("ikä", "nuori", row=5)(study)
    field("palvelussa", "ehkä", row=6)(study)
    client("ohjauspäivä", "eilen")(study)
    assert main(["check", str(study / "satakunta.toml")]) == 1
    error = said(capsys)
    assert "3 problems" in error
    for part in ("ikä", "palvelussa", "ohjauspäivä"):
        assert part in error


def test_an_error_names_no_person(study, capsys):
    ids = {
        line.split(";")[1]
        for line in snapshot(study).read_bytes().decode("cp1252").splitlines()[1:]
    }
    twice("register/2021-02.csv")(study)
    client("aloituspäivä", "1.1.2020")(study)
    assert main(["check", str(study / "satakunta.toml")]) == 1
    error = said(capsys)
    assert not any(person in error for person in ids if person)
