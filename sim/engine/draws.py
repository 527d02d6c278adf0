"""The draws of a batch of replications as the kernel reads them: first attempts of all, later ones of some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.columns import days_or_chances
from sim.engine.foresight import decisions, foreseen
from sim.engine.kernel.rows import Purpose, blank, copied
from sim.engine.kernel.tables import Draws
from sim.pieces.protocol import drawn, draws_by_attempts
from sim.pieces.steps import Path
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.distributions import Distribution

# (purposes, entities, attempt of each) -> uniforms of shape (purposes, entities)
Ask = Callable[[tuple[str, ...], IntArray, IntArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Purposes:
    """What patients, or lots, draw for, and how they come to further attempts.

    `numbers`: by name, among the purposes of all kinds. `rules`: of those that are not the same for all. `decisions`:
    of the path of each course. `families`: by attempts, the purposes that are drawn in them and nowhere else.
    """

    numbers: Mapping[str, int]
    rules: Mapping[str, Distribution | float]
    decisions: tuple[Path, ...]
    families: Mapping[str, tuple[str, ...]]


def purposes_of(paths: Sequence[Path], first: int) -> Purposes:
    """What is drawn for on the paths of all courses, numbered from `first`."""
    steps = tuple(step for path in paths for step in path)
    every = drawn(steps)
    rules = {name: rule for name, rule in every.items() if isinstance(rule, float) or not rule.is_fixed}
    attempts: dict[str, set[str]] = {name: set() for name in rules}
    for purpose, name in draws_by_attempts(steps):
        if purpose in attempts:
            attempts[purpose].add(name)
    families: dict[str, tuple[str, ...]] = {}
    for purpose, names in attempts.items():
        (name, *others) = names
        if name and not others:
            families[name] = (*families.get(name, ()), purpose)
    numbers = {name: first + place for place, name in enumerate(every)}
    return Purposes(numbers, rules, tuple(decisions(path) for path in paths), families)


def no_draws(fixed: FloatArray) -> Draws:
    """Nothing drawn yet; `fixed`: the value of each purpose where that is the same for all, else -1."""
    purposes = blank(Purpose, len(fixed))
    purposes["fixed"], purposes["foreseen"] = fixed, -1
    return Draws(
        purposes=purposes,
        later=np.full((len(fixed), 0), -1, dtype=np.int64),
        foreseen=np.empty((2, 0), dtype=np.int64),
        values=np.empty(0),
    )


def with_first(
    draws: Draws,
    purposes: Purposes,
    walkers: Sequence[IntArray],
    flags: Mapping[str, BoolArray],
    chances: FloatArray,
    ask: Ask,
    width: int | None = None,
) -> Draws:
    """With the first attempts of everybody, and the later ones that they are foreseen to come to.

    `walkers`: the entities on the path of each course, numbered from 0 on over all of them. `chances`: the uniforms of
    first attempts, shape (purposes, entities); `ask`: for those of later ones. `width`: how many entities each
    replication has; unless said, the kernel numbers them as they are numbered here.
    """
    count, names = sum(len(who) for who in walkers), tuple(purposes.rules)
    by_name = dict(zip(names, chances, strict=True))

    def chance(purpose: str, who: IntArray, attempt: IntArray) -> FloatArray:
        found: FloatArray = ask((purpose,), who, attempt)[0] if attempt.any() else by_name[purpose].take(who)
        return found

    begun = foreseen(tuple(zip(purposes.decisions, walkers, strict=True)), count, flags, chance)
    drawn, attempts, rows = copied(draws.purposes), draws.later.copy(), [draws.foreseen]
    length, row = len(draws.values), draws.foreseen.shape[1]
    numbers = [purposes.numbers[name] for name in names]
    attempts[numbers], drawn["foreseen"][numbers] = -1, -1  # of fewer entities, where there were any
    drawn["first"][numbers] = length + count * np.arange(len(names))
    drawn["width"][numbers] = count if width is None else width
    blocks = [(names, chances)]
    length += chances.size
    for name, family in purposes.families.items():
        if name not in begun or begun[name].max(initial=0) < 2:
            continue
        later = np.maximum(begun[name] - 1, 0)
        before = np.cumsum(later) - later
        who = np.repeat(np.arange(count), later)
        blocks.append((family, ask(family, who, 1 + np.arange(len(who)) - before[who])))
        rows.append(np.stack([later, before]))
        for place, purpose in enumerate(family):
            its = drawn[purposes.numbers[purpose]]
            its["foreseen"], its["later"] = row, length + place * len(who)
        row, length = row + count, length + len(family) * len(who)
    return draws._replace(
        purposes=drawn,
        later=attempts,
        foreseen=np.concatenate(rows, axis=1),
        values=_with_values(draws.values, purposes, blocks),
    )


def with_attempt(draws: Draws, purposes: Purposes, purpose: int, attempt: int, ask: Ask, count: int) -> Draws:
    """With an attempt (not the first) that was not foreseen, for everybody (`count`): of a purpose, and of those drawn
    with it.

    Who comes so far often goes on: as many attempts again are drawn at once.
    """
    name = next(name for name, number in purposes.numbers.items() if number == purpose)
    names = next((family for family in purposes.families.values() if name in family), (name,))
    numbers = [purposes.numbers[name] for name in names]
    attempts = np.arange(attempt, max(attempt + 1, 2 * attempt))
    later = np.full((len(draws.later), max(draws.later.shape[1], attempts[-1])), -1, dtype=np.int64)
    later[:, : draws.later.shape[1]] = draws.later
    blocks = np.arange(len(names) * len(attempts)).reshape(len(names), len(attempts))
    later[np.ix_(np.array(numbers), attempts - 1)] = len(draws.values) + count * blocks
    chances = ask(names, np.tile(np.arange(count), len(attempts)), np.repeat(attempts, count))
    values = _with_values(draws.values, purposes, [(names, chances)])
    return draws._replace(later=later, values=values)


def _with_values(
    before: FloatArray, purposes: Purposes, blocks: Sequence[tuple[tuple[str, ...], FloatArray]]
) -> FloatArray:
    """Values, and behind them the days and chances of blocks of purposes, one purpose after the other."""
    found, end = np.empty(len(before) + sum(chances.size for _, chances in blocks)), len(before)
    found[:end] = before
    for names, chances in blocks:
        for name, row in zip(names, chances, strict=True):
            found[end : end + len(row)] = days_or_chances(purposes.rules[name], row)
            end += len(row)
    return found
