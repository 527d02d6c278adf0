"""What the functions of the front door take: each option is read by its kind, and what it cannot be is told in words.

Numbers and words have the limits of the table that the command line reads, too (`sim/experiment/options.py`).
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from numbers import Integral, Real
from typing import Any, TypeVar, cast

from sim.experiment.asked import OptionError
from sim.experiment.options import Limit, Number, Whole, Word, limit
from vein2vein.going import renamed

Function = TypeVar("Function", bound=Callable[..., Any])
Read = Callable[[Any], Any]
"""The value of an option, in its own type. Raises TypeError where it is of another kind, ValueError else."""


@dataclass(frozen=True)
class Kind:
    """A kind of option: how it is read, and what is allowed, in words."""

    read: Read
    allowed: str


def _scenario(value: Any) -> Any:
    from sim.scenario import Loaded

    return value if isinstance(value, Loaded | Mapping) else _path(value)


def _path(value: Any) -> str | os.PathLike[str]:
    if (
        not isinstance(value, str | os.PathLike)
        or not isinstance(os.fspath(value), str)
        or not os.fspath(value).strip()
    ):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not all(isinstance(one, str) and one for one in value):
        raise TypeError
    return tuple(value)


def _by_name(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _heard(value: Any) -> Any:
    return value if callable(value) else _flag(value)


def _day(value: Any) -> date:
    if not isinstance(value, date):
        raise TypeError
    return value.date() if isinstance(value, datetime) else value


SCENARIO = Kind(
    _scenario, "the name of a shipped scenario, a file, a mapping of what a file would hold, or what `load` returned"
)
FILE = Kind(_path, "the path of a file, or a name")
FOLDER = Kind(_path, "the path of a folder")
TEXT = Kind(_text, "a text")
TEXTS = Kind(_texts, "a list of texts")
VALUES = Kind(_by_name, "a mapping, such as {'manufacturing.lines': 12}")
FLAG = Kind(_flag, "True or False")
HEARD = Kind(_heard, "True, False, or a function that is told a number of replications")
DAY = Kind(_day, "a date, such as datetime.date(2026, 6, 30)")

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("scenario", "scenarios"), SCENARIO),
    **dict.fromkeys(("register", "to", "cases", "base", "out", "path"), FILE),
    "folder": FOLDER,
    "name": TEXT,
    **dict.fromkeys(("metrics", "targets", "centres", "replace"), TEXTS),
    **dict.fromkeys(("set", "vary", "precision", "cost", "zone", "groups", "studies"), VALUES),
    **dict.fromkeys(("events", "robustness", "individual", "blank"), FLAG),
    "progress": HEARD,
    "fit_until": DAY,
}
# Of these functions.
OWN_KINDS: Mapping[tuple[str, str], Kind] = {("new", "base"): TEXT}


def kind(function: str, name: str) -> Kind | Limit | None:
    """What an option of a function is; None for one that nothing is said of, which a test refuses."""
    return OWN_KINDS.get((function, name)) or limit(function, name) or KINDS.get(name)


def checked(function: Function) -> Function:
    """The function, which hears of its options only as they can be.

    Raises OptionError (a ValueError) for one that cannot be, TypeError for one that there is not or that is missing.
    """
    signature = inspect.signature(function)
    name = function.__name__

    @wraps(function)
    def _door(*given: Any, **options: Any) -> Any:
        for option in list(options):
            if option not in signature.parameters:
                if now := renamed(f"{name}.{option}"):
                    options[now] = options.pop(option)
                    continue
                raise TypeError(f"{name}() has no option {option!r}{like(option, list(signature.parameters))}")
        try:
            bound = signature.bind(*given, **options)
        except TypeError as error:
            raise TypeError(f"{name}(): {error}") from None
        for option, value in bound.arguments.items():
            asked = signature.parameters[option]
            if asked.kind is asked.VAR_POSITIONAL:
                bound.arguments[option] = tuple(read(name, option, one) for one in value)
            elif option != "self" and (value is not None or asked.default is not None):
                bound.arguments[option] = read(name, option, value)
        return function(*bound.args, **bound.kwargs)

    return cast("Function", _door)


def read(function: str, name: str, value: Any) -> Any:
    """The value of an option, in its own type. Raises OptionError."""
    match kind(function, name):
        case Kind(of_kind, allowed):
            try:
                return of_kind(value)
            except TypeError:
                raise OptionError(name, f"found {shown(value)}; allowed: {allowed}") from None
        case Whole() as whole:
            return _whole(name, value, whole)
        case Number() as number:
            return _number(name, value, number)
        case Word(words):
            from sim.scenario.problems import any_of, suggestion

            if not isinstance(value, str) or value not in words:
                hint = suggestion(value, words) if isinstance(value, str) else ""
                raise OptionError(name, f"found {shown(value)}; allowed: {any_of(words)}{hint}")
            return value
        case None:
            return value


def texts(option: str, name: str, value: Any) -> tuple[str, ...]:
    """A list of texts that stands under a name in an option; one text is a list of one. Raises OptionError."""
    try:
        return _texts(value)
    except TypeError:
        raise OptionError(option, f"{name}: found {shown(value)}; allowed: {TEXTS.allowed}") from None


def _whole(name: str, value: Any, can: Whole) -> int:
    """A whole number; 20.0 is one, as R has it."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not (isinstance(value, Integral) or float(value).is_integer()):
        raise OptionError(name, f"found {shown(value)}; allowed: a whole number, {can}")
    if int(value) < can.low or (can.high is not None and int(value) > can.high):
        raise OptionError(name, f"found {shown(value)}; allowed: {can}")
    return int(value)


def _number(name: str, value: Any, can: Number) -> Any:
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(float(value))
    if not is_number:
        raise OptionError(name, f"found {shown(value)}; allowed: a number, {can}")
    low = value > can.low if can.above else value >= can.low
    if not low or (can.high is not None and value > can.high):
        raise OptionError(name, f"found {shown(value)}; allowed: {can}")
    return value


def shown(value: object) -> str:
    """A value as a message names it; of what is neither number nor text, its type."""
    from sim.scenario.problems import show

    if isinstance(value, bool):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return show(value)
    return f"a value of type {type(value).__name__}"


def like(name: str, known: Sequence[str]) -> str:
    """The end of a message: the nearest known name, or else those that are known."""
    from sim.scenario.problems import did_you_mean

    return did_you_mean(name, [one for one in known if one != "self"])
