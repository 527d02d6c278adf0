"""What can never be in a scenario: values that exclude each other, or could only stop everybody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sim.pure.survival import Never, exceeds
from sim.scenario.afterwards import Durability
from sim.scenario.leaves import Path
from sim.scenario.opening import HOURS_A_DAY, Calendar
from sim.scenario.people import Steps, WaitingClocks
from sim.scenario.schema import Scenario
from sim.scenario.units import write_days
from sim.scenario.unused import found
from sim.scenario.unused.binds import all_slots, beds_bind
from sim.scenario.unused.happens import gives, is_read_late, treatments
from sim.scenario.unused.rule import Rule

# Clock times are shares of a day, so their differences are off by rounding.
A_MOMENT = 1e-9


@dataclass(frozen=True)
class Contradiction:
    """What cannot happen: at a path, in words, and the paths of the other values that make it so."""

    path: Path
    message: str
    because: tuple[str, ...]


def contradictions(s: Scenario) -> Iterator[Contradiction]:
    """What cannot happen because of two values, or could only stop everybody."""
    for path, rule, names in found(CONTRADICTIONS, s):
        yield Contradiction(path, rule.reason(s, *names), tuple(one.format(s=s) for one in rule.because))
    yield from _batches(s)
    yield from _deaths(s)


def _goes_on_alone(s: Scenario) -> bool:
    """Whether a manufacture goes on without its patient, whom progression would keep from the alternative meanwhile."""
    made = s.manufacturing
    booked = made.line_held.start == "booking" and made.line_held.end != "last_attempt"
    return s.strategy != "allogeneic" and made.on_leave != "stop" and booked


def _begins_in_bed(s: Scenario) -> bool:
    """Whether bridging begins in a bed."""
    return s.bridging.steps_up and s.bridging.share > 0.0 and gives(s, "autologous")


def _fits_nowhere(s: Scenario) -> bool:
    """Whether a collection must end in the opening in which it starts, and no opening is long enough."""
    a = s.apheresis
    if not a.fit or a.calendar is None or s.strategy == "allogeneic":
        return False
    return 0.0 < longest_opening(s.calendars[a.calendar], s) < a.duration.least - A_MOMENT


def _nowhere(s: Scenario) -> str:
    calendar = str(s.apheresis.calendar)
    longest = longest_opening(s.calendars[calendar], s)
    return (
        f"no opening of calendar '{calendar}' is long enough: a collection takes at least "
        f"{write_days(s.apheresis.duration.least)}, and the longest opening "
        f"{write_days(longest) if longest >= 1.0 else f'{longest * HOURS_A_DAY:.6g} h'}"
    )


def _nothing_to_recall(s: Scenario) -> str:
    early = s.release_testing.conditional
    assert early is not None
    reading, whole = write_days(early.sterility.least), write_days(s.release_testing.sterility.most)
    return (
        f"found {early.recall:g}; the whole test (release_testing.sterility, {whole}) has ended by the early "
        f"reading (release_testing.conditional.sterility, {reading}), so that there is nothing to recall; "
        "allowed: 0, or an earlier reading"
    )


def _longer_than_holding(s: Scenario) -> str:
    h = s.before_apheresis.holding
    return (
        f"takes at least {write_days(h.step_up.least)}, and the whole therapy (holding.duration) at most "
        f"{write_days(h.duration.most)}; allowed: no longer than that"
    )


def _expires_on_its_way(s: Scenario) -> str:
    shelf, way = write_days(s.allogeneic.stock.shelf_life), write_days(s.allogeneic.shipping.duration.least)
    return f"found {shelf}; a dose would expire on its way, which takes at least {way} (allogeneic.shipping.duration)"


CONTRADICTIONS: tuple[Rule, ...] = (
    Rule(
        "calendars.*", lambda s, name: next(open_days(s.calendars[name], s), None) is None,
        ("run.start", "run.warm_up", "run.window", "run.follow_up", "run.later_courses_until"),
        "is never open in the simulated time: every day on which it opens is a holiday",
    ),
    Rule(
        "apheresis.fit", _fits_nowhere,
        ("apheresis.duration", "apheresis.calendar", "calendars.{s.apheresis.calendar}"), _nowhere,
    ),
    Rule(
        "release_testing.conditional.recall",
        lambda s: s.release_testing.conditional.recall > 0.0 and is_read_late(s),
        ("release_testing.sterility", "release_testing.conditional.sterility"), _nothing_to_recall,
    ),
    Rule(
        "alternative.offered.at_progression",
        lambda s: s.alternative.offered.at_progression and _goes_on_alone(s),
        ("manufacturing.line_held", "manufacturing.on_leave"),
        "the line is booked before apheresis (manufacturing.line_held) and work goes on when its patient leaves "
        "(on_leave: {s.manufacturing.on_leave}); allowed: on_leave: stop, or a line that is held from receipt",
    ),
    Rule(
        "before_apheresis.holding.step_up",
        lambda s: (h := s.before_apheresis.holding).share > 0.0 and h.step_up.least > h.duration.most,
        ("before_apheresis.holding.duration",), _longer_than_holding,
    ),
    # the cells are not on their way by themselves while bridging begins in a bed
    *(
        Rule("bridging.step_up", lambda s, so=so: _begins_in_bed(s) and so(s), because, why)
        for so, because, why in (
            (
                lambda s: s.bridging.bed_within is None and beds_bind(s), ("centres", "bridging"),
                "found no bed_within; required with it where beds have a number",
            ),
            (
                lambda s: s.manufacturing.line_held.start == "booking", ("manufacturing.line_held",),
                "the line is booked before apheresis (manufacturing.line_held); allowed: a line that is held from "
                "receipt",
            ),
            (
                lambda s: s.manufacturing.on_leave != "stop", ("manufacturing.on_leave",),
                "work goes on when its patient leaves (manufacturing.on_leave: {s.manufacturing.on_leave}); allowed: "
                "on_leave: stop",
            ),
            (
                lambda s: any(slots.claimed == "at_receipt" for slots in all_slots(s)), ("manufacturing.slots",),
                "slots are claimed when the cells are there (claimed: at_receipt); allowed: slots that are claimed "
                "before",
            ),
            (
                lambda s: s.in_progress is not None, ("in_progress",),
                "what patients in progress had of it is not known from a register; allowed: bridging without step_up",
            ),
            (
                lambda s: min(s.clocks.after_progression.death, s.clocks.after_progression.removal) < 1.0,
                ("clocks.after_progression",),
                "a patient who progresses later would leave earlier (clocks.after_progression below 1); allowed: at "
                "least 1",
            ),
        )
    ),
    Rule(
        "allogeneic.stock.shelf_life",
        lambda s: s.strategy != "autologous"
        and s.allogeneic.shipping.duration.least > s.allogeneic.stock.shelf_life,
        ("allogeneic.shipping.duration",), _expires_on_its_way,
    ),
)  # fmt: skip


def _deaths(s: Scenario) -> Iterator[Contradiction]:
    """Clocks of progression that count deaths, and count fewer than there are."""
    clocks: list[tuple[Path, WaitingClocks | Durability | None]] = [
        (("clocks", "waiting"), s.clocks.waiting), (("clocks", "after_apheresis"), s.clocks.after_apheresis),
    ]  # fmt: skip
    if s.after_infusion is not None:
        clocks += [(("after_infusion", name), s.after_infusion.of(name)) for name in treatments(s)]
        clocks += [
            (("after_infusion", "later_course", name), getattr(s.after_infusion.later_course, name))
            for name in ("autologous", "allogeneic")
        ]
    for path, there in clocks:
        for key in ("progression", "without_response") if there is not None and there.progression_counts_deaths else ():
            shape = getattr(there, key, None)
            assert there is not None
            day = None if shape is None or isinstance(shape, Never) else exceeds(there.death, shape)
            if day is not None:
                message = (
                    f"counts deaths (progression_counts_deaths), and from day {day:.1f} on there are more deaths "
                    f"than it counts: the hazard of {'.'.join((*path, 'death'))} is above its own; "
                    "allowed: deaths with a lower hazard, or progression_counts_deaths: false"
                )
                because = ("death", "progression_counts_deaths")
                yield Contradiction((*path, key), message, tuple(".".join((*path, one)) for one in because))


def _most(steps: Steps | None) -> float:
    return max((units for _, units in steps or ()), default=0.0)


def _batches(s: Scenario) -> Iterator[Contradiction]:
    """Products made side by side that need more slots or lines at once than there ever are."""
    made, slots = s.manufacturing, s.manufacturing.slots
    if s.strategy == "allogeneic":
        return
    there: list[tuple[str, str, float, tuple[str, ...]]] = []
    if slots is not None:
        # slots that nobody claimed stay open beside the next ones
        open_at_once = 1 + slots.carry_over
        if slots.scope == "pool":
            there.append(("slot", "", open_at_once * _most(slots.count), ("manufacturing.slots",)))
        for name in s.treating if slots.scope == "centre" else ():
            both = ("manufacturing.slots", f"centres.{name}.slots")
            there.append(("slot", f" at '{name}'", open_at_once * _most(s.slots_at(name)), both))
    if made.site == "factory":
        there.append(("line", "", _most(made.lines), ("manufacturing.lines",)))
    for name in s.treating if made.site == "centre" else ():
        both = ("manufacturing.lines", f"centres.{name}.lines")
        there.append(("line", f" at '{name}'", _most(s.lines_at(name)), both))
    for what, where, most, because in there:
        # none at all is a way to say that nothing is made there
        if 0 < most < made.batches:
            message = (
                f"found {made.batches}, each of which needs a {what} at the same time; there {_are(most, what)}{where}"
            )
            yield Contradiction(("manufacturing", "batches"), message, because)
            return


def _are(most: float, what: str) -> str:
    return f"is never more than 1 {what}" if most == 1 else f"are never more than {most:g} {what}s"


def open_days(calendar: Calendar, s: Scenario) -> Iterator[int]:
    """The days of the simulated time on which it opens."""
    closed = set(calendar.holidays)
    for day in range(math.ceil(s.run.days)):
        when = s.run.start + timedelta(days=day)
        if when.weekday() in calendar.days and when not in closed:
            yield day


def longest_opening(calendar: Calendar, s: Scenario) -> float:
    """Days of its longest opening in the simulated time; days that are open around the clock join."""
    opens, closes = calendar.hours
    if closes - opens < 1.0:
        return 0.0 if next(open_days(calendar, s), None) is None else closes - opens
    longest, length, before = 0, 0, -2
    for day in open_days(calendar, s):
        length = length + 1 if day == before + 1 else 1
        longest, before = max(longest, length), day
    return float(longest)
