"""Dated slots of the reference engine: offered, claimed, handed back, withdrawn, perished."""

from __future__ import annotations

from functools import partial
from heapq import heapify, heappop, heappush

from sim.engine.pools import Queue
from sim.engine.ranking import Ranking
from sim.engine.requests import ENTITY, INFINITY, NAN, Request
from sim.engine.timeline import Action, Phase, Timeline
from sim.pieces.protocol import Cadence


class Slot:
    """A dated slot: the row of its record, its start day, and when it perishes if unclaimed or is `withdrawn`."""

    __slots__ = ("closes", "row", "start", "withdrawn")

    def __init__(self, row: int, start: float, closes: float, withdrawn: float) -> None:
        self.row, self.start, self.closes, self.withdrawn = row, start, closes, withdrawn


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
        self.withdrawn: list[float] = []

    def offer(self, resource: int, centre: int, offered: float, start: float) -> int:
        """The row of a new slot."""
        self.resource.append(resource)
        self.centre.append(centre)
        self.offered.append(offered)
        self.start.append(start)
        self.holder.append(-1)
        self.handed_back.append(0)
        self.perished.append(NAN)
        self.withdrawn.append(NAN)
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
        last, count = min(self._offers + resource.carry_over, len(days) - 1), resource.counts[self.centre]
        numbers = range(self._offers * count, (self._offers + 1) * count)
        self._offers += 1
        self._schedule_offer()
        for number in numbers:
            row = self._slots.offer(self.index, self.centre, now, now + resource.lead)
            withdrawn = resource.withdrawn[self.centre][number] if resource.withdrawn else INFINITY
            if withdrawn <= now:
                self._slots.withdrawn[row] = now
                continue
            self._put(Slot(row, now + resource.lead, days[last] + 1.0, withdrawn))
            if withdrawn < INFINITY:
                withdrawing = Action(self.timeline, partial(self._withdraw, row))
                self.timeline.at(withdrawn, Phase.EXPIRY + row, withdrawing)

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

    def _withdraw(self, row: int) -> None:
        """The manufacturer takes back a slot that nobody holds; for a holder see `take_back`."""
        for entry in self._free:
            if entry[1] == row:
                self._free.remove(entry)
                heapify(self._free)
                self.free -= 1
                self._slots.withdrawn[row] = self.timeline.today
                return

    def give_back(self, request: Request, left: bool) -> None:
        """The holder is through with the slots; who leaves in time hands them back until the day is over."""
        for slot in request.slots:
            if left:
                self._hand_back(slot)

    def _hand_back(self, slot: Slot) -> None:
        now = self.timeline.today
        if now <= slot.start - self._resource.notice:
            self._slots.holder[slot.row] = -1
            self._slots.handed_back[slot.row] += 1
            self._put(Slot(slot.row, slot.start, now + 1.0, slot.withdrawn))

    def take_back(self, request: Request) -> None:
        """The manufacturer takes back a slot of this request today; its others go back as if the holder had left."""
        now = self.timeline.today
        request.ended = now
        for slot in request.slots:
            if slot.withdrawn <= now:
                self._slots.holder[slot.row] = -1
                self._slots.withdrawn[slot.row] = now
            else:
                self._hand_back(slot)

    def key_after(self, key_day: float) -> float:
        """The day by which somebody queues whose slot is withdrawn today, having queued by `key_day`."""
        return key_day if self._resource.keeps_place else self.timeline.today

    def _grant(self, request: Request) -> None:
        super()._grant(request)
        request.slots = tuple(heappop(self._free)[-1] for _ in range(request.units))
        for slot in request.slots:
            self._slots.holder[slot.row] = request.who & ENTITY


def withdrawal(request: Request) -> float:
    """The day on which the first of a request's slots is withdrawn before it has started; infinite where none is."""
    return min((slot.withdrawn for slot in request.slots if slot.withdrawn <= slot.start), default=INFINITY)
