"""The tables of what a comparison rests on: its assumptions, tried one at a time, and those that were not."""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import BASELINE, ESTIMATE, METRIC, NOBODY, SCENARIO, VERDICT, flag, number, text, whole

UNCONFIRMED = "tried with few replications only"
END = text("end", "low or high: which of the two values; both: neither was tried.")
PATH = text("path", "The input, a number inside a distribution by its name there.")

ROBUSTNESS = (
    Table(
        "robustness",
        "What the finding rests on",
        "scenario but the first by figure of the headline, assumption, and each of the two values tried",
        (
            SCENARIO,
            BASELINE,
            *METRIC,
            PATH,
            text("moved_in", "The scenarios in which it was moved, with semicolons between them."),
            END,
            text("basis", "Where both values come from: its uncertainty, half and double, or odds halved and doubled."),
            text("stated_value", "The value as the scenario states it."),
            text("value", "The value tried."),
            number("stated", "The difference as the scenarios state their inputs.", null=NOBODY,
                   bounds=Bounds.CHANGE_BY_UNIT),
            number("shift", "By how much the value tried moves the difference, on the same patients.",
                   null=NOBODY, bounds=Bounds.CHANGE_BY_UNIT),
            number("estimate", "The difference with the value tried.", null=NOBODY,
                   bounds=Bounds.CHANGE_BY_UNIT),
            number("low", "Lower end of the 95% simulation interval.", null=UNCONFIRMED, bounds=Bounds.CHANGE_BY_UNIT),
            number("high", "Upper end of the interval.", null=UNCONFIRMED, bounds=Bounds.CHANGE_BY_UNIT),
            VERDICT,
            flag("turns", "Whether the difference is the other way round, beyond the chance of the simulation."),
            whole("rank", "Place among the assumptions by the larger shift of the two values, from 1."),
            whole("replications", "Replications that the row rests on."),
        ),
        ("scenario", "metric", "path", "moved_in", "end"),
        (ESTIMATE,),
        not_of_patients="differences with one input moved; their figures stand in `summary.csv`",
    ),
    Table(
        "not_tried",
        "Assumptions that were not tried",
        "scenario by input, or one of its two values",
        (SCENARIO, PATH, END, text("value", "The value as stated."), text("why", "Why it was not tried.")),
        ("scenario", "path", "end"),
    ),
)  # fmt: skip
