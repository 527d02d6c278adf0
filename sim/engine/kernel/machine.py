"""Machine code for the kernel, kept on disk for as long as no file of the kernel changes.

numba's own cache notices a change of the file in which a function stands, not of those it calls. So only what Python
calls is cached, in a folder named by what all files of this folder say.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit, types

from sim.engine.kernel.plain import plain
from sim.engine.kernel.stamp import is_compiled, place
from sim.engine.kernel.typed import addresses, type_of

F = TypeVar("F", bound=Callable[..., Any])

# Exact arithmetic: no fast-math. Without rewrites, which find nothing here.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_rewrites": True}
# What only the kernel calls needs no way in from Python or C; leaving it out halves the time to compile.
ENTRY: dict[str, Any] = {**OPTIONS, "no_cfunc_wrapper": True}
PART: dict[str, Any] = {**ENTRY, "no_cpython_wrapper": True}

# The parts of the kernel in the order in which they stand: each after those that it calls.
PARTS: list[Any] = []


def compiled(function: F) -> F:
    """A part of the kernel that is called: for what is rare, or long, or called from several places."""
    return _part(function)


def inlined(function: F) -> F:
    """A part of the kernel that is compiled where it is called, as if it were written there.

    A call costs as much as 70 ns where groups of tables are handed over, array by array; rows cost next to nothing.
    """
    return _part(function, forceinline=True)


def _part(function: F, **options: Any) -> F:
    # numba gives `config` its attributes at run time: the type checker knows none of them
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    part = njit(**options, **PART)(function)
    PARTS.append(part)
    return cast(F, part)


def entry(function: F) -> F:
    """What Python calls, with groups of tables: machine code, from the disk where it is there."""
    # as plain Python: for measuring which lines the tests reach
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return plain(function)
    *inputs, _ = function.__annotations__.values()
    if not is_compiled():
        compile_parts()
    dispatcher = _kept(function, place())
    with without_collecting():
        dispatcher.compile(types.int64(*(types.int64 for _ in inputs)))
    dispatcher.disable_compile()

    @wraps(function)
    def called(*groups: Any) -> Any:
        told = [addresses(group) for group in groups]
        return dispatcher(*(table.ctypes.data for table in told))

    called.dispatcher = dispatcher  # type: ignore[attr-defined]
    return cast(F, called)


def _kept(function: Callable[..., Any], folder: Path | None) -> Any:
    """A function whose machine code is kept in a folder; or nowhere, where numba does not find that good enough."""
    if folder is not None:
        before = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        try:
            kept = njit(cache=True, **ENTRY)(function)
            if kept.stats.cache_path.startswith(str(folder)):
                return kept
        except RuntimeError:
            pass
        finally:
            config.CACHE_DIR = before  # type: ignore[attr-defined]
    return njit(**ENTRY)(function)


def compile_parts() -> None:
    """Compile the parts for exactly the types that they state.

    Left to itself, numba compiles a function again for each constant that it is called with.
    """
    with without_collecting():
        while PARTS:
            part = PARTS.pop(0)
            *inputs, _ = part.py_func.__annotations__.values()
            part.compile(tuple(type_of(name) for name in inputs))
            part.disable_compile()


@contextmanager
def without_collecting() -> Iterator[None]:
    """What the compiler makes stays until it is through: looking for garbage meanwhile is a tenth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
