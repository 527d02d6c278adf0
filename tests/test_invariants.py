"""What holds in every replication of every scenario."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim.engine.trace import PATIENT
from sim.outcomes.curves import stage_days
from sim.outcomes.metrics import METRIC_NAMES, measure
from sim.outcomes.patients import OUTCOME_NAMES
from sim.pieces.protocol import Cadence, Capacity
from sim.scenario import load
from tests.runs import SHIPPED, Ran, load_text, run_scenario
from tests.test_inert_inputs import ALLOGENEIC, AUTOLOGOUS

CONGESTED = {
    "autologous": AUTOLOGOUS,
    "autologous, products finish": AUTOLOGOUS.replace("on_leave: stop", "on_leave: finish"),
    "autologous, stages finish": AUTOLOGOUS.replace("on_leave: stop", "on_leave: finish_stage"),
    "autologous, booked": AUTOLOGOUS.replace("from: receipt, to: culture", "from: booking, to: last_attempt"),
    "autologous, booked to culture": AUTOLOGOUS.replace("from: receipt", "from: booking").replace(
        "on_leave: stop", "on_leave: finish"
    ),
    "allogeneic": ALLOGENEIC,
}
PAIR = [SHIPPED / f"{name}.yaml" for name in ("allogeneic", "autologous")]


def cases() -> list[object]:
    shipped = [pytest.param(file, number, id=f"{file.stem}-{number}") for file in PAIR for number in range(3)]
    return shipped + [pytest.param(text, k, id=f"{name}-{k}") for name, text in CONGESTED.items() for k in range(3)]


def replication(scenario: Path | str, number: int) -> Ran:
    loaded = load(scenario) if isinstance(scenario, Path) else load_text(scenario)
    return run_scenario(loaded.scenario, number)


@pytest.mark.parametrize(("scenario", "number"), cases())
def test_everything_adds_up(scenario: Path | str, number: int) -> None:
    ran = replication(scenario, number)
    nobody_vanishes(ran)
    days_come_in_order(ran)
    waiting_and_being_served_is_all_there_is(ran)
    use_stays_within_capacity(ran)
    nobody_holds_anything_after_leaving(ran)
    slots_are_claimed_once_or_perish(ran)


def nobody_vanishes(ran: Ran) -> None:
    run = ran.scenario.run
    values = dict(
        zip(METRIC_NAMES, measure(ran.patients, ran.trace, (run.warm_up, run.warm_up + run.window))[0], strict=True)
    )
    measured = ran.patients.cohort.measured
    counts = np.bincount(ran.patients.outcome[measured], minlength=len(OUTCOME_NAMES))
    assert counts.sum() == measured.sum() == values["referred"]
    assert (
        values["infused"]
        + values["alternative"]
        + values["lost_before_infusion"]
        + counts[OUTCOME_NAMES.index("waiting")]
        == values["referred"]
    )
    ended = ran.patients.outcome != OUTCOME_NAMES.index("waiting")
    assert np.isfinite(ran.patients.end_day[ended]).all()
    assert np.isnan(ran.patients.end_day[~ended]).all()


def days_come_in_order(ran: Ran) -> None:
    assert (np.nan_to_num(ran.patients.progression_day, nan=math.inf) >= ran.patients.cohort.referral_day).all()
    infused = ran.patients.infused
    on_path = ["listing", "slot", "apheresis", "product_received", "lymphodepletion", "infusion"]
    days = [ran.patients.cohort.referral_day] + [ran.patients.day(m) for m in on_path if m in ran.patients.days]
    for earlier, later in pairwise(days):
        assert (later[infused] >= earlier[infused]).all()


def waiting_and_being_served_is_all_there_is(ran: Ran) -> None:
    stages = stage_days(ran.patients, ran.trace)[0]
    chosen = ran.patients.infused & ran.patients.cohort.measured
    if chosen.any():
        waits = ran.patients.between("referral", "infusion")[chosen]
        assert stages.sum() == pytest.approx(waits.mean(), rel=1e-9)
        assert (stages > -1e-9).all()


def use_stays_within_capacity(ran: Ran) -> None:
    uses = ran.trace.uses
    for index, resource in enumerate(ran.protocol.resources):
        if not isinstance(resource, Capacity):
            continue
        for place, steps in enumerate(resource.units):
            mine = (uses.resource == index) & (uses.centre == place) & np.isfinite(uses.began)
            ended = np.where(np.isnan(uses.ended[mine]), np.inf, uses.ended[mine])
            # at one instant units are given back before others are granted
            days = np.concatenate([ended, uses.began[mine]])
            change = np.concatenate([-uses.units[mine], uses.units[mine]])
            order = np.lexsort((change, days))
            assert np.cumsum(change[order]).max(initial=0) <= max(units for _, units in steps)


def nobody_holds_anything_after_leaving(ran: Ran) -> None:
    uses, patients = ran.trace.uses, ran.patients
    mine = uses.kind == PATIENT
    gone = patients.end_day[uses.entity]
    left = mine & np.isfinite(gone) & ~patients.infused[uses.entity]
    if ran.scenario.manufacturing is not None and ran.scenario.manufacturing.on_leave != "stop":
        # a product that goes on without its patient keeps its own places; chairs and beds are the patient's
        patients_own = [k for k, r in enumerate(ran.protocol.resources) if r.name in ("chair", "bed")]
        left &= np.isin(uses.resource, patients_own)
    assert (uses.ended[left] <= gone[left] + 1e-9).all()
    waited_in_vain = mine & np.isnan(uses.began) & np.isfinite(uses.ended)
    assert (uses.ended[waited_in_vain] >= uses.asked[waited_in_vain]).all()


def slots_are_claimed_once_or_perish(ran: Ran) -> None:
    slots, uses = ran.trace.slots, ran.trace.uses
    for index, resource in enumerate(ran.protocol.resources):
        if isinstance(resource, Cadence):
            granted = np.isfinite(uses.began[uses.resource == index]).sum()
            claimed = (slots.holder >= 0).sum() + slots.handed_back.sum()
            assert claimed == granted
            assert not (np.isfinite(slots.perished) & (slots.holder >= 0)).any()
            assert (slots.start == slots.offered + resource.lead).all()
