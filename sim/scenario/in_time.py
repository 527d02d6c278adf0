"""What a scenario states for nothing, which is said: what is outside the simulated time, or leaves nothing to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sim.scenario.inherit import Layer
from sim.scenario.kinds import ByDate, day_of, is_date
from sim.scenario.leaves import Path, marker_at
from sim.scenario.lists import SLOTS
from sim.scenario.never import open_days
from sim.scenario.nodes import Branch, plain, walk
from sim.scenario.opening import Calendar, Disruption
from sim.scenario.people import Region
from sim.scenario.problems import Problem, any_of
from sim.scenario.schema import Scenario
from sim.scenario.struck import lots_that_go_on, units_struck
from sim.scenario.units import write_days
from sim.scenario.unused import found
from sim.scenario.unused.happens import gives, least_to_product, to_product
from sim.scenario.unused.people import frail_clocks
from sim.scenario.unused.tried import TRIED


def without_effect_in_time(s: Scenario, tree: Branch, layers: Sequence[Layer]) -> Iterator[str]:
    """A sentence for everything that lies outside the simulated time, or leaves nothing to do."""
    end = s.run.days
    outside = f"outside the simulated time, which ends on day {end:g}; it has no effect"
    for name, disruption in s.disruptions.items():
        chance = disruption.between
        begins = disruption.first_day if chance is None else chance.least
        if begins >= end:
            earliest = "" if chance is None else " at the earliest"
            yield f"disruptions.{name}: begins on day {begins:g}{earliest}, {outside}"
        elif chance is not None and disruption.length.least >= end:
            least = write_days(disruption.length.least)
            yield f"disruptions.{name}: the first outage is never over: it lasts at least {least}, the run {end:g} d"
        most = max((units for steps in units_struck(s, name) for _, units in steps), default=0.0)
        if disruption.units is not None and 0.0 < most < disruption.units:
            all_there = f"more than there ever are at one place ({most:g}): it takes all of them, and no more"
            yield f"disruptions.{name}: {disruption.units} units, {all_there}"
    yield from _shut_twice(s)
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
        if _is_always_open(calendar, s):
            yield f"calendars.{name}: is open around the clock on every simulated day; it has no effect"
    yield from _longer_than_the_run(s)
    yield from _too_late(s)
    yield from _dates(s, tree, end, outside)
    yield from _nothing_to_do(s)
    yield from _empty_sections(layers)
    yield from _tried_in_vain(s, tree, layers)


def _shut_twice(s: Scenario) -> Iterator[str]:
    """Shut-downs of all units on a date that say what another one says."""
    seen: list[tuple[str, Disruption]] = []
    for name, one in s.disruptions.items():
        if one.takes_all and not one.by_chance:
            same = next((other for other, before in seen if before == one), None)
            if same is not None:
                yield f"disruptions.{name}: says the same as disruptions.{same}; it has no effect beside it"
            seen.append((name, one))


def _tried_in_vain(s: Scenario, tree: Branch, layers: Sequence[Layer]) -> Iterator[str]:
    """What a command sets and what moves nothing."""
    written = {path: place for layer in layers if layer.command for path, place, _ in walk(layer.tree)}
    for path, rule, names in found(TRIED, s):
        if path in written:
            yield str(Problem(written[path], ".".join(path), rule.reason(s, *names)))
    start, slots = ("run", "start"), s.manufacturing.slots
    others = ({**plain(tree), "run": None}, plain(tree).get("run", {}) | {"start": None})
    by_date = s.calendars or (s.strategy != "allogeneic" and slots is not None) or any(map(_holds_a_date, others))
    if start in written and not by_date:
        why = "moves only the dates that are shown: nothing in this scenario depends on the calendar"
        yield str(Problem(written[start], ".".join(start), why))


def _holds_a_date(value: Any) -> bool:
    """Whether a date stands anywhere in raw data."""
    if isinstance(value, dict):
        return any(is_date(key) or _holds_a_date(entry) for key, entry in value.items())
    return any(map(_holds_a_date, value)) if isinstance(value, list) else is_date(value)


def _is_always_open(calendar: Calendar, s: Scenario) -> bool:
    opens, closes = calendar.hours
    return closes - opens >= 1.0 and sum(1 for _ in open_days(calendar, s)) == math.ceil(s.run.days)


def _longer_than_the_run(s: Scenario) -> Iterator[str]:
    """What would come after all that is simulated."""
    if s.later_course is not None:
        least, end = s.later_course.relapse.least, s.run.later_courses_end
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
    waits = 0.0 if within is None or not s.bridging.steps_up else s.bridging.start.most + within
    if waits > least:
        yield (
            f"bridging.bed_within: who has no bed may wait until {waits:.3g} d after apheresis, and a product may be "
            f"there after {least:.3g} d: it waits for them, and so does a patient whose product has failed"
        )
    starts, most = s.bridging.start.least, _most_to_lymphodepletion(s)
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
    return to_product(s, lambda duration: duration.at(0.999), max) + s.infusion.scheduling.at(0.999)


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
