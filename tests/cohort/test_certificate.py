import json

import pytest

from evalkit.cohort.archive import DrawArchive
from evalkit.cohort.certificate import Certificate
from evalkit.cohort.chain import said_in, said_of
from evalkit.cohort.seal import sealed
from evalkit.errors import DrawError

LAWFUL = Certificate(
    month="2021-02", sequence=1, previous=None, replaces=None, plan_sha256="a",
    rules_sha256="b", commitment=None, salt=None, seed="seed", seed_source="",
    algorithm="hash", snapshot_month="2021-01", snapshot_rows=9, snapshot_sha256="c",
    frame=5, size=2, drawn=2, persons_sha256="d", attrition_sha256="e", evalkit="1",
)  # fmt: skip


def with_values(**values):
    """Return a certificate's text, sealed as if it had been written so."""
    kept = json.loads(LAWFUL.text)
    del kept["checksum"]
    return sealed({**kept, **values})


def test_a_certificate_is_read_back():
    assert Certificate.read(LAWFUL.text, "x") == LAWFUL


@pytest.mark.parametrize(
    "values",
    [
        {"month": "../../2021-02"},
        {"month": "2021-02/../x"},
        {"month": "2021-13"},
        {"month": "٢٠٢١-٠٢"},
        {"snapshot_month": "soon"},
        {"sequence": 0},
        {"sequence": -1},
        {"sequence": True},
        {"sequence": "1"},
        {"frame": 5.0},
        {"seed": None},
        {"month": ["2021-02"]},
    ],
)
def test_what_is_no_certificate_is_refused_however_it_is_sealed(values):
    with pytest.raises(DrawError):
        Certificate.read(with_values(**values), "x")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "null", "[" * 100_000, '{"month": 1e999}', "1" * 5000, "\ud800"],
)
def test_any_text_is_refused(text):
    with pytest.raises(DrawError):
        Certificate.read(text, "x")


@pytest.mark.parametrize(
    ("old", "new"), [('": 9', '":  9'), ("seed", "sead"), ("\n", "\r\n"), ("}\n", "}")]
)
def test_every_change_breaks_the_seal(old, new):
    with pytest.raises(DrawError, match=r"changed since it was written|not a certif"):
        Certificate.read(LAWFUL.text.replace(old, new), "x")


def test_an_archive_orders_its_draws_by_number_not_by_text(tmp_path):
    archive = DrawArchive(tmp_path)
    last = None
    for number in (1, 2):
        values = {"sequence": number, "previous": last.sha256 if last else None}
        last = Certificate.read(with_values(**values), "x")
        (tmp_path / f"{last.name}.json").write_text(last.text, encoding="utf-8")
    (tmp_path / "10000-2021-02.json").write_text(
        with_values(sequence=10000, previous=last.sha256), encoding="utf-8"
    )
    with pytest.raises(DrawError, match=r"10000-2021-02\.json.*missing"):
        archive.links()


def test_the_log_tells_of_a_draw(tmp_path):
    log = tmp_path / "monthly.log"
    log.write_text(f"2021-05-01T06:30:00 INFO {said_of(LAWFUL)}\nelse\n", "utf-8")
    assert said_in(log) == [(1, "2021-02", LAWFUL.sha256)]
    assert said_in(tmp_path / "none.log") == []
