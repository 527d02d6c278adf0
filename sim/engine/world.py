"""Everything that the walkers of one replication share in the reference engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from sim.engine.columns import Columns
from sim.engine.pools import INFINITY, NAN, CapacityPool, Queue, Request, SlotLog, SlotPool
from sim.engine.stocks import LotLog, StockPool
from sim.engine.timeline import Timeline
from sim.engine.trace import LOT, PATIENT, EngineError
from sim.engine.walker import Walker
from sim.pieces.clocks import Hazards, PatientClocks
from sim.pieces.cohort import Cohort, Luck
from sim.pieces.protocol import Cadence, Capacity, Protocol, attempt_names, drawn, milestones, walk_steps
from sim.pieces.steps import End


class World:
    """The simulated clock, pools, draws and records of one replication."""

    def __init__(self, protocol: Protocol, cohort: Cohort, luck: Luck, traced: bool) -> None:
        count = len(cohort.referral_day)
        self.protocol, self.cohort, self.luck = protocol, cohort, luck
        self.timeline = Timeline()
        self.columns = {
            PATIENT: Columns(drawn(protocol.path), lambda purpose, attempt, _: luck.patients(purpose, attempt), count),
            LOT: Columns(drawn(protocol.lot_path), luck.lots, None),
        }
        self.milestones = milestones(protocol.path)
        self.width = len(self.milestones)
        self.note_index = {name: k for k, name in enumerate(self.milestones)}
        self.notes = array("d", [NAN]) * (count * self.width)
        self.passes = array("q", [0]) * (count * self.width)
        self.attempt_names = attempt_names(protocol.path)
        self._attempts: dict[str, list[int]] = {name: [0] * count for name in self.attempt_names}
        self._lot_attempts: dict[tuple[str, int], int] = {}
        self.fates = tuple(dict.fromkeys(s.fate for s in walk_steps(protocol.path) if isinstance(s, End)))
        self.ended_fate, self.ended_day = array("q", [-1]) * count, array("d", [NAN]) * count
        self.leave_day: list[float] = cohort.leave_day.tolist()
        self.leave_clock: list[int] = cohort.leave_clock.tolist()
        self.progression_day: list[float] = cohort.progression_day.tolist()
        self.stages: list[tuple[int, int, str, float, float]] | None = [] if traced else None
        self.hazards = {
            name: ((Hazards(s.tables[0]), Hazards(s.tables[1]), Hazards(s.tables[2])), s.ends_eligibility)
            for name, s in protocol.clocks.sets.items()
        }
        self._clocks: dict[int, PatientClocks] = {}
        self._centre: list[int] = cohort.centre.tolist()
        self._ranks: dict[str, list[float]] = {}
        self.log: list[Request] = []
        self.slots, self.lots = SlotLog(), LotLog()
        self._pools: dict[str, list[Queue]] = {}
        for index, resource in enumerate(protocol.resources):
            match resource:
                case Capacity():
                    self._pools[resource.name] = [
                        CapacityPool(self.timeline, index, centre, self.log, resource)
                        for centre in range(len(resource.units))
                    ]
                case Cadence():
                    self._pools[resource.name] = [
                        SlotPool(self.timeline, index, centre, self.log, resource, self.slots)
                        for centre in range(len(resource.counts))
                    ]
                case _:
                    self.stock = StockPool(self.timeline, index, self.log, resource, self.lots, self._start_lot)
                    self._pools[resource.name] = [self.stock]

        self._pools_at = [
            {name: pools[min(centre, len(pools) - 1)] for name, pools in self._pools.items()}
            for centre in range(len(protocol.centres))
        ]

    def all_pools(self) -> list[Queue]:
        """Every pool, in order of declaration and centre."""
        return [pool for pools in self._pools.values() for pool in pools]

    def pools_for(self, walker: Walker) -> dict[str, Queue]:
        """The pools that serve the walker, by name: his centre's own, or those for all."""
        return self._pools_at[0 if walker.kind == LOT else self._centre[walker.entity]]

    def _start_lot(self, number: int) -> None:
        Walker(self, LOT, number, self.protocol.lot_path, self.timeline.today, INFINITY).happen()

    def next_attempt(self, walker: Walker, name: str) -> int:
        """The number of the attempt that begins now, from 0; an EngineError where there is no end of them."""
        if walker.kind == LOT:
            made = self._lot_attempts.get((name, walker.entity), 0)
            self._lot_attempts[name, walker.entity] = made + 1
        else:
            counts = self._attempts[name]
            made = counts[walker.entity]
            counts[walker.entity] = made + 1
        if made >= MOST_ATTEMPTS:
            raise EngineError(f"{name}: still failing after {MOST_ATTEMPTS:,} attempts")
        return made

    def attempts(self) -> list[list[int]]:
        """Attempts begun, one list a name."""
        return [self._attempts[name] for name in self.attempt_names]

    def end(self, patient: int, day: float, fate: str) -> None:
        """The patient's path has ended by itself."""
        self.ended_fate[patient] = self.fates.index(fate)
        self.ended_day[patient] = day

    def set_leave(self, patient: int, day: float, clock: int, progression: float) -> None:
        """What the clocks now make of the patient."""
        self.leave_day[patient], self.leave_clock[patient] = day, clock
        self.progression_day[patient] = progression

    def stop_clocks(self, patient: int, day: float) -> None:
        """The clocks stop; a progression foreseen for later does not happen."""
        progression = self.progression_day[patient]
        self.set_leave(patient, INFINITY, -1, progression if progression <= day else INFINITY)

    def clocks_of(self, walker: Walker) -> PatientClocks:
        """The clocks of the walker's patient, as they stood at referral when nothing has touched them yet."""
        i = walker.entity
        clocks = self._clocks.get(i)
        if clocks is None:
            cohort, book = self.cohort, self.protocol.clocks
            tables, ends = self.hazards[book.first]
            referral = float(cohort.referral_day[i])
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

    def rank(self, policy: str, walker: Walker) -> float:
        """The first part of a patient's queue key under a policy."""
        ranks = self._ranks.get(policy)
        if ranks is None:
            ranks = self._ranks[policy] = RANKS[policy](self)
        return ranks[walker.entity]


# Attempts without limit are stopped here (design section 4b).
MOST_ATTEMPTS = 1_000

# Smaller is served earlier; equal ranks by the day of asking.
RANKS: dict[str, Callable[[World], list[float]]] = {
    "sickest_first": lambda world: (-world.cohort.priority).tolist(),
    "lottery": lambda world: world.luck.patients("lottery", 0).tolist(),
}
