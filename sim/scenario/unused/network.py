"""What has no effect of regions, centres, shared units, calendars and disruptions."""

from __future__ import annotations

import math
from typing import Any

from sim.scenario.makers import makers
from sim.scenario.people import Region, is_unlimited
from sim.scenario.problems import did_you_mean
from sim.scenario.schema import Scenario
from sim.scenario.shared import SHARED_KEYS
from sim.scenario.struck import units_struck
from sim.scenario.unused.binds import (
    beds_bind,
    books_ahead,
    is_shut,
    needs_icu,
    nobody_waits,
    steps_up,
    unlimited_at_all,
)
from sim.scenario.unused.happens import gives
from sim.scenario.unused.places import BEDS, LINES, REGIONS, TOXIC
from sim.scenario.unused.rule import Rule

# The sections that may name a calendar.
ALWAYS_HAS_HOURS = ("work_up", "lymphodepletion")
AUTOLOGOUS_HAS_HOURS = ("apheresis", "shipping", "manufacturing", "release_testing")
SLOTS = ("manufacturing.slots", "manufacturing.slots.scope")


def _is_partly_out(s: Scenario, resource: str) -> bool:
    return any(d.resource == resource and not d.takes_all for d in s.disruptions.values())


def _withdraws(s: Scenario, name: str) -> bool:
    """Whether a disruption withdraws slots."""
    struck, concerned = s.disruptions[name], [its for its in makers(s).values() if name in its.disruptions]
    closes = struck.units is None or any(n <= struck.units for steps in units_struck(s, name) for _, n in steps)
    return struck.resource == "line" and any(
        slots.withdrawn_by == "cuts" or (slots.withdrawn_by == "closures" and closes)
        for its in concerned
        if (slots := its.manufacturing.slots) is not None
    )


def icu_binds(s: Scenario) -> bool:
    """Whether anybody may wait for a bed in intensive care."""
    return not unlimited_at_all(s, "icu") or is_shut(s, "icu")


def withdraws_late(s: Scenario) -> bool:
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
        "bed": nobody_waits(s),
        "place": not s.infuses,
    }.get(resource, not gives(s, "autologous"))  # fmt: skip


def _at_idle_centre(s: Scenario, name: str) -> bool:
    centre = s.disruptions[name].centre
    return centre is not None and centre not in (*s.treating, *s.shared)


def _has_one_for_all(s: Scenario, name: str) -> bool:
    each = ("chair", "bed", "place", "icu", *(("line",) if s.manufacturing.site == "centre" else ()))
    return name in s.disruptions and s.disruptions[name].resource not in each


def _ignored_centre(s: Scenario, name: str) -> str:
    centres = s.treating
    return f"no region sends patients to '{name}'{did_you_mean(name, [c for c in centres if c != name], 'centres')}"


def _already_waiting(s: Scenario, name: str) -> Any:
    region: Region | None = s.regions.get(name)
    return None if region is None else region.already_waiting


REFUSED: tuple[Rule, ...] = (
    Rule("centres.*", lambda s, name: name not in s.treating, REGIONS, _ignored_centre),
    Rule(
        "shared.*", lambda s, name: not {*s.shared[name].centres} & {*s.treating}, (*REGIONS, "shared.*.centres"),
        "no region sends patients to a centre that shares it",
    ),
    Rule(
        "{after_infusion,cells}.by_risk_group.*", lambda s, name: name not in s.patients.risk_groups,
        ("patients.risk_groups",), lambda s, name: f"'{name}' is no risk group"
        f"{did_you_mean(name, list(s.patients.risk_groups), 'risk groups')}",
    ),
    Rule(
        "regions.*.already_waiting.waited",
        lambda s, name: (there := _already_waiting(s, name)) is not None and there.count in (None, 0),
        ("regions.*.already_waiting.count", "regions.*.already_waiting.since"),
        "nobody is counted there: `count` is 0, or `since` says when each began to wait",
    ),
    Rule(
        "infusion.turn_round", lambda s: not beds_bind(s), BEDS, "beds are unlimited; allowed where they are limited"
    ),
    Rule(
        "infusion.turn_round", lambda s: s.infusion.model == "outpatient" and not s.toxicity.events and not steps_up(s),
        ("infusion.model", *TOXIC), "outpatients need no bed where there is no toxicity",
    ),
    Rule(
        "toxicity.icu.turn_round", lambda s: not needs_icu(s) or not icu_binds(s),
        ("centres.*.icu", "shared.*.icu", *TOXIC, "disruptions"),
        "nobody needs intensive care, or its beds are unlimited",
    ),
    Rule(
        "regions.*.already_waiting.risk_groups", lambda s, name: len(s.patients.risk_groups) == 1,
        ("patients.risk_groups",), "there is one risk group",
    ),
    Rule(
        "regions.*.already_waiting.risk_groups",
        lambda s, name: (there := _already_waiting(s, name)) is not None and there.count == 0,
        ("regions.*.already_waiting.count",), "nobody is counted there: `count` is 0",
    ),
    Rule(
        "centres.*.slots", lambda s, name: s.manufacturing.slots is None, SLOTS,
        "manufacturing.slots are unlimited; allowed where slots.scope is centre",
    ),
    Rule(
        "centres.*.slots", lambda s, name: s.manufacturing.slots is not None and s.manufacturing.slots.scope == "pool",
        SLOTS, "slots are pooled; allowed where slots.scope is centre",
    ),
    Rule(
        "centres.*.lines", lambda s, name: s.manufacturing.site == "factory", ("manufacturing.site",),
        "manufacturing.site is factory; allowed where it is centre",
    ),
    Rule(
        "{centres,shared}.*.icu", lambda s, name: not needs_icu(s), TOXIC,
        "no toxicity has an icu share above 0",
    ),
    *(
        Rule(
            f"centres.*.{key}", lambda s, name, key=key: s.site(name, key) != name, ("shared",),
            lambda s, name, key=key: f"the {key} of '{name}' are those of '{s.site(name, key)}' "
            f"(shared.{s.site(name, key)}.{key})",
        )
        for key in SHARED_KEYS.values()
    ),
    Rule(
        "calendars.*", lambda s, name: not _is_named(s, name),
        ("strategy", "manufacturing.manufacturers.*.calendar",
         *(f"{section}.calendar" for section in (*ALWAYS_HAS_HOURS, *AUTOLOGOUS_HAS_HOURS))),
        "no section names this calendar",
    ),
    Rule(
        "disruptions.*", lambda s, name: name in s.disruptions and _is_anothers(s, name),
        ("strategy", *TOXIC, "allogeneic.lots.shared_lines"),
        lambda s, name: "no toxicity has an icu share above 0" if s.disruptions[name].resource == "icu"
        else f"there is no resource '{s.disruptions[name].resource}' with strategy '{s.strategy}'"
        if s.disruptions[name].resource != "lot_line" or s.strategy == "autologous"
        else "lots use the lines of autologous manufacture (lots.shared_lines)",
    ),
    Rule(
        "disruptions.*", lambda s, name: name in s.disruptions and _at_idle_centre(s, name), REGIONS,
        lambda s, name: _ignored_centre(s, str(s.disruptions[name].centre)),
    ),
    Rule(
        "disruptions.*.centre", _has_one_for_all, ("disruptions.*.resource", "manufacturing.site"),
        lambda s, name: f"there is one {s.disruptions[name].resource} for all centres",
    ),
    Rule(
        "disruptions.*.work", lambda s, name: name in s.disruptions and s.disruptions[name].resource == "courier",
        ("disruptions.*.resource",), "a shipment under way arrives; the courier collects nothing new",
    ),
    Rule(
        "disruptions.*.units",
        lambda s, name: name in s.disruptions and all(map(is_unlimited, units_struck(s, name))),
        ("disruptions.*.resource", "disruptions.*.centre"),
        lambda s, name: "a courier has no number of units" if s.disruptions[name].resource == "courier"
        else f"there is no limit to the resource '{s.disruptions[name].resource}'",
    ),
    Rule(
        "disruptions.*.announced", lambda s, name: name in s.disruptions and s.disruptions[name].by_chance,
        ("disruptions.*.between",), "an outage by chance becomes known on its first day",
    ),
    Rule(
        "disruptions.*.announced",
        lambda s, name: name in s.disruptions and not _withdraws(s, name)
        and not books_ahead(s, s.disruptions[name].resource),
        ("disruptions.*.resource", "disruptions.*.units", "manufacturing.slots", "infusion.reservation",
         "infusion.model"),
        "only a shut-down of lines withdraws slots, where slots have dates and withdrawn_by is not nothing (an outage "
        "of a part, where it is cuts); and only beds and treatment places are booked ahead",
    ),
    Rule(
        "manufacturing.slots.withdrawn_by",
        lambda s: s.manufacturing.slots is not None and not is_shut(s, "line") and not _lines_change(s)
        and not _is_partly_out(s, "line"),
        ("disruptions", *LINES), "lines are never closed, and never fewer",
    ),
    Rule(
        "manufacturing.slots.after_withdrawal", lambda s: s.manufacturing.slots is not None and not withdraws_late(s),
        ("disruptions", "manufacturing.slots.withdrawn_by"),
        "no slot is withdrawn once it is offered; allowed with a disruption of lines `announced`, or by chance",
    ),
)  # fmt: skip
