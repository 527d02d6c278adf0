"""Which attempts an entity comes to by its own draws: known before the run, whatever else happens in it.

A path is walked here by all patients (or lots) at once, without time: only draws against shares, and flags, decide.
What the run alone decides (a queue, a clock, a shut-down) is taken not to make an attempt fail. So who is foreseen to
come to an attempt may never do so, and the other way round; draws that were not foreseen are made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sim.pieces.protocol import walk_steps
from sim.pieces.steps import Attempts, Choose, End, Fail, Flagged, Path, Progressed, Share, Step, Together, Unless, Use
from sim.pure.arrays import BoolArray, FloatArray, IntArray

# So many attempts are foreseen at the most; who goes on failing asks for the others one by one.
MOST_FORESEEN = 16
# (purpose, entities, attempt of each) -> uniforms
Chances = Callable[[str, IntArray, IntArray], FloatArray]


def decisions(path: Path) -> Path:
    """A path without what decides nothing about attempts; what runs side by side comes one after the other."""
    found: list[Step] = []
    for step in path:
        match step:
            case Fail() | End():
                found.append(step)
            case Attempts():
                steps, between, otherwise = decisions(step.steps), decisions(step.between), decisions(step.otherwise)
                found.append(replace(step, steps=steps, between=between, otherwise=otherwise))
            case Choose() if any(isinstance(inner, Attempts | Fail) for inner in walk_steps((step,))):
                found.append(replace(step, then=decisions(step.then), otherwise=decisions(step.otherwise)))
            case Unless() if any(isinstance(inner, Attempts | Fail) for inner in walk_steps((step,))):
                found.append(Choose(Progressed(), decisions(step.otherwise), decisions(step.steps)))
            case Use():
                found += decisions(step.steps)
            case Together():
                for branch in step.branches:
                    found += decisions(branch.steps)
            case _:
                pass
    return tuple(found)


def foreseen(
    walks: Sequence[tuple[Path, IntArray]], count: int, flags: Mapping[str, BoolArray], chances: Chances
) -> dict[str, IntArray]:
    """How many attempts every one of `count` entities is foreseen to begin, by name of the attempts.

    `walks`: the `decisions` of each path, and who walks it.
    """
    walk = _Foresight(count, flags, chances)
    for path, who in walks:
        if path:
            walk.along(path, who, True)
    return walk.begun


class _Foresight:
    """Everybody on their way: attempts begun by name, and the attempt that each is in."""

    def __init__(self, count: int, flags: Mapping[str, BoolArray], chances: Chances) -> None:
        self.begun: dict[str, IntArray] = {}
        self._attempt = np.zeros(count, dtype=np.int64)
        self._flags = flags
        self._chances = chances

    def along(self, path: Path, who: IntArray, certain: bool) -> tuple[IntArray, IntArray]:
        """(who comes through, who fails). `certain`: whether it was draws alone that led here."""
        lost: list[IntArray] = []
        for step in path:
            if not len(who):
                break
            match step:
                case Fail():
                    return _NOBODY, _all([*lost, who] if certain else lost)
                case End():
                    return _NOBODY, _all(lost)
                case Attempts():
                    who, failed = self._try(step, who)
                    lost.append(failed)
                case Choose():
                    who, failed = self._choose(step, who)
                    lost.append(failed)
        return who, _all(lost)

    def _places(self, who: IntArray) -> IntArray | slice:
        """Where the numbers of these stand: nobody is there twice, and all of them need not be looked up."""
        return slice(None) if len(who) == len(self._attempt) else who

    def _choose(self, step: Choose, who: IntArray) -> tuple[IntArray, IntArray]:
        match step.when:
            case Share(purpose=purpose, share=share):
                holds = self._chances(purpose, who, self._attempt.take(who)) < share
            case Flagged(flag=flag):
                holds = self._flags[flag][who]
            case _:  # both ways may be gone
                on, lost = self.along(step.then, who, False)
                other, lost_too = self.along(step.otherwise, who, False)
                return _all([on, other], len(who)), _all([lost, lost_too], len(who))
        on, lost = self.along(step.then, who[holds], True)
        other, lost_too = self.along(step.otherwise, who[~holds], True)
        return _all([on, other]), _all([lost, lost_too])

    def _try(self, step: Attempts, who: IntArray) -> tuple[IntArray, IntArray]:
        begun = self.begun.setdefault(step.name, np.zeros_like(self._attempt))
        outer = self._attempt[self._places(who)].copy()
        through: list[IntArray] = []
        lost: list[IntArray] = []
        trying = who
        for tried in range(1, MOST_FORESEEN + 1):
            places = self._places(trying)
            self._attempt[places] = begun[places]
            begun[places] += 1
            on, trying = self.along(step.steps, trying, True)
            through.append(on)
            if tried == step.at_most or not len(trying):
                break
            trying, given_up = self.along(step.between, trying, True)
            lost.append(given_up)
        self._attempt[self._places(who)] = outer
        if tried == step.at_most:
            on, failed = self.along(step.otherwise, trying, True)
            through.append(on)
            lost.append(failed)
        return _all(through, len(who)), _all(lost, len(who))


_NOBODY = np.empty(0, dtype=np.int64)


def _all(groups: Sequence[IntArray], most: int | None = None) -> IntArray:
    """Everybody who is in one of the groups; `most`: how many there can be, where one may be in several."""
    there = [group for group in groups if len(group)]
    if not there:
        return _NOBODY
    together = there[0] if len(there) == 1 else np.concatenate(there)
    return together if most is None or len(together) <= most else np.unique(together)
