"""Machine code for the kernel, kept on disk for as long as no file of the kernel changes.

numba's own cache notices a change of the file in which a function stands, not of those it calls. So only what Python
calls is cached, in a folder named by what all files of this folder say.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit, types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher
from numba.np import arrayobj

from sim.engine.kernel import tables
from sim.engine.kernel.stamp import FOLDER, place, stamp

F = TypeVar("F", bound=Callable[..., Any])

# Exact arithmetic: no fast-math. `_nrt` off: numba does not count references to arrays, which would cost two atomic
# operations each time one is passed on (a fifth of a run); so no compiled function may make or keep an array.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
# What only the kernel calls needs no way in from Python or C; leaving it out halves the time to compile.
ENTRY: dict[str, Any] = {**OPTIONS, "no_cfunc_wrapper": True}
PART: dict[str, Any] = {**ENTRY, "no_cpython_wrapper": True}

ARRAYS = {
    "Floats": types.float64[::1],
    "FloatTable": types.float64[:, ::1],
    "FloatCube": types.float64[:, :, ::1],
    "Ints": types.int64[::1],
    "IntTable": types.int64[:, ::1],
    "IntCube": types.int64[:, :, ::1],
}
PLAIN = {"int": types.int64, "float": types.float64, "bool": types.boolean}


def compiled(function: F) -> F:
    """A part of the kernel: compiled with what calls it, for the types with which it is called."""
    return cast(F, njit(**PART)(function))


def inlined(function: F) -> F:
    """A part of the kernel that is called from one place, or often: compiled there, as if it were written there.

    A call costs as much as 20 ns, for each group of tables is handed over array by array.
    """
    return cast(F, njit(forceinline=True, **PART)(function))


def entry(function: F) -> F:
    """What Python calls: machine code for exactly the types that it states, from the disk where it is there."""
    # numba hands functions back as they are: for measuring which lines the tests reach
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    *inputs, result = (_type(name) for name in function.__annotations__.values())
    dispatcher = njit(**ENTRY)(function)
    kept = place()
    if kept is None:
        with without_collecting():
            compile_parts(function)
    else:
        dispatcher._cache = _Kept(function, kept)
    with indices_as_they_are(), without_collecting():
        dispatcher.compile(result(*inputs))
    dispatcher.disable_compile()
    return cast(F, dispatcher)


def compile_parts(function: Callable[..., Any]) -> None:
    """Compile what a function calls for exactly the types that it states.

    Left to itself, numba compiles a function again for each constant that it is called with.
    """
    for called in function.__code__.co_names:
        part = function.__globals__.get(called)
        if isinstance(part, Dispatcher) and not part.overloads:
            compile_parts(part.py_func)
            *inputs, _ = part.py_func.__annotations__.values()
            part.compile(tuple(_type(name) for name in inputs))
            part.disable_compile()


@contextmanager
def indices_as_they_are() -> Iterator[None]:
    """Functions compiled within take an index for what it is: a negative one does not count from the end.

    numba looks at the sign of each index, an eighth of the kernel's time, and has no option to leave that out. Where a
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


class _Kept(FunctionCache):
    """numba's cache of one function in a folder of ours, with a stamp of ours."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        # numba looks for a folder of its own first, and gives up where it finds none
        before = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        try:
            super().__init__(function)  # type: ignore[no-untyped-call]
        finally:
            config.CACHE_DIR = before  # type: ignore[attr-defined]
        self._cache_file = IndexDataCacheFile(  # type: ignore[no-untyped-call]
            cache_path=str(folder), filename_base=self._impl.filename_base, source_stamp=stamp(FOLDER)
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What is on the disk; where nothing is, None, with all parts compiled."""
        found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        if found is None:
            with without_collecting():
                compile_parts(self._py_func)
        return found


def _type(name: str) -> Any:
    """numba's type of an array, a number or a group of tables, by the name in an annotation."""
    if name in PLAIN or name in ARRAYS:
        return PLAIN.get(name) or ARRAYS[name]
    group = getattr(tables, name)
    fields = [_type(field.__forward_arg__) for field in group.__annotations__.values()]
    return types.NamedTuple(fields, group)  # type: ignore[no-untyped-call]
