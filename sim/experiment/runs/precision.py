"""How many replications: a number, or until the interval of a metric is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.outcomes.economic_metrics import require_metric, values_of, within_of
from sim.outcomes.estimates import interval
from sim.outcomes.formulas import followed_long_enough
from sim.outcomes.metrics import INFUSED_AND_FREE, TREATED_AND_FREE
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario
from sim.scenario.problems import show
from sim.scenario.unused import why_unused
from sim.tables.words import counted

# Fewer replications than this are too few to judge their own spread.
LEAST, MOST = 20, 1_000
BATCH = 10


@dataclass(frozen=True)
class Precision:
    """Stop when the 95% simulation interval of a metric is at most `half_width` to each side, in every scenario.

    `also`: further metrics that must be so precise too; `least` and `most` of the first hold for all.
    """

    metric: str
    half_width: float
    least: int = LEAST
    most: int = MOST
    also: tuple[Precision, ...] = ()

    @property
    def each(self) -> tuple[Precision, ...]:
        """This metric and the further ones."""
        return (self, *self.also)

    def half_widths(self, values: FloatArray) -> FloatArray:
        """The wider half of each scenario's interval.

        `values`: shape (replications, scenarios, metrics), economic quantities behind the metrics where there are any.
        """
        mean, low, high = interval(values_of(self.metric, values), within=within_of(self.metric))
        return np.fmax(mean - low, high - mean)


def parse_precision(text: str, least: int | None, most: int | None) -> Precision:
    """The rule of `METRIC=HALFWIDTH`; a ValueError that says what is allowed."""
    metric, _, width = text.partition("=")
    metric = metric.strip()
    require_metric(metric)
    try:
        half_width = float(width)
    except ValueError:
        half_width = math.nan
    if not 0.0 < half_width < math.inf:
        raise ValueError(f"found {show(width)}; allowed: METRIC=HALFWIDTH, a number above 0, such as {metric}=0.01")
    low, high = map(float, np.asarray(within_of(metric)))
    if half_width >= high - low:
        raise ValueError(f"found {show(width)}, which any result meets; allowed: less than {high - low:g}")
    least = least if least is not None else min(LEAST, most or LEAST)
    most = most if most is not None else max(MOST, least)
    if not 2 <= least <= most:
        raise ValueError(f"found {least} to {counted(most, 'replication')}; allowed: from 2 on, in this order")
    return Precision(metric, half_width, least, most)


def parse_precisions(texts: Sequence[str], least: int | None, most: int | None) -> Precision:
    """The rule of one or several `METRIC=HALFWIDTH`, all of which must be met; a ValueError as `parse_precision`."""
    first, *others = [parse_precision(text, least, most) for text in texts]
    return replace(first, also=tuple(others))


def rule_from_plain(asked: Mapping[str, Any]) -> Precision:
    """The rule as `asdict` gave it; a TypeError or ValueError where it is none."""
    also = tuple(rule_from_plain(other) for other in asked.get("also", ()))
    return Precision(**{**asked, "also": also})


# Metrics that there are only where these sections of the scenario have an effect.
NEEDS = {
    "intensive_care_share": "toxicity.icu",
    "off_the_shelf_share": "allogeneic",
    **dict.fromkeys(
        (
            "referral_to_apheresis_days_mean", "vein_to_vein_days_mean", "vein_to_vein_days_median",
            "turnaround_days_mean", "infused_of_collected_share",
        ),
        "apheresis",
    ),
    "returned": "later_course",
    **dict.fromkeys(("alternative_share", "alternative_days_mean"), "alternative"),
    **dict.fromkeys(
        (
            "responded_share", "progression_free_at_1_year_share", *INFUSED_AND_FREE.values(),
            *TREATED_AND_FREE.values(),
            *(f"alive_at_{months}_months_share" for months in INFUSED_AND_FREE),
        ),
        "after_infusion",
    ),
    **dict.fromkeys(
        (
            "slot_calendar_days_mean", "slot_scarcity_days_mean", "slot_calendar_days_of_all_mean",
            "slot_scarcity_days_of_all_mean",
        ),
        "manufacturing.slots",
    ),
}  # fmt: skip


def never_there(metric: str, scenario: Scenario) -> str | None:
    """Why a metric can have no value in a scenario like this; None where it can."""
    if metric == "not_travelled_share":
        asked = any(region.declines > 0.0 for region in scenario.regions.values())
        return None if asked else "no region has `declines` above 0"
    if require_metric(metric) is not None:
        return None if scenario.economics is not None else "there is no section `economics`"
    if metric not in NEEDS:
        return None
    each = (*INFUSED_AND_FREE.items(), *TREATED_AND_FREE.items())
    months = next((months for months, name in each if name == metric), 0)
    if not followed_long_enough(scenario.run.follow_up, months):
        return f"`run.follow_up` is shorter than {counted(months, 'month')}"
    path = tuple(NEEDS[metric].split("."))
    section: Any = scenario
    for place, key in enumerate(path, start=1):
        section = getattr(section, key)
        if section is None:
            return f"there is no section `{'.'.join(path[:place])}`"
    return why_unused(path, scenario)


def require_possible(rule: Precision, scenarios: Mapping[str, Scenario]) -> None:
    """Nothing, or a ValueError where one of the metrics can have no value in one of the scenarios."""
    for metric in (one.metric for one in rule.each):
        for name, scenario in scenarios.items():
            why = never_there(metric, scenario)
            if why is not None:
                raise ValueError(f"{metric} has no value in {show(name)}: {why}")


def batches(rule: Precision, values: Callable[[], FloatArray]) -> Iterator[range]:
    """The numbers of the replications to run next, until the rule is met or there are as many as it allows.

    `values`: of all replications so far. The next batch aims at nine tenths of what the spread so far asks for, and at
    most doubles the number: it depends on results alone, so any number of workers stops at the same replication.
    """
    count, wanted = 0, rule.least
    while count < wanted:
        yield range(count, wanted)
        count = wanted
        found = values()
        ratios = [float(np.max(one.half_widths(found))) / one.half_width for one in rule.each]
        if all(ratio <= 1.0 for ratio in ratios) or count >= rule.most:
            return
        # a metric that never applied has no interval to wait for
        needed = max(count if math.isnan(ratio) else math.ceil(0.9 * count * ratio**2) for ratio in ratios)
        wanted = min(rule.most, 2 * count, max(count + BATCH, needed))


def reached(rule: Precision, names: tuple[str, ...], values: FloatArray) -> dict[str, object]:
    """What the manifest says of the rule: what was asked for, what came of it, and after how many replications."""
    widths = rule.half_widths(values)
    also = [reached(other, names, values) for other in rule.also]
    return {
        "metric": rule.metric,
        "half_width": rule.half_width,
        "reached": {name: None if math.isnan(w) else float(w) for name, w in zip(names, widths, strict=True)},
        "met": bool((widths <= rule.half_width).all()) and all(other["met"] for other in also),
        "replications": len(values),
        "at_least": rule.least,
        "at_most": rule.most,
        "also": also,
    }
