"""docs/r.md, run by R where there is one with reticulate."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "r.md").read_text(encoding="utf-8")
# What belongs to the reader's machine.
NOT_RUN = ("install.packages(", "use_virtualenv(", "browseURL(")


def has_reticulate(program: str) -> bool:
    """Whether R has the package."""
    code = "quit(status = !requireNamespace('reticulate', quietly = TRUE))"
    return subprocess.run([program, "-e", code], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_every_call_of_the_page_runs_in_r(tmp_path: Path) -> None:
    program = shutil.which("Rscript")
    if program is None or not has_reticulate(program):
        pytest.skip("R with reticulate is not installed")
    lines = "\n".join(re.findall(r"^```r\n(.*?)^```", PAGE, re.M | re.S)).splitlines()
    kept = [line for line in lines if not line.startswith(NOT_RUN)]
    assert len(lines) - len(kept) == len(NOT_RUN)
    text = "\n".join(kept).replace("samples = 200L", "samples = 4L, replications = 1").replace("= 20L", "= 3L")
    checks = """
stopifnot(is.data.frame(summary), nrow(summary) > 50, is.numeric(summary$estimate))
waits <- summary$estimate[summary$metric == "waiting_days_mean"]
stopifnot(length(waits) == 2, waits[1] > waits[2])
stopifnot(nrow(patients) > 100, all(patients$waiting_days >= 0, na.rm = TRUE), is.character(patients$outcome))
stopifnot(dim(costs) == c(4, 3), dim(effects) == c(4, 3), all(is.finite(costs)), file.exists("report.html"))
stopifnot(file.exists("results/first/summary.csv"))
said <- tryCatch(v2v$run(ours, replications = 2.5), error = conditionMessage)
stopifnot(grepl("replications: found 2.5; allowed: a whole number, 1 or more", said, fixed = TRUE))
slots <- list(manufacturing.slots.count = c(3L, 4L))
swept <- v2v$sweep(ours, vary = slots, replications = 1, metrics = "infused_share")
stopifnot(nrow(frame(swept$outcomes)) == 2)
"""
    begin = f"library(reticulate)\nuse_python({sys.executable!r}, required = TRUE)\n"
    (tmp_path / "page.R").write_text(f"{begin}{text}\n{checks}", encoding="utf-8")
    done = subprocess.run(
        [program, "page.R"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no such file, and no shipped scenario of that name; did you mean 'autologous'" in done.stderr
