"""What every study of many points is asked: how it is run, and options that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Where a scenario says how many replications there are.
COUNT = "run.replications"


class OptionError(ValueError):
    """What an option asks for cannot be. `option`: its name, "" where the message says what it is about."""

    def __init__(self, option: str, message: str) -> None:
        self.option, self.message = option, message
        super().__init__(f"{option}: {message}" if option else message)

    def __reduce__(self) -> tuple[type[OptionError], tuple[str, str]]:
        return type(self), (self.option, self.message)


@contextmanager
def option(name: str) -> Iterator[None]:
    """A ValueError from within as an OptionError of the option of this name."""
    try:
        yield
    except OptionError:
        raise
    except ValueError as error:
        raise OptionError(name, str(error)) from error


def require_one_count(overrides: Iterable[str], replications: int | None, *, reads_own: bool = True) -> None:
    """Nothing, or an OptionError where `run.replications` is set, and something else says how many there are.

    `reads_own`: whether the scenario's own number counts where `replications` is None.
    """
    from sim.scenario.overrides import paths_set

    if COUNT in paths_set(overrides):
        if not reads_own:
            raise OptionError(f"set {COUNT}", "is not read here; allowed: the option replications")
        if replications is not None:
            raise OptionError(f"set {COUNT}", "replications are asked for as well; allowed: one of the two")


@dataclass(frozen=True)
class How:
    """How a study is run, none of which moves a number: `workers` None leaves their number to the work."""

    workers: int | None = None
    engine: str = "auto"
    cluster: str | None = None
