"""Draws are made where they are needed: further attempts for who comes to them, without leaving the kernel for it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine
from sim.engine.draws import purposes_of
from sim.engine.foresight import decisions, foreseen
from sim.engine.kernel import names as k
from sim.engine.trace import Trace
from sim.pieces.protocol import Protocol, draw_of, walk_steps
from sim.pieces.steps import (
    Attempts,
    Branch,
    Choose,
    End,
    Fail,
    Flagged,
    Milestone,
    Noted,
    Path,
    Share,
    Stage,
    Together,
)
from sim.pure.distributions import Exponential, Fixed
from sim.scenario import load
from tests.engines.both import Case, compare, prepare
from tests.engines.random_scenarios import random_scenario
from tests.runs import SHIPPED, by_hand, load_text, people


def stage(name: str) -> Path:
    return (Stage(name, Exponential(3.0)),)


def fails(name: str, share: float) -> Path:
    return (Choose(Share(name, share), (Fail(),)),)


ONE = (Attempts("make", (*stage("culture"), *fails("failure", 0.4)), 3, otherwise=(End("failed"),)),)
PATHS: dict[str, Path] = {
    "one": ONE,
    "without limit": (Attempts("make", (*stage("culture"), *fails("failure", 0.4)), None),),
    "two ways to fail": (Attempts("make", (*fails("early", 0.3), *stage("culture"), *fails("late", 0.3)), 4),),
    "rescued": (
        Attempts("make", (Choose(Share("bad", 0.5), (Choose(Share("accepted", 0.5), (), (Fail(),)),)),), 5),
        *stage("after"),
    ),
    "first and further": (
        Attempts(
            "make",
            (*stage("culture"), *fails("failure", 0.5)),
            1,
            otherwise=(Attempts("make", (*stage("quick"), *fails("failure", 0.5)), 3, otherwise=(End("failed"),)),),
        ),
    ),
    "inside each other": (
        Attempts(
            "make",
            (
                Attempts("collect", (*stage("collection"), *fails("short", 0.4)), 2, otherwise=(Fail(),)),
                *stage("culture"),
                *fails("failure", 0.4),
            ),
            3,
            between=stage("pause"),
        ),
        *stage("collection"),
    ),
    "given up in between": (
        Attempts("make", (Attempts("try", fails("failure", 0.6), 4, between=fails("tired", 0.3)),), 2),
    ),
    "by flag": (Choose(Flagged("frail"), (Attempts("make", fails("failure", 0.4), 4),), ONE),),
    "side by side": (
        Attempts("make", (Together((Branch(fails("left", 0.3)), Branch(stage("right")))), *stage("culture")), 3),
    ),
}


def of_people(path: Path, count: int = 300) -> Case:
    """Nobody leaves, and nothing is scarce."""
    flags = {"frail": np.arange(count) % 3 == 0}
    return Case(by_hand(path), *people([0.0] * count, flags=flags), 2_000.0, 2_000.0)


def begun(case: Case) -> dict[str, Any]:
    def chances(purpose: str, who: Any, attempt: Any) -> Any:
        return case.luck.patients((purpose,), who, attempt)[0]

    count = len(case.cohort.referral_day)
    return foreseen([(decisions(case.protocol.path), np.arange(count))], count, case.cohort.flags, chances)


def exits(case: Case, monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """What the kernel was left for in a run that equals the reference."""
    counted, simulate = Counter[int](), compiled_engine.kernel.simulate

    def counting(*arguments: Any) -> int:
        need = simulate(*arguments)
        counted[need] += 1
        return need

    with monkeypatch.context() as patch:
        patch.setattr(compiled_engine.kernel, "simulate", counting)
        trace, different = compare(case)
    assert isinstance(trace, Trace)
    assert different == []
    return counted


@pytest.mark.parametrize("name", PATHS)
def test_attempts_are_foreseen_as_they_come(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = of_people(PATHS[name])
    trace = case.run(compiled_engine.run)
    assert isinstance(trace, Trace)
    found = begun(case)
    for place, attempts in enumerate(trace.attempt_names):
        assert np.array_equal(found[attempts], trace.attempts[:, place]), attempts
        assert trace.attempts[:, place].max() > 1, attempts
    left = exits(case, monkeypatch)
    # "collection" is drawn for outside of attempts too, so that only its first attempts are drawn beforehand: attempt 1
    # is asked for alone, then 2 with 3, then 4 with 5 to 7
    assert left[k.MORE_DRAWS] == (
        int(trace.attempts[:, 1].max() - 1).bit_length() if name == "inside each other" else 0
    )


def test_what_only_the_run_knows_is_drawn_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a milestone has been passed, and a seventeenth attempt."""
    noted = (
        *ONE,
        Milestone("made"),
        Attempts("more", (*stage("work"), Choose(Noted("made"), fails("lost", 0.5), (Fail(),))), 3),
    )
    case = of_people(noted)
    found, trace = begun(case), case.run(compiled_engine.run)
    assert isinstance(trace, Trace)
    assert (found["more"] >= trace.attempts[:, 1]).all()
    assert exits(case, monkeypatch)[k.MORE_DRAWS] == 0
    many = of_people((Attempts("make", (*stage("work"), *fails("failure", 0.9)), None),), 50)
    assert begun(many)["make"].max() == 16
    assert exits(many, monkeypatch)[k.MORE_DRAWS] > 0


@pytest.mark.parametrize("stem", ["autologous", "allogeneic"])
def test_the_kernel_never_asks_for_draws_in_the_shipped_pair(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = prepare(load(SHIPPED / f"{stem}.yaml", ["run.window=200 d"]).scenario)
    assert exits(case, monkeypatch)[k.MORE_DRAWS] == 0


LOST = """
name: Lost in the shut-down
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 60 d, follow_up: 300 d, replications: 1}
regions: {here: {centre: here, referrals: 3 / d}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: {exponential: {mean: 20 d}}, failure: 0.2, attempts: 4}
disruptions:
  shut: {resource: line, from: 2026-02-01, for: 9 d, work: lose}
"""


def test_what_a_shut_down_loses_is_drawn_for_once_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    left = exits(prepare(load_text(LOST).scenario), monkeypatch)
    assert 1 <= left[k.MORE_DRAWS] <= 3


def test_every_purpose_has_a_place_of_its_own() -> None:
    """Fixed ones have a number and no draws; what attempts share with others belongs to none of them."""
    path = (
        *stage("before"),
        Attempts("make", (Stage("always", Fixed(2.0)), *stage("culture"), *stage("both"), *fails("failure", 0.4)), 3),
        *stage("both"),
    )
    found = purposes_of((path, ()), 5)
    assert found.numbers == {"before": 5, "always": 6, "culture": 7, "both": 8, "failure": 9}
    assert list(found.rules) == ["before", "culture", "both", "failure"]
    assert found.families == {"make": ("culture", "failure")}


@pytest.mark.parametrize("number", range(12))
def test_all_draws_of_random_scenarios_are_numbered(number: int) -> None:
    protocol: Protocol = prepare(random_scenario(number).scenario).protocol
    found = purposes_of((protocol.path, protocol.later_path), 0)
    names = dict.fromkeys(draw[0] for step in walk_steps(protocol.patient_steps) if (draw := draw_of(step)))
    assert list(found.numbers) == list(names)
    together = [purpose for family in found.families.values() for purpose in family]
    assert len(together) == len(set(together))
