"""What the sections of a scenario ask of each other: what is missing in the data, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.pure.survival import Never
from sim.scenario.before_apheresis import BeforeApheresis
from sim.scenario.economics import Economics
from sim.scenario.in_progress import INFUSED
from sim.scenario.makers import manufacturer_faults
from sim.scenario.mixed import STRATEGIES, products
from sim.scenario.opening import calendar_faults
from sim.scenario.problems import did_you_mean, show
from sim.scenario.section import Absent, Fault
from sim.scenario.shared import disruption_place_fault, shared_faults
from sim.scenario.struck import lots_faults, numbered_faults

if TYPE_CHECKING:
    from sim.scenario.schema import Scenario

# The sections that a strategy cannot do without.
NEEDED = {
    "autologous": ("manufacturing",),
    "allogeneic": ("allogeneic",),
    "hybrid": ("manufacturing", "allogeneic", "hybrid"),
    "standard_care": ("after_infusion",),
}
# More outages by chance than this in a replication are a slip of the pen.
MOST_OUTAGES = 10_000


def missing_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """What a section lacks because of another, and names of what there is not, in the data as they were written."""
    strategy = data.get("strategy")
    if strategy in STRATEGIES:
        for needed in NEEDED[str(strategy)]:
            if needed not in data:
                yield (needed,), Absent(f"required by strategy '{strategy}', but not given")
        if strategy in ("autologous", "hybrid") and isinstance(data.get("manufacturing"), dict):
            yield from _duration_faults(_part(data, "manufacturing"))
    yield from _centre_faults(data)
    yield from shared_faults(data)
    yield from _listed_faults(data)
    yield from calendar_faults(data)
    yield from _disruption_faults(data)
    yield from _hybrid_faults(data)
    yield from _alternative_faults(data)
    yield from _afterwards_faults(data)


def together_faults(s: Scenario) -> Iterator[Fault]:
    """What does not go together in a scenario whose sections are each as they should be."""
    slots = s.manufacturing.slots
    yield from manufacturer_faults(s)
    yield from _in_progress_faults(s)
    yield from numbered_faults(s)
    yield from lots_faults(s)
    if slots is not None and slots.count is None:
        lacking = [name for name in s.treating if s.centres[name].slots is None]
        if slots.scope == "pool" or lacking:
            yield ("manufacturing", "slots", "count"), Absent("required, but not given")
    for name, disruption in s.disruptions.items():
        if disruption.between is not None:
            outages = s.run.longest / (disruption.between.mean() + disruption.length.mean())
            if outages > MOST_OUTAGES:
                message = f"leads to about {outages:.0f} outages in a replication; allowed: at most {MOST_OUTAGES}"
                yield ("disruptions", name, "between"), message
    if s.economics is not None:
        yield from _economics_faults(s, s.economics)


def _part(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A section of raw data; an empty one where something else stands there."""
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _duration_faults(made: Mapping[str, Any]) -> Iterator[Fault]:
    kinds = [[_part(made, kind, name) for name in _part(made, kind)] for kind in ("products", "manufacturers")]
    if "duration" not in made and not any(each and all("duration" in one for one in each) for each in kinds):
        yield ("manufacturing", "duration"), Absent("required, but not given")


def _afterwards_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    strategy = data.get("strategy")
    if "economics" in data and "after_infusion" not in data:
        yield ("after_infusion",), Absent("required by economics, but not given")
    if "after_infusion" not in data or strategy not in STRATEGIES:
        return
    for product in products(str(strategy)):
        if product not in _part(data, "after_infusion"):
            yield ("after_infusion", product), Absent(f"required by strategy '{strategy}', but not given")
    if "general_population" in _part(data, "after_infusion"):
        for key in ("age", "sex"):
            if key not in _part(data, "patients"):
                yield ("patients", key), Absent("required by after_infusion.general_population, but not given")
    if "alternative" in data and "alternative" not in _part(data, "after_infusion"):
        yield ("after_infusion", "alternative"), Absent("required by the section alternative, but not given")


def _economics_faults(s: Scenario, economics: Economics) -> Iterator[Fault]:
    """Grades that have a cost or a loss of utility but are none of the scenario's."""
    for event, values in economics.toxicity.events.items():
        there = s.toxicity.events.get(event)
        grades = list(there.grades) if there is not None else []
        for grade in values:
            if grade not in grades:
                hint = did_you_mean(grade, grades, "grades") if grades else f"; toxicity.{event} is not given"
                yield ("economics", "toxicity", event, grade), f"is no grade of toxicity.{event}{hint}"


def _centre_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    centres = list(_part(data, "centres"))
    for name in _part(data, "regions"):
        centre = _part(data, "regions", name).get("centre")
        several = isinstance(centre, dict)
        for wanted in centre if isinstance(centre, dict) else [centre]:
            if isinstance(wanted, str) and centres and wanted.strip() not in centres:
                hint = did_you_mean(wanted, centres, "centres")
                path = ("regions", name, "centre", *((wanted,) if several else ()))
                yield path, Absent(f"found {show(wanted)}, which is no key of centres{hint}")


def _listed_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """A fault for each risk group of a list on the first day that there is not."""
    groups = list(_part(data, "patients", "risk_groups"))
    for name in _part(data, "regions"):
        listed = _part(data, "regions", name, "already_waiting").get("risk_groups")
        for wanted in listed if isinstance(listed, dict) else [listed]:
            if isinstance(wanted, str) and groups and wanted.strip() not in groups:
                path = ("regions", name, "already_waiting", "risk_groups", *((wanted,) if listed != wanted else ()))
                hint = did_you_mean(wanted, groups, "risk groups")
                yield path, Absent(f"found {show(wanted)}, which is no risk group{hint}")


def _in_progress_faults(s: Scenario) -> Iterator[Fault]:
    """What patients in progress name that is not there, and with what they cannot go together yet."""
    if s.in_progress is None:
        return
    refused = (
        ("strategy", s.strategy != "autologous", "autologous"),
        ("manufacturing.manufacturers", bool(s.manufacturing.manufacturers), "one manufacturer"),
        ("manufacturing.products", bool(s.manufacturing.products), "one product"),
        ("manufacturing.batches", s.manufacturing.batches > 1, "1"),
        ("manufacturing.failure_found", s.manufacturing.failure_found is not None, "failures found at the end"),
        ("release_testing.conditional", s.release_testing.conditional is not None, "no conditional release"),
        ("alternative", s.alternative is not None, "no alternative"),
        ("before_apheresis", s.before_apheresis != BeforeApheresis.by_default(), "nothing beside the work-up"),
        ("disruptions", any(d.work != "finish" for d in s.disruptions.values()), "work: finish"),
        (
            "regions.*.already_waiting",
            any(region.already_waiting is not None for region in s.regions.values()),
            "those who wait as rows of the file",
        ),
    )
    for path, is_there, allowed in refused:
        if is_there:
            yield ("in_progress",), f"cannot go together with {path}; allowed beside it: {allowed}"
    slots, attempts = s.manufacturing.slots, s.manufacturing.attempts
    for one in s.in_progress.file.patients:
        for what, name, names in (
            ("region", one.region, s.regions), ("centre", one.centre, s.centres),
            ("risk_group", one.risk_group, s.patients.risk_groups),
        ):  # fmt: skip
            if name not in names and (name or what == "region"):
                hint = did_you_mean(name, list(names), f"{what.replace('_', ' ')}s")
                yield ("in_progress", "file"), f"row {one.row}: column '{what}': found {show(name)}{hint}"
        if one.state == INFUSED and (s.toxicity.events or s.infusion.model != "inpatient"):
            yield ("in_progress", "file"), f"row {one.row}: state {INFUSED}: allowed for inpatients without toxicity"
        if one.state == "slot" and slots is not None and slots.claimed == "at_receipt":
            yield ("in_progress", "file"), f"row {one.row}: state slot: slots are claimed at receipt of cells"
        if one.state == "slot" and slots is not None and one.booked_in_days != one.booked_in_days:
            yield (
                ("in_progress", "file"),
                f"row {one.row}: column 'booked_in_days': found nothing; allowed: the days until the slot begins",
            )
        if one.progressed_days == one.progressed_days and isinstance(s.clocks.waiting.progression, Never):
            yield ("in_progress", "file"), f"row {one.row}: has progressed, but clocks.waiting.progression is never"
        if attempts is not None and one.attempt > attempts:
            found = f"found {one.attempt}; allowed: up to {attempts}, manufacturing.attempts"
            yield ("in_progress", "file"), f"row {one.row}: column 'attempt': {found}"


def _disruption_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    for name in _part(data, "disruptions"):
        entry = _part(data, "disruptions", name)
        resource, centre = entry.get("resource"), entry.get("centre")
        told = disruption_place_fault(data, resource, centre) if isinstance(centre, str) else None
        if told is not None:
            yield ("disruptions", name, "centre"), Absent(told)
        if resource in ("bed", "place", "icu") and entry.get("work", "finish") != "finish":
            yield ("disruptions", name, "work"), "found pause or lose; allowed: finish, as patients in bed stay there"


def _no_group(key: str, named: Any, groups: list[str]) -> Iterator[Fault]:
    """Names at a key that are no risk group's."""
    for place, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in groups:
            hint = did_you_mean(name, groups, "risk groups")
            yield (*key.split("."), place), Absent(f"found {show(name)}, which is no risk group{hint}")


def _alternative_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    offered, hybrid = _part(data, "alternative", "offered"), _part(data, "hybrid")
    if data.get("strategy") == "standard_care":
        if offered and offered.get("from_start") is not True:
            yield ("alternative", "offered", "from_start"), Absent("required by strategy 'standard_care', as true")
        if data.get("later_course") is not None:
            yield ("later_course",), "nobody is infused, so that nobody returns after a relapse"
    yield from _no_group("alternative.offered.to", offered.get("to"), list(_part(data, "patients", "risk_groups")))
    if data.get("strategy") != "hybrid":
        return
    falls_back = [key for key in ("after_waiting", "after_failure") if hybrid.get(key) not in (None, False, "never")]
    for key in ("after_waiting", "after_failure"):
        if falls_back and offered.get(key) not in (None, False, "never"):
            yield (
                ("alternative", "offered", key),
                f"who gives up an own product is given a dose already (hybrid.{falls_back[0]}); leave out one of them",
            )


def _hybrid_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    groups = list(_part(data, "patients", "risk_groups"))
    named = _part(data, "hybrid").get("allogeneic_for")
    yield from _no_group("hybrid.allogeneic_for", named, groups)
    kept = _part(data, "allogeneic", "stock").get("kept", "centrally")
    shared = _part(data, "allogeneic", "lots").get("shared_lines", "never") != "never"
    if shared and kept == "centrally" and _part(data, "manufacturing").get("site") == "centre":
        reason = "lots of a central stock have no lines at a centre; allowed where stock.kept is at_centres"
        yield ("allogeneic", "lots", "shared_lines"), reason
    later = _part(data, "later_course").get("strategy", "same")
    if data.get("strategy") != "hybrid" and later in ("autologous", "allogeneic") and later != data.get("strategy"):
        yield (
            ("later_course", "strategy"),
            f"found {later}; allowed: same, or strategy 'hybrid', which has both products",
        )
