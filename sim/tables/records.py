"""The tables of a hospital's own records: which rows were not used, and what was fitted to the others."""

from __future__ import annotations

from sim.tables.contract import OF_PATH, Bounds, Table
from sim.tables.shared import days, flag, number, share, text, whole

NO_NUMBER = "not fitted; `status` and `note` say why"
NO_TEST = "not tested"
NO_BOUNDS = "nobody left so, or no hazard"
NOT_TOLD = "nobody; or fewer than 5, or what would tell these"
FEW = "of fewer than 5 patients, or what would tell these"
NOT_FITTED = "the curve has no fitted one"

RECORDS = (
    Table(
        "records_faults",
        "Rows not used",
        "doubtful row of a register by column and reason; no cell of the register is repeated here",
        (
            whole("row", "Number of the row in the file; the header is row 1."),
            text("column", "The column that is doubtful.", "the whole row"),
            text("kind", "What kind of fault it is."),
            text("reason", "Why the row is not used."),
        ),
        ("row", "column", "kind"),
    ),
    Table(
        "fits",
        "Fits",
        "number of the scenario that a register may say something of",
        (
            text("path", "Where it stands in the scenario."),
            text("status", "fitted | scaled | shrunk | base | check: see `note`."),
            text("family", "The family, or what kind of number it is.", "none"),
            text("parameter", "The parameter; empty for a number that is one by itself.", "a number by itself"),
            number("estimate", "The estimate.", OF_PATH, NO_NUMBER),
            number("low", "Lower end of its 95% interval.", OF_PATH, NO_NUMBER),
            number("high", "Upper end of its 95% interval.", OF_PATH, NO_NUMBER),
            text("unit", "Its unit.", "a number without unit, or none"),
            number(
                "base",
                "The base's value; of a check, its median if nobody waits.",
                OF_PATH,
                "the base has another family, or none",
            ),
            whole("n", "Patients (attempts, referrals) that it rests on.", null=NOT_TOLD),
            whole("events", "Of them, with the event.", null=NOT_TOLD),
            whole("censored", "Of them, without it by the end of view.", null=NOT_TOLD),
            whole(
                "truncated", "Of them, in view from a later day on, or only if the event came in time.", null=NOT_TOLD
            ),
            share("weight_of_base", "How much of the estimate is the base's.", f"{NO_NUMBER}; or fewer than 5 events"),
            number("aicc", "Akaike's criterion, corrected for small numbers.", "", NO_TEST),
            share("p_value", "Goodness of fit, by parametric bootstrap; of a rate, of its constancy.", NO_TEST),
            text("verdict", "What that comes to, in words.", NO_TEST),
            number(
                "bound_low",
                "Of a clock: the lower one of where it may lie if those who left by withdrawal, transfer or another "
                "therapy were not like the others.",
                OF_PATH,
                NO_BOUNDS,
            ),
            number("bound_high", "The upper one.", OF_PATH, NO_BOUNDS),
            text("note", "What is to be known of it.", "nothing"),
        ),
        ("path", "parameter"),
        (("estimate", "low", "high"),),
        not_of_patients="what stands in `n`",
    ),
    Table(
        "fits_covariance",
        "Covariance of fits",
        "pair of parameters that were fitted together, on the scale on which they are estimated",
        (
            text("first", "The first parameter."),
            text("second", "The second parameter."),
            number("covariance", "Their covariance; of logarithms, and of logits of proportions."),
        ),
        ("first", "second"),
    ),
    Table(
        "fits_curves",
        "Observed and fitted curves",
        "curve by day",
        (
            text("path", "What was fitted, or the wait that is a check."),
            text("curve", "What the curve shows: survival, or cumulative incidence by cause."),
            days("day", "Days since the beginning."),
            share("observed", "Kaplan-Meier, or Aalen-Johansen where causes compete."),
            share("low", "Lower end of its 95% band.", "nobody at risk any more"),
            share("high", "Upper end of its 95% band.", "nobody at risk any more"),
            whole("at_risk", "Patients at risk on that day."),
            share("fitted", "The fitted curve.", NOT_FITTED),
        ),
        ("path", "curve", "day"),
        (("observed", "low", "high"),),
        not_of_patients="patients at risk (`at_risk`)",
    ),
    Table(
        "fits_quantiles",
        "Quantiles of fits",
        "stage by proportion: the points of a Q-Q plot",
        (
            text("path", "The stage."),
            number("probability", "The proportion of durations that are shorter.", "share", bounds=Bounds.SHARE),
            days("observed", "The observed quantile."),
            days("fitted", "The fitted quantile."),
        ),
        ("path", "probability"),
    ),
    Table(
        "observed",
        "Observed and simulated",
        "quantity of a register by point: month, day since the patient came into it, or proportion of patients",
        (
            text("quantity", "What was observed."),
            text("label", "The same in words."),
            text("point", "Where: month, day, or proportion of patients."),
            text("unit", "Unit of the numbers in the row."),
            number("observed", "What the register holds.", null=FEW, bounds=Bounds.BY_UNIT),
            number("simulated", "The median over replications, seen through the same register.", bounds=Bounds.BY_UNIT),
            number("low_50", "Lower end of the envelope of half of the replications.", bounds=Bounds.BY_UNIT),
            number("high_50", "Upper end of the envelope of half of the replications.", bounds=Bounds.BY_UNIT),
            number("low_90", "Lower end of the envelope of 90% of the replications.", bounds=Bounds.BY_UNIT),
            number("high_90", "Upper end of the envelope of 90% of the replications.", bounds=Bounds.BY_UNIT),
            flag("inside_50", "Whether what was observed lies in the envelope of half of them."),
            flag("inside_90", "Whether it lies in that of 90%."),
            number("crps", "Continuous ranked probability score; the lower, the nearer.", null=FEW, bounds=Bounds.NONE),
            share("pit", "Proportion of replications below what was observed; half of those equal to it count.", FEW),
        ),
        ("quantity", "point"),
        (("simulated", "low_50", "high_50"), ("simulated", "low_90", "high_90")),
        not_of_patients="replications, each of which is a register; the intervals are envelopes",
    ),
    Table(
        "observed_scores",
        "Scores against a register",
        "quantity of a register",
        (
            text("quantity", "What was observed."),
            text("label", "The same in words."),
            text("unit", "Unit of its numbers."),
            whole("points", "At how many points it is scored."),
            share("inside_50", "Proportion of points inside the envelope of half of the replications."),
            share("inside_90", "Proportion of points inside that of 90%."),
            number("crps", "Continuous ranked probability score, mean over points."),
            number("crps_expected", "What it is on average where the simulation is right."),
            share(
                "p_value", "Proportion of replications that lie at least as far from the others as the register does."
            ),
            flag("is_off", "Whether that is less than chance explains, at 5% over all quantities (Holm)."),
            text("where", "Where it is off furthest, and how.", "not off"),
        ),
        ("quantity",),
    ),
)
