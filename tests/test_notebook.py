"""The notebook in docs/: run from top to bottom on less, and what stands in it was made by running it so."""
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "vaegan.ipynb"


@pytest.fixture
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def kinds(cell):
    """(whether it prints, how many pictures it shows)."""
    return bool(words(cell)), sum("image/png" in output.get("data", {}) for output in cell.outputs)


def test_it_runs_from_top_to_bottom_and_shows_what_it_showed(notebook, tmp_path, monkeypatch):
    shown = [kinds(cell) for cell in code(notebook)]
    networks = words(code(notebook)[3])
    parameters, = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assert parameters.source.startswith("STEPS = ")
    parameters.source += f"\nSTEPS, IMAGES, CACHE = 3, 200, {str(tmp_path)!r}"
    for name, value in (("PYTHONPATH", ROOT), ("IPYTHONDIR", tmp_path), ("OPENBLAS_NUM_THREADS", 1)):
        monkeypatch.setenv(name, str(value))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    assert [kinds(cell) for cell in code(notebook)] == shown
    assert words(code(notebook)[3]) == networks and networks.count("5x5") == 11


def test_its_outputs_were_made_in_one_run(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert {output.output_type for cell in code(notebook) for output in cell.outputs} == {"stream",
                                                                                         "display_data"}
    assert sum(words(cell).count(" equal") for cell in code(notebook)) == 3
    assert not any(line in NOTEBOOK.read_text(encoding="utf-8") for line in ("/home/", "/tmp/", "Error"))
    assert NOTEBOOK.stat().st_size < 1_000_000
