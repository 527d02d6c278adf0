"""What has no effect: one table of the keys that do nothing in a scenario, and why.

Each rule reads: this `key` does nothing `when` the scenario is so, `because` of the values at these paths;
`why` says it in words. From the table follow
- what is refused, or said, where it is written (`dropped.py`),
- what is left out, and said, where a later file or `--set` made an inherited value meaningless (`dropped.py`),
- which values count as used: the parameters, the levers of the planning page, the inputs of sweeps (`why_unused`).

Longer than 400 lines because the table is one.

To add a rule, add a line. A "*" in a key stands for any name; `when` and `why` are given the names that it stood for.
`when` sees the whole scenario, all its defaults filled in, so it asks for what holds in effect: not whether a share is
written, but whether any product has one. It must be sure: a value that may move something is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from sim.pure.distributions import Distribution, Fixed
from sim.pure.survival import Never, Survival
from sim.scenario.afterwards import UNTREATED, ByBridging, Durability, HazardRatios
from sim.scenario.capacity_costs import CapacityCosts, amounts
from sim.scenario.makers import as_made_by, contracts, makers
from sim.scenario.people import Region, Steps, WaitingClocks, is_unlimited
from sim.scenario.problems import did_you_mean
from sim.scenario.schema import Scenario, products
from sim.scenario.section import Section
from sim.scenario.shared import SHARED_KEYS
from sim.scenario.slots import Slots
from sim.scenario.struck import units_struck
from sim.scenario.supply import NO_TARGET

Path = tuple[str, ...]
CAPACITY_COSTS = CapacityCosts.by_default()
# The sections that may name a calendar.
ALWAYS_HAS_HOURS = ("work_up", "lymphodepletion")
AUTOLOGOUS_HAS_HOURS = ("apheresis", "shipping", "manufacturing", "release_testing")


@dataclass(frozen=True)
class Unused:
    """`key` does nothing `when` the scenario is so, `because` of the values at these paths, in words: `why`.

    `key`, `because`: dotted, "*" for any name. `when(scenario, *names)`. `why`: a text in which `{s}` is the scenario
    and `{0}` the first name, or a function like `when`. `is_detail`: written in a file, it is said and not refused.
    """

    key: str
    when: Callable[..., bool]
    because: tuple[str, ...]
    why: str | Callable[..., str]
    is_detail: bool = False

    @cached_property
    def path(self) -> Path:
        """The key in parts."""
        return tuple(self.key.split("."))

    def names(self, path: Path) -> tuple[str, ...] | None:
        """What "*" stands for where the rule is about this path or a section around it, else None."""
        parts = self.path
        if len(path) < len(parts) or any(mine not in ("*", its) for mine, its in zip(parts, path, strict=False)):
            return None
        return tuple(its for mine, its in zip(parts, path, strict=False) if mine == "*")

    def reason(self, scenario: Scenario, *names: str) -> str:
        """Why, with the values at hand."""
        return self.why(scenario, *names) if callable(self.why) else self.why.format(*names, s=scenario)


def why_unused(path: Path, scenario: Scenario) -> str | None:
    """Why a value at this path would do nothing in a scenario like this; None where it has an effect."""
    for rule in _rules_of(path[0]):
        names = rule.names(path)
        if names is not None and rule.when(scenario, *names):
            return rule.reason(scenario, *names)
    return None


@cache
def _rules_of(section: str) -> tuple[Unused, ...]:
    """The rules about keys in a section of the file."""
    return tuple(rule for rule in RULES if rule.path[0] in ("*", section))


def unused(scenario: Scenario) -> Iterator[tuple[Path, Unused, tuple[str, ...]]]:
    """(path, rule, names) of each key of the scenario that does nothing in it."""
    for rule in RULES:
        for path, names in _matching(scenario, rule.path):
            if rule.when(scenario, *names):
                yield path, rule, names


def _matching(scenario: Scenario, key: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """(path, names) of every place in the scenario that a key stands for."""
    found: list[tuple[Any, Path, tuple[str, ...]]] = [(scenario, (), ())]
    for part in key[:-1]:
        found = [
            (inner, (*path, name), (*names, name) if part == "*" else names)
            for holder, path, names in found
            for name, inner in _inside(holder, part)
        ]
    for holder, path, names in found:
        for name in holder if key[-1] == "*" else (key[-1],):
            yield (*path, name), (*names, name) if key[-1] == "*" else names


def _inside(holder: Any, part: str) -> Iterator[tuple[str, Any]]:
    """(name, section) of what `part` stands for in a section or map; nothing where it is not there."""
    if part == "*":
        yield from holder.items()
        return
    inner = getattr(holder, part)
    if isinstance(inner, Section | Mapping):
        yield part, inner


# -- what holds in a scenario ----------------------------------------------------------------------------------------


def gives(s: Scenario, product: str) -> bool:
    """Whether patients are given this kind of product."""
    return s.strategy in (product, "hybrid")


def treatments(s: Scenario) -> tuple[str, ...]:
    """What patients are given: kinds of product, and the alternative."""
    return (*products(s.strategy), *(() if s.alternative is None else ("alternative",)))


def _all_leave_at_once(s: Scenario) -> bool:
    """Whether everybody who accepts the alternative has been given it before they wait, progress or a product fails."""
    listed = any(region.already_waiting is not None for region in s.regions.values())
    return s.alternative is not None and s.alternative.offered.from_start and not listed


def _all_turn_at_progression(s: Scenario) -> bool:
    """Whether everybody who progresses before apheresis, or a dose, is given the alternative."""
    a = s.alternative
    listed = any(region.already_waiting is not None for region in s.regions.values())
    return a is not None and a.offered.at_progression and a.accepts == 1.0 and not a.offered.to and not listed


def _earlier_target(s: Scenario, target: str) -> bool:
    """Whether anybody is given holding or bridging therapy against such a target before infusion."""
    holding = s.before_apheresis.holding
    bridged = gives(s, "autologous") and s.bridging.share > 0.0 and s.bridging.target == target
    return bridged or (holding.share > 0.0 and holding.target == target)


def _target_is_idle(s: Scenario, target: str) -> bool:
    """Whether it makes no difference after infusion that a therapy had this target."""
    if target == NO_TARGET:
        return False
    return s.after_infusion is None or getattr(s.after_infusion.by_earlier_target, target) == HazardRatios.by_default()


def is_zero(duration: Distribution) -> bool:
    """Whether a duration takes no time."""
    return isinstance(duration, Fixed) and duration.days == 0.0


def most_days(duration: Distribution) -> float:
    """The longest duration possible; infinite where there is none."""
    with np.errstate(divide="ignore"):
        return float(duration.quantile(np.ones(1))[0])


def least_days(duration: Distribution) -> float:
    """The shortest duration possible."""
    return float(duration.quantile(np.zeros(1))[0])


def _each_has_own(s: Scenario, key: str) -> bool:
    centres = s.treating
    return bool(centres) and all(getattr(s.centres[name], key) is not None for name in centres)


def _each_maker_has_own(s: Scenario, key: str, kind: str) -> bool:
    """Whether each of several products, or manufacturers, has a value of its own."""
    several = getattr(s.manufacturing, kind)
    return bool(several) and all(getattr(one, key, None) is not None for one in several.values())


def _each_lane_has_own(s: Scenario, key: str) -> bool:
    """Whether no transit is the one for all manufacturers and centres."""
    several = s.manufacturing.manufacturers
    return bool(several) and all(
        getattr(its, key) is not None
        or all(
            centre in its.lanes and getattr(its.lanes[centre], key) is not None
            for centre in s.treating
            if name in contracts(s, centre)
        )
        for name, its in several.items()
    )


def _each_of_lane(s: Scenario, name: str, key: str) -> bool:
    """Whether a manufacturer has a lane of its own to each centre that contracts with it."""
    its = s.manufacturing.manufacturers[name]
    centres = [centre for centre in s.treating if name in contracts(s, centre)]
    return bool(its.lanes) and all(
        centre in its.lanes and getattr(its.lanes[centre], key) is not None for centre in centres
    )


def _is_shut(s: Scenario, *resources: str) -> bool:
    """Whether all of a resource is ever out."""
    return any(d.resource in resources and d.takes_all for d in s.disruptions.values())


def _may_lose(s: Scenario, *resources: str) -> bool:
    """Whether work on a resource may be lost in an outage."""
    return any(d.resource in resources and d.work == "lose" for d in s.disruptions.values())


def _is_partly_out(s: Scenario, resource: str) -> bool:
    return any(d.resource == resource and not d.takes_all for d in s.disruptions.values())


def lines_bind(s: Scenario) -> bool:
    """Whether anybody may wait for a manufacturing line."""
    made, centres = s.manufacturing, [s.centres[name] for name in s.treating]
    own = [centre.lines if centre.lines is not None else made.lines for centre in centres]
    steps = [its.manufacturing.lines for its in makers(s).values()] if made.site == "factory" or not own else own
    return not all(is_unlimited(there) for there in steps) or _is_shut(s, "line")


def _withdraws(s: Scenario, name: str) -> bool:
    """Whether a disruption withdraws slots."""
    struck, concerned = s.disruptions[name], [its for its in makers(s).values() if name in its.disruptions]
    closes = struck.units is None or any(n <= struck.units for steps in units_struck(s, name) for _, n in steps)
    return struck.resource == "line" and any(
        slots.withdrawn_by == "cuts" or (slots.withdrawn_by == "closures" and closes)
        for its in concerned
        if (slots := its.manufacturing.slots) is not None
    )


def _all_slots(s: Scenario) -> list[Slots]:
    """The dated slots of each manufacturer that has some."""
    return [slots for its in makers(s).values() if (slots := its.manufacturing.slots) is not None]


def _unlimited_at_all(s: Scenario, key: str) -> bool:
    """Whether beds, icu or places never bind anywhere."""
    return all(is_unlimited(s.units(s.site(name, key), key)) for name in s.treating)


def beds_bind(s: Scenario) -> bool:
    """Whether anybody may wait for a bed."""
    return not _unlimited_at_all(s, "beds") or _is_shut(s, "bed")


def icu_binds(s: Scenario) -> bool:
    """Whether anybody may wait for a bed in intensive care."""
    return not _unlimited_at_all(s, "icu") or _is_shut(s, "icu")


def books_ahead(s: Scenario, resource: str) -> bool:
    """Whether beds, or treatment places, are booked ahead."""
    if resource == "place":
        asked_for = s.infusion.model == "outpatient" or s.infusion.reservation != "admit"
        return asked_for and (not _unlimited_at_all(s, "places") or _is_shut(s, "place"))
    at_once = s.infusion.model == "outpatient" or s.infusion.reservation != "book_ahead"
    return resource == "bed" and not at_once and beds_bind(s)


def _told_late(s: Scenario) -> bool:
    """Whether a slot may be withdrawn after it has been offered."""
    late = (name for name, d in s.disruptions.items() if d.by_chance or not math.isinf(d.announced))
    return any(_withdraws(s, name) for name in late)


def _lines_change(s: Scenario) -> bool:
    """Whether lines have other numbers on other dates, or are none."""
    made = s.manufacturing
    own = [centre.lines for centre in s.centres.values() if centre.lines is not None]
    each = [its.manufacturing.lines for its in makers(s).values()]
    steps = [made.lines, *own] if made.site == "centre" else each
    return any(len(there) > 1 or there[0][1] == 0.0 for there in steps)


def fails(s: Scenario) -> bool:
    """Whether a manufacture may fail."""
    products = [product.failure for product in s.manufacturing.products.values()] or [None]
    of_all = [its.manufacturing.failure for its in makers(s).values()]
    return any((failure if share is None else share) > 0.0 for share in products for failure in of_all)


def out_of_specification(s: Scenario) -> bool:
    """Whether a product may be out of specification."""
    products = [product.out_of_specification for product in s.manufacturing.products.values()] or [None]
    of_all = [its.release_testing.out_of_specification for its in makers(s).values()]
    return any((found if share is None else share) > 0.0 for share in products for found in of_all)


def is_made_again(s: Scenario) -> bool:
    """Whether an attempt at a product may fail, whatever for."""
    tested = s.release_testing
    refused = out_of_specification(s) and tested.accepted < 1.0
    recalled = tested.conditional is not None and tested.conditional.recall > 0.0
    lost = s.shipping.loss > 0.0 or _may_lose(s, "line", "lab")
    return fails(s) or tested.failure > 0.0 or refused or recalled or lost


def collection_fails(s: Scenario) -> bool:
    """Whether a collection may fall short, or its cells be lost."""
    spoilt = not math.isinf(s.shipping.viable) or _may_lose(s, "chair")
    return s.apheresis.shortfall > 0.0 or s.shipping.loss > 0.0 or spoilt


def waits_for_slots(s: Scenario) -> bool:
    """Whether patients wait for a slot, or for a line that is booked before apheresis."""
    booked = s.manufacturing.line_held.start == "booking" and lines_bind(s)
    return gives(s, "autologous") and (bool(_all_slots(s)) or booked)


def dated_slots_before_apheresis(s: Scenario) -> bool:
    """Whether patients wait for dated slots before their cells are collected."""
    return gives(s, "autologous") and any(slots.claimed == "before_apheresis" for slots in _all_slots(s))


def may_be_refused(s: Scenario) -> bool:
    """Whether anybody's path may end because nobody pays."""
    cleared = s.before_apheresis.clearance
    return cleared.refusal > 0.0 and cleared.appeal.success < 1.0


def must_be_ready(s: Scenario) -> bool:
    """Whether anything beside the work-up must be done before apheresis."""
    b = s.before_apheresis
    each = (b.clearance.duration, b.caregiver, b.washout)
    return b.clearance.refusal > 0.0 or b.holding.share > 0.0 or not all(map(is_zero, each))


def needs_icu(s: Scenario) -> bool:
    """Whether anybody comes to intensive care."""
    return any(event.needs_icu for event in s.toxicity.events.values())


def _runs(s: Scenario, *clocks: str) -> bool:
    """Whether one of these clocks runs before infusion."""
    sets: tuple[WaitingClocks | None, ...] = (s.clocks.waiting, s.clocks.after_apheresis)
    found: list[Survival] = [getattr(each, clock) for each in sets if each is not None for clock in clocks]
    return not all(isinstance(clock, Never) for clock in found)


def _stays_after_progression(s: Scenario) -> bool:
    sets = (s.clocks.waiting, s.clocks.after_apheresis)
    rows = () if s.in_progress is None else s.in_progress.file.patients
    if any(not math.isnan(one.progressed_days) for one in rows):
        return True
    return any(e is not None and not isinstance(e.progression, Never) and e.ends_eligibility < 1.0 for e in sets)


def _counts_no_deaths(clocks: WaitingClocks | None) -> bool:
    """Whether there is nothing to take out of a clock of progression."""
    return clocks is not None and (isinstance(clocks.progression, Never) or isinstance(clocks.death, Never))


def _durabilities(s: Scenario) -> list[Durability]:
    """What the products do that patients are given."""
    rules = s.after_infusion
    found = [] if rules is None else [rules.of(name) for name in treatments(s)]
    return [durability for durability in found if durability is not None]


def _after_infusion(s: Scenario, key: str) -> bool:
    """Whether a multiplier after infusion finds something to act on: a response in doubt, or a clock that runs."""
    each = _durabilities(s)
    if key == "response":
        return any(0.0 < durability.response < 1.0 for durability in each)
    clocks = ("progression", "without_response") if key == "progression" else ("death", "death_after_progression")
    return any(not isinstance(getattr(d, clock) or Never(), Never) for d in each for clock in clocks)


def frail_clocks(s: Scenario) -> int:
    """How many clocks of a patient, of all courses, a shared frailty acts on."""
    before = int(_runs(s, "death")) + int(_runs(s, "progression"))
    anew = int(s.clocks.after_apheresis is not None and _runs(s, "progression"))
    after = sum(_after_infusion(s, key) for key in ("response", "progression", "death"))
    return (before + anew) * (1 if s.later_course is None else 2) + after


def _never_progresses(clocks: WaitingClocks | None) -> bool:
    return clocks is not None and isinstance(clocks.progression, Never)


def _bridging_counts(s: Scenario) -> bool:
    """Whether bridging counts though it slows nothing: it has a cost, or patients fare by it after infusion."""
    paid = s.economics is not None and (s.economics.costs.bridging > 0.0 or s.economics.costs.bridging_month > 0.0)
    fares = s.after_infusion is not None and s.after_infusion.by_bridging != ByBridging.by_default()
    return paid or fares or not (s.bridging.target == NO_TARGET or _target_is_idle(s, s.bridging.target))


def _may_be_left_out(s: Scenario, key: str) -> bool:
    """Whether a key of bridging may be left out: a response of 0 or 1 may have made multipliers after infusion so."""
    return key != "response" or 0.0 < s.bridging.response < 1.0


def _all_same(s: Scenario, key: str) -> bool:
    return len({getattr(group, key) for group in s.patients.risk_groups.values()}) == 1


def _policy_is(s: Scenario, *policies: str) -> bool:
    return s.waiting_list.policy in policies


def _weight(s: Scenario, key: str) -> float:
    return 0.0 if s.waiting_list.score is None else float(getattr(s.waiting_list.score, key))


def _score_tells_apart(s: Scenario) -> bool:
    """Whether a score looks at anything but the days of waiting."""
    by_group = any(_weight(s, key) != 0.0 and not _all_same(s, key) for key in ("priority", "benefit"))
    return by_group or (_weight(s, "progressed") != 0.0 and _stays_after_progression(s))


def _is_named(s: Scenario, calendar: str) -> bool:
    made = AUTOLOGOUS_HAS_HOURS if gives(s, "autologous") else ()
    each = makers(s).values() if made else [s]
    always = ALWAYS_HAS_HOURS if s.infuses else ()
    return any(getattr(its, section).calendar == calendar for section in (*always, *made) for its in each)


def _is_anothers(s: Scenario, name: str) -> bool:
    """Whether a disruption is one of a resource that the strategy, or the scenario, does not have."""
    resource, shared = s.disruptions[name].resource, s.allogeneic.lots.shared_lines != "never"
    return {
        "lot_line": not gives(s, "allogeneic") or shared,
        "icu": not needs_icu(s) or not s.infuses,
        "bed": _nobody_waits(s),
        "place": not s.infuses,
    }.get(resource, not gives(s, "autologous"))  # fmt: skip


def _at_idle_centre(s: Scenario, name: str) -> bool:
    centre = s.disruptions[name].centre
    return centre is not None and centre not in (*s.treating, *s.shared)


def _has_one_for_all(s: Scenario, name: str) -> bool:
    each = ("chair", "bed", "place", "icu", *(("line",) if s.manufacturing.site == "centre" else ()))
    return name in s.disruptions and s.disruptions[name].resource not in each


def _each_outcome_has_own(s: Scenario, values: Any) -> bool:
    """Whether each outcome has a value of its own, so that nobody has that of all."""
    outcomes = [outcome for outcome in UNTREATED if outcome != "funding" or may_be_refused(s)]
    return values is not None and all(getattr(values, outcome) is not None for outcome in outcomes)


def _ignored_centre(s: Scenario, name: str) -> str:
    centres = s.treating
    return f"no region sends patients to '{name}'{did_you_mean(name, [c for c in centres if c != name], 'centres')}"


def _already_waiting(s: Scenario, name: str) -> Any:
    region: Region | None = s.regions.get(name)
    return None if region is None else region.already_waiting


def is_read_late(s: Scenario) -> bool:
    """Whether a conditional release never comes before the end of the sterility test."""
    tested = s.release_testing
    if tested.conditional is None:
        return False
    return least_days(tested.conditional.sterility) >= most_days(tested.sterility)


def _tests_longer(s: Scenario) -> bool:
    """Whether leaving out a conditional release changes nothing."""
    early = s.release_testing.conditional
    return early is not None and early.recall == 0.0 and is_read_late(s)


# -- the table -------------------------------------------------------------------------------------------------------

STRATEGY = "strategy '{s.strategy}' has no use for it"
OOS = (
    "release_testing.out_of_specification",
    "manufacturing.products.*.out_of_specification",
    "manufacturing.products",
)
FAILURE = ("manufacturing.failure", "manufacturing.products.*.failure", "manufacturing.products")
LINES = ("manufacturing.lines", "manufacturing.site", "centres.*.lines", "disruptions")
BEDS = ("centres.*.beds", "shared.*.beds", "disruptions", "infusion.model")
SLOTS = ("manufacturing.slots", "manufacturing.slots.scope")
TOXIC = ("toxicity.crs", "toxicity.neurotoxicity")
REGIONS = ("regions", "regions.*.centre")
PROGRESSION = ("clocks.waiting", "clocks.after_apheresis")
PRODUCTS = ("after_infusion.autologous", "after_infusion.allogeneic", "strategy")
# The kinds of patients that have multipliers after infusion.
KINDS = (
    "by_risk_group.*", "progressed_before_infusion", "not_progressed_before_infusion", "out_of_specification",
    *(f"by_bridging.{kind}" for kind in ("responded", "no_response", "not_bridged")),
    *(f"by_earlier_target.{target}" for target in ("same", "other")),
)  # fmt: skip
MADE_AGAIN = (*FAILURE, *OOS, "release_testing", "shipping.loss", "disruptions")
COLLECTED_AGAIN = ("apheresis.shortfall", "shipping", "disruptions")


def _of_strategy(product: str, *keys: str) -> Iterator[Unused]:
    """Keys that only patients with this kind of product have a use for."""
    for key in keys:
        yield Unused(key, lambda s, *names: not gives(s, product), ("strategy",), STRATEGY)


def _of_infusion(*keys: str) -> Iterator[Unused]:
    """Keys that only the path to infusion has a use for, which a reference arm does not have."""
    for key in keys:
        yield Unused(
            key, lambda s, *names: not s.infuses, ("strategy",), "nobody is infused with strategy '{s.strategy}'"
        )


def _nobody_waits(s: Scenario) -> bool:
    """Whether nobody ever waits for anything: all are given standard care on the day of referral."""
    return not s.infuses and s.alternative is None


def _capacity_units(s: Scenario, kind: str) -> list[Steps]:
    """The numbers of a capacity by date, of all that patients or lots of this scenario come to; none where none do."""
    treating = [s.centres[name] for name in s.treating]
    if kind in SHARED_KEYS:
        key = SHARED_KEYS[kind]
        outpatient = s.infusion.model == "outpatient"
        used = {
            "bed": not _nobody_waits(s),
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
        return [made.lines if centre.lines is None else centre.lines for centre in treating]
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


# Written where they do nothing, these are refused.
REFUSED: tuple[Unused, ...] = (
    *(
        Unused(
            f"economics.costs.capacity.{kind}", lambda s, kind=kind: _not_counted(s, kind), CAPACITY_AT[kind],
            f"there is no {kind} here, or one without limit: what has no number cannot be counted",
        )
        for kind in CAPACITY_AT
    ),
    *_of_strategy(
        "autologous",
        "scheduling", "apheresis", "shipping", "manufacturing", "release_testing", "bridging", "cells",
        "clocks.after_apheresis",
        "centres.*.chairs", "centres.*.slots", "centres.*.lines",
        "after_infusion.autologous", "after_infusion.out_of_specification", "after_infusion.by_bridging",
        "economics.costs.product.autologous", "economics.costs.unused_product.autologous",
        "economics.costs.apheresis", "economics.costs.bridging", "economics.costs.bridging_month",
        "economics.costs.priced_by",
    ),
    *_of_strategy(
        "allogeneic",
        "allogeneic", "after_infusion.allogeneic",
        "economics.costs.product.allogeneic", "economics.costs.unused_product.allogeneic",
    ),
    *_of_infusion(
        "work_up", "before_apheresis", "waiting_list", "lymphodepletion", "toxicity", "patients.risk_groups.*.priority",
        "patients.risk_groups.*.benefit", "centres.*.places", "centres.*.icu", "infusion.model", "infusion.reservation",
        "infusion.scheduling", "infusion.calendar", "infusion.stay", "infusion.planned_stay", "infusion.deferral",
        "after_infusion.progressed_before_infusion", "after_infusion.not_progressed_before_infusion",
        "after_infusion.by_earlier_target",
        "economics.costs.product", "economics.costs.unused_product", "economics.costs.unused_paid_by",
        "economics.costs.lymphodepletion", "economics.costs.infusion", "economics.costs.icu_day",
        "economics.costs.adverse_events", "economics.costs.follow_up_month", "economics.costs.holding",
        "economics.costs.holding_month", "economics.toxicity",
    ),
    *(
        Unused(
            key, lambda s, *names: _nobody_waits(s), ("strategy", "alternative"),
            "everybody is given standard care on the day of referral",
        )
        for key in (
            "centres.*.beds", "infusion", "economics.costs.bed_day", "economics.costs.waiting_month",
            "economics.utilities.hospital_loss", "regions.*.travel", "after_infusion.not_infused.waiting",
            "regions.*.declines", "regions.*.already_waiting",
            "clocks.after_progression", "clocks.withdrawal", "clocks.waiting.removal", "clocks.waiting.death",
            "clocks.waiting.progression", "clocks.waiting.ends_eligibility", "patients.risk_groups.*.hazard",
        )
    ),
    *(
        Unused(key, lambda s: s.infuses, ("strategy",), "all are on the path to infusion; allowed in a reference arm")
        for key in (
            "after_infusion.standard_care", "economics.costs.standard_care", "economics.utilities.standard_care",
        )
    ),
    *(
        Unused(key, lambda s: s.alternative is None, ("alternative",), "nobody is given an alternative")
        for key in ("after_infusion.alternative", "economics.costs.alternative", "economics.utilities.alternative")
    ),
    *(
        Unused(
            f"alternative.offered.{key}", _all_leave_at_once, ("alternative.offered.from_start",),
            "whoever accepts the alternative has been given it from the start (from_start)",
        )
        for key in ("after_waiting", "since", "at_progression", "after_failure")
    ),
    Unused(
        "alternative.offered.after_waiting",
        lambda s: s.alternative is not None and not waits_for_slots(s) and not gives(s, "allogeneic"),
        ("manufacturing", "strategy", *LINES),
        "nobody waits for slots, for lines booked before apheresis, or for doses",
    ),
    Unused(
        "alternative.offered.since",
        lambda s: s.alternative is not None and not s.alternative.offered.after_some_wait,
        ("alternative.offered.after_waiting",), "after_waiting is never",
    ),
    Unused(
        "alternative.offered.after_failure", lambda s: s.alternative is not None and not gives(s, "autologous"),
        ("strategy",), "no product is made for a patient, so that none fails",
    ),
    Unused("hybrid", lambda s: s.strategy != "hybrid", ("strategy",), STRATEGY),
    Unused(
        "after_infusion.later_course", lambda s: s.later_course is None, ("later_course",),
        "nobody is infused in a later course; allowed with a section later_course",
    ),
    Unused(
        "run.later_courses_until", lambda s: s.later_course is None, ("later_course",),
        "nobody returns; allowed with a section later_course",
    ),
    Unused("centres.*", lambda s, name: name not in s.treating, REGIONS, _ignored_centre),
    Unused(
        "shared.*", lambda s, name: not {*s.shared[name].centres} & {*s.treating}, (*REGIONS, "shared.*.centres"),
        "no region sends patients to a centre that shares it",
    ),
    *(
        Unused(
            f"{section}.by_risk_group.*", lambda s, name: name not in s.patients.risk_groups,
            ("patients.risk_groups",), lambda s, name: f"'{name}' is no risk group"
            f"{did_you_mean(name, list(s.patients.risk_groups), 'risk groups')}",
        )
        for section in ("after_infusion", "cells")
    ),
    Unused(
        "regions.*.already_waiting.waited",
        lambda s, name: (there := _already_waiting(s, name)) is not None and there.count in (None, 0),
        ("regions.*.already_waiting.count", "regions.*.already_waiting.since"),
        "nobody is counted there: `count` is 0, or `since` says when each began to wait",
    ),
    Unused(
        "infusion.turn_round", lambda s: not beds_bind(s), BEDS, "beds are unlimited; allowed where they are limited"
    ),
    Unused(
        "infusion.turn_round", lambda s: s.infusion.model == "outpatient" and not s.toxicity.events,
        ("infusion.model", *TOXIC), "outpatients need no bed where there is no toxicity",
    ),
    Unused(
        "toxicity.icu.turn_round", lambda s: not needs_icu(s) or not icu_binds(s),
        ("centres.*.icu", "shared.*.icu", *TOXIC, "disruptions"),
        "nobody needs intensive care, or its beds are unlimited",
    ),
    Unused(
        "regions.*.already_waiting.risk_groups", lambda s, name: len(s.patients.risk_groups) == 1,
        ("patients.risk_groups",), "there is one risk group",
    ),
    Unused(
        "regions.*.already_waiting.risk_groups",
        lambda s, name: (there := _already_waiting(s, name)) is not None and there.count == 0,
        ("regions.*.already_waiting.count",), "nobody is counted there: `count` is 0",
    ),
    Unused(
        "centres.*.slots", lambda s, name: s.manufacturing.slots is None, SLOTS,
        "manufacturing.slots are unlimited; allowed where slots.scope is centre",
    ),
    Unused(
        "centres.*.slots", lambda s, name: s.manufacturing.slots is not None and s.manufacturing.slots.scope == "pool",
        SLOTS, "slots are pooled; allowed where slots.scope is centre",
    ),
    Unused(
        "centres.*.lines", lambda s, name: s.manufacturing.site == "factory", ("manufacturing.site",),
        "manufacturing.site is factory; allowed where it is centre",
    ),
    *(
        Unused(
            f"{section}.*.icu", lambda s, name: not needs_icu(s), TOXIC,
            "no toxicity has an icu share above 0",
        )
        for section in ("centres", "shared")
    ),
    *(
        Unused(
            f"centres.*.{key}", lambda s, name, key=key: s.site(name, key) != name, ("shared",),
            lambda s, name, key=key: f"the {key} of '{name}' are those of '{s.site(name, key)}' "
            f"(shared.{s.site(name, key)}.{key})",
        )
        for key in SHARED_KEYS.values()
    ),
    Unused(
        "calendars.*", lambda s, name: not _is_named(s, name),
        ("strategy", "manufacturing.manufacturers.*.calendar",
         *(f"{section}.calendar" for section in (*ALWAYS_HAS_HOURS, *AUTOLOGOUS_HAS_HOURS))),
        "no section names this calendar",
    ),
    Unused(
        "disruptions.*", lambda s, name: name in s.disruptions and _is_anothers(s, name),
        ("strategy", *TOXIC, "allogeneic.lots.shared_lines"),
        lambda s, name: "no toxicity has an icu share above 0" if s.disruptions[name].resource == "icu"
        else f"there is no resource '{s.disruptions[name].resource}' with strategy '{s.strategy}'"
        if s.disruptions[name].resource != "lot_line" or s.strategy == "autologous"
        else "lots use the lines of autologous manufacture (lots.shared_lines)",
    ),
    Unused(
        "disruptions.*", lambda s, name: name in s.disruptions and _at_idle_centre(s, name), REGIONS,
        lambda s, name: _ignored_centre(s, str(s.disruptions[name].centre)),
    ),
    Unused(
        "disruptions.*.centre", _has_one_for_all, ("disruptions.*.resource", "manufacturing.site"),
        lambda s, name: f"there is one {s.disruptions[name].resource} for all centres",
    ),
    Unused(
        "disruptions.*.work", lambda s, name: name in s.disruptions and s.disruptions[name].resource == "courier",
        ("disruptions.*.resource",), "a shipment under way arrives; the courier collects nothing new",
    ),
    Unused(
        "disruptions.*.units",
        lambda s, name: name in s.disruptions and all(map(is_unlimited, units_struck(s, name))),
        ("disruptions.*.resource", "disruptions.*.centre"),
        lambda s, name: "a courier has no number of units" if s.disruptions[name].resource == "courier"
        else f"there is no limit to the resource '{s.disruptions[name].resource}'",
    ),
    Unused(
        "disruptions.*.announced", lambda s, name: name in s.disruptions and s.disruptions[name].by_chance,
        ("disruptions.*.between",), "an outage by chance becomes known on its first day",
    ),
    Unused(
        "disruptions.*.announced",
        lambda s, name: name in s.disruptions and not _withdraws(s, name)
        and not books_ahead(s, s.disruptions[name].resource),
        ("disruptions.*.resource", "disruptions.*.units", "manufacturing.slots", "infusion.reservation",
         "infusion.model"),
        "only a shut-down of lines withdraws slots, where slots have dates and withdrawn_by is not nothing (an outage "
        "of a part, where it is cuts); and only beds and treatment places are booked ahead",
    ),
    Unused(
        "manufacturing.slots.withdrawn_by",
        lambda s: s.manufacturing.slots is not None and not _is_shut(s, "line") and not _lines_change(s)
        and not _is_partly_out(s, "line"),
        ("disruptions", *LINES), "lines are never closed, and never fewer",
    ),
    Unused(
        "manufacturing.slots.after_withdrawal", lambda s: s.manufacturing.slots is not None and not _told_late(s),
        ("disruptions", "manufacturing.slots.withdrawn_by"),
        "no slot is withdrawn once it is offered; allowed with a disruption of lines `announced`, or by chance",
    ),
    Unused(
        "waiting_list.policy", lambda s: _policy_is(s, "sickest_first") and _all_same(s, "priority"),
        ("patients.risk_groups",),
        "no risk group has a `priority` other than the rest, so that {s.waiting_list.policy} is first_come; "
        "set patients.risk_groups.NAME.priority",
    ),
    Unused(
        "waiting_list.policy", lambda s: _policy_is(s, "likely_benefit") and _all_same(s, "benefit"),
        ("patients.risk_groups",),
        "no risk group has a `benefit` other than the rest, so that {s.waiting_list.policy} is first_come; "
        "set patients.risk_groups.NAME.benefit",
    ),
    Unused(
        "waiting_list.policy", lambda s: _policy_is(s, "score") and not _score_tells_apart(s),
        ("waiting_list.score", "patients.risk_groups"),
        "nothing but the days of waiting counts in the score, so that it is first_come; set a weight of "
        "waiting_list.score (priority, benefit, progressed) in which patients differ",
    ),
    Unused(
        "waiting_list.score", lambda s: not _policy_is(s, "score"), ("waiting_list.policy",),
        "policy is {s.waiting_list.policy}; allowed with score",
    ),
    Unused(
        "waiting_list.score.priority", lambda s: _policy_is(s, "score") and _all_same(s, "priority"),
        ("patients.risk_groups",),
        "no risk group has a `priority` other than the rest; set patients.risk_groups.NAME.priority",
    ),
    Unused(
        "waiting_list.score.benefit", lambda s: _policy_is(s, "score") and _all_same(s, "benefit"),
        ("patients.risk_groups",),
        "no risk group has a `benefit` other than the rest; set patients.risk_groups.NAME.benefit",
    ),
    Unused(
        "patients.risk_groups.*.priority", lambda s, name: not _policy_is(s, "sickest_first", "score"),
        ("waiting_list.policy",),
        "waiting_list.policy is {s.waiting_list.policy}; allowed with sickest_first and score",
    ),
    Unused(
        "patients.risk_groups.*.priority",
        lambda s, name: _policy_is(s, "score") and _weight(s, "priority") == 0.0,
        ("waiting_list.score.priority",), "its weight, waiting_list.score.priority, is 0",
    ),
    Unused(
        "patients.risk_groups.*.benefit", lambda s, name: not _policy_is(s, "likely_benefit", "score"),
        ("waiting_list.policy",),
        "waiting_list.policy is {s.waiting_list.policy}; allowed with likely_benefit and score",
    ),
    Unused(
        "patients.risk_groups.*.benefit",
        lambda s, name: _policy_is(s, "score") and _weight(s, "benefit") == 0.0,
        ("waiting_list.score.benefit",), "its weight, waiting_list.score.benefit, is 0",
    ),
    *(
        Unused(
            f"{section}.{key}", lambda s, section=section: getattr(s, section).calendar is None,
            (f"{section}.calendar",), "there is no calendar",
        )
        for section, key in (("work_up", "working_time"), ("release_testing", "working_time"), ("apheresis", "fit"))
    ),
    Unused(
        "shipping.viable", lambda s: s.shipping.calendar is None and not _is_shut(s, "courier"),
        ("shipping.calendar", "disruptions"), "the courier is never away; allowed with a calendar or a disruption",
    ),
    Unused(
        "manufacturing.slots.count",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.scope == "centre"
        and _each_has_own(s, "slots"),
        ("centres.*.slots", "manufacturing.slots.scope", *REGIONS), "every centre has `slots` of its own",
    ),
    Unused(
        "manufacturing.slots.weekday",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.every != "week",
        ("manufacturing.slots.every",), "slots are not offered on a day of the week; allowed with every: week",
    ),
    Unused(
        "manufacturing.slots.notice",
        lambda s: s.manufacturing.slots is not None
        and s.manufacturing.slots.lead < s.manufacturing.slots.notice < math.inf,
        ("manufacturing.slots.lead",),
        "a notice of {s.manufacturing.slots.notice:g} d can never be met, as a slot starts "
        "{s.manufacturing.slots.lead:g} d after its offer (manufacturing.slots.lead); "
        "allowed: up to the lead, or never",
    ),
    Unused(
        "manufacturing.slots.after_failed_collection",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.claimed == "at_receipt",
        ("manufacturing.slots.claimed",), "slots are claimed at receipt, after collection",
    ),
    Unused(
        "manufacturing.lines", lambda s: s.manufacturing.site == "centre" and _each_has_own(s, "lines"),
        ("centres.*.lines", "manufacturing.site", *REGIONS), "every centre has `lines` of its own",
    ),
    Unused(
        "manufacturing.line_held", lambda s: not lines_bind(s), LINES,
        "lines are unlimited; allowed where lines are limited",
    ),
    Unused(
        "manufacturing.failure_found", lambda s: not fails(s), FAILURE,
        "no manufacture fails; allowed where failure is above 0",
    ),
    *(
        Unused(
            f"release_testing.{key}", lambda s: not out_of_specification(s), OOS,
            "out_of_specification is 0; allowed where that is above 0",
        )
        for key in ("accepted", "exception", "not_accepted")
    ),
    Unused(
        "allogeneic.lots.shared_lines", lambda s: s.strategy == "allogeneic", ("strategy",),
        "there is no autologous manufacture; allowed with hybrid",
    ),
    Unused(
        "allogeneic.lots.lines",
        lambda s: s.strategy == "hybrid" and s.allogeneic.lots.shared_lines != "never",
        ("allogeneic.lots.shared_lines",), "lots use the lines of autologous manufacture (lots.shared_lines)",
    ),
    Unused(
        "before_apheresis.slot_asked_for", lambda s: not dated_slots_before_apheresis(s),
        ("strategy", "manufacturing.slots"), "there are no dated slots that are claimed before apheresis",
    ),
    Unused(
        "hybrid.after_waiting", lambda s: not waits_for_slots(s), ("manufacturing", *LINES),
        "nobody waits for slots, or for lines booked before apheresis",
    ),
    Unused(
        "hybrid.since", lambda s: math.isinf(s.hybrid.after_waiting) or not waits_for_slots(s),
        ("hybrid.after_waiting", "manufacturing", *LINES), "after_waiting is never, or nobody waits",
    ),
    *(
        Unused(
            f"infusion.{key}", lambda s: s.infusion.model == "outpatient", ("infusion.model",),
            "the model is outpatient",
        )
        for key in ("stay", "reservation", "planned_stay")
    ),
    Unused(
        "infusion.reservation", lambda s: s.infusion.reservation == "hold" and not beds_bind(s), BEDS,
        "beds are unlimited, so that none need be held; allowed where beds have a number",
    ),
    Unused(
        "infusion.planned_stay", lambda s: not books_ahead(s, "bed"), ("infusion.reservation", *BEDS),
        "no bed is booked ahead; allowed with reservation book_ahead where beds have a number",
    ),
    Unused(
        "infusion.deferral.repeat_after",
        lambda s: s.infusion.deferral is not None and most_days(s.infusion.deferral.days)
        <= s.infusion.deferral.repeat_after,
        ("infusion.deferral.days",), "no infusion is put off for longer",
    ),
    Unused("toxicity.icu", lambda s: not needs_icu(s), TOXIC, "no grade has an icu share above 0"),
    Unused(
        "economics.costs.bed_day",
        lambda s: s.infusion.model == "outpatient" and _unlimited_at_all(s, "beds"),
        ("infusion.model", "centres.*.beds", "shared.*.beds"),
        "days in beds of outpatients are counted only where beds have a number",
    ),
    *(
        Unused(
            f"manufacturing.manufacturers.*.{key}", lambda s, name, key=key: _each_of_lane(s, name, key),
            ("manufacturing.manufacturers.*.lanes", "centres.*.manufacturers"), f"every lane has a `{key}` of its own",
        )
        for key in ("to_factory", "to_centre")
    ),
    Unused(
        "manufacturing.manufacturers.*.lanes.*", lambda s, name, centre: name not in contracts(s, centre),
        ("centres.*.manufacturers",), "centre '{1}' does not contract with '{0}'",
    ),
    Unused(
        "manufacturing.assignment", lambda s: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
    Unused(
        "manufacturing.assignment.patience", lambda s: s.manufacturing.assignment.rule != "preferred",
        ("manufacturing.assignment.rule",), "allowed with rule: preferred",
    ),
    Unused(
        "manufacturing.assignment.shares", lambda s: s.manufacturing.assignment.rule != "share",
        ("manufacturing.assignment.rule",), "allowed with rule: share",
    ),
    Unused(
        "centres.*.manufacturers", lambda s, name: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
    Unused(
        "disruptions.*.manufacturer",
        lambda s, name: name in s.disruptions and s.disruptions[name].resource not in ("line", "courier"),
        ("disruptions.*.resource",), "allowed where the resource is line or courier",
    ),
    Unused(
        "disruptions.*.manufacturer", lambda s, name: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
)  # fmt: skip

# Details of what is switched off, or cannot happen: a protocol may be written whole with a share of 0 in it. In a file
# they are left out and said; set on the command line they are refused.
DETAILS: tuple[Unused, ...] = (
    *(
        Unused(f"cells.{kind}.{key}", lambda s, *names, none=none: none(s), because, why)
        for kind in ("by_risk_group.*", "after_holding")
        for key, none, because, why in (
            ("shortfall", lambda s: s.apheresis.shortfall in (0.0, 1.0), ("apheresis.shortfall",),
             "no collection falls short, or each does"),
            ("failure", lambda s: not fails(s), FAILURE, "no manufacture fails"),
            ("out_of_specification", lambda s: not out_of_specification(s), OOS, "no product is out of specification"),
        )
    ),
    Unused(
        "cells.after_holding", lambda s: s.before_apheresis.holding.share == 0.0,
        ("before_apheresis.holding.share",), "nobody is given holding therapy",
    ),
    Unused(
        "cells.by_risk_group.*",
        lambda s, name: name in s.patients.risk_groups and s.patients.risk_groups[name].share == 0.0,
        ("patients.risk_groups.*.share",), "the proportion of this risk group is 0",
    ),
    Unused(
        "alternative.offered.at_progression",
        lambda s: s.alternative is not None and _never_progresses(s.clocks.waiting),
        ("clocks.waiting.progression",), "nobody progresses: clocks.waiting.progression is never",
    ),
    Unused(
        "alternative.offered.after_failure",
        lambda s: s.alternative is not None and not is_made_again(s) and not collection_fails(s),
        (*MADE_AGAIN, *COLLECTED_AGAIN), "neither a collection nor a manufacture fails",
    ),
    *(
        Unused(
            f"alternative.{key}", lambda s: s.alternative is not None and s.alternative.accepts == 0.0,
            ("alternative.accepts",), "alternative.accepts is 0",
        )
        for key in ("start", "step_up")
    ),
    *(
        Unused(
            f"after_infusion.by_earlier_target.{target}", lambda s, target=target: not _earlier_target(s, target),
            ("before_apheresis.holding", "bridging"),
            f"nobody is given holding or bridging therapy with target: {target}",
        )
        for target in ("same", "other")
    ),
    Unused(
        "bridging.target", lambda s: _target_is_idle(s, s.bridging.target),
        ("after_infusion.by_earlier_target",), "no multiplier of after_infusion.by_earlier_target says what it does",
    ),
    Unused(
        "before_apheresis.holding.target", lambda s: _target_is_idle(s, s.before_apheresis.holding.target),
        ("after_infusion.by_earlier_target",), "no multiplier of after_infusion.by_earlier_target says what it does",
    ),
    Unused(
        "waiting_list.policy",
        lambda s: not _policy_is(s, "first_come") and not waits_for_slots(s) and not gives(s, "allogeneic"),
        ("manufacturing", "strategy", "disruptions", "centres.*.lines"),
        "nobody waits for slots, for lines booked before apheresis, or for doses",
    ),
    Unused(
        "waiting_list.score.progressed", lambda s: _policy_is(s, "score") and not _stays_after_progression(s),
        PROGRESSION, "nobody waits after progression",
    ),
    Unused(
        "patients.risk_groups.*.hazard", lambda s, name: not _runs(s, "progression", "death"), PROGRESSION,
        "neither a clock of progression nor one of death runs",
    ),
    Unused(
        "patients.frailty.strength", lambda s: frail_clocks(s) == 0, (*PROGRESSION, *PRODUCTS),
        "no clock runs that it could act on",
    ),
    *(
        Unused(
            f"clocks.{there}.progression_counts_deaths",
            lambda s, there=there: _counts_no_deaths(getattr(s.clocks, there)), (f"clocks.{there}",),
            "nobody progresses, or nobody dies, so that there is nothing to take out",
        )
        for there in ("waiting", "after_apheresis")
    ),
    *(
        Unused(
            f"after_infusion.{product}.progression_counts_deaths",
            lambda s, product=product: (d := None if s.after_infusion is None else s.after_infusion.of(product))
            is not None and isinstance(d.death, Never),
            (f"after_infusion.{product}.death",), "nobody dies before progression: nothing to take out",
        )
        for product in ("autologous", "allogeneic", "alternative", "standard_care")
    ),
    *(
        Unused(
            f"after_infusion.{kind}.{key}",
            lambda s, *names, key=key: s.after_infusion is not None and not _after_infusion(s, key), PRODUCTS, why,
        )
        for kind in KINDS
        for key, why in (
            ("response", "everybody responds, or nobody does"), ("progression", "nobody progresses after infusion"),
            ("death", "no clock of death runs after infusion"),
        )
    ),
    Unused(
        "after_infusion.by_risk_group.*",
        lambda s, name: name in s.patients.risk_groups and s.patients.risk_groups[name].share == 0.0,
        ("patients.risk_groups.*.share",), "the proportion of this risk group is 0",
    ),
    *(
        Unused(
            f"after_infusion.by_bridging.{kind}", lambda s: s.bridging.share == 0.0, ("bridging.share",),
            "bridging.share is 0",
        )
        for kind in ("responded", "no_response")
    ),
    Unused(
        "after_infusion.by_bridging.responded", lambda s: s.bridging.response == 0.0, ("bridging.response",),
        "bridging.response is 0",
    ),
    Unused(
        "after_infusion.by_bridging.no_response", lambda s: s.bridging.response == 1.0, ("bridging.response",),
        "bridging.response is 1",
    ),
    Unused(
        "clocks.waiting.ends_eligibility", lambda s: _never_progresses(s.clocks.waiting),
        ("clocks.waiting.progression",), "nobody progresses: clocks.waiting.progression is never",
    ),
    Unused(
        "clocks.waiting.ends_eligibility",
        lambda s: _all_turn_at_progression(s) and s.clocks.after_apheresis is not None,
        ("alternative.offered.at_progression", "alternative.accepts", "clocks.after_apheresis"),
        "whoever progresses before apheresis is given the alternative",
    ),
    Unused(
        "clocks.after_apheresis.ends_eligibility", lambda s: _never_progresses(s.clocks.after_apheresis),
        ("clocks.after_apheresis.progression",), "nobody progresses: clocks.after_apheresis.progression is never",
    ),
    Unused(
        "clocks.after_progression", lambda s: not _stays_after_progression(s), PROGRESSION,
        "nobody progresses and stays eligible",
    ),
    Unused(
        "clocks.after_progression.death", lambda s: not _runs(s, "death"), PROGRESSION, "no clock of death runs",
    ),
    Unused(
        "clocks.after_progression.removal", lambda s: not _runs(s, "removal"), PROGRESSION,
        "no clock of withdrawal runs",
    ),
    Unused(
        "clocks.withdrawal", lambda s: not _runs(s, "removal"),
        ("clocks.waiting.removal", "clocks.after_apheresis.removal"), "no clock of withdrawal runs",
    ),
    Unused(
        "work_up.working_time", lambda s: is_zero(s.work_up.duration), ("work_up.duration",),
        "work_up.duration is 0 d",
    ),
    Unused(
        "release_testing.working_time", lambda s: is_zero(s.release_testing.review), ("release_testing.review",),
        "release_testing.review is 0 d",
    ),
    Unused(
        "apheresis.repeat_after", lambda s: s.apheresis.attempts == 1, ("apheresis.attempts",),
        "apheresis.attempts is 1, so that no collection is repeated",
    ),
    *(
        Unused(
            f"apheresis.{key}", lambda s: not collection_fails(s), COLLECTED_AGAIN,
            "no collection falls short and no cells are lost",
        )
        for key in ("repeat_after", "attempts")
    ),
    Unused(
        "manufacturing.slots.after_failed_collection",
        # a line that is booked before apheresis is booked before the slot where the slot may be forfeited
        lambda s: s.manufacturing.slots is not None and not collection_fails(s)
        and (s.manufacturing.line_held.start == "receipt" or not lines_bind(s)),
        (*COLLECTED_AGAIN, *LINES), "no collection falls short and no cells are lost",
    ),
    *(
        Unused(
            f"{section}.{key}", lambda s, key=key, kind=kind: _each_maker_has_own(s, key, kind),
            (f"manufacturing.{kind}", f"manufacturing.{kind}.*.{key}"), f"every {kind[:-1]} has a `{key}` of its own",
        )
        for kind in ("products", "manufacturers")
        for section, key in (
            ("manufacturing", "duration"), ("manufacturing", "failure"), ("release_testing", "out_of_specification"),
            *((("manufacturing", "slots"), ("manufacturing", "lines"), ("manufacturing", "remake_duration"),
               ("manufacturing", "calendar")) if kind == "manufacturers" else ()),
        )
    ),
    *(
        Unused(
            f"shipping.{key}", lambda s, key=key: _each_lane_has_own(s, key),
            ("manufacturing.manufacturers", "manufacturing.manufacturers.*.lanes", "centres.*.manufacturers"),
            f"every manufacturer has a `{key}` of its own",
        )
        for key in ("to_factory", "to_centre")
    ),
    *(
        Unused(
            f"manufacturing.{key}", lambda s: s.manufacturing.attempts == 1, ("manufacturing.attempts",),
            "manufacturing.attempts is 1, so that nothing is made again",
        )
        for key in ("remake_duration", "remake_from")
    ),
    *(
        Unused(
            f"manufacturing.{key}", lambda s: not is_made_again(s), MADE_AGAIN, "no attempt at a product fails",
        )
        for key in ("remake_duration", "remake_from", "attempts")
    ),
    Unused(
        "release_testing.exception", lambda s: s.release_testing.accepted == 0.0, ("release_testing.accepted",),
        "release_testing.accepted is 0",
    ),
    Unused(
        "release_testing.not_accepted", lambda s: s.release_testing.accepted == 1.0, ("release_testing.accepted",),
        "release_testing.accepted is 1",
    ),
    Unused(
        "release_testing.conditional", _tests_longer, ("release_testing.sterility",),
        "it comes no earlier than the end of the sterility test (release_testing.sterility)",
    ),
    *(
        Unused(
            f"infusion.deferral.{key}", lambda s: s.infusion.deferral is not None and s.infusion.deferral.share == 0.0,
            ("infusion.deferral.share",), "infusion.deferral.share is 0",
        )
        for key in ("days", "repeat_after")
    ),
    *(
        Unused(f"bridging.{key}", lambda s: s.bridging.share == 0.0, ("bridging.share",), "bridging.share is 0")
        for key in ("start", "response", "hazard", "target")
    ),
    *(
        Unused(
            f"bridging.{key}", lambda s: s.bridging.response == 0.0 and not _bridging_counts(s),
            ("bridging.response",), "bridging.response is 0",
        )
        for key in ("start", "hazard")
    ),
    *(
        Unused(
            f"bridging.{key}",
            lambda s, key=key: s.bridging.hazard == 1.0 and not _bridging_counts(s) and _may_be_left_out(s, key),
            ("bridging.hazard",), "bridging.hazard is 1, so that it slows nothing",
        )
        for key in ("start", "response")
    ),
    *(
        Unused(
            f"bridging.{key}",
            lambda s, key=key: _never_progresses(s.clocks.after_apheresis or s.clocks.waiting)
            and not _bridging_counts(s) and _may_be_left_out(s, key),
            PROGRESSION, "nobody progresses after apheresis, so that there is nothing to slow",
        )
        for key in ("start", "response", "hazard")
    ),
    Unused(
        "before_apheresis.clearance.appeal", lambda s: s.before_apheresis.clearance.refusal == 0.0,
        ("before_apheresis.clearance.refusal",), "nobody is refused",
    ),
    *(
        Unused(
            f"before_apheresis.holding.{key}", lambda s: s.before_apheresis.holding.share == 0.0,
            ("before_apheresis.holding.share",), "holding.share is 0",
        )
        for key in ("duration", "response", "hazard", "target")
    ),
    Unused(
        "before_apheresis.holding.hazard", lambda s: s.before_apheresis.holding.response == 0.0,
        ("before_apheresis.holding.response",), "holding.response is 0",
    ),
    Unused(
        "before_apheresis.holding.response", lambda s: s.before_apheresis.holding.hazard == 1.0,
        ("before_apheresis.holding.hazard",), "holding.hazard is 1, so that it slows nothing",
    ),
    *(
        Unused(
            f"before_apheresis.holding.{key}", lambda s: _never_progresses(s.clocks.waiting),
            ("clocks.waiting.progression",), "nobody progresses while waiting, so that there is nothing to slow",
        )
        for key in ("response", "hazard")
    ),
    Unused(
        "before_apheresis.slot_asked_for", lambda s: not must_be_ready(s),
        tuple(f"before_apheresis.{key}" for key in ("clearance", "caregiver", "washout", "holding")),
        "there is nothing to be ready for",
    ),
    *(
        Unused(
            f"{section}.funding", lambda s: not may_be_refused(s),
            ("before_apheresis.clearance.refusal", "before_apheresis.clearance.appeal.success"), "somebody always pays",
        )
        for section in (
            "after_infusion.not_infused", "economics.costs.subsequent_care", "economics.utilities.subsequent_care",
        )
    ),
    Unused(
        "hybrid.after_failure", lambda s: not is_made_again(s) and not collection_fails(s),
        (*MADE_AGAIN, *COLLECTED_AGAIN), "neither a collection nor a manufacture fails",
    ),
    *(
        Unused(
            f"toxicity.{event}.grades.*.{key}",
            lambda s, grade, event=event: event in s.toxicity.events and grade in s.toxicity.events[event].grades
            and s.toxicity.events[event].grades[grade].share == 0.0,
            (f"toxicity.{event}.grades.*.share",), "the proportion of this grade is 0",
        )
        for event in ("crs", "neurotoxicity") for key in ("duration", "icu")
    ),
    Unused(
        "after_infusion.out_of_specification",
        lambda s: not out_of_specification(s) or s.release_testing.accepted == 0.0,
        (*OOS, "release_testing.accepted"), "no product out of specification is infused",
    ),
    Unused(
        "after_infusion.progressed_before_infusion", lambda s: not _stays_after_progression(s), PROGRESSION,
        "nobody is infused after progression",
    ),
    *(
        Unused(
            f"{section}.unsuitable",
            lambda s: not gives(s, "allogeneic") or s.allogeneic.unsuitable == 0.0,
            ("strategy", "allogeneic.unsuitable"), "nobody is unsuitable",
        )
        for section in (
            "after_infusion.not_infused", "economics.costs.subsequent_care", "economics.utilities.subsequent_care",
        )
    ),
    *(
        Unused(
            f"{section}.collection_failed", lambda s: not gives(s, "autologous") or not collection_fails(s),
            ("strategy", *COLLECTED_AGAIN), "no collection fails",
        )
        for section in (
            "after_infusion.not_infused", "economics.costs.subsequent_care", "economics.utilities.subsequent_care",
        )
    ),
    Unused(
        "economics.costs.subsequent_care.month",
        lambda s: s.economics is not None and _each_outcome_has_own(s, s.economics.costs.subsequent_care),
        ("economics.costs.subsequent_care",), "every outcome has a cost of its own",
    ),
    *(
        Unused(
            f"economics.costs.{key}", lambda s: s.before_apheresis.holding.share == 0.0,
            ("before_apheresis.holding.share",), "before_apheresis.holding.share is 0",
        )
        for key in ("holding", "holding_month")
    ),
    *(
        Unused(
            f"economics.costs.{key}", lambda s: s.bridging.share == 0.0, ("bridging.share",), "bridging.share is 0",
        )
        for key in ("bridging", "bridging_month")
    ),
    Unused(
        "economics.costs.supportive_month", lambda s: s.economics is not None and not s.economics.costs.lines,
        ("economics.costs.lines",), "treatment goes on to death where no lines say for how long it lasts",
    ),
    Unused(
        "economics.costs.future", lambda s: s.economics is not None and s.economics.costs.unrelated_month == 0.0,
        ("economics.costs.unrelated_month",), "care that has nothing to do with myeloma costs nothing",
    ),
    Unused(
        "economics.costs.priced_by", lambda s: s.economics is not None and s.manufacturing.batches == 1,
        ("manufacturing.batches",), "one batch is made for each patient",
    ),
    *(
        Unused(
            f"economics.costs.capacity.{kind}.{key}", lambda s, kind=kind: _not_in_view(s, kind),
            ("economics.perspective", f"economics.costs.capacity.{kind}.paid_by"),
            "perspective is payer, and the manufacturer pays",
        )
        for kind, its in CAPACITY_COSTS.kinds.items() for key in type(its).model_fields if key != "paid_by"
    ),
    *(
        Unused(
            f"economics.costs.capacity.{kind}.paid_by", lambda s, kind=kind: _costs_nothing(s, kind),
            (f"economics.costs.capacity.{kind}",), "no price of it is given",
        )
        for kind in CAPACITY_COSTS.kinds
    ),
    Unused(
        "economics.costs.unused_paid_by",
        lambda s: s.economics is not None and s.economics.perspective == "payer_and_manufacturer",
        ("economics.perspective",), "perspective is payer_and_manufacturer, so that it counts whoever pays",
    ),
)  # fmt: skip


def _of_manufacturer(rule: Unused) -> Unused:
    """What is so of the slots of all, of the slots that a manufacturer has for itself."""
    own = "manufacturing.manufacturers.*."

    def when(s: Scenario, name: str) -> bool:
        return name in s.manufacturing.manufacturers and bool(rule.when(as_made_by(s, name)))

    because = tuple(path.replace("manufacturing.slots", f"{own}slots") for path in rule.because)
    why = lambda s, name: rule.reason(as_made_by(s, name))  # noqa: E731
    return replace(rule, key=rule.key.replace("manufacturing.", own), when=when, because=because, why=why)


RULES: tuple[Unused, ...] = tuple(
    one
    for rule in (*REFUSED, *(replace(rule, is_detail=True) for rule in DETAILS))
    for one in ((rule, _of_manufacturer(rule)) if rule.key.startswith("manufacturing.slots.") else (rule,))
)
