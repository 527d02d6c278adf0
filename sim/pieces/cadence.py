"""The days on which dated slots are offered."""

from __future__ import annotations

from datetime import date, timedelta

from sim.scenario.opening import WEEKDAYS
from sim.scenario.people import Run


def offer_days(run: Run, every: str, weekday: str) -> tuple[float, ...]:
    """Days since the start on which slots are offered: the first of each calendar month, or a day of each week."""
    last = run.start + timedelta(days=run.warm_up + run.window + run.follow_up)
    day = run.start
    if every == "week":
        day += timedelta(days=(WEEKDAYS.index(weekday) - day.weekday()) % 7)
        dates = [day + timedelta(weeks=k) for k in range((last - day).days // 7 + 1)]
    else:
        months = range(day.year * 12 + day.month - 1, last.year * 12 + last.month)
        dates = [date(month // 12, month % 12 + 1, 1) for month in months]
    return tuple(float((d - run.start).days) for d in dates if d >= run.start)
