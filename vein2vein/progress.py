"""How far a run has come: a bar on the screen or in a notebook, or a function of the caller's that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Heard: TypeAlias = "bool | Callable[[int], None]"
"""True: a bar; False: nothing; a function: it is called with the number of replications that have just finished."""


def heard(asked: Heard, total: int, per: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
    """What hears of finished replications, as it was asked for."""
    if callable(asked):
        return nullcontext(asked)
    return progress(total, not asked, per) if asked else nullcontext(lambda count: None)


@contextmanager
def progress(total: int, quiet: bool, per: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error or in a notebook; nothing at all in a pipe.

    The function yielded hears of finished replications. `per`: replications of one point, where points are what the
    bar counts.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    size = per or 1

    class Done(ProgressColumn):
        """How many of how many, and how many a second."""

        def render(self, task: Task) -> Text:
            """As Rich asks for it."""
            rate = f"{task.speed / size:.3g} / s" if task.speed else ""
            return Text(f"{int(task.completed // size)}/{int((task.total or 0) // size)}  {rate}")

    console = Console(stderr=True)
    shown = Progress(
        TextColumn("{task.description}"), BarColumn(), Done(), TimeRemainingColumn(),
        console=console, transient=True, disable=quiet or not (console.is_terminal or console.is_jupyter),
    )  # fmt: skip
    with shown:
        task = shown.add_task("Replications" if per is None else "Points", total=total)
        yield lambda count: shown.advance(task, count)
