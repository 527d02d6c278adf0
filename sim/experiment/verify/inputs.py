"""The files that results were made from and that stand in no folder: a register, targets, a digitised curve.

A manifest holds their names and digests, by what they are for; which of the files at hand is which, their content says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.disk.folder import MANIFEST, FolderError
from sim.records.register import Described, read_register

DESCRIPTION, REGISTER, TARGETS, CURVE, AT_RISK = "description", "register", "targets", "curve", "at_risk"
WORDS: Mapping[str, str] = {
    DESCRIPTION: "the file that describes the register",
    REGISTER: "the register",
    TARGETS: "the file of targets",
    CURVE: "the digitised curve",
    AT_RISK: "the numbers at risk",
}


@dataclass(frozen=True)
class Inputs:
    """The files at hand, by their role; every one that the manifest names is there."""

    files: Mapping[str, Path]

    @property
    def described(self) -> Described:
        """The register. Raises ScenarioError where its description cannot be read."""
        return read_register(self.files[DESCRIPTION])


def inputs_of(manifest: Mapping[str, Any], folder: Path, given: Sequence[Path]) -> Inputs:
    """The files of a manifest among those that are given. Raises FolderError with what is missing or another file."""
    stated = manifest.get("inputs")
    if not isinstance(stated, dict) or not all(_is_file(one) for one in stated.values()) or set(stated) - set(WORDS):
        raise FolderError(
            f"{folder / MANIFEST}: does not say from which files this was made (an earlier version did not); make it "
            "again to verify it"
        )
    digests = {file: _digest(file) for file in given}
    found = {role: file for role, one in stated.items() for file, digest in digests.items() if digest == one["sha256"]}
    if DESCRIPTION in found and REGISTER in stated:
        found[REGISTER] = _of_description(found[DESCRIPTION], stated[REGISTER], folder)
    missing = [role for role in stated if role not in found and (role != REGISTER or DESCRIPTION not in stated)]
    if missing:
        raise FolderError("\n".join(_wanted(stated[role], role, folder, given) for role in missing))
    return Inputs(found)


def _of_description(description: Path, stated: Mapping[str, str], folder: Path) -> Path:
    """The register that a description describes."""
    file = read_register(description).file
    if _digest(file) != stated["sha256"]:
        raise FolderError(f"{file}: is not the register that {folder} was made from (another content)")
    return file


def _wanted(stated: Mapping[str, str], role: str, folder: Path, given: Sequence[Path]) -> str:
    others = [file for file in given if file.name == stated["file"]]
    if others:
        return f"{others[0]}: is not the {stated['file']} that {folder} was made from (another content)"
    return (
        f"{folder}: holds nothing of {WORDS[role]} but its digest (sha256 {stated['sha256'][:12]}): name "
        f"{stated['file']} with --input"
    )


def _is_file(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("file"), str) and isinstance(one.get("sha256"), str)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise FolderError(f"{file}: cannot be read ({error.strerror})") from error
