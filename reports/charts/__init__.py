"""The registry of charts: each a function from one tidy table to a figure, with its alternative text.

Longer than 400 lines because every chart is registered here, with its table, its place and its words.
"""

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
    illustrates, by one replication, stays on the screen. `grows`: of more than two strategies it takes most of a page
    for what other charts and tables on paper tell, and stays on the screen as well.
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
    grows: bool = False


CHARTS: tuple[Chart, ...] = (
    Chart(
        "of_hundred",
        "Of 100 patients referred",
        "outcomes",
        of_hundred.draw,
        of_hundred.describe,
        "Each panel shows 100 patients referred, one mark per patient. The other charts give the exact proportions "
        "with their intervals.",
        section=FIRST,
    ),
    Chart(
        "waiting_times",
        "Waiting times",
        "waits",
        waiting_times.draw,
        waiting_times.describe,
        "Each bar is the proportion of infused patients who waited that many days from referral; thin lines are 95% "
        "simulation intervals, the vertical line is the mean. All panels share both scales. Patients who are never "
        "infused have no waiting time, so read it beside the proportion infused.",
    ),
    Chart(
        "waiting_ecdf",
        "Waiting times, cumulative",
        "waits",
        waiting_ecdf.draw,
        waiting_ecdf.describe,
        "The proportion of infused patients with a waiting time of at most x days from referral. Patients who are "
        "never infused are not counted, so read it beside the proportion infused.",
        fits=_has_cumulative,
        printed=False,
    ),
    Chart(
        "incidence",
        "What has happened by day",
        "incidence",
        incidence.draw,
        incidence.describe,
        "The proportion of referred patients who have had each event by that day. Infusion and losses compete: "
        "each patient has at most one of them. Progression before infusion, the outcome of the headline, is counted "
        "whatever follows it. Below the axis: patients still waiting, neither infused nor lost by then. Bands are 95% "
        "simulation intervals; small panels share one scale. The axis ends where the curves have levelled off.",
    ),
    Chart(
        "stages",
        "Where the days go",
        "stages",
        stages.draw,
        stages.describe,
        "Mean days of infused patients in each stage, in order. Waiting in a queue stands out in colour; work under "
        "way is grey. Names that do not fit are left out; the table has all.",
    ),
    Chart(
        "flow",
        "Where patients go",
        "flow",
        flow.draw,
        flow.describe,
        "Left: how many patients reach each step of the pathway, in order. Right, at a larger scale: how many are lost "
        "from there, by outcome. Both scales are the same for all scenarios. Means over replications.",
    ),
    Chart(
        "occupancy",
        "Where patients are by day",
        "incidence",
        occupancy.draw,
        occupancy.describe,
        "Of all patients referred, the proportions infused, still waiting and lost, by day since referral; on each day "
        "they add up to 100%.",
    ),
    Chart(
        "outcomes",
        "Outcomes",
        "outcomes",
        outcomes.draw,
        outcomes.describe,
        "Every referred patient has exactly one outcome, so the proportions of a scenario add up to 100%. "
        "Whiskers are 95% simulation intervals. Outcomes that no patient has are left out.",
        grows=True,
    ),
    Chart(
        "differences",
        "Differences",
        "differences",
        differences.draw,
        differences.describe,
        "Each point is a difference between scenarios, paired by replication, with its 95% simulation interval; better "
        "and worse are for patients. An interval that crosses zero is compatible with no difference.",
    ),
    Chart(
        "same_patients",
        "The same patients under both scenarios",
        "same_patients",
        same_patients.draw,
        same_patients.describe,
        "Both scenarios simulate the same patients with the same random numbers, so outcomes are compared patient by "
        "patient: progressed before infusion under both, under one only, or under neither.",
    ),
    Chart(
        "robustness",
        "What the finding rests on",
        "robustness",
        robustness.draw,
        robustness.describe,
        "Each row is the difference with one assumption at a lower or a higher value and all else as stated: the ends "
        "of its stated uncertainty or, where none is stated, half and double. Points without an interval come from "
        "few replications; a value that reverses the finding is confirmed with at least 50.",
        section=RESTS,
    ),
    Chart(
        "groups",
        "By group of patients",
        "groups",
        groups.draw,
        groups.describe,
        "The mean wait of the infused, and the proportions of those referred who progressed before infusion and who "
        "were infused, by risk group, centre and home region. n is the mean number of patients in the group. Whiskers "
        "are 95% simulation intervals: the smaller a group, the wider.",
        section=GROUPS,
    ),
    Chart(
        "utilisation",
        "How full the resources are",
        "resources_summary",
        resource_bars.drawer("utilisation"),
        resource_bars.describer("utilisation"),
        "Utilisation is the proportion of available units in use over the measuring window, or of slots offered that "
        "are claimed. Unlimited resources have none.",
        section=APPENDIX,
    ),
    Chart(
        "queues",
        "Who queues for what",
        "resources_summary",
        resource_bars.drawer("queue_mean"),
        resource_bars.describer("queue_mean"),
        "The mean number of patients in the queue for each resource over the measuring window. Queues close to zero "
        "are left out.",
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "use",
        "Resources through time",
        "use_through_time",
        through_time.draw_use,
        through_time.describe_use,
        "Means of each calendar month over all patients, from the empty start on. Left: units in use (the thin dotted "
        "line is capacity); right: patients in the queue; the warm-up is shaded. Slots count in the month in which "
        "they are offered. All centres together, and at most four resources, those with the longest queues; the "
        "download has all. Each panel has its own scale.",
        section=APPENDIX,
    ),
    Chart(
        "waiting_list",
        "Waiting list through time",
        "waiting_list",
        through_time.draw_lists,
        through_time.describe_lists,
        "Weekly: how many patients are on the list for a slot or dose, and how many have been referred and are neither "
        "infused nor lost. The download has every day, and the range of 95% of replications. A line that still rises "
        "at the end has not reached a steady state.",
        section=APPENDIX,
    ),
    Chart(
        "warm_up",
        "Warm-up",
        "warm_up",
        warm_up.draw,
        warm_up.describe,
        "The simulation starts empty. Patients are counted from the end of the warm-up (solid line), when the number "
        "should fluctuate about a constant level. The dotted line is where the MSER-5 rule would end the warm-up.",
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "stock",
        "Stock of doses through time",
        "stock_through_time",
        through_time.draw_stock,
        through_time.describe_stock,
        "Doses on the shelf, the proportion of time without one, doses that expired and lots started, by month.",
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "network",
        "The network",
        "network",
        network.draw,
        network.describe,
        "Left: where patients come from; middle: the centres that treat them; right: the manufacturers. The thicker a "
        "line, the more patients a month; a dashed line is a contract other than the preferred one. Numbers are as on "
        "the first day of the measuring window; transport days are means. Positions are not geographical.",
        section=APPENDIX,
    ),
    Chart(
        "pathway",
        "The pathway in plain words",
        "pathway",
        pathway.draw,
        pathway.describe,
        "Read from top to bottom, from referral. Grey boxes are activities with their mean times; in coloured boxes "
        "patients or products queue for a limited resource. An indented box happens within the one above it, or only "
        "to some patients; proportions are of those who reach that step. Progression, death and withdrawal, which may "
        "end the pathway at any point, are not drawn.",
        section=APPENDIX,
    ),
    Chart(
        "timelines",
        "Single patients",
        "timeline_sample",
        timelines.draw,
        timelines.describe,
        "Each bar is one patient from referral. Waiting in a queue stands out in colour; work under way is grey. The "
        "mark and the words at the end show the outcome. A small vertical mark is a progression after which the "
        "patient was still eligible. These are examples; the other charts have the estimates.",
        section=APPENDIX,
        printed=False,
    ),
    Chart(
        "day_by_day",
        "Beds and slots day by day",
        "day_by_day",
        day_by_day.draw,
        day_by_day.describe,
        "Each row is a bed and each bar a patient in it, from admission until the bed can be used again; slots run "
        "from their offer to their start. The lowest free row is filled first, so the top row shows the most taken at "
        "a time. This is one replication; others differ.",
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
        "Each point is a run with these values; bands are 95% simulation intervals and leave out uncertainty in the "
        "inputs. A vertical axis shows the range of the results and need not begin at 0.",
        fits=_over_one_or_two,
        section=STUDY,
    ),
    Chart(
        "sweep_map",
        "Sweep, two inputs",
        "sweep",
        sweeps.draw_map,
        sweeps.describe_map,
        "Each cell is a run with these two values; the scale is beside it. Point at a cell for its interval.",
        fits=_over_two,
        section=STUDY,
    ),
    Chart(
        "tornado",
        "Tornado",
        "tornado",
        sweeps.draw_tornado,
        sweeps.describe_tornado,
        "Each input in turn is set to its low and its high value, the others unchanged; the widest bar matters most. "
        "Interactions between inputs are not shown.",
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
        "Each point is an input. Horizontal: how much the result changes on average when the input moves across its "
        "range (mu*). Vertical: how much that change depends on the other inputs, or on the starting point (sigma). "
        "Points above the dotted line interact with others or act non-linearly.",
        section=STUDY,
    ),
    Chart(
        "prcc",
        "Partial rank correlation",
        "prcc",
        screening.draw_prcc,
        screening.describe_prcc,
        "How closely the result follows each input, adjusted for the others: 1 means it always rises with the input, "
        "\N{MINUS SIGN}1 that it always falls, 0 that there is no link.",
        section=STUDY,
    ),
    Chart(
        "plan",
        "Cost against outcome",
        "plan",
        plans.draw_plan,
        plans.describe_plan,
        "Each point is a combination: cost to the right, outcome upwards; the dotted line is the target, the ring what "
        "the scenario has today. No combination is both cheaper and better than those on the stepped line. The large "
        "mark is the cheapest that meets every target; filled points near it meet them at little extra cost.",
        section=STUDY,
    ),
    Chart(
        "calibration",
        "Calibrated values",
        "calibration_sample",
        calibration.draw_values,
        calibration.describe_values,
        "How likely each value is before (grey) and after seeing the observations (blue). Where the two are alike, the "
        "observations say little about the value: it is not determined.",
    ),
    Chart(
        "calibration_pairs",
        "Calibrated values, two by two",
        "calibration_sample",
        calibration.draw_pairs,
        calibration.describe_pairs,
        "Each point is a particle, larger where it weighs more; grey is the prior. Points along a line mean that two "
        "values trade off: only their joint effect is determined.",
        fits=calibration.has_pairs,
    ),
    Chart(
        "ce_plane",
        "Cost-effectiveness plane",
        "ce_plane",
        economics.draw_plane,
        economics.describe_plane,
        "Each point is one draw of the uncertain inputs. Right: more QALYs; up: higher cost. The large mark is the "
        "mean; the ellipse covers 95% of a normal distribution with the same mean and covariance. The corners give "
        "the proportion of samples in each quadrant. Below the dotted line a strategy is cost-effective against the "
        "baseline at the threshold.",
        section=COSTS,
    ),
    *(
        Chart(
            name,
            "Cost-effectiveness frontier",
            table,
            frontier.draw_frontier,
            frontier.describe_frontier,
            "Right: more QALYs; up: higher cost. The line joins the strategies that are clearly on the frontier; its "
            "slope is the cost of one more QALY. Cross: dominated by one other strategy; triangle: by a mix of two; "
            "hollow mark: not clearly different from the frontier; square: reference arm.",
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
        "How often each strategy has the highest net benefit, by willingness to pay per QALY. Rings mark the strategy "
        "with the highest mean net benefit, the one to choose; dotted lines are the thresholds of the scenario.",
        section=COSTS,
    ),
    Chart(
        "evpi",
        "Value of perfect information",
        "evpi",
        economics.draw_evpi,
        economics.describe_evpi,
        "What it would be worth, per patient, to know all uncertain inputs before choosing: an upper limit on the "
        "value of research. Dotted lines are the thresholds of the scenario.",
        section=COSTS,
    ),
    Chart(
        "evppi",
        "Value of information by input",
        "evppi",
        economics.draw_evppi,
        economics.describe_evppi,
        "What it would be worth, per patient, to know one input, or a group of them, before choosing. Inputs that were "
        "held fixed are not shown: their value is unknown, not 0.",
        economics.is_assessed,
        section=COSTS,
    ),
    *(
        Chart(
            name,
            "Value-based price",
            name,
            economics.draw_price,
            economics.describe_price,
            "The product price at which each scenario has the same net benefit as another, by willingness to pay per "
            "QALY. The dotted line is the price in the scenario: left of it, the product costs more than it is worth.",
            economics.has_price,
            section=COSTS,
            grows=True,
        )
        for name in ("price", "psa_price")
    ),
    Chart(
        "budget",
        "Budget impact",
        "budget",
        economics.draw_budget,
        economics.describe_budget,
        "What a payer spends in each year, undiscounted: in all, and on products. Only whole years of the measuring "
        "window are shown. Bands are 95% simulation intervals; budget.csv has the numbers referred, infused and "
        "alive.",
        section=COSTS,
    ),
    Chart(
        "forecast",
        "Months ahead",
        "forecast",
        forecast.drawer(front=True),
        forecast.describer(front=True),
        "The line is the median of the simulated futures, each with its own draw of the uncertain inputs; month by "
        "month, nine in ten lie in the wide band and half in the narrow one. The second line counts only patients "
        "already in the register; months with 1 to 4 of them are left out.",
        fits=forecast.shows(front=True),
        section=OWN,
    ),
    Chart(
        "forecast_more",
        "Months ahead: aphereses and beds",
        "forecast",
        forecast.drawer(front=False),
        forecast.describer(front=False),
        "As above. A bed counts from admission to discharge; the mean over a month is lower than the number needed on "
        "its busiest day.",
        fits=forecast.shows(front=False),
        section=OWN,
    ),
    Chart(
        "observed",
        "Register and simulation",
        "observed",
        observed.drawer("first"),
        observed.describer("first"),
        "The solid line is the register, the dashed one the median of the simulated registers; 90% of them lie in the "
        "wide band and half in the narrow one. Neighbouring points move together, so single points outside prove "
        "nothing: the test of all points together decides whether something differs.",
        fits=observed.shows("first"),
        section=OWN,
    ),
    Chart(
        "observed_events",
        "Losses, register and simulation",
        "observed",
        observed.drawer("events"),
        observed.describer("events"),
        "Cumulative incidence as competing risks (Aalen\N{EN DASH}Johansen) by days since patients entered the "
        "register, for the days that are scored.",
        fits=observed.shows("events"),
        section=OWN,
    ),
    Chart(
        "observed_months",
        "Month by month, register and simulation",
        "observed",
        observed.drawer("months"),
        observed.describer("months"),
        "Monthly counts, and how many patients were waiting for infusion on the last day of each month. The first and "
        "last month may be incomplete, in the register and in the simulation alike.",
        fits=observed.shows("months"),
        section=OWN,
    ),
    Chart(
        "fitted_stages",
        "Stages, observed and fitted",
        "fits_curves",
        fitted.drawer(fitted.STAGES),
        fitted.describer(fitted.STAGES),
        "The proportion of patients still in a stage, by days since it began: as observed (allowing for censoring and "
        "late entry) and as fitted. Below the axis: patients at risk.",
        fits=fitted.has(fitted.STAGES),
        section=OWN,
    ),
    Chart(
        "fitted_clocks",
        "Clocks, observed and fitted",
        "fits_curves",
        fitted.drawer(fitted.CLOCKS),
        fitted.describer(fitted.CLOCKS),
        "Which event comes first while patients wait, by days since referral (Aalen\N{EN DASH}Johansen); dashed: the "
        "fitted hazards. Causes compete, so a curve is not 1 \N{MINUS SIGN} Kaplan\N{EN DASH}Meier.",
        fits=fitted.has(fitted.CLOCKS),
        section=OWN,
    ),
    Chart(
        "fitted_quantiles",
        "Quantiles of stages, observed and fitted",
        "fits_quantiles",
        fitted.draw_quantiles,
        fitted.describe_quantiles,
        "On the dotted line, observed and fitted quantiles are equal. At the upper end, points below the line mean "
        "that long durations are fitted too short, points above it too long.",
        section=OWN,
    ),
    Chart(
        "register_waits",
        "Waits of the register",
        "fits_curves",
        fitted.drawer(fitted.WAITS),
        fitted.describer(fitted.WAITS),
        "Between these milestones patients wait for a limited resource, or nothing could be fitted. These waits are "
        "not inputs of the scenario; observe compares them with the simulation.",
        fits=fitted.has(fitted.WAITS),
        section=OWN,
    ),
)
