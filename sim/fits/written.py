"""The text of a scenario that extends its base and replaces what records could say."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.fits.numbers import Number
from sim.fits.together import fitted_together
from sim.fits.work import Fitted
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_at
from sim.scenario.problems import one_line
from sim.scenario.sources import RECORDS
from sim.scenario.uncertainty import CORRELATION

HEAD = """\
# Fitted to {file} ({patients} patients, as of {as_of}); {folder} has every number with its interval, the tests and the
# curves. What is not here is as in the base, among it what these records cannot say:
{unsaid}
"""


def scenario_text(
    name: str, base: str, fitted: Fitted, file: str, digest: str, patients: int, as_of: str, folder: str
) -> str:
    """The YAML text. `base`: as `extends` names it; `digest`: of the register's file."""
    content: dict[str, Any] = {"extends": base, "name": name}
    uncertain: dict[str, Any] = {}
    sources: dict[str, str] = {}
    together = fitted_together(fitted.numbers, fitted.covariance)
    for number in fitted.numbers:
        if number.value is None:
            continue
        put(content, number.path.split("."), number.value)
        source = f"{RECORDS}: {file} (sha256 {digest[:12]}), {number.basis or 'all patients'}, as of {as_of}"
        if number.rows:
            sources[number.path] = source
        for path, block in number.uncertain.items():
            told = {other: r for other, r in together.get(path, {}).items() if other in uncertain}
            uncertain[path] = {**block, **({CORRELATION: told} if told else {}), "source": source}
    if uncertain:
        content["uncertainty"] = uncertain
    if sources:
        content["sources"] = sources
    unsaid = [
        f"#   {row.path}: {one_line(row.note)}"
        for number in fitted.numbers
        if number.value is None
        for row in number.rows
    ]
    head = HEAD.format(
        file=file, patients=patients, as_of=as_of, folder=folder, unsaid="\n".join(unsaid) or "#   nothing"
    )
    return f"{head.rstrip()}\n\n{dumped(content)}"


def curve_text(name: str, base: str, number: Number, covariance: Iterable[tuple[str, str, float]], source: str) -> str:
    """The YAML text of a scenario that extends its base by a clock that was read off a figure.

    `source`: where the figure stands, which file it was read into, and what it rests on
    """
    content: dict[str, Any] = {"extends": base, "name": name}
    put(content, number.path.split("."), number.value)
    told, together = f"{RECORDS}: {source}", fitted_together([number], covariance)
    uncertain = {
        path: {**block, **({CORRELATION: together[path]} if together[path] else {}), "source": told}
        for path, block in number.uncertain.items()
    }
    if uncertain:
        content["uncertainty"] = uncertain
    content["sources"] = {number.path: told}
    return dumped(content)


def digest_of_text(text: str) -> str:
    """SHA-256 of what such a text sets, wherever it stands: without comments, and without the path of its base."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "extends:"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def put(content: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """The value at a path of nested maps, which are made where they are missing."""
    for key in path[:-1]:
        content = content.setdefault(key, {})
    content[path[-1]] = value


def dumped(content: Mapping[str, Any]) -> str:
    """The YAML text of a scenario: sections as blocks, single values and distributions in one line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    def styled(value: Any, path: tuple[str, ...], flow: bool) -> Any:
        flow = (
            flow
            or (isinstance(marker_at(path), Kind) and path[0] not in ("uncertainty", "sources"))
            or (len(path) == 2 and path[0] == "uncertainty")
        )
        if isinstance(value, dict):
            found = CommentedMap({key: styled(inner, (*path, key), flow) for key, inner in value.items()})
            if flow:
                found.fa.set_flow_style()
            return found
        if isinstance(value, list):
            listed = CommentedSeq(value)
            listed.fa.set_flow_style()
            return listed
        return value

    yaml = YAML()
    yaml.width = 1_000_000_000
    text = io.StringIO()
    yaml.dump(CommentedMap({key: styled(value, (key,), False) for key, value in content.items()}), text)
    return text.getvalue()
