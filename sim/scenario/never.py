"""What can never be in a scenario: values that exclude each other, and what lies outside the simulated time.

Longer than 400 lines because all that can never be stands in one place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from sim.pure.distributions import Distribution
from sim.pure.survival import Never, exceeds
from sim.scenario.afterwards import Durability
from sim.scenario.capacity_costs import amounts
from sim.scenario.inherit import Layer
from sim.scenario.kinds import ByDate, day_of, is_date
from sim.scenario.leaves import Path, marker_at
from sim.scenario.lists import SLOTS
from sim.scenario.makers import makers
from sim.scenario.nodes import Branch, plain, walk
from sim.scenario.opening import HOURS_A_DAY, Calendar
from sim.scenario.people import Region, Steps, WaitingClocks, is_unlimited
from sim.scenario.problems import Problem, any_of
from sim.scenario.schema import Scenario
from sim.scenario.struck import lots_that_go_on, units_struck
from sim.scenario.units import write_days
from sim.scenario.unused.binds import beds_bind, needs_icu
from sim.scenario.unused.happens import gives, is_read_late, least_days, least_to_product, most_days, treatments
from sim.scenario.unused.people import frail_clocks

# Clock times are shares of a day, so their differences are off by rounding.
A_MOMENT = 1e-9

# -- refused -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contradiction:
    """What cannot happen: at a path, in words, and the paths of the other values that make it so."""

    path: Path
    message: str
    because: tuple[Path, ...]


def contradictions(s: Scenario) -> Iterator[Contradiction]:
    """What cannot happen because of two values, or could only stop everybody."""
    for name, calendar in s.calendars.items():
        if not _openings(calendar, s.run.start, s.run.days):
            message = "is never open in the simulated time: every day on which it opens is a holiday"
            times = tuple(("run", key) for key in ("start", "warm_up", "window", "follow_up", "later_courses_until"))
            yield Contradiction(("calendars", name), message, times)
    yield from _fit(s)
    yield from _batches(s)
    early = s.release_testing.conditional
    if early is not None and early.recall > 0.0 and is_read_late(s):
        reading, whole = write_days(least_days(early.sterility)), write_days(most_days(s.release_testing.sterility))
        yield Contradiction(
            ("release_testing", "conditional", "recall"),
            f"found {early.recall:g}; the whole test (release_testing.sterility, {whole}) has ended by the early "
            f"reading (release_testing.conditional.sterility, {reading}), so that there is nothing to recall; "
            "allowed: 0, or an earlier reading",
            (("release_testing", "sterility"), ("release_testing", "conditional", "sterility")),
        )
    yield from _deaths(s)
    yield from _late_turn(s)
    yield from _step_up(s)
    stock, least = s.allogeneic.stock, least_days(s.allogeneic.shipping.duration)
    if s.strategy != "autologous" and least > stock.shelf_life:
        message = f"found {write_days(stock.shelf_life)}; a dose would expire on its way, which takes at least"
        yield Contradiction(
            ("allogeneic", "stock", "shelf_life"),
            f"{message} {write_days(least)} (allogeneic.shipping.duration)",
            (("allogeneic", "shipping", "duration"),),
        )


def _late_turn(s: Scenario) -> Iterator[Contradiction]:
    """A manufacture that goes on without its patient, whom progression would keep from the alternative meanwhile."""
    made, offered = s.manufacturing, None if s.alternative is None else s.alternative.offered
    booked = made.line_held.start == "booking" and made.line_held.end != "last_attempt"
    if offered is None or s.strategy == "allogeneic" or made.on_leave == "stop" or not booked:
        return
    if offered.at_progression:
        yield Contradiction(
            ("alternative", "offered", "at_progression"),
            f"the line is booked before apheresis (manufacturing.line_held) and work goes on when its patient leaves "
            f"(on_leave: {made.on_leave}); allowed: on_leave: stop, or a line that is held from receipt",
            (("manufacturing", "line_held"), ("manufacturing", "on_leave")),
        )


def _step_up(s: Scenario) -> Iterator[Contradiction]:
    """Bridging that begins in a bed, where the cells are not on their way by themselves meanwhile; step-up doses that
    take longer than what they belong to."""
    h = s.before_apheresis.holding
    if h.share > 0.0 and least_days(h.step_up) > most_days(h.duration):
        told = f"takes at least {write_days(least_days(h.step_up))}, and the whole therapy (holding.duration) at most"
        yield Contradiction(
            ("before_apheresis", "holding", "step_up"),
            f"{told} {write_days(most_days(h.duration))}; allowed: no longer than that",
            (("before_apheresis", "holding", "duration"),),
        )
    b, made, after = s.bridging, s.manufacturing, s.clocks.after_progression
    if not b.steps_up or b.share == 0.0 or not gives(s, "autologous"):
        return
    held = ("manufacturing", "line_held")
    if b.bed_within is None and beds_bind(s):
        why = "found no bed_within; required with it where beds have a number"
        yield Contradiction(("bridging", "step_up"), why, (("centres",), ("bridging",)))
    if made.line_held.start == "booking":
        why = "the line is booked before apheresis (manufacturing.line_held); allowed: a line that is held from receipt"
        yield Contradiction(("bridging", "step_up"), why, (held,))
    if made.on_leave != "stop":
        why = f"work goes on when its patient leaves (manufacturing.on_leave: {made.on_leave}); allowed: on_leave: stop"
        yield Contradiction(("bridging", "step_up"), why, (("manufacturing", "on_leave"),))
    if any(
        one.manufacturing.slots is not None and one.manufacturing.slots.claimed == "at_receipt"
        for one in makers(s).values()
    ):
        why = "slots are claimed when the cells are there (claimed: at_receipt); allowed: slots that are claimed before"
        yield Contradiction(("bridging", "step_up"), why, (("manufacturing", "slots"),))
    if s.in_progress is not None:
        why = "what patients in progress had of it is not known from a register; allowed: bridging without step_up"
        yield Contradiction(("bridging", "step_up"), why, (("in_progress",),))
    if min(after.death, after.removal) < 1.0:
        why = (
            "a patient who progresses later would leave earlier (clocks.after_progression below 1); allowed: at least 1"
        )
        yield Contradiction(("bridging", "step_up"), why, (("clocks", "after_progression"),))


def _fit(s: Scenario) -> Iterator[Contradiction]:
    """A collection that must end in the opening in which it starts, where no opening is long enough."""
    a = s.apheresis
    if not a.fit or a.calendar is None or s.strategy == "allogeneic":
        return
    longest = _longest_opening(s.calendars[a.calendar], s.run.start, s.run.days)
    least = least_days(a.duration)
    if 0.0 < longest < least - A_MOMENT:
        yield Contradiction(
            ("apheresis", "fit"),
            f"no opening of calendar '{a.calendar}' is long enough: a collection takes at least {write_days(least)}, "
            f"and the longest opening {write_days(longest) if longest >= 1.0 else f'{longest * HOURS_A_DAY:.6g} h'}",
            (("apheresis", "duration"), ("apheresis", "calendar"), ("calendars", a.calendar)),
        )


def _deaths(s: Scenario) -> Iterator[Contradiction]:
    """Clocks of progression that count deaths, and count fewer than there are."""
    clocks: list[tuple[Path, WaitingClocks | Durability | None]] = [
        (("clocks", "waiting"), s.clocks.waiting), (("clocks", "after_apheresis"), s.clocks.after_apheresis),
    ]  # fmt: skip
    if s.after_infusion is not None:
        clocks += [(("after_infusion", name), s.after_infusion.of(name)) for name in treatments(s)]
        clocks += [
            (("after_infusion", "later_course", name), getattr(s.after_infusion.later_course, name))
            for name in ("autologous", "allogeneic")
        ]
    for path, there in clocks:
        for key in ("progression", "without_response") if there is not None and there.progression_counts_deaths else ():
            shape = getattr(there, key, None)
            assert there is not None
            day = None if shape is None or isinstance(shape, Never) else exceeds(there.death, shape)
            if day is not None:
                message = (
                    f"counts deaths (progression_counts_deaths), and from day {day:.1f} on there are more deaths "
                    f"than it counts: the hazard of {'.'.join((*path, 'death'))} is above its own; "
                    "allowed: deaths with a lower hazard, or progression_counts_deaths: false"
                )
                because = ((*path, "death"), (*path, "progression_counts_deaths"))
                yield Contradiction((*path, key), message, because)


def _most(steps: Steps | None) -> float:
    return max((units for _, units in steps or ()), default=0.0)


def _batches(s: Scenario) -> Iterator[Contradiction]:
    """Products made side by side that need more slots or lines at once than there ever are."""
    made, slots = s.manufacturing, s.manufacturing.slots
    if s.strategy == "allogeneic":
        return
    centres = {name: s.centres[name] for name in s.treating}
    there: list[tuple[str, str, float, tuple[Path, ...]]] = []
    if slots is not None:
        # slots that nobody claimed stay open beside the next ones
        open_at_once = 1 + slots.carry_over
        all_alike = ("manufacturing", "slots")
        if slots.scope == "pool":
            there.append(("slot", "", open_at_once * _most(slots.count), (all_alike,)))
        for name, centre in centres.items() if slots.scope == "centre" else ():
            count = slots.count if centre.slots is None else centre.slots
            both: tuple[Path, ...] = (all_alike, ("centres", name, "slots"))
            there.append(("slot", f" at '{name}'", open_at_once * _most(count), both))
    own: list[tuple[str, Steps, tuple[Path, ...]]]
    if made.site == "factory":
        own = [("", made.lines, ())]
    else:
        own = [
            (f" at '{name}'", made.lines if centre.lines is None else centre.lines, (("centres", name, "lines"),))
            for name, centre in centres.items()
        ]
    for where, steps, said in own:
        there.append(("line", where, _most(steps), (("manufacturing", "lines"), *said)))
    for what, where, most, because in there:
        # none at all is a way to say that nothing is made there
        if 0 < most < made.batches:
            message = (
                f"found {made.batches}, each of which needs a {what} at the same time; there {_are(most, what)}{where}"
            )
            yield Contradiction(("manufacturing", "batches"), message, because)
            return


def _are(most: float, what: str) -> str:
    return f"is never more than 1 {what}" if most == 1 else f"are never more than {most:g} {what}s"


def _in_vain(s: Scenario, tree: Branch) -> Iterator[tuple[Path, str]]:
    """(path, why) of what a scenario may well state, and what moves nothing where it is set to try it out."""
    tested = s.release_testing
    first = ("sterility",) if tested.conditional is None else ("conditional", "sterility")
    early = tested.sterility if tested.conditional is None else tested.conditional.sterility
    tests = {first: early, ("potency",): tested.potency, ("identity",): tested.identity}
    for test, days in tests.items() if is_unlimited(tested.lab) else ():
        for other, its_days in tests.items():
            least = least_days(its_days)
            if other != test and least >= most_days(days):
                why = f"has no effect: the tests run side by side, and {other[-1]} takes at least {write_days(least)}"
                yield ("release_testing", *test), why
                break
    if tested.conditional is not None:
        way = (early, tested.review, s.shipping.to_centre)
        least = sum(map(least_days, way))
        stops = any(d.resource == "lab" and d.work != "finish" for d in s.disruptions.values())
        if most_days(tested.sterility) <= least and not stops:
            why = "has no effect: it is over before the product is at the centre, which takes at least"
            yield (
                ("release_testing", "sterility"),
                f"{why} {write_days(least)} from its start (conditional.sterility, review, shipping.to_centre)",
            )
    slots = s.manufacturing.slots
    queues_once = slots is None or (slots.claimed, slots.after_failed_collection) == ("before_apheresis", "keep")
    offered = s.alternative is not None and s.alternative.offered.since != "referral"
    waits_since = {("hybrid", "since"): s.strategy == "hybrid" and s.hybrid.since != "referral",
                   ("alternative", "offered", "since"): offered}  # fmt: skip
    if queues_once:
        why = "joining and listing are the same day here: patients queue once, when they are listed"
        yield from ((path, why) for path, is_from_the_queue in waits_since.items() if is_from_the_queue)
    # prices that stand ready for other runs
    paid_by_others = s.economics is not None and s.economics.costs.unused_paid_by == "manufacturer"
    if paid_by_others and s.economics is not None and s.economics.perspective == "payer":
        yield ("economics", "costs", "unused_product"), "has no effect: perspective is payer, and the manufacturer pays"
    if not needs_icu(s):
        yield ("economics", "costs", "icu_day"), "has no effect: nobody needs intensive care"
    if (
        s.economics is not None
        and s.economics.perspective != "societal"
        and not paid_by_others
        and not any(its.paid_by == "manufacturer" and amounts(its) for its in s.economics.costs.capacity.kinds.values())
    ):
        yield ("economics", "perspective"), "moves no amount: the payer pays for products that are not infused"
    if s.later_course is not None and s.strategy != "hybrid":
        yield ("later_course", "strategy"), f"same and {s.strategy} are one here: there is no other product"
    others = ({**plain(tree), "run": None}, plain(tree).get("run", {}) | {"start": None})
    if not any(map(_holds_a_date, others)) and not s.calendars and (s.strategy == "allogeneic" or slots is None):
        yield ("run", "start"), "moves only the dates that are shown: nothing in this scenario depends on the calendar"


def _holds_a_date(value: Any) -> bool:
    """Whether a date stands anywhere in raw data."""
    if isinstance(value, dict):
        return any(is_date(key) or _holds_a_date(entry) for key, entry in value.items())
    return any(map(_holds_a_date, value)) if isinstance(value, list) else is_date(value)


def _openings(calendar: Calendar, start: date, days: float) -> bool:
    """Whether it opens on any day of the simulated time."""
    return next(_open_days(calendar, start, days), None) is not None


def _open_days(calendar: Calendar, start: date, days: float) -> Iterator[int]:
    closed = set(calendar.holidays)
    for day in range(math.ceil(days)):
        when = start + timedelta(days=day)
        if when.weekday() in calendar.days and when not in closed:
            yield day


def _longest_opening(calendar: Calendar, start: date, days: float) -> float:
    """Days of the longest opening; days that are open around the clock join."""
    opens, closes = calendar.hours
    if closes - opens < 1.0:
        return closes - opens if _openings(calendar, start, days) else 0.0
    longest, length, before = 0, 0, -2
    for day in _open_days(calendar, start, days):
        length = length + 1 if day == before + 1 else 1
        longest, before = max(longest, length), day
    return float(longest)


# -- warned of ---------------------------------------------------------------------------------------------------------


def without_effect_in_time(s: Scenario, tree: Branch, layers: Sequence[Layer]) -> Iterator[str]:
    """A sentence for everything that lies outside the simulated time, or leaves nothing to do."""
    end = s.run.days
    outside = f"outside the simulated time, which ends on day {end:g}; it has no effect"
    for name, disruption in s.disruptions.items():
        chance = disruption.between
        begins = disruption.first_day if chance is None else least_days(chance)
        if begins >= end:
            earliest = "" if chance is None else " at the earliest"
            yield f"disruptions.{name}: begins on day {begins:g}{earliest}, {outside}"
        elif chance is not None and least_days(disruption.length) >= end:
            least = write_days(least_days(disruption.length))
            yield f"disruptions.{name}: the first outage is never over: it lasts at least {least}, the run {end:g} d"
        most = max((units for steps in units_struck(s, name) for _, units in steps), default=0.0)
        if disruption.units is not None and 0.0 < most < disruption.units:
            all_there = f"more than there ever are at one place ({most:g}): it takes all of them, and no more"
            yield f"disruptions.{name}: {disruption.units} units, {all_there}"
    yield from lots_that_go_on(s)
    for name, region in s.regions.items():
        late = [day for day in region.referral_days or () if day >= end]
        if late:
            yield f"regions.{name}.referral_days: {_first(late)}, {outside}"
    for name, calendar in s.calendars.items():
        days = [(holiday - s.run.start).days for holiday in calendar.holidays]
        away = [holiday for holiday, day in zip(calendar.holidays, days, strict=True) if not 0 <= day < end]
        if away:
            yield f"calendars.{name}.holidays: {any_of(away[:3])}{', ...' if len(away) > 3 else ''}, {outside}"
        if _is_always_open(calendar, s.run.start, end):
            yield f"calendars.{name}: is open around the clock on every simulated day; it has no effect"
    yield from _longer_than_the_run(s)
    yield from _too_late(s)
    yield from _dates(s, tree, end, outside)
    yield from _nothing_to_do(s)
    yield from _empty_sections(layers)
    written = {path: place for layer in layers if layer.command for path, place, _ in walk(layer.tree)}
    yield from (str(Problem(written[path], ".".join(path), why)) for path, why in _in_vain(s, tree) if path in written)


def _is_always_open(calendar: Calendar, start: date, days: float) -> bool:
    opens, closes = calendar.hours
    return closes - opens >= 1.0 and sum(1 for _ in _open_days(calendar, start, days)) == math.ceil(days)


def _longer_than_the_run(s: Scenario) -> Iterator[str]:
    """What would come after all that is simulated."""
    if s.later_course is not None:
        least, end = least_days(s.later_course.relapse), s.run.later_courses_end
        if s.later_course.share == 0.0:
            yield "later_course.share: 0, so that nobody returns"
        elif least >= end:
            told = f"takes at least {write_days(least)}, and later courses end on day {end:g}; nobody returns"
            yield f"later_course.relapse: {told}"
    if s.alternative is not None:
        offered, follow_up = s.alternative.offered, s.run.follow_up
        if s.alternative.accepts == 0.0:
            yield "alternative.accepts: 0, so that nobody is given the alternative"
        if offered.from_start and s.alternative.accepts == 1.0 and not offered.to:
            yield "alternative: everybody takes it at referral, so that nobody of those referred is infused"
        if follow_up <= offered.after_waiting < math.inf:
            told = f"{write_days(offered.after_waiting)}, and patients are followed for {write_days(follow_up)} only"
            yield f"alternative.offered.after_waiting: {told}; nobody is offered it by then"
        if all(s.patients.risk_groups[name].share == 0.0 for name in offered.to) and offered.to:
            yield "alternative.offered.to: nobody is of these risk groups"
        if set(offered.to) == set(s.patients.risk_groups):
            yield "alternative.offered.to: names every risk group, as if it were not given"
    waits = s.hybrid.after_waiting
    if s.strategy == "hybrid" and s.run.follow_up <= waits < math.inf:
        told = f"{write_days(waits)}, and patients are followed for {write_days(s.run.follow_up)} only; nobody gives up"
        yield f"hybrid.after_waiting: {told}"
    order = s.allogeneic.stock.order if gives(s, "allogeneic") else None
    if order is not None and order.every is not None:
        key, first = ("every", order.every) if order.first is None else ("first", order.first)
        if first >= s.run.days:
            told = f"{write_days(first)}, and the simulated time ends on day {s.run.days:g}; no lot is ever started"
            yield f"allogeneic.stock.order.{key}: {told}"
        elif key == "first" and first + order.every >= s.run.days:
            yield f"allogeneic.stock.order.every: {write_days(order.every)}: one lot only falls into the simulated time"
    for name, product in s.manufacturing.products.items() if gives(s, "autologous") else ():
        if product.share == 0.0:
            yield f"manufacturing.products.{name}: share is 0, so that nobody is given it"
    if s.patients.frailty.strength > 0.0 and frail_clocks(s) == 1:
        yield "patients.frailty: one clock only runs that it acts on; it has nothing to tie together"
    for name, group in s.patients.risk_groups.items():
        if group.share == 0.0:
            yield f"patients.risk_groups.{name}: share is 0, so that nobody is of it"


def _too_late(s: Scenario) -> Iterator[str]:
    """What would begin only when it is over, or where nobody is: bridging, and the way of those who never come."""
    for name, region in s.regions.items():
        if region.declines == 1.0:
            yield f"regions.{name}.declines: everybody declines to travel, so that nobody referred there is infused"
    if s.bridging.share == 0.0 or not gives(s, "autologous"):
        return
    within, least = s.bridging.bed_within, least_to_product(s)
    waits = 0.0 if within is None or not s.bridging.steps_up else most_days(s.bridging.start) + within
    if waits > least:
        yield (
            f"bridging.bed_within: who has no bed may wait until {waits:.3g} d after apheresis, and a product may be "
            f"there after {least:.3g} d: it waits for them, and so does a patient whose product has failed"
        )
    starts, most = least_days(s.bridging.start), _most_to_lymphodepletion(s)
    if starts >= most:
        yield (
            f"bridging.start: begins {write_days(starts)} after apheresis at the earliest, and lymphodepletion after "
            f"at most {most:.0f} d where nobody waits and no attempt is repeated; hardly anybody is bridged"
        )
    elif starts >= s.run.follow_up:
        told = f"begins {write_days(starts)} after apheresis, and patients are followed for"
        yield f"bridging.start: {told} {write_days(s.run.follow_up)} only; nobody is bridged"


def _most_to_lymphodepletion(s: Scenario) -> float:
    """The longest time from apheresis to lymphodepletion without queues, closing hours, exceptions and remakes; of a
    duration without an end, so long that one in a thousand takes longer.
    """

    def most(*durations: Distribution | None) -> float:
        return sum(float(d.quantile(np.array([0.999]))[0]) for d in durations if d is not None)

    tested = s.release_testing
    early = tested.sterility if tested.conditional is None else tested.conditional.sterility
    tests = max(most(one) for one in (early, tested.potency, tested.identity))
    made = [
        most(duration, its.shipping.to_factory, its.shipping.to_centre)
        for its in makers(s).values()
        for duration in (its.manufacturing.duration, *(one.duration for one in its.manufacturing.products.values()))
    ]
    return most(s.apheresis.duration, tested.review, s.infusion.scheduling) + tests + max(made)


def _first(days: Sequence[float]) -> str:
    more = f" and {len(days) - 1} more" if len(days) > 1 else ""
    return f"day {days[0]:g}{more}"


def _dates(s: Scenario, tree: Branch, end: float, outside: str) -> Iterator[str]:
    """Entries of values by date that never hold: those after the end, and all but the last before the start."""
    for path, _, node in walk(tree):
        if not isinstance(node, Branch) or not isinstance(marker_at(path), ByDate):
            continue
        days = {key: day_of(key, {"start": s.run.start}) for key in node.entries}
        first = max((day for day in days.values() if day <= 0.0), default=0.0)
        for key, day in days.items():
            if day >= end:
                yield f"{'.'.join(path)}.{key}: {outside}"
            elif day < first:
                yield f"{'.'.join(path)}.{key}: has no effect: another entry holds before the start of the simulation"
        inside = [key for key, day in sorted(days.items(), key=lambda entry: entry[1]) if first <= day < end]
        offers = s.manufacturing.slots.offer_days(s.run) if s.manufacturing.slots is not None else ()
        for key, until in zip(inside, [*(days[key] for key in inside[1:]), end], strict=True):
            if marker_at(path) == SLOTS and not any(days[key] <= offer < until for offer in offers):
                yield f"{'.'.join(path)}.{key}: has no effect: no slots are offered while it holds"
        for before, key in pairwise(inside):
            if plain(node.entries[before]) == plain(node.entries[key]):
                yield f"{'.'.join(path)}.{key}: changes nothing: the value before it is the same"


def _nothing_to_do(s: Scenario) -> Iterator[str]:
    sends = {name: _sends(region, 0.0, s.run.days) or _waits(region) for name, region in s.regions.items()}
    if not any(sends.values()):
        yield "nothing to do: no region refers anybody in the simulated time"
        return
    for name in (name for name, refers in sends.items() if not refers):
        yield f"regions.{name}: refers nobody in the simulated time"
    if not any(_sends(r, s.run.warm_up, s.run.warm_up + s.run.window) or _waits(r) for r in s.regions.values()):
        yield "nothing to measure: no region refers anybody in the measuring window"


def _waits(region: Region) -> bool:
    waiting = region.already_waiting
    return waiting is not None and (bool(waiting.count) or bool(waiting.since))


def _sends(region: Region, begin: float, end: float) -> bool:
    """Whether a region may refer somebody from `begin` to `end`."""
    steps = region.referrals or ()
    stops = [*(day for day, _ in steps[1:]), math.inf]
    rates = any(rate > 0.0 and day < end and stop > begin for (day, rate), stop in zip(steps, stops, strict=False))
    return rates or any(begin <= day < end for day in region.referral_days or ())


def _empty_sections(layers: Sequence[Layer]) -> Iterator[str]:
    """Sections that a later file or command leaves empty: sections merge, so nothing is taken away."""
    for number, layer in enumerate(layers):
        earlier = [before.tree for before in layers[:number]]
        for path, place, node in walk(layer.tree):
            if not isinstance(node, Branch) or node.entries:
                continue
            if any(_has_entries(tree, path) for tree in earlier):
                yield f"{place}: {'.'.join(path)}: an empty section changes nothing; what is inherited stays"


def _has_entries(tree: Branch, path: Path) -> bool:
    found: object = tree
    for key in path:
        found = found.entries.get(key) if isinstance(found, Branch) else None
    return isinstance(found, Branch) and bool(found.entries)
