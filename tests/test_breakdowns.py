"""Outages by chance: small timelines worked out by hand, how they are drawn, and that nothing else moves them."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine.choice import COMPILED, SIMPY, engine, pick
from sim.experiment.runs import replicate as rooms
from sim.experiment.runs.replicate import Arm, Keep, as_run, replicate, simulate
from sim.experiment.sweep import evaluate as sweeps
from sim.experiment.sweep.evaluate import SweepPlan, evaluate, open_sweep
from sim.outcomes.resource_use import resource_use
from sim.pieces.breakdowns import as_drawn, availability
from sim.pieces.cohort import draw_cohort
from sim.pieces.loads import Load, offered_loads
from sim.pieces.protocol import attempt_names, milestones
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, ScenarioError, load, write_resolved
from tests.experiments import SMALL, lines, small_base, small_scenario
from tests.runs import HAS_NUMBA, load_text, small
from tests.test_batches import same

MADE = "manufacturing: {duration: 8 d, lines: 2, attempts: 2}\n"
# The first outage from 10 to 13, the second from 23 to 26, then from 36 to 39.
EVERY = "disruptions: {{fault: {{resource: {resource}, between: 10 d, for: 3 d{more}}}}}\n"
CHANCE = "between: {exponential: {mean: 20 d}}, for: {exponential: {mean: 4 d}}"


def fault(resource: str = "line", **more: str) -> str:
    return EVERY.format(resource=resource, more="".join(f", {key}: {value}" for key, value in more.items()))


def outages(s: Scenario, replication: int = 0, parameter_set: int = 0, name: str = "fault") -> list[tuple[float, ...]]:
    """(first day, end) of the outages drawn for a disruption within the run, in their order."""
    drawn = as_drawn(s, replication, parameter_set).disruptions
    found = [(d.first_day, d.end) for each, d in drawn.items() if each.startswith(f"{name}/")]
    return [pair for pair in found if pair[0] < s.run.longest]


# -- timelines -------------------------------------------------------------------------------------------------------


def test_work_in_progress_goes_on() -> None:
    ran = small(fault() + MADE, "0 d, 4 d, 11 d, 20 d")
    # the third waits for the end of the first outage, as nothing begins in one
    assert ran.days("manufactured") == [8.0, 12.0, 21.0, 28.0]


def test_work_in_progress_stands_still() -> None:
    ran = small(fault(work="pause") + MADE, "0 d, 4 d, 11 d, 20 d")
    # 6 of 8 days done by day 10, 2 left from day 13 on; 3 done by day 23, 5 left from day 26 on
    assert ran.days("manufactured") == [8.0, 15.0, 21.0, 31.0]


def test_work_in_progress_is_lost_and_made_again() -> None:
    ran = small(fault(work="lose") + MADE, "0 d, 4 d, 11 d, 20 d")
    # lost on day 10, made again from 13 on; lines are free again on 21, what begins then is lost on 23
    assert ran.days("manufactured") == [8.0, 21.0, 21.0, 34.0]
    assert ran.patients.attempts["manufacture"].tolist() == [1, 2, 1, 2]


def test_a_part_of_the_lines_is_out() -> None:
    ran = small(fault(units="1") + MADE, "4 d, 9 d, 11 d, 12 d")
    # one line from day 10 to 13: what is under way goes on, and two are in use until day 12, one until 17
    assert ran.days("manufactured") == [12.0, 17.0, 21.0, 25.0]


def test_the_next_time_between_begins_at_the_end_of_an_outage_that_nobody_felt() -> None:
    ran = small(fault() + MADE, "37 d, 38 d, 50 d")
    # nobody was there before; the third outage, 36 to 39, is where it would have been anyway, the fourth from 49 to 52
    assert ran.days("manufactured") == [47.0, 47.0, 60.0]


def test_at_one_centre() -> None:
    rest = fault("chair", work="lose", centre="here") + "apheresis: {duration: 2 d, attempts: 2, repeat_after: 1 d}\n"
    ran = small(rest, "9 d, 11 d, 20 d", centre="chairs: 5")
    # lost on day 10, repeated a day later, when the chairs are still out: from 13 on, like the second
    assert ran.days("collected") == [15.0, 15.0, 22.0]


def test_beds_and_the_courier() -> None:
    rest = fault("courier") + "shipping: {to_factory: 2 d, to_centre: 1 d}\n"
    assert small(rest, "9 d, 10 d, 12 d").days("received_at_factory") == [11.0, 15.0, 15.0]
    beds = fault("bed") + "infusion: {stay: 5 d, reservation: hold}\n"
    assert small(beds, "9 d, 10 d", centre="beds: 9").days("infusion") == [9.0, 13.0]


def test_slots_are_taken_back_on_the_first_day_of_an_outage_and_not_before() -> None:
    rest = """
apheresis: {duration: 1 d}
shipping: {to_factory: 2 d}
manufacturing: {duration: 10 d, lines: 4, slots: {count: 1, every: month, lead: 14 d, withdrawn_by: closures}}
disruptions: {flood: {resource: line, between: 40 d, for: 30 d}}
"""
    ran = small(rest, "30 d, 35 d")
    # the slot of day 31 starts on 45, its manufacture on 48: in the outage from 40 to 70, known on day 40; that of
    # day 59 starts on 73
    assert ran.days("slot") == [59.0, 90.0]
    assert ran.trace.slots.withdrawn[1] == 40.0
    held = (ran.trace.uses.entity == 0) & (ran.trace.uses.resource == 0)
    assert ran.trace.uses.began[held].tolist() == [31.0, 59.0]


def test_beds_are_booked_without_knowing() -> None:
    rest = """
lymphodepletion: {duration: 5 d}
infusion: {stay: 3 d, reservation: book_ahead}
disruptions: {storm: {resource: bed, between: 8 d, for: 12 d}}
"""
    ran = small(rest, "4 d, 5 d", centre="beds: 1")
    # booked for 9 and 12, before anybody knows of the outage from 8 to 20
    assert ran.days("lymphodepletion") == [4.0, 7.0]
    assert ran.days("infusion") == [20.0, 23.0]
    later = small(rest, "4 d, 9 d", centre="beds: 1")
    assert later.days("lymphodepletion") == [4.0, 18.0]


def test_units_there_are_those_less_the_outages() -> None:
    rest = fault() + MADE
    ran = small(rest, "0 d, 4 d")
    # in 400 days 30 outages of 3 days are whole, the 31st begins on 400; who holds a line from day 10 to 12 has it
    there = 2 * (400 - 30 * 3) + 2
    assert ran.resource("line").in_use_mean == 16 / 400
    assert ran.resource("line").utilisation == pytest.approx(16 / there, rel=1e-12)


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
def test_outages_drawn_are_like_shut_downs_that_have_a_date(work: str) -> None:
    text = SMALL + f"disruptions: {{fault: {{resource: line, work: {work}, {CHANCE}}}}}\n"
    drawn = outages(load_text(text).scenario, 3)
    told = ", ".join(
        f"f{k}: {{resource: line, from: {first!r} d, for: {end - first!r} d, work: {work}}}"
        for k, (first, end) in enumerate(drawn)
    )
    arm = Arm("one", load_text(text).scenario)
    ((chance,), numbers) = next(iter(as_run([arm], [3])))
    told_arm = Arm("one", load_text(SMALL + f"disruptions: {{{told}}}\n").scenario)
    its, _ = simulate(chance, numbers, SIMPY)
    dated, _ = simulate(told_arm, [3], SIMPY)
    assert len(drawn) > 5
    assert np.array_equal(its.day("manufactured"), dated.day("manufactured"), equal_nan=True)
    assert its.outcome.tolist() == dated.outcome.tolist()


# -- how they are drawn ----------------------------------------------------------------------------------------------

LONG = "run.window=40000 d"


def scenario(more: str = "", *overrides: str) -> Scenario:
    return load_text(SMALL + f"disruptions: {{fault: {{resource: line, {CHANCE}}}{more}}}\n", *overrides).scenario


def test_times_are_from_the_end_of_the_last_and_as_their_distributions_say() -> None:
    pairs = np.array(outages(scenario("", LONG)))
    gaps = pairs[:, 0] - np.concatenate([[0.0], pairs[:-1, 1]])
    lengths = pairs[:, 1] - pairs[:, 0]
    for found, mean in ((gaps, 20.0), (lengths, 4.0)):
        assert abs(found.mean() - mean) < 4 * mean / math.sqrt(len(found))
        assert abs(found.std() - mean) < 8 * mean / math.sqrt(len(found))
    assert abs(np.corrcoef(gaps, lengths)[0, 1]) < 4 / math.sqrt(len(gaps))
    assert pairs[0, 0] > 0.0


def test_each_replication_and_parameter_set_has_its_own() -> None:
    s = scenario()
    every = [outages(s, number, of) for number in range(3) for of in range(2)]
    assert len({str(found) for found in every}) == 6
    assert outages(s, 2, 1) == outages(s, 2, 1)


def test_nothing_but_their_name_moves_them() -> None:
    s, alone = scenario(), outages(scenario())
    assert outages(scenario(", other: {resource: chair, between: 3 d, for: 1 d}")) == alone
    assert outages(scenario("", "regions.here.referrals=1 / month", "manufacturing.lines=1")) == alone
    longer = outages(scenario("", "run.window=2000 d"))
    assert longer[: len(alone)] == alone
    assert len(longer) > 2 * len(alone)
    again = {name.replace("fault", "storm"): d for name, d in s.disruptions.items()}
    assert outages(s.model_copy(update={"disruptions": again}), name="storm") != alone
    assert outages(scenario("", "run.seed=12")) != alone


@pytest.mark.parametrize("work", ["finish", "pause", "lose"])
@pytest.mark.parametrize("resource", ["line", "chair", "lab", "bed", "courier"])
def test_a_replication_without_an_outage_has_the_same_steps(resource: str, work: str) -> None:
    if resource in ("bed", "courier") and work != "finish":
        return
    told = f"disruptions: {{rare: {{resource: {resource}, work: {work}, between: {{exponential: {{mean: 900 d}}}}, "
    more = "release_testing: {sterility: 3 d}\nshipping: {to_factory: 1 d}\n"
    if work == "finish" and resource == "courier":
        told = told.replace("work: finish, ", "")
    s = load_text(SMALL + more + told + "for: 1 d}}\n").scenario
    names = set()
    some = set()
    for number in range(8):
        drawn = as_drawn(s, number)
        some.add(len(drawn.disruptions) > 1)
        protocol = build_protocol(drawn)
        names.add((milestones(protocol.path), attempt_names(protocol.path), len(protocol.resources)))
    plain = build_protocol(s)
    assert some == {True, False}
    assert names == {(milestones(plain.path), attempt_names(plain.path), len(plain.resources))}


# -- nothing else moves a bit ----------------------------------------------------------------------------------------


def results(engine_name: str, size: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr(rooms, "MOST_AT_ONCE", size)
    arms = [
        Arm("one", small_scenario().scenario),
        Arm("two", scenario(", strike: {resource: chair, between: 30 d, for: {uniform: [1 d, 9 d]}, work: lose}")),
    ]
    keep = Keep(patients=True, events=True, views=True)
    return [asdict(one) for one in replicate(arms, range(5), workers, keep, lambda count: None, engine_name)]


def test_batches_workers_and_engines_move_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = results(SIMPY, 1, 1, monkeypatch)
    others = [(SIMPY, 5, 1), (SIMPY, 3, 2)] + ([(COMPILED, 5, 1), (COMPILED, 2, 1)] if HAS_NUMBA else [])
    for which in others:
        assert [w for a, b in zip(alone, results(*which, monkeypatch), strict=True) for w in same(a, b)] == [], which


def test_a_sweep_runs_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = f"disruptions={{fault: {{resource: line, {CHANCE}, work: pause}}}}"
    plan = SweepPlan(small_base(told), lines(2, 4), 6, workers=1, engine=SIMPY)

    def values(plan: SweepPlan, name: str) -> list[np.ndarray]:
        with open_sweep(plan, tmp_path / name) as sweep:
            evaluate(sweep, plan.points, lambda count: None)
            return [sweep.values(point.number) for point in plan.points]

    found = values(plan, "one")
    monkeypatch.setattr(sweeps, "BLOCK_PATIENTS", 1)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found, values(plan, "two"), strict=True))
    without = values(replace(plan, base=small_base()), "three")
    assert not np.array_equal(found[0], without[0], equal_nan=True)


def test_nothing_is_run_without_its_outages() -> None:
    with pytest.raises(AssertionError, match="as_run"):
        simulate(Arm("one", scenario()), [0], SIMPY)


# -- what comes of them ----------------------------------------------------------------------------------------------


def test_a_line_that_breaks_down_lets_wait_as_white_and_christie_say() -> None:
    # Operations Research 6 (1958) 79-95, preemptive resume: with arrivals r, service m, breakdowns a and repairs b,
    # L = r / (m b / (a + b) - r) (1 + a m / (a + b)^2); up at the start of work, so that it lasts (1 + a / b) / m
    r, m, a, b = 0.5, 1.0, 0.05, 0.25
    s = load_text(
        "name: Queue\nstrategy: autologous\nrun: {warm_up: 500 d, window: 20000 d, follow_up: 500 d, seed: 3}\n"
        f"regions: {{here: {{centre: here, referrals: {r} / d}}}}\ncentres: {{here: {{}}}}\n"
        "patients: {risk_groups: {all: {share: 1}}}\nclocks: {waiting: {removal: never}}\napheresis: {duration: 0 d}\n"
        "manufacturing: {lines: 1, duration: {exponential: {mean: 1 d}}}\n"
        "disruptions: {fault: {resource: line, work: pause, between: {exponential: {mean: 20 d}}, "
        "for: {exponential: {mean: 4 d}}}}\n"
    ).scenario
    rows = []
    run = engine(pick("auto", 1e9)[0])
    for number in range(24):
        drawn = as_drawn(s, number)
        protocol = build_protocol(drawn)
        cohort, luck = draw_cohort(drawn, protocol.clocks, [number])
        trace = run(protocol, cohort, luck, drawn.runs_until, drawn.run.follow_up, False)
        patients = rooms.resolved(drawn, protocol, cohort, trace)
        line = resource_use(protocol, patients, trace, (500.0, 20500.0))[0][0]
        inside = patients.between("slot", "manufactured")[cohort.measured]
        rows.append([line.queue_days_mean, np.nanmean(inside)])
    system = (1 + a * m / (a + b) ** 2) / (m * b / (a + b) - r)
    for found, exact in zip(np.array(rows).T, (system - (1 + a / b) / m, system), strict=True):
        error = found.std(ddof=1) / math.sqrt(len(found))
        assert error < 0.05 * exact, "too few replications to tell"
        assert abs(found.mean() - exact) <= 4 * error


def test_the_offered_load_is_on_what_outages_leave() -> None:
    base = "regions.here.referrals=3 / month"
    (plain,) = loads_of(small_scenario(base).scenario)
    for work, left in (("pause", 20 / 24), ("lose", 20 / 24)):
        s = scenario("", base, f"disruptions.fault.work={work}")
        (load,) = loads_of(s)
        assert load.load == pytest.approx(plain.load / left, rel=1e-3)
    # work that goes on for 20 days outlasts nearly all outages: 4 exp(-5) days of each are lost
    assert availability(scenario(), "line", "", 20.0, 3.0) == pytest.approx(1 - 4 * math.exp(-5) / 24, rel=1e-3)
    assert availability(scenario(), "chair", "", 0.0, 3.0) == 1.0
    # 4 days of 24, of so many of three lines; of three or more it is an outage of all
    for units, left in ((1, 1 - 4 / 24 / 3), (2, 1 - 4 / 24 * 2 / 3), (3, 20 / 24), (9, 20 / 24)):
        part = scenario("", "disruptions.fault.work=finish", f"disruptions.fault.units={units}")
        assert availability(part, "line", "", 0.0, 3.0) == pytest.approx(left, rel=1e-3)


def loads_of(s: Scenario) -> list[Load]:
    return offered_loads(s, build_protocol(s))


def test_the_mean_units_there_are_shown() -> None:
    arm = Arm("one", scenario("", "run.window=300 d"))
    ran = [*replicate([arm], range(40), 1, Keep(patients=False, views=True), lambda count: None, SIMPY)]
    views = [one.runs[0].views for one in ran]
    assert all(view is not None for view in views)
    there = np.array([view.arrays["capacity"] for view in views if view is not None])
    means = there.mean(axis=0)
    finite = [k for k in range(len(means)) if np.isfinite(means[k]).all()]
    (line,) = finite
    assert there[:, line].std() > 0.0
    late = there[:, line, 3:]
    assert late.mean() == pytest.approx(3 * 20 / 24, abs=4 * late.mean(axis=1).std() / math.sqrt(40))


def test_what_is_resolved_is_read_again(tmp_path: Path) -> None:
    loaded = load_text(SMALL + f"disruptions: {{fault: {{resource: line, {CHANCE}, work: lose}}}}\n")
    (tmp_path / "again.yaml").write_text(write_resolved(loaded), encoding="utf-8")
    again = load(tmp_path / "again.yaml")
    assert again.digest == loaded.digest
    assert outages(again.scenario) == outages(loaded.scenario)


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("{resource: line, between: 0 d, for: 3 d}", "x.between: found 0 d; allowed: a duration above 0 d"),
        ("{resource: line, between: 9 d, for: 0 d}", "x.for: found 0 d; allowed: a duration above 0 d"),
        ("{resource: line, between: {uniform: [0 d, 0 d]}, for: 1 d}", "x.between: found 0 d"),
        ("{resource: line, for: 3 d}", "x: found neither from nor between"),
        ("{resource: line, from: 1 d, between: 3 d, for: 3 d}", "x: found from and between"),
        (
            "{resource: line, from: 1 d, for: {exponential: {mean: 3 d}}}",
            "x.for: found a distribution; allowed: a fixed",
        ),
        (
            "{resource: line, between: 3 d, for: 3 d, announced: 2 d}",
            "x.announced: is not used: an outage by chance becomes",
        ),
        ("{resource: line, between: 3 d}", "x.for: required, but not given"),
        ("{resource: line, between: 1 min, for: 1 min}", "x.between: leads to about"),
        ("{resource: icu, between: 1 d, for: 3 d}", "x: is not used: no toxicity has an icu share above 0"),
        ("{resource: lot_line, between: 1 d, for: 3 d}", "x: is not used: there is no resource 'lot_line'"),
        ("{resource: bed, between: 9 d, for: 3 d, work: pause}", "x.work: found pause or lose; allowed: finish"),
        (
            "{resource: chair, centre: hera, between: 9 d, for: 3 d}",
            "x.centre: found 'hera', which is no key of centres",
        ),
    ],
)
def test_what_cannot_be_is_refused(told: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=r"^[^\n]*$") as caught:
        load_text(SMALL + f"disruptions: {{x: {told}}}\n")
    assert f"disruptions.{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("between: 900 d, for: 3 d", "disruptions.x: begins on day 900 at the earliest, outside the simulated time"),
        (
            "between: 9 d, for: 900 d",
            "disruptions.x: the first outage is never over: it lasts at least 900 d, the run 320 d",
        ),
    ],
)
def test_what_comes_to_nothing_is_told(told: str, message: str) -> None:
    loaded = load_text(SMALL + f"disruptions: {{x: {{resource: line, {told}}}}}\n")
    assert any(message in warning for warning in loaded.warnings)
