import itertools

import pytest

from evalkit.errors import ProtocolError
from evalkit.study.plan_file import commented_plan, read_protocol
from evalkit.study.protocol import Lag, Protocol

PLAN = """
[study]
title = "A pilot"
[data]
snapshots = "register/*.csv"
pilot = "pilot.csv"
[data.columns]
person_id = "Henkilö"
weeks = "Kesto"
employment_code = "Työllisyyskoodi"
[data.pilot_columns]
person_id = "Henkilö"
referral_date = "Ohjauspäivä"
[frame]
weeks = [1, 104]
[draw]
size = 500
seed = "a public value"
[follow_up]
lag = { months = 3 }
[[breaks]]
label = "pause"
first = "2020-04"
last = "2020-05"
"""


@pytest.fixture
def plan_file(tmp_path):
    def write(text=PLAN, encoding="utf-8"):
        file = tmp_path / "plan.toml"
        file.write_text(text, encoding=encoding)
        return file

    return write


def test_a_plan_is_read_with_its_defaults(plan_file):
    file = plan_file()
    plan = read_protocol(file)
    assert plan.frame.kind == "opening"
    assert plan.follow_up.time_zero == "aligned"
    assert plan.register_.unemployed == ["02", "03"]
    assert plan.publish.smallest_cell == 5
    assert plan.folder == file.parent
    assert plan.results == file.parent / "results"


def test_a_written_plan_reads_back_the_same(plan_file):
    plan = read_protocol(plan_file())
    again = read_protocol(plan_file(commented_plan(plan, note="What it is for.")))
    assert again.model_dump() == plan.model_dump()
    assert again.sha256 == plan.sha256


def test_every_key_is_commented_and_no_line_is_wide(plan_file):
    lines = commented_plan(read_protocol(plan_file())).splitlines()
    for before, line in itertools.pairwise(lines):
        section = line.startswith("[") and not line.startswith("[[")
        key = line.split("=")[0].strip() in {"kind", "weeks", "size", "lag", "level"}
        if section or (key and not line.startswith('weeks = "')):
            assert before.startswith("#")
    assert max(len(line) for line in lines if line.startswith("#")) <= 79


def test_awkward_texts_survive_the_writing(plan_file):
    plan = read_protocol(plan_file(PLAN.replace("A pilot", 'Ä \\" \\\\ # [x] = \\n')))
    assert plan.study.title == 'Ä " \\ # [x] = \n'
    again = read_protocol(plan_file(commented_plan(plan)))
    assert again.study.title == plan.study.title


def test_the_hash_leaves_locations_out_and_nothing_else(plan_file):
    plan = read_protocol(plan_file())
    moved = PLAN.replace("register/*.csv", "elsewhere.parquet").replace("Kesto", "vk")
    assert read_protocol(plan_file(moved)).sha256 == plan.sha256
    results = PLAN + '[output]\nfolder = "out"\n'
    assert read_protocol(plan_file(results)).sha256 == plan.sha256
    for old, new in [("500", "501"), ("104", "103"), ("a public", "another"),
                     ("months = 3", "months = 2"), ("2020-05", "2020-06"),
                     ("[frame]", "[gate]\nlargest_smd = 0.2\n[frame]"),
                     ("[frame]", "[decision]\npower = 0.9\n[frame]")]:  # fmt: skip
        assert read_protocol(plan_file(PLAN.replace(old, new))).sha256 != plan.sha256


BROKEN = {
    "unknown key": ("size = 500", "sizes = 500", "draw.sizes.*Did you mean size"),
    "unknown section": ("[frame]", "[frames]", "frames: unknown key.*frame"),
    "wrong type": ("size = 500", 'size = "many"', 'draw.size: found "many".*pilot'),
    "number as text": ("size = 500", 'size = "500"', 'found "500"'),
    "zero size": ("size = 500", "size = 0", "draw.size: found 0.*greater than 0"),
    "missing key": ('seed = "a public value"', "", "draw.seed: missing"),
    "empty seed": ("a public value", "", "draw.seed"),
    "bar in the seed": ("a public value", "a|b", r"draw.seed: no \|"),
    "two units": ("months = 3", "months = 3, days = 9", "name one unit"),
    "no unit": ("{ months = 3 }", "{}", "name one unit"),
    "one week": ("[1, 104]", "[1]", "frame.weeks"),
    "weeks reversed": ("[1, 104]", "[104, 1]", "the least may not exceed the most"),
    "pool too short": ("[1, 104]", "[1, 110]", "110.*123 weeks.*ends at 120"),
    "no such month": ('"2020-05"', '"2020-15"', "'2020-15' is not a month"),
    "break reversed": ('"2020-05"', '"2020-03"', "`last` is before `first`"),
    "no such choice": (
        "[frame]", '[frame]\nkind = "stock"', "frame.kind: found \"stock\".*'opening'",
    ),
    "closing and aligned": (
        "[frame]", '[frame]\nkind = "closing"', "lasted to the month's end",
    ),
    "inflow without a date": (
        "[frame]\nweeks = [1, 104]", '[frame]\nkind = "inflow"\nweeks = [0, 104]',
        "needs data.columns.registration_date",
    ),
    "inflow from week 1": (
        "[frame]", '[frame]\nkind = "inflow"', "let frame.weeks begin at 0",
    ),
    "exclusion not mapped": (
        "[frame]", '[frame]\nexclude = ["on_leave"]', "frame.exclude: on_leave",
    ),
    "offices not mapped": (
        "[frame]", '[frame]\noffices = [{ names = ["TE"] }]', "data.columns.office",
    ),
    "covariate not mapped": (
        "[draw]", '[estimate]\ncovariates = ["age"]\n[draw]', "covariates: age",
    ),
    "nothing to adjust on": (
        "[draw]", "[estimate]\ncovariates = []\n[draw]", "covariates is empty",
    ),
    "level in per cent": ("[draw]", "[estimate]\nlevel = 95.0\n[draw]", "found 95.0"),
    "a difference of nothing": (
        "[draw]", "[decision]\nrelevant_difference = 0.0\n[draw]", "greater than 0",
    ),
    "a difference in points": (
        "[draw]", "[decision]\nrelevant_difference = 5.0\n[draw]", "less than 1",
    ),
    "a look that is no month": (
        "[draw]", '[decision]\nlooks = ["spring"]\n[draw]', "decision.looks",
    ),
    "a share in per cent": (
        "[draw]", "[gate]\nmost_unknown = 10.0\n[draw]", "found 10.0",
    ),
    "a subgroup of nobody knows what": (
        "[draw]", "[estimate]\nsubgroups = { sex = [] }\n[draw]",
        "sex neither a covariate",
    ),
    "cell of four": (
        "[draw]", "[publish]\nsmallest_cell = 4\n[draw]", "3, 5 or 10",
    ),
    "codes overlap": (
        "[draw]", '[register]\nservices = ["02"]\n[draw]', "share 02",
    ),
    "no status": ('employment_code = "Työllisyyskoodi"', "", "employment_code"),
    "no duration": ('weeks = "Kesto"', "", "map `weeks` or `registration_date`"),
    "no person": ('person_id = "Henkilö"\nweeks', "weeks", "map `person_id`"),
    "no referral": (
        'referral_date = "Ohjauspäivä"', "", "map `referral_date` or `start_date`",
    ),
    "starts only, aligned": (
        "referral_date", "start_date", "needs data.pilot_columns.referral_date",
    ),
    "own name that evalkit makes": (
        "[data.pilot", 'weeks_before = "x"\n[data.pilot', "evalkit makes itself",
    ),
    "own name that evalkit uses inside": (
        "[data.pilot", 'Spell = "x"\n[data.pilot', "Spell: a column of your own",
    ),
    "own name that is evalkit's but for case": (
        "[data.pilot", 'Weeks = "x"\n[data.pilot', "Weeks: a column of your own",
    ),
    "own names that differ in case only": (
        "[data.pilot", 'way = "x"\nWay = "y"\n[data.pilot', "way, Way: a column",
    ),
    "own name of the pilot's list that evalkit uses": (
        "[frame]", 'start_day = "x"\n[frame]', "start_day: a column of your own",
    ),
    "own name of the pilot's list that the follow-up makes": (
        "[frame]", 'Exited = "x"\n[frame]', "Exited: a column of your own",
    ),
    "month end without dates": (
        "[data.pilot", 'registered_at_month_end = "x"\n[data.pilot',
        "needs `deregistration_date`",
    ),
    "table or query": (
        '"pilot.csv"', '{ database = "x.duckdb" }', "either a table or a query",
    ),
    "not TOML": ("[study]", "[study", "not valid TOML.*line 2"),
    "windows path": ('"pilot.csv"', r'"C:\pilot.csv"', "paths use /"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plan_is_named_with_file_key_and_rule(plan_file, old, new, said):
    broken = PLAN.replace(old, new, 1)
    assert broken != PLAN
    file = plan_file(broken)
    with pytest.raises(ProtocolError, match=f"(?s){said}") as error:
        read_protocol(file)
    assert str(file) in str(error.value)


def test_all_problems_are_named_at_once(plan_file):
    text = PLAN.replace("size = 500", "size = 0").replace("[1, 104]", "[9, 1]")
    with pytest.raises(ProtocolError, match="2 problems"):
        read_protocol(plan_file(text))


def test_a_plan_in_another_encoding_is_named(plan_file):
    with pytest.raises(ProtocolError, match="UTF-8"):
        read_protocol(plan_file(encoding="cp1252"))


def test_a_plan_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ProtocolError, match="evalkit init"):
        read_protocol(tmp_path / "no.toml")


@pytest.mark.parametrize(
    ("lag", "day", "end", "weeks"),
    [
        (Lag(months=3), 18659, 18748, 13),  # 2021-02-01 to 2021-05-01
        (Lag(days=91), 18659, 18750, 13),
        (Lag(weeks=27), 18659, 18848, 27),
    ],
)
def test_lags(lag, day, end, weeks):
    assert lag.after(day) == end
    assert lag.most_weeks == weeks


def test_a_plan_is_read_only(plan_file):
    plan = read_protocol(plan_file())
    with pytest.raises(ValueError, match="frozen"):
        plan.draw.size = 3


def test_the_months_of_the_draw():
    plan = Protocol.model_validate(
        {
            "study": {"title": "x"},
            "data": {
                "snapshots": "s", "pilot": "p",
                "columns": {"person_id": "i", "weeks": "w", "employment_code": "c"},
                "pilot_columns": {"person_id": "i", "referral_date": "r"},
            },
            "draw": {"seed": "s", "first": "2020-01", "last": "3/2021",
                     "skip": ["2020-04"]},
        }
    )  # fmt: skip
    drawn = [m for m in ("2019-12", "2020-01", "2020-04", "2021-03", "2021-04")
             if plan.draw.includes(m)]  # fmt: skip
    assert drawn == ["2020-01", "2021-03"]
