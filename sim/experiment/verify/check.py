"""A stored result against itself: its checksums, and every number of its tables against a run of its own manifest."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.ahead.run import today_file
from sim.experiment.disk.folder import MANIFEST, FolderError
from sim.experiment.disk.manifest import about_program, checksums, parse_manifest, seal
from sim.experiment.disk.publish import require_finished
from sim.experiment.verify.compare import UnreadableError, compare_tables
from sim.experiment.verify.own_again import KINDS, NOT_SIMULATED
from sim.experiment.verify.restate import restated
from sim.experiment.verify.run_again import mapping, run_again
from sim.pure.checksum import checksum
from sim.pure.streams import VERSION
from sim.scenario import Loaded, ScenarioError, load
from sim.scenario.in_progress import SEAL
from sim.scenario.schema import NOT_IN_DIGEST
from sim.tables.words import counted

# What a run must share with this program for the same numbers to be promised.
MOVE_NUMBERS = ("vein2vein", "numpy", "scipy", "pandas")
# Tables of inputs, in the words of the files: they are checked by what they say, not by how.
NOT_RUN = "not run again"
INPUTS = ("parameters.csv", "changes.csv")
READ = "records"


@dataclass(frozen=True)
class Check:
    """What became of one table or of the manifest. `verdict`: identical, differs, missing, or not run again."""

    name: str
    verdict: str
    said: str

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict in ("identical", NOT_RUN)


@dataclass(frozen=True)
class Verification:
    """All that was checked; `promise`: whether the same numbers were promised here; `notes`: what else is said."""

    checks: list[Check]
    promise: str
    notes: list[str]

    @property
    def identical(self) -> bool:
        """Whether every table passed."""
        return all(check.passed for check in self.checks)


def verify(
    folder: Path,
    engine: str,
    workers: int | None,
    done: Callable[[int], None],
    today: Path | None = None,
    inputs: Sequence[Path] = (),
) -> Verification:
    """The verdict on each table of a results folder; nothing in the folder is changed.

    `today`: the file of patients in progress, which stands in no results; beside the folder unless given. `inputs`:
    the files of the user's own that a fit, a curve, a calibration or an observed register was made from. Raises
    FolderError where the folder holds no results that could be run again, and what a run raises.
    """
    require_finished(folder)
    manifest = read_manifest(folder)
    notes: list[str] = []
    stated = {str(name): str(digest) for name, digest in mapping(manifest, "tables").items()}
    with tempfile.TemporaryDirectory(prefix="vein2vein-verify-") as place:
        again = Path(place) / "again"
        again.mkdir()
        _put_patients(manifest, folder, Path(place), today)
        scenarios = _scenarios(manifest, folder, Path(place))
        digest = run_again(manifest, folder, scenarios, engine, workers, again, done, inputs)
        checks = [*_check_seal(manifest), *_check_scenarios(manifest, scenarios), *_check_made(manifest, digest)]
        names = _names(folder, again, stated)
        checks += [_check_table(name, folder, again, stated, scenarios) for name in names]
    others = sorted(set(checksums(folder)) - set(names))
    if others:
        notes.append(f"not of these results, and not looked at: {', '.join(others)}")
    return Verification(checks, _promise(manifest), notes)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder. Raises FolderError."""
    file, manifest = folder / MANIFEST, parse_manifest(folder)
    entries = manifest.get("scenarios")
    if manifest.get("kind") == READ:
        raise FolderError(f"{folder}: holds the rows of a register that are not used; `records check` makes it again")
    known = isinstance(entries, list) and all(isinstance(one, dict) and one.get("resolved") for one in entries)
    if not entries and manifest.get("kind") in KINDS:
        raise FolderError(
            f"{file}: holds no scenario in full, as an earlier version wrote it; make it again to verify it"
        )
    counted = isinstance(manifest.get("replications"), int) or manifest.get("kind") in NOT_SIMULATED
    if not entries or not known or not counted:
        raise FolderError(f"{file}: is no manifest of results (no scenarios or replications in it)")
    made = manifest.get("draws", 1)
    if made != VERSION:
        raise FolderError(
            f"{file}: made with random numbers of version {made}, this program draws version {VERSION}, so that its "
            "numbers cannot come out again; run its scenarios again, or verify it with the program that wrote it"
        )
    return manifest


def runs_of(manifest: Mapping[str, Any]) -> int:
    """How many replications it takes to run it again."""
    points = next((int(manifest[key]) for key in ("points", "samples", "values_run") if key in manifest), 1)
    if "particles" in manifest:
        points = int(manifest["particles"]) * int(manifest["generations"])
    return int(manifest.get("replications", 0)) * points


def _put_patients(manifest: Mapping[str, Any], folder: Path, place: Path, given: Path | None) -> None:
    """Put the patients in progress that the scenarios name beside where these will stand.

    Raises FolderError where the file that they come from is not there, or is another one.
    """
    for entry in manifest["scenarios"]:
        stated = entry["resolved"].get("in_progress") if isinstance(entry["resolved"], dict) else None
        stated = stated.get("file") if isinstance(stated, dict) else stated
        seal_of = SEAL.fullmatch(stated) if isinstance(stated, str) else None
        if seal_of is None:
            continue
        file = given if given is not None else today_file(folder)
        if not file.is_file():
            raise FolderError(
                f"{file}: is not there; the results hold no patient of it but its digest (sha256 "
                f"{seal_of['digest'][:12]}): name the file of patients in progress with --today"
            )
        text = file.read_bytes()
        if hashlib.sha256(text).hexdigest() != seal_of["digest"]:
            raise FolderError(f"{file}: is not the file of patients in progress that these results were made with")
        (place / Path(seal_of["name"]).name).write_bytes(text)


def _scenarios(manifest: Mapping[str, Any], folder: Path, place: Path) -> dict[str, Loaded]:
    """The stored scenarios by name, from their resolved files or, in an older folder, from the manifest."""
    found = {}
    for number, entry in enumerate(manifest["scenarios"], start=1):
        name = f"scenarios/{number}.yaml"
        # the file is read into the temporary folder, so that it may inherit from nothing
        copy = place / f"{number}.yaml"
        stored = folder / name
        text = stored.read_text(encoding="utf-8") if stored.is_file() else _without_sources(entry["resolved"])
        copy.write_text(text, encoding="utf-8")
        try:
            found[str(entry.get("name"))] = load(copy)
        except ScenarioError as error:
            told = "; ".join(f"{p.path}: {p.message}" for p in error.problems[:3])
            raise FolderError(f"{folder}: scenario {number} cannot be run by this version ({told})") from error
    return found


def _without_sources(resolved: Mapping[str, Any]) -> str:
    # a manifest has the sources of every file that was read, also of parts that the scenario leaves out
    return json.dumps({key: value for key, value in resolved.items() if key != "sources"})


def _names(folder: Path, again: Path, stated: Mapping[str, str]) -> list[str]:
    """Every table that there was or should be, in a steady order; all that are there, of an earlier version."""
    return sorted({*stated, *checksums(again), *(checksums(folder) if not stated else ())})


def _check_seal(manifest: Mapping[str, Any]) -> Iterator[Check]:
    if "seal" not in manifest:
        return
    whole = manifest["seal"] == seal(manifest)
    said = "its seal is whole" if whole else "changed after it was written: its seal does not fit"
    yield Check(MANIFEST, "identical" if whole else "differs", said)


def _check_scenarios(manifest: Mapping[str, Any], scenarios: Mapping[str, Loaded]) -> Iterator[Check]:
    """Digest, values and seed that the manifest states of each scenario, against the one that was run again."""
    first = next(iter(scenarios.values())).scenario.run.seed
    if manifest.get("seed", first) != first:
        yield Check("seed", "differs", f"the manifest states {manifest.get('seed')}, the scenario {first}")
    for entry, (name, loaded) in zip(manifest["scenarios"], scenarios.items(), strict=True):
        fits = entry.get("digest") == loaded.digest and _same_values(entry["resolved"], loaded.resolved)
        said = "digest and values as stated" if fits else "not the scenario that the manifest states"
        yield Check(f"scenario '{name}'", "identical" if fits else "differs", said)


def _same_values(stated: Any, resolved: Mapping[str, Any]) -> bool:
    # by way of JSON, where a manifest has been; sources are compared as the table of parameters
    known = json.loads(json.dumps(resolved, default=str))
    beside = dict.fromkeys(NOT_IN_DIGEST)
    return isinstance(stated, dict) and {**stated, **beside} == {**known, **beside}


def _check_made(manifest: Mapping[str, Any], digest: str) -> Iterator[Check]:
    """The scenario file that was written beside the folder, by the digest that the manifest states."""
    if digest:
        fits = manifest.get("scenario_digest") == digest
        said = "comes out again" if fits else "another scenario comes out than the manifest states"
        yield Check(str(manifest.get("scenario")), "identical" if fits else "differs", said)


def _check_table(
    name: str, folder: Path, again: Path, stated: Mapping[str, str], scenarios: Mapping[str, Loaded]
) -> Check:
    file = folder / name
    if not file.is_file():
        return Check(
            name, "missing", "there was such a table" if name in stated else "this version writes such a table"
        )
    tampered = name in stated and checksum(file) != stated[name]
    unlisted = bool(stated) and name not in stated
    mark = "changed after it was written (checksum); " if tampered else ""
    mark = "not listed in the manifest; " if unlisted else mark
    try:
        if name in INPUTS:
            wrong = restated(file, again / name, scenarios)
            said, same = wrong or "says what was run", not wrong
        elif not (again / name).is_file():
            return Check(name, "differs" if mark else NOT_RUN, mark + "no such table comes out of the run")
        elif file.suffix == ".yaml":
            return Check(name, "differs" if mark else "identical", mark + "is what was run again")
        else:
            found = compare_tables(file, again / name)
            same = found.identical
            said = counted(found.values, "value") + ("" if same else f", {found.different} differ; {found.first}")
    except UnreadableError as error:
        return Check(name, "differs", f"{mark}{error}")
    return Check(name, "identical" if same and not mark else "differs", mark + said)


def _promise(manifest: Mapping[str, Any]) -> str:
    """Whether the same numbers were promised here: same program, same libraries, same kind of machine."""
    made, here = mapping(manifest, "versions"), about_program()
    changed = [
        f"{name} {made.get(name)} then, {here['versions'].get(name)} now"
        for name in MOVE_NUMBERS
        if made.get(name) != here["versions"].get(name)
    ]
    if manifest.get("code") not in (None, here["code"]):
        changed.append("the simulator's code was another")
    if platform.machine() not in str(manifest.get("platform", "")):
        changed.append(f"another kind of machine ({manifest.get('platform')} then)")
    if changed:
        return f"identical numbers were not promised here: {'; '.join(changed)}"
    return (
        "identical numbers were promised: same program, libraries and kind of machine; "
        "engine, number of workers and Python version do not matter"
    )
