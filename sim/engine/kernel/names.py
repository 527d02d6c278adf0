"""The words of the kernel as numbers: operations, states, phases, and what it answers. No numba here."""

from __future__ import annotations

import math

# Laid out by hand: tuples of names keep to a few lines.
# fmt: off

INFINITY, NAN = math.inf, math.nan
PATIENT, LOT = 0, 1
DEATH, PROGRESSION, REMOVAL = 0, 1, 2

# The phases of one instant, as in `timeline.Phase`.
ORDER_BITS = 44
CLOCK, COMPLETION, EXPIRY = 1 << ORDER_BITS, 2 << ORDER_BITS, 3 << ORDER_BITS
DELIVERY, ARRIVAL, PATIENCE = 4 << ORDER_BITS, 5 << ORDER_BITS, 7 << ORDER_BITS
PERISH, CHECK = 8 << ORDER_BITS, 9 << ORDER_BITS

# Operations; those that choose one of two ways stand together, from CHOOSE to PROGRESSION_NOTED.
OPERATION_NAMES = (
    "STAGE", "SLOT_STAGE", "USE", "DRAW", "SUPPLY", "CHOOSE", "NOTED", "FLAGGED", "SERVED_BY", "ON_UNIT",
    "PROGRESSION_NOTED", "JUMP", "ATTEMPTS", "FAIL", "SHIELD", "TOGETHER", "ASIDE", "UNLESS", "AT_PROGRESSION",
    "HAZARD", "CLOCKS", "MILESTONE", "RETURN", "END", "END_BY_THEN", "LOT_END", "CLOSE", "DONE",
)
(STAGE, SLOT_STAGE, USE, DRAW, SUPPLY, CHOOSE, NOTED, FLAGGED, SERVED_BY, ON_UNIT, PROGRESSION_NOTED, JUMP, ATTEMPTS,
 FAIL, SHIELD, TOGETHER, ASIDE, UNLESS, AT_PROGRESSION, HAZARD, CLOCKS, MILESTONE, RETURN, END, END_BY_THEN, LOT_END,
 CLOSE, DONE) = range(len(OPERATION_NAMES))
# From when patience counts, where there is any.
NO_PATIENCE, JOINING, LISTING, REFERRAL = range(4)
# What a branch does when its patient leaves.
STOP, FINISH_STAGE, FINISH = range(3)
# What follows when a patient progresses, and what then stands in the place of the uniform of eligibility.
AS_DRAWN, LEAVE, STAY = range(3)
LEAVES, STAYS = -1.0, 2.0

# Why the frames of a walker are unwound.
ONWARD, LEFT, FAILED, ENDED = range(4)
# Where in its operation a walker goes on after a meeting with the clock.
FRESH, MET, WAITED, ASKED, GIVING, STARTING, BACK, LOSING, LOOKED = range(9)

# Requests; kinds of pools; the policy that is numbered before all others.
WAITING, GRANTED, LAPSED, GAVE_UP = range(4)
CAPACITY, CADENCE, STOCK, BOOKING, ANY_OF = range(5)
FIRST_COME = -1
# The count of intervals where it is always open.
ALWAYS = -1

# Draws of further attempts, by entity.
HOW_MANY, BEFORE = range(2)

# What may happen, and the tasks under way.
(WALK, LAPSE, GIVE_UP, RANK_JUMP, COME_BACK, CHANGE, OFFER, PERISHING, WITHDRAWING, EXPIRING, ORDERING, CHECKING,
 LOOKING, LEARNING, TURNED_ROUND, UNIT_OUT, SERVE, BEGIN_LOTS, ORDER_AGAIN) = range(19)

# What an operation answers: the walker goes on, or it stops here, for now or until the clock has come to its day;
# above 0 it needs something first.
MEETS, PARTED, GO_ON = -2, -1, 0
# What the kernel returns: it is through, it needs something, or it cannot go on.
(THROUGH, MORE_DRAWS, MORE_HEAP, MORE_TASKS, MORE_WALKERS, MORE_REQUESTS, MORE_QUEUE, MORE_SHELF, MORE_LOTS,
 MORE_EXPIRIES, MORE_STAGES, MORE_CHANGES, MORE_USES, NO_SLOT, TOO_MANY, LOTS_WITHOUT_END,
 ORDERS_WITHOUT_END) = range(17)
MOST_ATTEMPTS = MOST_RETURNS = 1_000
INSTANT_DAYS = 1.0 / 86_400.0  # time that moves on by less than this does not move on
ROOM = 16  # the most rows that one turn of the kernel's loop adds to the heap (but for slots) or to the tasks
