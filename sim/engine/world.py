"""Everything that the walkers of one replication share in the reference engine."""

from __future__ import annotations

from array import array

import numpy as np

from sim.engine.columns import Columns
from sim.engine.guard import MOST_RETURNS, attempts_without_end
from sim.engine.plan import plan
from sim.engine.pools import CapacityPool, Queue
from sim.engine.ranking import ranking
from sim.engine.requests import INFINITY, NAN, Request
from sim.engine.slots import SlotLog, SlotPool
from sim.engine.stocks import Lot, LotLog, StockPool
from sim.engine.timeline import Action, Phase, Timeline
from sim.engine.trace import LOT, PATIENT, EngineError
from sim.engine.walker import Walker
from sim.pieces.clocks import Hazards, PatientClocks
from sim.pieces.cohort import Cohort, Luck
from sim.pieces.protocol import Cadence, Capacity, Protocol, Resource, attempt_names, drawn, ends, milestones
from sim.pieces.steps import End


class World:
    """The simulated clock, pools, draws and records of one replication."""

    def __init__(self, protocol: Protocol, cohort: Cohort, luck: Luck, follow_up: float, traced: bool) -> None:
        count = len(cohort.referral_day)
        path, streams = protocol.patient_steps, protocol.lot_streams
        self.protocol, self.cohort, self.luck = protocol, cohort, luck
        self.timeline = Timeline()
        self.columns = {
            PATIENT: Columns(drawn(path), lambda name, attempt, _: luck.patients((name,), attempt=attempt)[0], count),
            LOT: Columns(
                drawn(protocol.lot_path),
                lambda name, attempt, count: luck.lots(streams, (name,), np.arange(count), attempt)[0],
                None,
            ),
        }
        self.referral_day: list[float] = cohort.referral_day.tolist()
        self.follow_up = follow_up
        self.milestones = milestones(path)
        self.width = len(self.milestones)
        self.note_index = {name: k for k, name in enumerate(self.milestones)}
        self.notes = array("d", [NAN]) * (count * self.width)
        self.passes = array("q", [0]) * (count * self.width)
        self.attempt_names = attempt_names(path)
        self._attempts: dict[str, list[int]] = {name: [0] * count for name in self.attempt_names}
        self._lot_attempts: dict[tuple[str, int], int] = {}
        self.ends = ends(path)
        self.ended_outcome, self.ended_day = array("q", [-1]) * count, array("d", [NAN]) * count
        self.leave_day: list[float] = cohort.leave_day.tolist()
        self.leave_clock: list[int] = cohort.leave_clock.tolist()
        self.progression_day: list[float] = cohort.progression_day.tolist()
        self.stages: list[tuple[int, int, str, float, float, float]] | None = [] if traced else None
        self.hazards = {
            name: ((Hazards(s.tables[0]), Hazards(s.tables[1]), Hazards(s.tables[2])), s.ends_eligibility)
            for name, s in protocol.clocks.sets.items()
        }
        self._clocks: dict[int, PatientClocks] = {}
        self._centre: list[int] = cohort.centre.tolist()
        self.log: list[Request] = []
        self.slots, self.lots = SlotLog(), LotLog()
        self._shelves: list[StockPool] = []
        self._pools = {r.name: self._open(index, r) for index, r in enumerate(protocol.resources)}
        self.path = plan(self, PATIENT, protocol.path)
        self.later_path = plan(self, PATIENT, protocol.later_path)
        self.lot_path = plan(self, LOT, protocol.lot_path)

    def _open(self, index: int, resource: Resource) -> list[Queue]:
        """The pools of a resource: one a centre, or one for all."""
        shared = (self.timeline, index)
        rank, log = ranking(self, resource), self.log
        match resource:
            case Capacity():
                return [CapacityPool(*shared, k, log, rank, resource) for k in range(len(resource.units))]
            case Cadence():
                return [SlotPool(*shared, k, log, rank, resource, self.slots) for k in range(len(resource.counts))]
            case _:
                if self._shelves:
                    raise EngineError(f"{resource.name}: a second stock, where lots are of one kind")
                self._shelves = [
                    StockPool(*shared, k, log, rank, resource, self.lots, self._start_lot)
                    for k in range(len(resource.opening))
                ]
                return [*self._shelves]

    def all_pools(self) -> list[Queue]:
        """Every pool, in order of declaration and centre."""
        return [pool for pools in self._pools.values() for pool in pools]

    def pools_by_centre(self, resource: str) -> list[Queue]:
        """The pool of a resource that serves each centre: its own, or the one for all."""
        if resource not in self._pools:
            raise EngineError(f"there is no resource {resource!r}")
        pools = self._pools[resource]
        return [pools[min(centre, len(pools) - 1)] for centre in range(len(self.protocol.centres))]

    def centre_of(self, walker: Walker) -> int:
        """The place of the walker's centre: the patient's, or that of the lot's shelf."""
        return walker.entity % len(self._shelves) if walker.kind == LOT else self._centre[walker.entity]

    def lot_of(self, number: int) -> tuple[Lot, StockPool]:
        """A lot under way, and its shelf."""
        return self.lots.lots[number], self._shelves[number % len(self._shelves)]

    def _start_lot(self, number: int) -> None:
        Walker(self, LOT, number, self.lot_path, self.timeline.today, INFINITY).happen()

    def come_back(self, patient: int, day: float, until: float) -> None:
        """Let a patient arrive on `day`, if it is before `until`, for the next course, if there is one."""
        later = patient + len(self.cohort.referral_day) // self.cohort.courses
        if day >= until or later >= len(self.referral_day) or self.referral_day[later] < INFINITY:
            return
        self.referral_day[later] = day

        def arrive() -> None:
            self.set_leave(later, *self.clocks_of(later).forecast())
            Walker(self, PATIENT, later, self.later_path, day, self.leave_day[later]).happen()

        self.timeline.at(day, Phase.ARRIVAL + later, Action(self.timeline, arrive))

    def next_attempt(self, walker: Walker, name: str) -> int:
        """The number of the attempt that begins now, from 0; an EngineError where there is no end of them."""
        if walker.kind == LOT:
            made = self._lot_attempts.get((name, walker.entity), 0)
            self._lot_attempts[name, walker.entity] = made + 1
        else:
            counts = self._attempts[name]
            made = counts[walker.entity]
            counts[walker.entity] = made + 1
        if made >= MOST_RETURNS:
            raise attempts_without_end(self.cohort, walker.kind, walker.entity, name)
        return made

    def attempts(self) -> list[list[int]]:
        """Attempts begun, one list a name."""
        return [self._attempts[name] for name in self.attempt_names]

    def end(self, patient: int, day: float, end: End) -> None:
        """The patient's path has ended by itself."""
        self.ended_outcome[patient] = self.ends.index(end)
        self.ended_day[patient] = day

    def set_leave(self, patient: int, day: float, clock: int, progression: float) -> None:
        """What the clocks now make of the patient."""
        self.leave_day[patient], self.leave_clock[patient] = day, clock
        self.progression_day[patient] = progression

    def stop_clocks(self, patient: int, day: float) -> None:
        """The clocks stop; a progression foreseen for later does not happen."""
        progression = self.progression_day[patient]
        self.set_leave(patient, INFINITY, -1, progression if progression <= day else INFINITY)

    def clocks_of(self, i: int) -> PatientClocks:
        """The clocks of a patient, as they stood at referral when nothing has touched them yet."""
        clocks = self._clocks.get(i)
        if clocks is None:
            cohort, book = self.cohort, self.protocol.clocks
            tables, ends = self.hazards[book.first]
            referral = self.referral_day[i]
            clocks = PatientClocks(
                tables=tables,
                ends_eligibility=ends,
                after_progression=book.after_progression,
                group=tuple(cohort.group_multipliers[:, i].tolist()),
                thresholds=cohort.thresholds[:, i].tolist(),
                eligibility=float(cohort.eligibility[i]),
                anew=(float(cohort.anew_threshold[i]), float(cohort.anew_eligibility[i])),
                origin=referral,
                since=referral,
                used=[0.0, 0.0, 0.0],
                path=[1.0, 1.0, 1.0],
                changes=[],
            )
            self._clocks[i] = clocks
        return clocks


# Attempts without limit are stopped here (design section 4b).
MOST_ATTEMPTS = 1_000
