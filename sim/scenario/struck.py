"""What outages strike: the units of a resource, and which of them can have numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.scenario.makers import makers
from sim.scenario.people import Steps, is_unlimited
from sim.scenario.section import Fault
from sim.scenario.shared import SHARED_KEYS

if TYPE_CHECKING:
    from sim.scenario.schema import Scenario

# The most units that can have numbers.
MOST_NUMBERED = 10_000


def units_struck(s: Scenario, name: str) -> list[Steps]:
    """The units by date of what a disruption strikes, one entry for each place; none of a courier."""
    struck = s.disruptions[name]
    if struck.resource in SHARED_KEYS:
        key = SHARED_KEYS[struck.resource]
        sites = dict.fromkeys(s.site(centre, key) for centre in s.treating)
        return [s.units(site, key) for site in sites if struck.centre in (None, site)]
    here = [centre for centre in s.treating if struck.centre in (None, centre)]
    made = s.manufacturing
    if struck.resource == "line" and made.site == "factory":
        return [its.manufacturing.lines for its in makers(s).values() if name in its.disruptions]
    return {
        "line": [s.lines_at(centre) for centre in here],
        "chair": [s.centres[centre].chairs for centre in here],
        "lab": [s.release_testing.lab],
        "lot_line": [s.allogeneic.lots.lines],
    }.get(struck.resource, [])


def numbered_faults(s: Scenario) -> Iterator[Fault]:
    """Outages of a part with the work on it (pause, lose), where its units cannot have numbers."""
    for name, struck in s.disruptions.items():
        if not struck.by_number:
            continue
        path, told = ("disruptions", name, "work"), f"found {struck.work} beside units"
        most = [max(units for _, units in steps) for steps in units_struck(s, name)]
        if most and max(most) > MOST_NUMBERED and not all(map(is_unlimited, units_struck(s, name))):
            there = "units that are without limit at some time" if math.isinf(max(most)) else f"{max(most):.0f} units"
            yield path, f"{told}, of {there}; allowed: at most {MOST_NUMBERED} at any time, or finish"
        if struck.resource == "line" and s.manufacturing.batches > 1:
            batches = f"{s.manufacturing.batches} batches side by side"
            yield path, f"{told}, where each product takes {batches}; allowed: finish, or no units"


def lots_faults(s: Scenario) -> Iterator[Fault]:
    """Outages of a part, with the work on it, of lines of the centres on which lots are made as well: a lot does not
    know which numbers the lines of its own centre have."""
    if not _lots_on_lines_of_centres(s):
        return
    own = any(s.centres[centre].lines is not None for centre in s.centres)
    for name, struck in s.disruptions.items():
        if struck.resource == "line" and struck.by_number and (own or struck.centre is not None):
            why = f"found {struck.work} beside units, of lines on which lots are made as well"
            told = "where centres differ (allogeneic.lots.shared_lines); allowed: finish, or no units"
            yield ("disruptions", name, "work"), f"{why}, {told}"


def lots_that_go_on(s: Scenario) -> Iterator[str]:
    """A sentence for each outage of the lines of one centre that the lots on them do not hear of."""
    for name, struck in s.disruptions.items():
        is_there = struck.resource == "line" and struck.centre is not None and struck.work != "finish"
        if is_there and _lots_on_lines_of_centres(s):
            yield (
                f"disruptions.{name}.work: {struck.work} holds for patients' products; a lot of doses on a line of "
                f"{struck.centre} (allogeneic.lots.shared_lines) is finished, and none begins there until it is over"
            )


def _lots_on_lines_of_centres(s: Scenario) -> bool:
    made_there = s.manufacturing.site == "centre" and s.allogeneic.lots.shared_lines != "never"
    return s.strategy == "hybrid" and made_there
