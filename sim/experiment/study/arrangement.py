"""How each scenario organises the therapy, as tables: its path in plain words, and its network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from sim.experiment.runs.replicate import Arm
from sim.pieces.plain_path import ENDS, Row, plain_path
from sim.pieces.protocol import Protocol
from sim.scenario import Scenario
from sim.scenario.makers import contracts, lane, makers
from sim.scenario.people import Steps
from sim.scenario.shared import SHARED_KEYS
from sim.scenario.units import DAYS_PER_UNIT

MONTH = DAYS_PER_UNIT["month"]
Told = tuple[str, str, str, float | None, str, bool]
"""(other, quantity, label, number or None where there is no limit, unit, whether it changes)."""


def pathway(arms: Sequence[Arm]) -> pd.DataFrame:
    """One row a scenario, path and row of it, as `sim.pieces.plain_path` tells it."""
    rows = [
        {
            "scenario": arm.name,
            "course": course,
            "row": place,
            "depth": row.depth,
            "kind": row.kind,
            "label": row.label,
            "days": _number(row.days),
            "most_days": _number(row.most_days),
            "share": _number(row.share),
            "most_share": _number(row.most_share),
            "attempts": _number(row.at_most),
            "outcome": row.outcome,
        }
        for arm in arms
        for course, told in plain_path(arm.protocol)
        for place, row in enumerate((_with_declines(arm.scenario, row) for row in told), start=1)
    ]
    return pd.DataFrame(rows)


def _with_declines(s: Scenario, row: Row) -> Row:
    """The row; of those who will not travel with how many they are, which differs by region and is in no path."""
    if row.label != ENDS["withdrawn", "travel"]:
        return row
    shares = [region.declines for region in s.regions.values()]
    return replace(row, share=min(shares), most_share=max(shares) if max(shares) > min(shares) else None)


def _number(value: float | None) -> float:
    return math.nan if value is None or math.isinf(value) else float(value)


def network(arms: Sequence[Arm]) -> pd.DataFrame:
    """One row a scenario and quantity: of regions, referrals, centres, contracts, manufacturers and the stock."""
    rows = []
    for arm in arms:
        for part, name, (other, quantity, label, value, unit, changes) in _parts(arm.scenario, arm.protocol):
            ends = {"scenario": arm.name, "part": part, "name": name, "other": other}
            told = {"quantity": quantity, "label": label, "estimate": _number(value), "unit": unit, "changes": changes}
            rows.append({**ends, **told})
    return pd.DataFrame(rows)


def _parts(s: Scenario, protocol: Protocol) -> Iterator[tuple[str, str, Told]]:
    for name, region in s.regions.items():
        yield from (("region", name, told) for told in _referred(s, name))
        for centre, part in region.centre.items():
            yield "referral", name, (centre, "share", "Proportion of its patients", part, "share", False)
    asked = {resource.name for resource in protocol.resources}
    for centre in s.centres:
        yield from (("centre", centre, told) for told in _centre(s, centre, asked))
    if s.strategy in ("autologous", "hybrid"):
        yield from _made(s)
    if s.strategy in ("allogeneic", "hybrid"):
        yield from _from_stock(s)


def _in_force(s: Scenario, steps: Steps, times: float = 1.0) -> tuple[float | None, bool]:
    """(what is in force on the day on which measuring begins, None without limit; whether it changes later on)."""
    first, last = s.run.warm_up, s.run.window_end
    at = next((value for day, value in reversed(steps) if day <= first), 0.0)
    changes = any(first < day < last and value != at for day, value in steps)
    return (None if math.isinf(at) else at * times), changes


def _referred(s: Scenario, name: str) -> Iterator[Told]:
    region = s.regions[name]
    if region.referrals is not None:
        rate, changes = _in_force(s, region.referrals, MONTH)
        yield "", "referrals", "Referrals", rate, "patients a month", changes
    if region.referral_days is not None:
        listed = sum(s.run.warm_up <= day < s.run.window_end for day in region.referral_days)
        yield "", "referral_days", "Referrals on given days", listed, "patients while measuring", False
    if region.already_waiting is not None:
        listed = region.already_waiting.count or len(region.already_waiting.since or ())
        yield "", "already_waiting", "On the list on the first day", listed, "patients", False
    if region.declines > 0.0:
        yield "", "declines", "Will not travel", region.declines, "share", False
    if region.travel.mean() > 0.0:
        yield "", "travel", "Travel to the centre", region.travel.mean(), "days", False


def _centre(s: Scenario, centre: str, asked: set[str]) -> Iterator[Told]:
    """What a centre has of what its patients queue for; of what several share, `other` names the ward."""
    units = (("chair", "chairs", "Apheresis chairs"), ("bed", "beds", "Beds"), ("place", "places", "Treatment places"))
    for resource, key, label in (*units, ("icu", "icu", "Intensive-care beds")):
        if resource not in asked:
            continue
        site = s.site(centre, key) if key in SHARED_KEYS.values() else centre
        steps = s.units(site, key) if key in SHARED_KEYS.values() else getattr(s.centres[centre], key)
        yield "" if site == centre else site, key, label, *_counted(s, steps, label)
    made = s.manufacturing
    if made.site == "centre" and s.strategy in ("autologous", "hybrid"):
        own = s.centres[centre].lines
        yield "", "lines", "Manufacturing lines", *_counted(s, made.lines if own is None else own, "lines")


def _counted(s: Scenario, steps: Steps, unit: str) -> tuple[float | None, str, bool]:
    value, changes = _in_force(s, steps)
    return value, unit.lower(), changes


def _made(s: Scenario) -> Iterator[tuple[str, str, Told]]:
    """Contracts of centres, with the days of the lane and their own slots, and what manufacturers have."""
    at_centres = s.manufacturing.site == "centre"
    each = makers(s)
    for centre in s.centres:
        for place, name in enumerate(contracts(s, centre) if "" not in each else ("",), start=1):
            own = each[name]
            there, back = lane(s, name, centre) if name else (s.shipping.to_factory, s.shipping.to_centre)
            yield "contract", centre, (name, "rank", "Preference", float(place), "place", False)
            if not at_centres:
                yield "contract", centre, (name, "to_factory", "To the factory", there.mean(), "days", False)
                yield "contract", centre, (name, "to_centre", "To the centre", back.mean(), "days", False)
            slots = own.manufacturing.slots
            if slots is not None and slots.scope == "centre":
                value, changes = _in_force(s, own.slots_at(centre) or ())
                yield "contract", centre, (name, "slots", "Slots", value, f"slots a {slots.every}", changes)
    for name, own in each.items():
        made = own.manufacturing
        if made.slots is not None and made.slots.scope == "pool":
            value, changes = _in_force(s, made.slots.count or ())
            yield "maker", name, ("", "slots", "Slots", value, f"slots a {made.slots.every}", changes)
        if not at_centres:
            yield "maker", name, ("", "lines", "Manufacturing lines", *_counted(s, made.lines, "lines"))
        if not made.products:
            yield "maker", name, ("", "duration", "Manufacture", made.duration.mean(), "days", False)


def _from_stock(s: Scenario) -> Iterator[tuple[str, str, Told]]:
    """The stock, the lines of its lots and the way of a dose to each centre."""
    stock, lots = s.allogeneic.stock, s.allogeneic.lots
    where = "at each centre" if stock.kept == "at_centres" else "for all centres"
    yield "stock", "", ("", "opening", f"Doses at the start, {where}", float(stock.opening), "doses", False)
    yield "stock", "", ("", "lot", "Doses of a lot", float(stock.doses_per_lot), "doses", False)
    if lots.shared_lines == "never":
        yield "stock", "", ("", "lines", "Lines for lots", *_counted(s, lots.lines, "lines"))
    for centre in s.centres:
        days = s.allogeneic.shipping.duration.mean()
        yield "contract", centre, ("", "dose_to_centre", "A dose to the centre", days, "days", False)
