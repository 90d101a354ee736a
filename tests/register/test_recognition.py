"""A plan from the headers of files: every language, every kind of file."""

from __future__ import annotations

import gzip
import shutil

import pandas as pd
import pytest

from evalkit.cli import main
from evalkit.errors import RegisterError
from evalkit.register.recognition import recognise_files
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS
from evalkit.study.plan_file import commented_plan, read_protocol
from tests.register.test_checks import CODE
from tests.study_files import change, write_small_study


def header(columns, name, language):
    return columns[name].headed[language][0]


def headed(columns, names, language):
    return {name: header(columns, name, language) for name in names}


STOCK = ["month", "person_id", "registration_date", "employment_code", "age", "sex"]
CLIENTS = ["person_id", "referral_date", "start_date"]


def write(folder, names, **files):
    """Write files that have headers and one empty row."""
    folder.mkdir(exist_ok=True)
    for name, headers in files.items():
        line = ";".join(headers)
        (folder / f"{name}.csv").write_text(f"{line}\n{';' * len(headers)}\n", "cp1252")
    return [folder / f"{name}.csv" for name in names]


@pytest.fixture
def stock(tmp_path):
    return write(tmp_path / "own", ["stock"], stock=["henkilö", "kesto", "ikä"])[0]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_headers_of_every_language(tmp_path, language):
    snapshots = headed(SNAPSHOT_COLUMNS, STOCK, language)
    clients = headed(PILOT_COLUMNS, CLIENTS, language)
    files = write(
        tmp_path / "own",
        ["stock", "clients"],
        stock=snapshots.values(),
        clients=clients.values(),
    )
    plan = recognise_files(tmp_path / "study", *files).protocol
    assert plan.data.columns == snapshots
    assert plan.data.pilot_columns == clients
    assert plan.study.language == language
    assert plan.data.snapshots == "../own/stock.csv"
    assert plan.data.pilot == "../own/clients.csv"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("columns", [SNAPSHOT_COLUMNS, PILOT_COLUMNS])
def test_no_header_stands_for_two_columns(columns, language):
    known = [text for column in columns.values() for text in column.headed[language]]
    assert len(known) == len(set(known))


def test_the_plan_is_valid_and_says_what_is_left_to_do(stock, tmp_path):
    found = recognise_files(tmp_path, stock, None)
    file = tmp_path / "plan.toml"
    file.write_text(commented_plan(found.protocol, note=found.note), "utf-8")
    plan = read_protocol(file)
    assert plan.model_dump() == found.protocol.model_dump()
    assert plan.draw.seed.startswith("replace me: ")
    assert plan.study.title == tmp_path.name
    assert plan.estimate.headline == "aipw"
    assert plan.data.pilot == "pilot.csv"
    assert plan.data.pilot_columns == {name: name for name in PILOT_COLUMNS}
    text = str(found)
    assert "To do: replace the seed" in text
    assert "put the pilot's list at pilot.csv, with the headers person_id, ref" in text
    assert "let the files' names carry their months" in text
    assert "guessed from the headers" in found.note


def test_what_was_guessed_is_said_file_by_file(tmp_path):
    files = write(
        tmp_path / "own",
        ["stock", "clients"],
        stock=["Henkilö", "Tunniste", "KESTO", "väri", "koko"],
        clients=["id", "aloitti", "tapa"],
    )
    text = str(recognise_files(tmp_path, *files))
    assert f"{files[0]} (CSV, Windows-1252, delimiter ;, headers in row 1)" in text
    assert "Henkilö = person_id (pseudonym of the person, the same in every" in text
    assert "'Tunniste' may be person_id too" in text
    assert "KESTO   = weeks" in text
    assert "not recognised, and not read: väri, koko" in text
    assert f"{files[1]} (CSV, UTF-8, delimiter ;, headers in row 1)" in text
    assert "not recognised, and not read: tapa" in text


@pytest.mark.parametrize(
    ("more", "rule", "said"),
    [
        (["työtön", "työllisyyskoodi"], ["02", "03"], "employment code, 02, 03"),
        (["työtön"], "flag", "whose column `unemployed` says so"),
        ([], "registered", "everybody in the register"),
    ],
)
def test_who_is_unemployed_follows_from_the_columns(tmp_path, more, rule, said):
    headers = ["henkilö", "kesto", *more]
    (file,) = write(tmp_path / "own", ["stock"], stock=headers)
    found = recognise_files(tmp_path, file, None)
    assert found.protocol.register_.unemployed == rule
    assert said in str(found)


@pytest.mark.parametrize(
    ("dates", "time_zero", "said"),
    [
        (["ohjattu", "aloitti"], "aligned", "Time zero: the referral."),
        (["ohjattu"], "aligned", "Time zero: the referral."),
        (["aloitti"], "report", "the start of the service (descriptive only)"),
    ],
)
def test_time_zero_follows_from_the_dates(stock, tmp_path, dates, time_zero, said):
    (clients,) = write(tmp_path / "own", ["clients"], clients=["henkilö", *dates])
    found = recognise_files(tmp_path, stock, clients)
    assert found.protocol.follow_up.time_zero == time_zero
    assert said in str(found)


@pytest.mark.parametrize(
    ("more", "covariates"),
    [
        (["ikä", "sukupuoli", "kunta"], ["age", "sex", "municipality"]),
        (["syntymävuosi", "koulutusaste"], ["age", "education"]),
        ([], []),
    ],
)
def test_covariates_are_those_that_are_there(tmp_path, more, covariates):
    headers = ["henkilö", "kesto", *more]
    (file,) = write(tmp_path / "own", ["stock"], stock=headers)
    plan = recognise_files(tmp_path, file, None).protocol
    assert plan.estimate.covariates == ["weeks_before", *covariates]


def test_a_status_at_the_months_end_without_dates_is_left_out(tmp_path):
    headers = ["henkilö", "kesto", "voimassa kuukauden lopussa"]
    (file,) = write(tmp_path / "own", ["stock"], stock=headers)
    found = recognise_files(tmp_path, file, None)
    assert "registered_at_month_end" not in found.protocol.data.columns
    assert "registered_at_month_end needs deregistration_date: left out" in str(found)


def frame():
    table = pd.DataFrame({"Henkilö": ["P1"], "Kesto": [5], "Ikä": [40]})
    return table.astype({"Kesto": "int64"})


def csv_below_a_title(path):
    text = frame().to_csv(sep="\t", index=False)
    path.write_text(f"Työnhakijat\n\n{text}", "utf-16")


def excel_below_a_title(path):
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        frame().to_excel(writer, index=False, startrow=4)
        writer.sheets["Sheet1"].write(0, 0, "Työnhakijat")


def packed(path):
    path.write_bytes(gzip.compress(frame().to_csv(index=False).encode("utf-8-sig")))


KINDS = {
    ".csv": (csv_below_a_title, "CSV, UTF-16, delimiter tab, headers in row 3"),
    ".xlsx": (excel_below_a_title, "Excel, first sheet, headers in row 5"),
    ".parquet": (lambda path: frame().to_parquet(path), "Parquet"),
    ".csv.gz": (packed, "CSV, UTF-8 with BOM, delimiter ,, headers in row 1"),
}


@pytest.mark.parametrize("place", ["file", "folder"])
@pytest.mark.parametrize(
    ("ending", "write_file", "how"),
    [(ending, *kind) for ending, kind in KINDS.items()],
    ids=KINDS.keys(),
)
def test_every_kind_of_file(tmp_path, ending, write_file, how, place):
    folder = tmp_path / "own"
    folder.mkdir()
    file = folder / f"stock_2021-01{ending}"
    write_file(file)
    named = file if place == "file" else folder
    found = recognise_files(tmp_path, named, None)
    assert f"({how})" in str(found)
    assert found.protocol.data.columns == {
        "person_id": "Henkilö",
        "weeks": "Kesto",
        "age": "Ikä",
    }
    assert found.protocol.data.snapshots == f"own/stock_*{ending}"
    assert "carry their months" not in str(found)


def test_a_folder_of_partitions(tmp_path):
    for month in ("2021-01", "2021-02"):
        folder = tmp_path / "register" / f"kk={month}"
        folder.mkdir(parents=True)
        frame().to_parquet(folder / "part-0.parquet")
    plan = recognise_files(tmp_path, tmp_path / "register", None).protocol
    assert plan.data.snapshots == "register"
    assert plan.data.columns["month"] == "kk"


STOCK_LINE, PILOT_LINE = ["henkilö", "kesto"], ["henkilö", "ohjattu"]


@pytest.mark.parametrize(
    ("stocks", "others", "place", "location"),
    [
        (["2021-01", "2021-02"], [], "folder", "own/*.csv"),
        (["2021-01"], [], "file", "own/*.csv"),
        (["2021-01", "2021-02"], ["pilot"], "folder", "own/[12]*.csv"),
        (["2021-01", "2021-02"], ["pilot"], "file", "own/[12]*.csv"),
        (["kanta202101", "kanta202102"], ["pilot"], "file", "own/kanta*.csv"),
        (["a", "b"], [], "folder", "own/*.csv"),
        (["a", "b"], ["pilot"], "folder", ["own/a.csv", "own/b.csv"]),
        (["a", "b"], [], "file", "own/a.csv"),
        (["kanta 2021-01"], ["kanta"], "file", "own/kanta *.csv"),
    ],
)
def test_the_next_months_file_will_be_read_too(
    tmp_path, stocks, others, place, location
):
    names = {**dict.fromkeys(stocks, STOCK_LINE), **dict.fromkeys(others, PILOT_LINE)}
    write(tmp_path / "own", [], **names)
    pilot = tmp_path / "own" / f"{others[0]}.csv" if others else None
    snapshots = tmp_path / "own"
    if place == "file":
        snapshots /= f"{stocks[0]}.csv"
    plan = recognise_files(tmp_path, snapshots, pilot).protocol
    assert plan.data.snapshots == location


def test_a_pattern_is_kept(tmp_path):
    write(tmp_path / "own", [], a=STOCK_LINE, b=STOCK_LINE)
    found = recognise_files(tmp_path, tmp_path / "own" / "[ab].csv", None)
    assert found.protocol.data.snapshots == "own/[ab].csv"
    assert "The first of 2 files was looked at" in str(found)


def test_missing_columns_are_told_with_the_headers_found(tmp_path):
    files = write(
        tmp_path / "own",
        ["stock", "clients"],
        stock=["nimetön", "ikä"],
        clients=["henkilö", "pvm"],
    )
    with pytest.raises(RegisterError) as raised:
        recognise_files(tmp_path, *files)
    text = str(raised.value)
    assert text.startswith("3 problems")
    assert (
        f"{files[0]}: no header is recognised as person_id. The headers are: nim"
        in text
    )
    assert "no header is recognised as weeks or registration_date" in text
    assert f"{files[1]}: no header is recognised as referral_date or start_date" in text
    assert "among others, henkilö, person. " in text
    assert "evalkit example satakunta" in text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("stock.csv", f"{CODE};5\n".encode(), "seems to have no row of headers"),
        ("stock.csv", b"", "the file is empty"),
        ("stock.xlsx", b"no workbook", "no workbook that can be read"),
        ("stock.parquet", b"no Parquet", "no Parquet file that can be read"),
        ("stock.csv.gz", b"not packed", "cannot be unpacked"),
        ("stock.pdf", b"", "files ending in .pdf cannot be read"),
        (f"{CODE}.csv", b"henkil\xc3\xb6;kesto\n", "may not name people"),
    ],
)
def test_files_that_cannot_be_recognised(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RegisterError) as raised:
        recognise_files(tmp_path, tmp_path / name, None)
    assert said in str(raised.value)
    assert CODE not in str(raised.value)


def test_a_file_that_may_not_be_read(stock, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("evalkit.register.text_encoding._decodes", refused)
    with pytest.raises(RegisterError, match=r"cannot be read \(Permission denied\)"):
        recognise_files(stock.parent, stock, None)


def test_files_on_another_drive_are_named_in_full(stock, monkeypatch):
    def refused(*_: object) -> None:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", refused)
    plan = recognise_files(stock.parent, stock, None).protocol
    assert plan.data.snapshots == stock.resolve().as_posix()


def test_a_folder_with_the_pilots_list_alone(tmp_path):
    (pilot,) = write(tmp_path / "own", ["pilot"], pilot=PILOT_LINE)
    with pytest.raises(RegisterError, match="holds no snapshot"):
        recognise_files(tmp_path, tmp_path / "own", pilot)


@pytest.mark.parametrize("place", ["register", "register/2020-12.csv"])
def test_init_then_check_then_monthly(tmp_path, capsys, place):
    data = write_small_study(tmp_path / "office").parent
    study = tmp_path / "study"
    arguments = ["--from", str(data / place), "--pilot", str(data / "pilot.csv")]
    assert main(["init", str(study), *arguments]) == 0
    plan = study / "plan.toml"
    out = capsys.readouterr().out
    assert f"Kirjoitettiin {plan}" in out
    assert "ei tunnistettu, ei lueta: aloitustapa" in out
    assert read_protocol(plan).data.snapshots == "../office/register/*.csv"
    shutil.move(study, tmp_path / "moved")  # beside the data still
    plan = tmp_path / "moved" / "plan.toml"
    assert main(["check", str(plan)]) == 0
    assert "Voi mitata: 2021-01 \N{EN DASH} 2021-03" in capsys.readouterr().out
    assert main(["monthly", str(plan), "2021-02"]) == 1
    assert "[draw] seed" in capsys.readouterr().err
    change(plan, 'seed = "replace me: any text, fixed', 'seed = "our own, fixed')
    assert main(["monthly", str(plan), "2021-02"]) == 0
    assert (tmp_path / "moved" / "results" / "comparison.csv").exists()


def test_a_header_is_suggested_once(tmp_path):
    (file,) = write(tmp_path / "own", ["stock"], stock=["väri", "kesto"])
    with pytest.raises(RegisterError) as refused:
        recognise_files(tmp_path, file, None)
    assert "among others, henkilö, person. " in str(refused.value)
