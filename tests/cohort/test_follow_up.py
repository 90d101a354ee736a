import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.errors import DrawError
from evalkit.register.register import open_register
from tests.cohort.conftest import COLUMNS, LAST, plan, referral, spell, table_of

MONTH = "2021-02"


@pytest.fixture
def followed(register_of):
    """Follow February 2021 and return the table by person."""

    def follow(spells, referrals=(), time_zero="report", month=MONTH, **sections):
        register = register_of(spells, referrals, plan(**sections))
        draw = draw_controls(register, month)
        cohort = follow_up(register, draw, time_zero=time_zero)
        return cohort.to_frame().set_index("person")

    return follow


# Controls' time zero is 2021-02-01 here, the lag ends on 2021-05-01.
CASES = {
    "never leaves": (spell("p", "2020-12-01"), 0, 0, False),
    "leaves for work": (
        spell("p", "2020-12-01", "2021-03-10", reason="03"), 1, 1, True,
    ),
    "leaves on the day": (spell("p", "2020-12-01", "2021-05-01"), 0, 0, True),
    "leaves the day before": (spell("p", "2020-12-01", "2021-04-30"), 1, 1, True),
    "leaves after": (spell("p", "2020-12-01", "2021-05-20"), 0, 0, True),
    "is in a service": (spell("p", "2020-12-01", codes={"2021-03": "07"}), 1, 0, True),
    "is in training": (spell("p", "2020-12-01", codes={"2021-04": "08"}), 1, 0, True),
    "works part-time": (spell("p", "2020-12-01", codes={"2021-04": "09"}), 1, 1, True),
    "is laid off": (spell("p", "2020-12-01", codes={"2021-03": "03"}), 0, 0, False),
    "is back": (
        spell("p", "2020-12-01", "2021-03-10") + spell("p", "2021-04-10"), 0, 0, True,
    ),
    "is back too late": (
        spell("p", "2020-12-01", "2021-03-10") + spell("p", "2021-05-10"), 1, 1, True,
    ),
    "served and is back": (
        spell("p", "2020-12-01", codes={"2021-03": "07", "2021-04": "02"}), 0, 0, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_outcome_at_the_lag(followed, case):
    rows, outcome, strict, exited = case
    person = followed([rows]).loc["p"]
    assert person["outcome"] == outcome
    assert person["outcome_strict"] == strict
    assert person["exited"] == exited
    assert person["status"] == ("not unemployed" if outcome else "unemployed")


@pytest.mark.parametrize(
    ("ended", "weeks"),
    [
        ("2021-02-01", 1),  # the day of time zero itself
        ("2021-02-08", 1),
        ("2021-02-09", 2),
        ("2021-03-01", 4),
        ("2021-03-02", 5),
    ],
)
def test_weeks_to_an_exit_are_counted_up(followed, ended, weeks):
    person = followed([spell("p", "2020-12-01", ended)]).loc["p"]
    assert (person["weeks"], person["exited"]) == (weeks, True)


def test_weeks_without_an_exit_and_weeks_before_are_counted_down(followed):
    person = followed([spell("p", "2020-12-01")]).loc["p"]
    assert person["weeks"] == 333 // 7  # 2021-02-01 to 2021-12-31
    assert person["weeks_before"] == 62 // 7  # 2020-12-01 to 2021-02-01


@pytest.mark.parametrize(
    ("rows", "route"),
    [
        (spell("p", "2020-12-01", "2021-03-10", reason="03"), "work"),
        (spell("p", "2020-12-01", "2021-03-10", reason="04"), "training"),
        (spell("p", "2020-12-01", "2021-03-10", reason="05"), "other"),
        (spell("p", "2020-12-01", "2021-03-10", reason="10"), "unknown"),
        (spell("p", "2020-12-01", "2021-03-10", reason="12"), "service"),
        (spell("p", "2020-12-01", "2021-03-10"), "unknown"),
        (spell("p", "2020-12-01", codes={"2021-03": "07"}), "service"),
        (spell("p", "2020-12-01", codes={"2021-03": "01"}), "work"),
        (spell("p", "2020-12-01", codes={"2021-03": "05"}), "other"),
    ],
)
def test_exit_routes(followed, rows, route):
    assert followed([rows]).loc["p", "exit_to"] == route


def test_an_exit_route_of_the_plans_own(followed):
    rows = spell("p", "2020-12-01", "2021-03-10", reason="03")
    table = followed([rows], register={"exit_routes": {"03": "entrepreneur"}})
    assert table.loc["p", "exit_to"] == "entrepreneur"


def test_who_dies_or_moves_is_unknown_and_no_exit(followed):
    rows = spell("p", "2020-12-01", "2021-03-10", reason="77")
    person = followed([rows], register={"unknown_exits": ["77"]}).loc["p"]
    assert person["status"] == "unknown"
    assert np.isnan(person["outcome"])
    assert np.isnan(person["outcome_strict"])
    assert np.isnan(person["outcome_report"])
    assert (person["exited"], person["weeks"]) == (False, 37 // 7)


def test_absent_from_an_incomplete_register_is_unknown(followed):
    rows = spell("p", "2020-12-01", "2021-03-10")
    stays = spell("q", "2020-12-01")
    table = followed([rows, stays], register={"complete": False})
    assert table["status"].to_dict() == {"p": "unknown", "q": "unemployed"}


def test_the_reports_reading_asks_whether_controls_are_in_the_pool(followed):
    aged = spell("aged", "2019-02-05")  # 103 weeks at the opening, 116 in the pool
    back = spell("back", "2020-12-01", "2021-03-10") + spell("back", "2021-04-28")
    moved = spell("moved", "2020-12-01")
    for row in moved:
        row["office"] = "TE" if row["month"] < "2021-04" else "elsewhere"
    offices = {"offices": [{"names": ["TE"]}]}
    table = followed(
        [aged, back, moved], frame=offices, follow_up={"pool_weeks": [1, 117]}
    )
    assert table["outcome"].to_dict() == {"aged": 0, "back": 0, "moved": 0}
    assert table["outcome_report"].to_dict() == {"aged": 0, "back": 1, "moved": 1}


def test_the_pool_is_the_stock_that_closes_as_the_lag_ends(followed):
    """Drawn at the opening of February, looked for at the close of April."""
    april = spell("april", "2020-12-01", "2021-04-29")
    may = spell("may", "2020-12-01", "2021-05-03")
    table = followed([april, may])
    assert table["outcome_report"].to_dict() == {"april": 1, "may": 0}


def test_later_lags_are_measured_where_the_register_reaches(followed):
    rows = spell("p", "2020-12-01", "2021-06-10")
    person = followed([rows]).loc["p"]
    assert person["outcome"] == 0
    assert person["outcome_6_months"] == 1
    assert np.isnan(person["outcome_12_months"])


# Pilots.


def test_the_two_time_zeros_of_a_pilot(followed):
    spells = [spell("started", "2020-12-01"), spell("never", "2020-12-01"),
              spell("control", "2020-12-01")]  # fmt: skip
    referrals = [
        referral("started", "2021-02-10", "2021-02-20"),
        referral("never", "2021-02-15"),
    ]
    aligned = followed(spells, referrals, "aligned")
    pilots = aligned[aligned["group"] == "pilot"]
    assert pilots["started"].to_dict() == {"never": False, "started": True}
    assert pilots["time_zero"].astype(str).to_dict() == {
        "never": "2021-02-15", "started": "2021-02-10",
    }  # fmt: skip
    report = followed(spells, referrals, "report")
    pilots = report[report["group"] == "pilot"]
    assert pilots["time_zero"].astype(str).to_dict() == {"started": "2021-02-20"}


def test_the_first_referral_counts(followed):
    referrals = [referral("p", "2021-02-10"), referral("p", "2021-03-10", "2021-03-12")]
    spells = [spell("p", "2020-12-01"), spell("c", "2020-12-01")]
    person = followed(spells, referrals, "aligned").loc["p"]
    assert str(person["time_zero"].date()) == "2021-02-10"
    assert person["started"]


def test_controls_get_the_months_referral_dates(followed):
    dates = ["2021-02-04", "2021-02-04", "2021-02-18"]
    spells = [spell(f"c{i:03d}", "2020-12-01") for i in range(300)]
    spells += [spell(f"p{i}", "2020-12-01") for i in range(3)]
    referrals = [referral(f"p{i}", date) for i, date in enumerate(dates)]
    table = followed(spells, referrals, "aligned")
    controls = table[table["group"] == "control"]
    shares = controls["time_zero"].astype(str).value_counts(normalize=True)
    assert set(shares.index) == {"2021-02-04", "2021-02-18"}
    assert shares["2021-02-04"] == pytest.approx(2 / 3, abs=0.09)  # three sd


def test_without_referrals_controls_start_with_the_month(followed):
    table = followed([spell("c", "2020-12-01")], [], "aligned")
    assert str(table.loc["c", "time_zero"].date()) == "2021-02-01"


def test_aligned_leaves_out_whoever_is_no_longer_unemployed(register_of):
    spells = [
        spell("p", "2020-12-01"),
        spell("stays", "2020-12-01"),
        spell("left", "2020-12-01", "2021-02-10"),
        spell("leaves that day", "2020-12-01", "2021-02-15"),
    ]
    register = register_of(spells, [referral("p", "2021-02-15")])
    draw = draw_controls(register, MONTH)
    assert sorted(draw.person_ids) == ["leaves that day", "left", "p", "stays"]
    cohort = follow_up(register, draw, time_zero="aligned")
    groups = cohort.to_frame().groupby("group")["person"].agg(sorted).to_dict()
    assert groups == {"control": ["leaves that day", "stays"], "pilot": ["p"]}
    removed = cohort.attrition.set_index(["group", "criterion"])["removed"]
    assert removed["control", "unemployed at time zero"] == 1
    assert removed["control", "not referred to the pilot by time zero"] == 1
    everybody = follow_up(register, draw, time_zero="report")
    assert len(everybody.to_frame()) == 4
    assert (cohort.time_zero, everybody.time_zero) == ("aligned", "report")


def test_pilots_outside_the_frame_are_left_out_and_counted(register_of):
    spells = [
        spell("in", "2020-12-01"),
        spell("long", "2018-12-01"),
        spell("new", "2021-02-03"),
        spell("serves", "2020-12-01", codes={"2021-01": "07", "2021-02": "02"}),
        spell("c", "2020-12-01"),
    ]
    names = ("in", "long", "new", "serves")
    referrals = [referral(name, "2021-02-15", "2021-02-20") for name in names]
    register = register_of(spells, referrals)
    draw = draw_controls(register, MONTH)
    cohort = follow_up(register, draw, time_zero="aligned")
    table = cohort.to_frame()
    assert table.loc[table["group"] == "pilot", "person"].tolist() == ["in"]
    pilots = cohort.attrition[cohort.attrition["group"] == "pilot"]
    assert pilots["before"].iloc[0] == 4
    assert pilots["left"].iloc[-1] == 1
    kept = follow_up(register, draw, time_zero="report").to_frame()
    assert sorted(kept.loc[kept["group"] == "pilot", "person"]) == sorted(names)


def test_a_control_who_joins_later_is_kept_and_marked(followed):
    spells = [spell("c", "2020-12-01"), spell("p", "2020-12-01")]
    referrals = [referral("p", "2021-02-01"), referral("c", "2021-03-01")]
    table = followed(spells, referrals, "aligned")
    assert table.loc["c", "group"] == "control"
    assert table.loc["c", "weeks_to_referral"] == 4
    assert np.isnan(table.loc["p", "weeks_to_referral"])


def test_a_pilot_whom_the_register_does_not_know_is_unknown(followed):
    table = followed(
        [spell("c", "2020-12-01")],
        [referral("nobody", "2021-02-10", "2021-02-12")],
        "report",
        register={"unlinked_pilots": "unknown"},
    )
    assert table.loc["nobody", "status"] == "unknown"
    assert np.isnan(table.loc["nobody", "weeks"])


def test_an_inflow_starts_with_the_registration(followed):
    spells = [
        spell("p", "2021-02-07", "2021-03-07"),
        spell("c", "2021-02-14"),
        spell("old", "2020-12-01"),
    ]
    table = followed(
        spells,
        [referral("p", "2021-02-07", "2021-02-07")],
        "aligned",
        frame={"kind": "inflow", "weeks": [0, 104]},
        follow_up={"lag": {"weeks": 4}},
    )
    assert sorted(table.index) == ["c", "p"]
    assert table["time_zero"].astype(str).to_dict() == {
        "p": "2021-02-07", "c": "2021-02-14",
    }  # fmt: skip
    assert table["weeks_before"].tolist() == [0, 0]
    # Four weeks later is the very day on which p leaves: still unemployed on it.
    assert table.loc["p", ["outcome", "weeks"]].tolist() == [0, 4]


# Covariates and the past.


def test_covariates_are_those_of_the_snapshot_before(followed):
    rows = spell("p", "2020-12-01")
    for row in rows:
        row["age"] = 40 if row["month"] < "2021-02" else 41
    table = followed([rows, spell("c", "2020-12-01")],
                     [referral("p", "2021-02-20", "2021-02-20")])  # fmt: skip
    pilot = table[table["group"] == "pilot"]
    assert pilot["age"].to_dict() == {"p": 40}


def test_the_past_is_counted_from_the_register(followed):
    rows = (
        spell("p", "2020-11-02", "2020-12-10")
        + spell("p", "2020-12-20", codes={"2021-01": "02"})
    )  # fmt: skip
    served = spell("q", "2020-11-02", codes={"2020-12": "07", "2021-01": "02"})
    past = ["months_unemployed_24", "spells_24", "services_24"]
    table = followed([rows, served])
    assert table.loc["p", past].tolist() == [3, 2, 0]
    assert table.loc["q", past].tolist() == [2, 1, 1]


# Registers without dates.


def snapshots_only(spells):
    """Keep month-end rows and weeks only, as a plain stock file has them."""
    rows = table_of(spells)
    rows = rows[rows["registered_at_month_end"]].copy()
    end = pd.PeriodIndex(rows["month"], freq="M").end_time.normalize()
    began = pd.to_datetime(rows["registration_date"])
    rows["weeks"] = (end - began.to_numpy()).days // 7
    return rows[["month", "person_id", "weeks", "employment_code"]]


@pytest.fixture
def stock():
    opened = []

    def follow(spells, referrals=(), time_zero="report", **sections):
        rows = snapshots_only(spells)
        protocol = plan(
            **{"frame": {"exclude": []}, "estimate": {"covariates": ["weeks_before"]},
               **sections},
        )  # fmt: skip
        columns = {name: name for name in rows.columns}
        data = protocol.data.model_copy(update={"columns": columns})
        protocol = protocol.model_copy(update={"data": data})
        pilot = pd.DataFrame(
            list(referrals), columns=["person_id", "referral_date", "start_date"]
        )
        register = open_register(rows, pilot, protocol=protocol)
        opened.append(register)
        return follow_up(register, draw_controls(register, MONTH), time_zero=time_zero)

    yield follow
    for register in opened:
        register.engine.close()


def test_with_snapshots_only_the_snapshot_of_the_month_decides(stock):
    spells = [
        spell("stays", "2020-12-01"),
        spell("left in May", "2020-12-01", "2021-05-20"),
        spell("left in June", "2020-12-01", "2021-06-01"),
        spell("came back", "2020-12-01", "2021-03-10")
        + spell("came back", "2021-03-20"),
    ]
    table = stock(spells).to_frame().set_index("person")
    assert table["outcome"].to_dict() == {
        "stays": 0, "left in May": 1, "left in June": 0, "came back": 0,
    }  # fmt: skip
    # Exits are known to the month: dated to the snapshot that finds the person gone.
    assert table["weeks"].to_dict() == {
        "stays": 47, "left in May": 17, "left in June": 22, "came back": 9,
    }  # fmt: skip
    assert table["days_observed"].unique().tolist() == [119]


def test_with_snapshots_only_aligned_says_what_it_cannot_know(stock):
    spells = [spell("p", "2020-12-01"), spell("c", "2020-12-01", "2021-02-05")]
    cohort = stock(spells, [referral("p", "2021-02-15")], "aligned")
    assert "snapshots only" in " ".join(cohort.notes)
    assert "c" in set(cohort.to_frame()["person"])


def test_a_missing_snapshot_makes_the_status_unknown(register_of):
    protocol = plan(register={"missing_months": ["2021-05"]})
    spells = [spell("c", "2020-12-01")]
    register = register_of(spells, protocol=protocol, without=["2021-05"])
    table = follow_up(register, draw_controls(register, MONTH)).to_frame()
    assert table["status"].tolist() == ["unknown"]
    assert not table["exited"].any()


# Months.


def test_months_that_can_be_measured(register_of):
    register = register_of([spell("c", "2020-12-01")])
    assert measurable_months(register)[-1] == "2021-09"
    with pytest.raises(DrawError, match=f"2021-10 cannot be measured yet.*{LAST}"):
        follow_up(register, draw_controls(register, "2021-10"))


def test_a_month_is_followed_once(register_of):
    register = register_of([spell("c", "2020-12-01")])
    draw = draw_controls(register, MONTH)
    with pytest.raises(DrawError, match="Drawn twice: 2021-02"):
        follow_up(register, [draw, draw])
    with pytest.raises(DrawError, match="no draw"):
        follow_up(register, [])


def test_several_months_are_the_months_one_by_one(register_of):
    spells = [spell(f"c{i}", "2020-12-01", f"2021-0{3 + i % 5}-10") for i in range(9)]
    referrals = [referral(f"c{i}", f"2021-0{2 + i % 2}-1{i}") for i in range(4)]
    register = register_of(spells, referrals)
    draws = [draw_controls(register, month) for month in ("2021-02", "2021-03")]
    together = follow_up(register, draws).to_frame()
    apart = pd.concat([follow_up(register, draw).to_frame() for draw in draws])
    pd.testing.assert_frame_equal(together, apart.reset_index(drop=True))


def test_the_order_of_rows_changes_nothing():
    spells = [spell(f"c{i}", "2020-12-01", f"2021-0{3 + i % 5}-10") for i in range(9)]
    rows = table_of(spells)[list(COLUMNS)]
    pilot = pd.DataFrame([referral("c1", "2021-02-10"), referral("c2", "2021-02-12")])
    tables = []
    for seed in (None, 1):
        shuffled = rows if seed is None else rows.sample(frac=1, random_state=seed)
        register = open_register(shuffled, pilot, protocol=plan())
        draw = draw_controls(register, MONTH)
        tables.append(follow_up(register, draw).to_frame())
        register.engine.close()
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    ("limit", "weeks", "exited"),
    [(15, 6, True), (14, 6, False), (12, 4, False), (8, 0, False), (5, 0, False)],
)
def test_durations_end_where_the_plan_says_so(followed, limit, weeks, exited):
    """Eight weeks before time zero, and an exit in the sixth week after it."""
    leaves = spell("p", "2020-12-01", "2021-03-10", reason="03")
    person = followed([leaves], follow_up={"censor_weeks": limit}).loc["p"]
    assert person["weeks_before"] == 8
    assert person["weeks"] == weeks
    assert person["exited"] == exited
    assert (person["exit_to"] == "work") == exited
    assert person["outcome"] == 1
