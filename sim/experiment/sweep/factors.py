"""What a sweep varies: one path of the scenario and the values that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.scenario.amounts import AMOUNT, Amount, amount
from sim.scenario.kinds import Kind, read_alone
from sim.scenario.leaves import is_whole_at, marker_at
from sim.scenario.nodes import Leaf, Node, parse_yaml, walk
from sim.scenario.nodes import plain as plain_value
from sim.scenario.problems import any_of, show
from sim.scenario.units import DAYS_PER_UNIT, UNIT_OF_SPELLING
from sim.tables.words import counted

MOST_LEVELS = 10_000
VALUES = "values with commas between them, such as 4,8,12, or FROM:TO:STEP, such as 4:20:2"


@dataclass(frozen=True)
class Factor:
    """One path and its values, as texts: `levels` in order, or every value from `low` to `high`.

    `base`: the value where another factor is varied; None for the scenario's own.
    """

    path: str
    levels: tuple[str, ...] = ()
    low: Amount | None = None
    high: Amount | None = None
    base: str | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """The first and the last value."""
        if self.low is None or self.high is None:
            return self.levels[0], self.levels[-1]
        return self.low.text(), self.high.text()

    def at(self, share: float) -> str:
        """The value at a share of the way from the first to the last; whole numbers where the scenario wants them."""
        if self.low is None or self.high is None:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        low, high = self.low.number, self.high.number
        if is_whole_at(tuple(self.path.split("."))) and low == int(low) and high == int(high):
            return Amount(min(low + int(share * (high - low + 1)), high), self.low.unit).text()
        return Amount(low + share * (high - low), self.low.unit).text()


def plain(factor: Factor) -> dict[str, object]:
    """The factor as a manifest has it."""
    return {
        "path": factor.path,
        "levels": list(factor.levels),
        "low": None if factor.low is None else factor.low.text(),
        "high": None if factor.high is None else factor.high.text(),
        "base": factor.base,
    }


def from_plain(found: Mapping[str, Any]) -> Factor:
    """The factor that `plain` gave."""
    low, high = (None if found[end] is None else amount(found[end]) for end in ("low", "high"))
    return Factor(str(found["path"]), tuple(found["levels"]), low, high, found["base"])


def number_of(text: str) -> float | str:
    """What tables show of a value: days, events per day, a plain number; else the text itself."""
    found = AMOUNT.fullmatch(text)
    if found is None:
        return text
    number, unit = float(found[1]), found[2].removeprefix("/").removeprefix("per").strip()
    if not found[2]:
        return number
    if (known := UNIT_OF_SPELLING.get(unit.casefold())) is None:
        return text
    days = DAYS_PER_UNIT[known]
    return number * days if unit == found[2] else number / days


def unit_of(texts: Sequence[str]) -> str:
    """The unit in which `number_of` gives these values: days, per day, or none."""
    units = {found[2] for text in texts if (found := AMOUNT.fullmatch(text)) is not None}
    if not units or units == {""}:
        return ""
    return "per day" if all(unit.startswith(("/", "per")) for unit in units) else "days"


def in_one_unit(*amounts: Amount) -> list[Amount]:
    """The amounts in the one unit that some of them may leave out; a ValueError where they have several."""
    units = list(dict.fromkeys(a.unit for a in amounts if a.unit))
    if len(units) > 1:
        raise ValueError(f"found the units {any_of(units)}; allowed: one unit for all of them")
    return [Amount(a.number, units[0] if units else "") for a in amounts]


def between(path: str, low: Amount, high: Amount, step: Amount | None = None) -> Factor:
    """The factor from one value to another, at each step where one is given; a ValueError where they do not fit."""
    low, high, *steps = in_one_unit(low, high, *([step] if step is not None else []))
    if not low.number < high.number:
        raise ValueError(f"found {low.text()} to {high.text()}; allowed: from a lower value to a higher one")
    if not steps:
        return Factor(path, (), low, high)
    if steps[0].number <= 0.0:
        raise ValueError(f"found the step {steps[0].text()}; allowed: a step above 0")
    # a hair more, so that 0.1:0.3:0.1 has its 0.3
    count = int((high.number - low.number) / steps[0].number + 1e-9) + 1
    if count > MOST_LEVELS:
        raise ValueError(f"found {counted(count, 'value')}; allowed: at most {MOST_LEVELS}")
    levels = [Amount(low.number + k * steps[0].number, low.unit).text() for k in range(count)]
    return Factor(path, tuple(levels), low, high)


def parse_factor(text: str) -> Factor:
    """The factor of `PATH=A,B,C`, `PATH=FROM:TO:STEP` or `PATH=FROM:TO`; a ValueError that says what is allowed."""
    path, separator, values = text.partition("=")
    path = path.strip()
    if not separator or not path or not values.strip():
        raise ValueError(f"found {show(text)}; allowed: PATH=VALUES, with {VALUES}")
    parts = split(values, ":")
    if len(parts) in (2, 3) and all(AMOUNT.fullmatch(part) for part in parts):
        low, high, *step = [amount(part) for part in parts]
        return between(path, low, high, *step)
    levels = tuple(part.strip() for part in split(values, ","))
    if not all(levels):
        raise ValueError(f"found {show(values)}; allowed: {VALUES}")
    require_different(path, levels)
    return Factor(path, levels)


def one_by_one(factor: Factor) -> Factor:
    """The factor with its values one by one; a range without a step has those of its whole numbers, where it has any.

    A ValueError where what lies between the ends has no end.
    """
    if factor.levels or factor.low is None or factor.high is None:
        return factor
    ends = factor.low, factor.high
    if not is_whole_at(tuple(factor.path.split("."))) or any(end.number != int(end.number) for end in ends):
        told = f"{ends[0].text()} to {ends[1].text()} without a step"
        raise ValueError(f"found {told}; allowed: FROM:TO:STEP, or the values one by one")
    return between(factor.path, *ends, Amount(1.0, factor.low.unit))


def require_values(node: Node | None) -> None:
    """A ValueError where a value that is to be varied, or a part of it, is null or left empty."""
    inner = [] if node is None else [node, *(found for _, _, found in walk(node))]
    if any(isinstance(found, Leaf) and found.value is None for found in inner):
        raise ValueError("found null, which removes a value; allowed: values; null is for files and for --set")


def require_different(path: str, levels: Sequence[str]) -> None:
    """A ValueError where two of the texts are one value of the scenario, however they are written: 7d, 1wk, 168h."""
    seen: dict[str, str] = {}
    for level in levels:
        value = _meant(path, level)
        if value in seen:
            same = f", which is the same as {show(seen[value])}" if seen[value] != level else " twice"
            raise ValueError(f"found {show(level)}{same}; allowed: each value once")
        seen[value] = level


def _meant(path: str, text: str) -> str:
    """What a text stands for at a path, the same for all its spellings; of one that is not allowed, the text itself."""
    node, problems = parse_yaml(text, path, numbered=False)
    require_values(node)
    marker = marker_at(tuple(path.split(".")))
    if node is None or problems:
        return text
    if isinstance(marker, Kind):
        try:
            return repr(read_alone(marker, plain_value(node)))
        except ValueError:
            return text
    number = number_of(text)
    # 7d is neither 7 nor 7 / d; twelve digits, so that a month and its days are the same
    return repr((unit_of([text]), f"{number:.12g}" if isinstance(number, float) else " ".join(number.split())))


def split(text: str, separator: str) -> list[str]:
    """The text in parts, not cut inside brackets or quotes."""
    parts, depth, quote = [""], 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        else:
            depth += (c in "[{(") - (c in ")}]")
        if c == separator and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return parts
