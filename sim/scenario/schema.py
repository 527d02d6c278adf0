"""The scenario file as a frozen value: `Scenario`, with one attribute for each key of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from sim.scenario.afterwards import AfterInfusion
from sim.scenario.alternative import Alternative
from sim.scenario.before_apheresis import BeforeApheresis
from sim.scenario.cells import Cells
from sim.scenario.economics import Economics
from sim.scenario.in_progress import InProgress
from sim.scenario.kinds import Context, Plain, Text
from sim.scenario.lists import read_entries
from sim.scenario.mixed import Hybrid, LaterCourse, Strategy
from sim.scenario.named import Names
from sim.scenario.opening import Calendar, Disruption
from sim.scenario.people import (
    NO_TIME,
    Centre,
    Clocks,
    Patients,
    Region,
    RiskGroup,
    Run,
    Steps,
    WaitingClocks,
    WaitingList,
)
from sim.scenario.problems import show
from sim.scenario.section import Fault, Named, Section
from sim.scenario.shared import Shared
from sim.scenario.slots import Slots
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
    Stock,
    WorkUp,
)
from sim.scenario.targets import Quantity, Validation
from sim.scenario.together import missing_faults, together_faults
from sim.scenario.toxicity import Toxicity
from sim.scenario.uncertainty import Uncertain, Uncertainties

# Sections that neither move a result nor count as part of the scenario's identity.
NOT_IN_DIGEST = ("name", "description", "validation", "uncertainty", "sources")
# Stands where an autologous scenario says nothing of doses; nothing reads it.
NO_STOCK = Allogeneic.by_default(stock=Stock.by_default(opening=0, order=Order.by_default(), doses_per_lot=1))

__all__ = [
    "AfterInfusion", "Allogeneic", "Alternative", "Apheresis", "BeforeApheresis", "Bridging", "Calendar", "Cells",
    "Centre", "Clocks", "Disruption", "Economics", "Hybrid", "InProgress", "Infusion", "LaterCourse", "Lymphodepletion",
    "Manufacturing", "Order", "Patients", "Quantity", "Region", "ReleaseTesting", "RiskGroup", "Run", "Scenario",
    "Scheduling", "Shared", "Shipping", "Slots", "Stock", "Toxicity", "Validation", "WaitingClocks", "WaitingList",
    "WorkUp",
]  # fmt: skip


def _read_sources(value: Any, _: Context) -> Named[str]:
    """Where numbers come from: path to evidence ids, or the word assumption or records, and a note."""
    if not isinstance(value, dict):
        raise ValueError(f"found {show(value)}; allowed: a section of paths, such as 'work_up.duration: TL-07'")
    return Named(read_entries(value, _source))


def _source(entry: Any) -> str:
    if not isinstance(entry, str) or not entry.strip():
        allowed = "evidence ids, or the word assumption or records, and then ': ' and a note (in quotes)"
        raise ValueError(f"found {show(entry)}; allowed: {allowed}")
    return entry


SOURCES = Plain(
    _read_sources,
    dict,
    {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"minLength": 1}},
    numeric=False,
)


class Scenario(Section):
    """One way of organising the therapy. Built by `sim.scenario.load`, which knows files, lines and dates."""

    also_known = ("extends", "schema")

    name: Annotated[str, Text()] = Field(description="What this scenario is called in tables and charts.")
    description: Annotated[str, Text(longest=5000, lines=True)] = Field("", description="What it stands for.")
    strategy: Strategy = Field(
        description="autologous | allogeneic | hybrid (autologous, and for some the allogeneic product instead) | "
        "standard_care (nobody is infused: a reference arm)"
    )
    run: Run = Field(Run.by_default(), description="How long and how often the simulation runs.")
    regions: Annotated[Mapping[str, Region], Names("region", Region)] = Field(
        description="Where patients come from, by name."
    )
    in_progress: InProgress | None = Field(
        None, description="Patients who are anywhere on the path to infusion on the first day. Autologous only."
    )
    centres: Annotated[Mapping[str, Centre], Names("centre", Centre)] = Field(description="Treatment centres, by name.")
    shared: Annotated[Mapping[str, Shared], Names("shared ward", Shared)] = Field(
        Named({}), description="Beds, treatment places and intensive care that several centres share, by name."
    )
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
    before_apheresis: BeforeApheresis = Field(
        BeforeApheresis.by_default(), description="What must be done beside the work-up, and therapy meanwhile."
    )
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
    cells: Cells = Field(
        Cells.by_default(), description="How failing with a patient's cells depends on who they are. Autologous only."
    )
    bridging: Bridging = Field(
        Bridging.by_default(), description="Therapy that slows the disease meanwhile. Autologous only."
    )
    allogeneic: Allogeneic = Field(NO_STOCK, description="The off-the-shelf product. Allogeneic only.")
    hybrid: Hybrid = Field(
        Hybrid.by_default(), description="Who is given the allogeneic product after all. Hybrid only."
    )
    alternative: Alternative | None = Field(
        None, description="A therapy without slot or cells, for whoever leaves the path to infusion for it."
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
    sources: Annotated[Mapping[str, str], SOURCES] = Field(
        Named({}),
        description="Where numbers come from: path to evidence ids, or the word assumption or records, and a note.",
    )

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        return missing_faults(data)

    @property
    def infuses(self) -> bool:
        """Whether anybody may be infused; nobody is in a reference arm."""
        return self.strategy != "standard_care"

    @property
    def runs_until(self) -> float:
        """The day up to which every replication is simulated at least."""
        return self.run.window_end if self.later_course is None else self.run.later_courses_end

    def checks(self) -> Iterator[Fault]:
        return together_faults(self)

    @property
    def treating(self) -> tuple[str, ...]:
        """The centres that some region sends patients to, in the order of the file."""
        sent = {name for region in self.regions.values() for name, share in region.centre.items() if share > 0.0}
        return tuple(name for name in self.centres if name in sent)

    def site(self, centre: str, key: str) -> str:
        """Where the patients of a centre have beds, icu or places: there, or in what it shares with other centres."""
        having = (name for name, its in self.shared.items() if centre in its.centres and getattr(its, key) is not None)
        return next(having, centre)

    def units(self, site: str, key: str) -> Steps:
        """How many beds, icu or places there are at a centre, or in what several share."""
        found: Steps = getattr(self.shared[site] if site in self.shared else self.centres[site], key)
        return found

    def lines_at(self, centre: str) -> Steps:
        """The lines of a centre, where products are made at centres: its own number, or that for all."""
        own = self.centres[centre].lines
        return self.manufacturing.lines if own is None else own

    def slots_at(self, centre: str) -> Steps | None:
        """The slots of a centre, where each has its own: its own number, or that for all; None where they have none."""
        own, slots = self.centres[centre].slots, self.manufacturing.slots
        return own if own is not None or slots is None else slots.count
