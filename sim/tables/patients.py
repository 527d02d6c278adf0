"""The big tables, a row a patient, an event or a quantity, streamed to Parquet."""

from __future__ import annotations

from sim.tables.contract import Table
from sim.tables.shared import REPLICATION, SCENARIO, SINCE_START, days, flag, number, text, whole

NOT_INFUSED = "not infused"
LIVES = "neither infused nor given the alternative, or the scenario does not say what becomes of them"
WHO = (
    SCENARIO,
    REPLICATION,
    text("region", "Home region."),
    text("source", "How they were referred: by the region's rate, from a list of dates, or waiting on day 0."),
    whole("number", "Number within region and source; the same patient in every scenario."),
    whole("course", "1 for the first course, 2 for the first return, and so on."),
)
WHO_KEY = ("scenario", "replication", "region", "source", "number", "course")
NO_SLOT = "never asked for a slot, or slots are not dated"
FLOW = "the run did not come to it, or the path has no such step"

PATIENTS = Table(
    "patients",
    "Patients, replication 0",
    "scenario by replication by patient by course that was begun; patients referred after the run stopped are left out",
    (
        *WHO,
        text("centre", "The centre that treats them."),
        text("risk_group", "Their risk group."),
        number("age", "Age at the first referral.", "years", "the scenario does not say"),
        text("sex", "female or male.", "the scenario does not say"),
        flag("measured", "Whether they count in the results: a first course, referred inside the measuring window."),
        text(
            "product",
            "The product that they were on last: its name, autologous, allogeneic, or alternative.",
        ),
        text(
            "manufacturer",
            "Who makes their product, of several manufacturers.",
            "there is one, or they had no slot or line yet",
        ),
        text("outcome", "How their path ended; waiting: it had not, when follow-up or the run did."),
        text("reason", "More on the outcome.", "no more to say"),
        number("referral_day", "Referral, or the return for a later course.", SINCE_START),
        number("<milestone>_day", "The first or last day of a milestone, theirs alone.", SINCE_START, "not reached"),
        number("progression_day", "Progression before infusion.", SINCE_START, "none before infusion"),
        number("end_day", "When the path ended.", SINCE_START, "still waiting"),
        days("waiting_days", "Referral to infusion.", NOT_INFUSED),
        days("vein_to_vein_days", "Apheresis to infusion.", "not infused, or given a dose from the shelf"),
        days("turnaround_days", "Apheresis to product received.", "not received, or given a dose from the shelf"),
        days(
            "slot_calendar_days",
            "First asking for a slot to the start of the first that unlimited supply on the same days of offer would "
            "have given; to leaving, or the end of follow-up, where that came before.",
            NO_SLOT,
        ),
        days(
            "slot_scarcity_days",
            "From then to the start of the slot that they held last; to leaving, or the end of follow-up.",
            NO_SLOT,
        ),
        flag(
            "infusion_deferred_for_bed",
            "Whether infusion was deferred for want of a bed or treatment place, after lymphodepletion.",
            null=NOT_INFUSED,
        ),
        days("infusion_deferred_for_bed_days", "Days by which it was.", NOT_INFUSED),
        flag("progressed_before_infusion", "Whether they progressed before infusion, eligible afterwards or not."),
        flag("bridged", "Whether bridging therapy was begun."),
        number("bridging_day", "When bridging therapy began.", SINCE_START, "it did not"),
        flag("off_the_shelf", "Whether they were given a dose from the shelf."),
        flag("responded", "Whether they responded.", LIVES),
        number("response_day", "When they responded.", SINCE_START, "they did not"),
        number(
            "relapse_day",
            "Progression once infused or on the alternative; a return.",
            SINCE_START,
            "none, or death first",
        ),
        number("death_day", "Death, before infusion or after.", SINCE_START, "never, or not followed for life"),
        number(
            "followed_from_day",
            "From when on the clocks after the path run: infusion, the alternative, or the end of path or follow-up.",
            SINCE_START,
            "the scenario does not say what becomes of them",
        ),
        whole("<step>_attempts", "Attempts at a step that may fail.", "attempts", "the path has no such step"),
    ),
    WHO_KEY,
    suffix=".parquet",
)

EVENTS_TABLE = Table(
    "events",
    "Events",
    "scenario by replication by entity by stage or use of a resource, with `--trace`",
    (
        SCENARIO,
        REPLICATION,
        text("entity", "The patient or lot, by its place."),
        text("step", "Name of the stage or resource."),
        text("kind", "stage or use."),
        number("asked_day", "When it was asked for, or could have begun.", SINCE_START),
        number("began_day", "When it began.", SINCE_START, "left the queue before, or the run stopped"),
        number("ended_day", "When it ended.", SINCE_START, "the run stopped before"),
    ),
    (),
    suffix=".parquet",
)

QUANTITIES = Table(
    "quantities",
    "Quantities",
    "scenario by replication by measured patient by item: what costs, and does not follow from `patients.parquet`; "
    "only where the scenario has economics",
    (
        *WHO,
        text(
            "item",
            "Path of its price in the section `economics`: costs.apheresis (repeated), costs.unused_product..., "
            "costs.bed_day, costs.icu_day, costs.holding_month, toxicity....",
        ),
        number(
            "units",
            "How many; of bed_day and icu_day 1 for each day from start_day to end_day, or -1 for bed days that "
            "intensive care replaces; of holding_month 12 / 365.25 for each.",
        ),
        number("start_day", "When it is paid, or begins.", "days since the first referral"),
        number(
            "end_day",
            "When it ends, death at the latest.",
            "days since the first referral",
            "paid once, and does not last",
        ),
    ),
    (),
    suffix=".parquet",
)
EVENT_LOG = Table(
    "event_log",
    "Event log",
    "patient of replication 0 by event, with `--event-log`; a file for each scenario, numbered as in `scenarios`, and "
    "the same as `.xes` beside it",
    (
        whole("case", "Running number of the patient and course, in the order of `patients.parquet`."),
        text("activity", "The milestone, how the path ended before infusion, bridging or progression."),
        text("time", "When: local date and time of day."),
        text("region", "Home region."),
        text("centre", "The centre that treats them."),
        text("risk_group", "Their risk group."),
        text("product", "The product that they were on last."),
        whole("collections", "Attempts at apheresis.", "attempts", FLOW),
        whole("manufactures", "Attempts at manufacture.", "attempts", FLOW),
    ),
    ("case", "activity"),
    per_scenario=True,
)
BIG = (PATIENTS, EVENTS_TABLE, QUANTITIES, EVENT_LOG)
