"""Doing many tasks: in this process, in several, or on a cluster; the results are the same, their order is not."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing import parent_process, resource_tracker
from typing import Any, TypeVar
from warnings import catch_warnings

Task = TypeVar("Task")
Result = TypeVar("Result")
# How many tasks wait at each worker, so that none is idle while a result travels.
AHEAD = 2


class WorkerError(Exception):
    """Workers that died or cannot be used, in words for the user."""


class LibraryMissingError(Exception):
    """A library that is needed for what was asked for, in words for the user."""


def run_tasks(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int, cluster: str | None = None
) -> Iterator[tuple[Result, str]]:
    """(result, who made it) of every task as they come. Raises WorkerError.

    `cluster`: the address of a Dask scheduler; else `workers` local processes, 1 for none but this one.
    """
    if cluster is not None:
        from sim.experiment.runs.cluster import run_on_cluster

        yield from run_on_cluster(function, tasks, cluster)
    elif workers == 1:
        for task in tasks:
            yield function(task), this_worker()
    else:
        from joblib import delayed

        calls = (delayed(signed)(function, task) for task in tasks)
        yield from in_processes(calls, workers, AHEAD, in_order=False)


def is_a_worker() -> bool:
    """Whether another Python process began this one: then that one has shared out the cores, and those of
    multiprocessing and of Dask may not begin others."""
    return parent_process() is not None


def this_worker() -> str:
    """The name of this process among those that work on an experiment."""
    return f"{socket.gethostname()}:{os.getpid()}"


def signed(function: Callable[[Task], Result], task: Task) -> tuple[Result, str]:
    """A result with the name of the process that made it."""
    found = function(task)
    settle()
    return found, this_worker()


def settle() -> None:
    """Say, in a worker, that what it has loaded by now stays: to look through all of that for garbage, again and again,
    takes a twentieth of its time."""
    if is_a_worker():
        _settle(len(sys.modules))


@cache
def _settle(modules: int) -> None:
    """As `settle`, once for so many modules that are loaded."""
    gc.collect()
    gc.freeze()


def in_processes(calls: Iterable[Any], workers: int, ahead: int, in_order: bool) -> Generator[Any]:
    """The results of joblib's delayed calls from local processes. Raises WorkerError.

    `ahead`: how many calls wait for each worker. Whatever ends this early kills the workers, without a word of theirs.
    """
    from joblib import Parallel

    kind = "generator" if in_order else "generator_unordered"
    with deaths_in_words(), ExitStack() as workplace:
        parallel = workplace.enter_context(
            Parallel(workers, batch_size=1, pre_dispatch=ahead * workers, return_as=kind)
        )
        results: Generator[Any] | None = None
        try:
            with without_interrupts():
                results = parallel(calls)
            yield from results
        except BaseException:
            with _silence():
                if results is not None:
                    results.close()
                workplace.close()
            raise


@contextmanager
def meanwhile(
    function: Callable[[Task], Result], tasks: Sequence[Task], helpers: int
) -> Iterator[Callable[[], Iterator[Result]]]:
    """Tasks that `helpers` other processes begin with while this one does something else.

    What it gives back has the result of each task, in their order; the last ones, which nobody has begun with by then,
    are done here. Whatever ends this early kills the helpers. Raises WorkerError.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    left, lock = deque(enumerate(tasks)), threading.RLock()
    found: dict[int, Future[Result]] = {}

    def hand_over(done: Future[Result] | None = None) -> None:
        """The next task, as one is done: workers that are killed with others before them leave a traceback, or stay."""
        if done is not None and done.exception() is not None:
            return
        with lock:
            if left:
                number, task = left.popleft()
                found[number] = executor.submit(function, task)
                found[number].add_done_callback(hand_over)

    def results() -> Iterator[Result]:
        here: dict[int, Result] = {}
        while (last := _taken(left, lock)) is not None:
            here[last[0]] = function(last[1])
        yield from (here[k] if k in here else found[k].result() for k in range(len(tasks)))

    with deaths_in_words():
        with without_interrupts():
            # not the one that joblib's calls share, with which the caller may be at work
            executor = ProcessPoolExecutor(max_workers=helpers)
            for _ in range(helpers):
                hand_over()
        try:
            yield results
        finally:
            with lock:
                left.clear()
            with _silence():  # until the thread that feeds them has ended: it trips over a task that nobody began
                executor.shutdown(wait=True, kill_workers=True)


def _taken(left: deque[Task], lock: threading.RLock) -> Task | None:
    """The last of what is left."""
    with lock:
        return left.pop() if left else None


def release() -> None:
    """End the local processes that wait for more tasks, some 120 MB each, which would stay for minutes."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@contextmanager
def _silence() -> Iterator[None]:
    """The thread that feeds workers trips over their end, and joblib counts the calls that are lost: nobody is told."""
    told = threading.excepthook
    threading.excepthook = lambda _: None
    try:
        with catch_warnings(action="ignore"):
            yield
    finally:
        threading.excepthook = told


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Processes that begin within never hear of Ctrl-C; their parent does afterwards, and ends them.

    The parent hears of whatever else would end it afterwards, too.

    A worker that is interrupted while Python starts in it would show a traceback, and so would one whose parent is
    interrupted while it tells the worker what to start with. Signals that a thread blocks are blocked in its children
    for good; Windows knows no such thing.
    """
    heard: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()
    ending = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    handlers = {number: signal.getsignal(number) for number in ending if in_main}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda number, _: heard.append(number))
    blocked = None
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # Python's own helper of workers, which ends the blocking when it is started
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if heard:
        signal.raise_signal(heard[0])


@contextmanager
def deaths_in_words() -> Iterator[None]:
    """A WorkerError where a local worker process died."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        yield
    except TerminatedWorkerError as error:
        raise WorkerError("a worker process died (killed, or out of memory)") from error
