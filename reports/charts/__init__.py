"""The registry of charts: each a function from one tidy table to a figure, with its alternative text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from reports.charts import (
    calibration,
    day_by_day,
    differences,
    economics,
    fitted,
    flow,
    forecast,
    frontier,
    groups,
    incidence,
    network,
    observed,
    occupancy,
    of_hundred,
    outcomes,
    pathway,
    plans,
    resource_bars,
    robustness,
    same_patients,
    screening,
    stages,
    sweeps,
    through_time,
    timelines,
    waiting_ecdf,
    waiting_times,
    warm_up,
)
from reports.figure import Figure
from reports.findings import Findings

__all__ = ["CHARTS", "Chart"]


FIRST, STORY, GROUPS, COSTS, STUDY, APPENDIX = "first", "charts", "groups", "economics", "study", "appendix"
RESTS, OWN = "rests", "own"
"""The parts of the report page: a chart of the first screen stands there where nothing else does."""


def _always(table: pd.DataFrame) -> bool:
    return True


def _has_cumulative(waits: pd.DataFrame) -> bool:
    return bool(waits["cumulative"].notna().any())


def _over_one_or_two(sweep: pd.DataFrame) -> bool:
    """Whether a sweep is a line or a grid; the points of other designs lie on no line."""
    return 1 <= len(sweeps.varied(sweep)) <= 2


def _over_two(sweep: pd.DataFrame) -> bool:
    return len(sweeps.varied(sweep)) == 2


@dataclass(frozen=True)
class Chart:
    """One chart. `table`: the tidy table that it draws; `summary` and `differences` supply its words.

    `draw(table, findings)` returns the figure, `describe(table, findings)` its alternative text.
    `reading`: how to read it, in a sentence or two. `fits`: whether a table that is there suits the chart.
    `section`: the part of the report page in which it stands. `printed`: whether a printed report has it: what only
    illustrates, by one replication, stays on the screen.
    """

    name: str
    title: str
    table: str
    draw: Callable[[pd.DataFrame, Findings], Figure]
    describe: Callable[[pd.DataFrame, Findings], str]
    reading: str
    fits: Callable[[pd.DataFrame], bool] = _always
    section: str = STORY
    printed: bool = True


CHARTS: tuple[Chart, ...] = (
    Chart(
        "of_hundred",
        "Of 100 patients referred",
        "outcomes",
        of_hundred.draw,
        of_hundred.describe,
        "Each field holds 100 patients referred, a mark a patient. The other charts have the exact shares with their "
        "intervals.",
        section=FIRST,
    ),
    Chart(
        "waiting_times",
        "Waiting times",
        "waits",
        waiting_times.draw,
        waiting_times.describe,
        "Each bar is the proportion of infused patients who waited that many days from referral; the thin "
        "lines are 95% simulation intervals, the upright line is the mean. The panels share both "
        "scales. Patients who were never infused have no waiting time, so read it "
        "beside the proportion infused.",
    ),
    Chart(
        "waiting_ecdf",
        "Waiting times, cumulative",
        "waits",
        waiting_ecdf.draw,
        waiting_ecdf.describe,
        "The proportion of infused patients with a waiting time of at most x days from referral. Patients who were "
        "never infused are not in it, so read it beside the proportion infused.",
        fits=_has_cumulative,
    ),
    Chart(
        "incidence",
        "What has happened by day",
        "incidence",
        incidence.draw,
        incidence.describe,
        "The proportion of referred patients to whom something has happened by that day. Infusion and the losses in "
        "the small panels compete: a patient has one of them at most. Progression before infusion, the outcome of the "
        "headline, is counted whatever comes after it, so it stands beside them. Below the large panels: patients "
        "still on the way, neither infused nor lost by then, the same for every panel. Bands are 95% simulation "
        "intervals. Small panels share one scale. The axis ends where no curve rises visibly any more.",
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
        "flow",
        "Where patients go",
        "flow",
        flow.draw,
        flow.describe,
        "At the left how many patients get to each station of the path, in order; at the right how many are lost from "
        "there, by outcome, at a larger scale. Both scales are the same for all scenarios. Means over replications.",
    ),
    Chart(
        "occupancy",
        "Where patients are by day",
        "incidence",
        occupancy.draw,
        occupancy.describe,
        "Of all patients referred, how many have been infused, are still on the way, or were lost, by day since "
        "referral: the areas fill 100% on every day.",
    ),
    Chart(
        "outcomes",
        "Outcomes",
        "outcomes",
        outcomes.draw,
        outcomes.describe,
        "Every referred patient has exactly one outcome, so the proportions of a scenario add up to 100%. "
        "Whiskers are 95% simulation intervals. Outcomes that nobody has are left out of the picture.",
    ),
    Chart(
        "differences",
        "Differences",
        "differences",
        differences.draw,
        differences.describe,
        "Each point is a difference between scenarios, paired by replication, with its 95% simulation interval; better "
        "and worse are for patients. One that crosses the zero line is compatible with no difference.",
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
    Chart(
        "robustness",
        "What the finding rests on",
        "robustness",
        robustness.draw,
        robustness.describe,
        "Each row is the difference with one assumption at a lower or a higher value and all else as stated: over its "
        "uncertainty, else half and double. Points without an interval rest on few replications; those of a value that "
        "turns the finding round are confirmed on at least 50.",
        section=RESTS,
    ),
    Chart(
        "groups",
        "By group of patients",
        "groups",
        groups.draw,
        groups.describe,
        "The mean wait of the infused, and the proportions of those referred who progressed before infusion and who "
        "were infused, by risk group, centre and home region. n is the mean number of patients of the group; of few "
        "little is known, as the whiskers, 95% simulation intervals, say.",
        section=GROUPS,
    ),
    Chart(
        "utilisation",
        "How full the resources are",
        "resources_summary",
        resource_bars.drawer("utilisation"),
        resource_bars.describer("utilisation"),
        "Utilisation is the proportion of the units there that are held in the measuring window, or of the slots "
        "offered that are claimed. What is unlimited has none.",
        section=APPENDIX,
    ),
    Chart(
        "queues",
        "Who queues for what",
        "resources_summary",
        resource_bars.drawer("queue_mean"),
        resource_bars.describer("queue_mean"),
        "How many patients queue for each resource at a time, as a mean over the measuring window. Queues that are "
        "next to nothing are left out.",
        section=APPENDIX,
    ),
    Chart(
        "use",
        "Resources through time",
        "use_through_time",
        through_time.draw_use,
        through_time.describe_use,
        "Means of each calendar month over all patients, from the empty start on: at the left what is in use (the thin "
        "dotted line is how many there are), at the right who queues for it; the warm-up is shaded. Slots count in the "
        "month of their offer. All centres together, and at most four resources, those with the longest queues; the "
        "download has all. Each panel has its own scale.",
        section=APPENDIX,
    ),
    Chart(
        "waiting_list",
        "Waiting list through time",
        "waiting_list",
        through_time.draw_lists,
        through_time.describe_lists,
        "How many patients are on the list for a slot or dose, and how many are referred and neither "
        "infused nor lost, once a week; the download has every day, and between which numbers 95% of the "
        "replications lie. A line that still rises at the end has not reached a steady state.",
        section=APPENDIX,
    ),
    Chart(
        "warm_up",
        "Warm-up",
        "warm_up",
        warm_up.draw,
        warm_up.describe,
        "The simulation starts with nobody in it. Patients count from the end of the warm-up on (the line drawn "
        "through); by then the number should swing about a level. The dotted line is where MSER-5, a rule for this "
        "choice, would end the warm-up.",
        section=APPENDIX,
    ),
    Chart(
        "stock",
        "Stock of doses through time",
        "stock_through_time",
        through_time.draw_stock,
        through_time.describe_stock,
        "Doses on the shelf, the proportion of time without one, doses that expired and lots started, by month.",
        section=APPENDIX,
    ),
    Chart(
        "network",
        "The network",
        "network",
        network.draw,
        network.describe,
        "At the left where patients come from, in the middle the centres that treat them, at the right who makes their "
        "product. The thicker a line, the more patients a month; a dashed line is a contract that is not the preferred "
        "one. Numbers are those on the day on which measuring begins; days on the way are means. It is no map.",
        section=APPENDIX,
    ),
    Chart(
        "pathway",
        "The path in plain words",
        "pathway",
        pathway.draw,
        pathway.describe,
        "Read from top to bottom, from referral on. Grey boxes take time (means); in a coloured box patients or their "
        "products queue for something limited, for as long as it takes. What stands further to the right happens "
        "inside what stands above it, or to some only. Proportions are of those who come to that step. Progression, "
        "death and withdrawal, which may end the path anywhere, are not drawn.",
        section=APPENDIX,
    ),
    Chart(
        "timelines",
        "Single patients",
        "timeline_sample",
        timelines.draw,
        timelines.describe,
        "A bar is one patient from referral on: dark is waiting in a queue, light is time in which work is "
        "under way, the mark and the word at the end show the patient's outcome. A small upright mark is progression "
        "after which the patient was still eligible. These are examples; the other charts have the estimates.",
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "day_by_day",
        "Beds and slots day by day",
        "day_by_day",
        day_by_day.draw,
        day_by_day.describe,
        "A row is a bed, a bar a patient in it, from admission until it can be used again; a row of slots has those "
        "offered, each from its offer to its start. Rows are numbered from the lowest that is free, so that the last "
        "one tells how many were taken at a time. One replication: other ones differ.",
        fits=day_by_day.has_beds,
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "sweep",
        "Sweep",
        "sweep",
        sweeps.draw_lines,
        sweeps.describe_lines,
        "Each point is a run with these values; bands are 95% simulation intervals: they hold nothing of what is "
        "unknown of the inputs. An upright axis shows the range of the results and need not begin at 0.",
        fits=_over_one_or_two,
        section=STUDY,
    ),
    Chart(
        "sweep_map",
        "Sweep, two inputs",
        "sweep",
        sweeps.draw_map,
        sweeps.describe_map,
        "Each cell is a run with these two values; dark is more. Point at a cell for its interval.",
        fits=_over_two,
        section=STUDY,
    ),
    Chart(
        "tornado",
        "Tornado",
        "tornado",
        sweeps.draw_tornado,
        sweeps.describe_tornado,
        "Each input alone is set to its low and its high value, the others stay as they are; the widest bar "
        "matters most. What inputs do together is not shown.",
        section=STUDY,
    ),
    Chart(
        "sobol",
        "Sobol indices",
        "sobol",
        sweeps.draw_sobol,
        sweeps.describe_sobol,
        "The proportion of the variance of the result that an input explains alone, and together with its "
        "interactions with others.",
        section=STUDY,
    ),
    Chart(
        "morris",
        "Morris screening",
        "morris",
        screening.draw_morris,
        screening.describe_morris,
        "Each point is an input. To the right: how much the result changes on average when the input crosses its "
        "range (mu*). Upwards: how much that change depends on the other inputs, or on where in the range it begins "
        "(sigma). Points above the dotted line act together with others, or not in a straight line.",
        section=STUDY,
    ),
    Chart(
        "prcc",
        "Partial rank correlation",
        "prcc",
        screening.draw_prcc,
        screening.describe_prcc,
        "How closely the result follows each input when the others are accounted for: 1 is always up with it, "
        "\N{MINUS SIGN}1 always down, 0 not at all.",
        section=STUDY,
    ),
    Chart(
        "plan",
        "Cost against outcome",
        "plan",
        plans.draw_plan,
        plans.describe_plan,
        "A point is a combination: its cost to the right, its outcome upwards, the target the dotted line; the ring is "
        "what the scenario has today. On the stepped line nothing is both cheaper and better; the large mark is the "
        "cheapest that meets every target, and filled points near it meet them too at hardly more cost.",
        section=STUDY,
    ),
    Chart(
        "calibration",
        "Calibrated values",
        "calibration_sample",
        calibration.draw_values,
        calibration.describe_values,
        "How likely each value is before (grey) and after what was observed (blue). Where the two are alike, what was "
        "observed hardly speaks of the value: it is not determined.",
    ),
    Chart(
        "calibration_pairs",
        "Calibrated values, two by two",
        "calibration_sample",
        calibration.draw_pairs,
        calibration.describe_pairs,
        "A point is a particle, the larger the more it weighs; grey is the prior. Points along a line mean that two "
        "values are traded off: only what they do together is determined.",
        fits=calibration.has_pairs,
    ),
    Chart(
        "ce_plane",
        "Cost-effectiveness plane",
        "ce_plane",
        economics.draw_plane,
        economics.describe_plane,
        "A point is one draw of the uncertain inputs. To the right is better, upwards is costlier; the large "
        "mark is the mean, and the ellipse holds 95% of a normal cloud with the same moments. In the corners stands "
        "the proportion of samples in each quadrant. On the dotted line a strategy is worth as much as the baseline, "
        "below it more.",
        section=COSTS,
    ),
    *(
        Chart(
            name,
            "Cost-effectiveness frontier",
            table,
            frontier.draw_frontier,
            frontier.describe_frontier,
            "To the right is better, upwards is costlier. The line joins the strategies that are clearly on the "
            "frontier: its slope is what a further QALY costs. A cross is dominated by one other strategy, a triangle "
            "by a mix of two; a hollow mark is not clearly different from the frontier. A square is a reference arm.",
            frontier.has_several,
            section=COSTS,
        )
        for name, table in (("frontier", "icer"), ("psa_frontier", "psa_icer"))
    ),
    Chart(
        "ceac",
        "Acceptability curves",
        "ceac",
        economics.draw_ceac,
        economics.describe_ceac,
        "How often each strategy has the highest net benefit, by the willingness to pay per QALY. Rings mark "
        "the strategy with the highest mean, which is the one to choose; dotted lines the thresholds of the scenario.",
        section=COSTS,
    ),
    Chart(
        "evpi",
        "Value of perfect information",
        "evpi",
        economics.draw_evpi,
        economics.describe_evpi,
        "What it would be worth, per patient, to know all uncertain inputs before choosing; research cannot "
        "be worth more. Dotted lines are the thresholds of the scenario.",
        section=COSTS,
    ),
    Chart(
        "evppi",
        "Value of information by input",
        "evppi",
        economics.draw_evppi,
        economics.describe_evppi,
        "What it would be worth, per patient, to know one input, or a group of them, before choosing. Inputs that were "
        "held fixed are not on it: what they would be worth is not known, and not 0.",
        economics.is_assessed,
    ),
    *(
        Chart(
            name,
            "Value-based price",
            name,
            economics.draw_price,
            economics.describe_price,
            "At which price of its product each scenario is worth as much as another, by willingness to pay per "
            "QALY. The dotted line is the price in the scenario: left of it, the product costs more than it brings.",
            economics.has_price,
        )
        for name in ("price", "psa_price")
    ),
    Chart(
        "budget",
        "Budget impact",
        "budget",
        economics.draw_budget,
        economics.describe_budget,
        "What a payer spends in each year, undiscounted, on all patients and on products among it. Years lie wholly in "
        "the measuring window. Bands are 95% simulation intervals; budget.csv has how many are referred, infused and "
        "alive.",
        section=COSTS,
    ),
    Chart(
        "forecast",
        "Months ahead",
        "forecast",
        forecast.drawer(front=True),
        forecast.describer(front=True),
        "The line is the median of the courses of events, each with its own draw of what is uncertain; nine of ten lie "
        "in the light envelope, half of them in the dark one, month by month. The other line is the part of those who "
        "are in the register already; it ends where fewer than 5 are left.",
        fits=forecast.shows(front=True),
        section=OWN,
    ),
    Chart(
        "forecast_more",
        "Months ahead: aphereses and beds",
        "forecast",
        forecast.drawer(front=False),
        forecast.describer(front=False),
        "As above. A bed counts from admission to discharge; the mean over a month lies below the number that is "
        "needed on its busiest day.",
        fits=forecast.shows(front=False),
        section=OWN,
    ),
    Chart(
        "observed",
        "Register and simulation",
        "observed",
        observed.drawer("first"),
        observed.describer("first"),
        "The dark line is the register, the dashed one the median of the simulated registers; 90% of them lie in the "
        "light envelope, half of them in the dark one. Points next to each other move together: whether something is "
        "off is said by the test of all of them, not by single points outside.",
        fits=observed.shows("first"),
        section=OWN,
    ),
    Chart(
        "observed_events",
        "Losses, register and simulation",
        "observed",
        observed.drawer("events"),
        observed.describer("events"),
        "Cumulative incidence as competing risks (Aalen\N{EN DASH}Johansen) by days since patients came into the "
        "register, of the days that are scored.",
        fits=observed.shows("events"),
        section=OWN,
    ),
    Chart(
        "observed_months",
        "Month by month, register and simulation",
        "observed",
        observed.drawer("months"),
        observed.describer("months"),
        "Counts of each month, and how many were on the way to infusion on its last day. The first and the last month "
        "may be cut by the days that are scored, in the register as in the simulation.",
        fits=observed.shows("months"),
        section=OWN,
    ),
    Chart(
        "fitted_stages",
        "Stages, observed and fitted",
        "fits_curves",
        fitted.drawer(fitted.STAGES),
        fitted.describer(fitted.STAGES),
        "The proportion of patients who are still in a stage so many days after it began, as observed (with censoring "
        "and late entry) and as fitted, both by date. Below the axis stand patients at risk.",
        fits=fitted.has(fitted.STAGES),
        section=OWN,
    ),
    Chart(
        "fitted_clocks",
        "Clocks, observed and fitted",
        "fits_curves",
        fitted.drawer(fitted.CLOCKS),
        fitted.describer(fitted.CLOCKS),
        "What comes first while patients wait, by days since referral (Aalen\N{EN DASH}Johansen); the dashed line has "
        "the fitted hazards. Never read such a curve as 1 \N{MINUS SIGN} Kaplan\N{EN DASH}Meier: causes compete.",
        fits=fitted.has(fitted.CLOCKS),
        section=OWN,
    ),
    Chart(
        "fitted_quantiles",
        "Quantiles of stages, observed and fitted",
        "fits_quantiles",
        fitted.draw_quantiles,
        fitted.describe_quantiles,
        "Points on the dotted line are quantiles that are the same in both. Points that leave it at the upper end say "
        "that long durations are fitted too short (below the line) or too long (above it).",
        section=OWN,
    ),
    Chart(
        "register_waits",
        "Waits of the register",
        "fits_curves",
        fitted.drawer(fitted.WAITS),
        fitted.describer(fitted.WAITS),
        "Between these milestones patients wait for something of limited number, or nothing could be fitted. The "
        "days are no input of the scenario; observe holds them against the simulation.",
        fits=fitted.has(fitted.WAITS),
        section=OWN,
    ),
)
