"""The tables of a calibration: its particles, what is left of the prior, and what was observed besides."""

from __future__ import annotations

from sim.tables.contract import OF_PATH, Bounds, Column, Kind, Table
from sim.tables.shared import flag, number, share, text, whole

VALUE = Column("<path>", Kind.NUMBER, "Its value of the calibrated input, in the unit of `calibration_posterior.csv`.")

CALIBRATION = (
    Table(
        "calibration",
        "Particles by generation",
        "generation by particle",
        (
            whole("generation", "Number of the generation; 1 is drawn from the prior."),
            whole("particle", "Number of the particle in it, from 1."),
            share("weight", "Its weight among those of the generation that were kept; 0 of all others."),
            number(
                "distance",
                "How far its simulation lies from what was observed, in standard deviations of what that leaves open, "
                "by the summaries of its generation.",
                bounds=Bounds.NOT_NEGATIVE,
            ),
            VALUE,
        ),
        ("generation", "particle"),
    ),
    Table(
        "calibration_sample",
        "Prior and posterior sample",
        "draw of the prior, or particle that was kept, moved to where its simulation would be what was observed",
        (
            text("of", "prior | posterior."),
            whole("particle", "Number of the particle, counted through all generations."),
            share("weight", "Its weight; those of prior and of posterior add up to 1 each."),
            VALUE,
        ),
        ("of", "particle"),
    ),
    Table(
        "calibration_posterior",
        "Calibrated values",
        "calibrated input",
        (
            text("path", "Where it stands in the scenario."),
            text("unit", "Unit of the numbers in the row.", "a number without unit"),
            text("prior", "Family of its prior."),
            number("prior_low", "The value below which 5% of the prior lie.", OF_PATH),
            number("prior_high", "The value below which 95% of the prior lie.", OF_PATH),
            number("mean", "Posterior mean.", OF_PATH),
            number("median", "Posterior median; the calibrated scenario has it.", OF_PATH),
            number("low", "Lower end of the 90% posterior interval.", OF_PATH),
            number("high", "Upper end of the 90% posterior interval.", OF_PATH),
            number("sd_ratio", "Posterior over prior standard deviation.", bounds=Bounds.NOT_NEGATIVE),
            share("tied", "Multiple correlation with the other calibrated inputs."),
            flag("determined", "Whether what was observed determines it."),
            text("why_not", "Why not.", "it is determined"),
            text("edge", "low | high: the end of its range at which the posterior piles up.", "at none"),
        ),
        ("path",),
        (("median", "low", "high"),),
        not_of_patients="weighted particles",
    ),
    Table(
        "calibration_correlations",
        "Posterior correlations",
        "pair of calibrated inputs",
        (
            text("first", "The first input."),
            text("second", "The second input."),
            number("correlation", "Their posterior correlation.", "", "one of them does not vary", Bounds.CORRELATION),
        ),
        ("first", "second"),
    ),
)
