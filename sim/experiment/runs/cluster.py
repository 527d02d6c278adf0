"""Doing tasks on a Dask cluster, after making sure that everything there can run this very program.

Without that check a scheduler or worker that cannot import the package leaves the client waiting without a word.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sim.experiment.disk.program import code_digest, libraries
from sim.experiment.runs.work import AHEAD, LibraryMissingError, WorkerError, signed

Task = TypeVar("Task")
Result = TypeVar("Result")
ANSWER_SECONDS = 10.0
# How long to wait for a worker to come back when all are gone.
NO_WORKER_SECONDS = 30.0
POLL_SECONDS = 2.0


def run_on_cluster(
    function: Callable[[Task], Result], tasks: Iterable[Task], address: str
) -> Iterator[tuple[Result, str]]:
    """(result, who made it) of every task as they come. Raises WorkerError."""
    try:
        import distributed
    except ImportError as error:
        raise LibraryMissingError("--cluster needs Dask: pip install 'dask[distributed]'") from error
    try:
        client: Any = distributed.Client(address, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        raise WorkerError(f"{address}: no Dask scheduler answers there") from error
    with client:
        require_same_program(client, address)
        yield from _as_they_come(client, function, tasks, address)


def require_same_program(client: Any, address: str) -> None:
    """Nothing, or a WorkerError that names who on the cluster cannot run this program, or would run another one."""
    here = [code_digest(), libraries()]

    def told() -> list[str]:
        # travels by value: it has to run where the package is missing
        try:
            from sim.experiment.disk.program import code_digest, libraries

            return [code_digest(), libraries()]
        except Exception as error:
            return ["", f"{type(error).__name__}: {error}"]

    answers = {f"worker {name}": answer for name, answer in client.run(told).items()}
    if not answers:
        raise WorkerError(f"{address}: the scheduler has no workers")
    answers["the scheduler"] = client.run_on_scheduler(told)
    for who, (code, rest) in answers.items():
        if not code:
            raise WorkerError(f"{address}: {who} cannot import this program ({rest}); install vein2vein there")
        if [code, rest] != here:
            theirs, ours = (f"{code[:12]}, {rest}", f"{here[0][:12]}, {here[1]}")
            raise WorkerError(f"{address}: {who} has another version ({theirs}; here {ours})")


def _as_they_come(
    client: Any, function: Callable[[Task], Result], tasks: Iterable[Task], address: str
) -> Iterator[tuple[Result, str]]:
    import distributed
    from distributed.client import FutureCancelledError, FuturesCancelledError
    from distributed.scheduler import KilledWorker

    rest = iter(tasks)
    waiting: set[Any] = set()
    alone_since: float | None = None
    try:
        while True:
            threads = sum(client.nthreads().values())
            for task in islice(rest, max(0, AHEAD * threads - len(waiting))):
                waiting.add(client.submit(signed, function, task, pure=False))
            if not waiting and threads:
                return
            alone_since = None if threads else (alone_since or time.monotonic())
            if alone_since is not None and time.monotonic() - alone_since > NO_WORKER_SECONDS:
                raise WorkerError(f"{address}: all workers are gone")
            try:
                finished = distributed.wait(list(waiting), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in finished:
                waiting.remove(future)
                yield future.result()
    except KilledWorker as error:
        raise WorkerError(f"{address}: a worker died over and over on the same task (out of memory?)") from error
    except (FutureCancelledError, FuturesCancelledError, OSError) as error:
        raise WorkerError(f"{address}: the cluster is gone ({error})") from error
