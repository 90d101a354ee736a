"""One register in many forms, rows in any order: one sample, one certificate."""

import pandas as pd
import pytest

import evalkit as ek
from tests.study_files import write_small_study

MONTH = "2021-02"
DATES = {"laskentapäivä", "työttömyys alkoi", "työttömyys päättyi", "ohjauspäivä",
         "aloituspäivä", "lopetuspäivä"}  # fmt: skip
NUMBERS = {"ikä", "työllisyyskoodi", "palvelulinja", "kunta", "koulutusaste",
           "päättymissyy"}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_small_study(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def tables(study):
    """The register and the list as an office's typed tables, rows shuffled."""
    files = sorted((study.parent / "register").glob("*.csv"))
    rows = pd.concat([read(file) for file in files])
    return shuffled(rows), shuffled(read(study.parent / "pilot.csv"))


def read(file):
    return pd.read_csv(file, sep=";", dtype=str, encoding="cp1252")


def shuffled(table):
    return table.sample(frac=1, random_state=7).reset_index(drop=True)


def typed(table):
    """Return dates as dates, and codes as the numbers that Excel makes of them."""
    dates = {
        name: pd.to_datetime(table[name], format="%d.%m.%Y")
        for name in DATES & set(table)
    }
    numbers = {name: pd.to_numeric(table[name]) for name in NUMBERS & set(table)}
    return table.assign(**dates, **numbers)


def drawn(protocol, snapshots=None, pilot=None):
    register = ek.open_register(snapshots, pilot, protocol=protocol)
    try:
        draws = [ek.draw_controls(register, m) for m in ("2021-01", MONTH)]
        people = ek.follow_up(register, draws).to_frame()
        return [draw.certificate.text for draw in draws], draws, people
    finally:
        register.engine.close()


@pytest.fixture(scope="module")
def expected(study):
    return drawn(ek.read_protocol(study))


def as_csv(tables, folder):
    rows, pilot = tables
    rows.to_csv(folder / "r.csv", sep=";", index=False, encoding="cp1252")
    pilot.to_csv(folder / "p.csv", sep=";", index=False, encoding="cp1252")
    return folder / "r.csv", folder / "p.csv"


def as_utf8(tables, folder):
    rows, pilot = tables
    rows.to_csv(folder / "r.csv.gz", sep=",", index=False, encoding="utf-8-sig")
    pilot.to_csv(folder / "p.csv", sep="\t", index=False, encoding="utf-16")
    return folder / "r.csv.gz", folder / "p.csv"


def as_excel(tables, folder):
    for table, name in zip(tables, ("r.xlsx", "p.xlsx"), strict=True):
        with pd.ExcelWriter(folder / name, engine="xlsxwriter") as book:
            typed(table).to_excel(book, index=False, startrow=3)
    return folder / "r.xlsx", folder / "p.xlsx"


def as_parquet(tables, folder):
    rows, pilot = map(typed, tables)
    for month, part in rows.groupby(rows["laskentapäivä"].dt.strftime("%Y-%m")):
        (folder / f"month={month}").mkdir()
        part.to_parquet(folder / f"month={month}" / "part.parquet", index=False)
    pilot.to_parquet(folder / "p.parquet", index=False)
    return folder / "month=*" / "*.parquet", folder / "p.parquet"


def as_frames(tables, _):
    return tuple(map(typed, tables))


FORMS = [as_csv, as_utf8, as_excel, as_parquet, as_frames]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_draw(study, tables, expected, form, tmp_path):
    plan = ek.read_protocol(study)
    data = plan.data.model_copy(update={"encoding": None})
    plan = plan.model_copy(update={"data": data}).at(study.parent)
    sources = [
        source if isinstance(source, pd.DataFrame) else str(source)
        for source in form(tables, tmp_path)
    ]
    certificates, draws, people = drawn(plan, *sources)
    known_certificates, known_draws, known_people = expected
    assert certificates == known_certificates
    for draw, known in zip(draws, known_draws, strict=True):
        assert draw.person_ids == known.person_ids
        pd.testing.assert_frame_equal(draw.attrition, known.attrition)
    pd.testing.assert_frame_equal(people, known_people)
