"""The tables of a run or comparison, apart from those of single patients, of resources by day, and of money."""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import (
    BASELINE,
    BASELINE_TO_COUNT,
    ESTIMATE,
    METRIC,
    NOBODY,
    REPLICATION,
    REPLICATIONS,
    RESOURCE_CENTRE,
    SCENARIO,
    TO_COUNT,
    VERDICT,
    around,
    days,
    estimate,
    flag,
    number,
    share,
    text,
    whole,
)

STAGE = (
    SCENARIO,
    whole("order", "Place of the interval on the path, from 0."),
    text("stage", "The two milestones between which it lies."),
    text("kind", "process: something is done; queue: the patient waits for a resource."),
    text("label", "The interval in words."),
    *estimate("Mean days in it.", Bounds.NOT_NEGATIVE, "days", ("mean_days", "low", "high")),
    *TO_COUNT,
)
STAGE_KEY = ("scenario", "order", "stage", "kind")
MEAN_DAYS = ("mean_days", "low", "high")

COMPARISON = (
    Table(
        "summary", "Summary", "scenario by metric",
        (
            SCENARIO,
            *METRIC,
            *estimate("Mean over replications.", Bounds.BY_UNIT),
            REPLICATIONS,
            text("over", "Whose mean or share it is.", "not taken over measured patients"),
            *TO_COUNT,
        ),
        ("scenario", "metric"), (ESTIMATE,), always=True,
    ),
    Table(
        "differences", "Differences", "scenario but the first by metric",
        (
            SCENARIO,
            BASELINE,
            *METRIC,
            *estimate("Mean of scenario minus baseline, paired by replication.", Bounds.CHANGE_BY_UNIT),
            VERDICT,
            *TO_COUNT,
            *BASELINE_TO_COUNT,
            number(
                "difference_variance", "Variance of the paired difference between replications.",
                null="fewer than two replications with both values", bounds=Bounds.NOT_NEGATIVE, optional=True,
            ),
            number(
                "unpaired_variance", "What it would be with other patients in each scenario.",
                null="fewer than two replications with both values", bounds=Bounds.NOT_NEGATIVE, optional=True,
            ),
            number(
                "variance_reduction",
                "Proportion of the unpaired variance that the same patients save; negative where they add to it.",
                "share", "no variance to reduce", optional=True,
            ),
        ),
        ("scenario", "metric"), (ESTIMATE,),
    ),
    Table(
        "already_waiting", "On the list on day 0",
        "scenario that begins with a waiting list by figure of those on it; days count from its first day",
        (SCENARIO, *METRIC, *estimate("Mean over replications.", Bounds.BY_UNIT), REPLICATIONS, *TO_COUNT),
        ("scenario", "metric"), (ESTIMATE,),
    ),
    Table(
        "runs", "Replications", "scenario by replication",
        (
            SCENARIO,
            REPLICATION,
            number("<metric>", "The value of the metric.", "of the metric (`summary.csv`)", NOBODY),
        ),
        ("scenario", "replication"),
    ),
    Table(
        "resources", "Resources by replication", "scenario by replication by resource by centre",
        (
            SCENARIO,
            REPLICATION,
            text("resource", "Name of the resource."),
            text("label", "The resource in words."),
            text(
                "kind",
                "capacity: units side by side; bookings of these; cadence: dated slots; stock: doses on a shelf.",
            ),
            RESOURCE_CENTRE,
            whole("requests", "Requests made inside the measuring window.", "requests"),
            share("delayed_share", "Proportion of the requests that had to wait.", "no requests"),
            share("immediate_share", "Proportion of the requests served at once.", "no requests"),
            days("queue_days_mean", "Mean days from request to service, or to leaving the queue.", "no requests"),
            days("queue_days_max", "The longest of them.", "no requests"),
            days("queue_days_total", "Their sum."),
            whole("delayed", "Requests that had to wait.", "requests"),
            share("left_share", "Proportion of the requests given up in the queue.", "no requests"),
            number("queue_mean", "Mean length of the queue over time.", "patients", bounds=Bounds.NOT_NEGATIVE),
            number("queue_p95", "95th percentile of its length over time.", "patients", bounds=Bounds.NOT_NEGATIVE),
            share("utilisation", "Units in use by units there, or slots claimed by slots offered.", "none there"),
            share("occupied_share", "The part of utilisation in which patients were there.", "not a capacity"),
            share(
                "reserved_share", "The part of it in which units stood idle for a patient to come.", "not a capacity",
            ),
            share("turn_round_share", "The part of it in which units were made ready for the next.", "not a capacity"),
            number(
                "in_use_mean",
                "Mean number of units in use over time, those among them that stood idle or were made ready.", "units",
                "not a capacity", Bounds.NOT_NEGATIVE,
            ),
            number(
                "reserved_mean", "Mean number of units that stood idle for a patient to come.", "units",
                "not a capacity", Bounds.NOT_NEGATIVE,
            ),
            number(
                "turn_round_mean", "Mean number of units that were made ready for the next.", "units", "not a capacity",
                Bounds.NOT_NEGATIVE,
            ),
            whole("wasted", "Slots wasted, as in `slots_wasted`.", "slots", "not dated slots"),
            whole("expired", "Slots that nobody claimed, or doses that expired.", "slots or doses", "a capacity"),
            whole("withdrawn", "Slots withdrawn, as in `slots_withdrawn`.", "slots", "not dated slots"),
            number(
                "offered_load", "Work asked for by work that can be done; above 1 queues grow until others leave.",
                null="unlimited, nothing that could be loaded, or without end: there is none of what is asked for",
                bounds=Bounds.NOT_NEGATIVE,
            ),
        ),
        ("scenario", "replication", "resource", "centre"),
    ),
    Table(
        "stages", "Stages", "scenario by interval by kind, of the infused measured patients", STAGE, STAGE_KEY,
        (MEAN_DAYS,), always=True,
    ),
    Table(
        "stages_middle", "Stages, median patient",
        "scenario by interval by kind, of the tenth of the infused whose wait is nearest the median", STAGE, STAGE_KEY,
        (MEAN_DAYS,),
    ),
    Table(
        "incidence", "Incidence", "scenario by event by whole day since referral",
        (
            SCENARIO,
            text(
                "event",
                "infused, progressed (eligibility lost), died, withdrawn, funding (nobody paid), failed; or "
                "progressed_before_infusion, whatever came after it.",
            ),
            whole("day", "Whole days since referral.", "days"),
            *estimate(
                "Proportion of the measured patients with the event by the day; the events compete, and what they "
                "leave of 1 is unresolved. Progression before infusion stands beside them and is in no sum.",
                Bounds.SHARE, "share",
            ),
            *TO_COUNT,
        ),
        ("scenario", "event", "day"), (ESTIMATE,), always=True,
    ),
    Table(
        "waits", "Waiting days", "scenario by bin of waiting days",
        (
            SCENARIO,
            days("day_from", "First day of the bin."),
            days("day_to", "Where the bin ends, itself not in it.", "the last bin has no end"),
            *estimate(
                "Proportion of the infused whose wait lies in the bin.", Bounds.SHARE, "share",
                ("share", "low", "high"),
            ),
            *estimate(
                "Proportion of the infused whose wait is shorter than `day_to`.", Bounds.SHARE, "share",
                around("cumulative"),
            ),
            *TO_COUNT,
        ),
        ("scenario", "day_from"), (("share", "low", "high"), around("cumulative")), always=True,
    ),
    Table(
        "outcomes", "Outcomes", "scenario by outcome",
        (
            SCENARIO,
            text("outcome", "How the path ended; waiting: it had not, when follow-up or the run ended."),
            text("label", "The outcome in words."),
            *estimate("Proportion of the measured patients.", Bounds.SHARE, "share"),
            number("count_mean", "Mean number a replication.", "patients", bounds=Bounds.NOT_NEGATIVE),
            *TO_COUNT,
        ),
        ("scenario", "outcome"), (ESTIMATE,), always=True,
    ),
    Table(
        "same_patients", "Same patients", "scenario but the first by where the same patient progressed before infusion",
        (
            SCENARIO,
            BASELINE,
            text("progressed_in", "both, only_baseline, only_scenario or neither."),
            text("label", "The same in words."),
            *estimate("Proportion of the measured patients.", Bounds.SHARE, "share", ("share", "low", "high")),
            number("estimate", "Mean number a replication.", "patients", bounds=Bounds.NOT_NEGATIVE),
            *TO_COUNT,
            *BASELINE_TO_COUNT,
        ),
        ("scenario", "progressed_in"), (("share", "low", "high"),),
    ),
    Table(
        "parameters", "Parameters", "scenario by number in its file",
        (
            SCENARIO,
            text("path", "Where it stands in the scenario file."),
            text("value", "Its value as it would be written."),
            text("source", "Ids of its evidence, or assumption."),
            text("note", "What the file says of it.", "nothing"),
            flag("stated", "Whether the file states the source."),
            text("reference", "The references behind the ids.", "an assumption"),
        ),
        ("scenario", "path"), always=True,
    ),
    Table(
        "changes", "What differs", "value in which scenarios differ",
        (
            text("path", "Where it stands."),
            text("belongs_to", "product, or network: what is the same whatever the product."),
            text("<scenario>", "Its value there.", "empty there"),
        ),
        ("path",),
    ),
    Table(
        "flow", "Flow", "scenario by step from one station to the next",
        (
            SCENARIO,
            text("source", "The station left."),
            text("source_label", "The same in words."),
            text("target", "The station or outcome reached next."),
            text("target_label", "The same in words."),
            *estimate("Measured patients: mean number of a replication.", Bounds.NOT_NEGATIVE, "patients"),
        ),
        ("scenario", "source", "target"), (ESTIMATE,),
        not_of_patients="numbers of patients, those who still wait among them",
    ),
    Table(
        "groups", "Groups", "scenario by group of patients by metric",
        (
            SCENARIO,
            text("grouping", "By what patients are grouped: risk_group, centre or region."),
            text("grouping_label", "The same in words."),
            text("group", "Name of the group."),
            *METRIC,
            *estimate("Mean over replications.", Bounds.BY_UNIT),
            number("referred", "Mean number of the group who were measured.", "patients", NOBODY, Bounds.NOT_NEGATIVE),
            *TO_COUNT,
        ),
        ("scenario", "grouping", "group", "metric"), (ESTIMATE,),
    ),
)  # fmt: skip
VALIDATION = Table(
    "validation", "Validation", "case by quantity",
    (
        text("case", "File of the case."),
        text("quantity", "Name of the quantity."),
        text("kind", "exact, calibration or test."),
        text("expected", "The number, range or bound expected."),
        text(
            "interval",
            "What the range expected is: the sampling interval of the published estimate, the range of several "
            "centres or studies, or a margin of ours.",
            "a single number is expected",
        ),
        number("published", "The published estimate, or the exact value.", null="none stated"),
        text("unit", "Of published, simulated and error.", "a count"),
        number("simulated", "Mean over replications.", null=NOBODY),
        number("low", "Lower end of the 95% simulation interval.", null="one replication only"),
        number("high", "Upper end of the 95% simulation interval.", null="one replication only"),
        number("error", "Simulated minus published.", null="no estimate stated"),
        number(
            "standard_error", "Standard error of the mean.", null="one replication only",
            bounds=Bounds.NOT_NEGATIVE,
        ),
        text("verdict", "met or missed."),
        text("why", "Why it was missed.", "met"),
        text("source", "Where the expected value comes from.", "none stated"),
        text("note", "What the file says of it.", "nothing"),
    ),
    ("case", "quantity"), (("simulated", "low", "high"),), not_of_patients="of validation cases",
)  # fmt: skip
