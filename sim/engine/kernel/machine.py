"""Machine code for the kernel, kept on disk for as long as no file of the kernel changes.

numba's own cache notices a change of the file in which a function stands, not of those it calls. So only what Python
calls is cached, in a folder named by what all files of this folder say.

Two names of numba's are its own and have nothing public in their place: the option `_nrt` and, in
`indices_as_they_are`, a function of `numba.np.arrayobj`. Without the first the kernel takes eight times as long.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, from_dtype, njit, types
from numba.np import arrayobj

from sim.engine.kernel import rows, tables
from sim.engine.kernel.plain import plain
from sim.engine.kernel.stamp import is_compiled, place

F = TypeVar("F", bound=Callable[..., Any])

# Exact arithmetic: no fast-math. `_nrt` off: numba does not count references to arrays, which would cost two atomic
# operations each time one is passed on; so no compiled function may make or keep an array.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
# What only the kernel calls needs no way in from Python or C; leaving it out halves the time to compile.
ENTRY: dict[str, Any] = {**OPTIONS, "no_cfunc_wrapper": True}
PART: dict[str, Any] = {**ENTRY, "no_cpython_wrapper": True}

PLAIN = {"int": types.int64, "float": types.float64, "bool": types.boolean}
ARRAYS = {
    "Floats": types.float64[::1],
    "FloatTable": types.float64[:, ::1],
    "Ints": types.int64[::1],
    "IntTable": types.int64[:, ::1],
    "IntCube": types.int64[:, :, ::1],
}
DIMENSIONS = {"Table": 1, "Grid": 2}
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
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    part = njit(**options, **PART)(function)
    PARTS.append(part)
    return cast(F, part)


def entry(function: F) -> F:
    """What Python calls: machine code for exactly the types that it states, from the disk where it is there."""
    # as plain Python: for measuring which lines the tests reach
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return plain(function)
    *inputs, result = (_type(name) for name in function.__annotations__.values())
    if not is_compiled():
        compile_parts()
    dispatcher = _kept(function, place())
    with indices_as_they_are(), without_collecting():
        dispatcher.compile(result(*inputs))
    dispatcher.disable_compile()
    return cast(F, dispatcher)


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
    with indices_as_they_are(), without_collecting():
        while PARTS:
            part = PARTS.pop(0)
            *inputs, _ = part.py_func.__annotations__.values()
            part.compile(tuple(_type(name) for name in inputs))
            part.disable_compile()


@contextmanager
def indices_as_they_are() -> Iterator[None]:
    """Functions compiled within take an index for what it is: a negative one does not count from the end.

    numba looks at the sign of each index, a fifth of the kernel's time, and has no option to leave that out. Where a
    later numba does not know the name replaced here, the kernel is as slow as that, and the same in all else.
    """

    def plain(context: Any, builder: Any, index_type: Any, index: Any, size: Any) -> Any:
        return context.cast(builder, index, index_type, types.intp if index_type.signed else types.uintp)

    before = getattr(arrayobj, "fix_integer_index", plain)
    arrayobj.fix_integer_index = plain
    try:
        yield
    finally:
        arrayobj.fix_integer_index = before


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


def _type(told: str) -> Any:
    """numba's type of a number, an array, a row, a table or a group of tables, by the name in an annotation."""
    if told in PLAIN or told in ARRAYS:
        return PLAIN.get(told) or ARRAYS[told]
    kind, _, of = told.rstrip("]").partition("[")
    if of:
        return types.Array(_type(of), DIMENSIONS[kind], "C", aligned=True)
    if hasattr(rows, told):
        return from_dtype(rows.layout(getattr(rows, told)))
    group = getattr(tables, told)
    fields = [_type(field.__forward_arg__) for field in group.__annotations__.values()]
    if len(set(fields)) == 1:
        return types.NamedUniTuple(fields[0], len(fields), group)  # type: ignore[no-untyped-call]
    return types.NamedTuple(fields, group)  # type: ignore[no-untyped-call]
