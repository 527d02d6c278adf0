"""Textbook queues that need patients one by one: priorities, constant service, loads other than the shipped cases'."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.engine.choice import SIMPY, engine, pick
from sim.outcomes.patients import resolve
from sim.pieces.cohort import draw_cohort
from sim.pieces.strategies import build_protocol
from sim.scenario import load
from tests.runs import SHIPPED, load_text

QUEUE = """
name: Queue
strategy: autologous
run: {{warm_up: 1000 d, window: 40000 d, follow_up: 2000 d, seed: 3}}
regions: {{here: {{centre: here, referrals: {rate} / d}}}}
centres: {{here: {{}}}}
waiting_list: {{policy: {policy}}}
patients:
  risk_groups:
    first: {{share: {share}{first}}}
    second: {{share: {rest}{second}}}
clocks: {{waiting: {{removal: {removal}}}, after_apheresis: {{removal: never}}}}
apheresis: {{duration: 0 d}}
manufacturing:
  lines: {lines}
  line_held: {{from: booking, to: culture}}
  duration: {service}
"""


def waits(replications: int = 20, **how: object) -> list[np.ndarray]:
    """Mean days in the queue for the line by risk group and over all who are served, one row a replication."""
    values = {"policy": "first_come", "first": "", "second": "", "share": 0.5, "removal": "never", **how}
    values["rest"] = 1 - float(str(values["share"]))
    scenario = load_text(QUEUE.format(**values)).scenario
    protocol = build_protocol(scenario)
    run = engine(pick("auto", 1e9)[0])
    end = scenario.run.warm_up + scenario.run.window
    rows = []
    for number in range(replications):
        cohort, luck = draw_cohort(scenario, protocol.clocks, [number])
        trace = run(protocol, cohort, luck, end, scenario.run.follow_up, False)
        patients = resolve(cohort, trace, scenario.run.follow_up)
        waited = patients.between("listing", "slot")
        groups = [waited[cohort.measured & (cohort.group == g)] for g in (0, 1)]
        rows.append([np.nanmean(groups[0]), np.nanmean(groups[1]), np.nanmean(waited[cohort.measured])])
    return list(np.array(rows).T)


def close(values: np.ndarray, exact: float) -> bool:
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert error < 0.05 * exact, "too few replications to tell"
    return bool(abs(values.mean() - exact) <= 4 * error)


def test_priority_classes_wait_as_cobham_says() -> None:
    # one line, mean service 1 day, 0.3 and 0.4 arrivals a day; residual work R = rate x mean square / 2 = 0.7
    first, second, _ = waits(
        policy="sickest_first", first=", priority: 1", second=", priority: 0", share=3 / 7, rate=0.7, lines=1,
        service="{exponential: {mean: 1 d}}",
    )  # fmt: skip
    assert close(first, 0.7 / (1 - 0.3))
    assert close(second, 0.7 / ((1 - 0.3) * (1 - 0.7)))


@pytest.mark.parametrize("policy", ["first_come", "lottery"])
def test_the_order_of_service_does_not_move_the_mean_wait(policy: str) -> None:
    *_, overall = waits(policy=policy, rate=0.8, lines=1, service="{exponential: {mean: 1 d}}")
    assert close(overall, 0.8 / (1 - 0.8))


def test_constant_service_halves_the_wait() -> None:
    *_, overall = waits(rate=0.8, lines=1, service="1 d")
    assert close(overall, 0.8 / (2 * (1 - 0.8)))


def test_any_service_waits_as_pollaczek_and_khinchine_say() -> None:
    # gamma service, mean 1 and squared coefficient of variation 1/4
    *_, overall = waits(rate=0.8, lines=1, service="{gamma: {mean: 1 d, shape: 4}}")
    assert close(overall, 0.8 * 1.25 / (2 * (1 - 0.8)))


def test_several_lines_wait_as_erlang_c_says() -> None:
    load, servers = 2.4, 3
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) / (1 - load / servers)
    delayed = last / (sum(terms) + last)
    *_, overall = waits(rate=0.8, lines=servers, service="{exponential: {mean: 3 d}}")
    assert close(overall, delayed * 3 / (servers - load))


def test_as_many_return_in_the_window_as_those_infused_before_let_expect() -> None:
    # a share of the infused comes back an exponential time after infusion, whatever the follow-up of the first course
    scenario = load(SHIPPED / "library" / "sequential.yaml").scenario
    assert scenario.later_course is not None
    share, median = scenario.later_course.share, 8.8 * 365.25 / 12
    protocol, run = build_protocol(scenario), engine(pick("auto", 1e9)[0])
    first, last = scenario.run.warm_up, scenario.run.warm_up + scenario.run.window
    surplus, found = [], []
    for number in range(30):
        cohort, luck = draw_cohort(scenario, protocol.clocks, [number])
        trace = run(protocol, cohort, luck, scenario.runs_until, scenario.run.follow_up, False)
        courses = len(trace.referral_day) // 2
        infused = trace.notes[:courses, trace.milestones.index("infusion")]
        infused = infused[infused <= trace.stop_day]

        def back_by(day: float, infused: np.ndarray = infused) -> float:
            return float(share * (1.0 - 0.5 ** (np.maximum(day - infused, 0.0) / median)).sum())

        returned = trace.referral_day[courses:]
        found.append(((returned >= first) & (returned < last)).sum())
        surplus.append(found[-1] - (back_by(last) - back_by(first)))
    error = np.std(surplus, ddof=1) / math.sqrt(len(surplus))
    assert error < 0.02 * np.mean(found)
    assert abs(np.mean(surplus)) <= 4 * error


@pytest.mark.usefixtures("engines_of_users")
def test_both_engines_are_asked_for_by_name() -> None:
    assert pick(SIMPY, 1e9) == (SIMPY, "asked for")
    assert pick("auto", 10)[0] == SIMPY
