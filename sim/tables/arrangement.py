"""The tables of how the therapy is organised, read off the scenario: the path in plain words, and the network."""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import SCENARIO, days, flag, number, share, text, whole

ARRANGEMENT = (
    Table(
        "pathway",
        "The path in plain words",
        "scenario by path by row",
        (
            SCENARIO,
            text("course", "Whose path: patient, later course or lot."),
            whole("row", "Place of the row, from 1."),
            whole("depth", "How far the row stands inside others."),
            text(
                "kind",
                "stage (time), queue, patience (its end), loss (a failure), end (of the path), branch (one way of "
                "several), parts (what holds the rows below) or above (rows that stand above already).",
            ),
            text("label", "What happens."),
            days("days", "How long it takes on average; the least, where that differs by place.", "no time is known"),
            days("most_days", "The most.", "no more than that"),
            share("share", "Of those who come here.", "all of them"),
            share("most_share", "The most, where that differs by place.", "no more than that"),
            number(
                "attempts",
                "How many at most; 0: as many as are needed.",
                null="not repeated",
                bounds=Bounds.NOT_NEGATIVE,
            ),
            text("outcome", "The outcome with which the path ends.", "it goes on"),
        ),
        ("scenario", "course", "row"),
    ),
    Table(
        "network",
        "The network",
        "scenario by part by name by other by quantity",
        (
            SCENARIO,
            text("part", "region, referral (from a region to a centre), centre, contract (of a centre), maker, stock."),
            text("name", "Of the region, centre or manufacturer.", "there is one for all"),
            text("other", "The centre, manufacturer or shared ward at the other end.", "none"),
            text("quantity", "Name of what is told."),
            text("label", "In words."),
            number(
                "estimate",
                "On the day on which measuring begins; of days the mean.",
                null="no limit",
                bounds=Bounds.NOT_NEGATIVE,
            ),
            text("unit", "Its unit."),
            flag("changes", "Whether it changes while patients are measured."),
        ),
        ("scenario", "part", "name", "other", "quantity"),
    ),
)
