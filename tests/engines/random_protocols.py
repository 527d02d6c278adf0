"""Random protocols over the whole vocabulary of steps and resources, for the comparison of the engines.

`random_case(number)` is case `number`; the same number gives the same case. Half of them live on whole days only, so
that everything that can tie does. Paths need not make sense in a clinic; they only have to be allowed.

Longer than 400 lines because the whole vocabulary is written here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from sim.pieces.protocol import AnyOf, Bookings, Cadence, Capacity, Knowledge, Out, Policy, Protocol, Resource, Stock
from sim.pieces.steps import (
    Aside,
    AtProgression,
    Attempts,
    Branch,
    Choose,
    Clocks,
    Condition,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    OnLeave,
    OnUnit,
    Path,
    Patience,
    Progressed,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Then,
    Together,
    Unless,
    UntilSlotStart,
    Use,
)
from sim.pure.distributions import Distribution, Empirical, Exponential, Fixed, Uniform
from sim.pure.hours import ALWAYS, Hours, Intervals
from tests.engines.both import Case
from tests.engines.random_people import FLAGS, random_book, random_people

HORIZON = 260
POLICIES = {
    "own": Policy(progressed=0.0),
    "lottery": Policy(),
    "sickest": Policy(per_day=0.0, progressed=-5.0),
    "mixed": Policy(per_day=0.5, progressed=3.0),
    "latest": Policy(per_day=-1.0, progressed=-0.0),
}
MILESTONES = ("listing", "infusion", "seen")


def random_case(number: int) -> Case:
    """One protocol with its patients."""
    r = Random(number)
    whole = number % 2 == 0
    centres = r.randint(1, 3)
    book = random_book(r)
    courses = r.choice([1, 1, 2])
    resources = _resources(r, whole, centres)
    writer = Writer(r, whole, {type(x).__name__: x.name for x in resources}, tuple(x.name for x in resources))
    writer.numbered = _numbered(resources)
    if (makers := Random(f"lists {number}")).random() < 0.4:
        served, writer.lists = _lists(makers, whole, centres)
        resources = (*resources, *served)
        writer.numbered = _numbered(resources)
    booked = next((x for x in resources if x.name == "bed"), None)
    if isinstance(booked, Capacity) and r.random() < 0.7:
        writer.booked = _bookings(writer, booked)
        place = resources.index(booked) + 1
        resources = (*resources[:place], writer.booked, *resources[place:])
    path = (Milestone("listing"), *writer.path(3), Milestone("infusion"))
    if writer.booked is not None and writer.booked.ahead is not None and not writer.booked_at_all:
        path = (*path, *writer.book(1))
    if r.random() < 0.3:
        path = (writer.stage(), *path)
    if courses > 1:
        back: Step = Return("comes_back", writer.days(), r.choice([20.0, 50.0, 90.0, math.inf]))
        if r.random() < 0.3:  # foreseen anew at each attempt, where the first time stands
            back = Attempts("back", (back, Choose(writer.share(), (Fail(),))), 3)
        place = r.randint(0, len(path))
        path = (*path[:place], back, *path[place:])
    later = (Milestone("later"), *writer.path(2), End("later", "over")) if courses > 1 else ()
    protocol = Protocol(
        product="any",
        path=(*path, End("infused")) if r.random() < 0.8 else path,
        resources=resources,
        clocks=book,
        centres=tuple(f"centre {k}" for k in range(centres)),
        later_path=later,
        policies=POLICIES,
    )
    cohort, luck = random_people(r, book, centres, whole, courses)
    return Case(protocol, cohort, luck, float(r.choice([40, 70])), float(r.choice([60, 120])))


# -- resources ------------------------------------------------------------------------------------------------------


def _resources(r: Random, whole: bool, centres: int) -> tuple[Resource, ...]:
    """Few units, so that there are queues; in any order of declaration."""
    found: list[Resource] = [_capacity(r, "line", centres)]
    if r.random() < 0.7:
        found.append(_capacity(r, "bed", centres))
    if r.random() < 0.7:
        found.append(_cadence(r, whole, centres))
    if r.random() < 0.6:
        found.append(_stock(r, whole, centres, _numbered(found)))
    r.shuffle(found)
    return tuple(found)


def _numbered(resources: Sequence[Resource]) -> tuple[str, ...]:
    return tuple(x.name for x in resources if isinstance(x, Capacity) and x.out)


def _policy(r: Random) -> str:
    return r.choice(["first_come", *POLICIES])


def _capacity(r: Random, name: str, centres: int) -> Capacity:
    """A capacity that may be cut, closed for a time, without limit, or shared by some of the centres."""

    def steps() -> tuple[tuple[float, float], ...]:
        if r.random() < 0.1:
            return ((0.0, math.inf),)
        found = [(0.0, float(r.randint(1, 3)))]
        if r.random() < 0.6:
            day = 0
            for _ in range(r.randint(1, 6)):
                day += r.choice([1, 4, 5, 10])
                found.append((float(day), float(r.choice([0, 1, 1, 2, 3]))))
            found.append((float(day + 5), float(r.randint(1, 3))))
        return tuple(found)

    per_centre = r.random() < 0.4
    units = tuple(steps() for _ in range(centres if per_centre else 1))
    turn_round = r.choice([0.0, 0.0, 0.0, 1.0, 2.5])
    rank = r.choice([0.0, 0.0, -1.0, 1.0])
    sharing = Random(f"{name} {units}")
    sites = tuple(sharing.choice("AB") for _ in range(centres)) if per_centre and sharing.random() < 0.5 else ()
    if sites:
        units = units[: len(set(sites))]
    policy, numbers = _policy(r), Random(f"numbers of {name} {units}")
    out: tuple[tuple[Out, ...], ...] = ()
    limited = all(math.isfinite(n) for steps in units for _, n in steps)
    if name != "bed" and limited and not turn_round and not sites and numbers.random() < 0.5:
        out = tuple(_units_out(numbers) for _ in units)
    return Capacity(name, name, per_centre, units, policy, rank, (), turn_round, sites, out if any(out) else ())


def _units_out(r: Random) -> tuple[Out, ...]:
    """Outages of units with numbers, on whole days: one after the other for each, now and then without a break."""
    found: list[Out] = []
    for unit in r.sample([1, 2, 3], r.randint(1, 3)):
        day = 0
        for _ in range(r.randint(1, 4)):
            first = day + r.choice([0, 1, 4, 5, 10])
            day = first + r.choice([1, 3, 5, 10])
            found.append(Out(unit, float(first), float(day), r.random() < 0.5))
    return tuple(sorted(found, key=lambda out: out.first))


def _bookings(writer: Writer, booked: Capacity) -> Bookings:
    """Bookings of a capacity of which more, or something else, is known as time goes by."""
    r = writer.r
    known: list[Knowledge] = []
    for steps in booked.units:
        all_known = ((-1.0, steps),)
        late = ((0.0, steps[:1]), *(((float(r.choice([3, 10, 21])), steps),) if r.random() < 0.7 else ()))
        known.append(r.choice([all_known, all_known, late]))
    ahead = Stage(writer.name("stage"), writer.days()) if r.random() < 0.8 else None
    return Bookings(
        "booking",
        "booking",
        "bed",
        booked.per_centre,
        tuple(known),
        planned=r.choice([1.0, 3.0, 5.0, 5.0, 10.0]),
        ahead=ahead,
        hours=Hours(openings=writer.intervals()) if r.random() < 0.4 else None,
        policy=_policy(r),
        sites=booked.sites,
    )


def _cadence(r: Random, whole: bool, centres: int) -> Cadence:
    per_centre = r.random() < 0.4
    every, first = r.choice([2.0, 5.0, 7.0]), float(r.randint(0, 6)) + (0.0 if whole else r.random())
    lead = r.choice([0.0, 3.0, 10.0])
    offers = tuple(first + every * k for k in range(40))

    # a fifth of them change by date, to none in between
    counts = tuple(
        tuple(r.choice([0, 1, 3]) for _ in offers)
        if r.random() < 0.2
        else (r.randint(0 if per_centre else 1, 3),) * len(offers)
        for _ in range(centres if per_centre else 1)
    )

    def taken_back(by_offer: tuple[int, ...]) -> tuple[float, ...]:
        """A third of the slots: before their offer, between it and their start, or later."""
        chances = [-math.inf, -1.0, 0.0, 1.0, 1.0, 2.0, lead, lead + 1.0, *[math.inf] * 10]
        return tuple(
            offer + r.choice(chances) for offer, count in zip(offers, by_offer, strict=True) for _ in range(count)
        )

    return Cadence(
        "slot",
        "slot",
        per_centre,
        counts,
        offer_days=offers,
        lead=lead,
        carry_over=r.choice([0, 0, 1, 3]),
        notice=r.choice([-math.inf, 0.0, 2.0, math.inf]),
        policy=_policy(r),
        withdrawn=tuple(taken_back(by_offer) for by_offer in counts) if r.random() < 0.5 else (),
        keeps_place=r.random() < 0.5,
    )


def _lists(r: Random, whole: bool, centres: int) -> tuple[tuple[Resource, ...], tuple[AnyOf, ...]]:
    """Slots and units that serve lists for any of several, and one or two lists, behind them."""
    made: list[Resource] = [replace(_cadence(r, whole, centres), name="acme")]
    made += [replace(_cadence(r, whole, centres), name="beta")] if r.random() < 0.6 else []
    made += [_capacity(r, "gamma", centres)] if r.random() < 0.6 or len(made) == 1 else []
    names = [resource.name for resource in made]
    policy, lists = _policy(r), []
    for name in ["first list", "second list"][: r.choice([1, 2])]:
        of = [tuple(r.sample(names, r.randint(1, len(names)))) for _ in range(r.choice([1, centres]))]
        rest = tuple(tuple(r.choice([0.0, 5.0, 20.0, 20.0]) for _ in serving) for serving in of)
        keys = "first list" if lists and r.random() < 0.5 else ""
        lists.append(AnyOf(name, name, len(of) > 1, tuple(of), rest, policy, keys))
    r.shuffle(made)
    return (*made, *lists), tuple(lists)


def _stock(r: Random, whole: bool, centres: int, numbered: tuple[str, ...]) -> Stock:
    per_centre = r.random() < 0.5
    at = r.choice([0, 1, 3])
    ordered = r.random() < 0.3
    writer = Writer(r, whole, {"Capacity": "line"}, ("line",), lots=True, numbered=numbered)
    return Stock(
        "stock",
        "stock",
        per_centre,
        opening=tuple(r.randint(0, 4) for _ in range(centres if per_centre else 1)),
        shelf_life=r.choice([math.inf, 5.0, 10.0, 20.0]),
        reorder=None if ordered else (at, at + r.choice([1, 1, 3])),
        every=r.choice([3.0, 5.0]) if ordered else math.inf,
        doses_per_lot=r.choice([1, 1, 2]),
        # a lot that took no time and failed would be ordered again at the same instant, without end
        lot_path=(Stage("lot donor", Fixed(1.0)), *writer.path(2), Supply("stock")),
        policy=_policy(r),
    )


# -- paths ----------------------------------------------------------------------------------------------------------


@dataclass
class Writer:
    """Writes paths; every stage, choice and hazard gets a name of its own, so that it has draws of its own."""

    r: Random
    whole: bool
    by_kind: dict[str, str]
    resources: tuple[str, ...]
    lots: bool = False
    attempts: int = 0
    names: int = field(default=0)
    booked: Bookings | None = None
    booked_at_all: bool = False
    lists: tuple[AnyOf, ...] = ()
    numbered: tuple[str, ...] = ()

    def path(self, depth: int, failing: bool = False) -> Path:
        """A few steps; `failing`: inside an attempt, which may fail."""
        found = [step for _ in range(self.r.randint(1, 3)) for step in self.steps(depth)]
        if failing:
            way: Step = Choose(self.share(), (Fail(),)) if self.r.random() < 0.7 else self.brief_stage()
            found.insert(self.r.randint(0, len(found)), way)
        return tuple(found)

    def steps(self, depth: int) -> Path:
        """One step, with what it needs around it."""
        if depth == 0:
            return (self.stage(),)
        kinds = [self.stage, self.use, self.use, self.choose, self.several, self.side_by_side]
        if not self.lots:
            kinds += [self.stage, self.use, self.draw, self.change, self.milestone, self.slot, self.slot, self.beside]
            kinds += [self.unless]
            kinds += [] if self.booked is None else [self.book] * 3
            kinds += [self.listed] * 4 if self.lists else []
        found = self.r.choice(kinds)
        return (found(),) if found in (self.stage, self.milestone) else found(depth - 1)  # type: ignore[call-arg]

    def name(self, what: str) -> str:
        self.names += 1
        return f"{'lot ' if self.lots else ''}{what} {self.names}"

    def days(self) -> Distribution:
        r = self.r
        if r.random() < 0.15:
            return Fixed(0.0)
        if self.whole or r.random() < 0.2:
            return r.choice([Fixed(float(r.choice([1, 2, 5, 5, 10]))), Empirical((0.0, 1.0, 5.0, 5.0, 12.0))])
        return r.choice([Exponential(float(r.randint(2, 12))), Uniform(0.0, float(r.randint(3, 15)))])

    def share(self) -> Share:
        return Share(self.name("share"), self.r.choice([0.1, 0.3, 0.6]))

    def stage(self) -> Stage:
        r = self.r
        hours = self.hours() if r.random() < 0.4 else None
        since = r.choice(MILESTONES[:2]) if not self.lots and r.random() < 0.2 else ""
        return Stage(self.name("stage"), self.days(), hours, since)

    def brief_stage(self) -> Stage:
        """A stage that fails where it would take longer than its limit."""
        return Stage(self.name("stage"), self.days(), at_most=self.r.choice([0.0, 3.0, 5.0]))

    def hours(self) -> Hours:
        r = self.r
        losses = sorted({float(r.randint(0, 100)) for _ in range(8)}) if r.random() < 0.5 else []
        return Hours(
            openings=self.intervals() if r.random() < 0.7 else ALWAYS,
            fit=r.random() < 0.3,
            counts=self.intervals() if r.random() < 0.5 else ALWAYS,
            losses=tuple(losses),
            viable=r.choice([math.inf, math.inf, 0.0, 1.0, 3.0]),
        )

    def intervals(self) -> Intervals:
        """Open for some days, closed for some, on whole days; now and then never, or not any more."""
        if self.r.random() < 0.03:
            return ()
        r, day = self.r, float(self.r.choice([-3, 0, 2, 5]))
        length, pause = float(r.choice([1, 3, 5])), float(r.choice([1, 2, 5]))
        found = []
        end = r.choice([HORIZON, HORIZON, HORIZON, 40.0])
        while day < end:
            found.append((day, day + length))
            day += length + pause
        return tuple(found)

    def patience(self, depth: int) -> Patience | None:
        r = self.r
        if r.random() < 0.4:
            return None
        since = Since.JOINING if self.lots else r.choice(list(Since))
        otherwise = () if r.random() < 0.4 else self.path(depth)
        return Patience(r.choice([0.0, 2.0, 5.0, 5.0, 10.0, math.inf]), since, otherwise)

    def use(self, depth: int) -> Path:
        r = self.r
        capacities = [name for name in self.resources if name in ("line", "bed")]
        units, name, steps = r.choice([1, 1, 1, 2]), r.choice(capacities), self.path(depth)
        if name in self.numbered:
            units, steps = 1, (*self.on_units(name), *steps)
        return (Use(name, steps, units, r.random() < 0.4, self.patience(depth)),)

    def on_units(self, name: str) -> Path:
        """What depends on the unit that is held, of those that have numbers."""
        r = Random(f"on units of {name} after {self.names}")
        which = OnUnit(name, *sorted(r.choices([1, 2, 3], k=2)))
        there = Stage(f"stage on {which.first} {self.name('of')}", Fixed(float(r.choice([0, 1, 3]))))
        return (Choose(which, (there,), (Stage(self.name("stage off"), Fixed(2.0)),) if r.random() < 0.5 else ()),)

    def book(self, depth: int) -> Path:
        """A bed booked ahead, what comes before, and the bed: mostly in this order, or not at all."""
        assert self.booked is not None
        r, ahead = self.r, self.booked.ahead
        before: list[Step] = []
        if self.booked.hours is not None and r.random() < 0.8:
            before.append(Stage(self.name("stage"), Fixed(0.0), self.booked.hours))
        if ahead is not None and (r.random() < 0.8 or not self.booked_at_all):
            before.append(ahead)
        self.booked_at_all = True
        if r.random() < 0.2:
            before.append(self.stage())
        stay: Path = self.path(depth)
        if r.random() < 0.8:
            stay = (Use("bed", stay, r.choice([1, 1, 1, 2])), *(() if r.random() < 0.7 else self.use(depth)))
        return (Use("booking", (*before, *stay), rejoin=r.random() < 0.3),)

    def slot(self, depth: int) -> Path:
        """A slot, and usually the wait for its start; the failure of what follows keeps or forfeits it."""
        if "slot" not in self.resources:
            return self.use(depth)
        until = Stage(self.name("slot stage"), UntilSlotStart("slot"))
        inner = self.path(depth)
        if self.r.random() < 0.9:
            place = self.r.choice([0, 0, len(inner)])
            inner = (*inner[:place], until, *inner[place:])
        units = self.r.choice([1, 1, 2])
        ready = self.r.choice(["", "", "listing", "infusion"])
        return (Use("slot", inner, units, self.r.random() < 0.3, self.patience(depth), ready),)

    def listed(self, depth: int) -> Path:
        """A list for any of several; what follows often depends on which served it."""
        r, asked = self.r, self.r.choice(self.lists)
        serving = sorted({name for names in asked.of for name in names})
        inner = self.path(depth)
        for name in serving:
            until = Stage(self.name("slot stage"), UntilSlotStart(name))
            way: Path = () if name == "gamma" and r.random() < 0.5 else (until, *self.path(0))
            inner = (Choose(ServedBy(name), way, self.path(0)), *inner) if r.random() < 0.8 else inner
        ready = r.choice(["", "", "listing", "infusion"])
        numbered = [name for name in serving if name in self.numbered]
        inner = (*(step for name in numbered for step in self.on_units(name)), *inner)
        return (
            Use(
                asked.name,
                inner,
                1 if numbered else r.choice([1, 1, 1, 2]),
                r.random() < 0.3,
                self.patience(depth),
                ready,
            ),
        )

    def beside(self, depth: int) -> Path:
        """What passes beside the rest; now and then an end of the path that is known ahead."""
        r = self.r
        found: list[Step] = [Stage(self.name("stage"), self.days()), Milestone(r.choice(MILESTONES[1:]))]
        if r.random() < 0.5:
            refused = (Stage(self.name("stage"), self.days()), Milestone("seen"), End("funding", r.choice(["", "a"])))
            found.insert(r.randint(0, 2), Choose(self.share(), refused))
        return (Aside(tuple(found)), *self.path(depth))

    def unless(self, depth: int) -> Path:
        """Another way for whom a progression takes off; mostly for a part of the steps only."""
        r = self.r
        steps: Path = (AtProgression(Then.LEAVE), *self.path(depth))
        if r.random() < 0.7:
            steps = (*steps, AtProgression(r.choice([Then.AS_DRAWN, Then.AS_DRAWN, Then.STAY])), *self.path(depth))
        otherwise = (Milestone("turned"), *self.path(depth)) if r.random() < 0.8 else ()
        return (Unless(steps, otherwise), *self.path(depth))

    def draw(self, depth: int) -> Path:
        return (Draw("stock", self.patience(depth)),) if "stock" in self.resources else self.use(depth)

    def condition(self) -> Condition:
        if self.lots:
            return self.share()
        flagged, noted = Flagged(self.r.choice(FLAGS)), Noted(self.r.choice(MILESTONES[:2]))
        return self.r.choice([self.share(), self.share(), flagged, noted, Progressed()])

    def choose(self, depth: int) -> Path:
        """A branch; now and then one of its sides is the end of the path."""
        r = self.r
        then = (End(r.choice(["stopped", "unsuitable"]), r.choice(["", "a", "b"])),) if r.random() < 0.2 else ()
        return (Choose(self.condition(), then or self.path(depth), self.path(depth) if r.random() < 0.5 else ()),)

    def several(self, depth: int) -> Path:
        """Attempts that may fail, and what happens when the last of them has."""
        r = self.r
        self.attempts += 1
        steps: Path = self.path(depth, failing=True)
        most = r.choice([1, 2, 3, None])
        gap: Path = () if r.random() < 0.4 else (self.stage(),)
        last: Path = (End("failed", r.choice(["", "a"])),) if r.random() < 0.3 else ()
        name = f"{'lot ' if self.lots else ''}try {self.attempts % 3}"
        if most is None:  # bounded in days: where nothing takes time, a thousand attempts are over in no time
            gap = (Stage(self.name("gap"), Fixed(1.0)),)
        return (Attempts(name, steps, most, gap, last),)

    def side_by_side(self, depth: int) -> Path:
        """Branches of every kind; inside an attempt, so that one of them may fail it."""
        r = self.r
        branches = tuple(
            Branch(self.path(depth, failing=r.random() < 0.3), r.choice(list(OnLeave)))
            for _ in range(r.choice([1, 2, 2, 3]))
        )
        slows = not self.lots and Random(f"slows {self.attempts} {len(branches)} {branches}").random() < 0.4
        together: Path = (Together(branches, slows),)
        self.attempts += 1
        return (Attempts(f"{'lot ' if self.lots else ''}try {self.attempts % 3}", together, 2),)

    def change(self, depth: int) -> Path:
        """Clocks that run differently, or not at all."""
        r = self.r
        step: Step = r.choice(
            [
                Hazard(self.name("hazard"), r.choice(["progression", "death"]), r.choice([0.0, 0.5, 2.0, 1e6])),
                Hazard(self.name("hazard"), "removal", 2.0, after=self.days()),
                Clocks("after", anew=r.random() < 0.5),
                Clocks("after"),
                Clocks(None),
            ]
        )
        return (step, *self.path(depth))

    def milestone(self) -> Milestone:
        return Milestone(self.r.choice(MILESTONES))
