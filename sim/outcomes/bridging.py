"""Who was given bridging therapy, and when it began: the same draws as the path's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.outcomes.patients import Patients
from sim.pieces.luck import Luck
from sim.pieces.step_up import BRIDGED
from sim.pure.arrays import BoolArray, FloatArray
from sim.scenario import Scenario


class Bridged(NamedTuple):
    """Whether each patient was given bridging therapy, and whether they responded to it."""

    given: BoolArray
    responded: BoolArray


def bridged(scenario: Scenario, patients: Patients, luck: Luck) -> Bridged:
    """What bridging therapy did for each patient; one in whom it had not begun by lymphodepletion was given none."""
    given = np.isfinite(bridging_day(scenario, patients, luck))
    if not given.any():
        return Bridged(given, given)
    return Bridged(given, given & (luck.of("bridging.response") < scenario.bridging.response))


def holding_end(scenario: Scenario, patients: Patients, luck: Luck) -> FloatArray:
    """The day on which each patient's holding therapy would end, NaN where it was not given; days since the start."""
    begun = patients.day("holding_therapy")
    if not np.isfinite(begun).any():
        return begun
    return begun + scenario.before_apheresis.holding.duration.quantile(luck.of("before_apheresis.holding.duration"))


def bridging_day(scenario: Scenario, patients: Patients, luck: Luck) -> FloatArray:
    """The day on which each patient's bridging therapy began, NaN where it did not; days since the start."""
    bridging = scenario.bridging
    if bridging.share == 0.0:
        return np.full(len(patients.outcome), np.nan)
    if bridging.steps_up:
        return patients.day(BRIDGED)
    left = np.where(np.isnan(patients.end_day), patients.followed_to, patients.end_day)
    chance, start = luck.patients(("bridging.share", "bridging.start"))
    given = chance < bridging.share
    begins = patients.day("apheresis") + bridging.start.quantile(start)
    # it ends where lymphodepletion begins, and cannot begin after that
    in_time = given & (begins < np.fmin(left, patients.day("lymphodepletion")))
    return np.where(in_time, begins, np.nan)
