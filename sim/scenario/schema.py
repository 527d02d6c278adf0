"""The scenario file as a frozen value: `Scenario`, with one attribute for each key of the file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.kinds import Choice, Context, JsonSchema, Kind, Text
from sim.scenario.named import Names
from sim.scenario.people import Centre, Clocks, Patients, Region, RiskGroup, Run, WaitingClocks, WaitingList
from sim.scenario.problems import did_you_mean, show
from sim.scenario.section import Absent, Fault, Named, Section, refuse
from sim.scenario.supply import (
    NO_TIME,
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
from sim.scenario.unused import not_by_centre, without_priority

STRATEGIES = ("autologous", "allogeneic")
AUTOLOGOUS_ONLY = ("scheduling", "apheresis", "shipping", "manufacturing", "release_testing", "bridging")
ALLOGENEIC_ONLY = ("allogeneic",)
# Sections that neither move a result nor count as part of the scenario's identity.
NOT_IN_DIGEST = ("name", "description", "validation", "sources")
# Stands where an autologous scenario says nothing of doses; nothing reads it.
NO_STOCK = Allogeneic.by_default(stock=Stock.by_default(opening=0, order=Order.by_default(), doses_per_lot=1))
# More patients than this in one replication are a slip of the pen, and would not fit into memory.
MOST_PATIENTS = 10_000_000


__all__ = [
    "Allogeneic", "Apheresis", "Bridging", "Centre", "Clocks", "Infusion", "Lymphodepletion", "Manufacturing", "Order",
    "Patients", "Quantity", "Region", "ReleaseTesting", "RiskGroup", "Run", "Scenario", "Scheduling", "Shipping",
    "Slots", "Stock", "Validation", "WaitingClocks", "WaitingList", "WorkUp",
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
    strategy: Annotated[Literal["autologous", "allogeneic"], Choice(STRATEGIES)] = Field(
        description="autologous | allogeneic"
    )
    run: Run = Field(Run.by_default(), description="How long and how often the simulation runs.")
    regions: Annotated[Mapping[str, Region], Names("region", Region)] = Field(
        description="Where patients come from, by name."
    )
    centres: Annotated[Mapping[str, Centre], Names("centre", Centre)] = Field(description="Treatment centres, by name.")
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
    lymphodepletion: Lymphodepletion = Field(
        Lymphodepletion.by_default(), description="The course just before infusion."
    )
    infusion: Infusion = Field(Infusion.by_default(), description="Infusion and the stay that follows.")
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
        yield from _priority_faults(data)
        yield from _slot_faults(data)

    def checks(self) -> Iterator[Fault]:
        for name, region in self.regions.items():
            steps = region.referrals or ()
            ends = [*(day for day, _ in steps[1:]), self.run.days]
            expected = sum(r * max(0.0, min(e, self.run.days) - d) for (d, r), e in zip(steps, ends, strict=False))
            if expected > MOST_PATIENTS:
                message = f"leads to {expected:.3g} patients in one replication; allowed: at most {MOST_PATIENTS:.0e}"
                yield ("regions", name, "referrals"), message


def _part(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A section of raw data; an empty one where something else stands there."""
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _strategy_faults(data: Mapping[str, Any], strategy: str) -> Iterator[Fault]:
    autologous = strategy == "autologous"
    for key in ALLOGENEIC_ONLY if autologous else AUTOLOGOUS_ONLY:
        if key in data:
            yield (key,), f"`{key}` is not used by strategy '{strategy}'"
    needed = "manufacturing" if autologous else "allogeneic"
    if needed not in data:
        yield (needed,), Absent(f"required by strategy '{strategy}', but not given")
    if autologous:
        return
    if "after_apheresis" in _part(data, "clocks"):
        yield ("clocks", "after_apheresis"), f"`after_apheresis` is not used by strategy '{strategy}'"
    for name, key in itertools.product(_part(data, "centres"), ("chairs", "slots")):
        if key in _part(data, "centres", name):
            yield ("centres", name, key), f"`{key}` is not used by strategy '{strategy}'"


def _centre_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    centres = list(_part(data, "centres"))
    for name in _part(data, "regions"):
        centre = _part(data, "regions", name).get("centre")
        if isinstance(centre, str) and centres and centre.strip() not in centres:
            hint = did_you_mean(centre, centres, "centres")
            path = ("regions", name, "centre")
            yield path, Absent(f"found {show(centre)}, which is no key of centres{hint}")


def _priority_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    policy = _part(data, "waiting_list").get("policy", "first_come")
    if not without_priority(policy):
        return
    for name in _part(data, "patients", "risk_groups"):
        if "priority" in _part(data, "patients", "risk_groups", name):
            path = ("patients", "risk_groups", name, "priority")
            yield path, f"is not used: waiting_list.policy is {policy}; allowed with sickest_first"


def _slot_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    if data.get("strategy") != "autologous":
        return
    slots = _part(data, "manufacturing").get("slots", "unlimited")
    if not not_by_centre(slots):
        return
    reason = "slots are pooled" if isinstance(slots, dict) else "manufacturing.slots are unlimited"
    for name in _part(data, "centres"):
        if "slots" in _part(data, "centres", name):
            yield ("centres", name, "slots"), f"is not used: {reason}; allowed where slots.scope is centre"
