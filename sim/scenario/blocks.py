"""What durations and clocks have in common: a block with exactly one family, by the parameters that planners know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sim.scenario.kinds import Context, JsonSchema, Kind
from sim.scenario.problems import any_of
from sim.scenario.read_once import once
from sim.scenario.section import Fault, Section, fault

# Shapes beyond these are slips of the pen, and overflow.
LEAST_SHAPE, MOST_SHAPE = 0.1, 100.0


@dataclass(frozen=True)
class Alternatives:
    """Ways of saying one thing: the keys that go together. A later file that goes one way leaves the others behind.

    `together`: whether several may be asked for at once, in one file; they then change one by one.
    """

    ways: tuple[tuple[str, ...], ...]
    together: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all ways."""
        return frozenset(key for way in self.ways for key in way)

    def fit(self, one: str, other: str) -> bool:
        """Whether two keys go together."""
        return any({one, other} <= set(way) for way in self.ways)


# By the path of the map that holds them, or the name of the family whose parameters they are. That one family of a
# distribution or clock replaces another follows from the block that they stand in.
ALTERNATIVES: dict[str, Alternatives] = {
    "lognormal": Alternatives((("median", "sigma"), ("mean", "sd"))),
    "exponential": Alternatives((("rate",), ("mean",), ("median",))),
    "gamma": Alternatives((("shape",), ("sd",))),
    "weibull": Alternatives((("scale",), ("median",), ("mean",))),
    "allogeneic.stock.order": Alternatives((("at", "up_to"), ("every",), ("every", "first"))),
    "regions.*.already_waiting": Alternatives((("count",), ("count", "waited"), ("since",))),
    "regions.*": Alternatives((("referrals",), ("referral_days",)), together=True),
    "validation.quantities.*": Alternatives((("exact",), ("low", "high"))),
}


def one_way(data: Mapping[str, Any], known: Sequence[str], table: str) -> Iterator[Fault]:
    """A fault where the keys are not exactly one of the ways of `ALTERNATIVES`; other keys do not matter, unknown ones
    come first."""
    ways = sorted(ALTERNATIVES[table].ways, key=lambda way: known.index(way[0]))
    if set(data) - set(known):
        return
    concerned = [key for way in ways for key in way]
    given = [key for key in dict.fromkeys(concerned) if key in data]
    if any(set(way) == set(given) for way in ways):
        return
    alone = all(len(way) == 1 for way in ways)
    allowed = f"one of {', '.join(concerned)}" if alone else ", or ".join(" and ".join(way) for way in ways)
    yield (), f"found {any_of(given) if given else 'none of these'}; allowed: {allowed}"


class Family(Section):
    """The parameters of one family."""

    # the entry of `ALTERNATIVES` that has the ways to give them, if there are several
    ways: ClassVar[str] = ""

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterable[Fault]:
        return one_way(data, list(cls.model_fields), cls.ways) if cls.ways else ()

    def value(self) -> Any:
        """The distribution or survival shape that the parameters stand for."""
        raise NotImplementedError


class Block(Section):
    """A map with one key, the family, and what may stand beside some of them."""

    # a key that may stand beside a family, by that family
    beside: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def families(cls) -> list[str]:
        """The names of the families."""
        return [name for name in cls.model_fields if name not in cls.beside]

    @classmethod
    def rules(cls, data: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[Fault]:
        known = cls.families()
        given = [key for key in data if key in known]
        for key, family in cls.beside.items():
            if key in data and family not in data:
                yield (key,), f"is not used: allowed beside {family}"
        if len(given) > 1 or (not given and not data):
            found = any_of(given) if given else "an empty section"
            yield (), f"found {found}; allowed: exactly one of {', '.join(known)}"

    def value(self) -> Any:
        """The distribution or survival shape of the one family that is given."""
        (name,) = self.model_fields_set - set(self.beside)
        family = getattr(self, name)
        return family.value() if isinstance(family, Family) else self.build(name, family)

    def build(self, name: str, parameters: Any) -> Any:
        """The value of a family whose parameters are a list."""
        raise NotImplementedError


class BlockKind(Kind):
    """A duration or clock: a plain text, or a block."""

    def block(self) -> type[Block]:
        """The model of the block."""
        raise NotImplementedError

    def read_text(self, value: Any) -> Any:
        """The value of anything but a block."""
        raise NotImplementedError

    def describe_text(self) -> JsonSchema:
        """JSON Schema of the text."""
        raise NotImplementedError

    def read(self, value: Any, context: Context) -> Any:
        return self.block().model_validate(value, context=dict(context)).value()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, inner: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            try:
                if not isinstance(value, dict):
                    return self.read_text(value)
                return once(value, self, info.context or {}, lambda: inner(value).value())
            except ValidationError:
                raise
            except (ValueError, OverflowError) as error:
                raise fault(str(error)) from error

        inner = handler.generate_schema(self.block())
        dump = core_schema.plain_serializer_function_ser_schema(lambda value: value)
        return core_schema.with_info_wrap_validator_function(validate, inner, serialization=dump)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        inner: Any = schema
        return {"anyOf": [self.describe_text(), handler(inner["schema"])]}
