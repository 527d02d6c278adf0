"""Nobody is lymphodepleted without a reservation, in scenarios of every kind; and the queue for a booking is M/D/c."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine
from sim.engine.trace import PATIENT, Trace
from sim.pieces.protocol import Protocol
from tests.engines.both import Case, prepare
from tests.engines.random_scenarios import scenario_text, without_refused
from tests.runs import FILES, shipped, small

SHORT = ("run.warm_up=50 d", "run.window=200 d", "run.follow_up=150 d")
# random scenarios, half of them every day
NUMBERS = [*range(30), *(pytest.param(number, marks=pytest.mark.slow) for number in range(30, 60))]
# in a reference arm nobody is lymphodepleted
INFUSING = [file for file in FILES if "standard_care" not in file.stem]


def on_the_fastest(case: Case) -> Trace:
    trace = case.run(compiled_engine.run)
    assert isinstance(trace, Trace), trace
    return trace


def lymphodepletions(trace: Trace) -> list[tuple[int, float]]:
    """(patient, day) of the last course of lymphodepletion of each, begun while they were there, by the stop."""
    day = trace.notes[:, trace.milestones.index("lymphodepletion")]
    return [(int(k), float(day[k])) for k in np.flatnonzero(day <= np.minimum(trace.stop_day[0], trace.leave_day))]


def reservations(protocol: Protocol, trace: Trace) -> dict[int, list[tuple[float, float]]]:
    """By patient, from when to when they had a booking, or a bed where beds are not booked."""
    names = [resource.name for resource in protocol.resources]
    booked = next((name for name in names if name.endswith("_booking")), "bed")
    uses, found = trace.uses, dict[int, list[tuple[float, float]]]()
    for row in np.flatnonzero(
        (uses.resource == names.index(booked)) & (uses.kind == PATIENT) & np.isfinite(uses.began)
    ):
        ended = np.inf if np.isnan(uses.ended[row]) else float(uses.ended[row])
        found.setdefault(int(uses.entity[row]), []).append((float(uses.began[row]), ended))
    return found


def unreserved(case: Case, trace: Trace) -> list[tuple[int, float]]:
    """Courses of lymphodepletion that began without a reservation."""
    its = reservations(case.protocol, trace)
    courses = lymphodepletions(trace)
    return [(who, day) for who, day in courses if not any(began <= day <= ended for began, ended in its.get(who, []))]


@pytest.mark.parametrize("number", NUMBERS)
def test_nobody_is_lymphodepleted_without_a_reservation(number: int) -> None:
    scenario = json.loads(scenario_text(number))
    scenario.pop("shared", None)  # each centre has its own
    for centre in scenario["centres"].values():  # where there is no limit there is nothing to reserve
        centre["beds"], centre["places"] = 1 + number % 2, 1
    case = prepare(without_refused(scenario).scenario)
    trace = on_the_fastest(case)
    assert unreserved(case, trace) == []


@pytest.mark.parametrize("file", INFUSING, ids=lambda file: file.stem)
def test_nobody_is_lymphodepleted_without_a_reservation_in_a_shipped_scenario(file: Path) -> None:
    case = prepare(shipped(file, *SHORT).scenario)
    trace = on_the_fastest(case)
    assert len(lymphodepletions(trace)) > 10
    if any(resource.name.endswith("_booking") for resource in case.protocol.resources):
        assert unreserved(case, trace) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_where_everybody_stays_as_planned_nobody_waits_after_lymphodepletion(number: int) -> None:
    scenario = json.loads(scenario_text(number))
    scenario["infusion"] = {"scheduling": scenario["infusion"]["scheduling"], "stay": "7 d", "planned_stay": "7 d"}
    scenario["lymphodepletion"] = {"duration": scenario.get("lymphodepletion", {}).get("duration", "5 d")}
    scenario.pop("toxicity", None)
    # who counts beds in intensive care without a word of toxicity has that by default
    for counted in (*scenario["centres"].values(), *scenario.get("shared", {}).values()):
        counted.pop("icu", None)
    for name, shut in list(scenario.get("disruptions", {}).items()):
        if shut["resource"] in ("bed", "place"):  # those that are known from the start may stay
            shut.pop("announced", None)
            if "between" in shut:
                del scenario["disruptions"][name]
    case = prepare(without_refused(scenario).scenario)
    trace = on_the_fastest(case)
    ready = trace.notes[:, trace.milestones.index("ready_for_infusion")]
    infused = trace.notes[:, trace.milestones.index("infusion")]
    there = ready < np.minimum(trace.leave_day, trace.stop_day[0])
    assert np.array_equal(ready[there], infused[there])


def days(count: int, mean: float, seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).exponential(mean, count))


def listed(arrivals: np.ndarray) -> str:
    return ", ".join(f"{day!r} d" for day in arrivals.tolist())


@pytest.mark.parametrize("beds", [1, 3])
def test_booking_ahead_is_a_queue_for_beds_alone(beds: int) -> None:
    """As planned, lymphodepletion beforehand only moves the queue by its duration; held, it adds to the service."""
    arrivals = listed(days(60, 5.5 / beds, 3))
    ahead = small("lymphodepletion: {duration: 5 d}\ninfusion: {stay: 5 d}\n", arrivals, centre=f"beds: {beds}")
    plain = small("infusion: {stay: 5 d, reservation: admit}\n", arrivals, centre=f"beds: {beds}")
    assert ahead.days("lymphodepletion") == pytest.approx(plain.days("infusion"))
    assert ahead.resource("bed_booking").delayed > 10
    held = small(
        "lymphodepletion: {duration: 5 d}\ninfusion: {stay: 5 d, reservation: hold}\n", arrivals, centre=f"beds: {beds}"
    )
    longer = small("infusion: {stay: 10 d, reservation: admit}\n", arrivals, centre=f"beds: {beds}")
    assert held.days("lymphodepletion") == pytest.approx(longer.days("infusion"))


def test_the_mean_wait_for_a_booking_is_that_of_m_d_1() -> None:
    """Pollaczek and Khinchine: load x stay / (2 (1 - load)), whatever lymphodepletion takes; 3 days here."""
    load_of_bed, stay, waits = 0.6, 4.0, []
    for seed in range(20):
        arrivals = days(110, stay / load_of_bed, seed)
        ran = small(
            f"lymphodepletion: {{duration: 6 d}}\ninfusion: {{stay: {stay:g} d}}\n",
            listed(arrivals[arrivals < 1000.0]),
            "autologous",
            "beds: 1",
            "run.window=1000 d",
        )
        waits.append(ran.resource("bed_booking").queue_days_mean)
    error = np.std(waits, ddof=1) / np.sqrt(len(waits))
    assert abs(np.mean(waits) - load_of_bed * stay / (2 * (1 - load_of_bed))) < 3 * error + 0.1
    assert error < 0.4
