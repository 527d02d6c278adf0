"""The closed vocabulary of steps from which every pathway is built.

A pathway is a tuple of steps in the order in which they happen to a patient (or to an allogeneic lot). It is data:
both engines run it, and the flow diagram, the touch time and the offered loads are read off it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sim.pure.distributions import Distribution
from sim.pure.hours import Hours


@dataclass(frozen=True)
class UntilSlotStart:
    """A duration that lasts until the start day of the slot that the patient holds (0 when it is past)."""

    slots: str


class OnLeave(StrEnum):
    """What happens to work under way when its patient leaves."""

    STOP = "stop"
    FINISH_STAGE = "finish_stage"
    FINISH = "finish"


@dataclass(frozen=True)
class Stage:
    """An interval in which nothing is contended. `name` is also the purpose of its draws.

    With `hours`, it starts and counts time as they say, and the attempt under way fails where they say it is lost.
    With `since`, a milestone, it began on that day and has run beside what came between: only what is left of it is
    waited for, and nothing where it is over. A milestone that has not been passed is now.
    One that would take longer than `at_most` days fails when these are over.
    """

    name: str
    duration: Distribution | UntilSlotStart
    hours: Hours | None = None
    since: str = ""
    at_most: float = math.inf


class Since(StrEnum):
    """From when patience counts."""

    JOINING = "joining"
    LISTING = "listing"
    REFERRAL = "referral"


@dataclass(frozen=True)
class Patience:
    """Who still waits `days` after `since` leaves the queue for good and goes on with `otherwise`.

    A grant at the same instant comes first; so does leaving by a clock.
    """

    days: float
    since: Since
    otherwise: Path


@dataclass(frozen=True)
class Use:
    """Queue for units of a resource by its policy, hold them for the inner steps, give them back.

    `rejoin`: a later Use of the same resource by the same patient queues with the key of the first. With `patience`,
    the inner steps are left out when it runs out. `ready`: a milestone that must have been passed when a dated slot
    starts; a slot for which it comes too late is lost at its start, and another one asked for on the day of the
    milestone, in the old place of the queue. `at_once`: a booking for now and
    for so many days, not for after the stage ahead of it and for as long as others.
    `held`: units that the patient has on the first day already; they need not be free, and nobody comes before; a
    booking, for the day noted as `ready`.
    """

    resource: str
    steps: Path
    units: int = 1
    rejoin: bool = False
    patience: Patience | None = None
    ready: str = ""
    at_once: float | None = None
    held: bool = False


@dataclass(frozen=True)
class Draw:
    """Take one dose from a stock for good; wait when there is none, as long as there is patience."""

    stock: str
    patience: Patience | None = None


@dataclass(frozen=True)
class Supply:
    """Put the doses of this lot on the shelf of a stock."""

    stock: str


@dataclass(frozen=True)
class Share:
    """True for this share of patients, by a pre-drawn uniform of the given purpose."""

    purpose: str
    share: float


@dataclass(frozen=True)
class Noted:
    """True once the patient has passed a milestone."""

    milestone: str


@dataclass(frozen=True)
class Flagged:
    """True for patients who carry a flag of the cohort: what is known of them at referral."""

    flag: str


@dataclass(frozen=True)
class ServedBy:
    """True for patients whom this resource served the last time they were on a list for any of several."""

    resource: str


@dataclass(frozen=True)
class OnUnit:
    """True for whoever holds a unit of this resource whose number lies from `first` to `last`."""

    resource: str
    first: int
    last: int


@dataclass(frozen=True)
class Progressed:
    """True for a patient whose disease has progressed by now."""


Condition = Share | Noted | Flagged | ServedBy | OnUnit | Progressed


@dataclass(frozen=True)
class Choose:
    """A branch on a pre-drawn uniform against a share, or on a named condition."""

    when: Condition
    then: Path
    otherwise: Path = ()


@dataclass(frozen=True)
class Attempts:
    """Repeat `steps` until they pass without a `Fail`, at most `at_most` times (None: without limit).

    `between` happens before each further attempt, `otherwise` after the last failure. Attempts of one `name` count
    on: each begun attempt of a patient has a number of its own, and draws of its own.
    """

    name: str
    steps: Path
    at_most: int | None
    between: Path = ()
    otherwise: Path = ()


@dataclass(frozen=True)
class Fail:
    """The attempt under way fails here; what is held inside it is given back."""


@dataclass(frozen=True)
class Branch:
    """One of several paths side by side, and what becomes of it when its patient leaves."""

    steps: Path
    on_leave: OnLeave = OnLeave.STOP


@dataclass(frozen=True)
class Together:
    """Branches run side by side; the step ends when all have, and fails if one of them has failed.

    An `End` in one of several ends the path once all have ended. `slows`: one of them slows the patient's clocks, on a
    day that is not known ahead. The others then look once more on the day on which their patient would have left, and
    go on until the later one.
    """

    branches: tuple[Branch, ...]
    slows: bool = False


@dataclass(frozen=True)
class Aside:
    """What runs beside all that follows, and concerns nobody else: stages, choices by share and milestones.

    The path goes on at once. An `End` in it ends the path on its day, as a clock would; whoever has left by then, has.
    """

    steps: Path


class Then(StrEnum):
    """What follows when a patient progresses."""

    AS_DRAWN = "as_drawn"
    LEAVE = "leave"
    STAY = "stay"


@dataclass(frozen=True)
class AtProgression:
    """From here on a progression takes its patient off the path: as the hazards say, always, or never.

    `STAY` also means that what was foreseen beside the path no longer ends it.
    """

    then: Then


@dataclass(frozen=True)
class Unless:
    """The steps, unless the disease progresses first.

    Whom a progression takes off while `AtProgression` says that each of them does gives back what they hold and goes
    on with `otherwise` on that day, on which they stay whatever the disease does.
    """

    steps: Path
    otherwise: Path


@dataclass(frozen=True)
class Hazard:
    """From here on, or after a delay, the patient's clock runs `multiplier` times as fast.

    The multiplier replaces that of an earlier `Hazard` of the same clock. `name` is the purpose of the delay's draws.
    """

    name: str
    clock: str
    multiplier: float
    after: Distribution | None = None


@dataclass(frozen=True)
class Clocks:
    """Switch to another set of hazards, or off (None).

    `anew`: a patient who has progressed may progress again, on a new threshold; the multipliers that came with the
    first progression stay, and all other thresholds go on where they stand.
    """

    hazards: str | None
    anew: bool = False


@dataclass(frozen=True)
class Milestone:
    """Note the day; a later pass of the same milestone replaces it."""

    name: str


@dataclass(frozen=True)
class Return:
    """The patient will be back for the next course, so many days from here; the path goes on at once.

    Who would be back on day `until` or later is not. `name` is the purpose of the draws; an infinite time means never.
    """

    name: str
    after: Distribution
    until: float = math.inf


@dataclass(frozen=True)
class End:
    """The path ends with this outcome, for this reason where there are several."""

    outcome: str
    reason: str = ""


Step = (
    Stage
    | Use
    | Draw
    | Supply
    | Choose
    | Attempts
    | Fail
    | Together
    | Aside
    | AtProgression
    | Unless
    | Hazard
    | Clocks
    | Milestone
    | Return
    | End
)
Path = tuple[Step, ...]
