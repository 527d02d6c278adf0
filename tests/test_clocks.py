"""The leaving day: hand computations, the vector form against the one for single patients, switches and delays."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.pieces.clocks import Clock, ClockBook, ClockSet, Hazards, PatientClocks
from sim.pieces.cohort import first_leave
from sim.pure.survival import Cured, Exponential, Never, Piecewise, Survival, Weibull, hazard_table

SHAPES: list[Survival] = [
    Never(),
    Exponential(0.01),
    Weibull(1.5, 60.0),
    Cured(0.3, Exponential(0.02)),
    Piecewise((0.0, 20.0), (0.0, 0.05)),
]


@lru_cache
def listed(shape: Survival) -> Hazards:
    return Hazards(hazard_table(shape))


def patient(
    death: Survival,
    progression: Survival,
    removal: Survival,
    thresholds: tuple[float, float, float],
    ends: float = 0.0,
    eligibility: float = 0.5,
    after: tuple[float, float, float] = (1.0, 1.0, 1.0),
    group: tuple[float, float, float] = (1.0, 1.0, 1.0),
    referral: float = 0.0,
) -> PatientClocks:
    tables = tuple(listed(shape) for shape in (death, progression, removal))
    return PatientClocks(
        tables=tables,  # type: ignore[arg-type]
        ends_eligibility=ends,
        after_progression=after,
        group=group,
        thresholds=list(thresholds),
        eligibility=eligibility,
        anew=(0.1, 0.9),
        origin=referral,
        since=referral,
        used=[0.0, 0.0, 0.0],
        path=[1.0, 1.0, 1.0],
        changes=[],
    )


def test_the_first_clock_takes_the_patient() -> None:
    clocks = patient(Exponential(0.01), Never(), Exponential(0.02), (1.0, 1.0, 1.0), referral=5.0)
    assert clocks.forecast() == (55.0, Clock.REMOVAL, math.inf)


def test_death_wins_a_tie_over_progression_and_progression_over_removal() -> None:
    same = Exponential(0.01)
    assert patient(same, same, same, (1.0, 1.0, 1.0), ends=1.0).forecast()[1] == Clock.DEATH
    assert patient(Never(), same, same, (1.0, 1.0, 1.0), ends=1.0).forecast()[1] == Clock.PROGRESSION


def test_progression_that_leaves_the_patient_eligible_speeds_death_up() -> None:
    # progression on day 50; half of death's threshold is used by then, the other half at three times the rate
    clocks = patient(Exponential(0.01), Exponential(0.02), Never(), (1.0, 1.0, 1.0), after=(3.0, 1.0, 1.0))
    day, clock, progression = clocks.forecast()
    assert (clock, progression) == (Clock.DEATH, 50.0)
    assert day == pytest.approx(50.0 + 0.5 / 0.03)


def test_progression_ends_the_path_of_those_whose_uniform_is_below_the_share() -> None:
    for eligibility, expected in ((0.29, Clock.PROGRESSION), (0.31, Clock.DEATH)):
        clocks = patient(
            Exponential(0.01), Exponential(0.02), Never(), (1.0, 1.0, 1.0), ends=0.3, eligibility=eligibility
        )
        assert clocks.forecast()[1] == expected


def test_a_multiplier_acts_from_its_day_on() -> None:
    clocks = patient(Never(), Exponential(0.01), Never(), (9.0, 1.0, 9.0), ends=1.0)
    clocks.multiply(20.0, Clock.PROGRESSION, 0.5, 30.0)
    assert clocks.forecast()[0] == pytest.approx(30.0 + 0.7 / 0.005)
    clocks.multiply(60.0, Clock.PROGRESSION, 1.0, 60.0)
    assert clocks.forecast()[0] == pytest.approx(60.0 + (0.7 - 0.15) / 0.01)


def test_an_event_comes_before_a_multiplier_of_the_same_day() -> None:
    clocks = patient(Never(), Exponential(0.125), Never(), (9.0, 1.0, 9.0), ends=1.0)
    clocks.multiply(0.0, Clock.PROGRESSION, 0.0, 8.0)
    assert clocks.forecast() == (8.0, Clock.PROGRESSION, 8.0)


def test_a_later_multiplier_takes_the_place_of_one_still_to_come() -> None:
    clocks = patient(Never(), Exponential(0.01), Never(), (9.0, 1.0, 9.0), ends=1.0)
    clocks.multiply(0.0, Clock.PROGRESSION, 0.1, 50.0)
    clocks.multiply(40.0, Clock.PROGRESSION, 1.0, 40.0)
    assert clocks.forecast()[0] == pytest.approx(100.0)


def test_a_switch_keeps_what_is_used_of_the_thresholds() -> None:
    clocks = patient(Exponential(0.01), Never(), Never(), (1.0, 1.0, 1.0))
    slow = tuple(Hazards(hazard_table(s)) for s in (Exponential(0.002), Never(), Never()))
    clocks.switch(50.0, slow, 0.0, anew=True)  # type: ignore[arg-type]
    assert clocks.forecast() == (pytest.approx(50.0 + 0.5 / 0.002), Clock.DEATH, math.inf)


def test_a_patient_who_has_progressed_can_progress_anew_after_a_switch() -> None:
    clocks = patient(Never(), Exponential(0.1), Never(), (9.0, 1.0, 9.0))
    tables = tuple(Hazards(hazard_table(s)) for s in (Never(), Exponential(0.01), Never()))
    clocks.switch(50.0, tables, 1.0, anew=True)  # type: ignore[arg-type]
    # a new threshold of 0.1 and a new eligibility uniform of 0.9, below the share of 1; the first progression stands
    assert clocks.forecast() == (pytest.approx(60.0), Clock.PROGRESSION, 10.0)


def test_a_copy_is_the_same_and_goes_its_own_way() -> None:
    clocks = patient(Exponential(0.01), Exponential(0.02), Never(), (1.0, 1.0, 1.0), referral=5.0)
    clocks.multiply(7.0, Clock.DEATH, 2.0, 30.0)
    ahead, before = clocks.copy(), clocks.copy()
    assert ahead == clocks
    ahead.run(60.0)
    ahead.thresholds[Clock.DEATH] = 9.0
    assert ahead != clocks
    assert clocks == before


def test_ages_and_hazards_at_the_knots_of_a_table() -> None:
    table = listed(Piecewise((0.0, 20.0), (0.0, 0.05)))
    assert [table.hazard(age) for age in (0.0, 20.0, 30.0)] == pytest.approx([0.0, 0.0, 0.5])
    # nothing is reached at once, even where the first days are without hazard
    assert [table.age(hazard) for hazard in (0.0, 0.5)] == pytest.approx([0.0, 30.0])
    assert listed(Never()).age(0.1) == math.inf


@given(data=st.data())
def test_the_form_for_all_patients_gives_the_bits_of_the_form_for_one(data: st.DataObject) -> None:
    shapes = [data.draw(st.sampled_from(SHAPES)) for _ in Clock]
    ends = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    after = data.draw(st.tuples(st.floats(0, 4), st.just(1.0), st.floats(0, 4)))
    tables = tuple(hazard_table(shape) for shape in shapes)
    book = ClockBook({"waiting": ClockSet(tables, ends)}, "waiting", after)  # type: ignore[arg-type]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    count = 20
    referral = rng.uniform(0, 500, count)
    thresholds = rng.exponential(size=(3, count))
    group = np.stack([rng.choice([0.0, 0.85, 1.45], count), rng.choice([0.0, 0.85, 1.45], count), np.ones(count)])
    eligibility = rng.uniform(size=count)
    day, clock, progression = first_leave(book, referral, thresholds, group, eligibility)
    for i in range(count):
        one = patient(
            *shapes,
            thresholds=tuple(thresholds[:, i].tolist()),
            ends=ends,
            eligibility=float(eligibility[i]),
            after=after,
            group=tuple(group[:, i].tolist()),
            referral=float(referral[i]),
        )
        assert one.forecast() == (day[i], clock[i], progression[i])
