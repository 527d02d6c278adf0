"""Patients in progress on the first day: small timelines worked out by hand, and laws in closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.pieces.clocks import Clock
from sim.pieces.cohort import draw_cohort
from sim.pieces.strategies import build_protocol
from sim.pure.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
)
from sim.pure.residual import longer, survival
from sim.scenario import Loaded, ScenarioError, load
from tests.runs import Ran, run_scenario

NOTHING_ELSE = """
name: In progress
strategy: autologous
run: {start: 2026-01-05, warm_up: 0 d, window: 100 d, follow_up: 200 d, replications: 1, seed: 7}
regions:
  here: {centre: here, referral_days: [REFERRED]}
centres: {here: {}}
in_progress: today.csv
"""
DEFAULTS = {
    "patients": "{risk_groups: {everybody: {share: 1}}}",
    "clocks": "{waiting: {progression: never}}",
    "apheresis": "{duration: 0 d}",
    "manufacturing": "{duration: 10 d}",
}


def loaded(folder: Path, rows: str, rest: str = "", referred: str = "90 d", *overrides: str) -> Loaded:
    """A scenario with these rows of `row,region,state,days` and whatever else their header says."""
    header, *body = [line.strip() for line in rows.strip().splitlines()]
    (folder / "today.csv").write_text("\n".join([header, *body]) + "\n", encoding="utf-8")
    more = "\n".join(f"{key}: {value}" for key, value in DEFAULTS.items() if f"{key}:" not in rest)
    text = NOTHING_ELSE.replace("REFERRED", referred) + more + "\n" + rest
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    return load(folder / "scenario.yaml", overrides)


def ran(folder: Path, rows: str, rest: str = "", referred: str = "90 d", *overrides: str) -> Ran:
    return run_scenario(loaded(folder, rows, rest, referred, *overrides).scenario)


def days(one: Ran, milestone: str) -> list[float | None]:
    """The days of those in progress, in the order of the file."""
    assert one.patients.cohort.lived is not None
    return [day for day, is_one in zip(one.days(milestone), one.patients.cohort.lived, strict=True) if is_one]


SLOTS = (
    "manufacturing: {duration: 10 d, slots: {count: COUNT, every: week, scope: pool, lead: 0 d, carry_over: 0, "
    "notice: 0 d}}"
)
HEAD = "row,region,state,days,referral_days,apheresis_days"


def test_five_days_of_ten_in_culture_leave_exactly_five(tmp_path: Path) -> None:
    one = ran(tmp_path, f"{HEAD}\n1,here,manufacturing,5,40,7")
    assert days(one, "manufactured") == [5.0]
    assert days(one, "manufacturing") == [-5.0]
    assert days(one, "apheresis") == [-7.0]
    assert days(one, "infusion") == [5.0]


@pytest.mark.parametrize(("shut", "made"), [("20 d", 5.0), ("3 d", 5.0)])
def test_a_shut_down_to_come_does_not_forget_what_is_lived(tmp_path: Path, shut: str, made: float) -> None:
    rest = f"disruptions: {{f: {{resource: line, from: {shut}, for: 5 d, work: finish}}}}\n"
    rest += "manufacturing: {duration: 10 d, lines: 2, line_held: {from: booking}}\n"
    one = ran(tmp_path, f"{HEAD}\n1,here,manufacturing,5,40,7", rest)
    assert days(one, "manufactured") == [made]


def test_a_courier_who_strikes_later_is_on_the_way_already(tmp_path: Path) -> None:
    rest = "disruptions: {f: {resource: courier, from: 1 d, for: 5 d}}\nshipping: {to_factory: 3 d}\n"
    one = ran(tmp_path, f"{HEAD}\n1,here,collected,1,40,2", rest)
    assert days(one, "received_at_factory") == [2.0]


def test_who_was_referred_today_is_no_patient_of_any_figure(tmp_path: Path) -> None:
    one = ran(tmp_path, f"{HEAD}\n1,here,referral,0,0,", "", "3 d")
    cohort = one.patients.cohort
    assert cohort.lived is not None
    assert cohort.referral_day[cohort.lived].tolist() == [0.0]
    assert cohort.measured.tolist() == [not mine for mine in cohort.lived]
    assert days(one, "infusion") == [10.0]


def test_a_line_is_held_from_the_first_day(tmp_path: Path) -> None:
    # one line, held until day 5; who was received 3 days ago comes before who is collected on day 1
    rows = f"{HEAD}\n1,here,manufacturing,5,40,7\n2,here,received_at_factory,3,30,4"
    one = ran(tmp_path, rows, "manufacturing: {duration: 10 d, lines: 1}", "1 d")
    assert days(one, "manufactured") == [5.0, 15.0]
    assert one.days("manufactured")[0] == 25.0
    uses = one.resource("line")
    assert uses.utilisation == pytest.approx(25.0 / 100.0)


def test_more_lines_held_than_there_are_let_nobody_else_on(tmp_path: Path) -> None:
    rows = f"{HEAD}\n1,here,manufacturing,5,40,7\n2,here,manufacturing,2,40,7"
    one = ran(tmp_path, rows, "manufacturing: {duration: 10 d, lines: 1}", "1 d")
    assert days(one, "manufactured") == [5.0, 8.0]
    assert one.days("manufacturing")[0] == 8.0


def test_who_waits_queues_by_their_own_day(tmp_path: Path) -> None:
    slots = SLOTS.replace("COUNT", "1")
    head = f"{HEAD},queue_days"
    rows = f"{head}\n1,here,listing,10,40,,\n2,here,listing,20,40,,\n3,here,listing,1,50,,30"
    one = ran(tmp_path, rows, slots)
    assert days(one, "slot") == [14.0, 7.0, 0.0]


def test_a_slot_is_booked_for_its_day(tmp_path: Path) -> None:
    slots = SLOTS.replace("COUNT", "0")
    one = ran(tmp_path, f"{HEAD},booked_in_days\n1,here,slot,4,40,,6", slots)
    assert days(one, "apheresis") == [6.0]
    assert days(one, "infusion") == [16.0]


def test_scheduling_cells_on_the_way_product_and_conditioning(tmp_path: Path) -> None:
    rest = """
work_up: {duration: 20 d}
scheduling: {duration: 8 d}
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d, to_centre: 3 d}
infusion: {scheduling: 4 d}
lymphodepletion: {duration: 5 d}
"""
    rows = f"""{HEAD}
    1,here,referral,15,,
    2,here,slot,6,40,
    3,here,apheresis,0.5,40,
    4,here,collected,0.5,40,1.5
    5,here,released,1,60,40
    6,here,product_received,1,60,40
    7,here,lymphodepletion,2,60,40"""
    one = ran(tmp_path, rows, rest)
    assert days(one, "listing")[0] == 5.0
    assert days(one, "apheresis")[:3] == [13.0, 2.0, -0.5]
    assert days(one, "collected")[2] == 0.5
    assert days(one, "received_at_factory")[3] == 1.5
    assert days(one, "product_received")[4] == 2.0
    assert days(one, "lymphodepletion")[4:] == [6.0, 3.0, -2.0]
    assert days(one, "infusion")[4:] == [11.0, 8.0, 3.0]


RELEASE = "release_testing: {sterility: 14 d, potency: 7 d, identity: 3 d, review: 4 d}"


@pytest.mark.parametrize(
    ("lived", "known", "released"),
    [(5, "", 13.0), (16, "", 2.0), (14, "all", 4.0), (5, "identity", 13.0)],
)
def test_release_goes_on_from_what_is_known(tmp_path: Path, lived: int, known: str, released: float) -> None:
    one = ran(tmp_path, f"{HEAD},results_known\n1,here,manufactured,{lived},90,60,{known}", RELEASE)
    assert days(one, "released") == [released]


def test_the_lab_is_held_for_tests_that_go_on(tmp_path: Path) -> None:
    rest = "release_testing: {sterility: 14 d, lab: 1}\nmanufacturing: {duration: 0 d}"
    one = ran(tmp_path, f"{HEAD}\n1,here,manufactured,5,90,60", rest, "1 d")
    assert days(one, "released") == [9.0]
    assert one.days("released")[0] == 23.0


def test_working_time_is_lived_in_working_time(tmp_path: Path) -> None:
    # Monday 5 January is day 0: of the 4 days since Thursday two were working days; 3 of 5 are left, until Thursday
    rest = """
calendars: {office: {days: [mon, tue, wed, thu, fri]}}
release_testing: {review: 5 d, calendar: office, working_time: true}
"""
    one = ran(tmp_path, f"{HEAD}\n1,here,manufactured,4,90,60", rest)
    assert days(one, "released") == [3.0]


def test_a_further_attempt_counts_on(tmp_path: Path) -> None:
    rest = "manufacturing: {duration: 10 d, failure: 1, attempts: 3, remake_from: retained_cells}"
    rows = f"{HEAD},attempt\n" + "\n".join(f"{k},here,manufacturing,5,60,40,{k}" for k in (1, 2, 3))
    one = ran(tmp_path, rows, rest)
    ended = [day for day, mine in zip(one.patients.end_day, one.patients.cohort.lived, strict=True) if mine]  # type: ignore[arg-type]
    assert ended == [25.0, 15.0, 5.0]
    tried = one.trace.attempts[:, one.trace.attempt_names.index("manufacture")]
    assert tried[one.patients.cohort.lived].tolist() == [3, 3, 3]


def test_a_bed_is_booked_and_held(tmp_path: Path) -> None:
    rest = """
lymphodepletion: {duration: 5 d}
infusion: {stay: 10 d, reservation: book_ahead, planned_stay: 10 d}
"""
    rows = f"{HEAD}\n1,here,lymphodepletion,2,60,40\n2,here,product_received,1,60,40"
    one = ran(tmp_path, rows, rest, "90 d", "centres.here.beds=1")
    # the bed is booked from day 3 to 13; conditioning of the second begins on day 8
    assert days(one, "infusion") == [3.0, 13.0]
    assert days(one, "lymphodepletion") == [-2.0, 8.0]


def test_where_nothing_is_left_is_a_fault_unless_it_ends_today(tmp_path: Path) -> None:
    rows = f"{HEAD}\n1,here,manufacturing,15,60,40\n4,here,manufacturing,13,60,40\n7,here,collected,3,60,40"
    rest = "manufacturing: {duration: {triangular: [8 d, 9 d, 14 d]}}\nshipping: {to_factory: 2 d}"
    found = loaded(tmp_path, rows, rest)
    with pytest.raises(ScenarioError) as error:
        build_protocol(found.scenario)
    told = [problem.message.split(";")[0] for problem in error.value.problems]
    assert told == [
        "row 1: 15 days in manufacturing.duration, which never takes that long",
        "row 7: 3 days in shipping.to_factory, which never takes that long",
    ]
    one = run_scenario(found.with_overrides(["in_progress.overdue=finish_today"]).scenario)
    assert days(one, "manufactured")[0] == 0.0
    assert days(one, "received_at_factory")[2] == 0.0
    assert 0.0 < (days(one, "manufactured")[1] or 0.0) < 1.0


# -- laws ----------------------------------------------------------------------------------------------------

MANY = 4_000


def many(folder: Path, row: str, rest: str, *overrides: str) -> Loaded:
    """The same patient so many times, by number."""
    rows = "\n".join(row.replace("N", str(k), 1) for k in range(1, MANY + 1))
    return loaded(folder, f"{HEAD},progressed_days\n{rows}", rest, "90 d", *overrides)


def test_an_exponential_residual_forgets_what_was_lived(tmp_path: Path) -> None:
    found = many(
        tmp_path, "N,here,manufacturing,500,900,600,", "manufacturing: {duration: {exponential: {mean: 10 d}}}"
    )
    cohort, _ = draw_cohort(found.scenario, build_protocol(found.scenario).clocks, [0])
    left = cohort.notes["in_progress/manufacturing.duration"][cohort.lived]
    assert stats.kstest(left, stats.expon(scale=10.0).cdf).pvalue > 0.01
    assert left.min() > 0.0


FAMILIES: list[tuple[Distribution, float]] = [
    (Lognormal(9.5, 0.85, 1.0), 12.0),
    (Triangular(8.0, 9.0, 14.0), 8.5),
    (Triangular(8.0, 9.0, 14.0), 12.0),
    (Uniform(2.0, 4.0), 3.0),
    (Exponential(30.0, 2.0), 45.0),
    (Gamma(42.0, 4.0), 50.0),
    (Weibull(1.5, 60.0), 90.0),
    (TruncatedNormal(21.0, 3.0, 14.0, 30.0), 24.0),
    (Empirical((1.0, 2.0, 3.0, 5.0)), 2.0),
]


@pytest.mark.parametrize(("duration", "lived"), FAMILIES)
def test_residuals_by_survival_are_those_of_the_quantiles(duration: Distribution, lived: float) -> None:
    u = (np.arange(2_000) + 0.5) / 2_000
    share = float(survival(duration, np.array(lived)))
    assert share == pytest.approx(
        float((duration.quantile((np.arange(400_000) + 0.5) / 400_000) > lived).mean()), abs=1e-5
    )
    found = longer(duration, np.full(2_000, lived), u)
    assert found == pytest.approx(duration.quantile(1.0 - (1.0 - u) * share), rel=1e-6)
    assert found.min() >= lived


def test_no_digit_is_lost_in_a_tail() -> None:
    far = longer(Exponential(1.0), np.array([200.0]), np.array([0.5]))[0]
    assert far - 200.0 == pytest.approx(math.log(2.0), rel=1e-12)
    assert np.isfinite(longer(Lognormal(1.0, 0.2), np.array([1000.0]), np.array([0.5])))[0]
    assert longer(Fixed(10.0), np.array([5.0]), np.array([0.3]))[0] == 10.0


@pytest.mark.parametrize("strength", [0.0, 2.0])
def test_clocks_go_on_from_what_was_lived(tmp_path: Path, strength: float) -> None:
    # waiting for 30 days at 0.01 a day, then 20 days after apheresis at 0.03: the law after today is that of 0.03
    rest = f"""
clocks:
  waiting: {{death: {{exponential: {{rate: 0.01 / d}}}}}}
  after_apheresis: {{death: {{weibull: {{shape: 2, scale: 50 d}}}}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}, frailty: {{strength: {strength}}}}}
manufacturing: {{duration: 1000 d}}
"""
    found = many(tmp_path, "N,here,manufacturing,20,50,20,", rest, "run.follow_up=600 d")
    one = run_scenario(found.scenario)
    left = one.trace.leave_day[one.patients.cohort.lived]
    assert left.min() > 0.0
    lived = (20.0 / 50.0) ** 2

    def law(day: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 - np.exp(-(((20.0 + day) / 50.0) ** 2 - lived)))

    assert stats.kstest(left, law).pvalue > 0.01


def test_frailty_of_two_clocks_is_that_of_survivors(tmp_path: Path) -> None:
    # with frailty, the first of two clocks of those who lived through h of each has survival
    # ((x + growth) / x) ** (-1/theta), x = 1/theta + sum of (exp(theta h) - 1) / theta
    theta, rate, e = 2.0, 0.01, 50.0
    one_rate = f"{{exponential: {{rate: {rate} / d}}}}"
    both = f"{{progression: {one_rate}, ends_eligibility: 1, death: {one_rate}}}"
    rest = f"""
clocks: {{waiting: {both}}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}, frailty: {{strength: {theta}}}}}
manufacturing: {{duration: 1000 d, lines: 0}}
"""
    one = run_scenario(many(tmp_path, f"N,here,received_at_factory,5,{e:g},6,", rest, "run.follow_up=600 d").scenario)
    left = one.trace.leave_day[one.patients.cohort.lived]

    def x(day: np.ndarray | float) -> np.ndarray:
        return np.asarray(1.0 + 2.0 * np.expm1(theta * rate * (e + day)))

    assert left.min() > 0.0
    assert stats.kstest(left, lambda day: 1.0 - (x(day) / x(0.0)) ** (-1.0 / theta)).pvalue > 0.01


def test_who_has_progressed_did_so_on_their_day_and_stays(tmp_path: Path) -> None:
    rest = """
clocks:
  waiting: {progression: {exponential: {rate: 0.01 / d}}, ends_eligibility: 1, death: {exponential: {rate: 0.01 / d}}}
  after_progression: {death: 3}
manufacturing: {duration: 1000 d, lines: 0}
"""
    one = run_scenario(many(tmp_path, "N,here,received_at_factory,5,50,6,20", rest, "run.follow_up=400 d").scenario)
    mine = one.patients.cohort.lived
    assert one.trace.progression_day[mine] == pytest.approx(-20.0)
    left = one.trace.leave_day[mine]
    assert (one.trace.leave_clock[mine] == Clock.DEATH).all()
    assert stats.kstest(left, stats.expon(scale=1.0 / 0.03).cdf).pvalue > 0.01


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (f"{HEAD}\n1,here,manufactoring,5,40,7", "row 1: column 'state': found 'manufactoring'; allowed: referral, "),
        (f"{HEAD}\n1,there,manufacturing,5,40,7", "row 1: column 'region': found 'there'"),
        (f"{HEAD}\n1,here,manufacturing,5,4,7", "row 1: referred 4 days ago, manufacturing for 5"),
        (f"{HEAD}\n1,here,manufacturing,5,40,", "row 1: column 'apheresis_days': found nothing"),
        (
            f"{HEAD}\n1,here,listing,5,40,3",
            "row 1: column 'apheresis_days': found 3; allowed: nothing before apheresis",
        ),
        (f"{HEAD}\n1,here,listing,-5,40,", "row 1: column 'days': found '-5'; allowed: a number of days"),
        (f"{HEAD}\n1,here,listing,5,40,\n1,here,listing,5,40,", "row 1: stands there twice"),
        (f"{HEAD}\n1,here,listing,5,40", "found 5 values; allowed: 6"),
        ("row,region,state\n1,here,listing", "header: found 'no days'"),
        (f"{HEAD},patient\n1,here,listing,5,40,,Smith", "header: found 'patient'"),
        (f"{HEAD},attempt\n1,here,manufacturing,5,40,7,4", "row 1: column 'attempt': found 4; allowed: up to 2"),
        (f"{HEAD},progressed_days\n1,here,listing,5,40,,3", "row 1: has progressed, but clocks.waiting.progression"),
    ],
)
def test_bad_rows_are_told_by_number(tmp_path: Path, rows: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        loaded(tmp_path, rows, "manufacturing: {duration: 10 d, attempts: 2, failure: 0.1}")
    assert any(told in problem.message for problem in error.value.problems), str(error.value)


def test_what_it_cannot_go_together_with_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot go together with regions.\*.already_waiting"):
        loaded(tmp_path, f"{HEAD}\n1,here,listing,5,40,", "", "90 d", "regions.here.already_waiting=3")


def test_rows_stay_out_of_the_resolved_scenario_and_move_its_digest(tmp_path: Path) -> None:
    one = loaded(tmp_path, f"{HEAD}\n1,here,listing,5,40,")
    stated = one.resolved["in_progress"]["file"]
    assert stated.startswith("today.csv sha256:")
    other = loaded(tmp_path, f"{HEAD}\n1,here,listing,6,40,")
    assert other.digest != one.digest
    with pytest.raises(ScenarioError, match="is another one by now"):
        loaded(tmp_path, f"{HEAD}\n1,here,listing,6,40,", "", "90 d", f"in_progress={stated}")
