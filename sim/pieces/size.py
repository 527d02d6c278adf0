"""What one replication of a scenario comes to on average, before anything is run, and what is too much of it.

Read off the path and the resources, as offered loads are. Patients whom the clocks take off the path are not allowed
for, and nobody waits, so that a count is an upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.pieces.expectations import expect
from sim.pieces.loads import expected_referrals, expected_requests, flag_shares
from sim.pieces.protocol import Cadence, Protocol, Stock, walk_steps
from sim.pieces.steps import Attempts, Choose, Path, Share
from sim.scenario import Scenario

# One replication holds all of its patients, slots, doses and lots in memory at once.
MOST_PATIENTS = 2_000_000
MOST_SLOTS = 10_000_000
MOST_DOSES = 1_000_000
MOST_LOTS = 1_000_000
MOST_EVENTS = 1_000_000_000
MOST_BYTES = 8 * 10**9
# Both engines stop at a thousandth attempt; with so many on average, one patient in 20,000 comes to it.
MOST_ATTEMPTS = 100
# Measured on the SimPy engine, the larger of the two, outcomes included: 3,000 a patient and 115 a slot; with a margin.
# Doses and lots are reckoned as what they are kept as there, a batch with its expiry and a record.
PATIENT_BYTES, SLOT_BYTES, DOSE_BYTES, LOT_BYTES = 4_000, 150, 700, 2_000

# Where a scenario states what makes an attempt fail, where it always does: then nothing is drawn on its path.
ALWAYS_FAILS = {
    "manufacture": "manufacturing.failure",
    "collection": "apheresis.shortfall",
    "delivery": "allogeneic.shipping.loss",
    "donor": "allogeneic.lots.donor.rejection",
}


@dataclass(frozen=True)
class Amount:
    """How much there is of something in one replication, the limit, and the path of the value that it comes from."""

    what: str
    number: float
    most: float
    path: str

    @property
    def too_much(self) -> bool:
        """Whether it is over the limit."""
        return not self.number <= self.most

    def __str__(self) -> str:
        return f"leads to {write(self.number)} {self.what}; allowed: at most {write(self.most)}"


@dataclass(frozen=True)
class Size:
    """What one replication comes to: each amount once, those that others follow from first."""

    amounts: tuple[Amount, ...]

    def number(self, what: str) -> float:
        """How many there are of something."""
        return next(amount.number for amount in self.amounts if amount.what == what)

    @property
    def too_much(self) -> tuple[Amount, ...]:
        """What is over its limit; memory only where nothing that it follows from is."""
        found = tuple(amount for amount in self.amounts if amount.too_much)
        return tuple(a for a in found if a.what not in (EVENTS, MEMORY)) or found


PATIENTS, SLOTS, DOSES, LOTS = "patients in one replication", "slots", "doses", "lots"
ATTEMPTS, EVENTS, MEMORY = "attempts a patient or lot on average", "events in one replication", "bytes of memory"


def expected_size(scenario: Scenario, protocol: Protocol) -> Size:
    """What one replication comes to; of each kind of entity, of attempts, events and memory."""
    patients = _patients(scenario)
    slots = _slots(scenario, protocol)
    opening, lots = _doses_and_lots(scenario, protocol, patients.number)
    attempts = _attempts(protocol)
    flags = flag_shares(scenario)
    each = max(expect(path, flags).events for path in (protocol.path, protocol.later_path))
    events = [
        patients.number * each,
        slots.number,
        opening.number,
        _times(lots.number, expect(protocol.lot_path).events),
    ]
    kept = [
        (patients, PATIENT_BYTES),
        (slots, SLOT_BYTES),
        (opening, DOSE_BYTES),
        (lots, LOT_BYTES),
    ]
    largest = max(kept, key=lambda pair: pair[0].number * pair[1])[0]
    busiest = (patients, slots, opening, lots)[events.index(max(events))]
    memory = sum(amount.number * size for amount, size in kept)
    return Size(
        (
            patients,
            slots,
            opening,
            lots,
            attempts,
            Amount(EVENTS, sum(events), MOST_EVENTS, busiest.path),
            Amount(MEMORY, memory, MOST_BYTES, largest.path),
        )
    )


def write(number: float) -> str:
    """A number in few digits, in full where that is short."""
    if math.isinf(number):
        return "infinitely many"
    return f"{number:,.0f}" if number < 1e12 else f"{number:.3g}"


def _times(number: float, size: float) -> float:
    """Their product; nothing of what is infinite where there is none of it."""
    return number * size if number > 0.0 and size > 0.0 else 0.0


def _patients(s: Scenario) -> Amount:
    """All regions together, those who are waiting on the first day, and later courses of the same patients."""
    found: dict[str, float] = {}
    for name, region in s.regions.items():
        already = region.already_waiting
        waiting = 0 if already is None else already.count or len(already.since or ())
        key = "referrals" if region.referrals is not None else "referral_days"
        found[f"regions.{name}.{key}"] = expected_referrals(s, region)
        found[f"regions.{name}.already_waiting"] = float(waiting)
    courses = 1 if s.later_course is None else 2
    worst = max(found, key=lambda path: found[path], default="regions")
    return Amount(PATIENTS, courses * sum(found.values()), MOST_PATIENTS, worst)


def _slots(s: Scenario, protocol: Protocol) -> Amount:
    dated = [resource for resource in protocol.resources if isinstance(resource, Cadence)]
    if not dated:
        return Amount(SLOTS, 0.0, MOST_SLOTS, "manufacturing.slots")
    by_place = [[sum(counts) for counts in cadence.counts] for cadence in dated]
    number = max(range(len(dated)), key=lambda k: sum(by_place[k]))
    most, offered = dated[number], by_place[number]
    centre = protocol.centres[offered.index(max(offered))]
    own, maker = most.per_centre and s.centres[centre].slots is not None, most.name.partition("/")[2]
    there = "manufacturing.slots.count"
    if maker and s.manufacturing.manufacturers[maker].slots is not None:
        there = f"manufacturing.manufacturers.{maker}.slots.count"
    path = f"centres.{centre}.slots" if own else there
    return Amount(SLOTS, float(sum(map(sum, by_place))), MOST_SLOTS, path)


def _doses_and_lots(s: Scenario, protocol: Protocol, patients: float) -> tuple[Amount, Amount]:
    """(doses on all shelves at the start or in a lot, lots over the whole run)."""
    stock = next((r for r in protocol.resources if isinstance(r, Stock)), None)
    opening, order = "allogeneic.stock.opening", "allogeneic.stock.order"
    if stock is None:
        return Amount(DOSES, 0.0, MOST_DOSES, opening), Amount(LOTS, 0.0, MOST_LOTS, order)
    there = Amount(DOSES, float(sum(stock.opening)), MOST_DOSES, opening)
    wanted = patients * expected_requests(s, protocol, stock.name)
    lots = _lots(stock, s.run.days, wanted)
    if lots <= MOST_LOTS:
        return there, Amount(LOTS, lots, MOST_LOTS, order)
    if stock.reorder is None:
        return there, Amount(LOTS, lots, MOST_LOTS, f"{order}.every")
    # which of the values it is: the one without which there would not be too many
    for path, other in (
        ("allogeneic.stock.shelf_life", replace(stock, shelf_life=math.inf)),
        (f"{order}.up_to", replace(stock, reorder=(0, 1))),
    ):
        if _lots(other, s.run.days, wanted) <= MOST_LOTS:
            return there, Amount(LOTS, lots, MOST_LOTS, path)
    return there, Amount(LOTS, lots, MOST_LOTS, _likeliest_failure(stock.lot_path) or "allogeneic.lots.failure")


def _lots(stock: Stock, days: float, wanted: float) -> float:
    """Lots started on all shelves: each so many days; or for what is taken, what fails and what expires.

    Expiry and failure have each lot of a full shelf started again at the end of its time. What always fails is started
    for those who wait, too.
    """
    shelves = len(stock.opening)
    if stock.reorder is None:
        return shelves * days / stock.every if stock.every > 0.0 else math.inf
    one = expect(stock.lot_path)
    full = math.ceil(stock.reorder[1] / stock.doses_per_lot)
    alive = one.passes * stock.shelf_life if one.passes > 0.0 else 0.0
    time = one.days + alive
    demand = wanted / stock.doses_per_lot
    if one.passes > 0.0:
        again, open_lots = demand / one.passes, shelves * full
    else:
        again, open_lots = 0.0, shelves * full + math.ceil(demand)
    if not open_lots:
        return again
    return open_lots + again + (open_lots * days / time if time > 0.0 else math.inf)


def _attempts(protocol: Protocol) -> Amount:
    """The most attempts that anything on a path takes on average."""
    worst = Amount(ATTEMPTS, 1.0, MOST_ATTEMPTS, "")
    for step in walk_steps((*protocol.patient_steps, *protocol.lot_path)):
        if isinstance(step, Attempts):
            fails = expect(step.steps).fails
            most = math.inf if step.at_most is None else step.at_most
            begun = 1.0 / (1.0 - fails) if fails < 1.0 else math.inf
            if min(begun, most) > worst.number:
                path = ALWAYS_FAILS.get(step.name, "") if fails >= 1.0 else _likeliest_failure(step.steps)
                worst = replace(worst, number=min(begun, most), path=path)
    return worst


def _likeliest_failure(path: Path) -> str:
    """The scenario's path of the largest share on which something fails."""
    shares = list(_shares(path))
    return _key(max(shares, key=lambda when: when.share).purpose) if shares else ""


def _shares(path: Path) -> Iterator[Share]:
    """The shares on a path that lead to a failure or an end."""
    for step in walk_steps(path):
        if isinstance(step, Choose) and isinstance(step.when, Share) and expect(step.then).passes == 0.0:
            yield step.when


def _key(purpose: str) -> str:
    """Where the scenario states what a draw is for: `manufacturing.failure/other/2` stands at a path of its own."""
    key, _, rest = purpose.partition("/")
    if key.startswith("shipping.") and key.endswith(".loss"):
        return "shipping.loss"
    if key.startswith("lots."):
        return f"allogeneic.{key}"
    product = rest.partition("/")[0]
    section, _, name = key.partition(".")
    return f"{section}.products.{product}.{name}" if product and not product.isdigit() else key
