"""The same tables from every Python that this machine has: `python -m tests.determinism [--keep FOLDER]`.

Makes a virtual environment for each interpreter (3.11 to 3.13) with the same versions of the libraries, does a small
run, comparison, sweep and probabilistic analysis in it on both engines with one process and several, and other seeds of
Python's own hashes, and compares the bytes of all tables. Leaves with 1 where any differ.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
# (engine, workers, seed of Python's hashes); the first is what all others are compared with.
WAYS = (("simpy", "1", "0"), ("simpy", "4", "1"), ("compiled", "1", "4294967295"))
NO_COMPILER = "numba"
NOT_COMPILED = "numba cannot be had for it: the SimPy engine only"


def interpreters() -> dict[str, str]:
    """A working interpreter of each version that this machine has."""
    found: dict[str, str] = {}
    for version in VERSIONS:
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        places = sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
        for candidate in [sys.executable, shutil.which(f"python{version}"), *map(str, places)]:
            if candidate is not None and version_of(candidate) == version:
                found[version] = candidate
                break
    return found


def version_of(python: str) -> str | None:
    """Major and minor version of an interpreter; None where it does not start."""
    told = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def environment(python: str, place: Path, constraints: Path | None) -> tuple[Path, str]:
    """(interpreter of a virtual environment with the program's libraries, why one is left out or "")."""
    here = place / "bin" / "python"
    if here.is_file():  # kept from an earlier time
        compiles = subprocess.run([here, "-c", "import numba"], capture_output=True, check=False).returncode == 0
        return here, "" if compiles else NOT_COMPILED
    uv = shutil.which("uv")  # seconds in place of minutes
    made = [uv, "venv", "--quiet", "--seed", "--python", python, place] if uv else [python, "-m", "venv", place]
    subprocess.run(made, check=True)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    install = [str(here), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", str(here)]
    install += ["--constraint", str(constraints)] if constraints is not None else []
    done = subprocess.run([*install, *wanted], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return here, ""
    without = [one for one in wanted if not one.startswith(NO_COMPILER)]
    subprocess.run([*install, *without], check=True)
    return here, NOT_COMPILED


def digests(folder: Path) -> dict[str, str]:
    """A digest of every table below a folder, by name."""
    tables = sorted(file for kind in ("csv", "parquet") for file in folder.rglob(f"*.{kind}"))
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in tables}


def results(python: Path, place: Path, without: str) -> dict[tuple[str, str, str], dict[str, str]]:
    """The digests of all tables, by way."""
    found = {}
    for engine, workers, seed in WAYS:
        if engine == "compiled" and without:
            continue
        out = place / f"{engine}-{workers}-{seed}"
        shutil.rmtree(out, ignore_errors=True)
        given = {**os.environ, "PYTHONHASHSEED": seed, "NUMBA_CACHE_DIR": str(place / "numba")}
        command = [str(python), "-m", "tests.determinism.small", engine, workers, str(out)]
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{python} {engine}: {done.stderr[-2000:]}")
        found[engine, workers, seed] = digests(out)
    return found


def main() -> int:
    """Print what is the same and what is not; 1 where something is not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", type=Path, help="keep environments and tables in this folder")
    keep = options.parse_args().keep
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(keep or temporary).resolve()
        place.mkdir(exist_ok=True)
        found = interpreters()
        print(f"Python {', '.join(found)}; not on this machine: {', '.join(set(VERSIONS) - set(found)) or 'none'}")
        pythons: dict[str, tuple[Path, str]] = {}
        constraints = None
        for version, python in found.items():
            pythons[version] = environment(python, place / f"venv-{version}", constraints)
            if constraints is None:
                frozen = subprocess.run([pythons[version][0], "-m", "pip", "freeze"], capture_output=True, check=True)
                constraints = place / "constraints.txt"
                constraints.write_bytes(frozen.stdout)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            running = {
                version: pool.submit(results, python, place / f"results-{version}", without)
                for version, (python, without) in pythons.items()
            }
            every = {version: future.result() for version, future in running.items()}
        wrong = judge(every, {version: without for version, (_, without) in pythons.items()})
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def judge(every: dict[str, dict[tuple[str, str, str], dict[str, str]]], without: dict[str, str]) -> bool:
    """Whether anything differs from the first way of the first interpreter; prints a line a way."""
    first = every[next(iter(every))][WAYS[0]]
    assert len(first) > 50, first
    wrong = False
    for version, ways in every.items():
        for (engine, workers, seed), tables in ways.items():
            # what only one engine ran cannot differ
            expected = {name: digest for name, digest in first.items() if engine == "simpy" or name in tables}
            differ = sorted(name for name in expected.keys() | tables.keys() if expected.get(name) != tables.get(name))
            wrong = wrong or bool(differ)
            told = f"DIFFERENT: {', '.join(differ)}" if differ else f"{len(tables)} tables the same"
            print(f"Python {version}, {engine}, {workers} processes, hash seed {seed}: {told}")
        if without[version]:
            print(f"Python {version}: {without[version]}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
