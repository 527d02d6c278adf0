"""Where each unresolved patient of a register stands at the end of its last day, as a scenario can hold it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.fits.between import Between, between
from sim.pieces.endings import Overdue, overdue
from sim.pieces.protocol import Protocol, walk_steps
from sim.pieces.steps import Milestone
from sim.pieces.strategies import build_protocol, path_and_resources
from sim.pure.arrays import BoolArray, FloatArray
from sim.pure.streams import Source, key_table, sequence
from sim.pure.survival import Never
from sim.records.faults import RecordsError
from sim.records.small import told
from sim.records.value import Records
from sim.scenario import Scenario
from sim.scenario.in_progress import BEFORE_INFUSION, COLLECTED, INFUSED, InProgress, UnderWay, sealed

# An event falls at midday of its day, for want of its hour; a run starts with the day after the extract.
MIDDAY = 0.5
# A stay without a discharge that is so many times as long as any that ended was not recorded to its end.
UNRECORDED = 2.0
WAYS = 400
MOST_TOLD = 20
PLACED = (Source("register/standing"),)


@dataclass(frozen=True)
class Standing:
    """Everybody under way, in the order of the register, and what is to be known of how they were placed."""

    patients: tuple[UnderWay, ...]
    notes: tuple[str, ...]


def standing(records: Records, scenario: Scenario) -> Standing:
    """Everybody unresolved at the end of the last day of the records. Raises RecordsError with every row in the way.

    `scenario`: without anybody in progress. Where a register does not record a milestone between two that it does,
    a patient in between is placed by the scenario's own durations, given the days since the first.
    """
    way = _Way(build_protocol(scenario), scenario, records)
    there = np.flatnonzero(_unresolved(records))
    found, wrong = list[UnderWay](), list[str]()
    for k in there:
        try:
            found.append(_under_way(int(k), records, scenario, way))
        except ValueError as error:
            wrong.append(f"row {records.row[k]}: {error}")
    if wrong:
        more = f"; and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise RecordsError("\n".join(wrong[:MOST_TOLD]) + more)
    beds = _in_hospital(records, scenario, way)
    return Standing((*found, *beds), tuple(way.notes(records)))


def _unresolved(records: Records) -> BoolArray:
    """Who has neither been infused nor left, and has been followed to the last day."""
    return ~records.infused & np.isnan(records.end_day) & (records.followed >= records.as_of)


class _Way:
    """The milestones of a path in their order, which of them the register has, and what lies in between."""

    def __init__(self, protocol: Protocol, scenario: Scenario, records: Records) -> None:
        slots = scenario.manufacturing.slots
        passed = {step.name for step in walk_steps(protocol.path) if isinstance(step, Milestone)} | {"referral"}
        # who is not known to have a slot that is claimed before apheresis queues for one
        no_slot = slots is not None and (slots.claimed == "at_receipt" or "slot" not in records.has)
        self.states = [s for s in BEFORE_INFUSION if s in passed and not (s == "slot" and no_slot)]
        self.recorded = [s for s in self.states if s in records.has]
        self.lead = 0.0 if slots is None else slots.lead
        self.has_slots = slots is not None
        self.seed = scenario.run.seed
        self.placed = self.booked = self.unprogressed = self.unended = self.in_segments = 0
        self.skipped: set[str] = set()
        self._protocol = protocol
        self._legs: dict[str, list[tuple[str, Between | None, FloatArray]]] = {}

    def legs(self, state: str) -> list[tuple[str, Between | None, FloatArray]]:
        """From a recorded milestone on, up to the next recorded one: (milestone, what follows it, days of that)."""
        if state not in self._legs:
            first = self.states.index(state)
            after = [*self.states[first + 1 :], "infusion"]
            last = next(k for k, name in enumerate(after) if name in self.recorded or name == "infusion")
            names = [state, *after[: last + 1]]
            self._legs[state] = [self._leg(*pair) for pair in itertools.pairwise(names)]
        return self._legs[state]

    def _leg(self, first: str, last: str) -> tuple[str, Between | None, FloatArray]:
        found = between(self._protocol, first, last)
        if found is None:
            return first, None, np.zeros(1)
        days, weight = replace(found, stage=None).rest()
        if not weight.sum() > 0.0:
            return first, found, np.zeros(1)
        shares = np.cumsum(weight) / weight.sum()
        order = np.minimum(np.searchsorted(shares, (np.arange(WAYS) + 0.5) / WAYS), len(days) - 1)
        return first, found, np.sort(days[order])

    def place(self, row: int, state: str, days: float) -> tuple[str, float]:
        """(state, days in it) of who passed a recorded milestone so many days ago, and may have passed others since."""
        legs = self.legs(state)
        if len(legs) == 1:
            return state, days
        chance = sequence(key_table(self.seed, 0, PLACED, ("ways",)), np.array([row]), WAYS * len(legs))
        chance = chance.reshape(len(legs), WAYS)
        drawn = np.array([leg[2][(chance[k] * len(leg[2])).astype(np.int64)] for k, leg in enumerate(legs)])
        ends = drawn.cumsum(axis=0)
        going = np.flatnonzero(ends[-1] > days)
        self.placed += 1
        self.skipped |= {leg[0] for leg in legs[1:]}
        if len(going):
            way = ends[:, going[0]]
            place = int(np.searchsorted(way, days, side="right"))
        else:  # all of it would be over: they wait for what is waited for last, or are late in the last of it
            way = ends[:, int(np.argmax(ends[-1]))]
            waits = [k for k, leg in enumerate(legs) if leg[1] is not None and leg[1].queue]
            place = waits[-1] if waits else len(legs) - 1
        since = days - (float(way[place - 1]) if place else 0.0)
        return legs[place][0], max(since, 0.0)

    def notes(self, records: Records) -> list[str]:
        """What is to be known of how patients were placed, in words."""
        found = []
        if self.placed:
            names = ", ".join(s for s in self.states if s in self.skipped)
            found.append(
                f"{_patients(self.placed)} between milestones that the register does not record ({names}): placed by "
                "the durations of the scenario, given the days since the last one that it does"
            )
        if self.booked:
            found.append(
                f"{_patients(self.booked)} hold a slot of which the register does not say when it starts (booked_for): "
                "taken to start when its lead is over"
            )
        if self.unprogressed:
            found.append(
                f"{_patients(self.unprogressed)} have progressed, of which the scenario knows nothing: not told from "
                "the others"
            )
        if self.unended:
            found.append(
                f"{_patients(self.unended)} were infused more than twice as long ago as anybody who was discharged had "
                "stayed: taken as discharged"
            )
        if self.in_segments:
            found.append(
                f"{_patients(self.in_segments)} in hospital after infusion are left out: the scenario has their stay "
                "in segments by toxicity, of which the register does not say which one they are in; beds begin too low"
            )
        if "discharge" not in records.has:
            found.append("the register has no discharges: beds and intensive care begin without patients")
        return found


def _under_way(k: int, records: Records, s: Scenario, way: _Way) -> UnderWay:
    """The patient at a place of the records; a ValueError says what of them the scenario cannot hold."""
    row, now = int(records.row[k]), records.as_of + MIDDAY
    passed = [(float(records.day(name)[k]), place) for place, name in enumerate(way.states) if name in way.recorded]
    day, place = max((day, place) for day, place in passed if not math.isnan(day))
    state, days = way.place(row, way.states[place], now - day)
    referral = now - float(records.day("referral")[k])
    apheresis = math.nan
    if state in COLLECTED:
        since = now - float(records.day("apheresis")[k])
        apheresis = days if state == "apheresis" else max(since, days) if since == since else days
    tried = float(records.attempts["manufacture"][k])
    booked = math.nan
    if state == "slot" and way.has_slots:
        booked = _booked(float(records.booked_for[k]), days, records.as_of, way)
    return UnderWay(
        row=row,
        region=_region(k, records, s),
        state=state,
        days=days,
        referral_days=referral,
        centre=_known(records.categories["centre"][k], s.centres),
        risk_group=_known(records.categories["risk_group"][k], s.patients.risk_groups),
        apheresis_days=apheresis,
        progressed_days=_progressed(now - float(records.progression_day[k]), s, way),
        booked_in_days=booked,
        attempt=max(int(tried), 1) if tried == tried and state in COLLECTED else 1,
        queue_days=days,
    )


def _booked(day: float, days: float, as_of: float, way: _Way) -> float:
    """Days from the first one until a slot starts: on the day it is booked for, or when its lead is over."""
    if day == day:
        return max(day - as_of - 1.0, 0.0)
    way.booked += 1
    return max(way.lead - days, 0.0)


def _progressed(days: float, s: Scenario, way: _Way) -> float:
    if days == days and isinstance(s.clocks.waiting.progression, Never):
        way.unprogressed += 1
        return math.nan
    return days


def _region(k: int, records: Records, s: Scenario) -> str:
    """The region of a patient; the only one where there is one."""
    name = str(records.categories["region"][k])
    if name in s.regions:
        return name
    if len(s.regions) == 1:
        return next(iter(s.regions))
    given = f"found {name!r}" if name else "found nothing"
    raise ValueError(f"region: {given}; allowed: {', '.join(s.regions)}, without which they are in no queue")


def _known(name: object, names: Mapping[str, object]) -> str:
    """The name where the scenario has several of the kind and this is one of them; "" where it is to be drawn."""
    return str(name) if len(names) > 1 and name in names else ""


def _in_hospital(records: Records, s: Scenario, way: _Way) -> list[UnderWay]:
    """Who was infused and has not been discharged, as they hold a bed."""
    if "discharge" not in records.has or s.infusion.model != "inpatient":
        return []
    infusion, discharge = records.day("infusion"), records.day("discharge")
    stays = (discharge - infusion)[np.isfinite(discharge - infusion)]
    there = records.infused & np.isnan(discharge)
    if s.toxicity.events and there.any():
        way.in_segments = int(there.sum())
        return []
    longest = UNRECORDED * float(stays.max()) if len(stays) else math.inf
    found = []
    for k in np.flatnonzero(there):
        days = records.as_of + MIDDAY - float(infusion[k])
        if days > longest:
            way.unended += 1
            continue
        since = records.as_of + MIDDAY - float(records.day("apheresis")[k])
        found.append(
            UnderWay(
                row=int(records.row[k]),
                region=_region(int(k), records, s),
                state=INFUSED,
                days=days,
                referral_days=records.as_of + MIDDAY - float(records.day("referral")[k]),
                centre=_known(records.categories["centre"][k], s.centres),
                risk_group=_known(records.categories["risk_group"][k], s.patients.risk_groups),
                apheresis_days=max(since, days) if since == since else days,
                queue_days=days,
            )
        )
    return found


def to_the_day(scenario: Scenario, patients: Sequence[UnderWay]) -> tuple[tuple[UnderWay, ...], tuple[Overdue, ...]]:
    """(patients, who of them has been in a stage for longer than it can last).

    A date tells an event but to the day: who would be late by less than one is as late as the scenario lets them be.
    """
    late = {one.row for one in _late(scenario, patients)}
    sooner = tuple(replace(one, **_by_half_a_day(one)) if one.row in late else one for one in patients)
    return sooner, tuple(_late(scenario, sooner))


def _by_half_a_day(one: UnderWay) -> dict[str, Any]:
    """The least time for which they may have been in their state."""
    days = max(one.days - MIDDAY, 0.0)
    return {"days": days, "queue_days": days, **({"apheresis_days": days} if one.state == "apheresis" else {})}


def _late(scenario: Scenario, patients: Sequence[UnderWay]) -> list[Overdue]:
    today = InProgress.by_default(file=sealed(tuple(patients)), overdue="finish_today")
    holding = scenario.model_copy(update={"in_progress": today})
    return overdue(holding, *path_and_resources(holding))


def _patients(count: int) -> str:
    return f"{told(count)} patients"
