"""Tables as numba sees them: where the first row is, and how many rows there are. A row is numba's own `Record`.

By numba's interface for extensions, which has no types of its own: what the type checker is told to overlook is that.
An array of numba's own is handed on as seven numbers and a count of references, and its indices may count from the end;
none of that is of use here, and leaving it out halves the kernel's time. A group of tables is handed on as one address,
of where that of each is written down.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
from numba import config, from_dtype, types
from numba.extending import (
    lower_builtin,
    lower_getattr_generic,
    make_attribute_wrapper,
    models,
    register_model,
    type_callable,
)

from sim.engine.kernel import rows, tables
from sim.engine.kernel.tables import opened

F = TypeVar("F", bound=Callable[..., Any])


NUMBERS = {"int": types.int64, "float": types.float64, "bool": types.boolean}
ARRAYS = {
    "Floats": (types.float64, 1),
    "FloatTable": (types.float64, 2),
    "Ints": (types.int64, 1),
    "Counts": (types.int32, 2),
    "IntTable": (types.int64, 2),
    "IntCube": (types.int64, 3),
}
DIMENSIONS = {"Table": 1, "Grid": 2}


def in_machine_code(function: Any, *of: Any) -> Callable[[F], F]:
    """What a function stands for in machine code: numba's decorator, with types of its own."""
    return cast(Callable[[F], F], lower_builtin(function, *of))  # type: ignore[no-untyped-call]


class TableType(types.Type):
    """The type of a table of rows, or of plain numbers, of one to three dimensions."""

    def __init__(self, of: Any, name: str, dimensions: int) -> None:
        self.of, self.row, self.dimensions = of, name, dimensions
        super().__init__(name=f"Table({name}, {dimensions})")


@register_model(TableType)
class TableModel(models.StructModel):
    """Where the first row is; how many there are."""

    def __init__(self, manager: Any, kind: TableType) -> None:
        super().__init__(manager, kind, [("first", types.voidptr), ("shape", _shape(kind))])  # type: ignore[no-untyped-call]


def _shape(kind: TableType) -> Any:
    return types.UniTuple(types.intp, kind.dimensions)  # type: ignore[no-untyped-call]


make_attribute_wrapper(TableType, "shape", "shape")


class GroupType(types.NamedTuple):
    """The type of a group of tables, rows and further groups.

    Its name is short because it is part of that of every function that is handed one.
    """

    def __init__(self, members: Any, group: Any) -> None:
        super().__init__(members, group)  # type: ignore[no-untyped-call]
        self.name = group.__name__


@register_model(GroupType)
class GroupModel(models.PrimitiveModel):
    """Where the words are that `addresses` wrote down."""

    def __init__(self, manager: Any, kind: GroupType) -> None:
        super().__init__(manager, kind, manager.lookup(types.voidptr).get_value_type())  # type: ignore[no-untyped-call]


# -- the types of what annotations state ----------------------------------------------------------------------------


def type_of(told: str) -> Any:
    """numba's type of a number, a table, a row or a group of tables, by the name in an annotation."""
    if told in NUMBERS:
        return NUMBERS[told]
    if told in ARRAYS:
        number, dimensions = ARRAYS[told]
        return TableType(number, number.name, dimensions)
    kind, _, of = told.rstrip("]").partition("[")
    if of:
        return TableType(type_of(of), of, DIMENSIONS[kind])
    if hasattr(rows, told):
        return _row(told)
    return _group(getattr(tables, told))


@cache
def _row(told: str) -> Any:
    return from_dtype(rows.layout(getattr(rows, told)))


@cache
def _group(group: Any) -> Any:
    return GroupType([type_of(field.__forward_arg__) for field in group.__annotations__.values()], group)


# -- from numpy's arrays to tables ----------------------------------------------------------------------------------


def addresses(group: Any) -> Any:
    """Where the tables of a group are and their shapes, one after the other, as `opened` reads them. Raises TypeError.

    Whoever calls must hold the group for as long as these are used.
    """
    found: list[int] = []
    for table, (kind, dimensions) in zip(_leaves(group), _layouts(group.__class__), strict=True):
        array = np.asarray(table)
        if array.dtype != kind or array.ndim != dimensions or not array.flags.c_contiguous:
            raise TypeError(f"a table of {kind} with {dimensions} dimensions, one row after the other, and not {array}")
        found += array.ctypes.data, *array.shape
    return np.array(found, dtype=np.int64)


def _leaves(group: Any) -> Iterator[Any]:
    for member in group:
        if isinstance(member, tuple):
            yield from _leaves(member)
        else:
            yield member


@cache
def _layouts(group: Any) -> tuple[tuple[np.dtype[Any], int], ...]:
    """(dtype, dimensions) of each table in a group; 0 dimensions: one row."""
    found: list[tuple[np.dtype[Any], int]] = []
    for field in group.__annotations__.values():
        told = field.__forward_arg__
        kind, _, of = told.rstrip("]").partition("[")
        if told in ARRAYS:
            number, dimensions = ARRAYS[told]
            found.append((np.dtype(number.name), dimensions))
        elif hasattr(rows, of or told):
            found.append((rows.layout(getattr(rows, of or told)), DIMENSIONS.get(kind, 0)))
        else:
            found += _layouts(getattr(tables, told))
    return tuple(found)


@type_callable(opened)
def _type_of_group(_: Any) -> Any:
    def typer(kind: Any, where: Any) -> Any:
        return _group(kind.instance_class)

    return typer


@in_machine_code(opened, types.NamedTupleClass, types.Integer)
def _open(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    return builder.inttoptr(given[1], context.get_value_type(types.voidptr))


def _words(kind: Any) -> int:
    """How many words `addresses` writes down for a table, a row or a group."""
    if isinstance(kind, GroupType):
        return sum(_words(member) for member in kind.types)
    return 1 + (kind.dimensions if isinstance(kind, TableType) else 0)


@lower_getattr_generic(GroupType)  # type: ignore[no-untyped-call, untyped-decorator]
def _named(context: Any, builder: Any, group: Any, where: Any, name: str) -> Any:
    return _member(context, builder, group, where, group.fields.index(name))


@in_machine_code("static_getitem", GroupType, types.IntegerLiteral)
def _numbered(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    return _member(context, builder, signature.args[0], *given)


def _member(context: Any, builder: Any, group: Any, where: Any, place: int) -> Any:
    found, before = group.types[place], sum(_words(member) for member in group.types[:place])
    words = builder.bitcast(where, context.get_value_type(types.intp).as_pointer())
    first = builder.gep(words, [context.get_constant(types.intp, before)], inbounds=True)
    if isinstance(found, GroupType):
        return builder.bitcast(first, context.get_value_type(found))

    def word(number: int) -> Any:
        loaded = builder.load(builder.gep(first, [context.get_constant(types.intp, number)], inbounds=True))
        # nothing that the kernel writes changes it, so once is enough
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    row = builder.inttoptr(word(0), context.get_value_type(types.voidptr))
    if not isinstance(found, TableType):
        return builder.bitcast(row, context.get_value_type(found))
    table = context.make_helper(builder, found)
    shape = [word(1 + dimension) for dimension in range(found.dimensions)]
    table.first, table.shape = row, context.make_tuple(builder, _shape(found), shape)
    return table._getvalue()


# -- rows by their places -------------------------------------------------------------------------------------------


@type_callable(operator.getitem)
def _type_of_item(_: Any) -> Any:
    def typer(table: Any, place: Any) -> Any:
        if not isinstance(table, TableType):
            return None
        left = table.dimensions - (len(place) if isinstance(place, types.BaseTuple) else 1)
        return table.of if left == 0 else TableType(table.of, table.row, left)

    return typer


@type_callable(operator.setitem)
def _type_of_setting(_: Any) -> Any:
    def typer(table: Any, place: Any, value: Any) -> Any:
        return types.none if isinstance(table, TableType) else None

    return typer


@type_callable(len)
def _type_of_length(_: Any) -> Any:
    def typer(table: Any) -> Any:
        return types.intp if isinstance(table, TableType) else None

    return typer


@in_machine_code(len, TableType)
def _length(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    table = context.make_helper(builder, signature.args[0], given[0])
    return builder.extract_value(table.shape, 0)


def _place(context: Any, builder: Any, signature: Any, given: Any) -> tuple[Any, Any]:
    """(the address of what an index says, the part of the shape that it leaves)."""
    kind, of = signature.args[:2]
    if not isinstance(of, types.BaseTuple):
        indices, of = [given[1]], (of,)
    else:
        indices = [builder.extract_value(given[1], k) for k in range(len(of))]
    table = context.make_helper(builder, kind, given[0])
    shape = [builder.extract_value(table.shape, k) for k in range(kind.dimensions)]
    place = context.get_constant(types.intp, 0)
    for k, length in enumerate(shape):
        place = builder.mul(place, length)
        if k < len(indices):
            index = context.cast(builder, indices[k], of[k], types.intp)
            if config.BOUNDSCHECK:  # type: ignore[attr-defined]
                with builder.if_then(builder.icmp_unsigned(">=", index, length), likely=False):
                    context.call_conv.return_user_exc(builder, IndexError, (f"no such place in {kind}",))
            place = builder.add(place, index)
    first = builder.bitcast(table.first, context.get_data_type(kind.of).as_pointer())
    return builder.gep(first, [place], inbounds=True), shape[len(indices) :]


@in_machine_code(operator.getitem, TableType, types.Any)
def _item(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    found = signature.return_type
    address, shape = _place(context, builder, signature, given)
    if isinstance(found, types.Record):
        return builder.bitcast(address, context.get_value_type(found))
    if not isinstance(found, TableType):
        return context.unpack_value(builder, found, builder.bitcast(address, context.get_data_type(found).as_pointer()))
    table = context.make_helper(builder, found)
    table.first, table.shape = (
        builder.bitcast(address, context.get_value_type(types.voidptr)),
        context.make_tuple(builder, _shape(found), shape),
    )
    return table._getvalue()


@in_machine_code(operator.setitem, TableType, types.Any, types.Any)
def _set(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    of = signature.args[0].of
    address, _ = _place(context, builder, signature, given)
    value = context.cast(builder, given[2], signature.args[2], of)
    context.pack_value(builder, of, value, builder.bitcast(address, context.get_data_type(of).as_pointer()))
    return context.get_dummy_value()
