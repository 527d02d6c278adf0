"""`forecast`: everybody from where they are, small numbers kept, scored against what came.

Longer than 400 lines because every state in which a patient may be on the day has its case.
"""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

import vein2vein as v2v
from reports import own
from run_sim import cli
from sim.experiment.ahead.backtest import (
    HELD_FLAT,
    LAST_RATE,
    SIMULATION,
    Asked,
    Scored,
    naive,
    naive_waits,
    observed,
    origins,
    said_of,
    scores_table,
    waits_of,
)
from sim.experiment.ahead.months import months_after
from sim.experiment.ahead.placing import FINISH_TODAY, REFIT, Placed, placed
from sim.experiment.ahead.simulate import Wanted, courses_of
from sim.experiment.ahead.standing import standing, to_the_day
from sim.experiment.ahead.tables import below_table
from sim.experiment.own.scores import score
from sim.outcomes.ahead import INFUSIONS, LIST, WAIT
from sim.records.reader import Reading, read_records
from sim.records.register import read_register
from sim.records.small import suppressed
from sim.records.value import day_number
from sim.scenario import Loaded, load
from sim.tables import TABLES
from tests.records.forecast_trials import coverage, forecasts
from tests.runs import load_text

AS_OF = date(2026, 3, 31)
PLAIN = """
name: Plain
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 100 d, follow_up: 200 d, replications: 1, seed: 7}
regions: {here: {centre: here, referrals: 3 / month}}
centres: {here: {beds: 3}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
work_up: {duration: 14 d}
manufacturing: {duration: 10 d}
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d, to_centre: 3 d}
release_testing: {sterility: 7 d}
lymphodepletion: {duration: 5 d}
infusion: {stay: 12 d}
"""
COLUMNS = ("referral", "listing", "apheresis", "collected", "received_at_factory", "manufacturing", "manufactured",
           "released", "product_received", "lymphodepletion", "infusion", "discharge")  # fmt: skip
# days before the extract, by milestone; who they are stands in the register alone
PATIENTS = {
    "Ada": {"referral": 3},
    "Ben": {
        "referral": 30,
        "listing": 16,
        "apheresis": 8,
        "collected": 7,
        "received_at_factory": 5,
        "manufacturing": 5,
    },
    "Cem": {"referral": 60, "listing": 46, "apheresis": 40, "lymphodepletion": 8, "infusion": 3},
    "Dan": {"referral": 90, "listing": 76, "apheresis": 60, "infusion": 30, "discharge": 18},
}


def write(folder: Path, patients: dict[str, dict[str, int]] = PATIENTS, leave_out: tuple[str, ...] = ()) -> Path:
    """A register of these patients, and its description."""
    names = [name for name in COLUMNS if name not in leave_out]
    rows = []
    for who, days in patients.items():
        cells = [date.fromordinal(AS_OF.toordinal() - days[n]).isoformat() if n in days else "" for n in names]
        rows.append([who, *cells])
    pd.DataFrame(rows, columns=["Patient", *names]).to_csv(folder / "register.csv", index=False)
    milestones = ", ".join(f"{name}: {name}" for name in names)
    (folder / "register.yaml").write_text(
        f'file: register.csv\nas_of: {AS_OF}\nincluded_at: referral\ndates: ["%Y-%m-%d"]\nid: Patient\n'
        f"milestones: {{{milestones}}}\n",
        encoding="utf-8",
    )
    (folder / "ours.yaml").write_text(PLAIN, encoding="utf-8")
    return folder / "register.yaml"


def read(path: Path) -> Reading:
    return read_records(read_register(path))


@pytest.fixture(scope="module")
def plain() -> Loaded:
    return load_text(PLAIN)


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_everybody_stands_where_the_register_has_them(tmp_path: Path, plain: Loaded) -> None:
    found = standing(read(write(tmp_path)).records, plain.scenario)
    assert [(one.state, one.days, one.referral_days) for one in found.patients] == [
        ("referral", 3.5, 3.5),
        ("manufacturing", 5.5, 30.5),
        ("infusion", 3.5, 60.5),
    ]
    assert [one.apheresis_days for one in found.patients][1:] == [8.5, 40.5]
    assert math.isnan(found.patients[0].apheresis_days)
    assert [one.row for one in found.patients] == [2, 3, 4]
    assert found.notes == ()


def test_five_days_of_ten_in_culture_are_infused_on_the_day_that_follows(tmp_path: Path) -> None:
    # culture for 5 more days, 7 of tests, 3 on the way, 5 of lymphodepletion: infused 20 days after the extract
    one = {"Ben": PATIENTS["Ben"]}
    found = v2v.forecast(
        write(tmp_path, one).with_name("ours.yaml"), tmp_path / "register.yaml", months=1, samples=2, replications=2,
        individual=True, list_below=1, set={"regions.here.referrals": "0.0001 / month"}, folder=tmp_path / "out",
    )  # fmt: skip
    assert list(found.below["date"].unique()) == ["2026-04-21"]
    assert found.below["probability"].tolist() == [1.0] * 5
    each = found.table("forecast_individual")
    assert each[["row", "infused", "left"]].to_numpy().tolist() == [[2.0, 1.0, 0.0]]


def test_who_is_late_is_listed_with_row_and_stage_until_a_choice_is_made(tmp_path: Path) -> None:
    late = {**PATIENTS, "Ben": {**PATIENTS["Ben"], "manufacturing": 11, "received_at_factory": 11, "apheresis": 14,
                                "collected": 13}}  # fmt: skip
    words = ("forecast", write(tmp_path, late).with_name("ours.yaml"), tmp_path / "register.yaml", "--months", 1,
             "--samples", 2, "-n", 2, "-q")  # fmt: skip
    refused = call(*words, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "row 3: 11 days in manufacturing.duration, which never takes that long" in refused.stderr
    assert "--overdue finish-today, or refit" in refused.stderr
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out-today.csv").exists()
    ended = call(*words, "--out", tmp_path / "out", "--overdue", "finish-today")
    assert ended.exit_code == 0, ended.stderr
    assert (
        "fewer than 5 in progress have been in a stage for longer than it can last: it ends on the first day"
        in ended.stderr
    )
    refit = call(*words, "--out", tmp_path / "refit", "--overdue", "refit")
    assert refit.exit_code == 2
    assert "manufacturing.duration cannot be fitted to this register" in refit.stderr


TRIANGLE = PLAIN.replace(
    "manufacturing: {duration: 10 d}",
    "manufacturing: {duration: {triangular: [8 d, 9 d, 14 d]}}",
)


def cultures(folder: Path) -> Path:
    """A register with 40 cultures of 9 to 19 days, and one that is under way for 15 by a scenario of at most 14."""
    patients = {"Ben": {"referral": 45, "listing": 31, "apheresis": 19, "collected": 18, "received_at_factory": 15,
                        "manufacturing": 15}}  # fmt: skip
    for k in range(40):
        ended = 60 + k
        began = ended + 9 + k % 11
        patients[f"p{k}"] = {
            "referral": began + 40, "listing": began + 26, "apheresis": began + 4, "collected": began + 3,
            "received_at_factory": began, "manufacturing": began, "manufactured": ended, "released": ended - 7,
            "product_received": ended - 10, "lymphodepletion": ended - 10, "infusion": ended - 15,
            "discharge": ended - 27,
        }  # fmt: skip
    path = write(folder, patients)
    (folder / "ours.yaml").write_text(TRIANGLE, encoding="utf-8")
    return path


def infused_on(found: Placed, courses: int) -> np.ndarray:
    """The day on which the one patient under way is infused, in so many simulated futures."""
    wanted = Wanted(months_after(float(day_number(AS_OF)), 3), "referral", individual=True)
    return courses_of(found.moved, wanted, 1, courses, "auto", 1, lambda _: None).infused_day[:, 0]


def test_who_is_late_and_finishes_today_has_all_that_follows_and_no_more(tmp_path: Path) -> None:
    path = cultures(tmp_path)
    reading, ours = read(path), load(tmp_path / "ours.yaml")
    found = placed(ours, reading, months_after(float(day_number(AS_OF)), 3), FINISH_TODAY)
    assert (found.late, found.moved.scenario.manufacturing) == (1, ours.scenario.manufacturing)
    # 7 days of tests, 3 on the way, 5 of lymphodepletion, from the first midnight on
    assert infused_on(found, 3).tolist() == [15.0, 15.0, 15.0]
    assert found.notes == (
        "fewer than 5 in progress have been in a stage for longer than it can last: it ends on the first day",
    )


def test_who_is_late_and_is_refitted_has_what_is_left_of_what_was_fitted(tmp_path: Path) -> None:
    path = cultures(tmp_path)
    found = placed(load(tmp_path / "ours.yaml"), read(path), months_after(float(day_number(AS_OF)), 3), REFIT)
    assert found.late == 1
    assert found.notes == (
        "fewer than 5 in progress had been in a stage for longer than it could last: manufacturing.duration fitted",
    )
    fitted = found.moved.scenario.manufacturing.duration
    assert fitted.mean() == pytest.approx(14.0, abs=1.0)  # of 9 to 19 days, and one of at least 15
    every = fitted.quantile((np.arange(100_000) + 0.5) / 100_000)
    left = float(every[every > 15.5].mean()) - 15.5
    came = infused_on(found, 400)
    assert came.mean() == pytest.approx(15.0 + left, abs=4.0 * came.std() / 20.0)
    assert came.min() > 15.0


def test_the_count_of_who_was_late_is_said_of_the_back_test() -> None:
    row = {"quantity": LIST, "month": 1, "crps": 1.0, "inside_50": 1.0, "inside_90": 1.0, "held_50": 0.9,
           "held_90": 0.99}  # fmt: skip
    pair = ({**row, "method": SIMULATION}, {**row, "method": HELD_FLAT, "crps": 2.0})
    scored = [Scored(pair, late) for late in (2, 1)]
    said = said_of(scores_table(scored), scored)
    assert said[0].endswith("happened. On these days fewer than 5 were late in a stage, and dealt with as asked for.")
    assert "better than the list held flat (2.00)" in said[1]
    assert said[1].endswith("in the 90% band, which covers 99% of the simulated futures, as counts are whole numbers.")
    # a mean of days is no whole number
    of_wait = [Scored(tuple({**one, "quantity": WAIT} for one in pair), 0)]
    assert said_of(scores_table(of_wait), of_wait)[1].endswith("which covers 99% of the simulated futures.")


def test_scores_of_before_envelopes_said_what_they_hold_are_read() -> None:
    row = {"quantity": LIST, "month": 1, "method": SIMULATION, "crps": 1.0, "inside_50": 0.4, "inside_90": 1.0}
    now = scores_table([Scored(({**row, "held_50": 0.55, "held_90": 0.97},), 0)]).astype({"month": float})
    before = now.drop(columns=["held_50", "held_90"])
    for table, told in ((now, ["40% (55%)", "100% (97%)"]), (before, ["40%", "100%"])):
        TABLES["forecast_scores"].checked(table)
        (grid,) = own.scored(table).grids
        assert grid.rows[0][-2:] == told


def test_an_envelope_of_whole_numbers_says_how_much_it_holds() -> None:
    # 7 or 8, each about as often: no envelope of nine in ten but that of all
    its = score(np.array([7.0]), np.array([[7.0], [8.0]] * 90))
    assert (its.held["90"].tolist(), its.held["50"].tolist()) == ([1.0], [1.0])
    its = score(np.array([3.0]), np.arange(1000.0)[:, None])
    assert its.held["90"].tolist() == [0.9]


def test_naive_waits_are_worked_out_by_hand(tmp_path: Path) -> None:
    patients = {f"n{k}": {"referral": 20 + k} for k in range(8)}
    patients |= {f"i{k}": {"referral": 100 + 10 * k, "infusion": 10 * (k + 1)} for k in range(6)}
    patients |= {"long ago": {"referral": 400, "infusion": 200}}
    records = read(write(tmp_path, patients)).records
    # six were infused 90 days after they were referred; 8 wait, and 6 left in 91 days
    assert naive_waits(records) == {LAST_RATE: pytest.approx(90.0), HELD_FLAT: pytest.approx(8 / 6 * 91)}
    came = waits_of(records, months_after(float(day_number(date(2025, 12, 31))), 3))
    assert came.tolist() == [90.0, 90.0, 90.0]
    nobody = read(write(tmp_path, {"a": {"referral": 5}})).records
    assert all(math.isnan(value) for value in naive_waits(nobody).values())


def test_a_stage_is_late_by_a_whole_day_only(tmp_path: Path, plain: Loaded) -> None:
    # begun 9 days ago: 9 to 10 days lived of 10, whichever the hours were
    nearly = {
        "Ben": {**PATIENTS["Ben"], "manufacturing": 9, "received_at_factory": 9, "apheresis": 14, "collected": 13}
    }
    found = standing(read(write(tmp_path, nearly)).records, plain.scenario)
    patients, late = to_the_day(plain.scenario, found.patients)
    assert (patients[0].days, late) == (9.5, ())
    ten = {"Ben": {**nearly["Ben"], "manufacturing": 10, "received_at_factory": 10}}
    found = standing(read(write(tmp_path, ten)).records, plain.scenario)
    assert [one.stage for one in to_the_day(plain.scenario, found.patients)[1]] == ["manufacturing.duration"]


def test_what_the_register_does_not_record_is_placed_by_the_scenario(tmp_path: Path, plain: Loaded) -> None:
    # 1 day of apheresis and 2 of shipping are over: 8.5 days after it, 5.5 in culture
    path = write(tmp_path, leave_out=("collected", "received_at_factory", "manufacturing", "manufactured", "released"))
    found = standing(read(path).records, plain.scenario)
    assert [(one.state, one.days) for one in found.patients][1] == ("manufacturing", 5.5)
    assert "fewer than 5 patients between milestones that the register does not record" in found.notes[0]


def test_months_begin_after_the_extract_and_follow_the_calendar() -> None:
    ends = months_after(float(day_number(AS_OF)), 3)
    assert [ends.first(k).isoformat() for k in (1, 2, 3)] == ["2026-04-01", "2026-05-01", "2026-06-01"]
    assert ends.last(3).isoformat() == "2026-06-30"
    assert ends.edges.tolist() == [0.0, 30.0, 61.0, 91.0]
    late = months_after(float(day_number(date(2026, 1, 30))), 2)
    assert [late.first(k).isoformat() for k in (1, 2)] == ["2026-01-31", "2026-02-28"]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([10, 3, 7, 0], [10, None, None, 0]),
        ([10, 3, 1, 0], [10, None, None, 0]),
        ([10, 5, 0, 8], [10, 5, 0, 8]),
        ([2, 0], [None, 0]),
    ],
)
def test_small_numbers_and_what_would_tell_them_are_not_told(counts: list[int], told: list[int | None]) -> None:
    assert suppressed(counts) == told


def test_quantiles_of_the_first_day_below_are_of_all_courses() -> None:
    daily = np.array([[5, 4, 3, 3], [5, 5, 4, 2], [5, 5, 5, 5], [2, 6, 6, 6]], dtype=np.int32)
    found = below_table(daily, 4, months_after(float(day_number(AS_OF)), 1))
    assert found["probability"].iloc[0] == 0.75
    days = found.set_index("quantile")["day"]
    assert (days["p5"], days["p50"], days["p75"]) == (0.0, 2.0, 3.0)
    assert math.isnan(days["p95"])
    assert found.set_index("quantile").loc["p50", "date"] == "2026-04-03"


def test_naive_forecasts_are_worked_out_by_hand(tmp_path: Path) -> None:
    patients = {f"r{k}": {"referral": 200 - k} for k in range(4)}
    patients |= {f"n{k}": {"referral": 20 + k} for k in range(8)}
    patients |= {f"i{k}": {"referral": 150, "infusion": 10 * (k + 1)} for k in range(6)}
    records = read(write(tmp_path, patients)).records
    # 12 wait; 91 days ago 10 did: 4 early ones and the 6 who were infused since
    found = naive(records, LIST, 3)
    assert found[HELD_FLAT].tolist() == [12.0, 12.0, 12.0]
    assert found[LAST_RATE] == pytest.approx([12 + 2 / 3, 12 + 4 / 3, 14.0])
    assert naive(records, INFUSIONS, 2)[LAST_RATE].tolist() == [2.0, 2.0]
    before = months_after(float(day_number(date(2025, 12, 31))), 3)
    assert observed(records, INFUSIONS, before).tolist() == [1.0, 2.0, 3.0]
    assert observed(records, LIST, before).tolist() == [9.0, 7.0, 12.0]


def test_origins_leave_time_before_and_after(tmp_path: Path) -> None:
    patients = {"a": {"referral": 730}, "b": {"referral": 5}}
    records = read(write(tmp_path, patients)).records
    first = float(day_number(AS_OF)) - 730.0
    found = origins(records, first, 5, 6)
    assert found[0] == first + 182.0
    assert months_after(found[-1], 6).last(6) <= AS_OF
    assert len(set(np.round(np.diff(found) / 10.0))) == 1
    with pytest.raises(v2v.RecordsError, match="there is too little time"):
        origins(records, first + 400.0, 5, 6)


def test_the_folder_holds_nobody_and_comes_out_again(tmp_path: Path) -> None:
    many = {f"Person {k}": dict(list(PATIENTS.values())[k % 4]) for k in range(40)}
    path = write(tmp_path, many)
    words = ("forecast", tmp_path / "ours.yaml", path, "--months", 2, "--samples", 2, "-n", 3, "--list-below", 3)
    done = call(*words, "--out", tmp_path / "out", "--xlsx")
    assert done.exit_code == 0, done.stderr
    assert "On 31 March 2026, 20 patients were waiting for infusion; on 31 May 2026" in done.stdout
    for file in (file for file in (tmp_path / "out").rglob("*") if file.suffix in (".csv", ".json", ".html", ".yaml")):
        assert "Person" not in file.read_text(encoding="utf-8"), file
    assert "Person" not in (tmp_path / "out-today.csv").read_text(encoding="utf-8")
    table = pd.read_csv(tmp_path / "out" / "forecast.csv")
    parts = table.pivot_table(index=["quantity", "month"], columns="group", values="mean").dropna()
    assert len(parts) >= 2
    assert parts["all"].to_numpy() == pytest.approx((parts["register"] + parts["new"]).to_numpy())
    today = pd.read_csv(tmp_path / "out" / "forecast_today.csv").set_index("state")["patients"]
    assert (today["referral"], today["manufacturing"], today["infusion"], today["released"]) == (10, 10, 10, 0)
    again = call("verify", tmp_path / "out", "-q")
    assert again.exit_code == 0, again.stdout
    (tmp_path / "out-today.csv").rename(tmp_path / "mine.csv")
    assert "--today" in call("verify", tmp_path / "out", "-q").stderr
    assert call("verify", tmp_path / "out", "-q", "--today", tmp_path / "mine.csv").exit_code == 0
    (tmp_path / "mine.csv").write_text("row,region,state,days\n", encoding="utf-8")
    other = call("verify", tmp_path / "out", "-q", "--today", tmp_path / "mine.csv")
    assert (other.exit_code, "is not the file of patients in progress" in other.stderr) == (2, True)
    (tmp_path / "out-today.csv").write_text("something else", encoding="utf-8")
    assert "is no file of patients in progress" in call(*words, "--out", tmp_path / "out").stderr


def test_today_starts_any_run(tmp_path: Path) -> None:
    write(tmp_path)
    v2v.forecast(tmp_path / "ours.yaml", tmp_path / "register.yaml", months=1, samples=2, replications=1,
                 folder=tmp_path / "out")  # fmt: skip
    found = load(tmp_path / "ours.yaml", ["in_progress=out-today.csv"])
    assert found.scenario.in_progress is not None
    assert [one.state for one in found.scenario.in_progress.file.patients] == ["referral", "manufacturing", "infusion"]


def test_a_scenario_in_memory_is_forecast_and_observed_as_its_file_is(tmp_path: Path) -> None:
    register = write(tmp_path)
    ours = tmp_path / "ours.yaml"
    given: list[object] = [ours, load(ours), YAML(typ="safe").load(PLAIN)]
    found = [v2v.forecast(one, register, months=1, samples=2, replications=1) for one in given]  # type: ignore[arg-type]
    for other in found[1:]:
        pd.testing.assert_frame_equal(other.months, found[0].months)
    seen = [v2v.observe(one, register, replications=220) for one in given[:2]]  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(seen[0].scores, seen[1].scores)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours.yaml", "register.csv", "register.yaml"]


def test_a_register_of_the_treated_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("included_at: referral", "included_at: infusion"))
    done = call("forecast", tmp_path / "ours.yaml", path, "--out", tmp_path / "out")
    assert (done.exit_code, "is a register of the treated" in done.stderr) == (2, True)


@pytest.mark.slow
def test_twelve_registers_forecast_from_five_earlier_days_are_mostly_covered() -> None:
    whole = pd.concat([forecasts(k, Asked(5, 6, 40, 2, "auto", 1)) for k in range(12)])
    found = coverage(whole).set_index(["quantity", "method"])
    for quantity in (LIST, INFUSIONS):
        its = found.loc[(quantity, SIMULATION)]
        assert its["inside_90"] >= 0.75
        assert its["crps"] < found.loc[(quantity, LAST_RATE), "crps"]
    waits = found.loc[WAIT]
    assert set(waits.index) == {SIMULATION, LAST_RATE, HELD_FLAT}
    assert waits.loc[SIMULATION, "crps"] < waits.loc[HELD_FLAT, "crps"]
