"""Dated slots of the reference engine: offered, claimed, handed back, perished."""

from __future__ import annotations

from functools import partial
from heapq import heapify, heappop, heappush

from sim.engine.pools import Queue
from sim.engine.ranking import Ranking
from sim.engine.requests import ENTITY, NAN, Request
from sim.engine.timeline import Action, Phase, Timeline
from sim.pieces.protocol import Cadence


class Slot:
    """A dated slot: the row of its record, its start day, and the day on which it perishes if unclaimed."""

    __slots__ = ("closes", "row", "start")

    def __init__(self, row: int, start: float, closes: float) -> None:
        self.row, self.start, self.closes = row, start, closes


class SlotLog:
    """The record of every slot offered, as columns."""

    def __init__(self) -> None:
        self.resource: list[int] = []
        self.centre: list[int] = []
        self.offered: list[float] = []
        self.start: list[float] = []
        self.holder: list[int] = []
        self.handed_back: list[int] = []
        self.perished: list[float] = []

    def offer(self, resource: int, centre: int, offered: float, start: float) -> int:
        """The row of a new slot."""
        self.resource.append(resource)
        self.centre.append(centre)
        self.offered.append(offered)
        self.start.append(start)
        self.holder.append(-1)
        self.handed_back.append(0)
        self.perished.append(NAN)
        return len(self.start) - 1


class SlotPool(Queue):
    """Slots of a release cadence: claimed in order of their start, perishing when their offer closes unclaimed."""

    dated = True

    def __init__(
        self,
        timeline: Timeline,
        index: int,
        centre: int,
        log: list[Request],
        ranking: Ranking | None,
        resource: Cadence,
        slots: SlotLog,
    ) -> None:
        super().__init__(timeline, index, centre, log, ranking)
        self._resource, self._slots = resource, slots
        self._free: list[tuple[float, int, Slot]] = []
        self._offers = 0
        self._offering = Action(timeline, self._offer)
        self._schedule_offer()

    def _schedule_offer(self) -> None:
        days = self._resource.offer_days
        if self._offers < len(days):
            self.timeline.at(days[self._offers], Phase.DELIVERY + self.index, self._offering)

    def _offer(self) -> None:
        days, resource, now = self._resource.offer_days, self._resource, self.timeline.today
        last = min(self._offers + resource.carry_over, len(days) - 1)
        self._offers += 1
        self._schedule_offer()
        for _slot in range(resource.counts[self.centre]):
            row = self._slots.offer(self.index, self.centre, now, now + resource.lead)
            self._put(Slot(row, now + resource.lead, days[last] + 1.0))

    def _put(self, slot: Slot) -> None:
        heappush(self._free, (slot.start, slot.row, slot))
        self.free += 1
        perishing = Action(self.timeline, partial(self._perish, slot))
        self.timeline.at(slot.closes, Phase.PERISH + slot.row, perishing)
        self.call_turn()

    def _perish(self, slot: Slot) -> None:
        entry = (slot.start, slot.row, slot)
        if slot.closes <= self.timeline.today and entry in self._free:
            self._free.remove(entry)
            heapify(self._free)
            self.free -= 1
            self._slots.perished[slot.row] = self.timeline.today

    def give_back(self, request: Request, left: bool) -> None:
        """The holder is through with the slots; if he left in time, they are offered again until the day is over."""
        now = self.timeline.today
        for slot in request.slots:
            if left and now <= slot.start - self._resource.notice:
                self._slots.holder[slot.row] = -1
                self._slots.handed_back[slot.row] += 1
                self._put(Slot(slot.row, slot.start, now + 1.0))

    def _grant(self, request: Request) -> None:
        super()._grant(request)
        request.slots = tuple(heappop(self._free)[-1] for _ in range(request.units))
        for slot in request.slots:
            self._slots.holder[slot.row] = request.who & ENTITY
