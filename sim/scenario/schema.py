"""The scenario file as a frozen value: `Scenario`, with one attribute for each key of the file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.afterwards import AfterInfusion
from sim.scenario.economics import Economics
from sim.scenario.kinds import Choice, Context, JsonSchema, Kind, Text
from sim.scenario.mixed import Hybrid, LaterCourse
from sim.scenario.named import Names
from sim.scenario.opening import RESOURCES, Calendar, Disruption, calendar_faults
from sim.scenario.people import NO_TIME, Centre, Clocks, Patients, Region, RiskGroup, Run, WaitingClocks, WaitingList
from sim.scenario.problems import did_you_mean, show
from sim.scenario.section import Absent, Fault, Named, Section, refuse
from sim.scenario.supply import (
    Allogeneic,
    Apheresis,
    Bridging,
    Infusion,
    Lymphodepletion,
    Manufacturing,
    Order,
    ReleaseTesting,
    Scheduling,
    Shipping,
    Slots,
    Stock,
    WorkUp,
)
from sim.scenario.targets import Quantity, Validation
from sim.scenario.toxicity import Toxicity, asks_for_icu
from sim.scenario.uncertainty import Uncertain, Uncertainties
from sim.scenario.unused import is_zero, never_binds, not_by_centre, without_benefit, without_priority

STRATEGIES = ("autologous", "allogeneic", "hybrid")
AUTOLOGOUS_ONLY = ("scheduling", "apheresis", "shipping", "manufacturing", "release_testing", "bridging")
ALLOGENEIC_ONLY = ("allogeneic",)
HYBRID_ONLY = ("hybrid",)
# Sections that neither move a result nor count as part of the scenario's identity.
NOT_IN_DIGEST = ("name", "description", "validation", "uncertainty", "sources")
# Stands where an autologous scenario says nothing of doses; nothing reads it.
NO_STOCK = Allogeneic.by_default(stock=Stock.by_default(opening=0, order=Order.by_default(), doses_per_lot=1))

__all__ = [
    "AfterInfusion", "Allogeneic", "Apheresis", "Bridging", "Calendar", "Centre", "Clocks", "Disruption",
    "Economics", "Hybrid", "Infusion", "LaterCourse", "Lymphodepletion", "Manufacturing", "Order", "Patients",
    "Quantity", "Region", "ReleaseTesting", "RiskGroup", "Run", "Scenario", "Scheduling", "Shipping", "Slots",
    "Stock", "Toxicity", "Validation", "WaitingClocks", "WaitingList", "WorkUp",
]  # fmt: skip


class SourceNotes(Kind):
    """Where numbers come from: path to evidence ids, or the word assumption, and a note."""

    numeric = False

    def read(self, value: Any, context: Context) -> Named[str]:
        if not isinstance(value, dict):
            raise ValueError(f"found {show(value)}; allowed: a section of paths, such as 'work_up.duration: TL-07'")
        faults: list[Fault] = []
        for key, entry in value.items():
            if not isinstance(entry, str) or not entry.strip():
                allowed = "evidence ids, or the word assumption, and then ': ' and a note (in quotes)"
                faults.append(((key,), f"found {show(entry)}; allowed: {allowed}"))
        if faults:
            raise refuse(faults)
        return Named(value)

    def write(self, value: Mapping[str, str]) -> dict[str, str]:
        return dict(value)

    def describe(self) -> JsonSchema:
        return {"type": "object", "additionalProperties": {"type": "string"}}


class Scenario(Section):
    """One way of organising the therapy. Built by `sim.scenario.load`, which knows files, lines and dates."""

    also_known = ("extends",)

    name: Annotated[str, Text()] = Field(description="What this scenario is called in tables and charts.")
    description: Annotated[str, Text(longest=5000, lines=True)] = Field("", description="What it stands for.")
    strategy: Annotated[Literal["autologous", "allogeneic", "hybrid"], Choice(STRATEGIES)] = Field(
        description="autologous | allogeneic | hybrid (autologous, and for some the allogeneic product instead)"
    )
    run: Run = Field(Run.by_default(), description="How long and how often the simulation runs.")
    regions: Annotated[Mapping[str, Region], Names("region", Region)] = Field(
        description="Where patients come from, by name."
    )
    centres: Annotated[Mapping[str, Centre], Names("centre", Centre)] = Field(description="Treatment centres, by name.")
    calendars: Annotated[Mapping[str, Calendar], Names("calendar", Calendar)] = Field(
        Named({}), description="Opening times, by name; sections name the one they keep to."
    )
    disruptions: Annotated[Mapping[str, Disruption], Names("disruption", Disruption)] = Field(
        Named({}), description="Shut-downs, by name."
    )
    patients: Patients = Field(Patients.by_default(), description="Who the patients are.")
    waiting_list: WaitingList = Field(WaitingList.by_default(), description="Who is served next.")
    clocks: Clocks = Field(description="What runs against the patient.")
    work_up: WorkUp = Field(WorkUp.by_default(), description="From referral to the waiting list.")
    scheduling: Scheduling = Field(Scheduling.by_default(), description="From booking to apheresis. Autologous only.")
    apheresis: Apheresis = Field(
        Apheresis.by_default(), description="Collection of the patient's cells. Autologous only."
    )
    shipping: Shipping = Field(Shipping.by_default(), description="Transport to and from the factory. Autologous only.")
    manufacturing: Manufacturing = Field(
        Manufacturing.by_default(duration=NO_TIME), description="Manufacture of the product. Autologous only."
    )
    release_testing: ReleaseTesting = Field(
        ReleaseTesting.by_default(),
        description="Tests before the product leaves the factory. Autologous only.",
    )
    bridging: Bridging = Field(
        Bridging.by_default(), description="Therapy that slows the disease meanwhile. Autologous only."
    )
    allogeneic: Allogeneic = Field(NO_STOCK, description="The off-the-shelf product. Allogeneic only.")
    hybrid: Hybrid = Field(
        Hybrid.by_default(), description="Who is given the allogeneic product after all. Hybrid only."
    )
    lymphodepletion: Lymphodepletion = Field(
        Lymphodepletion.by_default(), description="The course just before infusion."
    )
    infusion: Infusion = Field(Infusion.by_default(), description="Infusion and the stay that follows.")
    toxicity: Toxicity = Field(Toxicity.by_default(), description="Toxicity after infusion, by grade.")
    later_course: LaterCourse | None = Field(None, description="Who returns after a relapse for another product.")
    after_infusion: AfterInfusion | None = Field(
        None, description="What becomes of patients once their path has ended: response, relapse, death."
    )
    economics: Economics | None = Field(None, description="Costs and quality-adjusted life of every patient.")
    uncertainty: Annotated[Mapping[str, Uncertain], Uncertainties()] = Field(
        Named({}), description="Distributions of inputs that are not known, by their paths; used by `psa` only."
    )
    validation: Validation | None = Field(None, description="What must come out; used by `validate` only.")
    sources: Annotated[Mapping[str, str], SourceNotes()] = Field(
        Named({}),
        description="Where numbers come from: path to evidence ids, or the word assumption, and a note.",
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        strategy = data.get("strategy")
        if strategy in STRATEGIES:
            yield from _strategy_faults(data, str(strategy))
        yield from _centre_faults(data)
        yield from _policy_faults(data)
        yield from _slot_faults(data)
        yield from calendar_faults(data)
        yield from _disruption_faults(data)
        yield from _courier_faults(data)
        yield from _hybrid_faults(data)
        yield from _icu_faults(data)
        yield from _release_faults(data)
        yield from _afterwards_faults(data)

    def checks(self) -> Iterator[Fault]:
        if self.economics is not None:
            yield from _economics_faults(self, self.economics)


def _part(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A section of raw data; an empty one where something else stands there."""
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def not_used_by(strategy: str) -> tuple[str, ...]:
    """The sections that a strategy has no use for."""
    unused = {"autologous": ALLOGENEIC_ONLY, "allogeneic": AUTOLOGOUS_ONLY, "hybrid": ()}[strategy]
    return unused if strategy == "hybrid" else (*unused, *HYBRID_ONLY)


def _strategy_faults(data: Mapping[str, Any], strategy: str) -> Iterator[Fault]:
    for key in not_used_by(strategy):
        if key in data:
            yield (key,), f"`{key}` is not used by strategy '{strategy}'"
    for needed in ("manufacturing", "allogeneic", "hybrid"):
        if needed not in data and needed not in not_used_by(strategy):
            yield (needed,), Absent(f"required by strategy '{strategy}', but not given")
    if strategy != "allogeneic":
        return
    if "after_apheresis" in _part(data, "clocks"):
        yield ("clocks", "after_apheresis"), f"`after_apheresis` is not used by strategy '{strategy}'"
    for name, key in itertools.product(_part(data, "centres"), ("chairs", "slots", "lines")):
        if key in _part(data, "centres", name):
            yield ("centres", name, key), f"`{key}` is not used by strategy '{strategy}'"


def products(strategy: str, later: str | None) -> tuple[str, ...]:
    """The kinds of product that patients are given; `later`: the strategy of a later course, None for none."""
    both = ("autologous", "allogeneic")
    return both if strategy == "hybrid" else tuple(kind for kind in both if kind in (strategy, later))


def _afterwards_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    strategy, later = data.get("strategy"), _part(data, "later_course").get("strategy")
    if "economics" in data:
        if "after_infusion" not in data:
            yield ("after_infusion",), Absent("required by economics, but not given")
        for name, product in itertools.product(("product", "unused_product"), ("autologous", "allogeneic")):
            if product in _part(data, "economics", "costs", name) and product not in products(str(strategy), None):
                yield ("economics", "costs", name, product), f"`{product}` is not used by strategy '{strategy}'"
        if strategy == "allogeneic":
            for name in ("apheresis", "bridging"):
                if name in _part(data, "economics", "costs"):
                    yield ("economics", "costs", name), f"`{name}` is not used by strategy '{strategy}'"
    if "after_infusion" not in data or strategy not in STRATEGIES:
        return
    given, wanted = _part(data, "after_infusion"), products(str(strategy), later)
    for product in ("autologous", "allogeneic"):
        path = ("after_infusion", product)
        if product in wanted and product not in given:
            yield path, Absent(f"required by strategy '{strategy}', but not given")
        if product not in wanted and product in given and "later_course" not in data:
            yield path, f"`{product}` is not used by strategy '{strategy}'"
    if "autologous" not in wanted and "later_course" not in data and "out_of_specification" in given:
        yield ("after_infusion", "out_of_specification"), f"is not used by strategy '{strategy}'"


def _economics_faults(s: Scenario, economics: Economics) -> Iterator[Fault]:
    """What economics cannot count in a scenario like this."""
    if s.later_course is not None:
        yield (
            ("economics",),
            "is not used: economics cover one course only; leave out one of economics and later_course",
        )
    for event, values in economics.toxicity.events.items():
        there = s.toxicity.events.get(event)
        grades = list(there.grades) if there is not None else []
        for grade in values:
            if grade not in grades:
                hint = did_you_mean(grade, grades, "grades") if grades else f"; toxicity.{event} is not given"
                yield ("economics", "toxicity", event, grade), f"is no grade of toxicity.{event}{hint}"
    bedless = all(math.isinf(units) for centre in s.centres.values() for _, units in centre.beds)
    if economics.costs.bed_day > 0.0 and s.infusion.model == "outpatient" and bedless:
        yield ("economics", "costs", "bed_day"), "days in beds of outpatients are counted only where beds have a number"


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


def _policy_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """What risk groups say of themselves that the policy does not look at."""
    policy = _part(data, "waiting_list").get("policy", "first_come")
    unused = {"priority": without_priority, "benefit": without_benefit}
    allowed = {"priority": "sickest_first and score", "benefit": "likely_benefit and score"}
    for key, off in unused.items():
        for name in _part(data, "patients", "risk_groups") if off(policy) else ():
            if key in _part(data, "patients", "risk_groups", name):
                path = ("patients", "risk_groups", name, key)
                yield path, f"is not used: waiting_list.policy is {policy}; allowed with {allowed[key]}"


def _slot_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    if data.get("strategy") not in ("autologous", "hybrid"):
        return
    made = _part(data, "manufacturing")
    slots = made.get("slots", "unlimited")
    reason = "slots are pooled" if isinstance(slots, dict) else "manufacturing.slots are unlimited"
    for name in _part(data, "centres"):
        if not_by_centre(slots) and "slots" in _part(data, "centres", name):
            yield ("centres", name, "slots"), f"is not used: {reason}; allowed where slots.scope is centre"
        if made.get("site", "factory") == "factory" and "lines" in _part(data, "centres", name):
            yield ("centres", name, "lines"), "is not used: manufacturing.site is factory; allowed where it is centre"


def _disruption_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    strategy, centres = data.get("strategy"), list(_part(data, "centres"))
    without = {
        "autologous": ("lot_line",), "allogeneic": ("line", "chair", "lab", "courier"), "hybrid": (),
    }.get(str(strategy), ())  # fmt: skip
    by_centre = ("chair", "bed", "icu", *(("line",) if _part(data, "manufacturing").get("site") == "centre" else ()))
    for name in _part(data, "disruptions"):
        entry = _part(data, "disruptions", name)
        resource, centre = entry.get("resource"), entry.get("centre")
        if resource in without:
            yield ("disruptions", name, "resource"), f"`{resource}` is not used by strategy '{strategy}'"
        if centre is not None and resource in RESOURCES and resource not in by_centre:
            yield ("disruptions", name, "centre"), f"is not used: there is one {resource} for all centres"
        elif isinstance(centre, str) and centres and centre not in centres:
            hint = did_you_mean(centre, centres, "centres")
            yield ("disruptions", name, "centre"), Absent(f"found {show(centre)}, which is no key of centres{hint}")
        if resource in ("bed", "icu") and entry.get("work", "finish") != "finish":
            yield ("disruptions", name, "work"), "found pause or lose; allowed: finish, as patients in bed stay there"
        if resource == "courier" and "work" in entry:
            yield (
                ("disruptions", name, "work"),
                "is not used: a shipment under way arrives; the courier collects nothing new",
            )


def _courier_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    shipping = _part(data, "shipping")
    strikes = any(_part(data, "disruptions", name).get("resource") == "courier" for name in _part(data, "disruptions"))
    if shipping.get("viable", "frozen") != "frozen" and "calendar" not in shipping and not strikes:
        yield ("shipping", "viable"), "is not used: the courier is never away; allowed with a calendar or a disruption"


def _hybrid_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    made = _part(data, "manufacturing")
    booked = _part(made, "line_held").get("from") == "booking" and not never_binds(made.get("lines", "unlimited"))
    waits = made.get("slots", "unlimited") != "unlimited" or booked
    if _part(data, "hybrid").get("after_waiting", "never") != "never" and not waits:
        yield ("hybrid", "after_waiting"), "is not used: nobody waits for slots, or for lines booked before apheresis"
    groups = list(_part(data, "patients", "risk_groups"))
    named = _part(data, "hybrid").get("allogeneic_for")
    for place, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in groups:
            hint = did_you_mean(name, groups, "risk groups")
            yield ("hybrid", "allogeneic_for", place), Absent(f"found {show(name)}, which is no risk group{hint}")
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
    if shared and data.get("strategy") != "hybrid":
        yield (
            ("allogeneic", "lots", "shared_lines"),
            "is not used: there is no autologous manufacture; allowed with hybrid",
        )


def _icu_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    if asks_for_icu(data.get("toxicity")):
        return
    for name in _part(data, "centres"):
        if "icu" in _part(data, "centres", name):
            yield ("centres", name, "icu"), "is not used: no toxicity has an icu share above 0"
    for name in _part(data, "disruptions"):
        if _part(data, "disruptions", name).get("resource") == "icu":
            yield ("disruptions", name, "resource"), "is not used: no toxicity has an icu share above 0"


def _release_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """What is said of products out of specification where there are none."""
    tested, products = _part(data, "release_testing"), _part(data, "manufacturing", "products")
    parts = [tested, *(_part(products, name) for name in products)]
    if all(is_zero(part.get("out_of_specification", 0)) for part in parts):
        for key in ("accepted", "exception", "not_accepted"):
            if key in tested:
                yield ("release_testing", key), "is not used: out_of_specification is 0; allowed where that is above 0"
