"""What a scenario asks an engine to run: paths, resources in order of declaration, stocks, clocks; plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from sim.pieces.clocks import ClockBook
from sim.pieces.steps import (
    Aside,
    Attempts,
    Choose,
    Draw,
    End,
    Hazard,
    Milestone,
    Path,
    Patience,
    Return,
    Share,
    Stage,
    Step,
    Together,
    Unless,
    Use,
)
from sim.pure.distributions import Distribution
from sim.pure.hours import Hours

# (day, units) in force from that day on, first entry at or before day 0; units may be infinite.
CapacitySteps = tuple[tuple[float, float], ...]
# (day, what is known of a capacity from that day on: the steps to come included), first entry at or before day 0.
Knowledge = tuple[tuple[float, CapacitySteps], ...]


class Out(NamedTuple):
    """A unit that is out for a time, with the work on it: its number, from 1, its first day, when it is back, and
    whether what was under way on it is lost, or else stands still."""

    unit: int
    first: float
    end: float
    loses: bool


@dataclass(frozen=True)
class Capacity:
    """A resource of which units are held and given back. `units`: one entry a centre, or a single one for all.

    `sites`: where several centres share units, the site that serves each centre; `units` then has one entry a site, in
    the order in which they are named first. Empty: each centre has its own.

    Closing hours and shut-downs are steps to 0 units. `lot_rank`: the rank of lots in the queue, beside patients.
    `idle_until`: milestones, where units that are taken before them stand idle until their patient comes to one;
    `at_once_on`: others, where a unit that is taken on their very day never stands idle.
    `turn_round`: days for which a unit that was given back cannot be had, as it is made ready for the next.
    `out`: one entry a place, where units have numbers: who is granted one has the lowest number that is neither held
    nor out. A unit that is out does not count as in use (`units` are less by it), whoever holds it.
    """

    name: str
    label: str
    per_centre: bool
    units: tuple[CapacitySteps, ...]
    policy: str = "first_come"
    lot_rank: float = 0.0
    idle_until: tuple[str, ...] = ()
    turn_round: float = 0.0
    sites: tuple[str, ...] = ()
    out: tuple[tuple[Out, ...], ...] = ()
    at_once_on: tuple[str, ...] = ()

    def numbers(self, place: int) -> int:
        """How many units have a number there; 0 where they have none."""
        its = self.out[place] if self.out else ()
        most = max(units for _, units in self.units[place])
        return max(int(most), *(out.unit for out in its)) if its else 0


@dataclass(frozen=True)
class Bookings:
    """Units of the capacity `of`, booked ahead: declared after it, with a queue of its own for each of its places, and
    its `sites`.

    Who holds a booking takes it up with a `Use` of that capacity. It is for the day on which the stage `ahead` will
    have ended that may begin in `hours` (None of either: at once), and for `planned` days from then on. It is granted
    when at each instant of these the bookings held, the units expected in use and this one are no more than the units
    that are known of (`known`, one entry a place). A unit that was booked is expected in use until `planned` days after
    it was taken; any other, and one that is in use for longer, is in use now and expected to be free later. A booking
    whose day has come and that has not been taken up is for now on, and one for a day on which no units are there is
    for when there are. Policies rank those who wait for a booking, and the
    first of them comes first.
    """

    name: str
    label: str
    of: str
    per_centre: bool
    known: tuple[Knowledge, ...]
    planned: float
    ahead: Stage | None = None
    hours: Hours | None = None
    policy: str = "first_come"
    sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cadence:
    """Dated slots. `counts`: how many on each of `offer_days`, one list a centre, or a single one for the pool.

    A slot starts `lead` days after its offer, may be claimed until its offer day closes `carry_over` offers later,
    and is offered again when its holder leaves at least `notice` days before its start.

    `withdrawn`: for each pool and slot, in order of offer, the day on which the manufacturer takes it back (infinite:
    never); empty where none is. One that is taken back by its offer is not offered. A holder whose slot has not started
    by then asks for another, in the old place of the queue where that `keeps_place`, else as of that day.
    """

    name: str
    label: str
    per_centre: bool
    counts: tuple[tuple[int, ...], ...]
    offer_days: tuple[float, ...]
    lead: float
    carry_over: int
    notice: float
    policy: str = "first_come"
    withdrawn: tuple[tuple[float, ...], ...] = ()
    keeps_place: bool = True

    def offered(self, place: int, ever: bool = False) -> tuple[int, ...]:
        """How many slots a pool offers on each offer day; `ever`: less those that are withdrawn afterwards."""
        counts = self.counts[place]
        if not self.withdrawn:
            return counts
        withdrawn = iter(self.withdrawn[place])
        return tuple(
            sum(day == math.inf or (day > offer and not ever) for day in islice(withdrawn, count))
            for offer, count in zip(self.offer_days, counts, strict=True)
        )


@dataclass(frozen=True)
class Stock:
    """Doses of an allogeneic product, and when a lot of them is started.

    `opening`: doses on the shelf at the start, one entry a centre that has a shelf of its own, or a single one for
    all. Each shelf is refilled for itself: `reorder` is (s, S) in doses; `every` starts one lot each so many days
    instead.
    """

    name: str
    label: str
    per_centre: bool
    opening: tuple[int, ...]
    shelf_life: float
    reorder: tuple[int, int] | None
    every: float
    doses_per_lot: int
    lot_path: Path
    policy: str = "first_come"


@dataclass(frozen=True)
class AnyOf:
    """A list of those who take a unit of any of several capacities or dated slots, which nobody asks for directly.

    Declared after these, all lists one after the other. `of`: which serve it, in order of preference, one entry a
    centre, or a single one for all. What is free goes to the first, by policy, of all lists that it serves. They take
    what promises the earliest infusion: `rest` days (one for each that serves) after today, or after the start of the
    first slot that is free; of equal ones, what is preferred. `keys_of`: another list, where whoever rejoins a list
    queues with the key that they had there.
    """

    name: str
    label: str
    per_centre: bool
    of: tuple[tuple[str, ...], ...]
    rest: tuple[tuple[float, ...], ...]
    policy: str = "first_come"
    keys_of: str = ""


Resource = Capacity | Bookings | Cadence | Stock | AnyOf
# What tables call each kind.
KINDS: Mapping[type, str] = {
    Capacity: "capacity",
    Bookings: "bookings",
    Cadence: "cadence",
    Stock: "stock",
    AnyOf: "list",
}


def places(resource: Resource) -> int:
    """How many queues a resource has: one a centre, or one for all."""
    match resource:
        case Capacity():
            return len(resource.units)
        case Bookings():
            return len(resource.known)
        case Cadence():
            return len(resource.counts)
        case Stock():
            return len(resource.opening)
        case AnyOf():
            return len(resource.of)


def place_for(resource: Resource, centre: int) -> int:
    """The number of the queue of a resource that serves a centre."""
    sites = _sites(resource)
    return list(dict.fromkeys(sites)).index(sites[centre]) if sites else min(centre, places(resource) - 1)


def place_names(resource: Resource, centres: tuple[str, ...]) -> tuple[str, ...]:
    """What the queues of a resource are called: by centre, or by site; a single empty name for one for all."""
    return tuple(dict.fromkeys(_sites(resource) or centres)) if resource.per_centre else ("",)


def _sites(resource: Resource) -> tuple[str, ...]:
    return resource.sites if isinstance(resource, Capacity | Bookings) else ()


@dataclass(frozen=True)
class Policy:
    """How those who wait are ranked: smaller is served earlier, equal ranks by the day of asking.

    The rank is (`per_day` x the day of asking + the patient's own part) + `progressed` once the disease has
    progressed. The own part is the cohort's `ranks` of that policy.
    """

    per_day: float = 0.0
    progressed: float = 0.0


FIRST_COME = "first_come"


@dataclass(frozen=True)
class Protocol:
    """One way of organising the therapy, ready for an engine.

    `path`: what happens to a patient from referral on. `later_path`: the same for a patient who returns for a second
    course, empty where nobody does. `policies`: how each policy that a resource names ranks those who wait.
    """

    product: str
    path: Path
    resources: tuple[Resource, ...]
    clocks: ClockBook
    centres: tuple[str, ...]
    later_path: Path = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)

    @property
    def patient_steps(self) -> Path:
        """The paths of all courses, one after the other: for what reads names off them."""
        return (*self.path, *self.later_path)

    @property
    def lot_path(self) -> Path:
        """The path of a lot, empty where there is no stock."""
        return next((r.lot_path for r in self.resources if isinstance(r, Stock)), ())

    @property
    def lot_streams(self) -> tuple[str, ...]:
        """The streams that the draws of lots come from, one a shelf: lot n belongs to shelf n modulo their number."""
        stock = next((r for r in self.resources if isinstance(r, Stock)), None)
        if stock is None or not stock.per_centre:
            return ("lots",)
        return tuple(f"lots/{centre}" for centre in self.centres)


def walk_steps(path: Path) -> Iterator[Step]:
    """Every step of a path, each before the steps inside it, in reading order."""
    todo = [*reversed(path)]
    while todo:
        yield (step := todo.pop())
        for inner in reversed(inner_paths(step)):
            todo += reversed(inner)


def inner_paths(step: Step) -> tuple[Path, ...]:
    """The paths inside a step."""
    match step:
        case Use(steps=steps, patience=patience):
            return (steps,) if patience is None else (steps, patience.otherwise)
        case Draw(patience=Patience(otherwise=otherwise)):
            return (otherwise,)
        case Choose():
            return (step.then, step.otherwise)
        case Attempts():
            return (step.steps, step.between, step.otherwise)
        case Aside():
            return (step.steps,)
        case Unless():
            return (step.steps, step.otherwise)
        case Together():
            return tuple(branch.steps for branch in step.branches)
        case _:
            return ()


def milestones(path: Path) -> tuple[str, ...]:
    """Names of the milestones on a path, in order, each once; then of those that were passed before it began."""
    passed = [s.name for s in walk_steps(path) if isinstance(s, Milestone)]
    since = [s.since for s in walk_steps(path) if isinstance(s, Stage) and s.since]
    return tuple(dict.fromkeys([*passed, *since]))


def attempt_names(path: Path) -> tuple[str, ...]:
    """Names of the counted attempts on a path, in order, each once."""
    return tuple(dict.fromkeys(s.name for s in walk_steps(path) if isinstance(s, Attempts)))


def drawn(path: Path) -> dict[str, Distribution | float]:
    """The purposes that a path draws for: a distribution of days, or the share of a `Choose`, by name.

    One name stands for one thing: a ValueError where two steps of a name differ.
    """
    found: dict[str, Distribution | float] = {}
    for step in walk_steps(path):
        draw = draw_of(step)
        if draw is not None and found.setdefault(*draw) != draw[1]:
            raise ValueError(f"two steps draw for {draw[0]!r}, from different distributions")
    return found


def draw_of(step: Step) -> tuple[str, Distribution | float] | None:
    """(purpose, what is drawn from) of a step itself; None where it draws nothing."""
    match step:
        case Stage(name=name, duration=Distribution() as rule) | Hazard(name=name, after=Distribution() as rule):
            return name, rule
        case Choose(when=Share(purpose=name, share=rule)) | Return(name=name, after=rule):
            return name, rule
        case _:
            return None


def draws_by_attempts(path: Path, attempts: str = "") -> Iterator[tuple[str, str]]:
    """(purpose, the attempts that count its draws) of every step that draws; "" outside of all attempts."""
    for step in path:
        draw = draw_of(step)
        if draw is not None:
            yield draw[0], attempts
        if isinstance(step, Attempts):
            yield from draws_by_attempts((*step.steps, *step.between), step.name)
            yield from draws_by_attempts(step.otherwise, attempts)
        else:
            for inner in inner_paths(step):
                yield from draws_by_attempts(inner, attempts)


def ends(path: Path) -> tuple[End, ...]:
    """The ends of a path, in order, each once."""
    return tuple(dict.fromkeys(s for s in walk_steps(path) if isinstance(s, End)))


def unlimited(units: CapacitySteps) -> bool:
    """Whether a capacity never binds."""
    return all(math.isinf(u) for _, u in units)
