"""A scenario in full as YAML text: sections in lines, and values that are maps or lists in one line.

A resolved scenario is written into every folder of results, and ruamel.yaml takes 28 times as long for it. The texts
are the same to the byte for what is shipped, and read back as they were for everything, which tests hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

# What YAML would read as something else than text, or what begins as such: a date, and a number without a unit.
_NO_TEXT = re.compile(r"\d[\w.:+-]*|\d{4}-\d.*|true|false|null|yes|no|on|off|[yn]", re.IGNORECASE)
_ENDS_PLAIN = re.compile(r": | #|:$| $")
_ENDS_PLAIN_IN_A_LINE = re.compile(r"[,\[\]{}?:]")


def yaml_text(content: Mapping[str, Any], whole: Collection[tuple[str, ...]]) -> str:
    """YAML text of maps, lists, text, numbers and booleans; `whole`: the paths whose values stand in one line."""
    return "".join(_lines(content, (), whole))


def _lines(content: Mapping[str, Any], above: tuple[str, ...], whole: Collection[tuple[str, ...]]) -> Iterator[str]:
    indent = "  " * len(above)
    for key, value in content.items():
        path = (*above, key)
        if isinstance(value, Mapping) and value and path not in whole:
            yield f"{indent}{_scalar(key, False)}:\n"
            yield from _lines(value, path, whole)
        else:
            in_a_line = isinstance(value, Mapping | list)
            yield f"{indent}{_scalar(key, False)}: {_flow(value) if in_a_line else _scalar(value, False)}\n"


def _flow(value: Any) -> str:
    """A value within a line that has brackets."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_scalar(key, True)}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value, True)


def _scalar(value: Any, in_a_line: bool) -> str:
    """Text as it is where YAML reads it as that, otherwise in quotation marks; numbers; truth values; and nothing."""
    if not isinstance(value, str):
        return repr(value).lower() if isinstance(value, float) else json.dumps(value)
    ends = _ENDS_PLAIN.search(value) or (in_a_line and _ENDS_PLAIN_IN_A_LINE.search(value))
    if value[:1].isalnum() and value.isprintable() and not ends and not _NO_TEXT.fullmatch(value):
        return value
    if "'" in value or not value.isprintable():
        return f'"{"".join(map(_escaped, value))}"'
    return f"'{value}'"


def _escaped(letter: str) -> str:
    """A letter within double quotation marks."""
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
