"""What went into a run: the table of parameters with their sources, and that of the uncertain inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from sim.scenario import Evidence, Loaded, read_evidence
from sim.scenario.leaves import inline

UNCERTAIN_COLUMNS = ("scenario", "path", "distribution", "source", "note", "reference")


def parameters(scenarios: Mapping[str, Loaded]) -> pd.DataFrame:
    """`parameters.csv`, one row a scenario and number: its value, its source, and the reference behind the source."""
    evidence = read_evidence() or {}
    rows = [
        {
            "scenario": name,
            "path": parameter.path,
            "value": parameter.value_text,
            "source": " ".join(parameter.source_ids),
            "note": parameter.note,
            "stated": parameter.stated,
            "reference": references(parameter.source_ids, evidence),
        }
        for name, loaded in scenarios.items()
        for parameter in loaded.parameters
    ]
    return pd.DataFrame(rows)


def uncertain_inputs_table(scenarios: Mapping[str, Loaded], used: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """`uncertain_inputs.csv`, one row a scenario and uncertain input: its distribution and where that comes from.

    `used`: the paths that each scenario has a use for.
    """
    evidence = read_evidence() or {}
    rows = []
    for name, loaded in scenarios.items():
        for path in used[name]:
            entry = loaded.scenario.uncertainty[path]
            cited, _, note = entry.source.partition(":")
            ids = re.split(r"[\s,]+", cited.strip())
            written = loaded.resolved["uncertainty"][path]
            shape = {key: value for key, value in written.items() if key != "source"}
            columns = (name, path, inline(shape), " ".join(ids), note.strip(), references(ids, evidence))
            rows.append(dict(zip(UNCERTAIN_COLUMNS, columns, strict=True)))
    return pd.DataFrame(rows, columns=list(UNCERTAIN_COLUMNS))


def references(ids: Sequence[str], evidence: Mapping[str, Evidence]) -> str:
    """The full references behind evidence ids."""
    return "; ".join(evidence[one].reference for one in ids if one in evidence)
