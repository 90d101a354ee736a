import shutil

import pytest

from evalkit.cohort.archive import DrawArchive
from evalkit.cohort.commitment import promise
from evalkit.cohort.keeping import commit_to, draw_and_keep, forget_persons
from evalkit.cohort.publishing import publish_certificates
from evalkit.cohort.verification import verify, verify_published
from evalkit.errors import DrawError, ProtocolError, StudyError
from evalkit.register.register import open_register
from evalkit.study.plan_file import read_protocol
from tests.cohort.small_archive import (
    MONTHS,
    draw_tiny_study,
    tiny_plan,
    write_tiny_study,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    plan = write_tiny_study(tmp_path_factory.mktemp("tiny") / "study")
    draw_tiny_study(plan)
    return plan


@pytest.fixture
def study(drawn, tmp_path):
    shutil.copytree(drawn.parent, tmp_path / "study")
    return tmp_path / "study" / "plan.toml"


@pytest.fixture
def fresh(drawn, tmp_path):
    """The study without a draw."""
    ignored = shutil.ignore_patterns("results")
    shutil.copytree(drawn.parent, tmp_path / "study", ignore=ignored)
    return tmp_path / "study" / "plan.toml"


def archive_of(plan):
    return DrawArchive(read_protocol(plan).results / "draws")


def keep(plan, month, **options):
    protocol = read_protocol(plan)
    register = open_register(protocol=protocol)
    log = protocol.results / "monthly.log"
    try:
        return draw_and_keep(register, month, archive_of(plan), log, **options)
    finally:
        register.engine.close()


def edit(plan, old, new):
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new), encoding="utf-8")


# Commitment.


def test_a_commitment_hides_the_seed():
    made = [promise(tiny_plan("short")) for _ in range(2)]
    assert made[0].commitment.seed_sha256 != made[1].commitment.seed_sha256
    assert "short" not in made[0].commitment.text
    assert made[0].salt not in made[0].commitment.text


def test_a_commitment_holds_for_its_plan_and_seed_only():
    made = promise(tiny_plan("one"))
    assert made.kept_by(tiny_plan("one"))
    assert not made.kept_by(tiny_plan("two"))
    assert not made.kept_by(tiny_plan("one", size=7))


def test_a_seed_of_a_later_day_is_left_open():
    made = promise(tiny_plan("replace me", seed_source="the lottery of 2 May 2022"))
    assert (made.salt, made.commitment.seed_sha256) == (None, None)
    named = tiny_plan("1 9 12", seed_source="the lottery of 2 May 2022")
    assert made.kept_by(named)
    assert not made.kept_by(tiny_plan("1 9 12", seed_source="my dice"))
    with pytest.raises(ProtocolError, match="where it will come from"):
        promise(tiny_plan("replace me", seed_source=""))


def test_a_study_commits_once(fresh):
    protocol, archive = read_protocol(fresh), archive_of(fresh)
    first = commit_to(protocol, archive)
    assert commit_to(protocol, archive) == first
    edit(fresh, "size = 6", "size = 7")
    with pytest.raises(DrawError, match="commitment to another plan"):
        commit_to(read_protocol(fresh), archive)


def test_no_commitment_after_a_draw(fresh):
    keep(fresh, "2021-02")
    with pytest.raises(DrawError, match="after the draw is none"):
        commit_to(read_protocol(fresh), archive_of(fresh))


def test_certificates_carry_commitment_and_salt(study):
    archive = archive_of(study)
    made = archive.promise()
    for certificate in archive.certificates():
        assert certificate.commitment == made.commitment.sha256
        assert made.commitment.holds_for(certificate.seed, certificate.salt)


def test_nothing_is_drawn_without_the_salt(study):
    (archive_of(study).folder / "commitment.salt").unlink()
    with pytest.raises(DrawError, match="the salt of the commitment"):
        keep(study, "2021-05")


# Drawn once.


def test_a_drawn_month_is_not_drawn_again_unless_asked(study):
    with pytest.raises(DrawError, match="drawn already"):
        keep(study, "2021-03")
    again = keep(study, "2021-03", again=True).certificate
    assert again.replaces == archive_of(study).certificates()[1].sha256
    assert verify(study).same


def test_what_the_log_tells_is_not_silently_drawn_anew(study):
    shutil.rmtree(archive_of(study).folder)
    edit(study, "seed 0", "a luckier seed")
    with pytest.raises(DrawError, match=r"was drawn before, as .*monthly\.log tells"):
        keep(study, "2021-02")
    keep(study, "2021-02", again=True)
    assert "missing" in set(verify(study).draws["kind"])


def test_a_number_is_cleared_of_what_a_killed_run_left(fresh):
    archive = archive_of(fresh)
    archive.folder.mkdir(parents=True)
    left = archive.folder / "0001-2021-04.persons.csv"
    left.write_text("rank,person_id\n1,x\n", encoding="utf-8")
    keep(fresh, "2021-02")
    assert not left.exists()
    assert verify(fresh).same


# Forgetting.


def test_forgetting_deletes_lists_and_keeps_the_rest(study):
    archive = archive_of(study)
    before = {file.name for file in archive.folder.iterdir()}
    assert forget_persons(archive) == len(MONTHS)
    after = {file.name for file in archive.folder.iterdir()}
    assert before - after == {f for f in before if f.endswith(".persons.csv")}
    assert after - before == {"0004-forgotten.json"}
    found = verify(study)
    assert set(found.draws["status"]) == {"forgotten"}
    assert not found.same
    assert forget_persons(archive) == 0


def test_a_closed_study_draws_no_more(study):
    forget_persons(archive_of(study))
    with pytest.raises(DrawError, match="were deleted"):
        keep(study, "2021-03", again=True)


def test_lists_that_a_stopped_run_left_are_deleted_too(study):
    archive = archive_of(study)
    kept = archive.lists()[0].read_bytes()
    forget_persons(archive)
    (archive.folder / "0001-2021-02.persons.csv").write_bytes(kept)
    assert forget_persons(archive) == 1


def test_a_changed_note_is_found(study):
    archive = archive_of(study)
    forget_persons(archive)
    note = archive.folder / "0004-forgotten.json"
    note.write_text(note.read_text().replace('"draws": 3', '"draws": 2'))
    assert set(verify(study).draws["kind"]) == {"chain"}


# Publishing.


@pytest.fixture
def published(study, tmp_path):
    publish_certificates(read_protocol(study), tmp_path / "public")
    return tmp_path / "public"


def test_nothing_personal_is_published(study, published):
    ids = {
        line.split(";")[0]
        for line in (study.parent / "register" / "2021-01.csv").read_text().splitlines()
    } - {"henkilö"}
    names = {file.name for file in published.iterdir()}
    certificates = {f"{n:04d}-{month}.json" for n, month in enumerate(MONTHS, start=1)}
    assert names == certificates | {"commitment.json", "rules.json"}
    for file in published.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not any(person in text for person in ids)
        assert "register/" not in text
        assert "pilot.csv" not in text


def test_the_published_can_be_checked_by_anybody(published):
    assert verify_published(published).same


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [("size = 6", "size = 7", "plan"), ('seed = "seed 0"', 'seed = "other"', "seed")],
)
def test_an_outsider_sees_what_changed_after_the_commitment(
    fresh, tmp_path, old, new, kind
):
    commit_to(read_protocol(fresh), archive_of(fresh))
    keep(fresh, "2021-02")
    edit(fresh, old, new)
    keep(fresh, "2021-03")
    publish_certificates(read_protocol(fresh), tmp_path / "public")
    (tmp_path / "public" / "rules.json").unlink()
    rows = verify_published(tmp_path / "public").draws
    assert rows["status"].tolist() == ["same", "differs"]
    assert rows["kind"].tolist() == ["", kind]


def test_another_studys_certificates_are_not_overwritten(study, published):
    (published / "0001-2021-02.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="another one than this study's"):
        publish_certificates(read_protocol(study), published)
