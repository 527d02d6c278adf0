"""Words on the screen and exit codes, for every command.

Exit codes: 0 done; 1 the run failed; 2 the input or the usage is wrong; 3 a validation target was missed;
4 an output that was asked for cannot be made here; 130 interrupted.
Heavy imports happen inside the functions, so that the first word is on the screen at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from sim.scenario import Loaded

FAILED, BAD_INPUT, MISSED, CANNOT_BE_MADE, INTERRUPTED = 1, 2, 3, 4, 130


def say(text: str) -> None:
    """Talk goes to standard error."""
    click.echo(text, err=True)


def stop(message: str, code: int) -> NoReturn:
    """Leave with a message and an exit code."""
    say(message)
    sys.exit(code)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Errors of input, folder and run as one clear line with the right exit code."""
    from sim.engine.choice import EngineMissingError
    from sim.engine.trace import EngineError
    from sim.experiment.folder import FolderError
    from sim.experiment.store import StoreError
    from sim.experiment.work import LibraryMissingError, WorkerError
    from sim.scenario import ScenarioError

    try:
        yield
    except ScenarioError as error:
        for problem in error.problems:
            say(str(problem))
        sys.exit(BAD_INPUT)
    except FolderError as error:
        stop(f"{error}", BAD_INPUT)
    except (EngineMissingError, LibraryMissingError) as error:
        stop(f"{error}", CANNOT_BE_MADE)
    except (EngineError, StoreError, WorkerError) as error:
        stop(f"the run failed: {error}", FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        stop(f"the run failed: {where}{error.strerror or error}", FAILED)


@contextmanager
def in_words() -> Iterator[None]:
    """What ends the command line, in words and with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name may hold what the screen or pipe has no character for
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except (click.exceptions.Abort, KeyboardInterrupt):
        stop("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "sim", "reports", "scenarios"):
            raise
        stop(f"{name} is not installed, and nothing runs without it: pip install vein2vein", CANNOT_BE_MADE)


def loaded(file: Path, overrides: Sequence[str] = ()) -> Loaded:
    """The scenario of a file; leaves with what is wrong with it."""
    from sim.scenario import load

    with errors_in_words():
        return load(file, overrides)


def command_line() -> str:
    """What the user typed, as it is kept with results."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])


@contextmanager
def progress(total: int, quiet: bool, per: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; nothing at all in a pipe. The function yielded hears of replications.

    `per`: replications of one point, where points are what the bar counts.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    size = per or 1

    class Done(ProgressColumn):
        """How many of how many, and how many a second."""

        def render(self, task: Task) -> Text:
            rate = f"{task.speed / size:.3g} / s" if task.speed else ""
            return Text(f"{int(task.completed // size)}/{int((task.total or 0) // size)}  {rate}")

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), Done(), TimeRemainingColumn(),
        console=console, transient=True, disable=quiet or not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("Replications" if per is None else "Points", total=total)
        yield lambda count: bar.advance(task, count)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> None:
    """Print a table; columns from `numbers_from` on are set flush right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, header in enumerate(headers):
        table.add_column(Text(header), justify="left" if place < numbers_from else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)
