"""Scenarios as they are given in Python: a name, a file, a mapping, or one that was loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sim.experiment.disk.folder import FolderError
from sim.scenario import Loaded, load_mapping, write_resolved
from sim.scenario import load as load_file
from sim.scenario.each import set_in_each
from sim.scenario.leaves import inline
from sim.scenario.naming import by_name
from vein2vein.limits import checked

Given: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Loaded"
"""The name of a shipped scenario, a file, what its file would hold, or a loaded one."""


@checked
def load(scenario: Given, *, set: Mapping[str, object] | None = None, seed: int | None = None) -> Loaded:
    """The scenario, checked as a whole.

    `scenario`: the name of a shipped one (`shipped()` lists them), a file, a mapping of what a file would hold (it may
    extend another: `{"extends": "autologous", "name": "Ours", "manufacturing": {"lines": 12}}`), or one that was loaded
    before. `set`: values by path, such as `{"manufacturing.lines": 12, "release_testing.sterility": "7 d"}`; None takes
    an inherited value away. `seed`: instead of its own.

    Returned is a frozen `Loaded`: `scenario` (its values), `digest`, `parameters` (each number with its source) and
    `warnings`. Raises ScenarioError with everything that is wrong, and where.

    >>> ours = load("autologous", set={"manufacturing.lines": 12}, seed=7)
    >>> ours.resolved["manufacturing"]["lines"], ours.scenario.run.seed
    (12, 7)
    """
    return _load_with(scenario, overrides(set, seed))


def overrides(values: Mapping[str, object] | None, seed: int | None = None) -> list[str]:
    """`PATH=VALUE` of each value and the seed, as the command line takes them."""
    found = [f"{path}={text_of(value)}" for path, value in (values or {}).items()]
    return [*found, *([f"run.seed={seed}"] if seed is not None else [])]


def text_of(value: object) -> str:
    """A value as one line of YAML; a text is taken as it stands, so that `"7 d"` is seven days."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    return inline(_plain(value), shorten_lists=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # of numpy and pandas
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def named(
    given: Sequence[Given], set: Mapping[str, object] | None, seed: int | None
) -> tuple[dict[str, Loaded], list[str]]:
    """(the scenarios by name, the first one the baseline; what is not set in which of them, in sentences).

    Two of one name are told apart. A value goes to every scenario that has a use for it.
    """
    found, notes = set_in_each([partial(_load_with, one) for one in given], overrides(set, seed))
    return by_name(found), notes


def _load_with(scenario: Given, changes: Sequence[str]) -> Loaded:
    if isinstance(scenario, Loaded):
        return scenario.with_overrides(changes) if changes else scenario
    if isinstance(scenario, Mapping):
        return load_mapping(scenario, changes)
    return load_file(scenario, changes)


def file_of(scenario: Given, file: Path) -> Path:
    """Where the scenario stands: one that is no file yet is written to `file`, in full and with its sources."""
    if isinstance(scenario, str | os.PathLike):
        return Path(scenario)
    text = write_resolved(_load_with(scenario, ()))
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise FolderError(f"{file}: stands there already, and is another scenario; give another out=")
    file.write_text(text, encoding="utf-8")
    return file


def called(function: str, given: Sequence[object], options: Mapping[str, object]) -> str:
    """A call as results keep it, as Python would have it; mappings and loaded scenarios by their names."""
    told = [repr(_named(one)) for one in given]
    told += [f"{name}={value!r}" for name, value in options.items() if value not in (None, {})]
    return f"vein2vein.{function}({', '.join(told)})"


def _named(given: object) -> str:
    if isinstance(given, Loaded):
        return given.scenario.name
    return str(given.get("name", "mapping")) if isinstance(given, Mapping) else os.fspath(given)  # type: ignore[call-overload]


@checked
def new(
    base: str = "autologous", *, centres: Sequence[str] = (), blank: bool = False, name: str = "my_scenario"
) -> str:
    """The text of a commented scenario file to start from, which extends the shipped scenario `base`.

    `centres`: names of those of a network of your own, in place of the shipped one. `blank`: the smallest file that
    runs. `name`: of the scenario. Raises ValueError where there is no such base, or a name cannot be one.

    >>> new("allogeneic", name="ours").splitlines()[4:6]
    ['extends: allogeneic', 'name: Ours']
    """
    from sim.scenario.own_network import centre_names
    from sim.scenario.shipped import ShippedError, template

    try:
        names = centre_names(",".join(centres)) if centres else []
        return template(Path(f"{name}.yaml"), base, names, blank=blank)
    except ShippedError as error:
        raise ValueError(str(error)) from error


def shipped() -> dict[str, str]:
    """The shipped scenarios: what each is, in a line, by its name.

    >>> "autologous" in shipped()
    True
    """
    from sim.scenario.shipped import shipped_heads

    return {head.file.stem: head.what for head in shipped_heads()}
