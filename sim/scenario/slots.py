"""The section about dated slots that a manufacturer offers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.kinds import Days, Whole
from sim.scenario.lists import SLOTS
from sim.scenario.opening import WEEKDAYS, Weekday
from sim.scenario.people import Run, Steps
from sim.scenario.section import Section


class Slots(Section):
    """Dated slots that the manufacturer offers."""

    count: Annotated[Steps | None, SLOTS] = Field(
        None,
        description="Slots at each offer; may change by date. Required unless every centre has `slots` of its own.",
    )
    every: Literal["month", "week", "day"] = Field(description="month | week | day")
    scope: Literal["centre", "pool"] = Field(
        "centre", description="centre: `count` for each centre. pool: `count` for all together."
    )
    weekday: Weekday = Field("mon", description="Day of the week of the offers; with every: week.")
    lead: Annotated[float, Days()] = Field(0.0, description="Time from the offer of a slot to its start.")
    carry_over: Annotated[int, Whole()] = Field(0, description="Offers that an unclaimed slot stays open for.")
    notice: Annotated[float, Days(word="never")] = Field(
        float("inf"),
        description="A slot given back at least this long before its start is offered again, or never.",
    )
    claimed: Literal["before_apheresis", "at_receipt"] = Field(
        "before_apheresis",
        description="before_apheresis: collection waits for a slot. at_receipt: cells wait frozen at the factory.",
    )
    after_failed_collection: Literal["keep", "forfeit"] = Field(
        "keep", description="What becomes of the slot when a collection fails: keep | forfeit"
    )
    withdrawn_by: Literal["closures", "cuts", "nothing"] = Field(
        "closures",
        description="Which slots the manufacturer takes back: closures (those whose manufacture would start while "
        "there are no lines) | cuts (also, where there are fewer lines than before, as large a part of the slots) | "
        "nothing",
    )
    after_withdrawal: Literal["keep_place", "rebook"] = Field(
        "keep_place",
        description="Where who held such a slot queues again: keep_place (as before it was claimed) | rebook (as of "
        "the day of the withdrawal)",
    )

    def offer_days(self, run: Run) -> tuple[float, ...]:
        """Days since the start on which slots are offered: the first of each calendar month, a day of each week, or
        all."""
        last = run.start + timedelta(days=run.warm_up + run.window + run.follow_up)
        day = run.start
        if self.every == "week":
            day += timedelta(days=(WEEKDAYS.index(self.weekday) - day.weekday()) % 7)
            dates = [day + timedelta(weeks=k) for k in range((last - day).days // 7 + 1)]
        elif self.every == "day":
            dates = [day + timedelta(days=k) for k in range((last - day).days + 1)]
        else:
            months = range(day.year * 12 + day.month - 1, last.year * 12 + last.month)
            dates = [date(month // 12, month % 12 + 1, 1) for month in months]
        return tuple(float((d - run.start).days) for d in dates if d >= run.start)
