"""Who makes the products: a scenario as each of several manufacturers has it, and who may make whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.pure.distributions import Distribution
from sim.scenario.problems import did_you_mean, show
from sim.scenario.section import Absent, Fault

if TYPE_CHECKING:
    from sim.scenario.schema import Scenario

MANUFACTURERS = ("manufacturing", "manufacturers")
ASSIGNMENT = ("manufacturing", "assignment")


def makers(s: Scenario) -> Mapping[str, Scenario]:
    """The scenario as each manufacturer has it, by name; as it is, under "", where there is only one."""
    names = s.manufacturing.manufacturers
    return {name: as_made_by(s, name) for name in names} if names else {"": s}


def as_made_by(s: Scenario, name: str) -> Scenario:
    """The scenario with what a manufacturer says in place of what holds for all, and without shut-downs of others."""
    its = s.manufacturing.manufacturers[name]

    def said(**values: Any) -> dict[str, Any]:
        return {key: value for key, value in values.items() if value is not None}

    own = said(slots=its.slots, lines=its.lines, duration=its.duration, failure=its.failure, calendar=its.calendar)
    made = s.manufacturing
    for_all = made.remake_duration if made.remake_duration != made.duration else None
    own["remake_duration"] = its.remake_duration or for_all or its.duration or made.duration
    tested = said(out_of_specification=its.out_of_specification)
    shut = {key: entry for key, entry in s.disruptions.items() if entry.manufacturer in (None, name)}
    return s.model_copy(
        update={
            "manufacturing": s.manufacturing.model_copy(update=own),
            "release_testing": s.release_testing.model_copy(update=tested),
            "shipping": s.shipping.model_copy(update=said(to_factory=its.to_factory, to_centre=its.to_centre)),
            "disruptions": shut,
        }
    )


def contracts(s: Scenario, centre: str) -> tuple[str, ...]:
    """The manufacturers that a centre contracts with, the preferred first."""
    stated = s.centres[centre].manufacturers
    return tuple(s.manufacturing.manufacturers) if stated is None else stated


def allowed(s: Scenario, group: str, centre: str) -> tuple[str, ...]:
    """The manufacturers that may make the product of a patient of a risk group at a centre, the preferred first."""
    contracted, of_group = contracts(s, centre), s.manufacturing.assignment.risk_groups.get(group)
    return contracted if of_group is None else tuple(name for name in of_group if name in contracted)


def lane(s: Scenario, name: str, centre: str) -> tuple[Distribution, Distribution]:
    """The times from a centre to a manufacturer, and back."""
    its = s.manufacturing.manufacturers[name]
    way = its.lanes.get(centre)
    there = (None if way is None else way.to_factory) or its.to_factory or s.shipping.to_factory
    back = (None if way is None else way.to_centre) or its.to_centre or s.shipping.to_centre
    return there, back


def manufacturer_faults(s: Scenario) -> Iterator[Fault]:
    """Names that nobody has, contracts and lanes that are not there, and what several manufacturers rule out."""
    names, treating = list(s.manufacturing.manufacturers), s.treating
    if not names:
        return
    yield from _unknown_names(s, names)
    for name in names:
        if treating and not any(name in contracts(s, centre) for centre in treating):
            yield (*MANUFACTURERS, name), "no centre contracts with it (centres.*.manufacturers)"
        yield from _lane_faults(s, name)
    for group in s.patients.risk_groups:
        for centre in treating:
            if not allowed(s, group, centre) and contracts(s, centre):
                told = f"no manufacturer of theirs has a contract with centre '{centre}'"
                yield (*ASSIGNMENT, "risk_groups", group), told
    yield from _ruled_out(s)


def _unknown_names(s: Scenario, names: list[str]) -> Iterator[Fault]:
    assignment = s.manufacturing.assignment
    groups, centres = list(s.patients.risk_groups), list(s.centres)
    named: list[tuple[tuple[str, ...], str, list[str], str]] = []
    for centre, place in s.centres.items():
        named += [
            (("centres", centre, "manufacturers"), name, names, "manufacturer") for name in place.manufacturers or ()
        ]
        if place.manufacturers == ():
            yield ("centres", centre, "manufacturers"), "found an empty list; allowed: at least one manufacturer"
    named += [((*ASSIGNMENT, "shares", name), name, names, "manufacturer") for name in assignment.shares or ()]
    for group, of_group in assignment.risk_groups.items():
        named.append(((*ASSIGNMENT, "risk_groups", group), group, groups, "risk group"))
        named += [((*ASSIGNMENT, "risk_groups", group), name, names, "manufacturer") for name in of_group]
    for name, its in s.manufacturing.manufacturers.items():
        named += [((*MANUFACTURERS, name, "lanes", centre), centre, centres, "centre") for centre in its.lanes]
    for key, shut in s.disruptions.items():
        if shut.manufacturer is not None:
            named.append((("disruptions", key, "manufacturer"), shut.manufacturer, names, "manufacturer"))
    for path, name, known, what in named:
        if name not in known:
            yield path, f"found {show(name)}, which is no {what}{did_you_mean(name, known, what + 's')}"


def _lane_faults(s: Scenario, name: str) -> Iterator[Fault]:
    """Centres that a manufacturer with lanes is not tied to, though they contract with it."""
    its = s.manufacturing.manufacturers[name]
    if not its.lanes:
        return
    for centre in s.treating:
        way = its.lanes.get(centre)
        for key in ("to_factory", "to_centre"):
            if name in contracts(s, centre) and getattr(way, key, None) is None and getattr(its, key) is None:
                told = (
                    f"has no {key}, though centre '{centre}' contracts with it; give it here, or {name}.{key} for all"
                )
                yield (*MANUFACTURERS, name, "lanes", *(() if way is None else (centre,))), told


def _impatient(s: Scenario) -> Iterator[Fault]:
    """Whoever gives up waiting would first have to give up on the preferred manufacturer."""
    told = "found beside rule 'preferred', which has a patience of its own; allowed: never, or rule: first_free"
    if s.strategy == "hybrid" and s.hybrid.after_waiting < float("inf"):
        yield ("hybrid", "after_waiting"), told
    if s.alternative is not None and s.alternative.offered.after_some_wait:
        yield ("alternative", "offered", "after_waiting"), told


def _ruled_out(s: Scenario) -> Iterator[Fault]:
    """What cannot be together with several manufacturers, or with the rule by which they are assigned."""
    made, rule = s.manufacturing, s.manufacturing.assignment.rule
    if made.products:
        yield ("manufacturing", "products"), "found beside manufacturers; allowed: numbers of each manufacturer's own"
    if made.site == "centre":
        yield ("manufacturing", "site"), "found centre beside manufacturers; allowed: factory"
    for centre in s.centres:
        if s.centres[centre].slots is not None:
            told = "found beside manufacturers; allowed: slots of each of them, with scope: centre for a centre's own"
            yield ("centres", centre, "slots"), told
    for name, its in s.manufacturing.manufacturers.items():
        if its.slots is not None and its.slots.count is None:
            yield (*MANUFACTURERS, name, "slots", "count"), Absent("required, but not given")
    if s.strategy == "hybrid" and s.allogeneic.lots.shared_lines != "never":
        yield ("allogeneic", "lots", "shared_lines"), "found beside several manufacturers; allowed: never"
    if rule == "share":
        shares = made.assignment.shares or {}
        for group in s.patients.risk_groups:
            for centre in s.treating:
                if not any(shares.get(name, 0.0) > 0.0 for name in allowed(s, group, centre)):
                    told = f"give no manufacturer to centre '{centre}' and risk group '{group}'"
                    yield (*ASSIGNMENT, "shares"), told
        return
    if rule == "preferred":
        yield from _impatient(s)
    for name, own in makers(s).items():
        slots, path = own.manufacturing.slots, (*MANUFACTURERS, name, "slots")
        if slots is None and own.manufacturing.line_held.start != "booking":
            told = "nobody waits for it: its slots are unlimited, and its lines are not held from booking"
            yield path, f"{told}; rule '{rule}' needs dated slots, or line_held: {{from: booking}}; or rule: share"
        elif slots is not None and (slots.claimed, slots.after_failed_collection) != ("before_apheresis", "keep"):
            told = "found slots claimed at receipt, or forfeited when a collection fails"
            yield path, f"{told}; rule '{rule}' needs claimed: before_apheresis and after_failed_collection: keep"
    dated = {own.manufacturing.slots is not None for own in makers(s).values()}
    if len(dated) > 1 and made.line_held.start == "booking":
        yield MANUFACTURERS, f"some have dated slots and some have not; rule '{rule}' needs slots of all, or of none"
