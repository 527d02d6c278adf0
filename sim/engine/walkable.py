"""What a patient, or a lot, can walk: said before anybody sets out, so that it does not depend on who comes by."""

from __future__ import annotations

from collections.abc import Container
from math import inf

from sim.engine.trace import EngineError
from sim.pieces.protocol import AnyOf, Bookings, Cadence, Capacity, Protocol, Resource, drawn, walk_steps
from sim.pieces.steps import (
    Aside,
    AtProgression,
    Attempts,
    Choose,
    Clocks,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    OnUnit,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Together,
    Unless,
    Use,
)

OF_ALL = (Stage, Use, Draw, Choose, Attempts, Together, Fail, Milestone, End)
OF_PATIENTS, OF_LOTS = (*OF_ALL, Aside, AtProgression, Unless, Hazard, Clocks, Return), (*OF_ALL, Supply)
BESIDE = (Stage, Choose, Milestone, End)


def check_walkable(protocol: Protocol, flags: Container[str]) -> None:
    """Raise an EngineError for a step that has no meaning where it stands; `flags`: those that patients may carry."""
    check_bookings(protocol)
    check_lists(protocol)
    resources = {resource.name for resource in protocol.resources}
    for step in walk_steps(protocol.patient_steps):
        _check(step, "a patient", OF_PATIENTS, resources)
        for inner in walk_steps(step.steps) if isinstance(step, Aside) else ():
            if not isinstance(inner, BESIDE):
                raise EngineError(f"{type(inner).__name__} cannot be run aside")
        if isinstance(step, Choose) and isinstance(step.when, Flagged) and step.when.flag not in flags:
            raise EngineError(f"nobody carries the flag {step.when.flag!r}")
        if isinstance(step, Choose) and isinstance(step.when, ServedBy) and step.when.resource not in resources:
            raise EngineError(f"there is no resource {step.when.resource!r}")
    check_numbers(protocol)
    for step in walk_steps(protocol.lot_path):
        _check(step, "a lot", OF_LOTS, resources)
        if isinstance(step, Stage) and step.since:
            raise EngineError(f"a stage since {step.since} has no meaning on the path of a lot")
        if isinstance(step, Choose) and not isinstance(step.when, Share | OnUnit):
            raise EngineError(f"{type(step.when).__name__} has no meaning on the path of a lot")
        if isinstance(step, Use | Draw) and step.patience is not None and step.patience.since != Since.JOINING:
            raise EngineError(f"patience since {step.patience.since} has no meaning on the path of a lot")


def check_bookings(protocol: Protocol) -> None:
    """Raise an EngineError for bookings of what cannot be booked, or in a way that has no meaning; for both engines."""
    capacities: dict[str, Capacity] = {}
    for resource in protocol.resources:
        if isinstance(resource, Capacity):
            capacities[resource.name] = resource
        elif isinstance(resource, Bookings):
            booked = capacities.pop(resource.of, None)
            if booked is None or (len(booked.units), booked.sites) != (len(resource.known), resource.sites):
                raise EngineError(f"{resource.name}: there is no capacity {resource.of!r} before it, to be booked once")
            if resource.ahead is not None and resource.ahead.name not in drawn(protocol.patient_steps):
                raise EngineError(f"{resource.name}: nobody comes to the stage {resource.ahead.name!r}")
    names = {resource.name for resource in protocol.resources if isinstance(resource, Bookings)}
    for step in walk_steps((*protocol.patient_steps, *protocol.lot_path)):
        if isinstance(step, Stage) and step.at_most < inf and (step.hours is not None or step.since):
            raise EngineError(f"{step.name}: a stage with a limit has no hours, and begins now")
        if isinstance(step, Use) and step.resource in names and step.units > 1:
            raise EngineError(f"{step.resource}: one unit is booked at a time")
    if any(isinstance(step, Use) and step.resource in names for step in walk_steps(protocol.lot_path)):
        raise EngineError("a booking has no meaning on the path of a lot")


def check_numbers(protocol: Protocol) -> None:
    """Raise an EngineError for units with numbers that are held in a way that has no meaning; for both engines."""
    numbered = {r.name: r for r in protocol.resources if isinstance(r, Capacity) and r.out}
    for resource in numbered.values():
        if resource.turn_round or resource.sites or len(resource.out) != len(resource.units):
            raise EngineError(f"{resource.name}: units that are made ready, or that centres share, have no numbers")
        struck = [steps for steps, out in zip(resource.units, resource.out, strict=True) if out]
        if any(units == inf for steps in struck for _, units in steps):
            raise EngineError(f"{resource.name}: units without limit have no numbers")
    listed: dict[str, list[str]] = {
        r.name: [name for its in r.of for name in its] for r in protocol.resources if isinstance(r, AnyOf)
    }
    for step in walk_steps((*protocol.patient_steps, *protocol.lot_path)):
        if isinstance(step, Choose) and isinstance(step.when, OnUnit) and step.when.resource not in numbered:
            raise EngineError(f"{step.when.resource}: there is no such capacity whose units have numbers")
        if (
            isinstance(step, Use)
            and step.units > 1
            and any(n in numbered for n in (step.resource, *listed.get(step.resource, ())))
        ):
            raise EngineError(f"{step.resource}: of units with numbers, one is held at a time")


def check_lists(protocol: Protocol) -> None:
    """Raise an EngineError for lists for any of several that cannot be served, or not as lists; for both engines."""
    declared: dict[str, Resource] = {}
    listed: set[str] = set()
    for resource in protocol.resources:
        if isinstance(resource, AnyOf):
            for name in (name for serving in resource.of for name in serving):
                if not isinstance(declared.get(name), Capacity | Cadence):
                    raise EngineError(f"{resource.name}: there is no capacity, and no slots, {name!r} before it")
                listed.add(name)
        declared[resource.name] = resource
    places = [place for place, resource in enumerate(protocol.resources) if isinstance(resource, AnyOf)]
    if places and places[-1] - places[0] >= len(places):
        raise EngineError("lists for any of several are not declared one after the other")
    for steps, whose in ((protocol.patient_steps, "a patient"), (protocol.lot_path, "a lot")):
        for step in walk_steps(steps):
            if isinstance(step, Use) and step.held and not isinstance(declared.get(step.resource), Capacity | Bookings):
                raise EngineError(
                    f"{step.resource}: only a capacity, or a booking of one, can be held on the first day"
                )
            if isinstance(step, Use) and step.resource in listed:
                raise EngineError(f"{step.resource}: serves a list, and is asked for directly")
            if isinstance(step, Use) and whose == "a lot" and isinstance(declared.get(step.resource), AnyOf):
                raise EngineError("a list for any of several has no meaning on the path of a lot")


def _check(step: Step, whose: str, known: tuple[type, ...], resources: Container[str]) -> None:
    if not isinstance(step, known):
        raise EngineError(f"{type(step).__name__} has no meaning on the path of {whose}")
    asked_for = step.resource if isinstance(step, Use) else step.stock if isinstance(step, Draw) else None
    if asked_for is not None and asked_for not in resources:
        raise EngineError(f"there is no resource {asked_for!r}")
