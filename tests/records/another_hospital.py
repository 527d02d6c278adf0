"""A hospital that is not simulated by this program: plain numpy, day by day, and unlike the model in what matters.

Patients share a frailty between all their clocks; death comes ever faster; who is about to progress leaves for another
therapy far more often; supply changes half-way; and a fifth of the dates are not in the register. Nothing is imported
from the simulator, so that no mistake can stand on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
NEVER = np.inf
RISK = {"standard": (0.65, 0.8), "high": (0.35, 1.3714285714)}
REFERRED = {"north": 0.6, "coast": 0.4}
# In the order of the path.
MILESTONES = (
    "referral", "listing", "slot", "apheresis", "collected", "received_at_factory", "manufacturing", "manufactured",
    "released", "product_received", "lymphodepletion", "infusion", "discharge",
)  # fmt: skip


@dataclass(frozen=True)
class Hospital:
    """What is unlike the model, each of which can be turned off.

    `frailty`: variance of a gamma of mean 1 that multiplies all hazards; `rising`: shape of the Weibull of death, 1
    for a constant hazard; `switching`: how many times as likely somebody is to leave in the 30 days before they
    progress; `slots`: a week, before and after the change; `missing`: the share of dates not in the register.
    """

    a_month: float = 12.5
    days: int = 1030
    change_on: int = 665
    slots: tuple[int, int] = (2, 3)
    frailty: float = 0.5
    rising: float = 1.6
    switching: float = 8.0
    missing: float = 0.2
    progression: tuple[float, float] = (0.0065, 0.0052)
    death: float = 0.0016
    removal: float = 0.0008
    after_progression: Mapping[str, float] = field(default_factory=lambda: {"death": 4.0, "removal": 2.0})
    ends_eligibility: float = 0.25
    bridged: float = 0.6
    bridging: float = 0.5


@dataclass(frozen=True, eq=False)
class Course:
    """What happened to each patient, in days: NaN for what never did."""

    milestones: Mapping[str, FloatArray]
    progression: FloatArray
    bridging: FloatArray
    end: FloatArray
    outcome: NDArray[np.object_]
    region: NDArray[np.object_]
    risk: NDArray[np.object_]
    exposure: Mapping[str, float]

    @property
    def infused(self) -> BoolArray:
        return np.isfinite(self.milestones["infusion"])


def live(hospital: Hospital, seed: int) -> Course:
    """The patients of one hospital from day 0 to the last day.

    `exposure`: of each clock, events and days at risk, each day weighed by what multiplies the hazard but the frailty:
    so that events over days are the rate that an infinite register of this kind would tell.
    """
    luck = np.random.default_rng(seed)
    h, days = hospital, hospital.days
    count = int(luck.poisson(h.a_month * days / 30.4375))
    referral = np.sort(luck.uniform(0.0, days, count))
    region = luck.choice(list(REFERRED), count, p=list(REFERRED.values())).astype(object)
    high = luck.random(count) < RISK["high"][0]
    risk = np.where(high, "high", "standard").astype(object)
    of_risk = np.where(high, RISK["high"][1], RISK["standard"][1])
    z = luck.gamma(1.0 / h.frailty, h.frailty, count) if h.frailty > 0.0 else np.ones(count)

    def gamma(mean: float, shape: float) -> FloatArray:
        return luck.gamma(shape, mean / shape, count)

    def lognormal(median: float, sigma: float) -> FloatArray:
        return median * np.exp(sigma * luck.standard_normal(count))

    listing = referral + lognormal(14.0, 0.5)
    bridged = luck.random(count) < h.bridged
    stops = luck.random(count) < h.ends_eligibility
    # when they would progress if nothing else came, in hazard lived through
    to_progress = luck.exponential(size=count)
    lasts = {
        "collected": np.ones(count),
        "received_at_factory": gamma(4.0, 5.0),
        "manufacturing": np.zeros(count),
        "manufactured": 16.0 * luck.weibull(3.0, count),
        "released": 7.0 + lognormal(9.0, 0.7),
        "product_received": gamma(5.0, 4.0),
        "lymphodepletion": np.full(count, 3.0),
        "infusion": np.full(count, 5.0),
        "discharge": lognormal(14.0, 0.45),
    }
    hour = luck.uniform(8.0, 16.0, count) / 24.0
    day_of = {name: np.full(count, NEVER) for name in MILESTONES}
    day_of["referral"], day_of["listing"] = referral, listing
    end, outcome = np.full(count, NEVER), np.full(count, "", dtype=object)
    progressed, lived = np.full(count, NEVER), np.zeros(count)
    kinds = ("progression", "death", "removal")
    exposure = {f"{stage}.{kind}": np.zeros(2) for stage in ("waiting", "after") for kind in kinds}
    scale = 120.0 / (120.0 * h.death) ** (1.0 / h.rising)

    for today in range(days):
        _give_slots(h, today, day_of, end, lasts, hour)
        here = (referral <= today) & (end > today) & (day_of["infusion"] > today)
        after = day_of["apheresis"] <= today
        free = progressed > today
        begun = day_of["apheresis"] + 7.0
        slowed = np.where(bridged & (begun <= today), h.bridging, 1.0)
        rate = np.where(after, h.progression[1], h.progression[0]) * of_risk * slowed
        now = here & free
        soon = now & (to_progress - lived < 30.0 * rate * z)
        lived = np.where(now, lived + rate * z, lived)
        new = now & (lived >= to_progress)
        since = today - referral
        rising = ((np.maximum(since, 0.0) + 1.0) / scale) ** h.rising - (np.maximum(since, 0.0) / scale) ** h.rising
        by_death = of_risk * np.where(free, 1.0, h.after_progression["death"])
        by_removal = of_risk * np.where(free, 1.0, h.after_progression["removal"])
        dies = here & (luck.random(count) < 1.0 - np.exp(-rising * by_death * z))
        leaves = h.removal * by_removal * np.where(soon, h.switching, 1.0) * z
        goes = here & ~dies & (luck.random(count) < 1.0 - np.exp(-leaves))
        clock = today + luck.random(count)
        for name, who, at_risk in (
            ("progression", new, np.where(now, of_risk * slowed, 0.0)),
            ("death", dies, np.where(here, by_death, 0.0)),
            ("removal", goes, np.where(here, by_removal, 0.0)),
        ):
            for stage, those in (("waiting", ~after), ("after", after)):
                exposure[f"{stage}.{name}"] += [float((who & those).sum()), float(at_risk[those].sum())]
        progressed = np.where(new, clock, progressed)
        for who, word in ((dies, "died"), (goes, "withdrawn"), (new & stops & ~dies & ~goes, "progressed")):
            end, outcome = np.where(who, clock, end), np.where(who, word, outcome)

    infused = day_of["infusion"] < end
    end, outcome = np.where(infused, NEVER, end), np.where(infused, "", outcome)
    last = np.minimum(end, days)
    bridging = np.where(bridged, day_of["apheresis"] + 7.0, NEVER)
    stop_at = np.minimum(np.where(infused, day_of["infusion"], last), days)
    seen = {name: _known(day, np.where(infused, float(days), last)) for name, day in day_of.items()}
    rates = {name: float(events / time) for name, (events, time) in exposure.items()}
    return Course(
        seen, _known(progressed, stop_at), _known(bridging, stop_at), _known(end, np.full(count, float(days))),
        outcome, region, risk, rates,
    )  # fmt: skip


def _give_slots(
    h: Hospital,
    today: int,
    day_of: dict[str, FloatArray],
    end: FloatArray,
    lasts: Mapping[str, FloatArray],
    hour: FloatArray,
) -> None:
    """On each seventh day the first on the list get the slots of the week; the rest of their path follows from it."""
    if today % 7:
        return
    ready = day_of["listing"] + 5.0
    waiting = np.flatnonzero((ready <= today) & (day_of["slot"] == NEVER) & (end > today))
    first = waiting[np.argsort(ready[waiting], kind="stable")][: h.slots[0] if today < h.change_on else h.slots[1]]
    day = today + hour[first]
    day_of["slot"][first], day_of["apheresis"][first] = day, day + 7.0
    day = day + 7.0
    for name, duration in lasts.items():
        day = day + duration[first]
        day_of[name][first] = day


def _known(day: FloatArray, last: FloatArray) -> FloatArray:
    return np.where(day < last, day, np.nan)


def register(hospital: Hospital, seed: int, began: int, start: pd.Timestamp) -> pd.DataFrame:
    """What the hospital's register holds on its last day, as text: who was there on the day `began`, or came later."""
    course = live(hospital, seed)
    luck = np.random.default_rng([seed, 1])
    last = np.where(course.infused, course.milestones["infusion"], np.nan_to_num(course.end, nan=NEVER))
    there = last >= began
    count = int(there.sum())

    def written(day: FloatArray, missing: float) -> list[str]:
        kept = np.isfinite(day[there]) & (luck.random(count) >= missing)
        dates = [start + pd.Timedelta(days=int(d)) if k else None for d, k in zip(day[there], kept, strict=True)]
        return ["" if date is None else f"{date:%Y-%m-%d}" for date in dates]

    columns: dict[str, list[str]] = {"Patient": [f"Person {k}" for k in range(count)]}
    share = {"referral": 0.0}
    columns |= {n: written(d, share.get(n, hospital.missing)) for n, d in course.milestones.items()}
    columns |= {"progression": written(course.progression, hospital.missing)}
    columns |= {"bridging": written(course.bridging, hospital.missing)}
    columns["end"] = written(course.end, hospital.missing)
    columns["outcome"] = np.where(course.infused, "infused", course.outcome)[there].tolist()
    columns |= {"region": course.region[there].tolist(), "risk_group": course.risk[there].tolist()}
    return pd.DataFrame(columns)
