"""The tables of a forecast, and what of them would tell of a few patients of the register, which is suppressed.

Only what is counted of patients of the register can tell of them: where they stand today, and the part of a forecast
that is theirs. Of those who are yet to be referred nothing is told but where both together would give the part away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.ahead.months import Months
from sim.experiment.ahead.simulate import Courses
from sim.outcomes.ahead import GROUPS, QUANTITIES, RESOURCES
from sim.records.small import LEAST, suppressed
from sim.scenario.in_progress import INFUSED, STATES, UnderWay
from sim.tables.words import counted

QUANTILES = (5, 25, 50, 75, 95)
NAMES = tuple(f"p{p}" for p in QUANTILES)
STATE_WORDS = {
    "referral": "Referred, in work-up",
    "listing": "Listed",
    "slot": "With a slot",
    "apheresis": "In apheresis",
    "collected": "Cells on their way to the factory",
    "received_at_factory": "Cells at the factory",
    "manufacturing": "In culture",
    "manufactured": "In release testing",
    "released": "Product on its way to the centre",
    "product_received": "Product at the centre",
    "lymphodepletion": "In lymphodepletion",
    "infusion": "Infused, in hospital",
}


def forecast_table(found: Courses, names: Sequence[str], months: Months) -> pd.DataFrame:
    """`forecast.csv`."""
    means = found.by_month.mean(axis=0)
    # whole patients stay whole
    quantiles = np.quantile(found.by_month, [p / 100.0 for p in QUANTILES], axis=0, method="inverted_cdf")
    most = found.by_month.max(axis=0)
    rows = []
    for q, name in enumerate(names):
        for g, group in enumerate(GROUPS):
            for month in range(1, months.count + 1):
                at = q, list(GROUPS).index("register"), month - 1
                few = group != "all" and most[at] > 0.0 and means[at] < LEAST
                numbers = [means[q, g, month - 1], *quantiles[:, q, g, month - 1]]
                rows.append(
                    {
                        "quantity": name,
                        "label": QUANTITIES[name],
                        "group": group,
                        "month": month,
                        "first_day": months.first(month).isoformat(),
                        "last_day": months.last(month).isoformat(),
                        "unit": "beds" if name in RESOURCES else "patients",
                        **dict(zip(("mean", *NAMES), [np.nan] * 6 if few else numbers, strict=True)),
                    }
                )
    return pd.DataFrame(rows)


def below_table(daily: NDArray[np.int32], below: int, months: Months) -> pd.DataFrame:
    """`forecast_below.csv`: the first day on which fewer than so many are on the way."""
    under = daily < below
    first = np.where(under.any(axis=1), under.argmax(axis=1), np.inf)
    days = np.quantile(first, [p / 100.0 for p in QUANTILES], method="inverted_cdf")
    there = np.isfinite(days)
    dates = [(months.start + timedelta(days=int(day))).isoformat() if np.isfinite(day) else None for day in days]
    return pd.DataFrame(
        {
            "below": below,
            "probability": float(np.isfinite(first).mean()),
            "quantile": NAMES,
            "day": np.where(there, days, np.nan),
            "date": dates,
        }
    )


def today_table(patients: Sequence[UnderWay]) -> pd.DataFrame:
    """`forecast_today.csv`: how many are where, small numbers and what would tell them suppressed."""
    counts = Counter(one.state for one in patients)
    found = [counts[state] for state in STATES]
    return pd.DataFrame(
        {
            "state": STATES,
            "label": [STATE_WORDS[state] for state in STATES],
            "patients": pd.array(suppressed(found), dtype="Int64"),
        }
    )


def few(count: int) -> str:
    """A number of patients of the register, in words where it is small."""
    return f"fewer than {LEAST} patients" if count < LEAST else counted(count, "patient")


def individual_table(found: Courses, patients: Sequence[UnderWay], months: Months) -> pd.DataFrame:
    """`forecast_individual.csv`: everybody who is yet to be infused, in the order of the register."""
    frames = []
    for k, one in enumerate(sorted(patients, key=lambda one: one.row)):
        if one.state == INFUSED:
            continue
        for month in range(1, months.count + 1):
            end = months.edges[month]
            frames.append(
                {
                    "row": one.row,
                    "month": month,
                    "last_day": months.last(month).isoformat(),
                    "infused": float((found.infused_day[:, k] < end).mean()),
                    "left": float((found.left_day[:, k] < end).mean()),
                }
            )
    return pd.DataFrame(frames, columns=["row", "month", "last_day", "infused", "left"])
