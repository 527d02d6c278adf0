"""What a method table says of a model and neither its file nor its tables do: read off the path and off the program."""

from __future__ import annotations

import math
import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, get_args

from sim.engine.timeline import Phase
from sim.pieces.diagram import mermaid, outline
from sim.pieces.expectations import expect
from sim.pieces.loads import flag_shares, offered_loads
from sim.pieces.protocol import (
    AnyOf,
    Bookings,
    Cadence,
    Capacity,
    Protocol,
    Resource,
    Stock,
    drawn,
    ends,
    milestones,
    place_names,
    walk_steps,
)
from sim.pieces.steps import Draw, Path, Stage, Step, Use
from sim.pieces.strategies import build_protocol
from sim.pure.distributions import Distribution
from sim.pure.streams import GENERATOR, KEY
from sim.scenario import Loaded, Scenario, read_evidence
from sim.scenario.shipped import validation_files
from sim.tables.words import counted

# What happens at one instant, in this order (design of the engines: `Phase`).
TIES: Mapping[int, str] = {
    Phase.CLOCK: "clocks of the disease: death, progression, withdrawal",
    Phase.COMPLETION: "completions and give-backs",
    Phase.EXPIRY: "expiry of doses",
    Phase.DELIVERY: "deliveries, slot offers and changes of capacity",
    Phase.ARRIVAL: "referrals",
    Phase.GRANT: "grants, repeated until nothing moves, by resource in order of declaration and then by queue key",
    Phase.PATIENCE: "the end of patience",
    Phase.PERISH: "unclaimed slots perish",
    Phase.CHECK: "the check whether the run is over",
}


def about_method() -> dict[str, Any]:
    """How this program runs any model, and on what: ties, vocabulary, random numbers, processors."""
    return {
        "ties": [TIES[phase] for phase in sorted(TIES)],
        "vocabulary": [step.__name__ for step in get_args(Step)],
        "generator": GENERATOR,
        "key": list(KEY),
        "validation_cases": len(validation_files()),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }


def about_model(loaded: Loaded) -> dict[str, Any]:
    """What a scenario asks an engine to run, as values for JSON; loads are asked for by what there is."""
    scenario = loaded.scenario
    protocol = build_protocol(scenario)
    steps = Counter(type(step).__name__ for path in _paths(protocol) for step in walk_steps(path))
    return {
        "outline": outline(protocol),
        "flow_chart": mermaid(protocol),
        "steps": dict(sorted(steps.items())),
        "touch_days": _finite(expect(protocol.path, flag_shares(scenario)).days),
        "milestones": list(milestones(protocol.patient_steps)),
        "stages": [stage for who, path in _named(protocol) for stage in _stages(who, path)],
        "resources": [_resource(resource, scenario, protocol) for resource in protocol.resources],
        "patience": [text for path in _paths(protocol) for text in _patience(path)],
        "outcomes": [
            f"{end.outcome} ({end.reason})" if end.reason else end.outcome for end in ends(protocol.patient_steps)
        ],
        "purposes": list(dict.fromkeys(name for path in _paths(protocol) for name in drawn(path))),
        "clocks": list(protocol.clocks.sets),
        **_sources(loaded),
    }


def _named(protocol: Protocol) -> list[tuple[str, Path]]:
    return [("patient", protocol.path), ("patient, later course", protocol.later_path), ("lot", protocol.lot_path)]


def _paths(protocol: Protocol) -> list[Path]:
    return [path for _, path in _named(protocol)]


def _stages(who: str, path: Path) -> Iterator[dict[str, Any]]:
    found = {step.name: step for step in walk_steps(path) if isinstance(step, Stage)}
    for name, step in found.items():
        known = isinstance(step.duration, Distribution)
        yield {
            "name": name,
            "of": who,
            "mean_days": _finite(step.duration.mean()) if isinstance(step.duration, Distribution) else None,
            "rule": type(step.duration).__name__ if known else "until the slot starts",
            "hours": step.hours is not None,
        }


def _resource(resource: Resource, scenario: Scenario, protocol: Protocol) -> dict[str, Any]:
    loads = {
        load.centre: _finite(load.load) for load in offered_loads(scenario, protocol) if load.resource == resource.name
    }
    return {
        "name": resource.name,
        "label": resource.label,
        "kind": type(resource).__name__.lower(),
        "per_centre": resource.per_centre,
        "policy": resource.policy,
        "amount": _amount(resource, protocol.centres),
        "loads": loads,
    }


def _amount(resource: Resource, centres: tuple[str, ...]) -> str:
    """How much there is of a resource, in words; the amount at the start where it changes by date."""
    match resource:
        case Capacity(units=units):
            in_force = [[amount for _, amount in steps] for steps in units]
            return _by_place([_changing(amounts) for amounts in in_force], place_names(resource, centres))
        case Bookings(planned=planned, of=of):
            return f"one {of} each, for {planned:g} d"
        case Cadence(counts=counts):
            each = _by_place([_changing(by_offer) for by_offer in counts], place_names(resource, centres))
            return (
                f"{each} on each of {len(resource.offer_days)} offer days, {resource.lead:g} d before the start; "
                f"carried over {resource.carry_over} times, offered again at a notice of {resource.notice:g} d"
            )
        case AnyOf():
            serving = [" or ".join(serving) for serving in resource.of]
            return f"a unit of {_by_place(serving, place_names(resource, centres))}, whichever promises infusion first"
        case Stock():
            opening = _by_place([_number(doses) for doses in resource.opening], place_names(resource, centres))
            s, up_to = resource.reorder or (0, 0)
            ordering = f"ordered at {s} up to {up_to}" if resource.reorder else f"a lot every {resource.every:g} d"
            return f"{counted(opening, 'dose')} at the start, {ordering}, {resource.doses_per_lot} a lot, " + (
                f"kept {resource.shelf_life:g} d" if math.isfinite(resource.shelf_life) else "kept without limit"
            )


def _by_place(amounts: list[str], names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"{amounts[0]} at {names[0]}" if names[0] else amounts[0]
    if len(set(amounts)) == 1:
        return f"{amounts[0]} at each of {', '.join(names)}"
    return "; ".join(f"{name} {amount}" for name, amount in zip(names, amounts, strict=True))


def _changing(amounts: Sequence[float]) -> str:
    """The first of some amounts in order of time, and how often there is another."""
    changes = sum(before != after for before, after in pairwise(amounts))
    first = _number(amounts[0]) if amounts else "0"
    return first + (f", {changes} changes by date" if changes else "")


def _number(value: float) -> str:
    return "unlimited" if math.isinf(value) else f"{value:g}"


def _patience(path: Path) -> Iterator[str]:
    for step in walk_steps(path):
        if isinstance(step, Use | Draw) and step.patience is not None:
            name = step.resource if isinstance(step, Use) else step.stock
            yield f"{name}: {step.patience.days:g} d since {step.patience.since.value}"


def _sources(loaded: Loaded) -> dict[str, Any]:
    """Every number with its source, and the publications behind the sources that are published."""
    evidence = read_evidence() or {}
    cited = dict.fromkeys(i for parameter in loaded.parameters for i in parameter.source_ids if i in evidence)
    return {
        "parameters": [
            {
                "path": parameter.path,
                "value": parameter.value_text,
                "source": " ".join(parameter.source_ids),
                "stated": parameter.stated,
            }
            for parameter in loaded.parameters
        ],
        "evidence": {i: evidence[i].reference for i in cited},
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
