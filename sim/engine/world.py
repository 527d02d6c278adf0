"""Everything that the walkers of one replication share in the reference engine."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import repeat
from math import inf, nan
from typing import NamedTuple

import numpy as np

from sim.engine.bookings import BookingPool
from sim.engine.columns import Columns
from sim.engine.grants import Grants
from sim.engine.guard import MOST_RETURNS, attempts_without_end
from sim.engine.lists import ListPool, Lists
from sim.engine.pools import CapacityPool, Place, Pool, Request
from sim.engine.ranking import ranking
from sim.engine.slots import Slot, SlotPool
from sim.engine.stocks import Expiry, Lot, StockPool
from sim.engine.timeline import Phase, Timeline, then
from sim.engine.trace import LOT, PATIENT, EngineError
from sim.engine.walker import Passed, Walker
from sim.pieces.clocks import LEAVES, STAYS, Hazards, PatientClocks
from sim.pieces.cohort import Cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import (
    FIRST_COME,
    AnyOf,
    Bookings,
    Cadence,
    Capacity,
    Policy,
    Protocol,
    Resource,
    drawn,
    ends,
    inner_paths,
    milestones,
    place_for,
    walk_steps,
)
from sim.pieces.steps import Attempts, Choose, End, Fail, Milestone, Stage, Then, Together

# Steps on which a walker meets nobody, nor the clock.
CONCERN_NOBODY = (Milestone, Stage, Choose, Attempts, Fail)
# So many lots are drawn for at first.
FIRST_LOTS = 64


class ClockDraws(NamedTuple):
    """What a patient's clocks are made of: multipliers of their risk group, and what was drawn."""

    multipliers: list[float]
    thresholds: list[float]
    eligibility: float
    anew: tuple[float, float]


class World:
    """The simulated clock, pools, draws and records of one replication."""

    def __init__(self, protocol: Protocol, cohort: Cohort, luck: Luck, traced: bool) -> None:
        count, path, streams = len(cohort.referral_day), protocol.patient_steps, protocol.lot_streams
        self.protocol, self.cohort = protocol, cohort
        self.timeline = Timeline()
        self.columns = {
            PATIENT: Columns(drawn(path), lambda name, attempt, _: luck.patients((name,), attempt=attempt)[0], count),
            LOT: Columns(
                drawn(protocol.lot_path),
                lambda name, attempt, count: luck.lots(streams, (name,), np.arange(count), attempt)[0],
                FIRST_LOTS,
            ),
        }
        self.referral_day: list[float] = cohort.referral_day.tolist()
        self.queues_by: list[float] = cohort.queues_by.tolist()
        self.notes = {name: array("d", cohort.notes.get(name, [nan] * count)) for name in milestones(path)}
        self.passes = {name: array("q", (~np.isnan(its)).astype("q").tobytes()) for name, its in self.notes.items()}
        self.attempts = {
            (PATIENT, name, int(i)): int(its[i]) for name, its in cohort.attempts.items() for i in np.flatnonzero(its)
        }
        self.ends = ends(path)
        self.ended_outcome, self.ended_day = [-1] * count, [nan] * count
        self.leave_day: list[float] = cohort.leave_day.tolist()
        self.leave_clock: list[int] = cohort.leave_clock.tolist()
        self.progression_day: list[float] = cohort.progression_day.tolist()
        self.stages: list[Passed] | None = [] if traced else None
        self.stage_names: dict[str, int] = {}
        self.log: list[Request] = []
        self.slots: list[Slot] = []
        self.lots: dict[int, Lot] = {}
        self.expiries: list[Expiry] = []
        self.hazards = {
            name: ((Hazards(s.tables[0]), Hazards(s.tables[1]), Hazards(s.tables[2])), s.ends_eligibility)
            for name, s in protocol.clocks.sets.items()
        }
        self._clocks: dict[int, PatientClocks] = {}
        self._in_first_course = count // cohort.courses
        self._concerns_nobody: dict[int, bool] = {}
        self._centre: list[int] = cohort.centre.tolist()
        self._shelves: list[StockPool] = []
        self._grants = Grants(self.timeline)
        self._lists = Lists(self._grants)
        self._resources = {resource.name: resource for resource in protocol.resources}
        centres = range(max(1, len(protocol.centres)))
        self._places = {r.name: [place_for(r, centre) for centre in centres] for r in protocol.resources}
        self._pools: dict[str, Sequence[Pool]] = {}
        for index, resource in enumerate(protocol.resources):
            self._pools[resource.name] = self._open(index, resource)

    def _open(self, index: int, resource: Resource) -> Sequence[Pool]:
        """The pools of a resource: one a centre, or one for all."""
        policies = {**self.protocol.policies, FIRST_COME: Policy()}
        if resource.policy not in policies:
            raise EngineError(f"{resource.name}: there is no policy {resource.policy!r}")
        own = self.cohort.ranks.get(resource.policy, np.zeros(len(self.referral_day))).tolist()
        lot_rank = resource.lot_rank if isinstance(resource, Capacity) else 0.0
        rank = ranking(policies[resource.policy], own, self.progression_day, lot_rank)

        def places(count: int) -> list[Place]:
            return [Place(self.timeline, self._grants, index, centre, rank, self.log) for centre in range(count)]

        match resource:
            case Capacity():
                return [CapacityPool(place, resource) for place in places(len(resource.units))]
            case Bookings():
                units = [pool for pool in self._pools.get(resource.of, ()) if isinstance(pool, CapacityPool)]
                return [BookingPool(*both) for both in zip(places(len(units)), repeat(resource), units)]
            case AnyOf():
                return [
                    ListPool(place, [(self._at(name, place.centre), days) for name, days in serving], self._lists)
                    for place, serving in zip(
                        places(len(resource.of)), map(zip, resource.of, resource.rest), strict=True
                    )
                ]
            case Cadence():
                return [SlotPool(place, resource, self.slots) for place in places(len(resource.counts))]
            case _ if self._shelves:
                raise EngineError(f"{resource.name}: a second stock, where lots are of one kind")
            case _:
                shared = (self.lots, self.expiries, self._start_lot)
                self._shelves = [StockPool(place, resource, *shared) for place in places(len(resource.opening))]
                return self._shelves

    def concerns_nobody(self, step: Together) -> bool:
        """Whether nobody is met on any of the branches, so that each may be walked as a whole."""
        if id(step) not in self._concerns_nobody:
            inside = (one for path in inner_paths(step) for one in walk_steps(path))
            self._concerns_nobody[id(step)] = all(isinstance(one, CONCERN_NOBODY) for one in inside)
        return self._concerns_nobody[id(step)]

    def resource(self, name: str) -> Resource:
        """The resource of a name."""
        return self._resources[name]

    def _at(self, resource: str, centre: int) -> Pool:
        """The pool of a resource at a centre, or that for all."""
        return self._pools[resource][self._places[resource][centre]]

    def pool(self, resource: str, kind: int, entity: int) -> Pool:
        """The pool of a resource that serves the centre of a patient, or of a lot's shelf: its own, or that for all."""
        pools = self._pools[resource]
        if len(pools) == 1:
            return pools[0]
        return self._at(resource, entity % len(self._shelves) if kind == LOT else self._centre[entity])

    # -- who is on the way ------------------------------------------------------------------------------------------

    def refer(self, patient: int, day: float) -> None:
        """Let a patient start on their path today."""
        walker = Walker(self, PATIENT, patient, day, self.leave_day[patient])
        later = patient >= self._in_first_course
        self.timeline.process(walker.walk(self.protocol.later_path if later else self.protocol.path))

    def come_back(self, patient: int, day: float, until: float) -> None:
        """Let a patient arrive on `day`, if it is before `until`, for the next course, if there is one."""
        later = patient + self._in_first_course
        if day >= until or later >= len(self.referral_day) or self.referral_day[later] < inf:
            return
        self.referral_day[later] = day

        def arrive() -> None:
            self.foresee(later)
            self.refer(later, day)

        then(self.timeline.on(day, Phase.ARRIVAL + later), arrive)

    def _start_lot(self, number: int) -> None:
        self.columns[LOT].reach(number)
        self.timeline.process(Walker(self, LOT, number, self.timeline.now, inf).walk(self.protocol.lot_path))

    def lot_of(self, number: int) -> tuple[Lot, StockPool]:
        """A lot under way, and its shelf."""
        return self.lots[number], self._shelves[number % len(self._shelves)]

    # -- what is noted of them --------------------------------------------------------------------------------------

    def next_attempt(self, kind: int, entity: int, name: str) -> int:
        """The number of the attempt that begins now, from 0; an EngineError where there is no end of them."""
        made = self.attempts.get((kind, name, entity), 0)
        if made >= MOST_RETURNS:
            raise attempts_without_end(self.cohort, kind, entity, name)
        self.attempts[kind, name, entity] = made + 1
        return made

    def end(self, patient: int, day: float, end: End) -> None:
        """The patient's path has ended by itself."""
        self.ended_outcome[patient], self.ended_day[patient] = self.ends.index(end), day

    def foresee(self, i: int) -> None:
        """What the clocks now make of a patient."""
        self.leave_day[i], self.leave_clock[i], self.progression_day[i] = self.clocks_of(i).forecast()
        self._end_before(i)

    def leave_by_then(self, patient: int, day: float, end: End) -> None:
        """The patient's path will have ended on that day, unless a clock comes first."""
        self.end(patient, day, end)
        self._end_before(patient)

    def _end_before(self, patient: int) -> None:
        """An end of the path that is known ahead comes before a clock that would have struck later."""
        if self.ended_day[patient] < self.leave_day[patient]:
            self.leave_day[patient], self.leave_clock[patient] = self.ended_day[patient], -1

    def at_progression(self, i: int, day: float, then: Then) -> None:
        """What a progression of a patient means from now on."""
        if then is Then.STAY and self.ended_day[i] > day:
            self.ended_outcome[i], self.ended_day[i] = -1, nan
        clocks = self.clocks_of(i)
        drawn = clocks.eligibility if 0.0 <= clocks.eligibility <= 1.0 else self._clock_draws[i].eligibility
        clocks.at_progression(day, {Then.LEAVE: LEAVES, Then.STAY: STAYS}.get(then, drawn))
        self.foresee(i)

    def may_turn(self, i: int) -> bool:
        """Whether each progression of a patient takes them off the path."""
        return i in self._clocks and self._clocks[i].eligibility == LEAVES

    def stop_clocks(self, patient: int, day: float) -> None:
        """The clocks stop; a progression foreseen for later does not happen."""
        self.leave_day[patient], self.leave_clock[patient] = inf, -1
        if self.progression_day[patient] > day:
            self.progression_day[patient] = inf

    @cached_property
    def _clock_draws(self) -> list[ClockDraws]:
        cohort = self.cohort
        anew = zip(cohort.anew_threshold.tolist(), cohort.anew_eligibility.tolist(), strict=True)
        columns = (cohort.group_multipliers.T.tolist(), cohort.thresholds.T.tolist(), cohort.eligibility.tolist(), anew)
        return [ClockDraws(*its) for its in zip(*columns, strict=True)]

    def clocks_of(self, i: int) -> PatientClocks:
        """The clocks of a patient, as they stood at referral when nothing has touched them yet."""
        if i not in self._clocks:
            book, its = self.protocol.clocks, self._clock_draws[i]
            tables, ends_eligibility = self.hazards[book.first]
            self._clocks[i] = PatientClocks(
                tables=tables,
                ends_eligibility=ends_eligibility,
                after_progression=book.after_progression,
                group=its.multipliers,
                thresholds=its.thresholds,
                eligibility=its.eligibility,
                anew=its.anew,
                origin=self.referral_day[i],
                since=self.referral_day[i],
                used=[0.0, 0.0, 0.0],
                path=[1.0, 1.0, 1.0],
                changes=[],
            )
        return self._clocks[i]
