"""Which engine runs: the reference in SimPy, or the compiled kernel. Both give the same trace, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from sim.engine.kernel.stamp import is_compiled, place
from sim.engine.trace import Trace
from sim.pieces.cohort import Cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pure.mortality import Meet, met_together
from sim.pure.streams import Uniforms, uniforms

SIMPY, COMPILED = "simpy", "compiled"
# What `auto` comes to where the kernel is still to be compiled: replications go over to it once it is there.
SIMPY_UNTIL_COMPILED = "simpy until compiled"
# Loading the kernel from its disk cache (0.5 s) takes as long as the reference needs for about so many patients
# (0.1 ms each); compiling it for the first time (12 s, of which a command waits for 5 at its end), as for so many.
WORTH_LOADING_PATIENTS = 5_000
WORTH_COMPILING_PATIENTS = 40_000
# A further process takes as long to start (1 to 2 s) as one needs for about so many patients, results included.
WORTH_A_WORKER_PATIENTS = 10_000
WORTH_A_WORKER_COMPILED_PATIENTS = 200_000

NOWHERE = "machine code can be kept nowhere: neither beside the program nor in the user's cache can be written to"

# (protocol, cohort, luck, day up to which it runs at least, follow-up in days, traced)
Engine = Callable[[Protocol, Cohort, Luck, float, float, bool], Trace]


class EngineMissingError(Exception):
    """The engine that was asked for cannot be had here, in words for the user."""


def pick(wanted: str, patients: float) -> tuple[str, str]:
    """(engine, why): the one wanted, or for `auto` the quicker one for this many patients over all replications."""
    there = find_spec("numba") is not None
    if wanted == COMPILED and not there:
        raise EngineMissingError("the compiled engine needs numba (pip install numba); --engine simpy runs without it")
    if wanted != "auto":
        return wanted, "asked for"
    if not there:
        return SIMPY, "numba is not installed"
    if place() is None:
        return SIMPY, NOWHERE
    if patients < WORTH_LOADING_PATIENTS:
        return SIMPY, "too little to do for the compiled engine to be worth loading"
    if not is_compiled():
        if patients < WORTH_COMPILING_PATIENTS:
            return SIMPY, "too little to do for the compiled engine to be worth compiling"
        return SIMPY_UNTIL_COMPILED, "compiled in the background for the first time"
    return COMPILED, "quicker for this much to do"


def engine_note(wanted: str) -> str | None:
    """What a user should know before a run of the engine that this machine lets run; None where all is as usual."""
    slower = "everything runs on the SimPy engine, with the same results but more slowly"
    if wanted == "auto" and find_spec("numba") is None:
        return f"numba is not installed: {slower}"
    if wanted == SIMPY or find_spec("numba") is None or place() is not None:
        return None
    return f"{NOWHERE}; {slower if wanted == 'auto' else 'the kernel is compiled for this command alone'}"


def workers_for(name: str, patients: float, cores: int) -> int:
    """How many processes are worth starting for this many patients on an engine.

    Where the kernel is being compiled, as many as it is worth: others would take from the compilation what it needs.
    """
    alone = WORTH_A_WORKER_PATIENTS if name == SIMPY else WORTH_A_WORKER_COMPILED_PATIENTS
    return max(1, min(cores, int(patients // alone)))


def engine(name: str) -> Engine:
    """The engine of that name, as of now."""
    if _compiled_now(name):
        from sim.engine import compiled_engine

        return compiled_engine.run
    from sim.engine import simpy_engine

    return simpy_engine.run


def generator(name: str) -> Uniforms:
    """The routine that makes the keyed uniforms for the engine of that name, as of now; the numbers are the same."""
    if _compiled_now(name):
        from sim.engine import compiled_engine

        return compiled_engine.uniforms
    return uniforms


def awaits_kernel(name: str) -> bool:
    """Whether the engine of that name is SimPy only until the kernel is there."""
    return name == SIMPY_UNTIL_COMPILED and not is_compiled()


def meeting(name: str) -> Meet:
    """The routine that finds days of death for the engine of that name, as of now; the days are the same."""
    if _compiled_now(name):
        from sim.engine import compiled_engine

        return compiled_engine.meet
    return met_together


def _compiled_now(name: str) -> bool:
    return name != SIMPY and not awaits_kernel(name)
