"""Dated slots of the reference engine: offered, claimed, handed back, withdrawn, perished."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from itertools import repeat
from math import inf, nan

from sim.engine.pools import Place, Pool, Request
from sim.engine.timeline import Phase, then
from sim.pieces.protocol import Cadence


@dataclass(slots=True, eq=False)
class Slot:
    """A dated slot, and the record of what became of it.

    `row`: its place among all slots. `withdraws`: when the manufacturer takes it back. `closes`: when it perishes.
    `holder`: the last claimant, or -1. `perished`, `withdrawn`: when it did, or was.
    """

    row: int
    resource: int
    centre: int
    offered: float
    start: float
    withdraws: float
    closes: float = nan
    holder: int = -1
    handed_back: int = 0
    perished: float = nan
    withdrawn: float = nan


class SlotPool(Pool):
    """Slots of a release cadence: claimed in order of their start, perishing when their offer closes unclaimed."""

    def __init__(self, place: Place, offers: Cadence, slots: list[Slot]) -> None:
        super().__init__(place)
        self._offers, self._slots = offers, slots
        self._free: list[Slot] = []
        self._withdrawn = iter(offers.withdrawn[self.centre]) if offers.withdrawn else repeat(inf)
        self._offer_on(0)

    @property
    def free(self) -> float:
        """Slots that may be claimed."""
        return len(self._free)

    def _offer_on(self, offer: int) -> None:
        if offer < len(self._offers.offer_days):
            day = self._offers.offer_days[offer]
            then(self.timeline.on(day, Phase.DELIVERY + self.resource), self._offer, offer)

    def _offer(self, offer: int) -> None:
        """The slots of one offer day; those that the manufacturer has withdrawn by now are not offered."""
        self._offer_on(offer + 1)
        now, offers, days = self.timeline.now, self._offers, self._offers.offer_days
        last = min(offer + offers.carry_over, len(days) - 1)
        for _ in range(offers.counts[self.centre][offer]):
            withdraws = next(self._withdrawn)
            slot = Slot(len(self._slots), self.resource, self.centre, now, now + offers.lead, withdraws)
            self._slots.append(slot)
            if withdraws <= now:
                slot.withdrawn = now
                continue
            self._put(slot, days[last] + 1.0)
            if withdraws < inf:
                then(self.timeline.on(withdraws, Phase.EXPIRY + slot.row), self._withdraw, slot)

    def _put(self, slot: Slot, closes: float) -> None:
        slot.closes = closes
        insort(self._free, slot, key=lambda one: (one.start, one.row))
        then(self.timeline.on(closes, Phase.PERISH + slot.row), self._perish, slot)
        self._call_turn()

    def _perish(self, slot: Slot) -> None:
        if slot in self._free and slot.closes <= self.timeline.now:
            self._free.remove(slot)
            slot.perished = self.timeline.now

    def _withdraw(self, slot: Slot) -> None:
        """The manufacturer takes back a slot that nobody holds; for a holder see `take_back`."""
        if slot in self._free:
            self._free.remove(slot)
            slot.withdrawn = self.timeline.now

    def give_back(self, request: Request, has_left: bool) -> None:
        """The holder is through with the slots; who leaves in time hands them back until the day is over."""
        for slot in request.slots:
            if has_left:
                self._hand_back(slot)

    def take_back(self, request: Request) -> None:
        """The manufacturer takes back a slot of this request today; its others go back as if the holder had left."""
        request.ended = self.timeline.now
        for slot in request.slots:
            if slot.withdraws <= self.timeline.now:
                slot.holder, slot.withdrawn = -1, self.timeline.now
            else:
                self._hand_back(slot)

    def key_after(self, key_day: float) -> float:
        """The day by which somebody queues whose slot is withdrawn today, having queued by `key_day`."""
        return key_day if self._offers.keeps_place else self.timeline.now

    def _hand_back(self, slot: Slot) -> None:
        now = self.timeline.now
        if now <= slot.start - self._offers.notice:
            slot.holder = -1
            slot.handed_back += 1
            self._put(slot, now + 1.0)

    def usable_from(self) -> float:
        """The start of the first slot that is free."""
        return max(super().usable_from(), self._free[0].start)

    def grant(self, request: Request) -> None:
        """The first slots."""
        request.slots, self._free = self._free[: request.units], self._free[request.units :]
        for slot in request.slots:
            slot.holder = request.entity
        super().grant(request)


def withdrawal(request: Request) -> float:
    """The day on which the first of a request's slots is withdrawn before it has started; infinite where none is."""
    return min((slot.withdraws for slot in request.slots if slot.withdraws <= slot.start), default=inf)
