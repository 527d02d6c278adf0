"""Who makes a product, and how patients come to them: by share, by product, or from a list for any manufacturer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from sim.pieces.brief import by_flag, divide, stage
from sim.pieces.expectations import expect
from sim.pieces.protocol import AnyOf
from sim.pieces.requirements import slot_needs
from sim.pieces.steps import Choose, Milestone, Path, Patience, ServedBy, Since, Use
from sim.pure.distributions import Distribution
from sim.pure.hours import Hours
from sim.scenario import Scenario
from sim.scenario.makers import allowed, as_made_by, contracts, lane

LIST, LISTS = "list", "Waiting list for any manufacturer"
PREFERRED = "preferred"


@dataclass(frozen=True)
class Making:
    """How one product is made: the scenario with its own numbers, and the names of its draws and resources.

    `maker`: one of several manufacturers; `product`: one of several products. "" where there is only one.
    """

    scenario: Scenario
    duration: Distribution
    failure: float
    out_of_specification: float
    product: str = ""
    maker: str = ""

    def draw(self, name: str) -> str:
        """The purpose of a draw that may differ between products, or manufacturers."""
        return f"{name}/{self.product or self.maker}" if self.product or self.maker else name

    @property
    def slot(self) -> str:
        """The resource of its dated slots."""
        return f"slot/{self.maker}" if self.maker else "slot"

    @property
    def line(self) -> str:
        """The resource of its lines."""
        return f"line/{self.maker}" if self.maker else "line"

    @property
    def line_again(self) -> str:
        """The list of those who wait for one of its lines again, where lines serve a list."""
        return f"{self.line}/again"

    @property
    def line_by_list(self) -> bool:
        """Whether its lines serve a list for any manufacturer."""
        return bool(self.maker) and _has_list(self.scenario) and self.scenario.manufacturing.slots is None

    @property
    def source(self) -> str:
        """What serves a list for any manufacturer: its slots, or its lines."""
        return self.line if self.line_by_list else self.slot

    def label(self, words: str) -> str:
        """What a resource of this manufacturer is called in tables."""
        return f"{words} of {self.maker}" if self.maker else words

    def may_make_for(self, centre: str) -> bool:
        """Whether a centre contracts with it."""
        return not self.maker or self.maker in contracts(self.scenario, centre)

    def on_its_way(self, name: str, pickup: Hours | None) -> Path:
        """`shipping.to_factory` or `shipping.to_centre`; by lane, where these differ."""
        back = name == "shipping.to_centre"
        shipping = self.scenario.shipping
        if not self.maker or not self.scenario.manufacturing.manufacturers[self.maker].lanes:
            duration = shipping.to_centre if back else shipping.to_factory
            return stage(f"{name}/{self.maker}" if self.maker else name, duration, pickup)
        centres = [centre for centre in self.scenario.treating if self.may_make_for(centre)]
        return by_flag(
            {
                f"centre/{centre}": stage(
                    f"{name}/{self.maker}/{centre}", lane(self.scenario, self.maker, centre)[back], pickup
                )
                for centre in centres
            }
        )

    def by_the_quickest_way(self) -> Scenario:
        """Its scenario with the lane on which cells may be there first."""
        s = self.scenario
        ways = [lane(s, self.maker, centre)[0] for centre in s.treating if self.maker and self.may_make_for(centre)]
        if not ways:
            return s
        quickest = min(ways, key=attrgetter("least"))
        return s.model_copy(update={"shipping": s.shipping.model_copy(update={"to_factory": quickest})})


def making(s: Scenario, maker: str = "") -> Making:
    """How a manufacturer makes the product, in the scenario as that manufacturer has it."""
    made = s.manufacturing
    return Making(s, made.duration, made.failure, s.release_testing.out_of_specification, maker=maker)


@dataclass(frozen=True)
class Booked:
    """What is booked before apheresis, and with whom: one manufacturer, or any of several from a list.

    `lists`: the name of the list, and of that for the preferred manufacturer alone, if there is one before it.
    """

    scenario: Scenario
    makers: tuple[Making, ...]
    patience: Patience | None
    lists: tuple[str, ...] = ()

    def each(self, steps: Callable[[Making], Path]) -> Path:
        """The steps with whoever makes this patient's product."""
        *others, last = self.makers
        path = steps(last)
        for maker in reversed(others):
            path = (Choose(ServedBy(maker.source), steps(maker), path),)
        return path

    def slot(self, steps: Callable[[Making], Path]) -> Path:
        """The steps with a slot, or with a line, that is claimed before them and kept, where that is so."""
        s = self.scenario
        units, ready = s.manufacturing.batches, slot_needs(s)
        if self.lists:
            named = self.each(lambda m: (Milestone(f"manufacturer/{m.maker}"), *steps(m)))
            anyone, *alone = self.lists
            path: Path = (Use(anyone, named, units, rejoin=True, patience=self.patience, ready=ready),)
            for name in alone:
                days = s.manufacturing.assignment.patience or 0.0
                path = (
                    Use(name, named, units, rejoin=True, patience=Patience(days, Since.JOINING, path), ready=ready),
                )
            return path
        (m,) = self.makers
        slots = m.scenario.manufacturing.slots
        if slots is None or slots.claimed == "at_receipt" or slots.after_failed_collection == "forfeit":
            return steps(m)
        return (Use(m.slot, steps(m), units=units, patience=self.patience, ready=ready),)


def by_maker(s: Scenario, path: Callable[[Booked], Path], patience: Patience | None) -> Path:
    """A path from the waiting list on, with whoever makes the product; by product where there are several."""
    made = s.manufacturing
    if made.manufacturers:
        return by_flag({f"risk_group/{group}": _of_case(s, case, path, patience) for group, case in _cases(s).items()})
    tested = s.release_testing
    ways = [
        (
            name,
            product.share,
            Making(
                s,
                made.duration if product.duration is None else product.duration,
                made.failure if product.failure is None else product.failure,
                tested.out_of_specification if product.out_of_specification is None else product.out_of_specification,
                name,
            ),
        )
        for name, product in made.products.items()
    ]
    if not ways:
        return path(Booked(s, (making(s),), patience))
    return divide(
        "product",
        [(name, share, (Milestone(f"product/{name}"), *path(Booked(s, (m,), patience)))) for name, share, m in ways],
    )


# -- who may make whose ---------------------------------------------------------------------------------------------

# The manufacturers that may make the product of a patient at each treating centre, the preferred first.
Case = Mapping[str, tuple[str, ...]]


def _has_list(s: Scenario) -> bool:
    return s.manufacturing.assignment.rule != "share"


def _cases(s: Scenario) -> dict[str, Case]:
    """Who may make the product of each risk group."""
    return {group: {centre: allowed(s, group, centre) for centre in s.treating} for group in s.patients.risk_groups}


def _of_case(s: Scenario, case: Case, path: Callable[[Booked], Path], patience: Patience | None) -> Path:
    names = tuple(dict.fromkeys(name for serving in case.values() for name in serving))
    if _has_list(s):
        makers = tuple(making(as_made_by(s, name), name) for name in names)
        return path(Booked(s, makers, patience, _names_of_lists(s, case)))

    def way(name: str) -> Path:
        m = making(as_made_by(s, name), name)
        return (Milestone(f"manufacturer/{name}"), *path(Booked(m.scenario, (m,), patience)))

    ways = {name: way(name) for name in names}
    stated = s.manufacturing.assignment.shares or {}
    divided: dict[str, Path] = {}
    for centre, serving in case.items():
        total = sum(stated.get(name, 0.0) for name in serving)
        shares = [(name, stated.get(name, 0.0) / total, ways[name]) for name in serving]
        # who is given whom is one draw; where the shares are others, it is another
        divided[f"centre/{centre}"] = divide(f"manufacturer/{_key(serving)}", shares)
    return by_flag(divided)


def _key(names: tuple[str, ...]) -> str:
    return "+".join(names)


def _names_of_lists(s: Scenario, case: Case) -> tuple[str, ...]:
    """The list for any manufacturer, and that for the preferred one alone, by whom they are for."""
    kinds = list(dict.fromkeys(tuple(one.items()) for one in _cases(s).values()))
    number = kinds.index(tuple(case.items()))
    anyone = LIST if number == 0 else f"{LIST} {number + 1}"
    return (anyone, f"{anyone} {PREFERRED}") if s.manufacturing.assignment.rule == PREFERRED else (anyone,)


def lists(s: Scenario, to_the_centre: Callable[[Making], Path]) -> tuple[AnyOf, ...]:
    """The lists for any manufacturer, and those for a line of one again; none where there is one, or shares decide.

    `to_the_centre`: all that lies between a slot or line and the product at the centre.
    """
    if not s.manufacturing.manufacturers or not _has_list(s):
        return ()
    makers = {name: making(as_made_by(s, name), name) for name in s.manufacturing.manufacturers}
    rest = {
        (name, centre): expect(to_the_centre(m), {f"centre/{centre}": 1.0}).days
        for name, m in makers.items()
        for centre in s.treating
        if m.may_make_for(centre)
    }
    found: dict[str, AnyOf] = {}
    for case in _cases(s).values():
        anyone, *alone = _names_of_lists(s, case)
        for name in (anyone, *alone):
            serving = [case.get(centre, ())[: 1 if name in alone else None] for centre in s.centres]
            found[name] = AnyOf(
                name=name,
                label=LISTS if name == anyone else "Waiting list for the preferred manufacturer",
                per_centre=True,
                of=tuple(tuple(makers[maker].source for maker in its) for its in serving),
                rest=tuple(
                    tuple(rest[maker, centre] for maker in its) for centre, its in zip(s.centres, serving, strict=True)
                ),
                policy=s.waiting_list.policy,
                keys_of="" if name == LIST else LIST,
            )
    again = [
        AnyOf(
            name=m.line_again,
            label=m.label("Waiting again for a manufacturing line"),
            per_centre=False,
            of=((m.line,),),
            rest=((0.0,),),
            policy=s.waiting_list.policy,
            keys_of=LIST,
        )
        for m in makers.values()
        if m.line_by_list
    ]
    return (*found.values(), *again)
