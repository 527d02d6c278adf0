"""Sections of the scenario about the product: how it is collected, made, tested, stored and given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictBool

from sim.pure.distributions import Distribution
from sim.scenario.blocks import one_way
from sim.scenario.durations import Duration
from sim.scenario.kinds import Days, Multiplier, Share, Text, Whole
from sim.scenario.lists import CAPACITY
from sim.scenario.manufacturers import Assignment, Manufacturer
from sim.scenario.named import Names, OrWord
from sim.scenario.people import NO_TIME, UNLIMITED, Steps, sum_fault
from sim.scenario.section import Absent, Fault, Named, Section
from sim.scenario.slots import Slots

Time = Annotated[Distribution, Duration()]
ShareOf = Annotated[float, Share()]
CalendarName = Annotated[str | None, Text()]
WorkingTime = StrictBool
Target = Literal["none", "same", "other"]
NO_TARGET: Target = "none"
TARGET = (
    "Whether it engages T cells against the target of the product (same), against another (other), or is neither "
    "(none); what that does to the product stands in after_infusion.by_earlier_target."
)
CALENDAR = "Name of a calendar: {what} in its openings only."
WORKING_TIME = "Whether only the time in the calendar's openings counts."


class WorkUp(Section):
    """From referral to the waiting list."""

    duration: Time = Field(NO_TIME, description="Time from referral to listing.")
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="it starts"))
    working_time: WorkingTime = Field(False, description=WORKING_TIME)


class Scheduling(Section):
    """From booking to apheresis."""

    duration: Time = Field(NO_TIME, description="Time from booking to apheresis.")


class Apheresis(Section):
    """Collection of the patient's cells."""

    duration: Time = Field(NO_TIME, description="Time in the chair.")
    shortfall: ShareOf = Field(0.0, description="Proportion of collections that fall short.")
    repeat_after: Time = Field(
        NO_TIME, description="Time from a collection that fell short, or was lost on its way, to the next."
    )
    attempts: Annotated[int | None, Whole(1, word="unlimited")] = Field(
        1, description="Collections tried at most, or unlimited."
    )
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="chairs are given and collection starts"))
    fit: StrictBool = Field(False, description="Whether a collection must end in the same opening.")


class Shipping(Section):
    """Transport between centre and factory."""

    to_factory: Time = Field(NO_TIME, description="Time from centre to factory.")
    to_centre: Time = Field(NO_TIME, description="Time from factory to centre.")
    loss: ShareOf = Field(
        0.0,
        description="Proportion of shipments lost or damaged, each way: a collection that has failed on the way to the "
        "factory (apheresis.attempts), a manufacture that has failed on the way back (manufacturing.attempts).",
    )
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="the courier collects"))
    viable: Annotated[float, Days(above_zero=True, word="frozen")] = Field(
        float("inf"), description="How long fresh cells may wait for the courier before they are lost, or frozen."
    )


class LineHeld(Section):
    """How long one manufacture holds its line."""

    start: Literal["receipt", "booking"] = Field("receipt", alias="from", description="receipt | booking")
    end: Literal["culture", "release", "last_attempt"] = Field(
        "culture", alias="to", description="culture | release | last_attempt"
    )


class Product(Section):
    """One of several products; what it does not say is as for all."""

    share: ShareOf = Field(description="Proportion of patients who are given it; the proportions sum to 1.")
    duration: Annotated[Distribution | None, Duration()] = Field(None, description="Time of one manufacture.")
    failure: Annotated[float | None, Share()] = Field(None, description="Proportion of manufactures that fail.")
    out_of_specification: Annotated[float | None, Share()] = Field(
        None, description="Proportion of released products that are out of specification."
    )


class Manufacturing(Section):
    """Manufacture of the autologous product."""

    slots: Annotated[Slots | None, OrWord("unlimited", Slots)] = Field(
        None, description="unlimited, or dated slots: {count: 4, every: month}"
    )
    lines: Annotated[Steps, CAPACITY] = Field(UNLIMITED, description="Manufactures at one time; may change by date.")
    line_held: LineHeld = Field(LineHeld.by_default(), description="From when to when a line is held.")
    duration: Time = Field(NO_TIME, description="Time of one manufacture; required unless every product has its own.")
    remake_duration: Annotated[Distribution | None, Duration()] = Field(
        None, description="Time of a repeated manufacture; the same as duration unless given."
    )
    failure: ShareOf = Field(0.0, description="Proportion of manufactures that fail.")
    failure_found: Annotated[Distribution | None, Duration()] = Field(
        None, description="Time after which a failure is found; at the end of the manufacture unless given."
    )
    attempts: Annotated[int | None, Whole(1, word="unlimited")] = Field(
        1, description="Manufactures tried at most, or unlimited."
    )
    batches: Annotated[int, Whole(1, 4)] = Field(
        1, description="Products made from one collection and infused together; each takes a slot and a line."
    )
    products: Annotated[Mapping[str, Product], Names("product", Product)] = Field(
        Named({}), description="Several products with numbers of their own, by name."
    )
    manufacturers: Annotated[Mapping[str, Manufacturer], Names("manufacturer", Manufacturer)] = Field(
        Named({}), description="Several manufacturers with which centres contract, by name."
    )
    assignment: Assignment = Field(
        Assignment.by_default(), description="Which of several manufacturers makes a patient's product."
    )
    site: Literal["factory", "centre"] = Field(
        "factory", description="factory: one set of lines for all. centre: each centre makes its own, on its own lines."
    )
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="a manufacture starts"))
    remake_from: Literal["retained_cells", "apheresis"] = Field(
        "retained_cells", description="retained_cells | apheresis"
    )
    on_leave: Literal["stop", "finish_stage", "finish"] = Field(
        "stop",
        description="What becomes of the manufacture when its patient leaves: stop | finish_stage | finish",
    )

    def checks(self) -> Iterator[Fault]:
        wrong = sum_fault(product.share for product in self.products.values())
        if self.products and wrong is not None:
            yield ("products",), wrong

    def model_post_init(self, context: Any) -> None:
        """Fill in the duration of a remake, so that leaving it out and repeating it mean the same."""
        if self.remake_duration is None:
            self.__dict__["remake_duration"] = self.duration


class ConditionalRelease(Section):
    """Release before the sterility test has ended, which goes on while the product is on its way."""

    sterility: Time = Field(description="Time after which the test has gone far enough for the product to leave.")
    recall: ShareOf = Field(
        0.0, description="Proportion of products that have reached the centre and that the finished test condemns."
    )


class ReleaseTesting(Section):
    """Tests and review before the product may leave the factory."""

    sterility: Time = Field(
        NO_TIME,
        description="Time of the sterility test; the tests run side by side. After a conditional release it goes on, "
        "and the product waits for its end at the centre.",
    )
    potency: Time = Field(NO_TIME, description="Time of the potency test.")
    identity: Time = Field(NO_TIME, description="Time of the identity test.")
    review: Time = Field(NO_TIME, description="Time of the QA review after all tests.")
    lab: Annotated[Steps, CAPACITY] = Field(
        UNLIMITED,
        description="Tests at one time, each on a place; may change by date. What is left of a sterility test after a "
        "conditional release needs none.",
    )
    failure: ShareOf = Field(0.0, description="Proportion of products that fail and cannot be used.")
    out_of_specification: ShareOf = Field(
        0.0, description="Proportion, of those that do not fail, that are out of specification."
    )
    accepted: ShareOf = Field(1.0, description="Proportion of these that are accepted by exception.")
    exception: Time = Field(NO_TIME, description="Extra time for the exception.")
    not_accepted: Literal["remake", "stop"] = Field(
        "remake", description="What follows where it is not accepted: remake (the attempt has failed) | stop"
    )
    conditional: ConditionalRelease | None = Field(None, description="Release before the sterility test has ended.")
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="tests and the review start"))
    working_time: WorkingTime = Field(False, description="Whether only the time in openings counts for the review.")

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        if "conditional" in data and "sterility" not in data:
            yield ("conditional",), Absent("found no `sterility` beside it; a conditional release needs that test")


class Bridging(Section):
    """Therapy between apheresis and lymphodepletion that slows the disease."""

    share: ShareOf = Field(0.0, description="Proportion of patients who have bridging therapy.")
    start: Time = Field(NO_TIME, description="Time from the first apheresis, whatever comes of it, to its start.")
    step_up: Time = Field(
        NO_TIME, description="Its first part, in a bed of the centre (step-up doses); it begins when there is one."
    )
    bed_within: Annotated[float | None, Days()] = Field(
        None, description="How long it waits for that bed; who has none by then is not bridged."
    )
    response: ShareOf = Field(1.0, description="Proportion of them who respond.")
    hazard: Annotated[float, Multiplier()] = Field(1.0, description="Multiplier on progression while it works.")
    target: Target = Field(NO_TARGET, description=TARGET)

    @property
    def steps_up(self) -> bool:
        """Whether it begins with step-up doses in a bed."""
        return not self.step_up.is_nothing

    def checks(self) -> Iterator[Fault]:
        if self.steps_up and self.hazard > 1.0:
            yield ("hazard",), f"found {self.hazard:g}; allowed with step_up: at most 1"


class DoseShipping(Section):
    """Transport of a dose to the centre."""

    duration: Time = Field(NO_TIME, description="Time to the centre.")
    loss: ShareOf = Field(0.0, description="Proportion of shipments lost or damaged.")


class Order(Section):
    """When a lot is started: by stock level, or by the calendar."""

    at: Annotated[int | None, Whole()] = Field(
        None, description="Start lots when the inventory position is this or less."
    )
    up_to: Annotated[int | None, Whole(1)] = Field(None, description="Start as many lots as reach this position.")
    every: Annotated[float | None, Days(above_zero=True)] = Field(
        None, description="Time from the start of one lot to that of the next."
    )
    first: Annotated[float | None, Days()] = Field(
        None, description="With every: time from the start to the first lot; as long as `every`, unless given."
    )

    @property
    def levels(self) -> tuple[int, int] | None:
        """(at, up_to), the s and S of the policy; None where lots are started by the calendar."""
        return None if self.at is None or self.up_to is None else (self.at, self.up_to)

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        yield from one_way(data, list(cls.model_fields), "allogeneic.stock.order")
        at, up_to = data.get("at"), data.get("up_to")
        if type(at) is int and type(up_to) is int and at >= up_to:
            yield (), f"found at {at} and up_to {up_to}; allowed: at below up_to"


class Stock(Section):
    """Doses on the shelf."""

    opening: Annotated[int, Whole(0, 10_000_000)] = Field(description="Doses on the shelf at the start.")
    shelf_life: Annotated[float, Days(above_zero=True, word="unlimited")] = Field(
        float("inf"), description="Time until a dose expires, or unlimited."
    )
    order: Order = Field(description="{at: 40, up_to: 160}, or {every: 60 d}")
    doses_per_lot: Annotated[int, Whole(1, 1_000_000)] = Field(description="Doses of one lot.")
    kept: Literal["centrally", "at_centres"] = Field(
        "centrally",
        description="centrally: one stock for all. at_centres: a freezer at each centre, each ordering for itself.",
    )


class Donor(Section):
    """Collection from a donor."""

    duration: Time = Field(NO_TIME, description="Time from the order to cells.")
    rejection: ShareOf = Field(0.0, description="Proportion of donors rejected; another is sought.")


class Lots(Section):
    """Manufacture of a lot of doses."""

    donor: Donor = Field(Donor.by_default(), description="Collection from a donor.")
    lines: Annotated[Steps, CAPACITY] = Field(UNLIMITED, description="Lots at one time; may change by date.")
    shared_lines: Literal["never", "first", "equal", "last"] = Field(
        "never", description="Whether lots use the lines of autologous manufacture, and their turn in the queue."
    )
    culture: Time = Field(NO_TIME, description="Time of culture on a line.")
    editing: Time = Field(NO_TIME, description="Time of gene editing on the same line.")
    release: Time = Field(NO_TIME, description="Time of release testing.")
    failure: ShareOf = Field(0.0, description="Proportion of lots that fail.")


class Allogeneic(Section):
    """The off-the-shelf product."""

    unsuitable: ShareOf = Field(0.0, description="Proportion of patients who cannot have it.")
    shipping: DoseShipping = Field(DoseShipping.by_default(), description="Transport of a dose to the centre.")
    stock: Stock = Field(description="Doses on the shelf.")
    lots: Lots = Field(Lots.by_default(), description="Manufacture of a lot of doses.")


class Lymphodepletion(Section):
    """The chemotherapy course just before infusion."""

    duration: Time = Field(NO_TIME, description="Time from its start to infusion.")
    calendar: CalendarName = Field(None, description=CALENDAR.format(what="it starts"))


class Deferral(Section):
    """Infusions put off for medical reasons (fever, infection) between lymphodepletion and infusion."""

    share: ShareOf = Field(description="Proportion of courses of lymphodepletion whose infusion is put off.")
    days: Time = Field(NO_TIME, description="Time by which it is put off.")
    repeat_after: Annotated[float, Days(word="never")] = Field(
        float("inf"),
        description="Who is put off for longer than this starts anew: lymphodepletion is repeated once they are well "
        "again, with a new booking. Or never.",
    )

    def checks(self) -> Iterator[Fault]:
        if self.share > 0.0 and self.days == NO_TIME:
            yield ("days",), "found no time; allowed: a time above 0 d by which infusions are put off"
        if self.share == 1.0 and self.days.least > self.repeat_after:
            yield (
                ("repeat_after",),
                f"found {self.repeat_after:g} d, where every infusion is put off for longer; allowed: a time within "
                "which somebody is infused",
            )


class Infusion(Section):
    """Infusion and the stay that follows."""

    replaced: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "bed_from": "`reservation` has taken its place; write reservation: admit for bed_from: lymphodepletion, "
            "and leave it out for bed_from: infusion (a bed is then booked ahead)"
        }
    )

    scheduling: Time = Field(
        NO_TIME, description="Time from the product at the centre, its tests ended, to lymphodepletion."
    )
    stay: Time = Field(NO_TIME, description="Time in the bed after infusion, toxicity apart; for inpatients.")
    model: Literal["inpatient", "outpatient"] = Field(
        "inpatient", description="outpatient: a bed is needed for toxicity only."
    )
    reservation: Literal["book_ahead", "hold", "admit"] = Field(
        "book_ahead",
        description="What lymphodepletion waits for, of inpatients: book_ahead (a bed booked for the day of infusion) "
        "| hold (a bed, which is kept empty until infusion) | admit (a bed, in which they are from then on)",
    )
    planned_stay: Annotated[float | None, Days(above_zero=True)] = Field(
        None,
        description="Time for which a bed is booked ahead; the mean time from infusion to discharge, in whole days "
        "rounded up, unless given.",
    )
    turn_round: Annotated[float, Days()] = Field(
        0.0, description="Time from a discharge until the bed is ready for the next patient."
    )
    deferral: Deferral | None = Field(None, description="Infusions put off for medical reasons.")
