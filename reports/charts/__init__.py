"""The registry of charts: each a function from one tidy table to a figure, with its alternative text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from reports.charts import differences, fates, incidence, same_patients, stages, waiting_times
from reports.findings import Findings

__all__ = ["CHARTS", "Chart"]


@dataclass(frozen=True)
class Chart:
    """One chart. `table`: the tidy table that it draws; `summary` and `differences` supply its words.

    `draw(table, findings)` returns the figure, `describe(table, findings)` its alternative text.
    `reading`: how to read it, in a sentence or two.
    """

    name: str
    title: str
    table: str
    draw: Callable[[pd.DataFrame, Findings], go.Figure]
    describe: Callable[[pd.DataFrame, Findings], str]
    reading: str


CHARTS: tuple[Chart, ...] = (
    Chart(
        "waiting_times",
        "Waiting times",
        "waits",
        waiting_times.draw,
        waiting_times.describe,
        "Each bar is the share of infused patients who waited that many days from referral; the thin "
        "lines are 95% intervals, the upright line is the mean. The panels share the days, and each "
        "has its own scale of shares. Patients who were never infused have no waiting time, so read it "
        "beside the share infused.",
    ),
    Chart(
        "incidence",
        "What has happened by day",
        "incidence",
        incidence.draw,
        incidence.describe,
        "The share of referred patients to whom each event has happened by that day, as competing "
        "risks: a patient has one of these events at most. Bands are 95% intervals. Small panels share "
        "one scale. The axis ends where no curve rises visibly any more.",
    ),
    Chart(
        "stages",
        "Where the days go",
        "stages",
        stages.draw,
        stages.describe,
        "Mean days of infused patients in each stage, in the order in which they happen. Dark is "
        "waiting in a queue, light is time in which work is under way. Names are left out where they do"
        " not fit; the table has all.",
    ),
    Chart(
        "fates",
        "Fates",
        "fates",
        fates.draw,
        fates.describe,
        "Every referred patient has exactly one fate, so the shares of a scenario add up to 100%. "
        "Whiskers are 95% intervals. Fates that nobody has are left out of the picture.",
    ),
    Chart(
        "differences",
        "Differences",
        "differences",
        differences.draw,
        differences.describe,
        "Each point is a difference between scenarios, paired by replication, with its 95% interval. An"
        " interval that crosses the zero line shows no difference.",
    ),
    Chart(
        "same_patients",
        "The same patients under both scenarios",
        "same_patients",
        same_patients.draw,
        same_patients.describe,
        "Both scenarios treat the same patients with the same luck, so the outcomes are compared "
        "patient by patient: progressed before infusion under both, under one only, or under neither.",
    ),
)
