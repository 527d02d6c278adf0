"""Bookings of the reference engine: units of a capacity that are promised for a day to come."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan, nan, nextafter

from sim.engine.pools import CapacityPool, Place, Pool, Request
from sim.engine.timeline import Phase, then
from sim.pieces.protocol import Bookings, CapacitySteps


class BookingPool(Pool):
    """Bookings of the units of one `CapacityPool`, granted to the first who waits when a unit will be there.

    Looked at anew whenever units or a booking come free, more is known of the units, and on the next day on which
    the first could be served as the bookings and the units in use now stand.
    """

    free = inf  # whether there is a booking depends on who asks
    # who is first and leaves makes room for the next, whose day may fit
    counts_waiting = True

    def __init__(self, place: Place, terms: Bookings, units: CapacityPool) -> None:
        super().__init__(place)
        self.terms, self.unlimited = terms, units.unlimited
        self._units, units.bookings = units, self
        self._held: dict[Request, None] = {}
        self._looks = -inf
        known = terms.known[self.centre]
        self._learn(next(steps for day, steps in reversed(known) if day <= 0.0))
        for day, steps in known:
            if day > 0.0:
                then(self.timeline.on(day, Phase.DELIVERY + self.resource), self._learn, steps)

    def give_back(self, request: Request, has_left: bool) -> None:
        """A booking is given up."""
        if not self.unlimited:
            del self._held[request]
            request.day = nan
            self.look()

    def take_up(self, request: Request, day: float) -> None:
        """Whoever is granted a unit takes up their booking, if they have one, and is expected to stay as planned."""
        booking = request.booking
        if booking is None:
            return
        if isnan(booking.ended):
            booking.ended, booking.day = day, day + booking.planned
            if not self.unlimited:
                del self._held[booking]
                self.look()
        request.day = booking.day

    def look(self) -> None:
        """See at this instant, after everything else, whether the first of those who wait can be served."""
        self._call_turn()

    def _learn(self, steps: CapacitySteps) -> None:
        self._known, self._fewest = steps, min(units for _, units in steps)
        self.look()

    # -- whether a unit will be there -------------------------------------------------------------------------------

    def _can_serve(self, request: Request) -> bool:
        """Whether a unit will be there at each instant of the time that is asked for."""
        if len(self._held) + self._units.most_held < self._fewest:
            return True  # were all taken at once, and as few there as ever will be
        first = self._needed_on(request, self.timeline.now)
        end = first + request.planned
        begins = [(self._begins(booking), booking.planned) for booking in self._held]
        moments = [first, *(day for day, _ in begins if first < day < end)]
        moments += [day for day, _ in self._known if first < day < end]
        return all(self._taken(moment, begins) < self._there(moment) for moment in moments)

    def _needed_on(self, request: Request, day: float) -> float:
        """The day on which a unit is needed if the booking is granted on `day`."""
        return self._opens(day) + request.ahead

    def _opens(self, day: float) -> float:
        return day if self.terms.hours is None else self.terms.hours.start(day, 0.0)

    def _begins(self, booking: Request) -> float:
        """The day from which a booking counts: its own, or now where that is past, or when units are there again."""
        day = max(booking.day, self.timeline.now)
        if self._there(day) > 0:
            return day
        return next((later for later, units in self._known if later > day and units > 0), day)

    def _taken(self, moment: float, begins: Sequence[tuple[float, float]]) -> int:
        """Units that are booked (from these days on, for so many), or expected in use, at a moment from now on."""
        now = self.timeline.now
        booked = len([begin for begin, planned in begins if begin <= moment < begin + planned])
        return booked + sum([one.units for one in self._units.holders if moment == now or moment < one.day])

    def _there(self, moment: float) -> float:
        """Units that will be there, as far as is known."""
        return next(units for day, units in reversed(self._known) if day <= moment)

    def grant(self, request: Request) -> None:
        """A booking for the day on which the unit is needed."""
        request.day = self._needed_on(request, self.timeline.now)
        self._held[request] = None
        super().grant(request)

    def hold(self, request: Request, day: float) -> None:
        """A booking for a day that was made before the first one."""
        request.day = day
        self._held[request] = None
        super().grant(request)

    # -- when to look again -----------------------------------------------------------------------------------------

    def _come_again(self, first: Request) -> None:
        """Look again as soon as the time asked for begins after something that is in its way now.

        A booking that counts from now on is in the way until it is taken up; then it is looked at anyway.
        """
        now = self.timeline.now
        begins = [(self._begins(booking), booking.planned) for booking in self._held]
        ends = [begin + planned for begin, planned in begins if begin > now]
        ends += [one.day for one in self._units.holders] + [day for day, _ in self._known]
        needed = self._needed_on(first, now)
        day = min((self._granted_for(first, end) for end in ends if end > needed), default=inf)
        if day < inf and not now < self._looks <= day:
            self._looks = day
            then(self.timeline.on(day, Phase.DELIVERY + self.resource), self.look)

    def _granted_for(self, request: Request, end: float) -> float:
        """The first day on which a unit needed from `end` on may be asked for, and what comes before begin."""
        day = end - request.ahead
        while day + request.ahead < end:  # rounding
            day = nextafter(day, inf)
        return self._opens(day)
