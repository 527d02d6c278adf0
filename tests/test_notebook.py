"""docs/first_notebook.ipynb runs from its first cell to its last, and shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "docs" / "first_notebook.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of the kernel's libraries
def test_the_notebook_runs(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(FILE, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "keep it without outputs"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output for output in shown if output["output_type"] == "error"] == []
    pages = [str(output["data"].get("text/html", "")) for output in shown if "data" in output]
    assert sum("<strong>" in page for page in pages) == 1  # the comparison shows its finding
    assert sum('class="dataframe"' in page for page in pages) == 3
    assert any("plotly" in kind for output in shown if "data" in output for kind in output["data"])
    assert (tmp_path / "results" / "more-slots" / "report.html").is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == ["results"]
