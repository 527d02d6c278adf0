"""What has no effect of costs: of capacities that cannot be counted, and details of care that nobody is given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.scenario.afterwards import UNTREATED
from sim.scenario.capacity_costs import CapacityCosts, amounts
from sim.scenario.makers import makers
from sim.scenario.people import Steps
from sim.scenario.problems import did_you_mean
from sim.scenario.schema import Scenario
from sim.scenario.shared import SHARED_KEYS
from sim.scenario.unused.binds import needs_icu, nobody_waits
from sim.scenario.unused.happens import gives, may_be_refused
from sim.scenario.unused.places import TOXIC
from sim.scenario.unused.rule import Rule

# A budget is told of whole years of the measuring window.
YEAR_OF_BUDGET = 365.0
CAPACITY_COSTS = CapacityCosts.by_default()
# Of each kind of capacity, where its number stands.
CAPACITY_AT: Mapping[str, tuple[str, ...]] = {
    "slot": ("strategy", "manufacturing.slots", "manufacturing.manufacturers.*.slots"),
    "line": ("strategy", "manufacturing.lines", "manufacturing.manufacturers.*.lines", "centres.*.lines"),
    "lot_line": ("strategy", "allogeneic.lots.lines", "allogeneic.lots.shared_lines"),
    "chair": ("strategy", "centres.*.chairs"),
    "lab": ("strategy", "release_testing.lab"),
    "bed": ("strategy", "centres.*.beds", "shared.*.beds"),
    "place": ("strategy", "centres.*.places", "shared.*.places", "infusion.model", "infusion.reservation"),
    "icu": ("strategy", "centres.*.icu", "shared.*.icu", *TOXIC),
    "stock": ("strategy",),
}  # fmt: skip


def _each_outcome_has_own(s: Scenario, values: Any) -> bool:
    """Whether each outcome has a value of its own, so that nobody has that of all."""
    outcomes = [outcome for outcome in UNTREATED if outcome != "funding" or may_be_refused(s)]
    return values is not None and all(getattr(values, outcome) is not None for outcome in outcomes)


def _capacity_units(s: Scenario, kind: str) -> list[Steps]:
    """The numbers of a capacity by date, of all that patients or lots of this scenario come to; none where none do."""
    treating = [s.centres[name] for name in s.treating]
    if kind in SHARED_KEYS:
        key = SHARED_KEYS[kind]
        outpatient = s.infusion.model == "outpatient"
        used = {
            "bed": not nobody_waits(s),
            "icu": needs_icu(s),
            "place": s.infuses and (outpatient or s.infusion.reservation != "admit"),
        }
        return (
            [s.units(site, key) for site in dict.fromkeys(s.site(name, key) for name in s.treating)]
            if used[kind]
            else []
        )
    if kind == "lot_line":
        return [s.allogeneic.lots.lines] if gives(s, "allogeneic") and s.allogeneic.lots.shared_lines == "never" else []
    if not gives(s, "autologous"):
        return []
    made = s.manufacturing
    if kind == "line" and made.site == "factory":
        return [its.manufacturing.lines for its in makers(s).values()]
    if kind == "line":
        return [s.lines_at(name) for name in s.treating]
    return [centre.chairs for centre in treating] if kind == "chair" else [s.release_testing.lab]


def _not_counted(s: Scenario, kind: str) -> bool:
    """Whether a capacity, or the slots, are not there, or without limit somewhere: then they cannot be counted."""
    if kind == "stock":
        return not gives(s, "allogeneic")
    if kind == "slot":
        each = [its.manufacturing.slots for its in makers(s).values()] if gives(s, "autologous") else []
        return not each or any(slots is None for slots in each)
    units = _capacity_units(s, kind)
    return not units or any(math.isinf(n) for steps in units for _, n in steps)


def _not_in_view(s: Scenario, kind: str) -> bool:
    """Whether the manufacturer pays for a capacity, and only what the payer pays counts."""
    return s.economics is not None and not s.economics.in_view(s.economics.costs.capacity.kinds[kind].paid_by)


def _costs_nothing(s: Scenario, kind: str) -> bool:
    """Whether no price of a capacity is given."""
    return s.economics is not None and not amounts(s.economics.costs.capacity.kinds[kind])


REFUSED: tuple[Rule, ...] = (
    *(
        Rule(
            f"economics.costs.capacity.{kind}", lambda s, kind=kind: _not_counted(s, kind), CAPACITY_AT[kind],
            f"there is no {kind} here, or one without limit: what has no number cannot be counted",
        )
        for kind in CAPACITY_AT
    ),
    Rule(
        "economics.equity.risk_group.*", lambda s, name: name not in s.patients.risk_groups,
        ("patients.risk_groups",), lambda s, name: f"'{name}' is no risk group"
        f"{did_you_mean(name, list(s.patients.risk_groups), 'risk groups')}",
    ),
    Rule(
        "economics.equity.centre.*", lambda s, name: name not in s.treating, ("regions.*.centre",),
        lambda s, name: f"no region sends patients to '{name}'{did_you_mean(name, list(s.treating), 'centres')}",
    ),
)  # fmt: skip
DETAILS: tuple[Rule, ...] = (
    Rule(
        "economics.costs.subsequent_care.month",
        lambda s: s.economics is not None and _each_outcome_has_own(s, s.economics.costs.subsequent_care),
        ("economics.costs.subsequent_care",), "every outcome has a cost of its own",
    ),
    Rule(
        "economics.costs.{holding,holding_month}", lambda s: s.before_apheresis.holding.share == 0.0,
        ("before_apheresis.holding.share",), "before_apheresis.holding.share is 0",
    ),
    Rule(
        "economics.costs.supportive_month", lambda s: s.economics is not None and not s.economics.costs.lines,
        ("economics.costs.lines",), "treatment goes on to death where no lines say for how long it lasts",
    ),
    Rule(
        "economics.costs.future", lambda s: s.economics is not None and s.economics.costs.unrelated_month == 0.0,
        ("economics.costs.unrelated_month",), "care that has nothing to do with myeloma costs nothing",
    ),
    Rule(
        "economics.costs.priced_by", lambda s: s.economics is not None and s.manufacturing.batches == 1,
        ("manufacturing.batches",), "one batch is made for each patient",
    ),
    *(
        Rule(
            f"economics.costs.capacity.{kind}.{key}", lambda s, kind=kind: _not_in_view(s, kind),
            ("economics.perspective", f"economics.costs.capacity.{kind}.paid_by"),
            "perspective is payer, and the manufacturer pays",
        )
        for kind, its in CAPACITY_COSTS.kinds.items() for key in type(its).model_fields if key != "paid_by"
    ),
    Rule(
        "economics.costs.society.{journey,carer_month,lost_work_month}",
        lambda s: s.economics is not None and s.economics.perspective != "societal",
        ("economics.perspective",), "perspective is {s.economics.perspective}, not societal",
    ),
    *(
        Rule(
            f"economics.costs.capacity.{kind}.paid_by", lambda s, kind=kind: _costs_nothing(s, kind),
            (f"economics.costs.capacity.{kind}",), "no price of it is given",
        )
        for kind in CAPACITY_COSTS.kinds
    ),
    Rule(
        "economics.costs.unused_paid_by",
        # the budget is the payer's, whatever the perspective
        lambda s: s.economics is not None and s.economics.perspective != "payer" and s.run.window < YEAR_OF_BUDGET,
        ("economics.perspective", "run.window"),
        "perspective is {s.economics.perspective}, so that it counts whoever pays, and no year is in the budget",
    ),
    Rule(
        "economics.equity.risk_group", lambda s: len(s.patients.risk_groups) == 1,
        ("patients.risk_groups",), "there is one risk group, so that nobody counts for more than another",
    ),
    Rule(
        "economics.equity.centre", lambda s: len(s.treating) == 1, ("regions.*.centre",),
        "one centre treats everybody, so that nobody counts for more than another",
    ),
)  # fmt: skip
