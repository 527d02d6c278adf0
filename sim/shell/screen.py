"""Words on the screen and exit codes, for every command.

Exit codes: 0 done; 1 the run failed; 2 the input or the usage is wrong; 3 a validation target was missed;
4 an output that was asked for cannot be made here; 128 and the number of a signal: ended by it (130 by Ctrl-C).
Heavy imports happen inside the functions, so that the first word is on the screen at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Loaded

# How long a command that is done gives the compilation of the kernel in the background.
SECONDS_TO_COMPILE = 5.0
# Characters in a line of what is no screen.
PIPE = 200
FAILED, BAD_INPUT, MISSED, CANNOT_BE_MADE, INTERRUPTED = 1, 2, 3, 4, 130


def say(text: str) -> None:
    """Talk goes to standard error."""
    click.echo(text, err=True)


def tell(notes: Iterable[str], warnings: Iterable[str] = ()) -> None:
    """Say what is to be noted, and what to be warned of."""
    for note in notes:
        say(f"note: {note}")
    for warning in warnings:
        say(f"warning: {warning}")


def print_json(found: Mapping[str, Any]) -> None:
    """Print results as JSON, a table as a list of its rows."""
    import json

    def rows(table: pd.DataFrame) -> Any:
        return json.loads(table.to_json(orient="records", double_precision=15))

    click.echo(json.dumps(found, indent=2, default=rows))


def warn(warnings: Sequence[str]) -> None:
    """Each warning once; what several scenarios share is said of the first, with the number of the others."""
    told: dict[str, list[str]] = {}
    for warning in warnings:
        name, found, rest = warning.partition(": ")
        told.setdefault(rest if found else warning, []).append(name)
    for rest, names in told.items():
        others = f" (the same of {len(names) - 1} more)" if len(names) > 1 else ""
        say(f"warning: {names[0]}: {rest}{others}" if names[0] != rest else f"warning: {rest}")


def stop(message: str, code: int) -> NoReturn:
    """Leave with a message and an exit code."""
    say(message)
    sys.exit(code)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Errors of input, folder and run as one clear line with the right exit code."""
    try:
        yield
    except ModuleNotFoundError:
        raise
    except Exception as error:
        _stop_in_words(error)
        raise


def _stop_in_words(error: Exception) -> None:
    """Leave where this is an error of input, folder or run. Which those are is loaded only once there is an error."""
    from sim.engine.choice import EngineMissingError
    from sim.engine.trace import EngineError
    from sim.experiment.asked import OptionError
    from sim.experiment.disk.folder import FolderError
    from sim.experiment.runs.work import LibraryMissingError, WorkerError
    from sim.experiment.sweep.store import StoreError
    from sim.records.faults import RecordsError
    from sim.scenario import ScenarioError

    if isinstance(error, ScenarioError):
        for problem in error.problems:
            say(str(problem))
        sys.exit(BAD_INPUT)
    if isinstance(error, OptionError):
        stop(f"--{error}" if error.option else f"{error}", BAD_INPUT)
    if isinstance(error, FolderError | RecordsError):
        stop(f"{error}", BAD_INPUT)
    if isinstance(error, EngineMissingError | LibraryMissingError):
        stop(f"{error}", CANNOT_BE_MADE)
    if isinstance(error, EngineError | StoreError | WorkerError):
        stop(f"the run failed: {error}", FAILED)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        stop(f"the run failed: {where}{error.strerror or error}", FAILED)


class Ended(KeyboardInterrupt):
    """Another signal than that of Ctrl-C, which ends the program in the same way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)  # SimPy makes it anew from its arguments where it comes out of a simulated process
        self.number = number


def code_of(error: BaseException) -> int:
    """The exit code of a program that was interrupted."""
    ended = error if isinstance(error, Ended) else error.__cause__  # click has an exception of its own for it
    return 128 + ended.number if isinstance(ended, Ended) else INTERRUPTED


def hear_signals() -> None:
    """Whoever ends the program, or closes its window, ends it as Ctrl-C does: with its workers, and nothing half-made.

    A signal that is ignored, as under `nohup`, stays ignored.
    """

    def end(number: int, _: Any) -> NoReturn:
        raise Ended(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


class _Patient(io.RawIOBase):
    """A way out that may be closed at its other end: what is written from then on is dropped, and nothing fails."""

    def __init__(self, handle: int) -> None:
        self._handle, self._gone = handle, False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._handle

    def isatty(self) -> bool:
        return os.isatty(self._handle)

    def write(self, data: Any) -> int:
        if not self._gone:
            try:
                return os.write(self._handle, data)
            except BrokenPipeError:
                self._gone = True
            except OSError:
                self._gone = True  # said once; the rest is not tried again as the program ends
                raise
        return len(data)


def patient(stream: TextIO) -> TextIO:
    """The same stream; a reader that has seen enough is no failure, and characters it has not are spelt."""
    if not isinstance(stream, TextIOWrapper):
        return stream
    stream.flush()
    raw = _Patient(stream.fileno())
    return TextIOWrapper(
        io.BufferedWriter(raw), encoding=stream.encoding, errors="backslashreplace", line_buffering=raw.isatty()
    )


def _meanwhile(what: str, *given: float) -> None:
    """Tell the compilation of the kernel in the background, where one was begun, that the command is through."""
    module = sys.modules.get("sim.experiment.runs.meanwhile")
    if module is not None:
        getattr(module, what)(*given)


@contextmanager
def in_words() -> Iterator[None]:
    """What ends the command line, in words and with its exit code."""
    if threading.current_thread() is threading.main_thread():  # the planning page is drawn in another one
        hear_signals()
        sys.stdout, sys.stderr = patient(sys.stdout), patient(sys.stderr)
    try:
        yield
        sys.stdout.flush()
        _meanwhile("wait", SECONDS_TO_COMPILE)
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        _meanwhile("stop")
        stop("interrupted", code_of(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else "the output cannot be written: "
        stop(f"{where}{error.strerror or error}", FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "sim", "reports", "scenarios"):
            raise
        package = "ruamel.yaml" if name == "ruamel" else name
        stop(f"{name} is not installed, and nothing runs without it: pip install {package}", CANNOT_BE_MADE)


def loaded(file: Path, overrides: Sequence[str] = ()) -> Loaded:
    """The scenario of a file; leaves with what is wrong with it."""
    from sim.scenario import load

    with errors_in_words():
        return load(file, overrides)


def program() -> str:
    """How this program is called here, for advice: as a file of a checkout, a module, or the installed command."""
    names = {"vein2vein": "vein2vein", "vein2vein.exe": "vein2vein", "__main__.py": "python -m vein2vein"}
    return names.get(Path(sys.argv[0]).name, "python run_sim.py")


def command_line() -> str:
    """What the user typed, as it is kept with results."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])


def screen_width() -> int:
    """Characters in a line of the screen; a pipe has room for long ones."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    return console.width if console.is_terminal or "COLUMNS" in os.environ else PIPE


def paragraph(text: str, *, hanging: int = 0, talk: bool = False) -> None:
    """Print a text, broken between words where the screen ends; its later lines stand in by `hanging`.

    `talk`: to standard error.
    """
    import textwrap

    lines = textwrap.fill(text, screen_width(), subsequent_indent=" " * hanging, break_on_hyphens=False)
    click.echo(lines, err=talk)


def heading_line(text: str, right: str, width: int) -> None:
    """Print a heading in one line of `width` characters, in bold on a screen, cut where it is too long; `right`: what
    stands at its end."""
    from rich.console import Console
    from rich.text import Text

    head = Text(text, style="bold")
    head.truncate(width - len(right) - 1, overflow="ellipsis", pad=bool(right))
    Console(file=sys.stdout, width=screen_width()).print(head.append(f" {right}" if right else ""))


def table_fits(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table has a line for each row on this screen; heads may take several."""
    from rich.cells import cell_len

    cells = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    words = [max(map(cell_len, [*header.split(), ""])) for header in headers]
    return sum(map(max, cells, words)) + 3 * (len(headers) - 1) + 2 <= screen_width()


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> None:
    """Print a table; columns from `numbers_from` on are set flush right.

    No number and no word is broken: on a screen too narrow for that, each row is set below the other, one cell a line.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=screen_width())
    widths = _widths(headers, rows, numbers_from, console.width)
    if widths is not None:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for place, (header, width) in enumerate(zip(headers, widths, strict=True)):
            table.add_column(Text(header), width=width, justify="left" if place < numbers_from else "right")
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        console.print(table)
        return
    for row in rows:
        console.print(Text(str(row[0]), style="bold"))
        for header, cell in [pair for pair in zip(headers[1:], row[1:], strict=True) if pair[1]]:
            console.print(Padding(Text(f"{header}: {cell}" if header else str(cell), overflow="fold"), (0, 0, 0, 2)))


def _widths(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int, screen: int) -> list[int] | None:
    """The widths of the columns on a screen of this many characters, None where words or numbers would be broken."""
    from rich.cells import cell_len

    full, least = [], []
    for place in range(len(headers)):
        texts = [str(one[place]) for one in (headers, *rows)]
        full.append(max(1, *map(cell_len, texts)))
        # what must stand together: a cell that is a number with its unit and interval, else a word
        parts = [part for text in texts for part in text.split()] if place < numbers_from else texts[1:]
        parts += texts[0].split()
        least.append(max([1, *map(cell_len, parts)]))
    room = screen - 2 - 3 * (len(headers) - 1)
    if sum(full) <= room:
        return full
    spare, wanted = room - sum(least), sum(full) - sum(least)
    if spare < 0:
        return None
    return [few + spare * (all_of - few) // wanted for few, all_of in zip(least, full, strict=True)]
