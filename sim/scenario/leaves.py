"""Walking a scenario by its schema: every single value with its path and kind, and what kind stands at a path."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic.fields import FieldInfo

from sim.scenario.kinds import WORD, Kind, Whole
from sim.scenario.lists import CAPACITY
from sim.scenario.named import Names, OrWord
from sim.scenario.people import Steps
from sim.scenario.schema import Scenario, not_used_by, products
from sim.scenario.section import Section
from sim.scenario.unused import without_benefit, without_priority

Path = tuple[str, ...]
LONGEST_LIST_SHOWN = 6


@dataclass(frozen=True)
class Value:
    """One value of a scenario: `plain` is what YAML holds for it."""

    path: Path
    plain: Any
    numeric: bool


def values(scenario: Scenario) -> Iterator[Value]:
    """Every value that the scenario uses, defaults included, in the order of the schema."""
    unused = set(unused_paths(scenario))
    for value in _values(scenario, ()):
        if not any(value.path[: len(path)] == path for path in unused):
            yield value


def _values(section: Section, path: Path) -> Iterator[Value]:
    for name, field in type(section).model_fields.items():
        here = (*path, field.alias or name)
        value = getattr(section, name)
        marker = marker_of(field)
        if isinstance(marker, Kind):
            plain = getattr(marker, "word", None) if value is None else marker.write(value)
            if plain is not None:
                yield Value(here, plain, marker.numeric)
        elif isinstance(marker, Names):
            for key, entry in value.items():
                yield from _values(entry, (*here, key))
        elif isinstance(marker, OrWord) and value is None:
            yield Value(here, marker.word, numeric=True)
        elif value is not None:
            yield from _values(value, here)


def marker_of(field: FieldInfo) -> Kind | Names | OrWord | None:
    """What a field's annotation says about its kind; None for a plain section."""
    forms = (field.annotation, *typing.get_args(field.annotation))
    plain = WORD if any(form is bool or typing.get_origin(form) is Literal for form in forms) else None
    return next((m for m in field.metadata if isinstance(m, Kind | Names | OrWord)), plain)


def unused_paths(scenario: Scenario) -> Iterator[Path]:
    """What may not be written in a file like this, because it would do nothing."""
    for key in not_used_by(scenario.strategy):
        yield (key,)
    given = products(scenario.strategy, scenario.later_course.strategy if scenario.later_course is not None else None)
    for product in ("autologous", "allogeneic"):
        if product not in given:
            yield ("after_infusion", product)
            yield from (("economics", "costs", name, product) for name in ("product", "unused_product"))
    if scenario.later_course is not None:
        yield ("economics",)
    if "autologous" not in given:
        yield ("after_infusion", "out_of_specification")
        yield from (("economics", "costs", name) for name in ("apheresis", "bridging"))
    policy, made, centres = scenario.waiting_list.policy, scenario.manufacturing, list(scenario.centres)
    if scenario.strategy == "allogeneic":
        yield ("clocks", "after_apheresis")
        yield from (("centres", centre, key) for centre in centres for key in ("chairs", "slots", "lines"))
    groups = list(scenario.patients.risk_groups)
    if without_priority(policy):
        yield from (("patients", "risk_groups", group, "priority") for group in groups)
    if without_benefit(policy):
        yield from (("patients", "risk_groups", group, "benefit") for group in groups)
    if is_unlimited(made.lines) and made.site == "factory":
        yield ("manufacturing", "line_held")
    if made.slots is not None and made.slots.every == "month":
        yield ("manufacturing", "slots", "weekday")
    if made.slots is not None and made.slots.claimed == "at_receipt":
        yield ("manufacturing", "slots", "after_failed_collection")
    if made.failure == 0.0 and not any(product.failure for product in made.products.values()):
        yield ("manufacturing", "failure_found")
    if scenario.release_testing.out_of_specification == 0.0 and not any(
        product.out_of_specification for product in made.products.values()
    ):
        yield from (("release_testing", key) for key in ("accepted", "exception", "not_accepted"))
    for section, key in (("work_up", "working_time"), ("release_testing", "working_time"), ("apheresis", "fit")):
        if getattr(scenario, section).calendar is None:
            yield (section, key)
    if scenario.infusion.model == "outpatient":
        yield from (("infusion", key) for key in ("stay", "bed_from"))
    if not any(event.needs_icu for event in scenario.toxicity.events.values()):
        yield ("toxicity", "icu")
        yield from (("centres", centre, "icu") for centre in centres)
    if math.isinf(scenario.hybrid.after_waiting):
        yield ("hybrid", "since")
    if scenario.strategy != "hybrid":
        yield ("allogeneic", "lots", "shared_lines")
    for name, region in scenario.regions.items():
        if region.already_waiting is not None and region.already_waiting.since is not None:
            yield ("regions", name, "already_waiting", "waited")
    for name, disruption in scenario.disruptions.items():
        if disruption.resource == "courier":
            yield ("disruptions", name, "work")


def is_unused(path: Path, scenario: Scenario) -> bool:
    """Whether a value at this path would do nothing in a scenario like this."""
    return any(path[: len(unused)] == unused for unused in unused_paths(scenario))


def is_unlimited(steps: Steps) -> bool:
    """Whether a capacity never binds."""
    return all(math.isinf(units) for _, units in steps)


def marker_at(path: Path) -> Kind | Names | OrWord | type[Section] | None:
    """What the schema holds at a path: a kind of value, a section, or None where it knows no such path."""
    section: type[Section] = Scenario
    steps = iter(path)
    found: Kind | Names | OrWord | type[Section] | None = Scenario
    for key in steps:
        field = next((f for n, f in section.model_fields.items() if key == (f.alias or n)), None)
        if field is None:
            return None
        marker = marker_of(field)
        found = marker or _section_of(field)
        if isinstance(marker, Kind):
            return marker if next(steps, None) is None else None
        if isinstance(marker, Names):
            section = marker.section
            if next(steps, None) is None:
                return marker
            found = section
        elif isinstance(marker, OrWord):
            section = marker.section
        else:
            section = _section_of(field)
    return found


def is_whole_at(path: Path) -> bool:
    """Whether the value at a path is a whole number: a count, or a capacity."""
    marker = marker_at(path)
    return isinstance(marker, Whole) or marker is CAPACITY


def _section_of(field: FieldInfo) -> type[Section]:
    choices = (field.annotation, *typing.get_args(field.annotation))
    return next(c for c in choices if isinstance(c, type) and issubclass(c, Section))


def inline(plain: Any, shorten_lists: bool = True) -> str:
    """A value as one line of YAML; long lists are cut where `shorten_lists`."""
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {inline(value, shorten_lists)}" for key, value in plain.items()) + "}"
    if isinstance(plain, list):
        cut = shorten_lists and len(plain) > LONGEST_LIST_SHOWN
        shown = plain[: LONGEST_LIST_SHOWN - 1] if cut else plain
        texts = [inline(item, shorten_lists) for item in shown]
        return f"[{', '.join([*texts, f'... {len(plain)} in all'] if cut else texts)}]"
    return str(plain)
