"""YAML text of a resolved scenario: that of ruamel.yaml for what is shipped, and read back as it was for any text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from sim.scenario import load
from sim.scenario.leaves import values
from sim.scenario.yaml_text import yaml_text
from tests.runs import SHIPPED

WORDS = st.text(max_size=12) | st.text(alphabet="a1 :#,[]{}'\"-?!&*|>%@`=~.e+\n\t\\ü", max_size=12)
SCALARS = WORDS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


def by_ruamel(content: Any, whole: set[tuple[str, ...]]) -> str:
    """The same by the library."""

    def styled(value: Any, path: tuple[str, ...], flow: bool) -> Any:
        flow = flow or path in whole
        if isinstance(value, dict):
            found = CommentedMap({key: styled(one, (*path, key), flow) for key, one in value.items()})
        elif isinstance(value, list):
            found = CommentedSeq([styled(one, path, flow) for one in value])
        else:
            return value
        if flow or not value or isinstance(value, list):
            found.fa.set_flow_style()
        return found

    yaml, text = YAML(), io.StringIO()
    yaml.width = 1_000_000_000
    yaml.dump(styled(content, (), False), text)
    return text.getvalue()


@pytest.mark.parametrize("name", ["autologous", "allogeneic", "library/point_of_care", "validation/priorities"])
def test_it_is_that_of_the_library_to_the_byte(name: str) -> None:
    loaded = load(Path(SHIPPED / f"{name}.yaml"))
    content = {**loaded.resolved, "sources": {p.path: p.source for p in loaded.parameters if p.stated}}
    whole = {value.path for value in values(loaded.scenario)} - {("sources",)}
    assert yaml_text(content, whole) == by_ruamel(content, whole)


@given(st.dictionaries(WORDS, SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(WORDS, SCALARS, max_size=3)))
@example({"a": "no", "b": "2026-01-01", "c": "1e5", "d": "x: y", "e": "x #y", "f": "'x", "g": "x\ny", "h": {}})
@example({"12": {"null": ["", "true", "0x1F", "1_000", "12:30:00", "a, b", "a]", "\ud7ff\u2028\ufeff\U0001f40e"]}})
def test_every_text_is_read_back_as_it_was(content: dict[str, Any]) -> None:
    safe = YAML(typ="safe", pure=True)
    for whole in ((), {(key,) for key in content}):
        assert safe.load(yaml_text(content, whole) or "{}") == content
