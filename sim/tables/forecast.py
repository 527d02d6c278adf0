"""The tables of a forecast: months ahead, when a list falls below a number, where patients stand, and scores."""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import days, number, share, text, whole

SUPPRESSED = "fewer than 5 patients of the register, or what would tell a number of these"
BEYOND = "not within the months that were forecast"
COURSES = "simulated futures, over draws of what is uncertain; between p5 and p95 lie nine in ten"

FORECAST = (
    Table(
        "forecast",
        "Forecast by month",
        "quantity by group of patients and month",
        (
            text("quantity", "What is forecast."),
            text("label", "The same in words."),
            text("group", "all | register: who is in the register already | new: who is referred after it."),
            whole("month", "The month, from 1."),
            text("first_day", "Its first day."),
            text("last_day", "Its last day."),
            text("unit", "Unit of the numbers in the row."),
            number("mean", "Mean over simulated futures.", "", SUPPRESSED, Bounds.NOT_NEGATIVE),
            *(
                number(
                    f"p{p}", f"In {p} of 100 simulated futures it is at most this.", "", SUPPRESSED, Bounds.NOT_NEGATIVE
                )
                for p in (5, 25, 50, 75, 95)
            ),
        ),
        ("quantity", "group", "month"),
        (("p50", "p25", "p75"), ("p50", "p5", "p95")),
        not_of_patients=COURSES,
    ),
    Table(
        "forecast_below",
        "List below a number",
        "quantile of the first day on which fewer patients are on the way",
        (
            whole("below", "The number."),
            share("probability", "Proportion of simulated futures in which that comes within the months forecast."),
            text("quantile", "p5, p25, p50, p75 or p95 of all simulated futures."),
            days("day", "Days from the first day of the forecast.", BEYOND),
            text("date", "Its date.", BEYOND),
        ),
        ("quantile",),
    ),
    Table(
        "forecast_today",
        "Where patients stand",
        "milestone last passed by patients in progress on the first day",
        (
            text("state", "The milestone, as the file of patients in progress has it."),
            text("label", "The same in words."),
            whole("patients", "Patients.", "patients", SUPPRESSED),
        ),
        ("state",),
    ),
    Table(
        "forecast_individual",
        "Single patients, for planning",
        "patient in progress by month, in the order of the register",
        (
            whole("row", "The row of the register."),
            whole("month", "The month, from 1."),
            text("last_day", "Its last day."),
            share("infused", "Proportion of simulated futures in which they are infused by the end of the month."),
            share("left", "Proportion of those in which they have left before infusion by then."),
        ),
        ("row", "month"),
    ),
    Table(
        "forecast_scores",
        "Scores of the forecast",
        "quantity by month ahead and way of forecasting, over earlier days from which it was forecast",
        (
            text("quantity", "What was forecast."),
            text("label", "The same in words."),
            text("unit", "Unit of the score."),
            whole("month", "The month ahead, from 1.", null="all months together"),
            text("method", "simulation | last_rate: as in the last quarter | held_flat: the list stays as it is."),
            whole("points", "How many forecasts were scored."),
            number("crps", "Continuous ranked probability score, mean over them; the lower, the nearer."),
            share(
                "inside_50",
                "Proportion of what came that lies in the envelope of half of the simulated futures.",
                "a single number, without envelope",
            ),
            share("inside_90", "The same of nine in ten.", "a single number, without envelope"),
            share(
                "held_50",
                "Proportion of the simulated futures themselves in the envelope of half of them: more than that where "
                "whole numbers cannot be cut finer, and then as much as should be inside.",
                "a single number, without envelope",
                optional=True,
            ),
            share("held_90", "The same of nine in ten.", "a single number, without envelope", optional=True),
        ),
        ("quantity", "month", "method"),
    ),
)
