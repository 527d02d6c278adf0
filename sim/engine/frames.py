"""What encloses the present steps of a walker and hears how they came to their end."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sim.engine.plan import Node, Tries
from sim.pieces.steps import OnLeave

if TYPE_CHECKING:
    from sim.engine.walker import Walker

INFINITY = float("inf")


class Why(IntEnum):
    """Why the frames are unwound."""

    ONWARD = 0
    LEFT = 1
    FAILED = 2
    ENDED = 3


ONWARD, LEFT, FAILED, ENDED = Why


class Trying:
    """The frame of attempts: begins the next one after a failure, until one passes or none are left."""

    __slots__ = ("between", "outer", "tried", "tries")

    def __init__(self, tries: Tries, outer: int) -> None:
        self.tries, self.outer = tries, outer
        self.tried = 0
        self.between = False

    def begin(self, walker: Walker) -> Node | None:
        """The first node of the attempt that begins now."""
        walker.attempt = walker.world.next_attempt(walker, self.tries.name)
        self.tried += 1
        self.between = False
        return self.tries.steps

    def close(self, walker: Walker, why: Why, after: Node | None) -> tuple[Node | None, Why]:
        """What follows the end of an attempt, or of the time between two; `after`: the node after all attempts."""
        if self.between and why == ONWARD:
            walker.stack.append((after, self))
            return self.begin(walker), ONWARD
        if why == FAILED and not self.between and walker.leaves > walker.day:
            if self.tried != self.tries.at_most:
                self.between = True
                walker.stack.append((after, self))
                return self.tries.between, ONWARD
            walker.attempt = self.outer
            return self.tries.otherwise, ONWARD
        walker.attempt = self.outer
        # a product whose patient has left is not tried again
        return after, LEFT if why == FAILED and not self.between else why


class Shield:
    """The frame of a single branch: its walker goes on as the product when its patient leaves, as the branch says."""

    __slots__ = ("cut", "stage_bound")

    def __init__(self, walker: Walker, on_leave: OnLeave) -> None:
        self.cut, self.stage_bound = walker.cut, walker.stage_bound
        walker.cut = walker.leaves if on_leave == OnLeave.STOP else INFINITY
        walker.stage_bound = on_leave == OnLeave.FINISH_STAGE

    def close(self, walker: Walker, why: Why, after: Node | None) -> tuple[Node | None, Why]:
        """Without a product of its own to care for, the walk ends if the patient has left."""
        walker.cut = min(self.cut, walker.leaves) if self.cut < INFINITY else self.cut
        walker.stage_bound = self.stage_bound
        return after, LEFT if why == ONWARD and walker.cut <= walker.day else why
