"""A path as a picture in words: an indented outline, and a flow chart in Mermaid's notation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sim.pieces.protocol import Bookings, Protocol
from sim.pieces.returning import PRODUCTS, outlives
from sim.pieces.steps import (
    Aside,
    AtProgression,
    Attempts,
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
    Return,
    ServedBy,
    Share,
    Stage,
    Step,
    Supply,
    Then,
    Together,
    Unless,
    Use,
)
from sim.pure.distributions import Distribution

INDENT = "  "
ON_LEAVE = {
    OnLeave.STOP: "stops when the patient leaves",
    OnLeave.FINISH_STAGE: "finishes its stage when the patient leaves",
    OnLeave.FINISH: "goes on when the patient leaves",
}
AT_PROGRESSION = {
    Then.AS_DRAWN: "who progresses stays or leaves, as the clocks say",
    Then.LEAVE: "who progresses from now on leaves",
    Then.STAY: "who progresses from now on stays",
}


def outline(protocol: Protocol) -> list[str]:
    """The paths of a protocol, one line a step, what is inside a step below it and indented."""
    booked = _booked(protocol)
    lines = ["A patient, from referral on", *_lines(protocol.path, 1, booked)]
    if protocol.later_path:
        lines += ["A patient who returns for a later course", *_lines(protocol.later_path, 1, booked)]
    if protocol.lot_path:
        lines += ["A lot of doses", *_lines(protocol.lot_path, 1, booked)]
    return lines


def _booked(protocol: Protocol) -> dict[str, Bookings]:
    """Bookings, by name."""
    return {resource.name: resource for resource in protocol.resources if isinstance(resource, Bookings)}


def _lines(path: Path, depth: int, booked: Mapping[str, Bookings]) -> Iterator[str]:
    for step in path:
        yield INDENT * depth + _words(step, booked)
        for title, inner in _inside(step):
            if title:
                yield INDENT * (depth + 1) + title
            yield from _lines(inner, depth + (2 if title else 1), booked)


def _inside(step: Step) -> list[tuple[str, Path]]:
    """The paths inside a step, each with the words above it."""
    match step:
        case Use(steps=steps, patience=patience):
            given_up = [("who gives up waiting:", patience.otherwise)] if patience is not None else []
            return [("", steps), *given_up]
        case Draw(patience=patience) if patience is not None:
            return [("who gives up waiting:", patience.otherwise)]
        case Choose(then=then, otherwise=otherwise):
            return [(title, path) for title, path in (("then:", then), ("otherwise:", otherwise)) if path]
        case Attempts(steps=steps, between=between, otherwise=otherwise):
            parts = (("", steps), ("before another attempt:", between), ("after the last failure:", otherwise))
            return [(title, path) for title, path in parts if path]
        case Aside(steps=steps):
            return [("", steps)]
        case Unless(steps=steps, otherwise=otherwise):
            return [("", steps), ("who progresses:", otherwise)]
        case Together(branches=branches):
            return [(f"side by side, {ON_LEAVE[b.on_leave]}:", b.steps) for b in branches]
        case _:
            return []


def _patience(step: Use) -> str:
    """For how long it is waited for; nothing where that is as long as it takes."""
    patience = step.patience
    return "" if patience is None else f" (waiting for {patience.days:g} d at most since {patience.since})"


def _words(step: Step, booked: Mapping[str, Bookings]) -> str:
    match step:
        case Stage(name=name, duration=Distribution() as duration, hours=hours, since=since, at_most=at_most):
            counted = f" from [{since}] on, what is left of it" if since else ""
            counted += f"; the attempt fails after {at_most:g} d" if at_most < math.inf else ""
            return f"{name}: {duration.mean():.3g} d on average{counted}{'' if hours is None else ', in opening times'}"
        case Stage(name=name):
            return f"{name}: until the slot starts"
        case Use(resource=resource, at_once=days) if resource in booked:
            its = booked[resource]
            day = "the day" if its.ahead is None or days is not None else f"the end of {its.ahead.name}"
            days = its.planned if days is None else days
            wait = _patience(step)
            return f"queue for a {its.of} booked ahead{wait}, for {days:g} d from {day} on; with the booking:"
        case Use(resource=resource, units=units, ready=ready):
            wait = _patience(step)
            lost = f", or lose it at its start where [{ready}] is still to come" if ready else ""
            return f"queue for {units if units > 1 else 'one'} {resource}{wait}; hold it{lost} for:"
        case Draw(stock=stock):
            return f"take one dose from the {stock}"
        case Supply(stock=stock):
            return f"put the doses into the {stock}"
        case Choose(when=when):
            return f"if {_condition(when)}"
        case Attempts(name=name, at_most=at_most):
            return f"{name}: {'any number of' if at_most is None else f'at most {at_most}'} attempts at"
        case Fail():
            return "the attempt fails"
        case Together(branches=branches):
            return "the product" if len(branches) == 1 else "all of these"
        case Aside():
            return "beside all that follows"
        case Unless():
            return "unless the disease progresses first:"
        case AtProgression(then=then):
            return AT_PROGRESSION[then]
        case Hazard(name=name, clock=clock, multiplier=multiplier, after=after):
            delay = "from now on" if after is None else f"{after.mean():.3g} d on average after this"
            return f"{name}: {delay} {clock} at {multiplier:g} times its rate"
        case Clocks(hazards=hazards):
            return "the clocks stop" if hazards is None else f"the clocks go on by '{hazards}'"
        case Milestone(name=name):
            return f"[{name}]"
        case Return(name=name, after=after):
            return f"back for a later course after {name}: {after.mean():.3g} d on average"
        case End(outcome=outcome, reason=reason):
            return f"end: {outcome}{f' ({reason})' if reason else ''}"


def _condition(when: Condition) -> str:
    match when:
        case Share(purpose=purpose, share=share):
            return f"{purpose}: {share:.3g} of all"
        case Noted(milestone=milestone):
            return f"[{milestone}] was passed"
        case Flagged(flag=flag) if flag in map(outlives, PRODUCTS):
            return "the patient lives until that relapse"
        case Flagged(flag=flag):
            return f"the patient is of {flag}"
        case ServedBy(resource=resource):
            return f"served by {resource}"
        case OnUnit(resource=resource, first=first, last=last):
            return f"{resource} {first}" + (f" to {last}" if last > first else "") + " is held"
        case _:
            return "the disease has progressed"


@dataclass
class _Chart:
    """A flow chart under construction: node lines, and the loose ends that the next node is tied to."""

    booked: Mapping[str, Bookings]
    lines: list[str] = field(default_factory=list)
    loose: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def node(self, text: str, shape: str = "[]") -> str:
        """A node below all loose ends, which becomes the only one."""
        name = f"n{self.count}"
        self.count += 1
        self.lines.append(f'{name}{shape[0]}"{_escaped(text)}"{shape[1]}')
        for before, label in self.loose:
            self.lines.append(f"{before} -->{f'|{_escaped(label)}|' if label else ''} {name}")
        self.loose = [(name, "")]
        return name

    def path(self, path: Path) -> None:
        """The nodes of a path, one below the other."""
        for step in path:
            self.step(step)

    def step(self, step: Step) -> None:
        """The node of a step, and those inside it."""
        match step:
            case Choose(then=then, otherwise=otherwise):
                name = self.node(_condition(step.when) + "?", "{}")
                self.loose = [(name, "yes")]
                self.path(then)
                ends, self.loose = self.loose, [(name, "no")]
                self.path(otherwise)
                self.loose += ends
            case Aside(steps=steps):
                name = self.node(_words(step, self.booked))
                self.loose = [(name, "beside")]
                self.path(steps)
                self.loose = [(name, "")]
            case Unless(steps=steps, otherwise=otherwise):
                name = self.node(_words(step, self.booked))
                self.path(steps)
                ends, self.loose = self.loose, [(name, "progresses")]
                self.path(otherwise)
                self.loose += ends
            case Together(branches=branches) if len(branches) > 1:
                name, ends = self.node("side by side"), list[tuple[str, str]]()
                for branch in branches:
                    self.loose = [(name, "")]
                    self.path(branch.steps)
                    ends += self.loose
                self.loose = ends
            case End():
                self.node(_words(step, self.booked), "()")
                self.loose = []
            case Fail():
                self.node("attempt fails", "()")
                self.loose = []
            case Use(resource=resource, steps=steps) if resource in self.booked:
                self.node(f"book a {self.booked[resource].of} ahead")
                self.path(steps)
            case Use(resource=resource, steps=steps):
                self.node(f"queue for {resource}", "[]")
                self.path(steps)
                self.loose = [(name, label or f"{resource} given back") for name, label in self.loose]
            case _:
                if not isinstance(step, Together | Clocks | Hazard | AtProgression):
                    self.node(_words(step, self.booked))
                for title, inner in _inside(step):
                    if not title or isinstance(step, Together):
                        self.path(inner)


def mermaid(protocol: Protocol) -> str:
    """The patient's path as a flow chart that Mermaid draws; attempts and held units are named, not looped."""
    chart = _Chart(_booked(protocol))
    chart.node("referral", "()")
    chart.path(protocol.path)
    return "\n".join(["flowchart TD", *(INDENT + line for line in chart.lines)]) + "\n"


def _escaped(text: str) -> str:
    """Text in quotes inside a chart: quotes and brackets in names of scenarios stay text."""
    return "".join(f"#{ord(c)};" if c in '"<>&|#;`' else c for c in text)
