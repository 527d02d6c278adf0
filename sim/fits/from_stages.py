"""Stages from the days between milestones, and the waits that are checks and no inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.fits import curves
from sim.fits.between import Between, following
from sim.fits.durations import fit_stage, observed
from sim.fits.likelihood import Law, Observed
from sim.fits.numbers import Row, covariances, kept, of_stage
from sim.fits.work import CurveRow, Work
from sim.pieces.protocol import Protocol
from sim.pure.distributions import Distribution
from sim.records.small import LEAST, is_small
from sim.records.value import MILESTONES, Records
from sim.scenario import Scenario

MOST_POINTS = 400
# So large a part of durations may be shorter than the base allows before it is told.
SHORT = 0.02


def fit_all_stages(records: Records, base: Scenario, protocol: Protocol, work: Work, bootstrap: int, seed: int) -> None:
    """Add a stage for each two milestones between which nothing is waited for, and checks for the others."""
    there = [name for name in MILESTONES if name in records.milestones]
    done: set[str] = set()
    for pair in following(there, protocol):
        loss = _loss(base, pair.first) if records.included_at != "referral" else 0.0
        name = f"{pair.first} to {pair.last}"
        # what is no input is looked at whole, with what was made again
        whole = observed(records, replace(pair, repeated=""), loss)
        if pair.stage is None:
            why = f"a wait for {pair.queue}: it comes out of the simulation" if pair.queue else pair.why
            work.checks.append(_check(name, whole, why, pair))
            work.curves += _stage_curve(name, whole, None)
            silent = [path for path in pair.others if _leaf(base, path) is not None]
            work.numbers += [kept(path, f"{name}: {why}") for path in dict.fromkeys(silent)]
            work.warnings += _too_slow(name, whole, pair)
            continue
        path = pair.stage.name
        duration = pair.stage.duration
        assert isinstance(duration, Distribution)
        if why := _not_fitted(pair, path, base, records, done):
            all_of_it = replace(pair, stage=None, others=(*pair.others, path))
            work.checks.append(_check(name, whole, why, all_of_it))
            work.numbers.append(kept(path, why))
            work.warnings += [] if path in done else _too_slow(name, whole, all_of_it)
            continue
        seen = observed(records, pair, loss)
        done.add(path)
        fitted = fit_stage(seen, duration, bootstrap, seed)
        rest = [other for other in pair.others if other != path]
        notes = [f"{name}; with {', '.join(rest)} as in the base" if rest else name]
        if math.isfinite(float(np.min(seen.until, initial=math.inf))):
            notes.append(f"only those who came to {records.included_at} by the extract are in view")
        work.warnings += _already_longer(name, seen, pair, rest)
        work.numbers.append(of_stage(path, fitted, seen, duration, "; ".join(notes)))
        if fitted.status != "base":
            work.curves += _stage_curve(path, seen, fitted.duration)
            work.quantiles += _stage_quantiles(path, seen, fitted.duration)
        if fitted.free is not None:
            names = [f"{path}.{fitted.family}.{parameter}" for parameter, _ in fitted.parameters]
            work.covariance += covariances(names, fitted.free.covariance)


def _not_fitted(pair: Between, path: str, base: Scenario, records: Records, done: set[str]) -> str:
    """Why a stage cannot be fitted although nothing is waited for; "" where it can."""
    if _leaf(base, path) is None:
        return f"{path} is no single number of the scenario"
    if path in done:
        return f"{path} was fitted between two other milestones"
    if pair.repeated and pair.repeated not in records.attempts:
        return f"may be repeated in between (attempts at {pair.repeated}), and the path does not say how often"
    if pair.repeated and f"attempts.{pair.repeated}" not in records.has:
        return f"may be repeated in between: record how often (attempts.{pair.repeated})"
    return ""


def _leaf(base: Scenario, path: str) -> object | None:
    found: object = base
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
        if found is None:
            return None
    return found


def _loss(base: Scenario, first: str) -> float:
    """What takes patients off the path in a stage that begins with this milestone, a day, as the base has it."""
    collected = MILESTONES.index(first) >= MILESTONES.index("apheresis")
    running = (
        base.clocks.after_apheresis if collected and base.clocks.after_apheresis is not None else base.clocks.waiting
    )
    year = np.array([365.0])
    progression = running.progression_alone(base.patients.frailty.strength).hazard(year)
    whole = running.ends_eligibility * progression + running.death.hazard(year) + running.removal.hazard(year)
    return float(whole[0]) / 365.0


def _check(name: str, seen: Observed, why: str, pair: Between) -> Row:
    """What was seen between two milestones, beside what the base would take there if nobody waited."""
    middle = _median(seen) if seen.events else math.nan
    counts: dict[str, Any] = {"n": int(seen.weight.sum()), "events": int(seen.events), "censored": int(seen.censored)}
    return Row(
        name, "check", "", "median", middle, unit="d", base=_without_waiting(pair), **counts,
        truncated=int(seen.truncated), note=why,
    )  # fmt: skip


def _median(seen: Observed) -> float:
    return float(curves.quantiles(curves.kaplan_meier(seen), np.array([0.5]))[0])


def _without_waiting(pair: Between) -> float:
    """The median of what takes time between two milestones, as the base has it, if nobody waits, in days."""
    days, _ = pair.rest()
    return float(np.median(days))


def _too_slow(name: str, seen: Observed, pair: Between) -> Iterator[str]:
    """That the base takes longer than what was seen even if nobody waits, beyond chance: no queue can mend that."""
    if not seen.events:
        return
    curve, least = curves.kaplan_meier(seen), _without_waiting(pair)
    # where nobody is left there is no band: the upper end for none of n is exact (Clopper and Pearson 1934)
    none_left = 1.0 - 0.025 ** (1.0 / seen.events)
    below = curve.day[np.where(curve.share > 0.0, curve.high, none_left) <= 0.5]
    # the upper end of the 95% interval of the median; days are counted whole
    if len(below) and below[0] + 1.0 < least:
        yield (
            f"{name}: a median of {_median(seen):.0f} d in the register, and {least:.0f} d in the base even if nobody "
            f"waits: its durations there ({', '.join(pair.others)}) are too long for this register; write your own, or "
            "vary them in `calibrate`"
        )


def _already_longer(name: str, seen: Observed, pair: Between, rest: Sequence[str]) -> Iterator[str]:
    """That a part of what was seen is shorter than what takes time beside the fitted stage in the base."""
    least, ended = float(pair.rest()[0].min()), seen.high[seen.ended]
    short = int((ended + 1.0 < least).sum())
    if short >= max(LEAST, SHORT * len(ended)):
        part = "nearly all" if is_small(len(ended) - short) else f"{100.0 * short / len(ended):.0f}%"
        yield (
            f"{name}: {part} took less than the {least:.0f} d that {', '.join(rest)} take in the base alone: the "
            "fitted scenario is too slow there; write your own of these, and fit again"
        )


def _stage_curve(path: str, seen: Observed, duration: Distribution | None) -> Iterator[CurveRow]:
    if not seen.events:
        return
    curve = curves.kaplan_meier(seen)
    fitted = np.full(len(curve.day), math.nan) if duration is None else Law(duration, seen).sf(curve.day)
    step = max(1, len(curve.day) // MOST_POINTS)
    yield CurveRow(
        path, "survival", 0.0, 1.0, math.nan, math.nan, int(curve.at_risk[0]), math.nan if duration is None else 1.0
    )
    for k in range(0, len(curve.day), step):
        if curve.day[k] > 0.0:
            yield CurveRow(path, "survival", float(curve.day[k]), float(curve.share[k]), float(curve.low[k]),
                           float(curve.high[k]), int(curve.at_risk[k]), float(fitted[k]))  # fmt: skip


def _stage_quantiles(path: str, seen: Observed, duration: Distribution) -> Iterator[tuple[str, float, float, float]]:
    if not seen.events:
        return
    curve = curves.kaplan_meier(seen)
    shares = np.arange(0.05, 1.0, 0.05)
    law, days = Law(duration, seen), np.arange(-1.0, max(float(curve.day[-1]) * 2.0, 30.0))
    below = law.cdf(days)
    for share, observed_day in zip(shares, curves.quantiles(curve, shares), strict=True):
        if np.isfinite(observed_day) and below[-1] > share:
            yield path, round(float(share), 2), float(observed_day), max(float(np.interp(share, below, days)), 0.0)
