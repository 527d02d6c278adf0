"""Whole commands as users run them, each in a process of its own: seconds, processor time and memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
PAIR = [str(Path(__file__).with_name("pair") / f"{name}.yaml") for name in ("autologous", "allogeneic")]
COMPILE = "from sim.engine import compiled_engine"


@dataclass(frozen=True)
class Taken:
    """What a command took; `peak_mb`: of it and its workers together, each page counted once (Linux; NaN elsewhere)."""

    seconds: float
    processor_seconds: float
    peak_mb: float


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Taken:
    """Run Python with these arguments, as on a machine where what Python makes of modules is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    code = process.wait()
    taken = time.perf_counter() - started
    watcher.join()
    if code:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(taken, processor, max(peaks) if max(peaks) else float("nan"))


def _watch(process: subprocess.Popen[bytes], peaks: list[float]) -> None:
    while process.poll() is None:
        peaks.append(_proportional_mb(process.pid))
        time.sleep(0.2)


def _proportional_mb(pid: int) -> float:
    """The summed proportional set size of a process and all below it."""
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) / 1024
            for thread in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (thread / "children").read_text().split()]
        except (OSError, ValueError):
            continue  # gone meanwhile, or no Linux
    return total


def pair_commands() -> dict[str, Taken]:
    """`compare` of the frozen pair, and its report."""
    with TemporaryDirectory() as folder:
        compare = ["run_sim.py", "compare", *PAIR, "--out", str(Path(folder) / "results"), "--quiet"]
        return {"compare, warm": run(compare), "report": run(["run_sim.py", "report", str(Path(folder) / "results")])}


def first_commands() -> dict[str, Taken]:
    """`compare` of the frozen pair on a new installation, and again; and the kernel from cold alone."""
    found = {}
    with TemporaryDirectory() as folder:
        fresh = {"NUMBA_CACHE_DIR": str(Path(folder) / "kernel")}
        compare = ["run_sim.py", "compare", *PAIR, "--out", str(Path(folder) / "results"), "--quiet"]
        found["compare, first after installation"] = run(compare, fresh)
        found["compare, second"] = run(compare, fresh)
        found["kernel from cold"] = run(["-c", COMPILE], {"NUMBA_CACHE_DIR": str(Path(folder) / "cold")})
    return found


def memory_of_run(counts: Sequence[int]) -> dict[str, Taken]:
    """`run` of the autologous scenario of the pair with so many replications."""
    with TemporaryDirectory() as folder:
        command = ["run_sim.py", "run", PAIR[0], "--quiet", "--out"]
        return {
            f"run, {count} replications": run([*command, str(Path(folder) / str(count)), "-n", str(count)])
            for count in counts
        }


def psa(samples: Sequence[int], replications: int) -> dict[str, Taken]:
    """`psa` of the pair on two workers."""
    with TemporaryDirectory() as folder:
        command = ["run_sim.py", "psa", *PAIR, "--quiet", "--workers", "2", "-n", str(replications)]
        return {
            f"psa, {count} sets x {replications}": run(
                [*command, "--samples", str(count), "--out", str(Path(folder) / str(count))]
            )
            for count in samples
        }
