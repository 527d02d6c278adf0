"""Machine code for the kernel, kept on disk for as long as no file of the kernel changes.

numba's own cache notices a change of the file in which a function stands, not of those it calls. So only what Python
calls is cached, and its stamp is what all files of this folder say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit, types
from numba.core.caching import FunctionCache, IndexDataCacheFile

from sim.engine.kernel import tables

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = Path(__file__).parent

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
PLAIN = {"int": types.int64, "float": types.float64}


def compiled(function: F) -> F:
    """A part of the kernel: compiled with what calls it, for the types with which it is called."""
    return cast(F, njit(**PART)(function))


def inlined(function: F) -> F:
    """A part of the kernel that is called from one place: compiled there, as if it had been written there."""
    return cast(F, njit(forceinline=True, **PART)(function))


def entry(function: F) -> F:
    """What Python calls: machine code for exactly the types that it states, from the disk where it is there."""
    if config.DISABLE_JIT:  # type: ignore[attr-defined] # numba hands functions back as they are: for measuring which lines the tests reach
        return function
    *inputs, result = (_type(name) for name in function.__annotations__.values())
    dispatcher = njit(**ENTRY)(function)
    dispatcher._cache = _Stamped(function)
    dispatcher.compile(result(*inputs))
    dispatcher.disable_compile()
    return cast(F, dispatcher)


class _Stamped(FunctionCache):
    """numba's cache of one function, with another stamp."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file = IndexDataCacheFile(  # type: ignore[no-untyped-call]
            cache_path=self._cache_path, filename_base=self._impl.filename_base, source_stamp=stamp(FOLDER)
        )


@cache
def stamp(folder: Path) -> str:
    """What stands for the contents of all modules in a folder."""
    found = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def _type(name: str) -> Any:
    """numba's type of an array, a number or a group of tables, by the name in an annotation."""
    if name in PLAIN or name in ARRAYS:
        return PLAIN.get(name) or ARRAYS[name]
    group = getattr(tables, name)
    fields = [_type(field.__forward_arg__) for field in group.__annotations__.values()]
    return types.NamedTuple(fields, group)  # type: ignore[no-untyped-call]
