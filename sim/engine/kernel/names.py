"""The words of the kernel as numbers: operations, states, and the columns of its tables. No numba here."""

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

# Operations, and the columns of their table.
OPERATION_NAMES = (
    "STAGE", "SLOT_STAGE", "USE", "DRAW", "SUPPLY", "CHOOSE", "NOTED", "FLAGGED", "PROGRESSION_NOTED", "JUMP",
    "ATTEMPTS", "FAIL", "SHIELD", "TOGETHER", "HAZARD", "CLOCKS", "MILESTONE", "RETURN", "END", "LOT_END", "CLOSE",
    "DONE",
)
(STAGE, SLOT_STAGE, USE, DRAW, SUPPLY, CHOOSE, NOTED, FLAGGED, PROGRESSION_NOTED, JUMP, ATTEMPTS, FAIL, SHIELD,
 TOGETHER, HAZARD, CLOCKS, MILESTONE, RETURN, END, LOT_END, CLOSE, DONE) = range(len(OPERATION_NAMES))
CODE, AFTER, PURPOSE, NAME, RESOURCE, UNITS, MODE, MOST, BETWEEN, OTHERWISE, HOURS, PATIENT_SINCE = range(12)
OPERATION_WIDTH = 12
# From when patience counts, where there is any.
NO_PATIENCE, JOINING, LISTING, REFERRAL = range(4)
STOP, FINISH_STAGE, FINISH = range(3)

# Why the frames of a walker are unwound.
ONWARD, LEFT, FAILED, ENDED = range(4)
# Where in its operation a walker goes on after a meeting with the clock.
FRESH, MET, WAITED, ASKED, GIVING, STARTING, BACK, LOSING = range(8)

# Walkers: whole numbers, days; frames.
(PC, PART, WHY, ATTEMPT, HOLDING, STAGE_BOUND, PARENT, OUT, KIND, ENTITY, KEYS, DEPTH, REQUEST, BRANCH,
 BRANCH_FAILED) = range(15)
WALKER_WIDTH = 15
DAY, LEAVES, CUT, BRANCHED, QUEUES_BY = range(5)
WALKER_DAYS = 5
FRAME_OP, FRAME_REQUEST, FRAME_OUTER, FRAME_TRIED, FRAME_BETWEEN, FRAME_BOUND = 0, 1, 1, 2, 3, 1

# Requests.
WHO, POOL, WANTED_UNITS, STATE, SLOT, OF_KIND, OF_ENTITY, ENTRY = range(8)
REQUEST_WIDTH = 8
ASKED_DAY, BEGAN, ENDED_DAY, LAPSES, RANK, KEY_DAY = range(6)
REQUEST_DAYS = 6
WAITING, GRANTED, LAPSED, GAVE_UP = range(4)

# Pools.
(OF_RESOURCE, CENTRE, POOL_KIND, UNLIMITED, POLICY, IN_USE, DUE, QUEUED, TICKETS, FREE_SLOTS, FREE_ROWS, OFFERS,
 OFFER_DAYS, PER_OFFER, CARRY_OVER, BATCHES, ON_HAND, PLANNED, WANTED, LOTS_BEGUN, WITHDRAWALS, KEEPS_PLACE) = range(22)
POOL_WIDTH = 22
LIMIT, LEAD, NOTICE, LOT_RANK, SUPPLIED, CHAIN_SUPPLIED = range(6)
POOL_NUMBERS = 6
CAPACITY, CADENCE, STOCK = range(3)
FIRST_COME = -1  # other policies are numbered from 0
PER_DAY, AT_PROGRESSION = 0, 1
# Entries of a queue: (rank, key day), (order of the entity, ticket, request).
RANKED, KEYED = 0, 1
ENTRY_ORDER, ENTRY_TICKET, ENTRY_REQUEST = range(3)

# Slots.
SLOT_POOL, HOLDER, HANDED_BACK, IS_FREE, NEXT_SLOT = range(5)
SLOT_WIDTH = 5
OFFERED, START, PERISHED, CLOSES, WITHDRAWS, WITHDRAWN = range(6)
SLOT_DAYS = 6

# Batches of doses on a shelf; lots; doses that expired.
EXPIRES, PLACE, DOSES = range(3)
LOT_STARTED, LOT_READY, LOT_FAILED, LOT_CHAIN = range(4)
LOT_WIDTH = 4
EXPIRED_ON, EXPIRED_DOSES, EXPIRED_AT = range(3)

# Draws of further attempts: where they are, by purpose and by entity.
FORESEEN, VALUES = range(2)
HOW_MANY, BEFORE = range(2)

# What may happen, and the tasks under way: (task, who, how many, whether one of them is under way).
PRIORITY, TICKET, WHAT, SUBJECT = range(4)
(WALK, LAPSE, GIVE_UP, RANK_JUMP, COME_BACK, CHANGE, OFFER, PERISHING, WITHDRAWING, EXPIRING, ORDERING, CHECKING,
 SERVE, BEGIN_LOTS, ORDER_AGAIN) = range(15)
TASK, TASK_OF, TASK_COUNT, TASK_BEGUN, TASK_CHAIN = range(5)
TASK_WIDTH = 5

# Hours: where the intervals of each table are, and how many (what is always open has no table); an interval.
ALWAYS = -1
OPEN_AT, OPEN_COUNT, COUNT_AT, COUNT_COUNT, LOSS_AT, LOSS_COUNT, FIT = range(7)
HOURS_WIDTH = 7
OPENS, SHUTS = 0, 1

# Clocks: what is real and what is whole of each patient; delayed changes; knots of a hazard table.
ORIGIN, SINCE, ELIGIBILITY, PROGRESSED_DAY, USED, FACTOR, THRESHOLD, GROUP, ANEW_THRESHOLD, ANEW_ELIGIBILITY = (
    0, 1, 2, 3, 4, 7, 10, 13, 16, 17,
)
CLOCK_WIDTH = 18
TOUCHED, CLOCK_SET, PROGRESSED, CHANGES, PROGRESSES = range(5)
CLOCK_STATE_WIDTH = 5
FROM_DAY, OF_CLOCK, FACTOR_BY = range(3)
KNOT_DAY, KNOT_HAZARD, KNOT_RATE = range(3)

# Counters (whole numbers) and days of the run.
(HEAP, TICKETS_GIVEN, TASKS, TURNS, BUSY, REQUESTS, LONGEST, NEXT_ROW, FREE_ROW, SLOTS, LOTS, EXPIRIES, STAGES,
 ARRIVED, ARRIVING, MEASURED, RUNNING, TRACED, STOCK_POOL, SHELVES, REORDERS, ORDER_AT, ORDER_UP_TO, DOSES_PER_LOT,
 LOT_PATH, LATER_PATH, FIRST_COURSES, INFUSION, LISTED, NEED_PURPOSE, NEED_NAME, NEED_ATTEMPT, NEED_KIND, NEED_ENTITY,
 FIRST_SET, PATIENTS, MOST_GIVEN_BACK, NEXT_PATIENT) = range(38)
COUNTERS = 38
TODAY, SHELF_LIFE, ORDER_EVERY, NEXT_CHECK, CHECK_EVERY, FOLLOW_UP, NEXT_ARRIVAL = range(7)
DAYS_OF_RUN = 7

# What an operation answers: the walker goes on, or it stops here for now; above 0 it needs something first.
PARTED, GO_ON = -1, 0
# What the kernel returns: it is through, it needs something, or it cannot go on.
(THROUGH, MORE_DRAWS, MORE_HEAP, MORE_TASKS, MORE_WALKERS, MORE_REQUESTS, MORE_QUEUE, MORE_SHELF, MORE_LOTS,
 MORE_EXPIRIES, MORE_STAGES, MORE_CHANGES, NO_SLOT, TOO_MANY, LOTS_WITHOUT_END, ORDERS_WITHOUT_END) = range(16)
MOST_ATTEMPTS = MOST_RETURNS = 1_000
INSTANT_DAYS = 1.0 / 86_400.0  # time that moves on by less than this does not move on
ROOM = 16  # the most rows that one turn of the kernel's loop adds to the heap (but for slots) or to the tasks
