"""The tables of studies of many points: sweeps, sensitivity, plans, and probabilistic sensitivity analysis."""

from __future__ import annotations

from sim.tables.contract import OF_DIFFERENCE, OF_METRIC, Bounds, Column, Kind, Table
from sim.tables.economics import ASSUMED, MONEY, PROBABILITY, WILLINGNESS
from sim.tables.shared import (
    BASELINE,
    BASELINE_TO_COUNT,
    ESTIMATE,
    METRIC,
    NOBODY,
    ONE,
    REPLICATIONS,
    SCENARIO,
    TO_COUNT,
    VERDICT,
    around,
    estimate,
    flag,
    number,
    share,
    text,
    whole,
)

POINT = (whole("point", "Number of the point."), text("name", "Its name."))
VARIED = Column(
    "<path>",
    Kind.INPUT,
    "The varied input's value: days, per day or a plain number; text where some value is no number.",
    null="the point leaves it alone",
)
PATH = text("path", "Where the varied input stands.")
FLAT = "the metric does not vary, or not everywhere is there a value"
UNASSESSED = "held fixed: not assessed, which is not 0"
FOR_POPULATION = (
    "The same for all patients for whom the decision stands, later years discounted as costs.",
    "money",
    "no --population was given, or not assessed",
)
SAMPLE = whole("sample", "Number of the sample, from 1.")
STRATEGY = text("strategy", "Name of the scenario.")


def change(end: str) -> tuple[Column, Column, Column]:
    """What one end of a path changes, against the base point."""
    words = f"Change at `{end}_value` against the base point, paired by replication."
    return estimate(words, Bounds.CHANGE_BY_UNIT, OF_DIFFERENCE, around(f"{end}_change"))


POINTS = (
    Table(
        "points", "Points", "point",
        (*POINT, text("<path>", "The varied input as written.", "the point leaves it alone")), ("point",),
    ),
    Table(
        "sweep", "Sweep", "point by scenario by metric; also as `sweep.parquet`",
        (
            *POINT,
            VARIED,
            SCENARIO,
            *METRIC,
            *estimate("Mean over replications.", Bounds.BY_UNIT),
            REPLICATIONS,
            *TO_COUNT,
        ),
        ("point", "scenario", "metric"), (ESTIMATE,),
    ),
    Table(
        "sweep_differences", "Sweep, differences", "point by scenario but the first by metric",
        (
            *POINT,
            VARIED,
            SCENARIO,
            BASELINE,
            *METRIC,
            *estimate("Mean of scenario minus baseline, paired by replication.", Bounds.CHANGE_BY_UNIT),
            VERDICT,
            *TO_COUNT,
            *BASELINE_TO_COUNT,
        ),
        ("point", "scenario", "metric"), (ESTIMATE,),
    ),
    Table(
        "heat_map", "Heat map", "point of a grid of two inputs by scenario by metric",
        (
            text("x_path", "The first varied input."),
            Column("x", Kind.INPUT, "Its value."),
            text("y_path", "The second varied input."),
            Column("y", Kind.INPUT, "Its value."),
            SCENARIO,
            *METRIC,
            *estimate("Mean over replications.", Bounds.BY_UNIT),
            *TO_COUNT,
        ),
        ("x", "y", "scenario", "metric"), (ESTIMATE,),
    ),
    Table(
        "tornado", "Tornado", "scenario by metric by varied input",
        (
            SCENARIO,
            *METRIC,
            PATH,
            text("low_value", "First value of the input, as written."),
            text("base_value", "Its value in the base.", "the base does not state it"),
            text("high_value", "Last value of the input, as written."),
            number("base_estimate", "Mean at the base point.", OF_METRIC, NOBODY, Bounds.BY_UNIT),
            number("low_estimate", "Mean at the first value.", OF_METRIC, NOBODY, Bounds.BY_UNIT),
            number("high_estimate", "Mean at the last value.", OF_METRIC, NOBODY, Bounds.BY_UNIT),
            *change("low"),
            *change("high"),
            number(
                "swing", "Largest minus smallest of the three means.", OF_DIFFERENCE, "one of the three has no value",
                Bounds.NOT_NEGATIVE,
            ),
            *estimate(
                "Mean at the last value less that at the first, paired by replication.", Bounds.CHANGE_BY_UNIT,
                OF_DIFFERENCE, around("range"),
            ),
            VERDICT,
            *TO_COUNT,
            whole("rank", "Place by swing, 1 for the largest.", null="no swing"),
        ),
        ("scenario", "path", "metric"), (around("low_change"), around("high_change"), around("range")),
    ),
    Table(
        "sobol", "Sobol", "scenario by metric by varied input",
        (
            SCENARIO,
            *METRIC,
            PATH,
            number("first_order", "Proportion of the variance between points that it alone explains.", "share", FLAT),
            number("first_order_half_width", "Half of its 95% bootstrap interval.", "share", FLAT),
            number("total", "The same with all its interactions.", "share", FLAT),
            number("total_half_width", "Half of its 95% bootstrap interval.", "share", FLAT),
        ),
        ("scenario", "path", "metric"),
    ),
    Table(
        "morris", "Morris", "scenario by metric by varied input",
        (
            SCENARIO,
            *METRIC,
            PATH,
            number("mu", "Mean elementary effect over the whole range of the input.", OF_DIFFERENCE, FLAT),
            number("mu_star", "Mean of its absolute values.", OF_DIFFERENCE, FLAT, Bounds.NOT_NEGATIVE),
            number(
                "mu_star_half_width", "Half of its 95% bootstrap interval.", OF_DIFFERENCE, FLAT, Bounds.NOT_NEGATIVE
            ),
            number("sigma", "Standard deviation of the effects.", OF_DIFFERENCE, FLAT, Bounds.NOT_NEGATIVE),
        ),
        ("scenario", "metric", "path"),
    ),
    Table(
        "prcc", "Partial rank correlation", "scenario by metric by varied input",
        (
            SCENARIO,
            *METRIC,
            PATH,
            number("prcc", "Partial rank correlation with the metric.", null=FLAT, bounds=Bounds.CORRELATION),
            number("low", "Lower end of its 95% interval (Fisher's z).", null=FLAT, bounds=Bounds.CORRELATION),
            number("high", "Upper end of its 95% interval.", null=FLAT, bounds=Bounds.CORRELATION),
            share("p_value", "Of no correlation, by Student's t.", FLAT),
        ),
        ("scenario", "metric", "path"), (("prcc", "low", "high"),), not_of_patients="of the points of a design",
    ),
    Table(
        "plan", "Plan", "combination that was run by target, in order of cost",
        (
            whole("combination", "Number of the combination in the whole grid, from 0."),
            VARIED,
            number("cost", "What it costs: price times amount, summed; the value itself where no price was given."),
            SCENARIO,
            *METRIC,
            *estimate("Mean over replications.", Bounds.BY_UNIT),
            text("target", "The target."),
            number("zone", "Its indifference zone: so far off, either decision is right.", OF_DIFFERENCE),
            text(
                "decision",
                "met or missed, with the stated confidence; not decided in time; not needed for the answer.",
            ),
            whole("decided_after", "After how many replications that was clear.", null="still open"),
            flag("met", "Whether the target is met.", "still open"),
            flag("all_met", "Whether every target is met.", "still open"),
            flag("answer", "Whether this is the cheapest combination at which every target is met."),
            flag("near", "Whether it costs hardly more than that one and meets every target too."),
            flag("front", "Whether nothing that was run is both cheaper and better by this target's metric."),
            REPLICATIONS,
            *TO_COUNT,
            *estimate("Proportion of the measured who are infused.", Bounds.SHARE, "share", around("infused_share")),
        ),
        ("combination", "target"), (ESTIMATE, around("infused_share")),
    ),
    Table(
        "psa", "Samples", "sample by strategy, as hesim reads it",
        (
            SAMPLE,
            STRATEGY,
            text("grp", "Group of patients: all."),
            number("cost", "Mean discounted cost per patient referred.", "money", NOBODY),
            number("qalys", "Mean discounted QALYs per patient referred.", "QALYs", NOBODY),
        ),
        ("sample", "strategy"),
    ),
    Table(
        "psa_wide", "Samples, wide", "sample; dampack, BCEA and voi read its columns of costs and effects as they are",
        (
            SAMPLE,
            number("costs_<strategy>", "Mean discounted cost per patient referred.", "money", NOBODY),
            number("effects_<strategy>", "Mean discounted QALYs per patient referred.", "QALYs", NOBODY),
        ),
        ("sample",),
    ),
    Table(
        "psa_inputs", "Inputs of the samples", "sample",
        (
            SAMPLE,
            Column(
                "<path>", Kind.INPUT,
                "The input's value: days, per day or a plain number. `path (scenario)` where scenarios differ.",
            ),
        ),
        ("sample",),
    ),
    Table(
        "uncertain_inputs", "Uncertain inputs", "scenario by uncertain input",
        (
            SCENARIO,
            PATH,
            text("distribution", "Its distribution as the file writes it."),
            text("source", "Ids of its evidence, or assumption."),
            text("note", "What the file says of it.", "nothing"),
            text("reference", "The references behind the ids.", "an assumption"),
            number("base_value", "Its value in the base case, as in `psa_inputs.csv`.", null="no number there"),
            number("mean_drawn", "Mean of the values drawn."),
            number("mean_error", "Standard error of that mean.", bounds=Bounds.NOT_NEGATIVE),
        ),
        ("scenario", "path"),
    ),
    Table(
        "ce_plane", "CE plane", "sample by strategy but the first",
        (
            SAMPLE,
            STRATEGY,
            BASELINE,
            MONEY,
            number("incremental_cost", "Cost more than the baseline's, per patient referred.", "money", NOBODY),
            number("incremental_qalys", "QALYs more than the baseline's, per patient referred.", "QALYs", NOBODY),
            ASSUMED,
        ),
        ("sample", "strategy"),
    ),
    Table(
        "psa_quadrants", "Quadrants", "strategy but the first, over samples",
        (
            STRATEGY,
            BASELINE,
            MONEY,
            *(
                column
                for name, words, unit in (
                    ("incremental_cost", "Mean cost more than the baseline's, per patient referred.", "money"),
                    ("incremental_qalys", "Mean QALYs more than the baseline's, per patient referred.", "QALYs"),
                )
                for column in (
                    *estimate(words, Bounds.NONE, unit, around(name)),
                    number(f"{name}_credible_low", "2.5th percentile of the samples.", unit),
                    number(f"{name}_credible_high", "97.5th percentile of the samples.", unit),
                    text(f"{name}_verdict", "Of the mean, as in `differences.csv`."),
                )
            ),
            *(
                share(f"share_{name}", f"Proportion of the samples with {words}; half of those on a border.")
                for name, words in (
                    ("better_cheaper", "more QALYs at less cost"),
                    ("better_dearer", "more QALYs at more cost"),
                    ("worse_cheaper", "fewer QALYs at less cost"),
                    ("worse_dearer", "fewer QALYs at more cost"),
                )
            ),
            share("share_same", "Proportion of the samples with the same QALYs at the same cost.", optional=True),
            *TO_COUNT,
            *BASELINE_TO_COUNT,
            ASSUMED,
        ),
        ("strategy",), (around("incremental_cost"), around("incremental_qalys")),
    ),
    Table(
        "psa_nmb", "Net benefit, samples", "strategy by willingness to pay, over samples",
        (
            STRATEGY,
            WILLINGNESS,
            MONEY,
            *estimate("Mean net monetary benefit per patient referred.", Bounds.NONE, "money", around("net_benefit")),
            number("net_benefit_credible_low", "2.5th percentile of the samples.", "money"),
            number("net_benefit_credible_high", "97.5th percentile of the samples.", "money"),
            BASELINE,
            *estimate("How much more it is than the baseline's.", Bounds.NONE, "money", around("increment")),
            number("increment_credible_low", "2.5th percentile of the samples.", "money"),
            number("increment_credible_high", "97.5th percentile of the samples.", "money"),
            text("verdict", "Of the mean increment, as in `differences.csv`.", "the baseline itself"),
            *TO_COUNT,
            ASSUMED,
        ),
        ("strategy", "willingness_to_pay"), (around("net_benefit"), around("increment")),
    ),
    Table(
        "ceac", "CEAC", "strategy by willingness to pay",
        (
            WILLINGNESS,
            MONEY,
            STRATEGY,
            PROBABILITY,
            number("expected_nmb", "Mean net monetary benefit per patient referred.", "money", NOBODY),
            flag("on_frontier", "Whether no strategy has a higher mean net benefit."),
            ASSUMED,
        ),
        ("strategy", "willingness_to_pay"),
    ),
    Table(
        "evpi", "EVPI", "willingness to pay",
        (
            WILLINGNESS,
            MONEY,
            number(
                "evpi",
                "Expected value of perfect information per patient referred, freed of the noise of few replications.",
                "money", bounds=Bounds.NOT_NEGATIVE,
            ),
            number("standard_error", "Its standard error, by bootstrap.", "money", ONE, Bounds.NOT_NEGATIVE),
            number(
                "evpi_uncorrected",
                "The mean of the highest net benefit less the highest mean, noise of the simulation included.", "money",
                bounds=Bounds.NOT_NEGATIVE,
            ),
            number("population_evpi", *FOR_POPULATION, Bounds.NOT_NEGATIVE),
            text("best_strategy", "The strategy with the highest mean net benefit."),
            number(
                "simulation_share",
                "How much of the variance of net benefit between the best and the next best strategy is left over "
                "from too few replications.",
                "share", "one strategy or one replication only", Bounds.NOT_NEGATIVE,
            ),
            ASSUMED,
        ),
        ("willingness_to_pay",),
    ),
    Table(
        "evppi", "EVPPI", "input or group by willingness to pay; each input that was held fixed",
        (
            text("input", "Path of the input as in `psa_inputs.csv`, or name of the group."),
            text("kind", "one input, group, or not assessed: held fixed."),
            text("members", "The inputs, with `; ` between them."),
            number("willingness_to_pay", "Willingness to pay for a QALY.", "money", UNASSESSED, Bounds.NOT_NEGATIVE),
            MONEY,
            number(
                "evppi", "Expected value per patient referred of knowing the input, or all of the group.", "money",
                UNASSESSED, Bounds.NOT_NEGATIVE,
            ),
            number("standard_error", "Its standard error.", "money", UNASSESSED, Bounds.NOT_NEGATIVE),
            number("population_evppi", *FOR_POPULATION, Bounds.NOT_NEGATIVE),
        ),
        ("input", "willingness_to_pay"),
    ),
    Table(
        "evsi", "EVSI", "study by willingness to pay",
        (
            text("input", "Path of the input that the study is of."),
            whole("patients", "How many patients it has.", "patients"),
            text("data_model", "binomial, censored event times, or normal means."),
            number("enrolment_days", "Over how long they are enrolled, evenly.", "days", bounds=Bounds.NOT_NEGATIVE),
            number("follow_up_days", "How long the last of them is followed.", "days", bounds=Bounds.NOT_NEGATIVE),
            number("sd", "Standard deviation between patients, in the unit of the input.", null="no normal means"),
            number("result_after_days", "From the first patient to the result.", "days", bounds=Bounds.NOT_NEGATIVE),
            WILLINGNESS,
            MONEY,
            number("evsi", "Expected value of the study per patient referred.", "money", bounds=Bounds.NOT_NEGATIVE),
            number("standard_error", "Its standard error.", "money", bounds=Bounds.NOT_NEGATIVE),
            number("population_evsi", *FOR_POPULATION, Bounds.NOT_NEGATIVE),
        ),
        ("input", "patients", "enrolment_days", "follow_up_days", "sd", "willingness_to_pay"),
    ),
)  # fmt: skip
