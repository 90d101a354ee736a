import gzip
import hashlib
import hmac
import os

import pandas as pd
import pytest

from evalkit.errors import EvalkitError, RegisterError, StudyError
from evalkit.register.pseudonyms import pseudonymise
from evalkit.register.register import open_register
from evalkit.study.plan_file import commented_plan, read_protocol
from tests.cohort.small_archive import PEOPLE, tiny_plan, write_tiny_study

CODE = "131052-308T"  # the made-up one of the population register's examples


@pytest.fixture
def study(tmp_path):
    return write_tiny_study(tmp_path / "raw")


@pytest.fixture
def key(tmp_path):
    (tmp_path / "safe").mkdir()
    return tmp_path / "safe" / "key"


def run(study, key, folder="study"):
    home = study.parent.parent / folder
    return pseudonymise(read_protocol(study), key=key, folder=home)


def people_of(plan):
    register = open_register(protocol=read_protocol(plan))
    try:
        return register.engine.frame(
            "SELECT month, person_id, weeks, age, office FROM snapshots ORDER BY ALL"
        )
    finally:
        register.engine.close()


def test_the_same_people_under_other_names(study, key):
    before, done = people_of(study), run(study, key)
    after = people_of(done.plan)
    secret = key.read_bytes().strip()
    names = {
        person: hmac.new(secret, person.encode(), hashlib.sha256).hexdigest()
        for person in before["person_id"]
    }
    renamed = before.assign(person_id=before["person_id"].map(names))
    columns = list(before)
    pd.testing.assert_frame_equal(
        renamed.sort_values(columns, ignore_index=True),
        after.sort_values(columns, ignore_index=True),
    )
    assert done.files["people"].tolist() == [PEOPLE] * 4 + [8]


def test_no_id_and_no_unmapped_column_is_left(study, key):
    file = study.parent / "register" / "2021-01.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    with_names = [lines[0] + ";nimi", *(f"{line};Meikäläinen" for line in lines[1:])]
    file.write_text("\n".join(with_names), encoding="utf-8")
    done = run(study, key)
    written = [file for file in done.plan.parent.rglob("*") if file.is_file()]
    text = "".join(file.read_text(encoding="utf-8") for file in written)
    assert "p00001" not in text
    assert "Meikäläinen" not in text
    assert key.read_text(encoding="ascii").strip() not in text


@pytest.mark.parametrize("form", ["xlsx", "parquet", "csv.gz"])
def test_every_kind_of_file(study, key, form):
    for file in (study.parent / "register").glob("*.csv"):
        table = pd.read_csv(file, sep=";", dtype={"henkilö": str, "koodi": str})
        copy = file.with_suffix(f".{form}")
        if form == "xlsx":
            table.to_excel(copy, index=False, engine="xlsxwriter")
        elif form == "parquet":
            table.to_parquet(copy, index=False)
        else:
            copy.write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("register/*.csv", f"register/*.{form}"), "utf-8")
    before, after = people_of(study), people_of(run(study, key).plan)
    assert before.drop(columns="person_id").equals(after.drop(columns="person_id")) or (
        sorted(map(tuple, before.drop(columns="person_id").to_numpy()))
        == sorted(map(tuple, after.drop(columns="person_id").to_numpy()))
    )
    assert after["person_id"].nunique() == PEOPLE


def test_identity_codes_become_pseudonyms_in_any_letters(study, key):
    first = study.parent / "register" / "2021-01.csv"
    second = study.parent / "register" / "2021-02.csv"
    for file, code in ((first, CODE), (second, CODE.lower())):
        text = file.read_text(encoding="utf-8").replace("p00001", code)
        file.write_text(text, encoding="utf-8")
    pilot = study.parent / "pilot.csv"
    pilot.write_text(pilot.read_text("utf-8").replace("p00001", CODE), "utf-8")
    done = run(study, key)
    people = people_of(done.plan)
    pseudonym = hmac.new(key.read_bytes().strip(), CODE.encode(), hashlib.sha256)
    found = people.loc[people["person_id"] == pseudonym.hexdigest(), "month"]
    assert found.nunique() == 2


def test_an_identity_code_elsewhere_is_refused_and_not_shown(study, key):
    file = study.parent / "register" / "2021-01.csv"
    text = file.read_text(encoding="utf-8").replace(";Pori;", f";{CODE};", 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match=r"toimisto.*identity codes") as caught:
        run(study, key)
    assert CODE not in str(caught.value)


def test_the_key_is_made_for_its_owner_only(study, key):
    run(study, key)
    assert len(key.read_text(encoding="ascii").strip()) == 64
    assert os.name == "nt" or key.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name == "nt", reason="permissions of Unix")
def test_a_key_that_others_can_read_is_refused(study, key):
    run(study, key)
    key.chmod(0o644)
    with pytest.raises(StudyError, match="can be read by others"):
        run(study, key)


@pytest.mark.parametrize("place", ["raw/key", "raw/register/key", "study/key"])
def test_a_key_within_the_study_is_refused(study, place):
    file = study.parent.parent / place
    with pytest.raises(StudyError, match="may not be kept in"):
        run(study, file)
    assert not file.exists()


def test_a_link_does_not_hide_where_the_key_is(study, tmp_path):
    (tmp_path / "elsewhere").symlink_to(study.parent)
    with pytest.raises(StudyError, match="may not be kept in"):
        run(study, tmp_path / "elsewhere" / "key")


def test_a_new_key_is_a_new_study(study, key):
    run(study, key)
    with pytest.raises(StudyError, match="another study"):
        run(study, key.with_name("other"))
    other = run(study, key.with_name("other"), "second")
    assert not set(people_of(other.plan)["person_id"]) & set(
        people_of(study.parent.parent / "study" / "plan.toml")["person_id"]
    )


def test_a_short_key_is_none(study, key):
    key.write_text("secret\n", encoding="ascii")
    key.chmod(0o600)
    with pytest.raises(StudyError, match="holds no key"):
        run(study, key)


def test_a_second_run_writes_the_same_bytes(study, key):
    done = run(study, key)
    files = [file for file in done.plan.parent.rglob("*") if file.is_file()]
    before = {file: file.read_bytes() for file in files}
    run(study, key)
    assert {file: file.read_bytes() for file in files} == before


def test_files_stay_within_the_folder(study, key, tmp_path):
    (tmp_path / "outside").mkdir()
    for month in ("2021-01", "2021-02", "2021-03", "2021-04"):
        source = study.parent / "register" / f"{month}.csv"
        source.rename(tmp_path / "outside" / source.name)
    plan = tiny_plan()
    data = plan.data.model_copy(update={"snapshots": "../outside/*.csv"})
    moved = plan.model_copy(update={"data": data})
    study.write_text(commented_plan(moved), encoding="utf-8")
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    done = run(study, key)
    new = {file for file in tmp_path.rglob("*") if file.is_file()} - before - {key}
    assert all(file.is_relative_to(done.plan.parent) for file in new)
    assert len(people_of(done.plan)) == 4 * PEOPLE


def test_two_files_of_one_name_are_refused(study, key):
    for folder in ("a", "b"):
        (study.parent / folder).mkdir()
    sources = sorted((study.parent / "register").glob("*.csv"))
    sources[0].rename(study.parent / "a" / "2021-01.csv")
    sources[1].rename(study.parent / "b" / "2021-01.csv")
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('"register/*.csv"', '["a", "b"]'), "utf-8")
    with pytest.raises(EvalkitError, match="one name"):
        run(study, key)
