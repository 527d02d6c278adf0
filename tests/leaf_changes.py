"""Every single value of a scenario, and valid values that it may be changed to: one rule for each kind of value.

A leaf is a scalar of the resolved scenario: a number, a word, or one number inside a distribution, a list or a map by
date. What goes with others is changed together with them: shares that sum to 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args, get_origin

from sim.scenario import Loaded, lists, opening, people
from sim.scenario.clock_values import Clock
from sim.scenario.kinds import WORD, Days, Number, Text, Whole
from sim.scenario.leaves import marker_at, values
from sim.scenario.lists import COUNTED, RATES
from sim.scenario.named import OrWord
from sim.scenario.opening import WEEKDAYS
from sim.scenario.units import UNIT_OF_SPELLING, parse_days, parse_rate

Path = tuple[str, ...]
Resolved = dict[str, Any]

_DAYS = re.compile(rf"[0-9.e+-]+ ({'|'.join(UNIT_OF_SPELLING)})")
_RATE = re.compile(rf"[0-9.e+-]+ / ({'|'.join(UNIT_OF_SPELLING)})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What stands for "without limit" is changed to a value that binds.
BINDING = {"frozen": ["1 h", "12 h"], "unlimited": ["5 d", "60 d"], "never": ["0 d", "20 d"], "from_start": ["0 d"]}


@dataclass(frozen=True)
class Change:
    """One leaf with the values that are tried for it, in this order, each as `PATH=VALUE` settings.

    `inside`: where within the value at `path` the scalar stands.
    """

    path: Path
    inside: tuple[str | int, ...]
    old: Any
    ways: tuple[tuple[str, ...], ...]

    @property
    def is_word(self) -> bool:
        """Whether one word is changed to another, which need not be allowed in this scenario."""
        return bool(self.inside) and str(self.inside[0]).startswith("(")

    @property
    def name(self) -> str:
        """The leaf as dotted text."""
        return ".".join(str(step) for step in (*self.path, *self.inside))


def changes(loaded: Loaded) -> Iterator[Change]:
    """A change of each leaf, in the order of the schema; a choice of several words has one for each other word."""
    for value in values(loaded.scenario):
        kind = marker_at(value.path)
        if kind is WORD and isinstance(value.plain, str):
            for word in _words(loaded.scenario, value.path):
                if word != value.plain:
                    setting = (_setting(value.path, word), *_beside(value.path, word))
                    yield Change(value.path, (f"({word})",), value.plain, (setting,))
        else:
            for change in _of_value(value.path, kind, value.plain, loaded.resolved):
                # a name of which there is only one, a share of a single group
                if change.ways:
                    yield change


def _beside(path: Path, word: str) -> tuple[str, ...]:
    """What a word needs beside it."""
    if path == ("waiting_list", "policy") and word == "score":
        return ('waiting_list.score={"waiting_day": 0.1, "progressed": 20}',)
    if path[-1] == "shared_lines":
        return (_setting(("allogeneic", "stock", "kept"), "at_centres"),)
    if path[0] == "disruptions" and word in ("bed", "place", "icu"):
        return (_setting((*path[:-1], "work"), "finish"),)
    return ()


def _words(section: Any, path: Path) -> tuple[str, ...]:
    """The words that are allowed at a path."""
    for key in path[:-1]:
        section = section[key] if isinstance(section, Mapping) else getattr(section, _field(section, key)[0])
    annotation = _field(section, path[-1])[1].annotation
    forms = (annotation, *get_args(annotation))
    return next(get_args(form) for form in forms if get_origin(form) is Literal)


def _field(section: Any, key: str) -> tuple[str, Any]:
    """(attribute, field) of a key of a section."""
    return next((n, f) for n, f in type(section).model_fields.items() if key == (f.alias or n))


def _of_value(path: Path, kind: Any, plain: Any, resolved: Resolved) -> Iterator[Change]:
    match kind:
        case Number(low=0.0, high=1.0) if path[-1] == "share":
            yield Change(path, (), plain, tuple(_shares(path, plain, resolved)))
        case people.SHARES_BY_NAME:
            names = resolved["patients"]["risk_groups"] if path[-1] == "risk_groups" else resolved["centres"]
            yield _change(path, (), plain, list(_others(plain, names)))
        case Text() if path[-1] in ("calendar", "centre"):
            names = resolved["calendars" if path[-1] == "calendar" else "centres"]
            yield _change(path, (), plain, [name for name in names if name != plain])
        case lists.NAME_LIST if path[0] == "shared":
            news = [list(resolved["centres"]), plain[:-1]]
            yield _change(path, (), plain, [new for new in news if new != plain and len(new) > 1])
        case lists.NAME_LIST:
            groups = list(resolved["patients"]["risk_groups"])
            yield _change(path, (), plain, [[g for g in groups if g not in plain], groups])
        case opening.DAYS_OF_WEEK:
            yield from _listed(path, plain, [day for day in WEEKDAYS if day not in plain])
        case Clock() if plain == "never":
            yield _change(path, (), plain, [{"exponential": {"rate": "0.05 / d"}}])
        case OrWord():
            yield _change(path, (), plain, [{"count": 4, "every": "month"}, {"count": 1, "every": "month"}])
        case _ if isinstance(plain, dict | list):
            yield from _inside(path, kind, plain)
        case _:
            yield _change(path, (), plain, _scalar(kind, plain))


def _change(path: Path, inside: tuple[str | int, ...], old: Any, news: Sequence[Any]) -> Change:
    return Change(path, inside, old, tuple((_setting(path, new),) for new in news))


def _setting(path: Path, value: Any) -> str:
    return f"{'.'.join(path)}={json.dumps(value)}"


# -- scalars ---------------------------------------------------------------------------------------------------------


def _scalar(kind: Any, value: Any) -> list[Any]:
    """Other values of a scalar, the first wanted first; not all need to be valid where it stands."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return _text(kind, value)
    match kind:
        case Number(low=0.0, high=1.0):
            return [1, 0.9, 0.5] if value < 0.5 else [0, 0.1, 0.5]
        case Number(low=-1.0, high=1.0):
            return [1 - value, -value]
        case Number(low=low) if low < 0.0:
            return [-value, value + 10] if value else [2, -2]
        case Number():
            return [2 * value, value / 2, 100 * value] if value else [1, 1000]
        case Whole():
            return [value + 1, max(value - 1, 0), 2 * value]
        case _ if kind in COUNTED:
            return [value + 1, max(value - 1, 0), 0, 1]
        case _:
            # the last for a mean of what is at most 1, which others may have to be below
            return [2 * value, value / 2, (1 + value) / 2] if value else [1]


def _text(kind: Any, value: str) -> list[Any]:
    if _RATE.fullmatch(value):
        rate = parse_rate(value)
        return [f"{3 * rate} / d", f"{rate / 3} / d"] if rate else ["0.05 / d", "0.5 / d"]
    if _DAYS.fullmatch(value):
        days = parse_days(value)
        others = (3 * days, days / 3, 10 * days, days + 1, days / 100) if days else (3, 30, 0.5)
        return [f"{other} d" for other in others]
    if _DATE.fullmatch(value):
        return [(date.fromisoformat(value) + timedelta(days=shift)).isoformat() for shift in (3, -3, 45)]
    if kind in COUNTED or isinstance(kind, Whole):
        return [1, 0]
    if isinstance(kind, Days):
        return list(BINDING[value])
    # what follows the last row of a survival table
    return [{"never": "last_rate", "last_rate": "never"}[value]] if value in ("never", "last_rate") else []


# -- values with several scalars ------------------------------------------------------------------------------------


def _inside(path: Path, kind: Any, plain: Any) -> Iterator[Change]:
    """A change of each scalar in a distribution, a clock, a list or a map by date; the whole value is set."""
    for inside, old in _scalars(plain):
        if inside[-3:-2] == ("table",):
            yield from _in_table(path, plain, inside, old)
            continue
        if path == ("uncertainty",):
            entry = {inside[0]: plain[inside[0]]}
            yield _change(path, inside, old, [_with(entry, inside, new) for new in _scalar(None, old)])
            continue
        news = _clocktime(old, inside) if kind is opening.HOURS else _scalar(_kind_inside(kind), old)
        yield _change(path, inside, old, [_with(plain, inside, new) for new in news])
    if isinstance(plain, dict) and (kind in COUNTED or kind is RATES):
        for key in list(plain)[1:]:
            ways = [f"{parse_days(key) * times} d" for times in (1.5, 0.5, 3)]
            yield _change(path, (f"({key})",), key, [{w if k == key else k: e for k, e in plain.items()} for w in ways])


def _kind_inside(kind: Any) -> Any:
    return kind if kind in COUNTED else None


def _in_table(path: Path, plain: Any, inside: tuple[str | int, ...], old: Any) -> Iterator[Change]:
    """A change of a day or a survival in a table, to the middle of its neighbours; the first row cannot be another."""
    *_, row, column = inside
    rows = plain
    for step in inside[:-2]:
        rows = rows[step]
    if row == 0:
        return
    before, after = rows[row - 1][column], rows[row + 1][column] if row + 1 < len(rows) else None
    if column == 0:
        last = parse_days(old) * 2 if after is None else parse_days(after)
        news: list[Any] = [f"{(parse_days(old) + last) / 2} d", f"{(parse_days(before) + parse_days(old)) / 2} d"]
    else:
        news = [(old + (old / 2 if after is None else after)) / 2, (before + old) / 2]
    yield _change(path, inside, old, [_with(plain, inside, new) for new in news])


def _clocktime(old: str, inside: tuple[str | int, ...]) -> list[str]:
    hour = parse_days(old) * 24.0
    return [f"{(hour + 24 * (inside == (1,))) / 2 + 4 * (inside == (0,))} h", f"{hour / 2} h", f"{hour - 1} h"]


def _listed(path: Path, plain: list[str], others: Sequence[str]) -> Iterator[Change]:
    """A change of each word in a list: another one, or gone where all there are stand in it."""
    for place, old in enumerate(plain):
        without = [word for word in plain if word != old]
        yield _change(path, (place,), old, [[*without, other] for other in others] or [without])


def _scalars(plain: Any, inside: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(plain, dict | list):
        for key, entry in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield from _scalars(entry, (*inside, key))
    elif inside[-1] != "source":
        yield inside, plain


def _with(plain: Any, inside: tuple[str | int, ...], new: Any) -> Any:
    """The value with one scalar replaced."""
    if not inside:
        return new
    copied = dict(plain) if isinstance(plain, dict) else list(plain)
    copied[inside[0]] = _with(copied[inside[0]], inside[1:], new)
    return copied


# -- shares that go with others -------------------------------------------------------------------------------------


def _shares(path: Path, share: float, resolved: Resolved) -> Iterator[tuple[str, ...]]:
    """Settings of a share and of its neighbours', which are scaled so that they sum to what they summed to before."""
    if path[-3:-2] not in (("risk_groups",), ("products",), ("grades",)):
        yield from ((_setting(path, new),) for new in _scalar(Number(0.0, 1.0), share))
        return
    section: Any = resolved
    for key in path[:-2]:
        section = section[key]
    others = {name: entry["share"] for name, entry in section.items() if name != path[-2]}
    rest = sum(others.values())
    if path[-3] == "grades":
        yield from ((_setting(path, new),) for new in ([0.0] if share > 0.3 else [round(1 - rest, 9)]))
        return
    for new in [0.9, 0.5] if share < 0.5 else [0.1, 0.5]:
        scaled = {name: (1 - new) * (other / rest if rest else 1 / len(others)) for name, other in others.items()}
        if others:
            yield _setting(path, new), *(_setting((*path[:-2], n, "share"), s) for n, s in scaled.items())


def _others(plain: Any, names: Iterable[str]) -> Iterator[Any]:
    """Other ones than the name that is given, or other shares of those that are."""
    if isinstance(plain, str):
        yield from (name for name in names if name != plain)
        return
    turned = list(plain.values())
    yield dict(zip(plain, [*turned[1:], turned[0]], strict=True))
    yield next(iter(plain))
