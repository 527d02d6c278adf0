"""A path in plain words, for a picture: what happens in turn, what is queued for, who leaves, and where paths part.

Longer than 400 lines because every step of the vocabulary has its words here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from sim.pieces.protocol import Bookings, Capacity, Protocol, unlimited
from sim.pieces.steps import (
    Aside,
    Attempts,
    Choose,
    Draw,
    End,
    Fail,
    Flagged,
    Hazard,
    Milestone,
    Noted,
    OnUnit,
    Path,
    Patience,
    Return,
    ServedBy,
    Share,
    Since,
    Stage,
    Step,
    Supply,
    Together,
    Unless,
    Use,
)
from sim.pure.distributions import Distribution
from sim.tables.inputs import input_label
from sim.tables.words import OUTCOMES

STAGE, QUEUE, PATIENCE, LOSS, END = "stage", "queue", "patience", "loss", "end"
BRANCH, PARTS, ABOVE = "branch", "parts", "above"
"""Kinds of row: time, a queue, the end of patience in it, what fails for some, an end of the path; one way of several,
what holds the rows below, rows that stand above already."""
PATIENT, LATER, LOT = "patient", "later course", "lot"
LEAST_REPEATED = 4
"""Rows that stand somewhere above already are told again where they are fewer."""
LABELS: Mapping[str, str] = {
    "work_up.duration": "Work-up",
    "scheduling.duration": "Appointment for apheresis",
    "slot.start": "Until the slot starts",
    "travel": "Travel to the centre",
    "apheresis.duration": "Apheresis",
    "apheresis.wait": "Until apheresis is open",
    "apheresis.shortfall": "too few cells",
    "apheresis.repeat_after": "Pause",
    "bridging.share": "Bridging therapy",
    "bridging.response": "Bridging therapy works",
    "shipping.to_factory": "Shipping to the factory",
    "shipping.to_factory.loss": "lost",
    "shipping.to_centre": "Shipping to the centre",
    "shipping.to_centre.loss": "lost",
    "manufacturing.duration": "Manufacture",
    "manufacturing.remake_duration": "Repeated manufacture",
    "manufacturing.failure": "fails",
    "manufacturing.failure_found": "Until the failure is found",
    "release_testing.sterility": "Sterility test",
    "release_testing.conditional.sterility": "Sterility test, early reading",
    "release_testing.potency": "Potency test",
    "release_testing.identity": "Identity test",
    "release_testing.review": "QA review",
    "release_testing.failure": "fails",
    "release_testing.recall": "recalled",
    "release_testing.out_of_specification": "Out of specification",
    "release_testing.accepted": "Accepted by exception",
    "release_testing.exception": "Exception",
    "allogeneic.unsuitable": "Unsuitable for a donor product",
    "allogeneic.shipping.duration": "Shipping to the centre",
    "allogeneic.shipping.loss": "lost",
    "infusion.scheduling": "Appointment for infusion",
    "infusion.place": "Infusion in a treatment place",
    "infusion.stay": "Stay in hospital",
    "lymphodepletion.duration": "Lymphodepletion",
    "lymphodepletion.wait": "Until lymphodepletion may start",
    "requirements_met.wait": "Until all requirements are met",
    "alternative.accepts": "Would take the alternative therapy",
    "alternative.start": "Start of the alternative therapy",
    "alternative.step_up": "Step-up doses",
    "before_apheresis.clearance.duration": "Financial clearance",
    "before_apheresis.clearance.refusal": "Clearance refused",
    "before_apheresis.clearance.appeal.duration": "Appeal",
    "before_apheresis.clearance.appeal.success": "Appeal succeeds",
    "before_apheresis.holding.duration": "Holding therapy",
    "before_apheresis.holding.share": "Holding therapy",
    "before_apheresis.holding.response": "Holding therapy works",
    "before_apheresis.washout": "Washout",
    "later_course.share": "Would return after a relapse",
    "lots.donor.duration": "Collection from a donor",
    "lots.donor.rejection": "donor rejected",
    "lots.culture": "Culture",
    "lots.editing": "Gene editing",
    "lots.release": "Release testing of the lot",
    "lots.failure": "lot fails",
    "collection": "Collection",
    "manufacture": "Manufacture and testing",
    "delivery": "Delivery",
    "donor": "Donor",
    "lot": "Lot",
    "lymphodepletion": "Lymphodepletion and infusion",
}
"""What a stage, a share or attempts are called in a picture, by the name in the path; others by that of their input."""
ENDS: Mapping[tuple[str, str], str] = {
    ("withdrawn", "travel"): "Will not travel",
    ("product_failed", "out_of_specification"): "Product out of specification",
    ("lot_failed", ""): "Lot lost",
    ("infused", ""): "Discharge",
}
NOT_SO = {
    LABELS["allogeneic.unsuitable"]: "Suitable for a donor product",
    LABELS["alternative.accepts"]: "Would not take the alternative therapy",
    LABELS["before_apheresis.clearance.appeal.success"]: "Appeal fails",
}
"""What is said of the others of a choice, where there are words for it."""
FLAGS = {"region": "Patients from {}", "risk_group": "Risk group {}", "centre": "At {}"}
INSTEAD, OTHERS = "another therapy instead", "All others"


@dataclass(frozen=True)
class Row:
    """A row of the picture. `days`, `most_days`: the mean, where it differs by centre or the like the least and the
    most of them; `share`: of those who come here; `at_most`: attempts, 0 for as many as are needed; None: not so."""

    depth: int
    kind: str
    label: str
    days: float | None = None
    most_days: float | None = None
    share: float | None = None
    most_share: float | None = None
    at_most: int | None = None
    outcome: str = ""


def plain_path(protocol: Protocol) -> list[tuple[str, list[Row]]]:
    """(whose path, its rows in reading order): of a patient, of one who returns, and of a lot, as far as there are."""
    told = _Told(protocol)
    paths = ((PATIENT, protocol.path), (LATER, protocol.later_path), (LOT, protocol.lot_path))
    found: list[tuple[str, list[Row]]] = []
    for course, path in paths:
        rows = told.rows(path, 0, [])
        if rows:
            found.append((course, _shortened(rows, [row for _, above in found for row in above])))
    return found


class _Told:
    """The words of one protocol, whose resources have labels and may have no limit."""

    def __init__(self, protocol: Protocol) -> None:
        self._labels = {resource.name: resource.label for resource in protocol.resources}
        self._free = {r.name for r in protocol.resources if isinstance(r, Capacity) and all(map(unlimited, r.units))}
        self._booked = {r.name: r.of for r in protocol.resources if isinstance(r, Bookings)}

    def rows(self, path: Path, depth: int, above: Sequence[Row]) -> list[Row]:
        """The rows of a path; `above`: those that stand over them."""
        found: list[Row] = []
        for step in path:
            found += self._step(step, depth, [*above, *found])
        return found

    def _step(self, step: Step, depth: int, above: Sequence[Row]) -> list[Row]:
        match step:
            case Stage(name=name, duration=Distribution() as duration):
                mean = duration.mean()
                waits = (step.hours is not None and mean == 0.0) or step.since
                return [Row(depth, STAGE, _named(name), None if waits else mean)]
            case Stage(name=name):
                return [Row(depth, STAGE, _named(name))]
            case Milestone(name="infusion"):
                return [Row(depth, STAGE, "Infusion")]
            case Supply():
                return [Row(depth, STAGE, "Doses go into stock")]
            case Return(after=after):
                return [Row(depth, STAGE, "Back for a later course", after.mean())]
            case Hazard(clock=clock, multiplier=multiplier) if multiplier != 1.0:
                told = {"removal": "withdrawal"}.get(clock, clock).capitalize()
                return [Row(depth, STAGE, f"{told} at {multiplier:g} times its rate")]
            case End(outcome=outcome, reason=reason):
                return [Row(depth, END, _ended(outcome, reason), outcome=outcome)]
            case Use(resource=resource, steps=steps, patience=patience):
                free = resource in self._free
                queue = [] if free else [*self._queue(resource, depth), *self._gives_up(patience, depth, above)]
                return [*queue, *self.rows(steps, depth, [*above, *queue])]
            case Draw(stock=stock, patience=patience):
                return [*self._queue(stock, depth), *self._gives_up(patience, depth, above)]
            case Attempts():
                return self._attempts(step, depth, above)
            case Together(branches=branches):
                if len(branches) == 1:
                    return self.rows(branches[0].steps, depth, above)
                inner = [row for branch in branches for row in self.rows(branch.steps, depth + 1, above)]
                return [Row(depth, PARTS, "Side by side"), *inner]
            case Aside(steps=steps):
                return self._under(Row(depth, PARTS, "Beside all that follows"), steps, above)
            case Unless(steps=steps, otherwise=otherwise):
                found = self.rows(steps, depth, above)
                first = Row(depth, BRANCH, "Whose disease progresses before")
                return [*found, *self._under(first, otherwise, [*above, *found])]
            case Choose():
                return self._choice(step, depth, above)
            case _:
                return []

    def _queue(self, resource: str, depth: int) -> list[Row]:
        return [Row(depth, QUEUE, self._labels.get(resource, resource))]

    def _under(self, head: Row, path: Path, above: Sequence[Row]) -> list[Row]:
        inner = self.rows(path, head.depth + 1, above)
        return [head, *_shortened(inner, above)] if inner else [head]

    def _gives_up(self, patience: Patience | None, depth: int, above: Sequence[Row]) -> list[Row]:
        if patience is None:
            return []
        since = "in this queue" if patience.since == Since.JOINING else f"since {patience.since}"
        head = Row(depth, PATIENCE, since, patience.days)
        if _gives_in(patience.otherwise):
            return [replace(head, label=f"{since}: {INSTEAD}")]
        return self._under(head, patience.otherwise, above)

    def _attempts(self, step: Attempts, depth: int, above: Sequence[Row]) -> list[Row]:
        if step.at_most == 1:
            found = self.rows(step.steps, depth, above)
            if step.otherwise and not _gives_in(step.otherwise):
                found += self._last(step.otherwise, depth, [*above, *found])
            return found
        found = [Row(depth, PARTS, _named(step.name), at_most=step.at_most or 0)]
        found += self.rows(step.steps, depth + 1, above)
        if step.between:
            between = self.rows(step.between, depth + 2, above)
            head = Row(depth + 1, BRANCH, "Before another attempt")
            one = len(between) == 1 and between[0].kind == STAGE
            found += [replace(head, days=between[0].days, most_days=between[0].most_days)] if one else [head, *between]
        return found + (self._last(step.otherwise, depth + 1, [*above, *found]) if step.otherwise else [])

    def _last(self, otherwise: Path, depth: int, above: Sequence[Row]) -> list[Row]:
        """What follows the last failure."""
        if _gives_in(otherwise):
            return [Row(depth, LOSS, f"{INSTEAD}, after the last failure")]
        if len(otherwise) == 1 and isinstance(otherwise[0], End):
            end = otherwise[0]
            told = _ended(end.outcome, end.reason)
            return [Row(depth, END, f"After the last failure: {told.lower()}", outcome=end.outcome)]
        return self._under(Row(depth, BRANCH, "After a failure or too long a wait, instead"), otherwise, above)

    def _choice(self, step: Choose, depth: int, above: Sequence[Row]) -> list[Row]:
        match step.when:
            case Noted(milestone="apheresis") | Flagged(flag="listed"):
                return self.rows(step.otherwise, depth, above)
            case Share(purpose=purpose) if purpose.startswith("toxicity."):
                return [_toxicity(step, depth)]
            case Share(purpose=purpose, share=share):
                return self._by_share(step, _named(purpose), share, depth, above)
            case _:
                return self._ways(step, depth, above)

    def _by_share(self, step: Choose, label: str, share: float, depth: int, above: Sequence[Row]) -> list[Row]:
        if step.then == (Fail(),) and not step.otherwise:
            return [Row(depth, LOSS, label, share=share)]
        if step.otherwise == (Fail(),):
            head = Row(depth, BRANCH, label, share=share)
            return [*self._under(head, step.then, above), Row(depth + 1, LOSS, "others fail", share=1.0 - share)]
        end = step.then[-1] if len(step.then) == 1 else None
        if isinstance(end, End) and not step.otherwise:
            return [Row(depth, END, _ended(end.outcome, end.reason), share=share, outcome=end.outcome)]
        ways = [(label, share, step.then), (NOT_SO.get(label, OTHERS), 1.0 - share, step.otherwise)]
        found: list[Row] = []
        for words, part, path in sorted(ways, key=lambda way: -way[1] if step.then and step.otherwise else 0.0):
            if path:
                told = f"Not so: {label.lower()}" if words == OTHERS and not step.then else words
                found += self._under(Row(depth, BRANCH, told, share=part), path, [*above, *found])
        return found

    def _ways(self, step: Choose, depth: int, above: Sequence[Row]) -> list[Row]:
        """Ways by what is known of the patient, or of who serves them; one way where all are told alike."""
        ways = list(_chain(step))
        inner = [self.rows(path, depth, above) for _, path in ways]
        longest = max(inner, key=len)
        if [row.kind for row in longest] == [STAGE]:  # who does not come to it has it for no time
            inner = [rows or [replace(longest[0], days=0.0)] for rows in inner]
        alike = [[(row.depth, row.kind, row.label) for row in rows] for rows in inner]
        if all(one == alike[0] for one in alike):
            return [_ranged(rows) for rows in zip(*inner, strict=True)]
        found: list[Row] = []
        for words, path in ways:
            if len(path) == 1 and isinstance(path[0], End):
                found += self.rows(path, depth, above)
            elif path:
                found += self._under(Row(depth, BRANCH, words), path, [*above, *found])
        return found


def _chain(step: Choose) -> Iterator[tuple[str, Path]]:
    """The ways of choices that follow each other on something known, each with its words."""
    yield _known(step), step.then
    inner = step.otherwise
    if len(inner) == 1 and isinstance(inner[0], Choose) and type(inner[0].when) is type(step.when):
        yield from _chain(inner[0])
    else:
        yield OTHERS, inner


def _known(step: Choose) -> str:
    match step.when:
        case Flagged(flag=flag):
            kind, _, name = flag.partition("/")
            return FLAGS[kind].format(name) if kind in FLAGS else flag.replace("_", " ").capitalize()
        case ServedBy(resource=resource):
            return f"Made by {resource.partition('/')[2]}"
        case OnUnit(first=first, last=last):
            return f"On unit {first}" + (f" to {last}" if last > first else "")
        case Noted(milestone=milestone):
            return f"After {milestone.replace('_', ' ')}"
        case _:
            return "Whose disease has progressed"


def _ranged(rows: Sequence[Row]) -> Row:
    """Rows that are told alike as one, with the least and the most of their numbers."""
    days = [row.days for row in rows if row.days is not None]
    most_days = [row.days if row.most_days is None else row.most_days for row in rows if row.days is not None]
    shares = [row.share for row in rows if row.share is not None]
    most_shares = [row.share if row.most_share is None else row.most_share for row in rows if row.share is not None]
    return replace(
        rows[0],
        days=min(days, default=None),
        most_days=_more([d for d in most_days if d is not None], min(days, default=0.0)),
        share=min(shares, default=None),
        most_share=_more([s for s in most_shares if s is not None], min(shares, default=0.0)),
    )


def _more(most: Sequence[float], least: float) -> float | None:
    return max(most) if most and max(most) > least else None


def _toxicity(step: Choose, depth: int) -> Row:
    """An event of toxicity in all its grades, as the share of patients who have it in any."""
    free, at = 1.0, step
    while isinstance(at.when, Share):
        free *= 1.0 - at.when.share
        inner = at.otherwise[0] if len(at.otherwise) == 1 else None
        if not isinstance(inner, Choose):
            break
        at = inner
    assert isinstance(step.when, Share)
    event = step.when.purpose.removeprefix("toxicity.").partition("/")[0]
    name = {"crs": "Cytokine release syndrome"}.get(event, event.replace("_", " ").capitalize())
    return Row(depth, BRANCH, name, share=1.0 - free)


def _shortened(rows: list[Row], above: Sequence[Row]) -> list[Row]:
    """The rows, with what stands above already, row for row, told as that."""

    def key(row: Row, base: int) -> Row:
        return replace(row, depth=row.depth - base)

    base = min((row.depth for row in rows), default=0)
    for shift in sorted({row.depth for row in above} or {base}):
        match = SequenceMatcher(
            None, [key(row, shift) for row in above], [key(row, base) for row in rows], autojunk=False
        )
        blocks = [b for b in match.get_matching_blocks() if b.size >= LEAST_REPEATED]
        if not blocks:
            continue
        kept, at = list[Row](), 0
        for block in blocks:
            repeated = rows[block.b : block.b + block.size]
            last = next((row for row in reversed(repeated) if row.kind in (STAGE, QUEUE)), repeated[-1])
            till = "on" if repeated[-1].kind == END else f"to {_quoted(last)}"
            words = f"As above, from {_quoted(repeated[0])} {till}"
            kept += [*rows[at : block.b], Row(base, ABOVE, words)]
            at = block.b + block.size
        return [*kept, *rows[at:]]
    return rows


def _quoted(row: Row) -> str:
    return row.label[:1].lower() + row.label[1:] if not row.label[1:2].isupper() else row.label


def _gives_in(path: Path) -> bool:
    """Whether who comes here leaves this way for another that is told where the two meet."""
    return bool(path) and isinstance(path[-1], Fail) and all(isinstance(s, Milestone | Fail) for s in path)


def _ended(outcome: str, reason: str) -> str:
    return ENDS.get((outcome, reason)) or OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())


def _named(name: str) -> str:
    """The words of a name in the path; those of one maker, product, centre or batch are those of all."""
    base = name.partition("/")[0]
    return LABELS.get(base) or input_label(base)
